// SPDX-License-Identifier: Apache-2.0
//! NetFlow version 5 (Cisco, "NetFlow Export Datagram Format", tables B-3 and B-4): fixed records of IPv4
//! flows, decoded and encoded.

use std::sync::LazyLock;

use minamo_base::{Cursor, Ip, Time, WireError};
use minamo_model::{Flow, flow};

use crate::cache::{Key, Learned, Parts};
use crate::columns::Workbench;
use crate::finish::{self, Header};
use crate::measure::{Measure, Measures};
use crate::plan::{Fill, Kind, Plan};
use crate::template::Guard;
use crate::{Cache, Datagram, Format, Output, Skipped};

/// The registry's row.
pub static FORMAT: Format = Format {
    name: "netflow5",
    version: 5,
    spec: &["Cisco NetFlow Export Datagram Format, version 5"],
    decode,
    sample: &SAMPLE,
};

/// Octets of a record.
pub(crate) const RECORD: usize = 48;
/// Octets of the header.
pub(crate) const HEADER: usize = 24;

/// Table B-3:
///
/// ```text
///  0       2       4             8         12        16         20     21     22         24
/// | version | count | uptime ms | seconds | nanosec. | sequence | type | id   | sampling |
/// ```
fn decode(datagram: &Datagram<'_>, cache: &mut Cache, out: &mut Output<'_>) -> Result<(), WireError> {
    let mut cursor = Cursor::new(datagram.octets);
    let Head { count, uptime, exported } = head(&mut cursor)?;
    let number = cursor.u32("v5.sequence")?;
    let domain = cursor.u16("v5.engine")?.into();
    let sampling = cursor.u16("v5.sampling")?;
    let key = Key { exporter: datagram.exporter, version: FORMAT.version, domain, port: 0 };
    let Parts { session, bench, .. } = cache.parts(key);
    let (lost, in_order) = session.sequence.arrive(number);
    if in_order {
        session.sequence.follow(number, Some(count.into()));
    }
    out.report.lost = lost;
    let header = Header {
        source: FORMAT.name,
        exporter: datagram.exporter,
        domain,
        received: datagram.received,
        exported,
        uptime: Some(uptime),
        // The upper two bits are the mode, the others the interval.
        rate: Some(u32::from(sampling & 0x3fff)).filter(|rate| *rate > 0),
    };
    if !out.takes_blocks() {
        return records(&mut cursor, count, RECORD, record, &header, &session.learned, out);
    }
    together(&mut cursor, count, &PLAN, bench, &header, &session.learned, out)
}

/// Reads `count` records at once, by their plan; what is missing is said once.
pub(crate) fn together(
    cursor: &mut Cursor<'_>,
    count: u16,
    plan: &Plan,
    bench: &mut Workbench,
    header: &Header,
    learned: &Learned,
    out: &mut Output<'_>,
) -> Result<(), WireError> {
    let whole = usize::from(count).min(cursor.left() / plan.size);
    bench.all(plan, cursor.take(whole * plan.size, "record.octets")?, header, learned, out);
    if whole < usize::from(count) {
        cursor.take(plan.size, "record.octets")?;
    }
    Ok(())
}

/// Table B-4 as a plan: the quick way of [`record`].
static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    let fills = [service_fills(37, 38, 39), routes_fills()].concat();
    plan(RECORD, &fills)
});

fn fill(name: &str, kind: Kind, at: u16, len: u16) -> Fill {
    Fill { id: Flow::at(name), kind, at, len, tcp: name == "tcp_src_flags", guard: Guard::Always }
}

/// A plan of records that begin as [`common`] reads them.
pub(crate) fn plan(size: usize, rest: &[Fill]) -> Plan {
    let fills = [
        fill("src_ip", Kind::Ip, 0, 4),
        fill("dst_ip", Kind::Ip, 4, 4),
        fill("exporter_next_hop", Kind::Ip, 8, 4),
        fill("exporter_in_if", Kind::U32, 12, 2),
        fill("exporter_out_if", Kind::U32, 14, 2),
        fill("src_packets", Kind::U64, 16, 4),
        fill("src_bytes", Kind::U64, 20, 4),
        fill("src_port", Kind::U16, 32, 2),
        fill("dst_port", Kind::U16, 34, 2),
    ];
    let measures = [(Measure::StartUptime, 24, 4), (Measure::EndUptime, 28, 4)];
    Plan { size, fills: [&fills, rest].concat().into(), measures: measures.into() }
}

