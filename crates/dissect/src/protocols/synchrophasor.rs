// SPDX-License-Identifier: Apache-2.0
//! IEEE C37.118 (IEEE C37.118.2-2011 §6.2): synchronisation word with type and version, the frame's size, and its
//! checksum.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "IEEE-C37118",
    title: "Synchrophasor data transfer",
    category: Category::IotScada,
    spec: &["IEEE C37.118.2-2011"],
    ports: &[4712, 4713],
    first: First::Of(&[0xaa]),
    probe,
    sample: &[(Side::Src, b"\xaa\x41\x00\x12\x00\x01\x5e\x00\x00\x00\x00\x00\x00\x00\x00\x02\x4a\x77")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let Some(size) = be16(data, 2) else { return maybe_if(data.get(1).is_none_or(|kind| kind & 0x8c == 0)) };
    let told = matches!(data, [0xaa, kind, ..] if matches!(kind & 0x0f, 1..=3) && kind & 0x80 == 0 && kind >> 4 <= 5)
        && size >= 18;
    match data.get(..size) {
        Some(frame) => {
            let (body, sum) = frame.split_at(size.saturating_sub(2));
            yes_if(told && be16(sum, 0) == Some(usize::from(checksum(body))))
        }
        None => maybe_if(told && size <= 4_096),
    }
}

/// CRC-16 of CCITT with the polynomial 0x1021, from 0xffff (annex B).
fn checksum(data: &[u8]) -> u16 {
    let step = |crc: u16| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 };
    data.iter().fold(0xffff, |crc, octet| (0..8).fold(crc ^ u16::from(*octet) << 8, |crc, _| step(crc)))
}
