// SPDX-License-Identifier: Apache-2.0
//! Ethereum's discovery (devp2p, discv4 "Wire Protocol"): hash, signature with its recovery number, type of a packet,
//! and a list in RLP that ends the datagram or has its signature's room.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "ETHEREUM",
    title: "Ethereum node discovery",
    category: Category::CryptoCurrency,
    spec: &["devp2p, discv4"],
    ports: &[30303, 30304, 30305],
    probe,
    sample: &[(
        Side::Src,
        b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\
        \x00\x01\xdc\x04\xcb\x84\x0a\x00\x00\x01\x82\x76\x5f\x82\x76\x5f\xc9\x84\x0a\x00\x00\x02\x82\x76\
        \x5f\x80\x84\x5f\x00\x00\x00",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let body = data.get(98..).unwrap_or_default();
    let length = match body {
        [short @ 0xc2..=0xf7, ..] => 1 + usize::from(short - 0xc0),
        [0xf8, length, ..] if *length >= 56 => 2 + usize::from(*length),
        [0xf9, 1..=5, ..] => 3 + be16(body, 1).unwrap_or_default(),
        _ => return Verdict::No,
    };
    let first = |one: Option<&u8>| match data.get(97) {
        // Version 4, an integer, or the hash of what is answered.
        Some(1) => matches!(one, Some(3..=5 | 0x80)),
        Some(2) => matches!(one, Some(0xc9..=0xd8)),
        Some(3) => matches!(one, Some(0xb8)),
        Some(4) => matches!(one, Some(0xc0..=0xf9)),
        Some(5) => matches!(one, Some(0x84..=0x88)),
        Some(6) => matches!(one, Some(0xa0)),
        _ => false,
    };
    let front = match body.first() {
        Some(0xf8) => 2,
        Some(0xf9) => 3,
        _ => 1,
    };
    yes_if(data.get(96).is_some_and(|recovery| *recovery < 2) && first(body.get(front)) && length == body.len())
}
