// SPDX-License-Identifier: Apache-2.0
//! `minamo lake` and `minamo import`, and where the lake is.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::values::{hold_number, time};

/// Where the lake is.
#[derive(Args)]
pub(crate) struct Place {
    /// Configuration file.
    #[arg(long, short, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    /// Folder of the data, instead of the configured one.
    #[arg(long, value_name = "FOLDER", global = true)]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Args)]
#[command(after_help = "\
Reads files of nfdump, layout 2 (nfdump 1.7), packed with LZO, LZ4, bzip2 or zstd or not at all; other layouts through nfdump
itself. Reads JSON lines of Joy, packed with gzip or not.
A file that was imported before is passed over, whatever its name. What of a file is not taken in is named on
standard error. While a server runs, the files are sent to it.

Examples:
  minamo import /var/cache/nfdump                    all nfcapd.* in the folder and below it
  minamo import --through nfdump nfcapd.201901010000 a file of nfdump 1.6")]
pub(crate) struct Import {
    /// Files, or folders whose files called nfcapd.* are taken, with those of folders in them.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Import files that were imported before once more.
    #[arg(long)]
    pub(crate) again: bool,
    /// Let this program read the files and write them in a layout that is known here.
    #[arg(long, value_enum, value_name = "PROGRAM")]
    pub(crate) through: Option<Through>,
}

/// A program that reads files for us.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Through {
    Nfdump,
}

#[derive(Args)]
#[command(after_help = "\
Without a command it shows how much the lake holds and how long its history gets. While a server runs, commands that
change the lake have it do the work: they reach it through the socket server.sock in the data folder, which the user that
the server runs as and root may use.")]
pub(crate) struct LakeArgs {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(subcommand)]
    pub(crate) command: Option<LakeCommand>,
}

#[derive(Subcommand)]
pub(crate) enum LakeCommand {
    /// List the segments.
    Segments,
    /// Show what each column takes.
    Columns,
    /// Compare every octet with its checksum.
    Verify,
    /// Make the catalog anew from the segments.
    Rebuild,
    /// Merge all segments that may be merged.
    Compact,
    /// Apply ages, budgets and the watermark now.
    Retain,
    /// Write all rows of the log into segments.
    Seal,
    /// List what retention deleted, and why.
    Retained,
    /// List the files that were imported.
    Imports,
    /// List what a running server does with the lake, and what it did last.
    Jobs,
    /// List the queries that a running server answers, and those that wait.
    Queries,
    /// Stop a query of a running server.
    Stop {
        /// Its number.
        id: u64,
    },
    /// Exempt a range of time from every deletion.
    Hold {
        /// Start of the range.
        #[arg(long, value_parser = time, value_name = "TIME")]
        from: minamo_base::Time,
        /// End of the range.
        #[arg(long, value_parser = time, value_name = "TIME")]
        to: minamo_base::Time,
        /// What it is for.
        #[arg(long, value_enum, default_value = "other")]
        kind: Held,
        /// Who answers for it.
        #[arg(long, default_value = "", hide_default_value = true, value_name = "NAME")]
        owner: String,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// End a hold.
    Release {
        /// Its number.
        #[arg(value_parser = hold_number)]
        id: i64,
    },
}

/// What a hold is for.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Held {
    Legal,
    Incident,
    Other,
}

impl From<Held> for minamo_store::HoldKind {
    fn from(held: Held) -> Self {
        match held {
            Held::Legal => Self::Legal,
            Held::Incident => Self::Incident,
            Held::Other => Self::Other,
        }
    }
}
