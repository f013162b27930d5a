// SPDX-License-Identifier: Apache-2.0
//! `minamo repro`: one conversation out of captures, without the addresses of those who had it, for a report that a label is wrong.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use minamo_base::{FiveTuple, Time};
use minamo_capture::CaptureFile;
use minamo_model::Flow;

use super::say;
use crate::cli::Repro;
use crate::read::{self, Job};
use crate::repro::{Conversation, secrets};

pub(crate) fn run(args: &Repro) -> anyhow::Result<()> {
    let files = minamo_capture::expand(&args.captures)?;
    let found = find(&files, args)?;
    let masks = if args.mask { secrets(&found.rows) } else { Vec::new() };
    let mut conversation = Conversation::new(found.tuple, masks);
    for file in &files {
        collect(&mut conversation, file, &found, args.packets)?;
    }
    if conversation.packets() == 0 {
        bail!("the flow has no packets that can be written");
    }
    let file = OpenOptions::new().write(true).create_new(true).open(&args.out);
    let mut out = BufWriter::new(file.with_context(|| format!("--out: {}", args.out.display()))?);
    conversation.write(&mut out)?;
    out.flush()?;
    say(&format!("{}: {} packet(s)\n", args.out.display(), conversation.packets()));
    compare(&found.rows, args)
}

/// What is cut out.
struct Found {
    tuple: FiveTuple,
    /// The rows of the conversation, in the order of time.
    rows: Vec<Flow>,
    /// The time of the flow; of a conversation that was asked for by its community id all.
    span: Option<(Time, Time)>,
}

/// Most rows of one conversation that are looked at.
const ROWS: usize = 1_000;

fn find(files: &[PathBuf], args: &Repro) -> anyhow::Result<Found> {
    let wanted = |row: &Flow| match (&args.flow, &args.community_id) {
        (Some(id), _) => row.core.flow_id.as_deref() == Some(id),
        (None, Some(id)) => row.community_id(0).as_ref() == Some(id),
        (None, None) => false,
    };
    let mut rows = Vec::new();
    let report = read::meter(&Job::of(files, Default::default()), &read::progress(), &mut |row: Flow| {
        if rows.len() < ROWS && wanted(&row) {
            rows.push(row);
        }
        true
    });
    report.tell();
    let Some(first) = rows.first() else { bail!("there is no such flow in the captures") };
    let core = &first.core;
    let tuple = FiveTuple {
        src: core.src_ip,
        dst: core.dst_ip,
        src_port: core.src_port,
        dst_port: core.dst_port,
        proto: core.proto,
    };
    let times = rows.iter().map(|row| (row.core.time_start, row.core.time_end));
    let span = times.reduce(|(start, end), (from, to)| (start.min(from), end.max(to)));
    Ok(Found { tuple, span: span.filter(|_| args.flow.is_some()), rows })
}

fn collect(conversation: &mut Conversation, file: &Path, found: &Found, most: usize) -> anyhow::Result<()> {
    let mut capture = CaptureFile::open(file)?;
    while conversation.packets() < most {
        // A capture that ends in the middle of a record was told before.
        let Ok(Some(frame)) = capture.next_frame() else { return Ok(()) };
        if found.span.is_none_or(|(start, end)| (start..=end).contains(&frame.time)) {
            conversation.take(&frame);
        }
    }
    say(&format!("the first {most} packet(s) only: --packets\n"));
    Ok(())
}

/// Says what the written conversation is recognised as: the report is of use only where that is the same.
fn compare(before: &[Flow], args: &Repro) -> anyhow::Result<()> {
    let mut after = Vec::new();
    let files = [args.out.clone()];
    read::meter(&Job::of(&files, Default::default()), &read::progress(), &mut |row: Flow| {
        after.push(row.core.app.into_owned());
        true
    });
    let before: Vec<_> = before.iter().map(|row| row.core.app.to_string()).collect();
    say(&format!("labels: {} before, {} in the file\n", before.join(", "), after.join(", ")));
    Ok(())
}
