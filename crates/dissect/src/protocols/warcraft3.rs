// SPDX-License-Identifier: Apache-2.0
//! Warcraft III (W3GS protocol, bnetdocs): packets with their marker, kind and length, which fill the input.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Warcraft3",
    title: "Warcraft III",
    category: Category::Game,
    spec: &["bnetdocs, W3GS"],
    ports: &[6112, 6113, 6114],
    first: First::Of(&[0xf7]),
    probe,
    sample: &[(Side::Src, b"\xf7\x2f\x10\x00PX3W\x18\x00\x00\x00\x00\x00\x00\x00")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let packet = |rest: &[u8]| {
        let known = matches!(rest, [0xf7, 0x01..=0x0f | 0x14 | 0x1b | 0x1e..=0x3f | 0x42..=0x4a, ..]);
        known.then_some(le16(rest, 2).filter(|length| *length >= 4)?)
    };
    let filled = fills(data, 32, packet);
    if filled && data.len() > 4 {
        Verdict::Yes
    } else {
        maybe_if(
            filled
                || packet(data).is_some_and(|length| length > data.len())
                || data.len() < 4 && data.get(1).is_none_or(|kind| *kind < 0x4b),
        )
    }
}
