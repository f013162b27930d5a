// SPDX-License-Identifier: Apache-2.0
//! sFlow version 5 (sflow.org, "sFlow Version 5", and its structures for tunnels, NAT ports and discarded
//! packets), and the versions 2 and 4 before it. Every sampled IP packet is a row of one packet, not scaled:
//! `sampling_rate` says what it stands for. Counter samples become facts about the exporter.
//!
//! Not here: samples of applications, which are no flows, and counters of vendors.

mod counters;
mod old;
mod other;
mod record;
mod write;

pub use write::Writer;

use minamo_base::{Cursor, Ip, WireError};
use minamo_model::{Flow, flow};
use minamo_packet::Skip;

use crate::cache::{Key, Learned};
use crate::extra;
use crate::finish::{self, Header};
use crate::format::shifted;
use crate::measure::{Measure, Measures};
use crate::record::Tally;
use crate::{Cache, Datagram, Format, Output, Skipped};

/// The registry's row. Its version is a number of four octets, so that the first two are zero.
pub static FORMAT: Format = Format {
    name: "sflow",
    version: 0,
    spec: &[
        "sFlow Version 5",
        "RFC 3176",
        "sFlow Dropped Packet Notification Structures",
        "sFlow NAT Port Structures",
        "sFlow Host Structures",
        "sFlow 802.11 Structures",
        "sFlow LAG Port Statistics Structures",
        "sFlow Optical Interface Structures",
    ],
    decode,
    sample: &SAMPLE,
};

/// Interface of packets that the device itself sent or took.
const INTERNAL: u32 = 0x3fff_ffff;

/// "sFlow Version 5", `sample_datagram_v5`:
///
/// ```text
///  0         4            8                      12 or 24    +4         +8         +12        +16
/// | version | kind of IP | address of the agent | sub-agent | sequence | uptime ms | samples |
/// ```
///
/// Versions 2 and 4 have no sub-agent.
fn decode(datagram: &Datagram<'_>, cache: &mut Cache, out: &mut Output<'_>) -> Result<(), WireError> {
    let mut cursor = Cursor::new(datagram.octets);
    let version = cursor.u32("sflow.version")?;
    let old = old::is(version);
    if version != 5 && !old {
        return Err(cursor.bad(4, "sflow.version", version.into(), "2, 4 or 5"));
    }
    // The agent is the device; the datagram may have come by a relay.
    let agent = address(&mut cursor, "sflow.agent")?.unwrap_or(datagram.exporter);
    let domain = if old { 0 } else { cursor.u32("sflow.sub_agent")? };
    let number = cursor.u32("sflow.sequence")?;
    cursor.skip(4, "sflow.uptime")?;
    let count = cursor.u32("sflow.samples")?;
    let key = Key { exporter: agent, version: FORMAT.version, domain, port: 0 };
    let parts = cache.parts(key);
    let (lost, in_order) = parts.session.sequence.arrive(number);
    if in_order {
        parts.session.sequence.follow(number, Some(1));
    }
    out.report.lost = lost;
    let header = Header {
        source: FORMAT.name,
        exporter: agent,
        domain,
        received: datagram.received,
        // Samples are sent within a second, and have no times of their own.
        exported: datagram.received,
        uptime: None,
        rate: None,
    };
    let mut tally = Tally::default();
    let mut samples = Samples { header: &header, learned: &parts.session.learned, out, tally: &mut tally };
    let done =
        if old { old::samples(&mut samples, &mut cursor, version, count) } else { samples.all(&mut cursor, count) };
    parts.counters.unfit_values += u64::from(tally.unfit);
    parts.counters.cut_values += u64::from(tally.cut);
    done
}

/// An address: nothing where its kind is "unknown".
fn address(cursor: &mut Cursor<'_>, field: &'static str) -> Result<Option<Ip>, WireError> {
    match cursor.u32(field)? {
        0 => Ok(None),
        1 => Ok(Some(Ip::v4(cursor.array(field)?))),
        2 => Ok(Some(Ip(cursor.array(field)?))),
        kind => Err(cursor.bad(4, field, kind.into(), "0, 1 or 2")),
    }
}

