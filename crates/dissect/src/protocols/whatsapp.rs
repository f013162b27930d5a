// SPDX-License-Identifier: Apache-2.0
//! WhatsApp (Noise protocol framework; WhatsApp security whitepaper): the client's marker in front of the handshake,
//! or the routing information that stands before it.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "WhatsApp",
    title: "WhatsApp chat",
    category: Category::Chat,
    spec: &["WhatsApp Encryption Overview", "Noise Protocol Framework"],
    ports: &[443, 5222],
    first: First::Of(b"WE"),
    encrypted: true,
    probe,
    sample: &[(Side::Src, b"WA\x06\x03\x00\x00\x24\x12\x22\x0a\x20")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match data {
        [b'W'] | [b'W', b'A'] | [b'W', b'A', 1..=9] => Verdict::Maybe,
        // Version, then the length of a first message of few octets.
        [b'W', b'A', 1..=9, 0..=9, rest @ ..] => maybe_yes(rest, matches!(rest, [0, 0..=4, _, ..])),
        [b'E'] | [b'E', b'D'] | [b'E', b'D', 0] => Verdict::Maybe,
        [b'E', b'D', 0, 1, rest @ ..] => maybe_yes(rest, matches!(rest, [0, 0..=1, _, ..])),
        _ => Verdict::No,
    }
}

fn maybe_yes(rest: &[u8], told: bool) -> Verdict {
    if rest.len() < 3 { Verdict::Maybe } else { yes_if(told) }
}
