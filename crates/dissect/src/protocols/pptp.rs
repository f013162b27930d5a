// SPDX-License-Identifier: Apache-2.0
//! PPTP's control connection (RFC 2637 §1.4): length, type, magic cookie and the kind of a message.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "PPTP",
    title: "Point-to-Point Tunnelling Protocol",
    category: Category::Vpn,
    spec: &["RFC 2637"],
    ports: &[1723],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(Side::Src, b"\x00\x9c\x00\x01\x1a\x2b\x3c\x4d\x00\x01\x00\x00\x01\x00\x00\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.get(2..data.len().min(8)).is_some_and(|start| !b"\x00\x01\x1a\x2b\x3c\x4d".starts_with(start)) {
        return Verdict::No;
    }
    head::<10>(data, |head| within(be16(head, 0), 12, 220) && within(be16(head, 8), 1, 15))
}
