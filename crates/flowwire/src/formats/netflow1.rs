// SPDX-License-Identifier: Apache-2.0
//! NetFlow version 1 (Cisco, "NetFlow Export Datagram Format", tables B-1 and B-2): fixed records of IPv4
//! flows without sequence numbers, decoded and encoded.

use std::sync::LazyLock;

use minamo_base::{Cursor, Time, WireError};
use minamo_model::Flow;

use super::netflow5::{self, Head};
use crate::cache::{Key, Parts};
use crate::finish::Header;
use crate::measure::Measures;
use crate::plan::Plan;
use crate::{Cache, Datagram, Format, Output};

/// The registry's row.
pub static FORMAT: Format = Format {
    name: "netflow1",
    version: 1,
    spec: &["Cisco NetFlow Export Datagram Format, version 1"],
    decode,
    sample: &SAMPLE,
};

/// Octets of a record.
const RECORD: usize = 52;

/// Table B-1:
///
/// ```text
///  0       2       4             8         12        16
/// | version | count | uptime ms   | seconds | nanosec. |
/// ```
fn decode(datagram: &Datagram<'_>, cache: &mut Cache, out: &mut Output<'_>) -> Result<(), WireError> {
    let mut cursor = Cursor::new(datagram.octets);
    let Head { count, uptime, exported } = netflow5::head(&mut cursor)?;
    let key = Key { exporter: datagram.exporter, version: FORMAT.version, domain: 0, port: 0 };
    let Parts { session, bench, .. } = cache.parts(key);
    let header = Header {
        source: FORMAT.name,
        exporter: datagram.exporter,
        domain: 0,
        received: datagram.received,
        exported,
        uptime: Some(uptime),
        rate: None,
    };
    if !out.takes_blocks() {
        return netflow5::records(&mut cursor, count, RECORD, record, &header, &session.learned, out);
    }
    netflow5::together(&mut cursor, count, &PLAN, bench, &header, &session.learned, out)
}

/// Table B-2 as a plan: the quick way of [`record`].
static PLAN: LazyLock<Plan> = LazyLock::new(|| netflow5::plan(RECORD, &netflow5::service_fills(40, 38, 39)));

/// Table B-2.
fn record(cursor: &mut Cursor<'_>, flow: &mut Flow) -> Result<Measures, WireError> {
    let (exporter, measures) = netflow5::common(cursor, flow)?;
    cursor.skip(2, "v1.pad1")?;
    flow.core.proto = cursor.u8("v1.prot")?;
    let tos = cursor.u8("v1.tos")?;
    netflow5::service(flow, tos, cursor.u8("v1.flags")?);
    flow.exporter = Some(exporter);
    Ok(measures)
}

/// The record of a row; nothing where version 1 cannot carry it.
pub(crate) fn encode(flow: &Flow, boot: Time) -> Option<Vec<u8>> {
    let mut out = netflow5::encode_common(flow, boot)?;
    let (flags, tos) = netflow5::encode_service(flow);
    out.extend([0, 0, flow.core.proto, tos, flags]);
    out.resize(RECORD, 0);
    Some(out)
}

/// One UDP flow.
#[rustfmt::skip]
const SAMPLE: [u8; 68] = [
    0, 1, 0, 1, 0, 0, 0x27, 0x10, 0x66, 0, 0, 0, 0, 0, 0, 0,
    192, 0, 2, 1, 198, 51, 100, 7, 192, 0, 2, 254, 0, 3, 0, 4, 0, 0, 0, 2, 0, 0, 0, 200,
    0, 0, 0x13, 0x88, 0, 0, 0x23, 0x28, 0xc0, 0x01, 0, 53, 0, 0, 17, 0x10, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0,
];

#[cfg(test)]
mod tests {
    use crate::tests::rows;
    use crate::{Cache, formats::netflow1::FORMAT};

    #[test]
    fn a_record_in_full() {
        let (flows, _) = rows(FORMAT.sample, &mut Cache::default());
        let core = &flows[0].core;
        assert_eq!((core.src_port, core.dst_port, core.proto), (49_153, 53, 17));
        assert_eq!((core.src_packets, core.src_bytes), (2, 200));
        assert_eq!(core.time_start.to_string(), "2024-03-24T10:27:07Z");
        assert_eq!(flows[0].net.as_deref().and_then(|net| net.src_tos), Some(0x10));
        assert!(flows[0].tcp.is_none());
        let exporter = flows[0].exporter.as_deref().expect("an exporter");
        assert_eq!((exporter.in_if, exporter.out_if, exporter.src_as), (Some(3), Some(4), None));
    }
}
