// SPDX-License-Identifier: Apache-2.0
//! Cisco's Skinny (SCCP; Cisco, Wireshark's description): length, a zero or version behind it, and a message in use.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "CiscoSkinny",
    title: "Skinny Client Control Protocol",
    category: Category::Voip,
    spec: &["Cisco Skinny Client Control Protocol"],
    ports: &[2000],
    probe,
    sample: &[(Side::Src, b"\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.get(2..data.len().min(4)).is_some_and(|high| high.iter().any(|octet| *octet != 0)) {
        return Verdict::No;
    }
    let Some(header) = data.first_chunk::<12>() else { return Verdict::Maybe };
    let length = le32(header, 0).unwrap_or_default();
    let version = matches!(le32(header, 4), Some(0 | 10..=22));
    let kind = le32(header, 8).unwrap_or(usize::MAX);
    let known = match kind {
        // Keep alive, register with a name that begins with letters, and what a phone or server says then.
        0x0000 | 0x0100 => length == 4,
        0x0001 => length > 30 && data.get(12..15).is_none_or(|name| name.iter().all(u8::is_ascii_uppercase)),
        0x0002..=0x004f | 0x0081..=0x009f | 0x0101..=0x015f => length >= 4,
        _ => false,
    };
    let end = data.get(8 + length..);
    let next = end.is_none_or(|rest| rest.is_empty() || zero(rest, 2, 2));
    // A message without content is no proof alone: version or a second message must support it.
    let proven =
        (4..=3_000).contains(&length) && version && known && next && (length > 4 || data.len() == 12 && kind <= 0x0100);
    match end {
        None => maybe_if(proven),
        Some(_) => yes_if(proven),
    }
}
