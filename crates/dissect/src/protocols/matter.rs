// SPDX-License-Identifier: Apache-2.0
//! Matter (Core Specification §4.4, §4.13): messages outside of a session, which open one: no session, no security flags, and an
//! operation of the secure channel.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Matter",
    title: "Matter",
    category: Category::IotScada,
    spec: &["Matter Core Specification 1.3"],
    ports: &[5540],
    first: First::Within(0x00, 0x07),
    probe,
    sample: &[(
        Side::Src,
        b"\x04\x00\x00\x00\x11\x22\x33\x04\x01\x02\x03\x04\x05\x06\x07\x08\x05\x20\x2a\x1b\x00\x00\x15\x30\x01\x20",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let (Some(flags), Some(counter)) = (data.first(), le32(data, 4)) else { return Verdict::No };
    let source = if flags & 0x04 == 0 { 0 } else { 8 };
    let destination = match flags & 0x03 {
        0 => 0,
        1 => 8,
        _ => return Verdict::No,
    };
    // One end of a session that is being opened has a number, the other is named by it.
    let named = source + destination == 8 && !zero(data, 8, 8);
    let protocol = 8 + source + destination;
    let exchange = data.get(protocol).is_some_and(|flags| *flags > 0 && flags & 0xe8 == 0);
    // Acknowledgement, opening by password or certificate, a report about it (§4.11.1).
    let operation = matches!(data.get(protocol + 1), Some(0x10 | 0x20..=0x24 | 0x30..=0x33 | 0x40));
    yes_if(zero(data, 1, 3) && counter > 0xff && named && exchange && operation && zero(data, protocol + 4, 2))
}
