// SPDX-License-Identifier: Apache-2.0
//! Fuzzing: the targets of `xtask/fuzz` under libFuzzer, each for a while, with the toolchain that everything is built
//! with. What is found is under `fuzz/artifacts`; seeds, corpora and builds are in the target folder.
//!
//! libFuzzer wants code that counts where it went: LLVM's pass `sancov-module` with these arguments, which every
//! toolchain has (<https://clang.llvm.org/docs/SanitizerCoverage.html>). Sanitizers of memory need a nightly toolchain;
//! but for the crate `capture` there is no unsafe code that they could look at.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::ci::{built, target_dir};
use crate::root;

/// Memory that one input may take: far more than any bound of the readers.
const MEMORY_MIB: u32 = 2_048;
/// Seconds that one input may take; they take microseconds.
const SLOW_SECS: u32 = 10;
/// Counters at every edge, and what comparisons compared.
const COVERAGE: [&str; 7] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "--cfg=fuzzing",
];

/// The target that runs dissectors, and the variable that names the protocol of one; see `xtask/fuzz/src/dissect.rs`.
const DISSECT: &str = "dissect";
const ONLY: &str = "MINAMO_FUZZ_PROTOCOL";

/// Runs one target, or all, for so many seconds each; the first that finds something ends the run. With `protocol`
/// dissectors run for so many seconds each: the one of that name, or every one for `all`.
pub(crate) fn run(only: Option<&str>, secs: u32, protocol: Option<&str>) -> anyhow::Result<()> {
    let names = targets()?;
    let only = if protocol.is_some() { Some(DISSECT) } else { only };
    if let Some(name) = only.filter(|name| !names.iter().any(|n| n == name)) {
        bail!("got target {name:?}, want one of {}", names.join(", "));
    }
    let folder = target_dir().join("fuzz");
    let seeds = folder.join("seeds");
    built("xtask-fuzz", &[&seeds.to_string_lossy()])?;
    let host = host()?;
    build(only, &folder, &host)?;
    let programs = folder.join(host).join("debug");
    let Some(protocol) = protocol else {
        let mut wanted = names.iter().filter(|name| only.is_none_or(|only| only == *name));
        return wanted.try_for_each(|name| fuzz(&programs.join(name), &folder, name, None, secs));
    };
    let known = fs::read_to_string(seeds.join("protocols"))?;
    let wanted: Vec<&str> = known.lines().filter(|name| protocol == "all" || protocol == *name).collect();
    anyhow::ensure!(!wanted.is_empty(), "got protocol {protocol:?}, want all or one of {}", known.replace('\n', ", "));
    wanted.into_iter().try_for_each(|name| fuzz(&programs.join(DISSECT), &folder, DISSECT, Some(name), secs))
}

/// Lets one program run on its seeds and on what earlier runs found.
fn fuzz(program: &Path, folder: &Path, target: &str, protocol: Option<&str>, secs: u32) -> anyhow::Result<()> {
    let name = protocol.map_or_else(|| target.to_owned(), |protocol| format!("{target}-{protocol}"));
    eprintln!("── fuzz: {name}");
    let (corpus, artifacts) = (folder.join("corpus").join(&name), root().join("fuzz/artifacts").join(&name));
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&artifacts)?;
    let status = Command::new(program)
        .args([&corpus, &folder.join("seeds").join(target)])
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(format!("-max_total_time={secs}"))
        .arg(format!("-rss_limit_mb={MEMORY_MIB}"))
        .arg(format!("-timeout={SLOW_SECS}"))
        .arg("-print_final_stats=1")
        .envs(protocol.map(|protocol| (ONLY, protocol)))
        .status()?;
    anyhow::ensure!(status.success(), "{name} found something: it lies in {}", artifacts.display());
    Ok(())
}

/// Builds one target, or all. A target triple keeps the flags from build scripts and macros.
fn build(only: Option<&str>, folder: &Path, host: &str) -> anyhow::Result<()> {
    let what = only.map_or(vec!["--bins"], |name| vec!["--bin", name]);
    let status = Command::new("cargo")
        .arg("build")
        .args(what)
        .args(["--target", host, "--target-dir"])
        .arg(folder)
        .current_dir(root().join("fuzz"))
        .env("RUSTFLAGS", COVERAGE.join(" "))
        .env("CARGO_INCREMENTAL", "0")
        .status()?;
    anyhow::ensure!(status.success(), "the targets do not compile");
    Ok(())
}

/// The target triple of this machine.
fn host() -> anyhow::Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("rustc")?;
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc does not say its host")?;
    Ok(host.to_owned())
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
