// SPDX-License-Identifier: Apache-2.0
//! The command line.

mod repro;
#[cfg(feature = "lake")]
mod rule;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use repro::Repro;
#[cfg(feature = "lake")]
pub(crate) use rule::RuleCommand;

use crate::applications::Files;

/// Sees everything that moves on a network, without decrypting anything.
#[derive(Parser)]
#[command(
    name = "minamo",
    version,
    arg_required_else_help = true,
    after_help = "\
Examples:
  minamo meter capture.pcap                          flows of a capture as JSON lines
  minamo meter --format table captures/              … of a folder, as a table
  minamo meter capture.pcap --export ipfix://192.0.2.1:4739   … to a collector
  minamo probe -i eth1 --export ipfix+tcp://192.0.2.1:4739    an interface, to a collector that may be away
  minamo demo                                        a small network in your browser
  minamo serve --config minamo.toml                  probe, collector, lake and console
  minamo query 'tls_sni ~ \"*.example.com\"' --top src_ip --by bytes --last 1h
  minamo profile chart live --last 7d
  minamo sql 'SELECT app, COUNT(*) FROM flows GROUP BY app'"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Turn captures into flows and write them out.
    Meter(Box<Meter>),
    /// Meter interfaces and send their flows to a collector; what cannot be sent waits on disk.
    Probe(Box<Probe>),
    /// Signatures of your own applications: check a file of them, and test it on captures.
    #[command(subcommand)]
    Signature(SignatureCommand),
    /// Cut one conversation out of captures, without its addresses, to report a wrong label.
    Repro(Box<Repro>),
    /// Understand the command line of ndff: also under that name.
    Ndff(Box<Ndff>),
    /// Understand the command line of nProbe: also under the name nprobe.
    Nprobe(Box<Nprobe>),
    /// Models that judge encrypted traffic: train, evaluate, explain, sign, install.
    #[command(subcommand)]
    Model(Box<ModelCommand>),
    /// Ask the lake with a filter: flows, or the largest groups of them.
    #[cfg(feature = "lake")]
    Query(Box<Query>),
    /// Ask the lake with SQL.
    #[cfg(feature = "lake")]
    Sql(Sql),
    /// Take in files of nfcapd and nfdump.
    #[cfg(feature = "lake")]
    Import(Import),
    /// Look after the lake: segments, sizes, history, checksums, retention, holds.
    #[cfg(feature = "lake")]
    Lake(LakeArgs),
    /// Profiles: named selections of traffic, their channels, their charts.
    #[cfg(feature = "lake")]
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Sets: names for addresses, ports or applications, to be used in filters as @name.
    #[cfg(feature = "lake")]
    #[command(subcommand)]
    Set(SetCommand),
    /// Cut packets out of the ring that the recorder keeps.
    #[cfg(feature = "lake")]
    #[command(subcommand)]
    Recorder(RecorderCommand),
    /// Tags: named filters that mark flows, to be used in filters as `tag NAME` and as a key of groups.
    #[cfg(feature = "lake")]
    #[command(subcommand)]
    Tag(TagCommand),
    /// Detection rules: show them, and try one on the past.
    #[cfg(feature = "lake")]
    #[command(subcommand)]
    Rule(RuleCommand),
    /// Run everything: probe, collector, lake, detection, console.
    #[cfg(feature = "lake")]
    Serve(Serve),
    /// Listen for flow exports and print them, or say what each exporter sends; keeps nothing.
    #[cfg(feature = "lake")]
    Collect(Collect),
    /// Replay captures, shifted to now, through the whole program and show them in the console.
    #[cfg(feature = "lake")]
    Demo(Demo),
    /// Check a configuration file and print what is in force.
    #[cfg(feature = "lake")]
    CheckConfig(CheckConfig),
    /// Print a completion script for a shell: `minamo completion bash > /etc/bash_completion.d/minamo`.
    Completion {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

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
    /// Format of the output: csv, joy, jsonl, parquet, table.
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
    #[arg(long, default_value = "60s", value_parser = length, value_name = "LENGTH")]
    pub(crate) idle_timeout: std::time::Duration,
    /// A flow that lasts longer is reported in parts of this length.
    #[arg(long, default_value = "5m", value_parser = length, value_name = "LENGTH")]
    pub(crate) active_timeout: std::time::Duration,
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
    /// Format of what is written where nothing is exported: csv, joy, jsonl, parquet, table.
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
    #[arg(long, default_value = "60s", value_parser = length, value_name = "LENGTH")]
    pub(crate) idle_timeout: std::time::Duration,
    /// A flow that lasts longer is reported in parts of this length.
    #[arg(long, default_value = "5m", value_parser = length, value_name = "LENGTH")]
    pub(crate) active_timeout: std::time::Duration,
    /// Most flows that each thread holds.
    #[arg(long, default_value_t = 400_000, value_name = "COUNT")]
    pub(crate) max_flows: usize,
    /// Leave out applications, performance and the sequence of lengths, which cost the most time and memory.
    #[arg(long)]
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

/// A column that is computed only where it is asked for.
#[derive(Args)]
pub(crate) struct Community {
    /// Add the column community_id (version 1, as Zeek and Suricata have it), with this seed.
    #[arg(long = "community-id", value_name = "SEED", num_args = 0..=1, require_equals = true, default_missing_value = "0")]
    pub(crate) seed: Option<u16>,
}

/// Flows to another collector.
#[derive(Args)]
pub(crate) struct Export {
    /// Send the flows to a collector instead: ipfix://HOST:PORT, ipfix+tcp://…, ipfix+tls://…, netflow9://…,
    /// netflow5://….
    #[arg(long, value_name = "URL", conflicts_with = "format")]
    pub(crate) export: Option<String>,
    /// What each record has: "%IPV4_SRC_ADDR %L4_SRC_PORT …" with nProbe's labels, or names of columns.
    #[arg(long, short = 'T', value_name = "LABELS", requires = "export")]
    pub(crate) template: Option<String>,
    /// Both directions in one record, or a record for each; by default both for ipfix and one for the others.
    #[arg(long, value_enum, requires = "export")]
    pub(crate) sides: Option<Sides>,
    /// Enterprise number of our elements, for columns that have no public one (IPFIX); 0 leaves them out. The default is the
    /// number for examples (RFC 5612): nobody has registered one for this program.
    #[arg(long, default_value_t = minamo_sinks::export::EXAMPLE_ENTERPRISE, value_name = "NUMBER")]
    pub(crate) enterprise: u32,
    /// Times to the nanosecond (IPFIX) instead of milliseconds, which every collector knows.
    #[arg(long, requires = "export")]
    pub(crate) nanoseconds: bool,
    /// What encrypted traffic shows with Cisco's elements 44940 to 44945 (NetFlow v9, IPFIX), as Catalyst switches send it. First
    /// packets and counts of octet values are in it with `--groups full`.
    #[arg(long, requires = "export")]
    pub(crate) eta: bool,
    /// Certificates of the authorities that the collector's certificate may be of, for TLS; those of the system without.
    #[arg(long, value_name = "FILE", requires = "export")]
    pub(crate) ca: Option<PathBuf>,
    /// Our certificate, where the collector wants one.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) certificate: Option<PathBuf>,
    /// Key of the certificate.
    #[arg(long, value_name = "FILE", requires = "certificate", requires = "export")]
    pub(crate) key: Option<PathBuf>,
}

/// Directions in a record.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Sides {
    /// Two records for a flow with both directions.
    One,
    /// One record (RFC 5103; the "out" counters of NetFlow v9).
    Both,
}

