// SPDX-License-Identifier: Apache-2.0
//! Frames of IEEE 802.15.4 in datagrams, as sniffers send them (Zigbee Encapsulation Protocol, versions 1 and 2): the mark, the
//! version, and the frame's length.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "ZEP",
    title: "Zigbee Encapsulation Protocol",
    category: Category::IotScada,
    spec: &["Zigbee Encapsulation Protocol, as documented by Exegin"],
    ports: &[17754],
    first: First::Of(b"E"),
    probe,
    sample: &[(Side::Src, b"EX\x02\x02\x00\x00\x00\x01")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    // Version 1 has sixteen octets of header, data of version 2 has 32, its acknowledgements eight; a length is last.
    let told = match data.get(2..4) {
        Some([1, _]) => u8_at(data, 15) == data.len().checked_sub(16),
        Some([2, 1]) => u8_at(data, 31) == data.len().checked_sub(32),
        Some([2, 2]) => data.len() == 8,
        _ => false,
    };
    yes_if(told && data.starts_with(b"EX"))
}
