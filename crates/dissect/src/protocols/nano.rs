// SPDX-License-Identifier: Apache-2.0
//! Nano's peers (Nano protocol reference, "Message header"): magic with the network's letter, versions in order, a
//! message in use.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Nano",
    title: "Nano peer to peer",
    category: Category::CryptoCurrency,
    spec: &["Nano protocol reference"],
    ports: &[7075],
    first: First::Of(b"R"),
    probe,
    sample: &[(Side::Src, b"RC\x13\x13\x12\x0a\x01\x000123456789abcdef0123456789abcdef")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match data {
        [b'R'] => Verdict::Maybe,
        [b'R', b'A'..=b'C' | b'X', ..] => head::<8>(data, |head| {
            (head[4]..=32).contains(&head[3])
                && head[2] >= head[3]
                && head[2] <= 40
                && head[4] >= 7
                && (2..=15).contains(&head[5])
        }),
        _ => Verdict::No,
    }
}
