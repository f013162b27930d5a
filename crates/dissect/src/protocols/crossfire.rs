// SPDX-License-Identifier: Apache-2.0
//! CrossFire (as others describe its client): a datagram of 25 octets with fixed octets at both ends.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Crossfire",
    title: "CrossFire",
    category: Category::Game,
    spec: &["CrossFire, datagrams as described by nDPI"],
    first: First::Of(&[0xc7]),
    probe,
    sample: &[(
        Side::Src,
        b"\xc7\xd9\x19\x99\x02\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x7d\x00\x01",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let ends = data.starts_with(b"\xc7\xd9\x19\x99\x02\x00") && be16(data, 22) == Some(0x7d00);
    yes_if(ends && data.len() == 25)
}
