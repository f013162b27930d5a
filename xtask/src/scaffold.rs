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
    /// A detection rule: a file beside `scan_ports.sql`, with its fixtures.
    Rule,
}

/// Copies the template and says what is left to do.
pub(crate) fn run(kind: Kind, name: &str) -> anyhow::Result<()> {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
        bail!("got {name:?}, want a name in snake case");
    }
    match kind {
        Kind::Protocol => {
            copy("crates/dissect/src/protocols/ntp.rs", &format!("crates/dissect/src/protocols/{name}.rs"))?;
            eprintln!("next: a `mod {name};` and `&{name}::PROTOCOL` in crates/dissect/src/protocols/mod.rs");
        }
        Kind::Rule => {
            copy("rules/scan_ports.sql", &format!("rules/{name}.sql"))?;
            for case in ["fires", "silent"] {
                let to = format!("rules/fixtures/{name}.{case}.jsonl");
                copy(&format!("rules/fixtures/scan_ports.{case}.jsonl"), &to)?;
            }
            eprintln!("next: write the rule and its fixtures; rules/README.md says how");
        }
    }
    Ok(())
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
