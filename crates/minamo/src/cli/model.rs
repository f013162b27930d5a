// SPDX-License-Identifier: Apache-2.0
//! `minamo model`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// What to do with models of encrypted traffic.
#[derive(Subcommand)]
pub(crate) enum ModelCommand {
    /// Train a model on labelled captures, evaluate it with corpora left out, and write it with its card.
    Train {
        #[command(flatten)]
        labelled: Labelled,
        /// Name of the model.
        #[arg(long, default_value = "minamo")]
        name: String,
        /// File for the model.
        #[arg(long, short, value_name = "FILE")]
        out: PathBuf,
        /// File for the model card, in Markdown.
        #[arg(long, value_name = "FILE")]
        card: PathBuf,
    },
    /// Judge labelled captures with a model and compare.
    Evaluate {
        #[command(flatten)]
        labelled: Labelled,
        /// Model file; without it the one that comes with the program.
        #[arg(long, value_name = "FILE")]
        model: Option<PathBuf>,
    },
    /// Say why each TLS session of captures is what it is taken for.
    Explain {
        /// Captures: files, or folders.
        #[arg(required = true, value_name = "CAPTURE")]
        captures: Vec<PathBuf>,
        /// Model file; without it the one that comes with the program.
        #[arg(long, value_name = "FILE")]
        model: Option<PathBuf>,
        /// Language of the reasons.
        #[arg(long, value_enum, default_value = "en")]
        language: Language,
    },
    /// Write the features of labelled captures as CSV, for learning with other tools.
    Export {
        #[command(flatten)]
        labelled: Labelled,
        /// File for the CSV.
        #[arg(long, short, value_name = "FILE")]
        out: PathBuf,
    },
    /// Make a key for signing; prints its public half.
    Key {
        /// File for the key, which must not be there yet.
        #[arg(long, short, value_name = "FILE")]
        out: PathBuf,
    },
    /// Sign a model: the bundle can be installed by whoever trusts the key.
    Sign {
        /// Model file; without it the one that comes with the program.
        #[arg(long, value_name = "FILE")]
        model: Option<PathBuf>,
        /// Key made by `minamo model key`.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// File for the bundle.
        #[arg(long, short, value_name = "FILE")]
        out: PathBuf,
    },
    /// Check a bundle's signature and write the model in it where the program reads it; a bad one changes nothing.
    Install {
        /// The bundle: a file, or its address (https://…).
        bundle: String,
        /// Public key to trust, in hexadecimal; may be given more than once.
        #[arg(long, required = true, value_name = "KEY")]
        key: Vec<String>,
        /// File that `eta.model` names.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
}

/// A language of texts.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    En,
    Ja,
}

/// Labelled captures.
#[derive(Args)]
pub(crate) struct Labelled {
    /// Index of captures: JSON lines with pcap, label (benign, malicious) and family.
    #[arg(long, value_name = "FILE")]
    pub(crate) index: PathBuf,
    /// Labels of single connections in captures of infections: JSON lines.
    #[arg(long, value_name = "FILE")]
    pub(crate) connections: Option<PathBuf>,
    /// Folder that the paths of the index start from; without it the one above the index's folder.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
    /// Weights of Joy's classifier, to compare with.
    #[arg(long, value_name = "FILE")]
    pub(crate) joy: Option<PathBuf>,
}
