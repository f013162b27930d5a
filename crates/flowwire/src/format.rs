// SPDX-License-Identifier: Apache-2.0
//! What a format is, the door to all of them, and the account of one datagram: a datagram is never
//! all-or-nothing, its good parts become rows and its bad ones [`Skipped`].

use std::fmt;

use minamo_base::{Cursor, Ip, Time, WireError};
use minamo_model::Flow;
use minamo_schema::Block;

use crate::{Cache, FORMATS, Fact};

/// A flow export format.
pub struct Format {
    /// Name, as the column `source` has it.
    pub name: &'static str,
    /// First two octets of each of its datagrams.
    pub version: u16,
    /// Specification.
    pub spec: &'static [&'static str],
    /// Decodes one datagram of that version; an error where not even the header could be read.
    pub decode: fn(&Datagram<'_>, &mut Cache, &mut Output<'_>) -> Result<(), WireError>,
    /// A datagram with at least one row.
    pub sample: &'static [u8],
}

/// One message as it arrived.
#[derive(Debug, Clone, Copy)]
pub struct Datagram<'a> {
    /// The octets, header first.
    pub octets: &'a [u8],
    /// Address that it came from.
    pub exporter: Ip,
    /// Port that it came from; 0 where that is of no matter, as on a connection with a cache of its own.
    pub port: u16,
    /// Time at which it arrived.
    pub received: Time,
}

/// Takes rows as they are decoded, those that were read together as a block.
pub trait Sink {
    /// Takes a row, which is used again after the call.
    fn row(&mut self, flow: &Flow);
    /// Takes rows that were read together; the block is used again after the call. Their identity follows from them.
    fn block(&mut self, block: &Block);
}

/// Whether rows are wanted one by one or may come together.
enum Way<'a> {
    Rows(&'a mut dyn FnMut(&Flow)),
    Blocks(&'a mut dyn Sink),
}

/// Who sent a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender {
    /// Its address.
    pub address: Ip,
    /// Its port; 0 where that is of no matter.
    pub port: u16,
}

impl From<Ip> for Sender {
    fn from(address: Ip) -> Self {
        Self { address, port: 0 }
    }
}

/// Where the rows of a datagram go.
pub struct Output<'a> {
    way: Way<'a>,
    /// The account so far.
    pub report: Report,
}

impl Output<'_> {
    pub(crate) fn row(&mut self, flow: &Flow) {
        self.report.rows += 1;
        match &mut self.way {
            Way::Rows(sink) => sink(flow),
            Way::Blocks(sink) => sink.row(flow),
        }
    }

    /// True where rows may come together.
    pub(crate) fn takes_blocks(&self) -> bool {
        matches!(self.way, Way::Blocks(_))
    }

    pub(crate) fn block(&mut self, block: &Block) {
        self.report.rows += u32::try_from(block.rows()).unwrap_or(u32::MAX);
        if let Way::Blocks(sink) = &mut self.way {
            sink.block(block);
        }
    }

    pub(crate) fn skip(&mut self, reason: Skipped) {
        self.report.skipped.push(reason);
    }

    /// Passes on what an exporter said of itself, within [`MAX_FACTS`].
    pub(crate) fn fact(&mut self, fact: Fact) {
        if self.report.facts.len() < MAX_FACTS {
            self.report.facts.push(fact);
        } else {
            self.report.facts_cut += 1;
        }
    }
}

/// The account of one datagram.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Name of the format; empty where the version is unknown.
    pub format: &'static str,
    /// Rows delivered.
    pub rows: u32,
    /// Templates and options templates defined or confirmed.
    pub templates: u32,
    /// Records of options data that were read.
    pub options: u32,
    /// Messages (v9) or records (v5, IPFIX) missing before this one, by the sequence number.
    pub lost: u32,
    /// What the exporter said of itself in samples of counters; at most 256 of one datagram.
    pub facts: Vec<Fact>,
    /// Facts beyond that number.
    pub facts_cut: u32,
    /// Sets of data that now wait for their template.
    pub parked: u32,
    /// Sets that had waited and were read now.
    pub replayed: u32,
    /// Time of export by the exporter's clock, where the header has one.
    pub exported: Option<Time>,
    /// Observation domain, where the header has one.
    pub domain: u32,
    /// What could not be used, and why; empty for a good datagram.
    pub skipped: Vec<Skipped>,
}

/// Most facts of one datagram.
const MAX_FACTS: usize = 256;

/// A part of a datagram that gave no rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Skipped {
    /// No format has this version.
    UnknownVersion(u16),
    /// Data whose template has not arrived.
    UnknownTemplate {
        /// Number of the template.
        id: u16,
        /// Octets of the set, without its header.
        octets: usize,
    },
    /// A set with a number that the format reserves.
    ReservedSet {
        /// Number of the set.
        id: u16,
        /// Octets of the set, without its header.
        octets: usize,
    },
    /// Data whose template has nothing that the flow table knows.
    NotAFlow {
        /// Number of the template.
        id: u16,
        /// Octets of the set, without its header.
        octets: usize,
    },
    /// A sampled frame that is no IP packet: its ethertype, or 0 where there is none.
    NotIp {
        /// The ethertype.
        ethertype: u16,
    },
    /// Octets that break the format.
    Malformed(WireError),
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownVersion(version) => write!(f, "version: got {version}, want one of the registered formats"),
            Self::UnknownTemplate { id, octets } => write!(f, "template {id} is not known, {octets} octet(s) skipped"),
            Self::ReservedSet { id, octets } => write!(f, "set {id} is reserved, {octets} octet(s) skipped"),
            Self::NotAFlow { id, octets } => write!(f, "template {id} fills no column, {octets} octet(s) skipped"),
            Self::NotIp { ethertype } => write!(f, "a sampled frame is not IP: ethertype {ethertype:#06x}"),
            Self::Malformed(error) => error.fmt(f),
        }
    }
}

/// Decodes one datagram of any registered format and hands its rows to `sink`, one by one.
///
/// Never fails: the account says what was delivered and what was not. Offsets in it count from the first
/// octet of the datagram.
pub fn decode(
    octets: &[u8],
    sender: impl Into<Sender>,
    received: Time,
    cache: &mut Cache,
    sink: &mut dyn FnMut(&Flow),
) -> Report {
    one(octets, sender.into(), received, cache, Way::Rows(sink))
}

/// As [`decode`], and several times faster: records of one length whose fields are plain columns come together.
pub fn decode_into(
    octets: &[u8],
    sender: impl Into<Sender>,
    received: Time,
    cache: &mut Cache,
    sink: &mut dyn Sink,
) -> Report {
    one(octets, sender.into(), received, cache, Way::Blocks(sink))
}

fn one(octets: &[u8], sender: Sender, received: Time, cache: &mut Cache, way: Way<'_>) -> Report {
    let Sender { address: exporter, port } = sender;
    let mut out = Output { way, report: Report::default() };
    match Cursor::new(octets).u16("datagram.version") {
        Err(error) => out.skip(Skipped::Malformed(error)),
        Ok(version) => match FORMATS.iter().find(|format| format.version == version) {
            None => out.skip(Skipped::UnknownVersion(version)),
            Some(format) => {
                out.report.format = format.name;
                cache.begin(received);
                if let Err(error) = (format.decode)(&Datagram { octets, exporter, port, received }, cache, &mut out) {
                    out.skip(Skipped::Malformed(error));
                }
            }
        },
    }
    out.report
}

/// The error with its offset counted from `base` octets further to the left.
pub(crate) fn shifted(error: WireError, base: usize) -> WireError {
    WireError { at: error.at.saturating_add(base), ..error }
}
