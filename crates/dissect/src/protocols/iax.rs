// SPDX-License-Identifier: Apache-2.0
//! IAX2 (RFC 5456 §8.1.1): a full frame with call numbers, and a control subclass in use whose elements fill the
//! datagram.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "IAX",
    title: "Inter-Asterisk eXchange",
    category: Category::Voip,
    spec: &["RFC 5456"],
    ports: &[4569],
    first: First::Within(0x80, 0xff),
    probe,
    sample: &[(Side::Src, b"\x80\x01\x00\x00\x00\x00\x00\x02\x00\x00\x06\x01\x0b\x02\x00\x02\x06\x02me")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let elements = data.get(12..).unwrap_or_default();
    let filled = elements.is_empty()
        || fills(elements, 64, |rest| within(u8_at(rest, 0), 1, 0x36).then_some(2 + u8_at(rest, 1)?));
    // Type 6, control of IAX; a new call begins at number 0 with its version.
    let told = data.get(10) == Some(&6) && within(u8_at(data, 11), 1, 0x28) && !zero(data, 0, 2) && filled;
    let young = within(be32(data, 4), 0, 3_600_000);
    yes_if(
        told && young
            && data.first().is_some_and(|first| first & 0x80 != 0)
            && (elements.len() > 2 || zero(data, 4, 2)),
    )
}
