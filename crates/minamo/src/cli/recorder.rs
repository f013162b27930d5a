// SPDX-License-Identifier: Apache-2.0
//! `minamo recorder`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Place;
use super::values::{capture_filter, length, time};

#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  minamo recorder cut --flow 019b8d3c9a40d1e2f3a4b5c6 --output flow.pcapng
  minamo recorder cut --filter 'host 192.0.2.7' --last 10m --output host.pcapng
  minamo recorder cut --from 2026-01-31T09:00:00Z --to 2026-01-31T09:01:00Z --output - | tshark -r -")]
pub(crate) enum RecorderCommand {
    /// Write the packets of a flow, or those that pass a filter, as pcapng.
    Cut(Box<RecorderCut>),
}

#[derive(Args)]
pub(crate) struct RecorderCut {
    #[command(flatten)]
    pub(crate) place: Place,
    /// File to write to, or - for standard output.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Identity of a flow in the lake: its packets in both directions.
    #[arg(long, value_name = "ID", conflicts_with_all = ["from", "to", "last"])]
    pub(crate) flow: Option<String>,
    /// Packets of its conversation so long before and after the flow, too.
    #[arg(long, value_parser = length, value_name = "LENGTH", default_value = "10s", requires = "flow")]
    pub(crate) around: std::time::Duration,
    /// Only packets that pass this filter, in the language of tcpdump.
    #[arg(long, value_name = "FILTER", value_parser = capture_filter)]
    pub(crate) filter: Option<minamo_capture::Expression>,
    /// Only the last so long.
    #[arg(long, value_parser = length, value_name = "LENGTH", conflicts_with_all = ["from", "to"])]
    pub(crate) last: Option<std::time::Duration>,
    /// Start of the range.
    #[arg(long, value_parser = time, value_name = "TIME")]
    pub(crate) from: Option<minamo_base::Time>,
    /// End of the range.
    #[arg(long, value_parser = time, value_name = "TIME")]
    pub(crate) to: Option<minamo_base::Time>,
}
