// SPDX-License-Identifier: Apache-2.0
//! FLUTE over ALC and LCT (RFC 6726 §3, RFC 5651 §5.1): version, header length and codepoint, and the header
//! extension of a file delivery table.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "FLUTE",
    title: "File Delivery over Unidirectional Transport",
    category: Category::DownloadFt,
    spec: &["RFC 6726", "RFC 5651"],
    ports: &[4001],
    first: First::Within(0x10, 0x13),
    probe,
    sample: &[(Side::Src, b"\x10\x10\x04\x00\x00\x00\x00\x00\x00\x01\x00\x00\xc0\x10\x00\x01<?xml?>")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let (flags, lengths) = (data.first().copied().unwrap_or_default(), data.get(1).copied().unwrap_or_default());
    let header = u8_at(data, 2).unwrap_or_default() * 4;
    // Control, session and object identifiers, of widths that the flags say.
    let control = (usize::from(flags >> 2 & 3) + 1) * 4;
    let half = usize::from(lengths >> 4 & 1) * 2;
    let session = usize::from(lengths >> 7) * 4 + half;
    let object = usize::from(lengths >> 5 & 3) * 4 + half;
    let fixed = 4 + control + session + object;
    let extensions = data.get(fixed..header).unwrap_or_default();
    // Tables are object 0 and have an extension of type 192 with version 1 or 2 (RFC 6726 §3.4.1).
    let table = zero(data, 4 + control + session, object.max(1))
        && fills(extensions, 16, |rest| Some(if *rest.first()? >= 128 { 4 } else { u8_at(rest, 1)? * 4 }))
        && extensions.chunks(4).any(|word| matches!(word, [192, version, ..] if matches!(version >> 4, 1 | 2)));
    yes_if(flags >> 4 == 1 && flags & 0x03 == 0 && object > 0 && header > fixed && table)
}
