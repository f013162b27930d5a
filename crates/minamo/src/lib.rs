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
#[cfg(feature = "lake")]
mod waiting;
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
        // It would say on standard error that standard error is gone, and end the task that had something to say.
        .log_internal_errors(false)
        .init();
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("minamo: {}", told(&error));
            ExitCode::FAILURE
        }
    }
}

/// An error with its causes, but for those that the one before says already.
fn told(error: &anyhow::Error) -> String {
    let mut out = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if out.is_empty() {
            out = cause;
        } else if !out.ends_with(&cause) {
            out = format!("{out}: {cause}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_said_once() {
        /// As many libraries do: the cause is in the text, and a cause besides.
        #[derive(Debug)]
        struct Wrapped(std::io::Error);

        impl std::fmt::Display for Wrapped {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "cannot write the output: {}", self.0)
            }
        }

        impl std::error::Error for Wrapped {
            fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
                Some(&self.0)
            }
        }

        let full = || std::io::Error::other("no space");
        assert_eq!(told(&anyhow::Error::new(Wrapped(full()))), "cannot write the output: no space");
        assert_eq!(told(&anyhow::Error::from(full()).context("data.folder")), "data.folder: no space");
        assert_eq!(told(&anyhow::Error::from(full())), "no space");
    }
}
