// SPDX-License-Identifier: Apache-2.0
//! NetFlow version 5 (Cisco, "NetFlow Export Datagram Format", tables B-3 and B-4): fixed records of IPv4
//! flows, decoded and encoded.

use minamo_base::{Cursor, Ip, Time, WireError};
use minamo_model::{Flow, flow};

use crate::cache::Key;
use crate::finish::{self, Header};
use crate::measure::{Measure, Measures};
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
    cursor.skip(2, "v5.version")?;
    let count = cursor.u16("v5.count")?;
    if count == 0 {
        return Err(cursor.bad(2, "v5.count", 0, "at least 1"));
    }
    let uptime = cursor.u32("v5.sys_uptime")?;
    let secs = cursor.u32("v5.unix_secs")?;
    let nanos = cursor.u32("v5.unix_nsecs")?;
    let number = cursor.u32("v5.sequence")?;
    let domain = cursor.u16("v5.engine")?.into();
    let sampling = cursor.u16("v5.sampling")?;
    let key = Key { exporter: datagram.exporter, version: FORMAT.version, domain };
    let session = cache.parts(key).session;
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
        exported: Time::from_secs_nanos(secs.into(), nanos.into()),
        uptime: Some(uptime),
        // The upper two bits are the mode, the others the interval.
        rate: Some(u32::from(sampling & 0x3fff)).filter(|rate| *rate > 0),
    };
    (out.report.exported, out.report.domain) = (Some(header.exported), domain);
    for _ in 0..count {
        let mut one = match cursor.take(RECORD, "v5.record") {
            Ok(octets) => Cursor::new(octets),
            Err(error) => {
                out.skip(Skipped::Malformed(error));
                break;
            }
        };
        let mut flow = Flow::default();
        let measures = record(&mut one, &mut flow)?;
        finish::row(&mut flow, &measures, &header, &session.learned);
        out.row(&flow);
    }
    Ok(())
}

/// Table B-4.
fn record(cursor: &mut Cursor<'_>, flow: &mut Flow) -> Result<Measures, WireError> {
    let mut measures = Measures::default();
    flow.core.src_ip = Ip::v4(cursor.array("v5.srcaddr")?);
    flow.core.dst_ip = Ip::v4(cursor.array("v5.dstaddr")?);
    let next_hop = Ip::v4(cursor.array("v5.nexthop")?);
    let (in_if, out_if) = (cursor.u16("v5.input")?, cursor.u16("v5.output")?);
    flow.core.src_packets = cursor.u32("v5.dpkts")?.into();
    flow.core.src_bytes = cursor.u32("v5.doctets")?.into();
    measures.set(Measure::StartUptime, cursor.u32("v5.first")?.into());
    measures.set(Measure::EndUptime, cursor.u32("v5.last")?.into());
    flow.core.src_port = cursor.u16("v5.srcport")?;
    flow.core.dst_port = cursor.u16("v5.dstport")?;
    cursor.skip(1, "v5.pad1")?;
    let flags = cursor.u8("v5.tcp_flags")?;
    flow.core.proto = cursor.u8("v5.prot")?;
    flow.net.get_or_insert_default().src_tos = Some(cursor.u8("v5.tos")?);
    if flow.core.proto == 6 {
        flow.tcp.get_or_insert_default().src_flags = Some(flags);
    }
    flow.exporter = Some(Box::new(flow::Exporter {
        in_if: Some(in_if.into()),
        out_if: Some(out_if.into()),
        next_hop: Some(next_hop),
        src_as: Some(cursor.u16("v5.src_as")?.into()),
        dst_as: Some(cursor.u16("v5.dst_as")?.into()),
        src_mask: Some(cursor.u8("v5.src_mask")?),
        dst_mask: Some(cursor.u8("v5.dst_mask")?),
        ..flow::Exporter::default()
    }));
    Ok(measures)
}

/// The record of a row; nothing where version 5 cannot carry it: IPv6, or a number that is too large.
pub(crate) fn encode(flow: &Flow, boot: Time) -> Option<[u8; RECORD]> {
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
    let flags = flow.tcp.as_deref().and_then(|tcp| tcp.src_flags).unwrap_or(0);
    let tos = flow.net.as_deref().and_then(|net| net.src_tos).unwrap_or(0);
    out.extend([0, flags, core.proto, tos]);
    // RFC 6793 §2: 23456 stands for a number of four octets.
    out.extend(short(exporter.src_as).unwrap_or(23_456).to_be_bytes());
    out.extend(short(exporter.dst_as).unwrap_or(23_456).to_be_bytes());
    out.extend([exporter.src_mask.unwrap_or(0), exporter.dst_mask.unwrap_or(0), 0, 0]);
    out.try_into().ok()
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
