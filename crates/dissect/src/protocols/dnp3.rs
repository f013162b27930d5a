// SPDX-License-Identifier: Apache-2.0
//! DNP3 (IEEE 1815 §9.2): the link layer's start, length, control, addresses, and the checksum over them.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "DNP3",
    title: "Distributed Network Protocol 3",
    category: Category::IotScada,
    spec: &["IEEE 1815-2012"],
    ports: &[20000],
    first: First::Of(&[0x05]),
    probe,
    sample: &[(Side::Src, b"\x05\x64\x05\xc0\x01\x00\x00\x04\xe9\x21")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, b"\x05\x64") {
        Verdict::Yes => {
            head::<10>(data, |head| head[2] >= 5 && le16(head, 8) == Some(usize::from(checksum(&head[..8]))))
        }
        other => other,
    }
}

/// CRC-16 with the polynomial 0x3d65, reflected, complemented at the end (§9.2.4).
fn checksum(data: &[u8]) -> u16 {
    let step = |crc: u16| if crc & 1 == 1 { crc >> 1 ^ 0xa6bc } else { crc >> 1 };
    !data.iter().fold(0, |crc, octet| (0..8).fold(crc ^ u16::from(*octet), |crc, _| step(crc)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_must_fit() {
        let mut frame = PROTOCOL.sample[0].1.to_vec();
        assert_eq!(probe(Side::Src, &frame), Verdict::Yes);
        frame[4] ^= 1;
        assert_eq!(probe(Side::Src, &frame), Verdict::No);
    }
}
