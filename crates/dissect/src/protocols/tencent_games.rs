// SPDX-License-Identifier: Apache-2.0
//! Tencent's game connections (TSF4G, TGCP): magic, version, command, and lengths of header and body that fit together.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "TencentGames",
    title: "Tencent game connections",
    category: Category::Game,
    spec: &["TSF4G, TGCP framing"],
    ports: &[8085, 8013, 17500, 20001],
    first: First::Of(&[0x33, 0x42, 0x43]),
    probe,
    sample: &[(Side::Src, b"\x33\x66\x00\x0b\x00\x0a\x10\x01\x00\x00\x00\x01\x00\x00\x00\x16\x00\x00\x00\x00\x00\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    // The newer header; the mark behind its numbers is the same in both directions.
    if data.first() == Some(&0x43) {
        return match begins(data, b"\x43\x66\xaa\x00") {
            Verdict::Yes => head::<16>(data, |head| head[12..] == [0x10, 0xe6, 0x86, 0x01]),
            other => other,
        };
    }
    // Another framing (as observed): a mark, the kind of the message, and the length of what follows.
    if data.first() == Some(&0x42) {
        return match begins(data, b"\x42\x15\xf7\x87\x03\xe9") {
            Verdict::Yes => head::<10>(data, |head| within(be32(head, 6), 1, 65_535)),
            other => other,
        };
    }
    match begins(data, b"\x33\x66\x00") {
        Verdict::Yes => head::<8>(data, |head| {
            (1..=16).contains(&head[3]) && head[4] == 0 && head[5] <= 16 && within(be16(head, 6), 0x1001, 0xafff)
        }),
        other => other,
    }
}
