// SPDX-License-Identifier: Apache-2.0
//! RakNet (RakNet manual, "Offline messages"): messages outside of a connection with RakNet's magic at their places.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "RakNet",
    title: "RakNet",
    category: Category::Game,
    spec: &["RakNet manual", "Minecraft Bedrock protocol documentation"],
    ports: &[19132, 19133, 60000],
    first: First::Of(&[
        0x01, 0x02, 0x05, 0x06, 0x07, 0x08, 0x12, 0x14, 0x17, 0x19, 0x1c, 0x78, 0x79, 0x7a, 0x7b, 0x7c, 0x7d, 0x80,
        0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0xa0, 0xc0,
    ]),
    probe,
    together: Some(together),
    sample: &[(
        Side::Src,
        b"\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\xff\xff\x00\xfe\xfe\xfe\xfe\xfd\xfd\xfd\xfd\x12\x34\x56\
        \x78\x01\x02\x03\x04\x05\x06\x07\x08",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let place = match data.first() {
        // Roblox has numbers of its own for the messages that open a connection.
        Some(0x05..=0x08 | 0x12 | 0x14 | 0x17 | 0x78..=0x7d) => 1,
        Some(0x19) => 2,
        Some(0x01 | 0x02) => 9,
        Some(0x1c) => 17,
        Some(0x80..=0x8f) => return either(yes_if(frames(data) && opens(data)), maybe_if(data.len() > 7)),
        Some(0xa0 | 0xc0) => return either(yes_if(ranges(data)), maybe_if(acknowledged(data).is_some())),
        _ => return Verdict::No,
    };
    yes_if(at(data, place, 16) == Some(MAGIC))
}

/// Frames that fill the datagram behind its number: reliability and splitting, a length in bits, and what these announce
/// (RakNet manual, "Reliability types").
fn frames(data: &[u8]) -> bool {
    let frame = |rest: &[u8]| {
        let (flags, bits) = (*rest.first()?, be16(rest, 1).filter(|bits| *bits > 0 && bits % 8 == 0)?);
        let reliable = if matches!(flags >> 5, 2..=4 | 6 | 7) { 3 } else { 0 };
        let sequenced = if matches!(flags >> 5, 1 | 4) { 3 } else { 0 };
        let ordered = if matches!(flags >> 5, 1 | 3 | 4 | 7) { 4 } else { 0 };
        let split = if flags & 0x10 == 0 { 0 } else { 10 };
        (flags & 0x0f == 0).then_some(3 + reliable + sequenced + ordered + split + bits / 8)
    };
    data.len() >= 12 && data.get(4..).is_some_and(|rest| fills(rest, 64, frame))
}

/// The first frame holds a message of the connection itself, by its number and size.
fn opens(data: &[u8]) -> bool {
    let head = match data.get(4).map(|flags| flags >> 5) {
        Some(0 | 5) => 3,
        Some(2 | 6) => 6,
        Some(1 | 3 | 7) => 10,
        _ => return false,
    };
    let size = be16(data, 5).map_or(0, |bits| bits / 8);
    matches!(
        (data.get(4 + head), size),
        (Some(0x00), 9) | (Some(0x03), 17) | (Some(0x09), 18) | (Some(0x10 | 0x13), 90..)
    )
}

/// Several numbers, or a range of them, that an acknowledgement names, in ascending order up to its end.
fn ranges(data: &[u8]) -> bool {
    let Some(count) = be16(data, 1).filter(|count| (1..=256).contains(count)) else { return false };
    let (mut rest, mut last) = (data.get(3..).unwrap_or_default(), 0);
    for _ in 0..count {
        let (Some(single), Some(first)) = (rest.first(), le24(rest, 1)) else { return false };
        let (end, size) = match single {
            1 => (Some(first), 4),
            0 => (le24(rest, 4), 7),
            _ => return false,
        };
        let Some(end) = end.filter(|end| first >= last && (first..first + 8_192).contains(end)) else { return false };
        last = end;
        rest = rest.get(size..).unwrap_or_default();
    }
    rest.is_empty() && data.len() > 7
}

/// The number that an acknowledgement of one datagram names.
fn acknowledged(data: &[u8]) -> Option<&[u8]> {
    if matches!(data, [0xa0 | 0xc0, 0, 1, 1, ..]) && data.len() == 7 { at(data, 4, 3) } else { None }
}

/// In a connection: a datagram with its number, and its acknowledgement from the other side.
fn together(heard: &Heard<'_>) -> Verdict {
    let number =
        |data: &'_ [u8]| at(data, 1, 3).filter(|_| matches!(data.first(), Some(0x80..=0x8f))).map(<[u8]>::to_vec);
    let pairs = |one: &[u8], other: &[u8]| {
        acknowledged(one).is_some_and(|ack| number(other).is_some_and(|number| number == ack))
    };
    let paired = heard.opposite().any(|data| pairs(data, heard.data) || pairs(heard.data, data));
    // Two whole datagrams of a side whose numbers are near, or the same one sent again.
    let near = |data: &[u8]| match (le24(data, 1), le24(heard.data, 1)) {
        (Some(one), Some(next)) => frames(data) && (one..one + 64).contains(&next),
        _ => false,
    };
    let filled = frames(heard.data) && heard.same().filter(|data| near(data)).count() >= 2;
    if paired || filled { Verdict::Yes } else { Verdict::Maybe }
}

const MAGIC: &[u8] = b"\x00\xff\xff\x00\xfe\xfe\xfe\xfe\xfd\xfd\xfd\xfd\x12\x34\x56\x78";