#[cfg(feature = "lake")]
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
    /// Format of the output: csv, joy, jsonl, parquet, table.
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

#[cfg(feature = "lake")]
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

/// What the groups are ordered by.
#[cfg(feature = "lake")]
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum By {
    Bytes,
    Packets,
    Flows,
}

#[cfg(feature = "lake")]
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
    #[arg(long)]
    pub(crate) limit: Option<usize>,
    /// Format of the output: csv, joy, jsonl, parquet, table; all but flows comes in all but joy.
    #[arg(long, short, default_value = "table", value_parser = format_names())]
    pub(crate) format: String,
    /// File to write to instead of standard output; it has its name once it is whole.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) export: Export,
}

#[cfg(feature = "lake")]
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

#[cfg(feature = "lake")]
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

#[cfg(feature = "lake")]
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

#[cfg(feature = "lake")]
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  minamo profile create web --channel 'tls=port 443' --channel 'plain=port 80'
  minamo profile create office --channel 'all=net 192.0.2.0/24'
  minamo profile create office-web --parent office --channel 'tls=port 443'
  minamo profile change web --channel 'tls=port 443 or port 8443' --valid-from 2026-01-31T09:00:00Z
  minamo profile chart web --last 30d --step 1h           with the channels of today
  minamo profile chart web --last 30d --step 1h --then    with the channels of each hour")]
