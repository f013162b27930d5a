// SPDX-License-Identifier: Apache-2.0
//! Radmin (Famatech Radmin 2 and 3): messages with their length and the sum of their words.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Radmin",
    title: "Radmin",
    category: Category::RemoteAccess,
    spec: &["Famatech Radmin, connection messages as observed"],
    ports: &[4899],
    first: First::Of(&[0x01]),
    probe,
    sample: &[(Side::Src, b"\x01\x00\x00\x00\x01\x00\x00\x00\x08\x08")],
    ..Protocol::STREAM
};

/// Kind 1, length, and the sum of the message's words, little endian; the message ends with the input.
fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.get(1..data.len().min(3)).is_some_and(|high| high.iter().any(|octet| *octet != 0)) {
        return Verdict::No;
    }
    let (Some(length), Some(sum)) = (be32(data, 1), be32(data, 5)) else { return Verdict::Maybe };
    let Some(message) = data.get(9..9 + length) else { return maybe_if((1..1_500).contains(&length)) };
    let word = |word: &[u8]| word.iter().rev().fold(0, |sum: u32, octet| sum << 8 | u32::from(*octet));
    let total = message.chunks(4).fold(0, |total: u32, part| total.wrapping_add(word(part)));
    yes_if((1..1_500).contains(&length) && data.len() == 9 + length && sum == total as usize && total != 0)
}
