// SPDX-License-Identifier: Apache-2.0
//! SMPP (SMPP 3.4 §3.2): the header's length, command, status and number; a PDU that binds or keeps alive.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "SMPP",
    title: "Short Message Peer-to-Peer",
    category: Category::DownloadFt,
    spec: &["SMPP 3.4"],
    ports: &[2775],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(
        Side::Src,
        b"\x00\x00\x00\x1e\x00\x00\x00\x09\x00\x00\x00\x00\x00\x00\x00\x01me\x00secret\x00\x00\x34\x00\x00",
    )],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    head::<16>(data, |head| {
        let length = be32(head, 0).unwrap_or_default();
        let told = match be32(head, 4) {
            // Bind: names in text, ended by zero (§4.1).
            Some(1 | 2 | 9) => {
                (23..=128).contains(&length) && data.get(16).is_none_or(|first| first.is_ascii_graphic())
            }
            Some(0x8000_0001 | 0x8000_0002 | 0x8000_0009) => (16..=64).contains(&length),
            Some(0x15 | 0x8000_0015 | 6 | 0x8000_0006) => length == 16 && data.len() == 16,
            Some(4 | 5 | 0x8000_0004 | 0x8000_0005) => {
                (17..=4_096).contains(&length) && data.len() >= length.min(1_400)
            }
            _ => false,
        };
        told && within(be32(head, 12), 1, 0x7fff_ffff) && within(be32(head, 8), 0, 0x500)
    })
}
