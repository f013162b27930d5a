// SPDX-License-Identifier: Apache-2.0
//! Flows to another collector, for all commands that have some.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

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
