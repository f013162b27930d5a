// SPDX-License-Identifier: Apache-2.0
//! Discord's voice (Discord developer documentation, "IP Discovery"): question and answer with their length and room
//! for an address. The media that follow are RTP and keep the label.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Discord",
    title: "Discord voice",
    category: Category::Collaborative,
    spec: &["Discord developer documentation, voice connections"],
    first: First::Of(&[0x00, 0x13]),
    probe,
    sample: &[(
        Side::Src,
        b"\x00\x01\x00\x46\x00\x00\x12\x34\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let address = data.get(8..72).unwrap_or_default();
    let text = address
        .iter()
        .take_while(|octet| octet.is_ascii_digit() || octet.is_ascii_hexdigit() || matches!(octet, b'.' | b':'))
        .count();
    let rest = address.get(text..).unwrap_or_default();
    let told = match data {
        [0, 1, 0, 70, ..] => text == 0,
        [0, 2, 0, 70, ..] => text >= 7,
        _ => false,
    };
    // What keeps the path open: a number between its marks.
    let alive = data.len() == 8 && matches!(data, [0x13, 0x37, 0xca, 0xfe, ..] | [0x13, 0x37, 0xf0, 0x0d, ..]);
    yes_if(alive || told && data.len() == 74 && rest.iter().all(|octet| *octet == 0))
}
