// SPDX-License-Identifier: Apache-2.0
//! The steps of CI, in order; the first that fails ends the run and is named.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::{layers, root};

/// Runs all steps.
pub(crate) fn run() -> anyhow::Result<()> {
    step("format", || command("cargo", &["fmt", "--all", "--check"]))?;
    step("layers", layers::check)?;
    step("tests", || command("cargo", &["test", "--workspace"]))?;
    step("generated files", || generate(true))?;
    step("lints", || command("cargo", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    // The small probe is a program of its own: what only the lake has must not be asked there.
    step("lints without the lake", || {
        command("cargo", &["clippy", "-p", "minamo", "--no-default-features", "--", "-D", "warnings"])
    })?;
    step("licences", licences)?;
    for script in ["check", "lint", "test"] {
        step(&format!("console: {script}"), || command("npm", &["--prefix", "web", "run", script]))?;
    }
    step("documents", || command("cargo", &["doc", "--workspace", "--no-deps", "--document-private-items", "--quiet"]))
}

fn step(name: &str, run: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    eprintln!("── {name}");
    run().with_context(|| format!("step failed: {name}"))
}

/// Runs a program in the root of the repository; it must succeed.
pub(crate) fn command(program: &str, arguments: &[&str]) -> anyhow::Result<()> {
    // What cargo tells programs that it runs is no business of the next cargo: build scripts that look at it would be
    // run again, and what depends on them built again.
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_cargo(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    let status = command.args(arguments).current_dir(root()).status();
    let status = status.with_context(|| format!("cannot run {program}"))?;
    if status.success() { Ok(()) } else { bail!("{program} {} ended with {status}", arguments.join(" ")) }
}

/// True for what cargo says of the package whose program it runs.
fn is_of_cargo(name: &str) -> bool {
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}

/// cargo-deny, where it is installed: building it takes longer than everything else here.
fn licences() -> anyhow::Result<()> {
    let there = Command::new("cargo").args(["deny", "--version"]).current_dir(root()).output()?.status.success();
    if !there {
        eprintln!("skipped: cargo-deny is not installed (cargo install cargo-deny)");
        return Ok(());
    }
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
        let graph = ["deny", "--offline", "--manifest-path", manifest, "--config", "deny.toml"];
        command("cargo", &[&graph[..], &["check", "licenses", "bans", "sources"]].concat())?;
    }
    Ok(())
}

/// Builds the generator with the rest of the workspace and runs it. It needs the query engine, and building it alone
/// would select other features of shared crates and compile all of that again.
pub(crate) fn generate(check: bool) -> anyhow::Result<()> {
    built("xtask-gen", if check { &["--check"] } else { &[] })
}

/// Builds the workspace and runs one of its programs.
pub(crate) fn built(program: &str, arguments: &[&str]) -> anyhow::Result<()> {
    command("cargo", &["build", "--workspace"])?;
    command(&target_dir().join("debug").join(program).to_string_lossy(), arguments)
}

/// Where cargo puts what it builds.
pub(crate) fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into)
}