/// What [`service`] reads, at these places: flags, protocol, type of service.
pub(crate) fn service_fills(flags: u16, proto: u16, tos: u16) -> Vec<Fill> {
    vec![
        fill("tcp_src_flags", Kind::U8, flags, 1),
        fill("proto", Kind::U8, proto, 1),
        fill("ip_src_tos", Kind::U8, tos, 1),
    ]
}

/// What [`routes`] reads.
pub(crate) fn routes_fills() -> Vec<Fill> {
    vec![
        fill("exporter_src_as", Kind::U32, 40, 2),
        fill("exporter_dst_as", Kind::U32, 42, 2),
        fill("exporter_src_mask", Kind::U8, 44, 1),
        fill("exporter_dst_mask", Kind::U8, 45, 1),
    ]
}

/// Table B-4.
fn record(cursor: &mut Cursor<'_>, flow: &mut Flow) -> Result<Measures, WireError> {
    let (mut exporter, measures) = common(cursor, flow)?;
    cursor.skip(1, "v5.pad1")?;
    let flags = cursor.u8("v5.tcp_flags")?;
    flow.core.proto = cursor.u8("v5.prot")?;
    service(flow, cursor.u8("v5.tos")?, flags);
    routes(cursor, &mut exporter)?;
    flow.exporter = Some(exporter);
    Ok(measures)
}

/// The 36 octets that begin the records of versions 1, 5 and 7: addresses, interfaces, counters, times and ports.
pub(crate) fn common(cursor: &mut Cursor<'_>, flow: &mut Flow) -> Result<(Box<flow::Exporter>, Measures), WireError> {
    let mut measures = Measures::default();
    flow.core.src_ip = Ip::v4(cursor.array("record.srcaddr")?);
    flow.core.dst_ip = Ip::v4(cursor.array("record.dstaddr")?);
    let next_hop = Ip::v4(cursor.array("record.nexthop")?);
    let (in_if, out_if) = (cursor.u16("record.input")?, cursor.u16("record.output")?);
    flow.core.src_packets = cursor.u32("record.dpkts")?.into();
    flow.core.src_bytes = cursor.u32("record.doctets")?.into();
    measures.set(Measure::StartUptime, cursor.u32("record.first")?.into());
    measures.set(Measure::EndUptime, cursor.u32("record.last")?.into());
    flow.core.src_port = cursor.u16("record.srcport")?;
    flow.core.dst_port = cursor.u16("record.dstport")?;
    let (in_if, out_if) = (Some(in_if.into()), Some(out_if.into()));
    let exporter = flow::Exporter { in_if, out_if, next_hop: Some(next_hop), ..flow::Exporter::default() };
    Ok((Box::new(exporter), measures))
}

/// Type of service, and flags where the protocol, which is set, has them.
pub(crate) fn service(flow: &mut Flow, tos: u8, flags: u8) {
    flow.net.get_or_insert_default().src_tos = Some(tos);
    if flow.core.proto == 6 {
        flow.tcp.get_or_insert_default().src_flags = Some(flags);
    }
}

/// Autonomous systems and prefix lengths, as versions 5 and 7 have them.
pub(crate) fn routes(cursor: &mut Cursor<'_>, exporter: &mut flow::Exporter) -> Result<(), WireError> {
    exporter.src_as = Some(cursor.u16("record.src_as")?.into());
    exporter.dst_as = Some(cursor.u16("record.dst_as")?.into());
    exporter.src_mask = Some(cursor.u8("record.src_mask")?);
    exporter.dst_mask = Some(cursor.u8("record.dst_mask")?);
    Ok(())
}

/// The header of versions 1, 5 and 7 up to the time; version, count and uptime are in front.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub(crate) count: u16,
    pub(crate) uptime: u32,
    pub(crate) exported: Time,
}

/// Reads the first 16 octets of a datagram of version 1, 5 or 7.
pub(crate) fn head(cursor: &mut Cursor<'_>) -> Result<Head, WireError> {
    cursor.skip(2, "header.version")?;
    let count = cursor.u16("header.count")?;
    if count == 0 {
        return Err(cursor.bad(2, "header.count", 0, "at least 1"));
    }
    let uptime = cursor.u32("header.sys_uptime")?;
    let secs = cursor.u32("header.unix_secs")?;
    let nanos = cursor.u32("header.unix_nsecs")?;
    Ok(Head { count, uptime, exported: Time::from_secs_nanos(secs.into(), nanos.into()) })
}

