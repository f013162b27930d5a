// SPDX-License-Identifier: Apache-2.0
//! Heroes of the Storm (as observed between the game and its servers): a session without a mark yet is zeros up to
//! the flags; later datagrams of a side keep the mark and count up.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Heroes_of_the_Storm",
    title: "Heroes of the Storm",
    category: Category::Game,
    spec: &["Blizzard, Heroes of the Storm datagrams as observed"],
    ports: &[1119, 1120, 3724, 6113],
    probe,
    together: Some(together),
    sample: &[
        (Side::Src, b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x40\x00\x09\xef\x65\xde"),
        (Side::Src, b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x40\x00\x09\xef\x65\xe2\x5a\x0c"),
    ],
    ..Protocol::DATAGRAM
};

/// What counts up in a datagram of the game's form.
fn count(data: &[u8]) -> Option<usize> {
    let marked = zero(data, 0, 14) || matches!(at(data, 2, 2), Some([0x34 | 0x03, 0]));
    let formed = (20..=122).contains(&data.len()) && matches!(at(data, 14, 2), Some([0x40, 0x00 | 0x10]));
    be32(data, 16).filter(|count| formed && marked && *count > 0xffff)
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    maybe_if(count(data).is_some())
}

/// Two without a mark, or three with one and the same, whose counts are near each other.
fn together(heard: &Heard<'_>) -> Verdict {
    let Some(latest) = count(heard.data) else { return Verdict::No };
    let alike = |data: &[u8]| {
        at(data, 0, 4) == at(heard.data, 0, 4) && count(data).is_some_and(|count| count.abs_diff(latest) < 1 << 22)
    };
    let needed = if zero(heard.data, 0, 14) { 2 } else { 3 };
    if heard.same().filter(|data| alike(data)).count() >= needed { Verdict::Yes } else { Verdict::Maybe }
}
