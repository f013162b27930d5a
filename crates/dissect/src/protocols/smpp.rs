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

/// The whole PDU is waited for, as far as one segment holds it: what stands in it is a part of the proof.
fn probe(_: Side, data: &[u8]) -> Verdict {
    let Some(head) = data.first_chunk::<16>() else {
        return maybe_if(data.first().is_none_or(|first| *first == 0));
    };
    let length = be32(head, 0).unwrap_or_default();
    let fits = match be32(head, 4) {
        // Bind: names in text, ended by zero (§4.1).
        Some(1 | 2 | 9) => (23..=128).contains(&length) && data.get(16).is_none_or(u8::is_ascii_graphic),
        Some(0x8000_0001 | 0x8000_0002 | 0x8000_0009) => (16..=64).contains(&length),
        // Keep alive, end, what is not understood, and answers without a body.
        Some(0x15 | 0x8000_0015 | 6 | 0x8000_0006..=0x8000_0008 | 0x8000_0000) => length == 16 && data.len() == 16,
        // The centre asks to be called (§4.1.7): its name and a password.
        Some(0x0b) => {
            let ends = data.get(length.saturating_sub(1)).is_none_or(|last| *last == 0);
            (18..=41).contains(&length) && ends && data.get(16).is_none_or(u8::is_ascii_graphic)
        }
        // Messages, to one or many, and what is asked, replaced, cancelled and told of them.
        Some(3..=5 | 7 | 8 | 0x21 | 0x102 | 0x103 | 0x8000_0003..=0x8000_0005 | 0x8000_0021 | 0x8000_0103) => {
            (17..=4_096).contains(&length)
        }
        _ => false,
    };
    let told = fits && within(be32(head, 12), 1, 0x7fff_ffff) && within(be32(head, 8), 0, 0x500);
    if data.len() < length.min(1_400) { maybe_if(told) } else { yes_if(told) }
}
