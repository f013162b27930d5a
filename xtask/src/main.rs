// SPDX-License-Identifier: Apache-2.0
//! All automation of the repository. `cargo xtask ci` is what CI runs, in order.

mod ci;
mod fuzz;
mod layers;
mod scaffold;
mod sizes;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "xtask", about = "Automation of the Minamo repository")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Check that crates depend on lower layers only, and that all inherit the lints.
    Layers,
    /// Write the references, the OpenAPI document and the console's types; `--check` only compares.
    Gen {
        /// Fail where a file is not what would be written.
        #[arg(long)]
        check: bool,
    },
    /// Everything that CI runs: format, layers, lints, tests, generated files, licences, console.
    Ci,
    /// Give every fuzz target, or one, some time; needs a C++ compiler.
    Fuzz {
        /// The target; all without it.
        target: Option<String>,
        /// Seconds for each.
        #[arg(long, default_value_t = 60)]
        secs: u32,
        /// Of the target `dissect` the dissector of this protocol only, or of each with `all`.
        #[arg(long)]
        protocol: Option<String>,
    },
    /// Copy a living template: a member of a family to start from.
    New {
        /// What.
        kind: scaffold::Kind,
        /// Its name, in snake case.
        name: String,
    },
    /// List source files over 600 lines.
    Sizes,
}

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Layers => layers::check(),
        Task::Gen { check } => ci::generate(check),
        Task::Ci => ci::run(),
        Task::Fuzz { target, secs, protocol } => fuzz::run(target.as_deref(), secs, protocol.as_deref()),
        Task::New { kind, name } => scaffold::run(kind, &name),
        Task::Sizes => sizes::report(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}
