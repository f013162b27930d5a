// SPDX-License-Identifier: Apache-2.0
//! DRDA (Open Group DRDA volume 3, DSS): header of a data stream structure with its magic, and the length of the
//! object in it.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "DRDA",
    title: "Distributed Relational Database Architecture",
    category: Category::Database,
    spec: &["Open Group, DRDA version 5 volume 3"],
    ports: &[446, 447, 448, 50000],
    probe,
    sample: &[(Side::Src, b"\x00\x14\xd0\x41\x00\x01\x00\x0e\x10\x41\x00\x0a\x11\x5e\xc1\xc2\xc3\xc4\xc5\xc6")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.get(2).is_some_and(|magic| *magic != 0xd0) {
        return Verdict::No;
    }
    head::<10>(data, |head| {
        let length = be16(head, 0).unwrap_or_default();
        length >= 10
            && be16(head, 6) == length.checked_sub(6)
            && head[3] & 0x80 == 0
            && matches!(head[3] & 0x0f, 1..=5)
            && matches!(head[8], 0x10..=0x24)
    })
}
