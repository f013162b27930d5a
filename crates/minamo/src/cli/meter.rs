// SPDX-License-Identifier: Apache-2.0
//! `minamo meter`.

use std::path::PathBuf;

use clap::Args;

use super::values::{capture_filter, format_names, groups, long_timeout, sampling, splt_packets};
use super::{Export, Own};

#[derive(Args)]
#[command(after_help = "\
Reads pcap and pcapng, plain or compressed with gzip or zstd. What cannot be read is named on standard error;
the exit code is 1 only where nothing could be read.")]
pub(crate) struct Meter {
    /// Captures: files, folders (all files in them, by name), or - for standard input.
    #[arg(required = true, value_name = "CAPTURE")]
    pub(crate) captures: Vec<PathBuf>,
    /// Go on when a capture ends: read files as they grow, and files as they appear in folders (tcpdump -G, -C, dumpcap -b),
    /// until the program is interrupted. Compressed files are left alone.
    #[arg(long)]
    pub(crate) follow: bool,
    /// Format of the output: csv, ipfixprobe, joy, jsonl, parquet, table.
    #[arg(long, short, default_value = "jsonl", value_parser = format_names())]
    pub(crate) format: String,
    /// File to write to instead of standard output.
    #[arg(long, short, value_name = "FILE", conflicts_with = "export")]
    pub(crate) output: Option<PathBuf>,
    /// Only frames that pass this filter, in the language of tcpdump: 'tcp port 443 and not host 192.0.2.1'.
    #[arg(long, value_name = "FILTER", value_parser = capture_filter)]
    pub(crate) capture_filter: Option<minamo_capture::Expression>,
    #[command(flatten)]
    pub(crate) community: Community,
    #[command(flatten)]
    pub(crate) export: Export,
    #[command(flatten)]
    pub(crate) own: Own,
    /// Model that judges encrypted sessions; without it the one that comes with the program.
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
    /// A flow without a packet for this long has ended.
    #[arg(long, default_value = "60s", value_parser = long_timeout, value_name = "LENGTH")]
    pub(crate) idle_timeout: std::time::Duration,
    /// A flow that lasts longer is reported in parts of this length.
    #[arg(long, default_value = "5m", value_parser = long_timeout, value_name = "LENGTH")]
    pub(crate) active_timeout: std::time::Duration,
    /// Packets with data of a flow whose lengths and times are kept: 1 to 200.
    #[arg(long, default_value_t = 50, value_parser = splt_packets(), value_name = "COUNT")]
    pub(crate) splt_packets: u16,
    /// Groups of columns that are filled: all, full, light, none, or of l2, ip, tunnel, icmp, tcp, npm, splt, app, eta, bd
    /// and idp, joined by commas. Full is all with bd, counts of octet values, and idp, the first packet of each side, which
    /// has content; light is all but applications, performance, the sequence of lengths and eta.
    #[arg(long, default_value = "all", value_parser = groups, value_name = "GROUPS")]
    pub(crate) groups: minamo_meter::Groups,
    /// The same as --groups light.
    #[arg(long, conflicts_with = "groups")]
    pub(crate) light: bool,
    /// Threads that share the work; rows and their order are the same as with one.
    #[arg(long, default_value = "1", value_parser = clap::value_parser!(u8).range(1..=64), value_name = "COUNT")]
    pub(crate) threads: u8,
    /// Look at a part only, and let rows say so: every 100th packet (count:100), each packet with probability 1/100
    /// (random:100), or all packets of one flow in 100 (flow:100).
    #[arg(long, value_parser = sampling, value_name = "METHOD:N")]
    pub(crate) sample: Option<minamo_meter::Sampling>,
    /// Where chance begins: the same number chooses the same packets or flows of a capture.
    #[arg(long = "seed", default_value = "0", value_name = "NUMBER", requires = "sample")]
    pub(crate) sample_seed: u64,
}

/// A column that is computed only where it is asked for.
#[derive(Args)]
pub(crate) struct Community {
    /// Add the column community_id (version 1, as Zeek and Suricata have it), with this seed.
    #[arg(long = "community-id", value_name = "SEED", num_args = 0..=1, require_equals = true, default_missing_value = "0")]
    pub(crate) seed: Option<u16>,
}
