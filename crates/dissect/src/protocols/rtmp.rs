// SPDX-License-Identifier: Apache-2.0
//! RTMP (Adobe, "RTMP specification 1.0" §5.2): version 3, and a first chunk whose second word is zero or a player's version.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "RTMP",
    title: "Real-Time Messaging Protocol",
    category: Category::Media,
    spec: &["Adobe RTMP 1.0"],
    ports: &[1935],
    first: First::Of(&[0x03, 0x06]),
    probe,
    sample: &[(Side::Src, b"\x03\x00\x00\x00\x00\x80\x00\x07\x02\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    // Octets that look random follow up to 1,536: never a line's end and text.
    head::<13>(data, |head| {
        let version = zero(head, 5, 4)
            || matches!(head[5..9], [0x80 | 0x09..=0x0d | 0x20 | 0x1f | 1..=5, 0, 0..=20, 0..=4] | [9..=0x20, 0..=5, 0..=250, 1..=10]);
        let varied = head[9..].windows(2).any(|pair| pair[0] != pair[1]);
        version && varied && matches!(data.len(), 1_400..|13..64| 500..) && (zero(head, 1, 4) || head[1] == 0)
    })
}
