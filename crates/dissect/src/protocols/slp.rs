// SPDX-License-Identifier: Apache-2.0
//! Service Location Protocol, version 2 (RFC 2608 §8) and 1 (RFC 2165 §4): version, function, length, language.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Service_Location_Protocol",
    title: "Service Location Protocol",
    category: Category::Rpc,
    spec: &["RFC 2608", "RFC 2165"],
    ports: &[427],
    first: First::Of(&[0x01, 0x02]),
    probe,
    sample: &[(
        Side::Src,
        b"\x02\x01\x00\x00\x1d\x00\x00\x00\x00\x00\x00\x01\x00\x02en\x00\x00\x00\x05a:b:c\x00\x00\x00",
    )],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match data {
        [2, 1..=15, ..] => head::<16>(data, |head| {
            within(be24(head, 2), 16, 65_535)
                && head[5] & 0x1f == 0
                && head[6] == 0
                && within(be24(head, 7), 0, 65_535)
                && within(be16(head, 12), 2, 8)
                && head[14..].iter().all(u8::is_ascii_alphabetic)
        }),
        [1, 1..=10, ..] => head::<12>(data, |head| {
            within(be16(head, 2), 12, 4_096)
                && head[5] == 0
                && head[6..8].iter().all(u8::is_ascii_lowercase)
                && within(be16(head, 8), 3, 1_015)
        }),
        [1 | 2] => Verdict::Maybe,
        _ => Verdict::No,
    }
}
