// SPDX-License-Identifier: Apache-2.0
//! Steam's discovery on a link and its client over UDP (Steam, In-Home Streaming discovery; steamkit documentation):
//! magic and the length of the header.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Steam",
    title: "Steam",
    category: Category::Game,
    spec: &["Steam In-Home Streaming discovery", "SteamKit, UDP connections"],
    ports: &[27036, 27017],
    first: First::Of(&[0xff, 0x56]),
    probe,
    sample: &[(Side::Src, b"\xff\xff\xff\xff\x21\x4c\x5f\xa0\x05\x00\x00\x00\x08\x01\x10\x00\x00\x00\x00\x00\x00")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    // "VS01" with the octets behind the header, and a kind of packet.
    let client =
        data.starts_with(b"VS01") && le16(data, 4) == data.len().checked_sub(36) && within(u8_at(data, 6), 1, 7);
    yes_if(data.starts_with(b"\xff\xff\xff\xff\x21\x4c\x5f\xa0") || client)
}
