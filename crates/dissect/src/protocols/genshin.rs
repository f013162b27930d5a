// SPDX-License-Identifier: Apache-2.0
//! Genshin Impact and its kin (Grasscutter, handshake of their KCP): packets of twenty octets with a magic at both
//! ends.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "GenshinImpact",
    title: "Genshin Impact",
    category: Category::Game,
    spec: &["Grasscutter, KCP handshake"],
    ports: &[22101, 22102],
    first: First::Of(&[0x00]),
    probe,
    sample: &[
        (Side::Src, b"\x00\x00\x00\xff\x00\x00\x00\x00\x00\x00\x00\x00\x49\x96\x02\xd2\xff\xff\xff\xff"),
        (Side::Dst, b"\x00\x00\x01\x45\x01\x02\x03\x04\x05\x06\x07\x08\x49\x96\x02\xd2\x14\x51\x45\x45"),
    ],
    ..Protocol::DATAGRAM
};

/// The registry's row of streams, which older games of the maker speak over: another magic at both ends of a message.
pub(super) static STREAM: Protocol = Protocol {
    name: "GenshinImpact",
    title: "miHoYo games over TCP",
    category: Category::Game,
    spec: &["Honkai Impact 3rd, community documentation of its packets"],
    first: First::Of(&[0x01]),
    probe: |_, data| match begins(data, b"\x01\x23\x45\x67") {
        Verdict::Yes => either(yes_if(data.ends_with(b"\x89\xab\xcd\xef")), maybe_if(data.len() < 2_048)),
        other => other,
    },
    sample: &[(Side::Src, b"\x01\x23\x45\x67\x00\x01\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00hi\x89\xab\xcd\xef")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let ends = [(0x0000_00ff, 0xffff_ffff), (0x0000_0145, 0x1451_4545), (0x0000_0194, 0x1941_9494)];
    let told = ends.iter().any(|(first, last)| be32(data, 0) == Some(*first) && be32(data, 16) == Some(*last));
    yes_if(told && data.len() == 20)
}
