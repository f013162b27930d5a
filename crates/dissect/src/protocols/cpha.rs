// SPDX-License-Identifier: Apache-2.0
//! Check Point's cluster protocol (Wireshark wiki, "CPHA"): magic number, version, and the kind of a message.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "CPHA",
    title: "Check Point High Availability",
    category: Category::Network,
    spec: &["Wireshark wiki, CPHA"],
    ports: &[8116],
    first: First::Of(&[0x1a]),
    probe,
    sample: &[(
        Side::Src,
        b"\x1a\x90\x09\x7c\x00\x01\x00\x01\x00\x02\x12\x34\x00\x01\xff\xfe\x00\x05\x00\x00\x00\x01\x00\x00\
        \x00\x00\x00\x00\x00\x00",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let told = data.starts_with(b"\x1a\x90")
        && within(be16(data, 2), 1, 0x1fff)
        && within(be16(data, 6), 1, 24)
        && data.len() >= 24;
    yes_if(told && within(be16(data, 4), 0, 0x3fff))
}
