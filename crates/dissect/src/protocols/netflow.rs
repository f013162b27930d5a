// SPDX-License-Identifier: Apache-2.0
//! NetFlow version 1, 5, 7 and 9 (RFC 3954 §5.1, §5.2) and IPFIX (RFC 7011 §3.1): version, numbers and lengths agree.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "NetFlow",
    title: "NetFlow and IPFIX",
    category: Category::Network,
    spec: &["RFC 3954", "RFC 7011", "Cisco, NetFlow Services Solutions Guide"],
    ports: &[2055, 2056, 4739, 9555, 9995, 9996],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(
        Side::Src,
        b"\x00\x0a\x00\x18\x68\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x07\x00\x02\x00\x08\x01\x00\x00\x00",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let count = be16(data, 2).unwrap_or_default();
    let fixed = |header: usize, record: usize| (1..=30).contains(&count) && data.len() == header + count * record;
    let told = match data {
        [0, 1, ..] => fixed(16, 52) && zero(data, 8, 0) && clock(data, 8),
        [0, 5, ..] => fixed(24, 48) && clock(data, 8),
        [0, 7, ..] => fixed(24, 52) && clock(data, 8),
        [0, 9, ..] => (1..=512).contains(&count) && clock(data, 8) && sets(data, 20, 0),
        [0, 10, ..] => count == data.len() && clock(data, 4) && (sets(data, 16, 2) || count == 16),
        _ => false,
    };
    yes_if(told)
}

/// Sets of templates, options or data, which fill the message.
fn sets(data: &[u8], header: usize, templates: usize) -> bool {
    fills(data.get(header..).unwrap_or_default(), 64, |rest| {
        let id = be16(rest, 0)?;
        let length = be16(rest, 2).filter(|length| *length >= 4)?;
        (id == templates || id == templates + 1 || id >= 256).then_some(length)
    })
}

/// Seconds since 1970, within what exporters can have met; a clock that was never set starts there.
fn clock(data: &[u8], place: usize) -> bool {
    within(be32(data, place), 946_684_800, 4_000_000_000) || within(be32(data, place), 0, 31_536_000)
}
