// SPDX-License-Identifier: Apache-2.0
//! Ether-S-Bus of Saia PCD (Saia-Burgess, "Ether-S-Bus"): length, version, type, sequence, and the checksum at the end.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Ether-S-Bus",
    title: "Saia S-Bus over Ethernet",
    category: Category::IotScada,
    spec: &["Saia-Burgess, S-Bus manual"],
    ports: &[5050],
    first: First::Of(&[0x00]),
    probe,
    on_port: Some(|_, data| be32(data, 0) == Some(data.len()) && matches!(data.get(4..6), Some([0 | 1, 0..=2]))),
    sample: &[(Side::Src, b"\x00\x00\x00\x0e\x01\x00\x00\x01\x00\x20\x01\x02\x0b\x40")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let told = be32(data, 0) == Some(data.len())
        && (12..=1_500).contains(&data.len())
        && matches!(data.get(4..6), Some([0 | 1, 0..=2]));
    let (body, sum) = data.split_at(data.len().saturating_sub(2));
    yes_if(told && be16(sum, 0) == Some(usize::from(checksum(body))))
}

/// CRC-16 of CCITT with the polynomial 0x1021, from zero.
fn checksum(data: &[u8]) -> u16 {
    let step = |crc: u16| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 };
    data.iter().fold(0, |crc, octet| (0..8).fold(crc ^ u16::from(*octet) << 8, |crc, _| step(crc)))
}
