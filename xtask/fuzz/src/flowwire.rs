// SPDX-License-Identifier: Apache-2.0
//! Datagrams of flow exports, several to one cache. A mark chooses the format whose version a datagram gets; what is
//! beyond the registry keeps its own. The rows are then written in every format and read again. Each format has a target
//! of its own besides, in which every datagram has its version, and which begins with that format's seeds.

use std::path::Path;

use minamo_base::{Ip, Mac, Time};
use minamo_flowwire::{Cache, Encoder, FORMATS, Limits, Sink, Wire, decode, decode_into};
use minamo_model::{FLOWS, Flow, FlowBuilder};
use minamo_packet::decode as packet;
use minamo_schema::{Block, Value};

use crate::{Target, pieces, recordings};

pub(crate) static TARGET: Target = Target { name: "flowwire", run, seeds };

pub(crate) static NETFLOW1: Target =
    Target { name: "netflow1", run: |octets| read("netflow1", octets), seeds: |root| seeds_of("netflow1", root) };
pub(crate) static NETFLOW5: Target =
    Target { name: "netflow5", run: |octets| read("netflow5", octets), seeds: |root| seeds_of("netflow5", root) };
pub(crate) static NETFLOW7: Target =
    Target { name: "netflow7", run: |octets| read("netflow7", octets), seeds: |root| seeds_of("netflow7", root) };
pub(crate) static NETFLOW9: Target =
    Target { name: "netflow9", run: |octets| read("netflow9", octets), seeds: |root| seeds_of("netflow9", root) };
pub(crate) static IPFIX: Target =
    Target { name: "ipfix", run: |octets| read("ipfix", octets), seeds: |root| seeds_of("ipfix", root) };
pub(crate) static SFLOW: Target =
    Target { name: "sflow", run: |octets| read("sflow", octets), seeds: |root| seeds_of("sflow", root) };

/// No format: the datagram is taken as it is.
const AS_IT_IS: u8 = 0xff;
/// Most entries of the column `extra`.
const MAX_EXTRA: usize = 64;
/// Rows that are written again.
const REWRITTEN: usize = 64;

fn run(octets: &[u8]) {
    pieces_of(octets, |mark| FORMATS.get(usize::from(mark)).map(|format| format.version));
}

/// Reads every piece as a datagram of one format.
fn read(name: &str, octets: &[u8]) {
    let version = FORMATS.iter().find(|format| format.name == name).map(|format| format.version);
    pieces_of(octets, |_| version);
}

fn pieces_of(octets: &[u8], version: impl Fn(u8) -> Option<u16>) {
    let limits = Limits { sessions: 4, templates: 8, fields: 512, applications: 16, samplers: 4, ..Limits::default() };
    let mut cache = Cache::new(limits);
    let mut rows: Vec<Flow> = Vec::new();
    let (mut other, mut together, mut one_by_one) = (Cache::new(limits), Batch::default(), FlowBuilder::default());
    let mut rest = octets;
    while let Some((mark, piece)) = pieces::next(&mut rest) {
        let mut datagram = piece.to_vec();
        if let (Some(wanted), Some(version)) = (version(mark), datagram.first_chunk_mut::<2>()) {
            *version = wanted.to_be_bytes();
        }
        let mut counted = 0u32;
        let report = decode(&datagram, exporter(), Time(0), &mut cache, &mut |row| {
            counted += 1;
            let extra = row.extra.as_deref().and_then(|group| group.extra.as_ref());
            assert!(extra.is_none_or(|list| list.len() <= MAX_EXTRA), "a row's extra is bounded");
            if rows.len() < REWRITTEN {
                rows.push(row.clone());
            }
            one_by_one.append(row);
        });
        let again = decode_into(&datagram, exporter(), Time(0), &mut other, &mut together);
        assert_eq!(again, report, "records that are read together have the same account");
        assert_eq!(cache.counters(), other.counters());
        assert_eq!(report.rows, counted, "the account agrees with what was delivered");
        assert!(cache.sessions() <= limits.sessions && cache.applications() <= limits.all_applications);
        assert!(cache.templates() <= limits.sessions * limits.templates);
    }
    assert_eq!(together.0.finish().ok(), one_by_one.finish().ok(), "and become the same rows");
    for wire in [Wire::Netflow1, Wire::Netflow5, Wire::Netflow7, Wire::Netflow9, Wire::Ipfix] {
        write_again(wire, &rows);
    }
}

/// Rows on their way to a batch.
#[derive(Default)]
struct Batch(FlowBuilder);

impl Sink for Batch {
    fn row(&mut self, flow: &Flow) {
        self.0.append(flow);
    }

    fn block(&mut self, block: &Block) {
        self.0.extend(block, 0..block.rows());
    }
}

fn exporter() -> Ip {
    Ip::v4([192, 0, 2, 1])
}

/// What we write we can read.
fn write_again(wire: Wire, rows: &[Flow]) {
    let (mut cache, mut read) = (Cache::default(), 0);
    let encoded = Encoder::new(wire, 1, Time(0)).encode(rows, Time(0), &mut |datagram| {
        let report = decode(datagram, exporter(), Time(0), &mut cache, &mut |_| read += 1);
        assert!(report.skipped.is_empty(), "{wire:?}: {:?}", report.skipped);
    });
    assert_eq!(encoded.rows, read, "{wire:?}: every row that was written is read");
}

/// A row with a value in every column that takes one of these.
fn full() -> Flow {
    let mut row = Flow::default();
    let texts = Value::Texts(vec!["a".to_owned(), "b".to_owned()].into());
    let values = [
        Value::Uint(3),
        Value::Text("A".into()),
        Value::Bool(true),
        Value::Ip(exporter()),
        Value::Mac(Mac([2; 6])),
        texts,
    ];
    for (id, _) in FLOWS.places() {
        // The first that fits; where none does the column stays empty.
        values.iter().any(|value| row.set(id, value));
    }
    row
}

/// The sample of every format, a row with everything in every format, and the datagrams of the recordings.
fn seeds(root: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut seeds = Vec::new();
    let mut all = Vec::new();
    for (at, format) in FORMATS.iter().enumerate() {
        let mut seed = Vec::new();
        pieces::push(&mut seed, u8::try_from(at)?, format.sample);
        all.extend_from_slice(&seed);
        seeds.push(seed);
    }
    seeds.push(all);
    for wire in [Wire::Netflow1, Wire::Netflow5, Wire::Netflow7, Wire::Netflow9, Wire::Ipfix] {
        let mut seed = Vec::new();
        let rows = [full(), Flow::default()];
        Encoder::new(wire, 1, Time(0)).encode(&rows, Time(0), &mut |datagram| {
            pieces::push(&mut seed, AS_IT_IS, datagram);
        });
        seeds.push(seed);
    }
    for file in recordings::files(root, "flow")? {
        let mut seed = Vec::new();
        for (link, frame) in recordings::frames(&file)? {
            if let Ok(packet) = packet(link, &frame) {
                pieces::push(&mut seed, AS_IT_IS, packet.payload);
            }
        }
        seeds.push(seed);
    }
    Ok(seeds)
}

/// The seeds whose first datagram is of that format.
fn seeds_of(name: &str, root: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let version = FORMATS.iter().find(|format| format.name == name).map(|format| format.version.to_be_bytes());
    let mut seeds = seeds(root)?;
    seeds.retain(|seed| {
        let first = pieces::next(&mut seed.as_slice());
        first.and_then(|(_, piece)| piece.first_chunk::<2>().copied()) == version
    });
    Ok(seeds)
}