pub(crate) enum ProfileCommand {
    /// Show the profiles that are in force.
    List {
        #[command(flatten)]
        place: Place,
        /// Those in force at this time instead of now.
        #[arg(long, value_parser = time, value_name = "TIME")]
        at: Option<minamo_base::Time>,
    },
    /// Show all versions of a profile.
    Show {
        /// Name of the profile.
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Make a profile.
    Create {
        /// Name of the profile.
        name: String,
        #[command(flatten)]
        body: ProfileBody,
        #[command(flatten)]
        place: Place,
    },
    /// Change a profile: what is not named anew is as for a new one.
    Change {
        /// Name of the profile.
        name: String,
        #[command(flatten)]
        body: ProfileBody,
        #[command(flatten)]
        place: Place,
    },
    /// End a profile; its past can still be charted with --then.
    Delete {
        /// Name of the profile.
        name: String,
        /// When it ends, instead of now.
        #[arg(long, value_parser = time, value_name = "TIME")]
        valid_from: Option<minamo_base::Time>,
        #[command(flatten)]
        place: Place,
    },
    /// Show the course of a profile's channels over time.
    Chart(ProfileChart),
}

#[cfg(feature = "lake")]
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  minamo set create guests 192.0.2.128/25 2001:db8:1::/64
  minamo set create web --of ports 80 443 8000-8100
  minamo set create chat --of names Slack Teams
  minamo set change guests 198.51.100.0/24 --valid-from 2026-01-31T09:00:00Z
  minamo query 'src in @guests and port in @web' --last 7d          as the sets are today
  minamo query 'src in @guests and port in @web' --last 7d --then   as they were then")]
pub(crate) enum SetCommand {
    /// Show the sets that are in force, those of the networks file too.
    List {
        #[command(flatten)]
        place: Place,
        /// Those in force at this time instead of now.
        #[arg(long, value_parser = time, value_name = "TIME")]
        at: Option<minamo_base::Time>,
    },
    /// Show all versions of a set.
    Show {
        /// Name of the set, with or without @.
        #[arg(value_parser = set_name)]
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Make a set.
    Create {
        /// Name of the set, with or without @.
        #[arg(value_parser = set_name)]
        name: String,
        /// What its members are.
        #[arg(long, value_enum, default_value = "addresses")]
        of: SetOf,
        #[command(flatten)]
        body: SetBodyArgs,
        #[command(flatten)]
        place: Place,
    },
    /// Give a set other members; what it was before stays for its time.
    Change {
        /// Name of the set, with or without @.
        #[arg(value_parser = set_name)]
        name: String,
        #[command(flatten)]
        body: SetBodyArgs,
        #[command(flatten)]
        place: Place,
    },
    /// End a set; its past can still be asked for with --then.
    Delete {
        /// Name of the set, with or without @.
        #[arg(value_parser = set_name)]
        name: String,
        /// When it ends, instead of now.
        #[arg(long, value_parser = time, value_name = "TIME")]
        valid_from: Option<minamo_base::Time>,
        #[command(flatten)]
        place: Place,
    },
}

/// What the members of a set are.
#[cfg(feature = "lake")]
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum SetOf {
    Addresses,
    Ports,
    Names,
}

/// What a set says.
#[cfg(feature = "lake")]
#[derive(Args)]
pub(crate) struct SetBodyArgs {
    /// All its members: addresses and networks, ports and ranges of them, or names; @other is another set.
    #[arg(required = true, value_name = "MEMBER")]
    pub(crate) members: Vec<String>,
    /// A remark for people.
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// From when on that is in force, instead of now; may lie in the past.
    #[arg(long, value_parser = time, value_name = "TIME")]
    pub(crate) valid_from: Option<minamo_base::Time>,
}

#[cfg(feature = "lake")]
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  minamo tag create guest-upload 'src in @guests and src bytes > 10M'
  minamo tag create backup 'dst port 873 or app = rsync' --note 'nightly copies'
  minamo tag change backup 'dst port in [873 8730]' --valid-from 2026-01-31T09:00:00Z
  minamo query 'tag guest-upload and not tag backup' --last 7d          as the tags are today
  minamo query 'tag guest-upload and not tag backup' --last 7d --then   as they were then
  minamo query --top tag --last 1d
  minamo sql \"SELECT src_ip, tags() FROM flows WHERE has_tag('backup')\"")]
