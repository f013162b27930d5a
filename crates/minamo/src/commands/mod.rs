// SPDX-License-Identifier: Apache-2.0
//! The commands: one file each.

mod demo;
mod meter;
mod query;
mod serve;
mod sql;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::CommandFactory as _;
use minamo_store::Lake;

use crate::cli::{Cli, Command, Place};
use crate::clock;
use crate::settings::Settings;

/// Runs what the command line says.
pub(crate) fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Meter(args) => meter::run(&args),
        Command::Query(args) => block_on(query::run(args)),
        Command::Sql(args) => block_on(sql::run(args)),
        Command::Serve(args) => block_on(serve::run(args)),
        Command::Demo(args) => block_on(demo::run(args)),
        Command::CheckConfig(args) => {
            let settings = Settings::load(Some(&args.config))?;
            say(&settings.describe());
            Ok(())
        }
        Command::Completion { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "minamo", &mut std::io::stdout());
            Ok(())
        }
    }
}

fn block_on(command: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(command)
}

/// Writes to standard output; a reader that went away is no failure.
#[allow(clippy::print_stdout)]
fn say(text: &str) {
    use std::io::Write as _;
    drop(std::io::stdout().write_all(text.as_bytes()));
}

/// Settings and data folder that the arguments name.
fn place(place: &Place) -> anyhow::Result<(Settings, PathBuf)> {
    let settings = Settings::load(place.config.as_deref())?;
    let folder = place.data.clone().unwrap_or_else(|| settings.folder());
    Ok((settings, folder))
}

/// The lake that the arguments name, for reading; a running server keeps its own.
fn open_to_read(args: &Place) -> anyhow::Result<Lake> {
    let (settings, folder) = place(args)?;
    let lake = folder.join("lake");
    anyhow::ensure!(
        lake.is_dir(),
        "{}: there is no lake in it; name the data folder with --data or the configuration with --config",
        folder.display()
    );
    Ok(Lake::open_read_only(&lake, settings.lake(), clock::now)?)
}
