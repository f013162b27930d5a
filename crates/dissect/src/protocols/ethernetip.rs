// SPDX-License-Identifier: Apache-2.0
//! EtherNet/IP (ODVA volume 2, §2-3): the encapsulation's header with command, length, status and options.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "EthernetIP",
    title: "EtherNet/IP encapsulation",
    category: Category::Network,
    spec: &["ODVA, The CIP Networks Library volume 2"],
    ports: &[44818],
    first: First::Of(&[0x00, 0x01, 0x04, 0x63, 0x64, 0x65, 0x66, 0x6f, 0x70, 0x72, 0x73]),
    probe,
    sample: &[(
        Side::Src,
        b"\x65\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x01\x00\x00\x00",
    )],
    ..Protocol::BOTH
};

fn probe(side: Side, data: &[u8]) -> Verdict {
    if !matches!(data, [_] | [_, 0, ..]) {
        return Verdict::No;
    }
    let Some(header) = data.first_chunk::<24>() else { return Verdict::Maybe };
    let length = le16(header, 2).unwrap_or_default();
    let fits = match header[0] {
        // A question has no content, and the answer to it has items.
        0x04 | 0x63 | 0x64 => {
            length == 0 && side == Side::Src || length > 5 && data.get(24).is_none_or(|count| (1..=16).contains(count))
        }
        // What is left of a list that is reserved now, with the address of a device.
        0x01 => {
            length >= 20 && zero(header, 4, 4) && data.get(24..28).is_none_or(|item| matches!(item, [1..=4, 0, 1, 0]))
        }
        0x65 => length == 4 && matches!(data.get(24..), Some([] | [1] | [1, 0, ..])),
        0x66 => length == 0 && !zero(header, 4, 4),
        0x6f | 0x70 => length > 5 && !zero(header, 4, 4) && data.get(24..28).is_none_or(|handle| handle == [0; 4]),
        _ => false,
    };
    match fits && zero(header, 20, 4) && within(le32(header, 8), 0, 0x70) {
        true if data.len() < 24 + length => Verdict::Maybe,
        told => yes_if(told && data.len() == 24 + length),
    }
}