pub(crate) enum TagCommand {
    /// Show the tags that are in force.
    List {
        #[command(flatten)]
        place: Place,
        /// Those in force at this time instead of now.
        #[arg(long, value_parser = time, value_name = "TIME")]
        at: Option<minamo_base::Time>,
    },
    /// Show all versions of a tag.
    Show {
        /// Name of the tag.
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Make a tag.
    Create {
        /// Name of the tag.
        name: String,
        #[command(flatten)]
        body: TagBodyArgs,
        #[command(flatten)]
        place: Place,
    },
    /// Give a tag another filter; what it was before stays for its time.
    Change {
        /// Name of the tag.
        name: String,
        #[command(flatten)]
        body: TagBodyArgs,
        #[command(flatten)]
        place: Place,
    },
    /// End a tag; its past can still be asked for with --then.
    Delete {
        /// Name of the tag.
        name: String,
        /// When it ends, instead of now.
        #[arg(long, value_parser = time, value_name = "TIME")]
        valid_from: Option<minamo_base::Time>,
        #[command(flatten)]
        place: Place,
    },
}

/// What a tag says.
#[cfg(feature = "lake")]
#[derive(Args)]
pub(crate) struct TagBodyArgs {
    /// The filter that its flows pass; it may ask for sets and for other tags.
    pub(crate) filter: String,
    /// A remark for people.
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// From when on that is in force, instead of now; may lie in the past.
    #[arg(long, value_parser = time, value_name = "TIME")]
    pub(crate) valid_from: Option<minamo_base::Time>,
}

/// What a profile says.
#[cfg(feature = "lake")]
#[derive(Args)]
pub(crate) struct ProfileBody {
    /// A channel: its name and filter. May be given several times; without any, the profile has all flows of
    /// its parent.
    #[arg(long = "channel", value_name = "NAME=FILTER")]
    pub(crate) channels: Vec<String>,
    /// The profile whose flows it divides.
    #[arg(long, default_value = "live", value_name = "NAME")]
    pub(crate) parent: String,
    /// One step of its charts where nothing else is asked for.
    #[arg(long, default_value = "5m", value_parser = length, value_name = "LENGTH")]
    pub(crate) granularity: std::time::Duration,
    /// From when on that is in force, instead of now; may lie in the past.
    #[arg(long, value_parser = time, value_name = "TIME")]
    pub(crate) valid_from: Option<minamo_base::Time>,
}

/// What channels are divided by.
#[cfg(feature = "lake")]
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Split {
    Protocol,
    App,
}

#[cfg(feature = "lake")]
#[derive(Args)]
pub(crate) struct ProfileChart {
    /// Name of the profile; `live` has all flows.
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Channels, joined by commas; all without.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) channels: Vec<String>,
    /// Go by the definitions that were in force then, not by those of today.
    #[arg(long)]
    pub(crate) then: bool,
    /// What is summed.
    #[arg(long, value_enum, default_value = "bytes")]
    pub(crate) by: By,
    /// What each channel is divided by.
    #[arg(long, value_enum)]
    pub(crate) split: Option<Split>,
    /// Lines of each divided channel.
    #[arg(long, default_value_t = 10)]
    pub(crate) limit: usize,
    /// Length of a step, whole minutes; chosen without.
    #[arg(long, value_parser = length, value_name = "LENGTH")]
    pub(crate) step: Option<std::time::Duration>,
    /// Only the last so long: 1h, 7d.
    #[arg(long, value_parser = length, default_value = "1d", value_name = "LENGTH", conflicts_with = "from")]
    pub(crate) last: std::time::Duration,
    /// Start of the range: 2026-01-31T09:00:00Z.
    #[arg(long, value_parser = time, value_name = "TIME")]
    pub(crate) from: Option<minamo_base::Time>,
    /// End of the range; now without.
    #[arg(long, value_parser = time, value_name = "TIME")]
    pub(crate) to: Option<minamo_base::Time>,
}