/// The content of a block whose length stands in front of it, with its padding to whole words stepped over.
fn block<'a>(cursor: &mut Cursor<'a>, field: &'static str) -> Result<&'a [u8], WireError> {
    let len = cursor.u32(field)? as usize;
    let octets = cursor.take(len, field)?;
    cursor.skip(len.next_multiple_of(4).saturating_sub(len).min(cursor.left()), field)?;
    Ok(octets)
}

struct Samples<'a, 'b> {
    header: &'a Header,
    learned: &'a Learned,
    out: &'a mut Output<'b>,
    tally: &'a mut Tally,
}

/// What a sample says in front of its records.
#[derive(Default)]
struct Head {
    /// Index of the data source.
    source: u32,
    rate: Option<u32>,
    pool: Option<u32>,
    drops: Option<u32>,
    input: (u32, u32),
    output: (u32, u32),
    /// Reason of a discarded packet.
    discarded: Option<u32>,
}

impl Samples<'_, '_> {
    /// The samples of a datagram; one that is broken does not break the others.
    fn all(&mut self, cursor: &mut Cursor<'_>, count: u32) -> Result<(), WireError> {
        for _ in 0..count {
            let format = cursor.u32("sflow.sample_format")?;
            let base = cursor.at().saturating_add(4);
            let body = block(cursor, "sflow.sample")?;
            if let Err(error) = self.one(format, &mut Cursor::new(body)) {
                self.out.skip(Skipped::Malformed(shifted(error, base)));
            }
        }
        Ok(())
    }

    fn one(&mut self, format: u32, cursor: &mut Cursor<'_>) -> Result<(), WireError> {
        match format {
            1 => {
                let head = compact(cursor)?;
                self.packet(&head, cursor)
            }
            3 => {
                let head = expanded(cursor)?;
                self.packet(&head, cursor)
            }
            5 => {
                let head = discarded(cursor)?;
                self.packet(&head, cursor)
            }
            2 => {
                cursor.skip(4, "counters.sequence")?;
                let source = cursor.u32("counters.source")?;
                counters::read(cursor, counters::Source { class: source >> 24, index: source & 0x00ff_ffff }, self.out)
            }
            4 => {
                cursor.skip(4, "counters.sequence")?;
                let class = cursor.u32("counters.source_class")?;
                let index = cursor.u32("counters.source")?;
                counters::read(cursor, counters::Source { class, index }, self.out)
            }
            // The kinds of vendors; their length is known, so they do no harm.
            _ => Ok(()),
        }
    }

    fn packet(&mut self, head: &Head, cursor: &mut Cursor<'_>) -> Result<(), WireError> {
        let count = cursor.u32("sample.records")?;
        let (mut flow, mut skip, mut broken) = (Flow::default(), None, false);
        for _ in 0..count {
            let format = cursor.u32("record.format")?;
            let body = block(cursor, "record.octets")?;
            match record::read(format, body, &mut flow, self.tally) {
                Ok(()) => {}
                Err(record::Fault::Packet(reason)) => skip = Some(reason),
                // Records are independent: what stands beside a broken one is sound.
                Err(record::Fault::Wire(error)) => {
                    broken = true;
                    self.out.skip(Skipped::Malformed(shifted(error, cursor.at().saturating_sub(body.len()))));
                }
            }
        }
        self.end(head, flow, skip, broken);
        Ok(())
    }

    /// The row of a sample, or the reason why there is none.
    fn end(&mut self, head: &Head, flow: Flow, skip: Option<Skip>, broken: bool) {
        if flow.core.src_packets == 0 {
            match skip {
                Some(Skip::NotIp(ethertype)) => self.out.skip(Skipped::NotIp { ethertype }),
                Some(Skip::Malformed(error)) => self.out.skip(Skipped::Malformed(error)),
                _ if broken => {}
                _ => self.out.skip(Skipped::NotIp { ethertype: 0 }),
            }
            return;
        }
        self.finish(head, flow);
    }

