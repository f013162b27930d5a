// SPDX-License-Identifier: Apache-2.0
//! OpenFlow (switch specification 1.5 §7.1.1, §7.5.1): told by the greeting that opens a connection.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "OpenFlow",
    title: "OpenFlow",
    category: Category::Network,
    spec: &["ONF TS-025"],
    ports: &[6633, 6653],
    first: First::Within(0x01, 0x06),
    probe,
    sample: &[(Side::Src, b"\x04\x00\x00\x10\x00\x00\x00\x01\x00\x01\x00\x08\x00\x00\x00\x10")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match data {
        [1..=6, 0, 0, 8, _, _, _, _, rest @ ..] => yes_if(matches!(rest, [] | [1..=6, ..])),
        // The element that lists versions.
        [1..=6, 0, 0, 16, _, _, _, _, 0, 1, 0, 8, ..] => Verdict::Yes,
        [1..=6] | [1..=6, 0] | [1..=6, 0, 0] => Verdict::Maybe,
        [1..=6, 0, 0, 8 | 16, ..] => maybe_if(data.len() < 12),
        _ => Verdict::No,
    }
}
