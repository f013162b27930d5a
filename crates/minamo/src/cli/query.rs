// SPDX-License-Identifier: Apache-2.0
//! `minamo query` and `minamo sql`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::values::{format_names, length, time};
use super::{Export, Place};

/// What the groups are ordered by.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum By {
    Bytes,
    Packets,
    Flows,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  minamo query 'port 443' --last 1h                         the newest flows
  minamo query 'src net 192.0.2.0/24' --top app --by bytes  the largest applications
  minamo query --top src_ip,dst_ip --limit 5                the largest pairs
  minamo query 'app = DNS' --format parquet --output dns.parquet   all of them, into a file
  minamo query --top 'net(src_ip,24)' --measures 'bytes,distinct(dst_ip),p95(duration)' --having 'flows > 100'
  minamo query --top app --compare 7d --last 1d             … beside the same day of the week before
  minamo query --paths src_ip,app,dst_ip --last 1h          what goes where
  minamo query 'flow_id = 0123456789abcdef01234567' --prevalence   how known its fingerprints are
  minamo query --billing 95 --step 5m --inside 192.0.2.0/24 --last 30d
  minamo query 'port 53' --last 1d --export netflow9://192.0.2.1:2055   all of them to a collector

Sums of sampled flows are scaled by their rate, and '±' shows half of a 95 % interval; --raw shows what was counted.")]
pub(crate) struct Query {
    /// Filter; all flows without one.
    #[arg(default_value = "", hide_default_value = true)]
    pub(crate) filter: String,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Take the sets of the filter (@name) as they were when each flow started, not as they are now.
    #[arg(long)]
    pub(crate) then: bool,
    /// Keys to group by, joined by commas: columns, `ip` for either address, `net(src_ip,24)`, `time(5m)`.
    #[arg(long, value_name = "KEYS")]
    pub(crate) top: Option<String>,
    /// Measures of each group, joined by commas: bytes, packets, flows, src_bytes, …, bps, pps, bpp,
    /// distinct(column), about_distinct(column), min, max, avg, sum, p95, about_p95 of a column or of duration.
    #[arg(long, value_name = "MEASURES", requires = "top")]
    pub(crate) measures: Option<String>,
    /// What is counted; without --order what the groups are ordered by.
    #[arg(long, value_enum, default_value = "bytes")]
    pub(crate) by: By,
    /// The measure that orders the groups.
    #[arg(long, value_name = "MEASURE", requires = "top")]
    pub(crate) order: Option<String>,
    /// The lowest first.
    #[arg(long, requires = "top")]
    pub(crate) ascending: bool,
    /// Only groups for which this holds: `flows > 100 and distinct(dst_port) > 20`.
    #[arg(long, value_name = "CONDITION", requires = "top")]
    pub(crate) having: Option<String>,
    /// Count each flow as two, one per direction.
    #[arg(long, requires = "top")]
    pub(crate) directions: bool,
    /// Compare with the range so much earlier: 1d, 7d.
    #[arg(long, value_parser = length, value_name = "LENGTH", requires = "top")]
    pub(crate) compare: Option<std::time::Duration>,
    /// Sums over paths through two to four keys, joined by commas; --limit values of each keep their names. As jsonl
    /// without --output they are one JSON object, with the links between neighbouring keys.
    #[arg(long, value_name = "KEYS", conflicts_with_all = ["top", "billing"])]
    pub(crate) paths: Option<String>,
    /// Traffic into and out of networks: the rate below which so many of a hundred steps lie.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100), conflicts_with = "top")]
    pub(crate) billing: Option<u8>,
    /// Networks that are charged, joined by commas; without any, initiators are inside.
    #[arg(long, value_name = "NETWORKS", value_delimiter = ',', requires = "billing")]
    pub(crate) inside: Vec<minamo_base::Prefix>,
    /// Length of a step of --billing.
    #[arg(long, value_parser = length, default_value = "5m", value_name = "LENGTH")]
    pub(crate) step: std::time::Duration,
    /// With --billing, the octets of each step instead of the bill.
    #[arg(long, requires = "billing")]
    pub(crate) steps: bool,
    /// Show what was counted: do not scale sampled flows.
    #[arg(long)]
    pub(crate) raw: bool,
    /// Count flows as often as exporters told them; without, rows that are marked `duplicate_of` count for nothing.
    #[arg(long, requires = "top")]
    pub(crate) duplicates: bool,
    /// For each flow, on how many hosts the fingerprints of its client were seen in so many days before it, and since when.
    #[arg(long, value_name = "DAYS", conflicts_with_all = ["top", "paths", "billing"],
        value_parser = clap::value_parser!(u16).range(1..=90), num_args = 0..=1, require_equals = true,
        default_missing_value = "30")]
    pub(crate) prevalence: Option<u16>,
    /// Only the last so long: 30m, 1h, 7d.
    #[arg(long, value_parser = length, value_name = "LENGTH", conflicts_with_all = ["from", "to"])]
    pub(crate) last: Option<std::time::Duration>,
    /// Start of the range: 2026-01-31T09:00:00Z.
    #[arg(long, value_parser = time, value_name = "TIME")]
    pub(crate) from: Option<minamo_base::Time>,
    /// End of the range.
    #[arg(long, value_parser = time, value_name = "TIME")]
    pub(crate) to: Option<minamo_base::Time>,
    /// Most rows, the newest first; without it 20, and all into a file.
    #[arg(long, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    pub(crate) limit: Option<usize>,
    /// Format of the output: csv, ipfixprobe, joy, jsonl, parquet, table; all but flows comes in all but ipfixprobe and joy.
    #[arg(long, short, default_value = "table", value_parser = format_names())]
    pub(crate) format: String,
    /// File to write to instead of standard output; it has its name once it is whole.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) export: Export,
}

#[derive(Args)]
pub(crate) struct Sql {
    /// One statement that reads: tables `flows` and `events`.
    pub(crate) sql: String,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Most rows; without it 1,000 in a table, and all in other formats.
    #[arg(long, conflicts_with = "output")]
    pub(crate) limit: Option<usize>,
    /// Format of the output.
    #[arg(long, short, default_value = "table", value_parser = ["table", "csv", "jsonl", "parquet"])]
    pub(crate) format: String,
    /// The same as --format jsonl.
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
    /// File to write to instead of standard output; it has its name once it is whole.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}
