// SPDX-License-Identifier: Apache-2.0
//! The command lines of ndff and nProbe.

use std::path::PathBuf;

use clap::Args;

/// The line of ndff, and what is ours of it.
#[derive(Args)]
#[command(after_help = "\
Without -i the options are those of the line OPTIONS=\"…\" in /etc/sysconfig/ndff. The output to Fluentd is not part of
this version yet: --output writes the flows as JSON lines. The log goes to standard error, which a unit's journal keeps.")]
pub(crate) struct Ndff {
    /// Interfaces to meter, joined by commas, or a capture file.
    #[arg(short = 'i', value_name = "NAMES", value_delimiter = ',')]
    pub(crate) interfaces: Vec<String>,
    /// Fluentd's host.
    #[arg(short = 's', value_name = "HOST", default_value = "127.0.0.1")]
    pub(crate) server: String,
    /// Port of its forward input.
    #[arg(short = 'p', value_name = "PORT", default_value_t = 24_224)]
    pub(crate) port: u16,
    /// Tag of the events.
    #[arg(short = 't', value_name = "TAG", default_value = "ndff.flow")]
    pub(crate) tag: String,
    /// Form of the events.
    #[arg(short = 'm', value_name = "FORM", default_value = "msgpack", value_parser = ["msgpack", "json"])]
    pub(crate) messages: String,
    /// Say less.
    #[arg(short = 'q')]
    pub(crate) quiet: bool,
    /// Ours: write the flows as JSON lines to this file, or - for standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Ours: the file with the line OPTIONS, instead of /etc/sysconfig/ndff.
    #[arg(long, value_name = "FILE")]
    pub(crate) options: Option<PathBuf>,
}

/// The line of nProbe as far as it is understood, and what is ours of it.
#[derive(Args)]
#[command(after_help = "\
The output to Elasticsearch is not part of this version yet: -n sends to a collector, --output writes JSON lines.")]
pub(crate) struct Nprobe {
    /// Interfaces to meter, joined by commas, or a capture file.
    #[arg(short = 'i', long = "interface", required = true, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) interfaces: Vec<String>,
    /// The collector: HOST:PORT, udp://…, tcp://…, or none; 127.0.0.1:2055 where nothing else is asked for.
    #[arg(short = 'n', long = "collector", value_name = "PLACE")]
    pub(crate) collector: Option<String>,
    /// Version of the export: 5, 9, or 10 for IPFIX.
    #[arg(short = 'V', long = "flow-version", default_value_t = 9, value_name = "VERSION")]
    pub(crate) version: u8,
    /// What each record has: "%IPV4_SRC_ADDR %L4_SRC_PORT …".
    #[arg(short = 'T', long = "flow-templ", value_name = "LABELS")]
    pub(crate) template: Option<String>,
    /// A flow that lasts longer is reported in parts of so many seconds.
    #[arg(short = 't', long = "lifetime-timeout", default_value_t = 120, value_name = "SECONDS")]
    pub(crate) lifetime: u32,
    /// A flow without a packet for so many seconds has ended.
    #[arg(short = 'd', long = "idle-timeout", default_value_t = 30, value_name = "SECONDS")]
    pub(crate) idle: u32,
    /// Only frames that pass this filter, in the language of tcpdump.
    #[arg(short = 'f', long = "bpf-filter", value_name = "FILTER")]
    pub(crate) filter: Option<String>,
    /// Names instead of numbers in JSON; ours always has names.
    #[arg(long)]
    pub(crate) json_labels: bool,
    /// Type, index and place of Elasticsearch, joined by semicolons.
    #[arg(long, value_name = "PLACE")]
    pub(crate) elastic: Option<String>,
    /// Ours: write the flows as JSON lines to this file, or - for standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Ours: folder of the buffer for the time that the collector is away.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) buffer: Option<PathBuf>,
}
