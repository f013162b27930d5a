// SPDX-License-Identifier: Apache-2.0
//! CNP/IP (EN 14908-4 / ANSI/CEA-852 §8): length of the packet, version 1, type and protocol flags, and reserved
//! fields.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "CNP-IP",
    title: "Component Network over IP",
    category: Category::IotScada,
    spec: &["ANSI/CEA-852"],
    ports: &[1628, 1629],
    first: First::Of(&[0x00, 0x01, 0x02, 0x03, 0x04, 0x05]),
    probe,
    sample: &[(Side::Src, b"\x00\x16\x01\x01\x00\x00\x00\x00\x11\x22\x33\x44\x00\x00\x00\x01\x00\x00\x00\x10\xaa\xbb")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let Some(header) = data.first_chunk::<20>() else {
        return maybe_if(data.get(2).is_none_or(|version| *version == 1));
    };
    let kind = matches!(header[3], 0x01 | 0x03 | 0x04 | 0x06..=0x08 | 0x60 | 0x63..=0x72 | 0x7f);
    let told = header[2] == 1 && kind && header[4] <= 2 && header[5] & 0xc0 == 0;
    yes_if(told && be16(header, 0) == Some(data.len()))
}
