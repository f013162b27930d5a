// SPDX-License-Identifier: Apache-2.0
//! Armagetron Advanced (Armagetron, network protocol): messages with descriptor, number and count of words, and the
//! sender at the end; a first one asks for or names a server.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Armagetron",
    title: "Armagetron Advanced",
    category: Category::Game,
    spec: &["Armagetron Advanced, network protocol"],
    ports: &[4533, 4534],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(
        Side::Src,
        b"\x00\x0b\x00\x00\x00\x08\x00\x02\x00\x05\x00\x0a\x00\x0a\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    // A login: descriptor 11, words that end two octets before the end.
    let words = be16(data, 4).unwrap_or_default();
    let told = match be16(data, 0) {
        Some(0x000b) => words * 2 + 8 == data.len() && zero(data, 2, 2) && words >= 4,
        // Question of a browser, and its answer with a server's big description.
        Some(0x0034 | 0x0033) => words > 0 && words * 2 + 8 == data.len() && zero(data, 2, 2),
        // Clocks are compared: four words, of which the first names the message's kind again.
        Some(0x001c) => data.len() == 16 && words == 4 && !zero(data, 2, 2) && at(data, 6, 4) == Some(&[0, 0, 5, 0]),
        _ => false,
    };
    yes_if(told && zero(data, data.len().saturating_sub(2), 2))
}
