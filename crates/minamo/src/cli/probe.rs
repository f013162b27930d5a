// SPDX-License-Identifier: Apache-2.0
//! `minamo probe`.

use std::path::PathBuf;

use clap::Args;

use super::values::{capture_filter, format_names, groups, length, sampling, size, splt_packets, timeout};
use super::{Community, Export, Own};

#[derive(Args)]
#[command(after_help = "\
Examples:
  minamo probe -i eth1,eth2 -f 'not port 22' --export ipfix://192.0.2.1:4739
  minamo probe -i eth1 --export ipfix+tls://collector.example:4740 --ca ca.pem
  minamo probe -i eth1 --export netflow9://192.0.2.1:2055 -T '%IPV4_SRC_ADDR %IPV4_DST_ADDR %IN_BYTES'
  minamo probe -i eth1 --output flows.jsonl

Over TCP and TLS nothing is lost while the collector is away, and what may not have been read is sent again: flows may
come twice where the collector broke; a Minamo collector that did not break leaves them out. Over UDP nobody says what arrived.")]
pub(crate) struct Probe {
    /// Interfaces to meter, joined by commas; a capture file is read to its end. Interfaces need CAP_NET_RAW.
    #[arg(long = "interface", short = 'i', required = true, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) interfaces: Vec<String>,
    /// Only frames that pass this filter, in the language of tcpdump.
    #[arg(long = "filter", short = 'f', value_name = "FILTER", value_parser = capture_filter)]
    pub(crate) filter: Option<minamo_capture::Expression>,
    /// Model that judges encrypted sessions; without it the one that comes with the program.
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) community: Community,
    #[command(flatten)]
    pub(crate) export: Export,
    #[command(flatten)]
    pub(crate) buffer: Buffer,
    /// Format of what is written where nothing is exported: csv, ipfixprobe, joy, jsonl, parquet, table.
    #[arg(long, default_value = "jsonl", value_parser = format_names())]
    pub(crate) format: String,
    /// File to write to instead of standard output.
    #[arg(long, short, value_name = "FILE", conflicts_with = "export")]
    pub(crate) output: Option<PathBuf>,
    /// Threads that meter each interface; they share its conversations.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) threads: u16,
    /// Memory of each thread in which frames wait to be metered.
    #[arg(long, default_value = "64MiB", value_parser = size, value_name = "SIZE")]
    pub(crate) ring: usize,
    /// Only frames that are for this machine.
    #[arg(long)]
    pub(crate) no_promiscuous: bool,
    #[command(flatten)]
    pub(crate) own: Own,
    /// A flow without a packet for this long has ended.
    #[arg(long, default_value = "60s", value_parser = timeout, value_name = "LENGTH")]
    pub(crate) idle_timeout: std::time::Duration,
    /// A flow that lasts longer is reported in parts of this length.
    #[arg(long, default_value = "5m", value_parser = timeout, value_name = "LENGTH")]
    pub(crate) active_timeout: std::time::Duration,
    /// Most flows that each thread holds.
    #[arg(long, default_value_t = 400_000, value_name = "COUNT")]
    pub(crate) max_flows: usize,
    /// Packets with data of a flow whose lengths and times are kept: 1 to 200.
    #[arg(long, default_value_t = 50, value_parser = splt_packets(), value_name = "COUNT")]
    pub(crate) splt_packets: u16,
    /// Groups of columns that are filled, as `minamo meter` has them: all, full, light, none, or of l2, ip, tunnel, icmp, tcp,
    /// npm, splt, app, eta, bd and idp, joined by commas. Full has counts of octet values and the first packet of each side.
    #[arg(long, default_value = "all", value_parser = groups, value_name = "GROUPS")]
    pub(crate) groups: minamo_meter::Groups,
    /// The same as --groups light: leave out applications, performance and the sequence of lengths, which cost the most time
    /// and memory.
    #[arg(long, conflicts_with = "groups")]
    pub(crate) light: bool,
    /// Meter a part only, and let rows say so: every 100th packet (count:100), each packet with probability 1/100
    /// (random:100), or all packets of one flow in 100 (flow:100).
    #[arg(long, value_parser = sampling, value_name = "METHOD:N")]
    pub(crate) sample: Option<minamo_meter::Sampling>,
    /// Wait for interfaces that are not there at the start, instead of ending. One that is removed later is waited for in any case.
    #[arg(long)]
    pub(crate) wait: bool,
    /// User that the program runs as once the interfaces are open, by name; the folder of the buffer must be its own.
    #[arg(long, value_name = "NAME", conflicts_with = "wait")]
    pub(crate) user: Option<String>,
    /// File that all counters are written to every ten seconds, in the text format of Prometheus.
    #[arg(long, value_name = "FILE")]
    pub(crate) counters: Option<PathBuf>,
    /// End after so long: 30s, 5m.
    #[arg(long, value_parser = length, value_name = "LENGTH")]
    pub(crate) stop_after: Option<std::time::Duration>,
}

/// The buffer between probe and collector, and the way there.
#[derive(Args)]
pub(crate) struct Buffer {
    /// Folder of the buffer.
    #[arg(long = "buffer", default_value = "/var/lib/minamo/probe", value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
    /// Most octets of the buffer; beyond it the oldest are dropped and counted.
    #[arg(long = "buffer-size", default_value = "1GiB", value_parser = size, value_name = "SIZE")]
    pub(crate) bound: usize,
    /// What the collector read within so long before it failed is sent again: it may not have stored it.
    #[arg(long, default_value = "30s", value_parser = length, value_name = "LENGTH")]
    pub(crate) keep: std::time::Duration,
    /// Most records a second while the buffer is emptied.
    #[arg(long, default_value_t = 50_000, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: u32,
    /// Number of the observation domain: probes behind one address need numbers of their own.
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    pub(crate) domain: u32,
}
