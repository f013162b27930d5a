// SPDX-License-Identifier: Apache-2.0
//! Messages of Mitsubishi's controllers (MELSEC communication protocol, 3E and 4E frames; SLMP): subheader, network, station and
//! module, and a length that ends the message.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "MELSEC",
    title: "Mitsubishi MELSEC messages",
    category: Category::IotScada,
    spec: &["Mitsubishi SH-080008, MELSEC communication protocol", "CLPA SLMP"],
    ports: &[5006, 5007, 5008],
    first: First::Of(&[0x50, 0x54, 0xd0, 0xd4]),
    probe,
    sample: &[(Side::Src, b"\x50\x00\x00\xff\xff\x03\x00\x0c\x00\x10\x00\x01\x04\x00\x00\x64\x00\x00\xa8\x01\x00")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    // 4E frames have a number and a reserved word in front.
    let front = match data {
        [0x50 | 0xd0] | [0x54 | 0xd4] => return Verdict::Maybe,
        [0x50 | 0xd0, 0, ..] => 2,
        [0x54 | 0xd4, 0, ..] => 6,
        _ => return Verdict::No,
    };
    let Some(length) = le16(data, front + 5) else { return maybe_if(at(data, front + 2, 2).is_none_or(is_module)) };
    let whole = front + 7 + length;
    let told = at(data, front + 2, 2).is_some_and(is_module) && (2..4_096).contains(&length) && reserved(data, front);
    if data.len() < whole { maybe_if(told) } else { yes_if(told && data.len() == whole) }
}

/// The number of a module: the processor itself, one of several, or a multidrop station.
fn is_module(number: &[u8]) -> bool {
    matches!(number, [0xd0..=0xd3 | 0xe0..=0xe3 | 0xff, 0x03])
}

fn reserved(data: &[u8], front: usize) -> bool {
    front == 2 || zero(data, 4, 2)
}
