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
        0x01, 0x02, 0x05, 0x06, 0x07, 0x08, 0x12, 0x14, 0x17, 0x19, 0x1c, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86,
        0x87, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0xa0, 0xc0,
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
        Some(0x05..=0x08 | 0x12 | 0x14 | 0x17) => 1,
        Some(0x19) => 2,
        Some(0x01 | 0x02) => 9,
        Some(0x1c) => 17,
        Some(0x80..=0x8f) => return maybe_if(data.len() > 7),
        Some(0xa0 | 0xc0) => return maybe_if(acknowledged(data).is_some()),
        _ => return Verdict::No,
    };
    yes_if(at(data, place, 16) == Some(MAGIC))
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
    if paired { Verdict::Yes } else { Verdict::Maybe }
}

const MAGIC: &[u8] = b"\x00\xff\xff\x00\xfe\xfe\xfe\xfe\xfd\xfd\xfd\xfd\x12\x34\x56\x78";
