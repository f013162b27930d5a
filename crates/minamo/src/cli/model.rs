// SPDX-License-Identifier: Apache-2.0
//! `minamo model`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// What to do with models of encrypted traffic.
#[derive(Subcommand)]
pub(crate) enum ModelCommand {
    /// Train a model on labelled captures, files of Joy and flows of the lake, evaluate it with corpora left out, and write it with its card.
    Train {
        #[command(flatten)]
        labelled: Labelled,
        #[command(flatten)]
        beside: Beside,
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
    /// Write class and features of labelled captures as CSV, for learning with other tools.
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
    /// Sign a bundle of a model, fingerprints, processes and lists: whoever trusts the key can install it.
    Sign {
        #[command(flatten)]
        parts: Parts,
        /// Key made by `minamo model key`.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// File for the bundle.
        #[arg(long, short, value_name = "FILE")]
        out: PathBuf,
    },
    /// Check a bundle's signature and its parts, and install it; a bad one changes nothing.
    ///
    /// With --to the model in it becomes a file, whatever the bundle's number. Without, the bundle comes into force where the data are: bundle.keys of the
    /// configuration says whose bundles are taken. A server that runs follows within seconds.
    Install {
        /// The bundle: a file, or its address (https://…).
        bundle: String,
        /// Public key to trust, in hexadecimal; may be given more than once, beside those of bundle.keys.
        #[arg(long, value_name = "KEY")]
        key: Vec<String>,
        /// File for the model, which `eta.model` names.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
        #[cfg(feature = "lake")]
        #[command(flatten)]
        place: super::Place,
    },
    /// List the installed bundles that are kept, and what is in the one in force.
    #[cfg(feature = "lake")]
    Installed {
        #[command(flatten)]
        place: super::Place,
    },
    /// Go back to an installed bundle that is kept.
    #[cfg(feature = "lake")]
    Back {
        /// Its number.
        number: u64,
        #[command(flatten)]
        place: super::Place,
    },
}

/// What a bundle is made of.
#[derive(Args)]
pub(crate) struct Parts {
    /// Number of the bundle, larger than that of the one before; without it the second at which it is made.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..u64::MAX))]
    pub(crate) number: Option<u64>,
    /// Model file; without it the one that comes with the program.
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
    /// No model in the bundle.
    #[arg(long, conflicts_with = "model")]
    pub(crate) no_model: bool,
    /// Fingerprints: their kind and a file as `[[fingerprints]]` reads it; may be given more than once.
    #[arg(long, value_name = "KIND=FILE")]
    pub(crate) fingerprints: Vec<String>,
    /// The same of what should not be seen; may be given more than once.
    #[arg(long, value_name = "KIND=FILE")]
    pub(crate) bad_fingerprints: Vec<String>,
    /// Table of processes as `enrich.processes` reads it; may be given more than once.
    #[arg(long, value_name = "FILE")]
    pub(crate) processes: Vec<PathBuf>,
    /// List of addresses and names as `[[feed]]` reads it; may be given more than once.
    #[arg(long, value_name = "FILE")]
    pub(crate) list: Vec<PathBuf>,
}

/// A language of texts.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    En,
    Ja,
}

/// Labelled sessions: captures, files of Joy, flows of a lake.
#[derive(Args)]
pub(crate) struct Labelled {
    /// Index of captures and files of Joy (.json, .json.gz): JSON lines with pcap, label (benign, malicious; doh, doh_tunnel for DNS
    /// over HTTPS) and family; may be given more than once.
    #[arg(long, value_name = "FILE")]
    pub(crate) index: Vec<PathBuf>,
    /// Labels of single connections in captures of infections: JSON lines.
    #[arg(long, value_name = "FILE")]
    pub(crate) connections: Option<PathBuf>,
    /// Folder that the paths of each index start from; without it the one above the index's folder.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
    /// Flows of the lake: `benign where FILTER`, `malware where FILTER` or `malware FAMILY where FILTER`; may be given more than
    /// once, the first that a flow fits counts.
    #[cfg(feature = "lake")]
    #[arg(long, value_name = "LABEL")]
    pub(crate) label: Vec<String>,
    /// Flows that began within this time, such as 7d; without it all of the lake.
    #[cfg(feature = "lake")]
    #[arg(long, value_name = "LENGTH", value_parser = super::values::length, requires = "label")]
    pub(crate) last: Option<std::time::Duration>,
    #[cfg(feature = "lake")]
    #[command(flatten)]
    pub(crate) place: super::Place,
}

/// What the card tells beside the model.
#[derive(Args)]
pub(crate) struct Beside {
    /// Lists of packet lengths as CertTA has them (.json, .json.gz; names of labels in labels.json beside it), to judge for the card.
    #[arg(long, value_name = "FILE")]
    pub(crate) sequences: Option<PathBuf>,
    /// Weights of Joy's classifier, to compare with in the card; may be given more than once.
    #[arg(long, value_name = "FILE")]
    pub(crate) joy: Vec<PathBuf>,
}