#[cfg(feature = "lake")]
#[derive(Args)]
#[command(after_help = "\
Reads layout 2 (nfdump 1.7), packed with LZO, LZ4, bzip2 or zstd or not at all; other layouts through nfdump itself.
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
#[cfg(feature = "lake")]
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Through {
    Nfdump,
}

#[cfg(feature = "lake")]
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

#[cfg(feature = "lake")]
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
#[cfg(feature = "lake")]
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Held {
    Legal,
    Incident,
    Other,
}

#[cfg(feature = "lake")]
impl From<Held> for minamo_store::HoldKind {
    fn from(held: Held) -> Self {
        match held {
            Held::Legal => Self::Legal,
            Held::Incident => Self::Incident,
            Held::Other => Self::Other,
        }
    }
}

#[cfg(feature = "lake")]
#[derive(Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) place: Place,
}

#[cfg(feature = "lake")]
#[derive(Args)]
pub(crate) struct Demo {
    /// Captures to replay instead of the ones that come with the program.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) pcap: Vec<PathBuf>,
    /// Address of the console.
    #[arg(long, default_value = "127.0.0.1:8470", value_name = "ADDRESS")]
    pub(crate) listen: std::net::SocketAddr,
    /// Keep the data in this folder instead of one that is removed at the end.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,
    /// Replay, print the totals, and end without serving the console.
    #[arg(long)]
    pub(crate) once: bool,
    /// When the captures end, instead of now: the same windows of the rules each time.
    #[arg(long, value_parser = time, value_name = "TIME", requires = "once")]
    pub(crate) end: Option<minamo_base::Time>,
}

#[cfg(feature = "lake")]
#[derive(Args)]
pub(crate) struct CheckConfig {
    /// Configuration file.
    pub(crate) config: PathBuf,
}

fn format_names() -> clap::builder::PossibleValuesParser {
    minamo_sinks::FORMATS
        .iter()
        .map(|f| clap::builder::PossibleValue::new(f.name).help(f.help))
        .collect::<Vec<_>>()
        .into()
}

fn capture_filter(text: &str) -> Result<minamo_capture::Expression, String> {
    minamo_capture::Expression::parse(text).map_err(|error| error.to_string())
}

fn groups(text: &str) -> Result<minamo_meter::Groups, String> {
    text.parse()
}

fn sampling(text: &str) -> Result<minamo_meter::Sampling, String> {
    text.parse()
}

fn length(text: &str) -> Result<std::time::Duration, String> {
    minamo_detect::parse_length(text).ok_or_else(|| "want a length with a unit, such as 30s, 5m, 1h or 7d".to_owned())
}

fn size(text: &str) -> Result<usize, String> {
    crate::size::parse_size(text).ok_or_else(|| "want a size with a unit, such as 64MiB or 1GiB".to_owned())
}

/// The name of a set, as it is typed in filters or alone.
#[cfg(feature = "lake")]
fn set_name(text: &str) -> Result<String, std::convert::Infallible> {
    Ok(text.strip_prefix('@').unwrap_or(text).to_owned())
}

#[cfg(feature = "lake")]
fn hold_number(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| "want the number of a hold; `minamo lake` lists those that are".to_owned())
}

#[cfg(feature = "lake")]
fn time(text: &str) -> Result<minamo_base::Time, String> {
    minamo_base::Time::parse(text).ok_or_else(|| "want a time such as 2026-01-31T09:00:00Z".to_owned())
}
