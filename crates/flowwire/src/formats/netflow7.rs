// SPDX-License-Identifier: Apache-2.0
//! NetFlow version 7 (Cisco Catalyst 5000; "NetFlow Export Datagram Format", tables B-5 and B-6): version 5
//! with the router that was bypassed and flags that say which fields hold nothing. Decoded and encoded.

use std::sync::LazyLock;

use minamo_base::{Cursor, Ip, Time, WireError};
use minamo_model::Flow;

use super::netflow5::{self, Head};
use crate::cache::{Key, Parts};
use crate::extra;
use crate::finish::Header;
use crate::measure::Measures;
use crate::plan::Plan;
use crate::record::Tally;
use crate::{Cache, Datagram, Format, Output};

/// The registry's row.
pub static FORMAT: Format = Format {
    name: "netflow7",
    version: 7,
    spec: &["Cisco NetFlow Export Datagram Format, version 7"],
    decode,
    sample: &SAMPLE,
};

/// Octets of a record.
const RECORD: usize = 52;

/// Table B-5: as version 5, with four reserved octets in place of engine and sampling.
fn decode(datagram: &Datagram<'_>, cache: &mut Cache, out: &mut Output<'_>) -> Result<(), WireError> {
    let mut cursor = Cursor::new(datagram.octets);
    let Head { count, uptime, exported } = netflow5::head(&mut cursor)?;
    let number = cursor.u32("v7.sequence")?;
    cursor.skip(4, "v7.reserved")?;
    let key = Key { exporter: datagram.exporter, version: FORMAT.version, domain: 0, port: 0 };
    let Parts { session, bench, .. } = cache.parts(key);
    let (lost, in_order) = session.sequence.arrive(number);
    if in_order {
        session.sequence.follow(number, Some(count.into()));
    }
    out.report.lost = lost;
    let header = Header {
        source: FORMAT.name,
        exporter: datagram.exporter,
        domain: 0,
        received: datagram.received,
        exported,
        uptime: Some(uptime),
        rate: None,
    };
    // A router in place of which the switch forwards stands in `extra`, which records read together do not have.
    let records = cursor.rest().chunks_exact(RECORD);
    let router = records.filter_map(<[u8]>::last_chunk::<4>).any(|router| *router != [0; 4]);
    if router || !out.takes_blocks() {
        return netflow5::records(&mut cursor, count, RECORD, record, &header, &session.learned, out);
    }
    netflow5::together(&mut cursor, count, &PLAN, bench, &header, &session.learned, out)
}

/// Table B-6 as a plan, without the router: the quick way of [`record`].
static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    let fills = [netflow5::service_fills(37, 38, 39), netflow5::routes_fills()].concat();
    netflow5::plan(RECORD, &fills)
});

/// Table B-6. With masks that leave out parts of the key, addresses and ports are zero.
fn record(cursor: &mut Cursor<'_>, flow: &mut Flow) -> Result<Measures, WireError> {
    let (mut exporter, measures) = netflow5::common(cursor, flow)?;
    cursor.skip(1, "v7.flags1")?;
    let flags = cursor.u8("v7.tcp_flags")?;
    flow.core.proto = cursor.u8("v7.prot")?;
    netflow5::service(flow, cursor.u8("v7.tos")?, flags);
    netflow5::routes(cursor, &mut exporter)?;
    cursor.skip(2, "v7.flags2")?;
    let router = Ip::v4(cursor.array("v7.router_sc")?);
    flow.exporter = Some(exporter);
    if router != Ip::v4([0; 4]) {
        extra::push(flow, "ipv4RouterSc", &router.to_string(), &mut Tally::default());
    }
    Ok(measures)
}

/// The record of a row; nothing where version 7 cannot carry it.
pub(crate) fn encode(flow: &Flow, boot: Time) -> Option<Vec<u8>> {
    let mut out = netflow5::encode_common(flow, boot)?;
    let (flags, tos) = netflow5::encode_service(flow);
    out.extend([0, flags, flow.core.proto, tos]);
    netflow5::encode_routes(flow, &mut out);
    out.resize(RECORD, 0);
    Some(out)
}

/// One TCP flow that a switch forwarded in place of the router 192.0.2.253.
#[rustfmt::skip]
const SAMPLE: [u8; 76] = [
    0, 7, 0, 1, 0, 0, 0x27, 0x10, 0x66, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0,
    192, 0, 2, 1, 198, 51, 100, 7, 0, 0, 0, 0, 0, 3, 0, 4, 0, 0, 0, 5, 0, 0, 1, 0,
    0, 0, 0x13, 0x88, 0, 0, 0x23, 0x28, 0xc0, 0x01, 1, 0xbb, 0, 0x1b, 6, 0x10, 0xfd, 0xe8, 0xfd, 0xe9, 24, 22, 0, 0,
    192, 0, 2, 253,
];

#[cfg(test)]
mod tests {
    use crate::tests::rows;
    use crate::{Cache, formats::netflow7::FORMAT};

    #[test]
    fn a_record_in_full() {
        let (flows, _) = rows(FORMAT.sample, &mut Cache::default());
        let flow = &flows[0];
        assert_eq!((flow.core.src_packets, flow.core.src_bytes, flow.core.proto), (5, 256, 6));
        assert_eq!(flow.tcp.as_deref().and_then(|tcp| tcp.src_flags), Some(0x1b));
        let exporter = flow.exporter.as_deref().expect("an exporter");
        assert_eq!((exporter.src_as, exporter.dst_mask), (Some(65_000), Some(22)));
        let extra = flow.extra.as_deref().and_then(|group| group.extra.clone());
        assert_eq!(extra, Some(vec!["ipv4RouterSc=192.0.2.253".to_owned()]));
    }
}
