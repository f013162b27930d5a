// SPDX-License-Identifier: Apache-2.0
//! TeamSpeak 3 (TeamSpeak 3 client protocol, "Init1") by the initialisation's magic, and TeamSpeak 2 by its first
//! packets.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "TeamSpeak",
    title: "TeamSpeak",
    category: Category::Voip,
    spec: &["TeamSpeak 3 protocol, community documentation"],
    ports: &[8767, 9987],
    probe,
    sample: &[(Side::Src, b"TS3INIT1\x00\x65\x00\x00\x88\x09\x63\x82\x8a\x00\x01\x02\x03\x04")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    yes_if(data.starts_with(b"TS3INIT1") || matches!(data, [0xf4, 0xbe, 0x03 | 0x04, 0, ..]) && data.len() >= 16)
}
