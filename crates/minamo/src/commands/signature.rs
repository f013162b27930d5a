// SPDX-License-Identifier: Apache-2.0
//! `minamo signature`: checks a file of a person's signatures, and tests it on captures.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::bail;
use minamo_dissect::{Signatures, signatures_of};
use minamo_model::Flow;

use super::say;
use crate::applications::{Files, load};
use crate::cli::SignatureCommand;
use crate::read::{self, Job};

pub(crate) fn run(command: &SignatureCommand) -> anyhow::Result<()> {
    match command {
        SignatureCommand::Check { file } => check(file),
        SignatureCommand::Test { file, captures, flows } => test(file, captures, *flows),
    }
}

fn check(file: &Path) -> anyhow::Result<()> {
    let signatures: Signatures = load(file)?;
    for (name, application) in signatures.names() {
        say(&format!("{name}: {application}\n"));
    }
    say(&format!("{}: {} signature(s), nothing wrong\n", file.display(), signatures.len()));
    Ok(())
}

/// Flows of one signature.
#[derive(Default)]
struct Count {
    /// Flows that have their name from it.
    named: u64,
    /// Flows that it fits and that have their name from another.
    fits: u64,
}

fn test(file: &Path, captures: &[PathBuf], shown: usize) -> anyhow::Result<()> {
    let own = Files { services: None, signatures: Some(file.to_owned()) }.load()?;
    let signatures = own.signatures.current();
    let files = minamo_capture::expand(captures)?;
    if files.is_empty() {
        bail!("there are no files in the folder(s) given");
    }
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    let (mut flows, mut named) = (0_u64, 0_usize);
    let report = read::meter(&Job::of(&files, own.within(Default::default())), &read::progress(), &mut |row: Flow| {
        flows += 1;
        let reason = row.core.app_reason.as_deref().unwrap_or_default();
        let found = signatures_of(reason);
        for (at, name) in found.iter().enumerate() {
            let count = counts.entry((*name).to_owned()).or_default();
            *(if at == 0 { &mut count.named } else { &mut count.fits }) += 1;
        }
        if !found.is_empty() {
            named += 1;
            if named <= shown {
                say(&line(&row, reason));
            }
        }
        true
    });
    report.tell();
    if report.nothing_read() {
        bail!("nothing could be read");
    }
    if named > shown {
        say(&format!("… and {} more flow(s)\n", named - shown));
    }
    say(&format!("{flows} flow(s), {named} of them named by a signature\n"));
    for (name, application) in signatures.names() {
        let count = counts.remove(name).unwrap_or_default();
        say(&format!("{name} ({application}): names {}, fits {} more\n", count.named, count.fits));
    }
    Ok(())
}

/// A flow, its label and the reason.
fn line(row: &Flow, reason: &str) -> String {
    let core = &row.core;
    let protocol = match core.proto {
        6 => "TCP".to_owned(),
        17 => "UDP".to_owned(),
        other => format!("protocol {other}"),
    };
    format!(
        "{} {protocol} {} {} -> {} {}  {}  {reason}\n",
        core.time_start, core.src_ip, core.src_port, core.dst_ip, core.dst_port, core.app
    )
}
