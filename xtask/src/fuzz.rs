// SPDX-License-Identifier: Apache-2.0
//! Fuzzing: the targets of `xtask/fuzz` under libFuzzer, each for a while. What is found is under `fuzz/artifacts`;
//! seeds, corpora and builds are in the target folder.

use std::fs;
use std::process::Command;

use anyhow::bail;

use crate::ci::{built, command, target_dir};
use crate::root;

/// Memory that one input may take: far more than any bound of the readers.
const MEMORY_MIB: u32 = 2_048;
/// Seconds that one input may take; they take microseconds.
const SLOW_SECS: u32 = 10;

/// Runs one target, or all, for so many seconds each; the first that finds something ends the run.
pub(crate) fn run(only: Option<&str>, secs: u32) -> anyhow::Result<()> {
    let there = Command::new("rustup").args(["run", "nightly", "cargo", "fuzz", "--version"]).output();
    if !there.is_ok_and(|output| output.status.success()) {
        bail!("want a nightly toolchain and cargo-fuzz: rustup toolchain install nightly; cargo install cargo-fuzz");
    }
    let names = targets()?;
    if let Some(name) = only.filter(|name| !names.iter().any(|n| n == name)) {
        bail!("got target {name:?}, want one of {}", names.join(", "));
    }
    let folder = target_dir().join("fuzz");
    let seeds = folder.join("seeds");
    built("xtask-fuzz", &[&seeds.to_string_lossy()])?;
    for name in names.iter().filter(|name| only.is_none_or(|only| only == *name)) {
        eprintln!("── fuzz: {name}");
        let corpus = folder.join("corpus").join(name);
        fs::create_dir_all(&corpus)?;
        command(
            "rustup",
            &[
                "run",
                "nightly",
                "cargo",
                "fuzz",
                "run",
                "--target-dir",
                &folder.to_string_lossy(),
                name,
                &corpus.to_string_lossy(),
                &seeds.join(name).to_string_lossy(),
                "--",
                &format!("-max_total_time={secs}"),
                &format!("-rss_limit_mb={MEMORY_MIB}"),
                &format!("-timeout={SLOW_SECS}"),
            ],
        )?;
    }
    Ok(())
}

/// The names of the targets: of the programs under `fuzz/fuzz_targets`.
fn targets() -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("fuzz/fuzz_targets"))? {
        names.extend(entry?.path().file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}
