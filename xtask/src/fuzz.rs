// SPDX-License-Identifier: Apache-2.0
//! Fuzzing: the targets of `xtask/fuzz` under libFuzzer, each for a while. What is found is under `fuzz/artifacts`;
//! seeds, corpora and builds are in the target folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::bail;

use crate::ci::{built, command, target_dir};
use crate::root;

/// Memory that one input may take: far more than any bound of the readers.
const MEMORY_MIB: u32 = 2_048;
/// Seconds that one input may take; they take microseconds.
const SLOW_SECS: u32 = 10;

/// What libFuzzer needs of the code: counters of branches and what is compared. The pass is part of every toolchain.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";
/// The builds have a platform of their own, so that only what is fuzzed has the counters, not what builds it.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// Runs one target, or all, for so many seconds each; the first that finds something ends the run. Our code has no
/// `unsafe` but for capture: what AddressSanitizer adds is of libraries in C, so that `stable` finds nearly as much.
pub(crate) fn run(only: Option<&str>, secs: u32, stable: bool) -> anyhow::Result<()> {
    let names = targets()?;
    if let Some(name) = only.filter(|name| !names.iter().any(|n| n == name)) {
        bail!("got target {name:?}, want one of {}", names.join(", "));
    }
    let names: Vec<&String> = names.iter().filter(|name| only.is_none_or(|only| only == *name)).collect();
    let folder = target_dir().join("fuzz");
    let seeds = folder.join("seeds");
    built("xtask-fuzz", &[&seeds.to_string_lossy()])?;
    let programs = build(&folder, &names, stable)?;
    for name in names {
        eprintln!("── fuzz: {name}");
        let (corpus, found) = (folder.join("corpus").join(name), root().join("fuzz/artifacts").join(name));
        fs::create_dir_all(&corpus)?;
        fs::create_dir_all(&found)?;
        let arguments = [
            corpus.to_string_lossy().into_owned(),
            seeds.join(name).to_string_lossy().into_owned(),
            format!("-artifact_prefix={}/", found.display()),
            format!("-max_total_time={secs}"),
            format!("-rss_limit_mb={MEMORY_MIB}"),
            format!("-timeout={SLOW_SECS}"),
        ];
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        command(&programs.join(name).to_string_lossy(), &arguments)?;
    }
    Ok(())
}

/// Builds the targets; gives the folder that they are in.
fn build(folder: &Path, names: &[&String], stable: bool) -> anyhow::Result<PathBuf> {
    let nightly = !stable && {
        let there = Command::new("rustup").args(["run", "nightly", "rustc", "--version"]).output();
        there.is_ok_and(|output| output.status.success())
    };
    if !nightly && !stable {
        bail!("there is no nightly toolchain: rustup toolchain install nightly, or --stable without AddressSanitizer");
    }
    let mut cargo = if nightly { Command::new("rustup") } else { Command::new("cargo") };
    if nightly {
        cargo.args(["run", "nightly", "cargo"]);
    }
    let kind = if nightly { "nightly" } else { "stable" };
    let target_dir = folder.join(kind);
    cargo.args(["build", "--manifest-path", "fuzz/Cargo.toml", "--target", PLATFORM, "--target-dir"]).arg(&target_dir);
    for name in names {
        cargo.args(["--bin", name.as_str()]);
    }
    let sanitizer = if nightly { " -Zsanitizer=address" } else { "" };
    let status = cargo.env("RUSTFLAGS", format!("{COVERAGE}{sanitizer}")).current_dir(root()).status()?;
    if !status.success() {
        bail!("cargo build of the fuzz targets ended with {status}");
    }
    Ok(target_dir.join(PLATFORM).join("debug"))
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
