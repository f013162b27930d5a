// SPDX-License-Identifier: Apache-2.0
//! MapleStory (community documentation, "Handshake"): what the server says first, in clear: length, version, patch as
//! text, two starting vectors and the region; numbers have the lowest octet first.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "MapleStory",
    title: "MapleStory",
    category: Category::Game,
    spec: &["MapleStory handshake, community documentation"],
    ports: &[8484, 8585],
    first: First::Of(&[0x0d, 0x0e, 0x0f, 0x10]),
    probe,
    sample: &[(Side::Dst, b"\x0e\x00\x53\x00\x01\x00\x31\x46\x72\x7a\x15\x52\x30\x78\x73\x08")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let early = |place: usize, told: fn(u8) -> bool| data.get(place).is_none_or(|octet| told(*octet));
    if !(early(1, |high| high == 0) && early(3, |high| high < 2) && early(5, |high| high == 0)) {
        return Verdict::No;
    }
    let Some(patch) = le16(data, 4) else { return Verdict::Maybe };
    let length = 15 + patch;
    let fits = (1..=3).contains(&patch)
        && le16(data, 0) == Some(length - 2)
        && within(le16(data, 2), 20, 300)
        && data.get(6..data.len().min(6 + patch)).is_some_and(|text| text.iter().all(u8::is_ascii_digit));
    // The region ends it: one for each of the publishers.
    match data.len() {
        n if n < length => maybe_if(fits),
        n => yes_if(fits && n == length && within(u8_at(data, length - 1), 1, 9)),
    }
}
