// SPDX-License-Identifier: Apache-2.0
//! The commands: one file each.

#[cfg(feature = "lake")]
mod collect;
#[cfg(feature = "lake")]
mod demo;
pub(crate) mod export;
#[cfg(feature = "lake")]
mod import;
mod interrupt;
#[cfg(feature = "lake")]
mod lake;
mod meter;
mod model;
pub(crate) mod others;
#[cfg(feature = "lake")]
mod output;
mod probe;
#[cfg(feature = "lake")]
mod profile;
#[cfg(feature = "lake")]
mod query;
#[cfg(feature = "lake")]
mod recorder;
mod repro;
#[cfg(feature = "lake")]
mod rule;
#[cfg(feature = "lake")]
mod serve;
#[cfg(feature = "lake")]
mod set;
mod signature;
#[cfg(feature = "lake")]
mod sql;
#[cfg(feature = "lake")]
mod tag;
#[cfg(feature = "lake")]
mod token;

#[cfg(feature = "lake")]
mod place;

#[cfg(feature = "lake")]
use anyhow::Context as _;
use clap::CommandFactory as _;

use crate::cli::{Cli, Command};

/// Writes to standard output; a reader that went away is no failure.
fn say(text: &str) {
    use std::io::Write as _;
    drop(std::io::stdout().write_all(text.as_bytes()));
}

/// Runs what the command line says.
pub(crate) fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Meter(args) => meter::run(&args),
        Command::Probe(args) => probe::run(&args),
        Command::Model(command) => model::run(*command),
        Command::Signature(command) => signature::run(&command),
        Command::Repro(args) => repro::run(&args),
        Command::Ndff(args) => others::ndff(&args),
        Command::Nprobe(args) => others::nprobe(&args),
        #[cfg(feature = "lake")]
        Command::Query(args) => place::block_on(place::until_interrupted(query::run(*args))),
        #[cfg(feature = "lake")]
        Command::Rule(command) => place::block_on(place::until_interrupted(rule::run(command))),
        #[cfg(feature = "lake")]
        Command::Sql(args) => place::block_on(place::until_interrupted(sql::run(args))),
        #[cfg(feature = "lake")]
        Command::Import(args) => place::block_on(import::run(args)),
        #[cfg(feature = "lake")]
        Command::Lake(args) => place::block_on(lake::run(args)),
        #[cfg(feature = "lake")]
        Command::Profile(command) => place::block_on(profile::run(command)),
        #[cfg(feature = "lake")]
        Command::Set(command) => place::block_on(set::run(command)),
        #[cfg(feature = "lake")]
        Command::Recorder(command) => place::block_on(recorder::run(command)),
        #[cfg(feature = "lake")]
        Command::Tag(command) => place::block_on(tag::run(command)),
        #[cfg(feature = "lake")]
        Command::Token(command) => place::block_on(token::run(command)),
        #[cfg(feature = "lake")]
        Command::Serve(args) => {
            minamo_capture::no_new_privileges()?;
            place::block_on(serve::run(args))
        }
        #[cfg(feature = "lake")]
        Command::Collect(args) => place::block_on(collect::run(args)),
        #[cfg(feature = "lake")]
        Command::Demo(args) => place::block_on(demo::run(args)),
        #[cfg(feature = "lake")]
        Command::CheckConfig(args) => {
            let settings = crate::settings::Settings::load(Some(&args.config))?;
            crate::enrichment::sources(&settings.enrich())?;
            settings.applications().load().context("applications")?;
            settings.model().read()?;
            say(&settings.describe());
            Ok(())
        }
        Command::Completion { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "minamo", &mut std::io::stdout());
            Ok(())
        }
    }
}
