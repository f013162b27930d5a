// SPDX-License-Identifier: Apache-2.0
//! Writes the seeds of every target into `<folder>/<target>/`, and the names of all protocols into
//! `<folder>/protocols`. `cargo xtask fuzz` calls it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use xtask_fuzz::TARGETS;

fn main() -> anyhow::Result<()> {
    let folder: PathBuf = std::env::args_os().nth(1).context("want a folder for the seeds")?.into();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for target in TARGETS {
        let into = folder.join(target.name);
        fs::create_dir_all(&into).with_context(|| into.display().to_string())?;
        let seeds = (target.seeds)(&root).with_context(|| format!("seeds of {}", target.name))?;
        for (at, seed) in seeds.iter().enumerate() {
            fs::write(into.join(format!("{at:04}")), seed)?;
        }
        eprintln!("{}: {} seeds", target.name, seeds.len());
    }
    let names: Vec<_> = minamo_dissect::PROTOCOLS.iter().map(|protocol| protocol.name).collect();
    fs::write(folder.join("protocols"), names.join("\n")).context("names of protocols")
}