    fn finish(&mut self, head: &Head, mut flow: Flow) {
        let mut measures = Measures::default();
        if let Some(rate) = head.rate {
            measures.set(Measure::Rate, rate.into());
            let sampling = flow.sampling.get_or_insert_default();
            (sampling.pool, sampling.drops) = (head.pool, head.drops);
        }
        let exporter: &mut flow::Exporter = flow.exporter.get_or_insert_default();
        exporter.in_if = index(head.input);
        exporter.out_if = index(head.output);
        if head.source != 0 {
            exporter.direction = match (exporter.in_if == Some(head.source), exporter.out_if == Some(head.source)) {
                (true, false) => Some("ingress".into()),
                (false, true) => Some("egress".into()),
                _ => None,
            };
        }
        for (name, side) in [("inputInterface", head.input), ("outputInterface", head.output)] {
            match side {
                (0, INTERNAL) => extra::push(&mut flow, name, "internal", self.tally),
                (2, count) => extra::push(&mut flow, name, &format!("multiple ({count})"), self.tally),
                (format @ 3.., value) => extra::push(&mut flow, name, &format!("{format}:{value}"), self.tally),
                _ => {}
            }
        }
        // Format 1 of an interface says that the packet was discarded, and why.
        let reason = head.discarded.or((head.output.0 == 1).then_some(head.output.1));
        if let Some(reason) = reason {
            let forwarding = flow.forwarding.get_or_insert_default();
            (forwarding.status, forwarding.reason) = (Some("dropped".into()), Some(reason));
            forwarding.dropped_packets = Some(flow.core.src_packets);
            forwarding.dropped_bytes = Some(flow.core.src_bytes);
        }
        finish::row(&mut flow, &measures, self.header, self.learned);
        self.out.row(&flow);
    }
}

/// The index of an interface, where it is one: 0 is "unknown".
fn index((format, value): (u32, u32)) -> Option<u32> {
    (format == 0 && value != 0 && value != INTERNAL).then_some(value)
}

/// `flow_sample`: formats and values share a word.
fn compact(cursor: &mut Cursor<'_>) -> Result<Head, WireError> {
    cursor.skip(4, "sample.sequence")?;
    let source = cursor.u32("sample.source")? & 0x00ff_ffff;
    let [rate, pool, drops] = rates(cursor)?;
    let mut side = |field| cursor.u32(field).map(|word| (word >> 30, word & 0x3fff_ffff));
    let (input, output) = (side("sample.input")?, side("sample.output")?);
    Ok(Head { source, rate, pool, drops, input, output, discarded: None })
}

/// `flow_sample_expanded`.
fn expanded(cursor: &mut Cursor<'_>) -> Result<Head, WireError> {
    cursor.skip(8, "sample.sequence")?;
    let source = cursor.u32("sample.source")?;
    let [rate, pool, drops] = rates(cursor)?;
    let mut side = || Ok((cursor.u32("sample.interface_format")?, cursor.u32("sample.interface")?));
    let (input, output) = (side()?, side()?);
    Ok(Head { source, rate, pool, drops, input, output, discarded: None })
}

/// `discarded_packet`: every packet is told, none is sampled.
fn discarded(cursor: &mut Cursor<'_>) -> Result<Head, WireError> {
    cursor.skip(8, "sample.sequence")?;
    let source = cursor.u32("sample.source")?;
    let drops = Some(cursor.u32("sample.drops")?);
    let input = (0, cursor.u32("sample.input")?);
    let output = (0, cursor.u32("sample.output")?);
    let discarded = Some(cursor.u32("sample.reason")?);
    Ok(Head { source, rate: None, pool: None, drops, input, output, discarded })
}

/// Rate, pool and drops.
fn rates(cursor: &mut Cursor<'_>) -> Result<[Option<u32>; 3], WireError> {
    Ok([Some(cursor.u32("sample.rate")?), Some(cursor.u32("sample.pool")?), Some(cursor.u32("sample.drops")?)])
}

/// One sampled header of a UDP packet that was one of 512, from interface 3 to interface 4.
#[rustfmt::skip]
const SAMPLE: [u8; 148] = [
    0, 0, 0, 5, 0, 0, 0, 1, 192, 0, 2, 9, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0x27, 0x10, 0, 0, 0, 1,
    // A flow sample of 112 octets.
    0, 0, 0, 1, 0, 0, 0, 112,
    0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 1,
    // A sampled header of 72 octets: Ethernet, a frame of 104 octets of which 4 were stripped and 54 are here.
    0, 0, 0, 1, 0, 0, 0, 72, 0, 0, 0, 1, 0, 0, 0, 104, 0, 0, 0, 4, 0, 0, 0, 54,
    2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0,
    0x45, 0x10, 0, 86, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 198, 51, 100, 7,
    0xc0, 0x01, 0, 53, 0, 66, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 0,
];
