// SPDX-License-Identifier: Apache-2.0
//! The program as a library: [`main`] for the executable, and the tables that its references are written from.

#[cfg(feature = "lake")]
mod actions;
#[cfg(feature = "lake")]
mod alerts;
mod applications;
#[cfg(feature = "lake")]
mod bundles;
mod cli;
mod clock;
mod commands;
#[cfg(feature = "lake")]
mod detector;
#[cfg(feature = "lake")]
mod elements;
#[cfg(feature = "lake")]
mod enrichment;
#[cfg(feature = "lake")]
mod exported;
#[cfg(feature = "lake")]
mod exporters;
#[cfg(feature = "lake")]
mod feeds;
#[cfg(feature = "lake")]
mod import;
#[cfg(feature = "lake")]
mod ingest;
#[cfg(feature = "lake")]
mod interfaces;
mod judge;
mod mark;
#[cfg(feature = "lake")]
mod metrics;
#[cfg(feature = "lake")]
mod networks;
#[cfg(feature = "lake")]
mod outgoing;
#[cfg(feature = "lake")]
mod pairing;
mod probe;
mod read;
mod repro;
#[cfg(feature = "lake")]
mod reread;
#[cfg(feature = "lake")]
mod rules;
#[cfg(feature = "lake")]
mod sets;
#[cfg(feature = "lake")]
mod settings;
mod size;
mod whole;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser as _;

#[cfg(feature = "lake")]
pub use metrics::METRICS;
#[cfg(feature = "lake")]
pub use settings::{Kind, SETTINGS, Setting};

/// Does what the command line says.
pub fn main() -> ExitCode {
    let cli = cli::Cli::parse_from(commands::others::arguments(std::env::args_os()));
    let colour = std::io::stderr().is_terminal();
    let level = tracing_subscriber::EnvFilter::try_from_env("MINAMO_LOG").unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .with_env_filter(level)
        .with_target(false)
        .init();
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("minamo: {error:#}");
            ExitCode::FAILURE
        }
    }
}
