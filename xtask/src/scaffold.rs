// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask new`: copies a living member of a family, so that the template always compiles.

use std::fs;

use anyhow::{Context as _, bail};
use clap::ValueEnum;

use crate::root;

/// Families that can grow.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    /// An application protocol: a file beside `ntp.rs`.
    Protocol,
    /// A flow-export format: a file beside `netflow9.rs`.
    Format,
    /// A detection rule: a file beside `scan_ports.sql`, with its fixtures.
    Rule,
    /// An output format: a file beside `csv.rs`.
    Sink,
}

/// Copies the template and says what is left to do.
pub(crate) fn run(kind: Kind, name: &str) -> anyhow::Result<()> {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
        bail!("got {name:?}, want a name in snake case");
    }
    let (files, next) = plan(kind, name);
    for (from, to) in files {
        copy(from, &to)?;
    }
    eprintln!("next: {next}");
    Ok(())
}

/// What is copied where, and what a person does then.
fn plan(kind: Kind, name: &str) -> (Vec<(&'static str, String)>, String) {
    let one = |from, folder: &str, registry: &str, row: &str| {
        let next = format!("fill {name}.rs, and name it and its {row} in {folder}/{registry}");
        (vec![(from, format!("{folder}/{name}.rs"))], next)
    };
    match kind {
        Kind::Format => {
            one("crates/flowwire/src/formats/netflow9.rs", "crates/flowwire/src/formats", "mod.rs", "FORMAT")
        }
        Kind::Protocol => {
            one("crates/dissect/src/protocols/ntp.rs", "crates/dissect/src/protocols", "mod.rs", "PROTOCOL")
        }
        Kind::Sink => one("crates/sinks/src/csv.rs", "crates/sinks/src", "lib.rs", "FORMAT"),
        Kind::Rule => {
            let files = vec![
                ("rules/scan_ports.sql", format!("rules/{name}.sql")),
                ("rules/fixtures/scan_ports.fires.jsonl", format!("rules/fixtures/{name}.fires.jsonl")),
                ("rules/fixtures/scan_ports.silent.jsonl", format!("rules/fixtures/{name}.silent.jsonl")),
            ];
            (files, "write the rule and its fixtures; rules/README.md says how".to_owned())
        }
    }
}

fn copy(from: &str, to: &str) -> anyhow::Result<()> {
    let target = root().join(to);
    if target.exists() {
        bail!("{to} is there already");
    }
    fs::copy(root().join(from), target).with_context(|| format!("{from} to {to}"))?;
    eprintln!("wrote {to}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_lives() {
        for kind in Kind::value_variants() {
            let (files, next) = plan(*kind, "example");
            for (from, to) in files {
                assert!(root().join(from).is_file(), "{from}");
                assert!(!root().join(&to).exists(), "{to}");
                assert_eq!(root().join(from).parent(), root().join(&to).parent());
            }
            assert!(!next.is_empty());
        }
    }
}
