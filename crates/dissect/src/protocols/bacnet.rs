// SPDX-License-Identifier: Apache-2.0
//! BACnet/IP (ASHRAE 135 annex J, clause 6): the virtual link's type, function and length, and version 1 of the
//! network layer.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "BACnet",
    title: "Building Automation and Control networks",
    category: Category::IotScada,
    spec: &["ANSI/ASHRAE 135-2020"],
    ports: &[47808],
    first: First::Of(&[0x81, 0x82]),
    probe,
    on_port: Some(|_, data| matches!(data, [0x81 | 0x82, 0..=0x0c, ..]) && be16(data, 2) == Some(data.len())),
    sample: &[(Side::Src, b"\x81\x0b\x00\x0c\x01\x20\xff\xff\x00\xff\x10\x08")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let network =
        |place: usize| data.get(place) == Some(&1) && data.get(place + 1).is_some_and(|control| control & 0x50 == 0);
    let told = match data.get(1) {
        Some(0x04) => network(10),
        Some(0x09..=0x0b) => network(4),
        Some(0x00) => data.len() == 6,
        Some(0x01..=0x03 | 0x05..=0x08 | 0x0c) => true,
        _ => false,
    };
    yes_if(told && within(u8_at(data, 0), 0x81, 0x82) && be16(data, 2) == Some(data.len()))
}
