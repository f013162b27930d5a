// SPDX-License-Identifier: Apache-2.0
//! What decoding costs without a network: the datagrams of a capture in memory, decoded to batches by Minamo and to its
//! own records by the crate `netflow_parser`. Prints processor time in nanoseconds per record, the least of the rounds.
//!
//! usage: bench-decode CAPTURE minamo|rows|peer ROUNDS
//!
//! `CAPTURE` is what `loadgen export-pcap` writes: a pcap of UDP over IPv4 without options over Ethernet. Each round
//! decodes every datagram. `rows` is Minamo record by record, as it reads what has no fixed length. One decoder a process, so that callgrind counts its instructions alone.

use std::error::Error;
use std::fs;
use std::time::Duration;

use minamo_base::{Ip, Time};
use minamo_flowwire::{Cache, Sink, decode, decode_into};
use minamo_model::{BATCH_ROWS, Flow, FlowBuilder};
use minamo_schema::Block;
use netflow_parser::variable_versions::{ipfix, v9};
use netflow_parser::{NetflowPacket, NetflowParser};
use rustix::time::{ClockId, clock_gettime};

/// Octets in front of the datagrams of the capture: Ethernet, IPv4 and UDP headers.
const HEADERS: usize = 42;
/// Magic number of a pcap with microseconds or nanoseconds in little endian.
const MAGIC: [[u8; 4]; 2] = [[0xd4, 0xc3, 0xb2, 0xa1], [0x4d, 0x3c, 0xb2, 0xa1]];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [capture, decoder, rounds] = arguments.as_slice() else {
        return Err("usage: bench-decode CAPTURE minamo|rows|peer ROUNDS".into());
    };
    let octets = fs::read(capture)?;
    let datagrams = datagrams(&octets)?;
    let round: fn(&[&[u8]]) -> Result<u64, Box<dyn Error>> = match decoder.as_str() {
        "minamo" => |datagrams| ours(datagrams, true),
        "rows" => |datagrams| ours(datagrams, false),
        "peer" => peer,
        other => return Err(format!("decoder {other}: minamo, rows or peer").into()),
    };
    let (mut least, mut records) = (Duration::MAX, 0);
    for _ in 0..rounds.parse::<u32>()? {
        let before = processor_time()?;
        records = round(&datagrams)?;
        least = least.min(processor_time()?.saturating_sub(before));
    }
    println!("{records} {:.1}", least.as_nanos() as f64 / records.max(1) as f64);
    Ok(())
}

/// The datagrams of a capture.
fn datagrams(octets: &[u8]) -> Result<Vec<&[u8]>, Box<dyn Error>> {
    let magic = octets.first_chunk::<4>().ok_or("no pcap")?;
    if !MAGIC.contains(magic) {
        return Err("no pcap in little endian".into());
    }
    let mut rest = octets.get(24..).ok_or("no pcap")?;
    let mut found = Vec::new();
    while let Some((head, tail)) = rest.split_at_checked(16) {
        let length = head.get(8..12).and_then(|length| length.try_into().ok()).map_or(0, u32::from_le_bytes);
        let (frame, tail) = tail.split_at_checked(usize::try_from(length)?).ok_or("a cut capture")?;
        found.push(frame.get(HEADERS..).ok_or("a frame without a datagram")?);
        rest = tail;
    }
    Ok(found)
}

/// User and system time of the process so far.
fn processor_time() -> Result<Duration, Box<dyn Error>> {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Ok(Duration::new(time.tv_sec.try_into()?, time.tv_nsec.try_into()?))
}

/// Batches, each dropped when it is full.
#[derive(Default)]
struct Batches {
    builder: FlowBuilder,
    rows: u64,
}

impl Batches {
    fn finish(&mut self) {
        // The columns come from one table, so that they fit.
        self.rows += self.builder.finish().map_or(0, |batch| batch.num_rows() as u64);
    }
}

impl Sink for Batches {
    fn row(&mut self, flow: &Flow) {
        self.builder.append(flow);
        if self.builder.len() == BATCH_ROWS {
            self.finish();
        }
    }

    fn block(&mut self, block: &Block) {
        let mut at = 0;
        while at < block.rows() {
            let end = block.rows().min(at + BATCH_ROWS - self.builder.len());
            self.builder.extend(block, at..end);
            if self.builder.len() == BATCH_ROWS {
                self.finish();
            }
            at = end;
        }
    }
}

/// Datagrams to finished batches, records together where that is possible or one by one.
fn ours(datagrams: &[&[u8]], together: bool) -> Result<u64, Box<dyn Error>> {
    let (exporter, received) = (Ip::v4([192, 0, 2, 1]), Time::from_secs_nanos(1_760_000_700, 0));
    let (mut cache, mut batches) = (Cache::default(), Batches::default());
    for octets in datagrams {
        let report = if together {
            decode_into(octets, exporter, received, &mut cache, &mut batches)
        } else {
            decode(octets, exporter, received, &mut cache, &mut |flow| batches.row(flow))
        };
        if let Some(reason) = report.skipped.first() {
            return Err(reason.to_string().into());
        }
    }
    batches.finish();
    Ok(batches.rows)
}

/// Datagrams to the records that the other decoder makes of them.
fn peer(datagrams: &[&[u8]]) -> Result<u64, Box<dyn Error>> {
    let mut parser = NetflowParser::default();
    let mut records = 0;
    for octets in datagrams {
        let result = parser.parse_bytes(octets);
        if let Some(error) = result.error {
            return Err(format!("{error:?}").into());
        }
        for packet in &result.packets {
            records += match packet {
                NetflowPacket::V5(v5) => v5.flowsets.len(),
                NetflowPacket::V7(v7) => v7.flowsets.len(),
                NetflowPacket::V9(v9) => v9.flowsets.iter().map(|set| of_v9(&set.body)).sum(),
                NetflowPacket::IPFix(ipfix) => ipfix.flowsets.iter().map(|set| of_ipfix(&set.body)).sum(),
                _ => 0,
            } as u64;
        }
    }
    Ok(records)
}

fn of_v9(body: &v9::FlowSetBody) -> usize {
    if let v9::FlowSetBody::Data(data) = body { data.fields.len() } else { 0 }
}

fn of_ipfix(body: &ipfix::FlowSetBody) -> usize {
    if let ipfix::FlowSetBody::Data(data) = body { data.fields.len() } else { 0 }
}
