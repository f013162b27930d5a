// SPDX-License-Identifier: Apache-2.0
//! What people write down of applications, and `minamo signature`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::applications::Files;

/// What a person has written down of applications.
#[derive(Args)]
pub(crate) struct Own {
    /// File with your own services by host name, a line each: pattern, service and, if you like, category. A probe reads
    /// it again when it changes.
    #[arg(long, value_name = "FILE")]
    services: Option<PathBuf>,
    /// File with your own signatures of applications; `minamo signature check` says what is wrong with it. A probe reads it
    /// again when it changes.
    #[arg(long, value_name = "FILE")]
    signatures: Option<PathBuf>,
}

impl Own {
    pub(crate) fn files(&self) -> Files {
        Files { services: self.services.clone(), signatures: self.signatures.clone() }
    }
}

/// What to do with signatures of one's own.
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  minamo signature check signatures.toml                  line and column of what is wrong
  minamo signature test signatures.toml capture.pcap      the flows that the signatures name, and why")]
pub(crate) enum SignatureCommand {
    /// Read a file of signatures and say what is in it, or what is wrong and where.
    Check {
        /// File of signatures.
        file: PathBuf,
    },
    /// Show the flows of captures that the signatures of a file name, and how often each of them does.
    Test {
        /// File of signatures.
        file: PathBuf,
        /// Captures: files, or folders (all files in them, by name).
        #[arg(required = true, value_name = "CAPTURE")]
        captures: Vec<PathBuf>,
        /// Most flows that are shown; all are counted.
        #[arg(long, default_value_t = 100, value_name = "COUNT")]
        flows: usize,
    },
}
