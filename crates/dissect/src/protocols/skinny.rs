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
    if data.len() < 12 {
        return Verdict::Maybe;
    }
    // A message without content is no proof unless it stands alone.
    match fills(data, 64, |rest| message(rest, data.len())) {
        true => yes_if(data.len() == 12 || le32(data, 0) != Some(4)),
        false => maybe_if(message(data, data.len()).is_some_and(|length| data.len() < length || data.len() < 4_000)),
    }
}

/// Length of a message with its header; `whole` octets are there.
fn message(rest: &[u8], whole: usize) -> Option<usize> {
    let length = le32(rest, 0).filter(|length| (4..=3_000).contains(length))?;
    let known = match le32(rest, 8)? {
        // Keep alive, register with a name that begins with letters, and what a phone or server says then.
        0x0000 | 0x0100 => length == 4 && whole == 12,
        0x0001 => length > 30 && rest.get(12..15).is_none_or(|name| name.iter().all(u8::is_ascii_uppercase)),
        0x0002..=0x004f | 0x0081..=0x009f | 0x0101..=0x015f => true,
        _ => false,
    };
    (known && matches!(le32(rest, 4)?, 0 | 10..=22)).then_some(8 + length)
}
