// SPDX-License-Identifier: Apache-2.0
//! The command line, a file for each group of commands.

#[cfg(feature = "lake")]
mod collect;
mod export;
#[cfg(feature = "lake")]
mod lake;
mod meter;
mod model;
mod others;
mod probe;
#[cfg(feature = "lake")]
mod profile;
#[cfg(feature = "lake")]
mod query;
#[cfg(feature = "lake")]
mod recorder;
mod repro;
#[cfg(feature = "lake")]
mod rule;
#[cfg(feature = "lake")]
mod serve;
#[cfg(feature = "lake")]
mod set;
mod signature;
#[cfg(feature = "lake")]
mod tag;
#[cfg(feature = "lake")]
mod token;
mod values;

use clap::{Parser, Subcommand};

#[cfg(feature = "lake")]
pub(crate) use collect::Collect;
pub(crate) use export::{Export, Sides};
#[cfg(feature = "lake")]
pub(crate) use lake::{Held, Import, LakeArgs, LakeCommand, Place, Through};
pub(crate) use meter::{Community, Meter};
pub(crate) use model::{Beside, Labelled, Language, ModelCommand, Parts};
pub(crate) use others::{Ndff, Nprobe};
pub(crate) use probe::Probe;
#[cfg(feature = "lake")]
pub(crate) use profile::{ProfileBody, ProfileChart, ProfileCommand, Split};
#[cfg(feature = "lake")]
pub(crate) use query::{By, Query, Sql};
#[cfg(feature = "lake")]
pub(crate) use recorder::{RecorderCommand, RecorderCut};
pub(crate) use repro::Repro;
#[cfg(feature = "lake")]
pub(crate) use rule::RuleCommand;
#[cfg(feature = "lake")]
pub(crate) use serve::{CheckConfig, Demo, Serve};
#[cfg(feature = "lake")]
pub(crate) use set::{SetBodyArgs, SetCommand, SetOf};
pub(crate) use signature::{Own, SignatureCommand};
#[cfg(feature = "lake")]
pub(crate) use tag::{TagBodyArgs, TagCommand};
#[cfg(feature = "lake")]
pub(crate) use token::{TokenCommand, TokenScope};

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
    /// Take in files of nfcapd, nfdump and Joy.
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
    /// Tokens of programs: for scraping `/metrics`, or for all that reads.
    #[cfg(feature = "lake")]
    #[command(subcommand)]
    Token(TokenCommand),
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
