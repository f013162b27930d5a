// SPDX-License-Identifier: Apache-2.0
//! Guild Wars (arena net client, session start as observed): the length and version of the client's first message; of the second
//! game, the request line of its portal (STS).

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Guildwars",
    title: "Guild Wars",
    category: Category::Game,
    spec: &["Guild Wars client, session start as observed"],
    ports: &[6112],
    first: First::Of(&[0x04, 0x01, b'P']),
    probe,
    sample: &[(Side::Src, b"\x01\x00\x00\x00\x04\x00\x0c\x00\x01\x00\x00\x00\x00\x00\x00\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.first() == Some(&b'P') {
        return begins(data, b"P /Sts/");
    }
    match begins_with_any(data, &[b"\x01\x00\x00\x00\x04\x00\x0c\x00", b"\x04\x00\x0c\x00\x0c\x00"]) {
        Verdict::No => either(older(data), maybe_if(data.len() < 21 && data.get(1).is_none_or(|kind| *kind < 6))),
        other => other,
    }
}

/// The first messages of older clients: of 16, 21 and 64 octets, with octets that do not change.
fn older(data: &[u8]) -> Verdict {
    yes_if(match data.len() {
        16 => be16(data, 1) == Some(0x040c) && be16(data, 4) == Some(0xa672) && data.get(8) == Some(&1),
        21 => be16(data, 0) == Some(0x0100) && at(data, 5, 5) == Some(&[0xf1, 0x00, 0x10, 0x00, 0x01]),
        _ => false,
    })
}
