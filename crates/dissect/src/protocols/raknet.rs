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
first: First::Of(&[0x01, 0x02, 0x05, 0x06, 0x07, 0x08, 0x19, 0x1c, 0x14, 0x12, 0x17]),
probe,
sample: &[(Side::Src, b"\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\xff\xff\x00\xfe\xfe\xfe\xfe\xfd\xfd\xfd\xfd\x12\x34\x56\x78\x01\x02\x03\x04\x05\x06\x07\x08")],
..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let place = match data.first() {
        Some(0x05..=0x08 | 0x12 | 0x14 | 0x17) => 1,
        Some(0x19) => 2,
        Some(0x01 | 0x02) => 9,
        Some(0x1c) => 17,
        _ => return Verdict::No,
    };
    yes_if(at(data, place, 16) == Some(MAGIC))
}

const MAGIC: &[u8] = b"\x00\xff\xff\x00\xfe\xfe\xfe\xfe\xfd\xfd\xfd\xfd\x12\x34\x56\x78";
