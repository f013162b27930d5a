// SPDX-License-Identifier: Apache-2.0
//! World of Kung Fu (session start as others describe it): a message of sixteen octets whose length, the lowest octet
//! first, stands twice.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "WorldOfKungFu",
    title: "World of Kung Fu",
    category: Category::Game,
    spec: &["World of Kung Fu, session start as described by nDPI"],
    first: First::Of(&[0x0c]),
    probe,
    sample: &[(Side::Src, b"\x0c\x00\x00\x00\xd2\x00\x0c\x00\x01\x16\x00\x00\x05\x06\x00\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, b"\x0c\x00\x00\x00\xd2\x00\x0c\x00") {
        Verdict::Yes => head::<16>(data, |head| head[9] == 0x16 && zero(head, 10, 2) && zero(head, 14, 2)),
        other => other,
    }
}
