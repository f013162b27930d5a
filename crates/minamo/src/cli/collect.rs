// SPDX-License-Identifier: Apache-2.0
//! `minamo collect`.

use std::path::PathBuf;

use clap::Args;

use super::values::{format_names, length};

#[derive(Args)]
#[command(after_help = "\
Examples:
  minamo collect --print                                flows as they arrive at 127.0.0.1:2055 and :4739
  minamo collect --print --listen 0.0.0.0:2055 --format jsonl
  minamo collect --proof --stop-after 1m                which exporter sends which element, with samples
  minamo collect --count                                decode as fast as it goes, and count (for measurements)")]
pub(crate) struct Collect {
    /// Print flows as they arrive; the default.
    #[arg(long)]
    pub(crate) print: bool,
    /// At the end, say of each exporter which elements it sends, with samples, its score and what is missing.
    #[arg(long)]
    pub(crate) proof: bool,
    /// Decode to batches and count only.
    #[arg(long, conflicts_with = "print")]
    pub(crate) count: bool,
    /// UDP address to listen at; several may be given.
    #[arg(long, value_name = "ADDRESS", default_values = ["127.0.0.1:2055", "127.0.0.1:4739"])]
    pub(crate) listen: Vec<std::net::SocketAddr>,
    /// TCP address for IPFIX.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) tcp: Vec<std::net::SocketAddr>,
    /// Format of the output: csv, ipfixprobe, joy, jsonl, parquet, table.
    #[arg(long, short, default_value = "table", value_parser = format_names())]
    pub(crate) format: String,
    /// Configuration file, for the other settings of the collector.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// End after so many flows.
    #[arg(long, value_name = "COUNT")]
    pub(crate) limit: Option<u64>,
    /// End after so long: 30s, 5m.
    #[arg(long, value_parser = length, value_name = "LENGTH")]
    pub(crate) stop_after: Option<std::time::Duration>,
}