/// Reads `count` records of `size` octets and gives their rows; what is missing is said once.
pub(crate) fn records(
    cursor: &mut Cursor<'_>,
    count: u16,
    size: usize,
    read: fn(&mut Cursor<'_>, &mut Flow) -> Result<Measures, WireError>,
    header: &Header,
    learned: &Learned,
    out: &mut Output<'_>,
) -> Result<(), WireError> {
    for _ in 0..count {
        let mut one = match cursor.take(size, "record.octets") {
            Ok(octets) => Cursor::new(octets),
            Err(error) => {
                out.skip(Skipped::Malformed(error));
                break;
            }
        };
        let mut flow = Flow::default();
        let measures = read(&mut one, &mut flow)?;
        finish::row(&mut flow, &measures, header, learned);
        out.row(&flow);
    }
    Ok(())
}

/// The record of a row; nothing where version 5 cannot carry it: IPv6, or a number that is too large.
pub(crate) fn encode(flow: &Flow, boot: Time) -> Option<Vec<u8>> {
    let mut out = encode_common(flow, boot)?;
    let (flags, tos) = encode_service(flow);
    out.extend([0, flags, flow.core.proto, tos]);
    encode_routes(flow, &mut out);
    out.extend([0, 0]);
    Some(out)
}

/// The 36 octets that begin the records of versions 1, 5 and 7; nothing where they cannot carry the row.
pub(crate) fn encode_common(flow: &Flow, boot: Time) -> Option<Vec<u8>> {
    let core = &flow.core;
    let none = flow::Exporter::default();
    let exporter = flow.exporter.as_deref().unwrap_or(&none);
    let short = |number: Option<u32>| u16::try_from(number.unwrap_or(0)).ok();
    let mut out = Vec::with_capacity(RECORD);
    for ip in [core.src_ip, core.dst_ip, exporter.next_hop.unwrap_or(Ip::v4([0; 4]))] {
        out.extend(ip.as_v4()?);
    }
    out.extend(short(exporter.in_if)?.to_be_bytes());
    out.extend(short(exporter.out_if)?.to_be_bytes());
    out.extend(u32::try_from(core.src_packets).ok()?.to_be_bytes());
    out.extend(u32::try_from(core.src_bytes).ok()?.to_be_bytes());
    out.extend(uptime(core.time_start, boot).to_be_bytes());
    out.extend(uptime(core.time_end, boot).to_be_bytes());
    // As exporters do it: type and code of ICMP stand in the destination port.
    let icmp = flow.icmp.as_deref().filter(|_| core.proto == 1);
    let (src_port, dst_port) = match icmp {
        Some(icmp) => (0, u16::from_be_bytes([icmp.kind.unwrap_or(0), icmp.code.unwrap_or(0)])),
        None => (core.src_port, core.dst_port),
    };
    out.extend(src_port.to_be_bytes());
    out.extend(dst_port.to_be_bytes());
    Some(out)
}

/// Flags and type of service.
pub(crate) fn encode_service(flow: &Flow) -> (u8, u8) {
    let flags = flow.tcp.as_deref().and_then(|tcp| tcp.src_flags).unwrap_or(0);
    (flags, flow.net.as_deref().and_then(|net| net.src_tos).unwrap_or(0))
}

/// Autonomous systems and prefix lengths.
pub(crate) fn encode_routes(flow: &Flow, out: &mut Vec<u8>) {
    let none = flow::Exporter::default();
    let exporter = flow.exporter.as_deref().unwrap_or(&none);
    // RFC 6793 §2: 23456 stands for a number of four octets.
    let short = |number: Option<u32>| u16::try_from(number.unwrap_or(0)).unwrap_or(23_456);
    out.extend(short(exporter.src_as).to_be_bytes());
    out.extend(short(exporter.dst_as).to_be_bytes());
    out.extend([exporter.src_mask.unwrap_or(0), exporter.dst_mask.unwrap_or(0)]);
}

/// Milliseconds from `boot`, in 32 bits that wrap as an exporter's do.
pub(crate) fn uptime(time: Time, boot: Time) -> u32 {
    let millis = time.millis().saturating_sub(boot.millis()).rem_euclid(1 << 32);
    u32::try_from(millis).unwrap_or(0)
}

/// One TCP flow, sampled one in a hundred.
#[rustfmt::skip]
const SAMPLE: [u8; 72] = [
    0, 5, 0, 1, 0, 0, 0x27, 0x10, 0x66, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 1, 2, 0x40, 100,
    192, 0, 2, 1, 198, 51, 100, 7, 192, 0, 2, 254, 0, 3, 0, 4, 0, 0, 0, 5, 0, 0, 1, 0,
    0, 0, 0x13, 0x88, 0, 0, 0x23, 0x28, 0xc0, 0x01, 1, 0xbb, 0, 0x1b, 6, 0x10, 0xfd, 0xe8, 0xfd, 0xe9, 24, 22, 0, 0,
];
