// SPDX-License-Identifier: Apache-2.0
//! Protocol Buffers without a protocol around them (protobuf.dev, "Encoding"): fields of ascending number with known
//! wire types that fill the message, several of them, texts among them. Told last, as many things ride on it.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Protobuf",
    title: "Protocol Buffers",
    category: Category::Network,
    spec: &["Protocol Buffers encoding"],
    first: First::Within(0x08, 0x2a),
    late: true,
    probe,
    sample: &[(Side::Src, b"\x08\x96\x01\x12\x07testing\x1a\x05hello\x20\x07\x2a\x06minamo")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match fields(data) {
        Some((fields, text, true)) if fields >= 4 && text >= 10 => Verdict::Yes,
        Some((_, _, false)) => maybe_if(data.len() < 512),
        Some(_) => maybe_if(data.len() < 64),
        None => Verdict::No,
    }
}

/// How many fields there are, octets of text in them, and whether the last one is whole; `None` where it is anything
/// else.
fn fields(data: &[u8]) -> Option<(usize, usize, bool)> {
    let (mut rest, mut before, mut count, mut text) = (data, 0, 0, 0);
    while !rest.is_empty() {
        let Some((tag, behind)) = variable(rest) else { return Some((count, text, false)) };
        let number = tag >> 3;
        if number == 0 || number > before + 16 {
            return None;
        }
        // Fields go on from the lowest: the next message begins.
        if number < before {
            return (count >= 4).then_some((count, text, true));
        }
        let next = match tag & 7 {
            0 => variable(behind).map(|(_, behind)| behind),
            1 => behind.get(8..),
            2 => match variable(behind) {
                Some((length, behind)) if length < 1 << 16 => {
                    let value = behind.get(..length);
                    let told = value.is_some_and(|value| printable(value) && std::str::from_utf8(value).is_ok());
                    text += if told { length } else { 0 };
                    behind.get(length..)
                }
                Some(_) => return None,
                None => None,
            },
            5 => behind.get(4..),
            _ => return None,
        };
        let Some(next) = next else { return Some((count, text, false)) };
        rest = next;
        before = number;
        count += 1;
    }
    Some((count, text, true))
}

/// A number in groups of seven bits, the lowest first.
fn variable(data: &[u8]) -> Option<(usize, &[u8])> {
    // Ten groups at most, as numbers below zero have; of the last one bit counts.
    let mut number = 0_usize;
    for (place, octet) in data.iter().take(10).enumerate() {
        number |= usize::from(octet & 0x7f).checked_shl(place as u32 * 7).unwrap_or_default();
        if octet & 0x80 == 0 {
            return Some((number, data.get(place + 1..)?));
        }
    }
    None
}
