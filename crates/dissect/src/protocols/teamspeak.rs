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
    first: First::Of(&[b'T', 0xf4]),
    probe,
    sample: &[(Side::Src, b"TS3INIT1\x00\x65\x00\x00\x88\x09\x63\x82\x8a\x00\x01\x02\x03\x04")],
    ..Protocol::BOTH
};

/// Version 2: a class of packets and its kind.
fn probe(_: Side, data: &[u8]) -> Verdict {
    match data {
        [0xf4] | [0xf4, 0xbe] => Verdict::Maybe,
        [0xf4, 0xbe, 0x01..=0x04, rest @ ..] if rest.first().is_none_or(|kind| *kind == 0) => {
            if data.len() >= 16 {
                Verdict::Yes
            } else {
                Verdict::Maybe
            }
        }
        // The second is what the server's query port says.
        _ => begins_with_any(data, &[b"TS3INIT1", b"TS3\n\rWelcome"]),
    }
}
