// SPDX-License-Identifier: Apache-2.0
//! CryEngine's network layer (CRYENGINE, CryNetwork: the frame that sets up a connection, as observed from its games):
//! the kind of frame, zeros where nothing is agreed yet, and the versions of the profile.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "CryNetwork",
    title: "CryEngine network",
    category: Category::Game,
    spec: &["CRYENGINE, CryNetwork connection setup"],
    first: First::Of(b"<"),
    probe,
    sample: &[(
        Side::Src,
        b"<\x00\x00\x08\xed\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x07\x00\x00\x00\x03\x07\
        \x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x04\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\
        \x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x20",
    )],
    ..Protocol::DATAGRAM
};

/// The first octet is the kind of frame; ten octets stand before what it counts.
fn probe(_: Side, data: &[u8]) -> Verdict {
    yes_if(
        data.first() == Some(&b'<')
            && data.len() == usize::from(b'<') + 10
            && zero(data, 1, 2)
            && !zero(data, 3, 2)
            && zero(data, 5, 11)
            && be32(data, 16) == Some(0x0100_0000)
            && within(be32(data, 20), 0x0100_0000, 0x0f00_0010)
            && within(be16(data, 24), 0x0301, 0x030f),
    )
}
