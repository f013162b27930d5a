// SPDX-License-Identifier: Apache-2.0
//! NOE of Alcatel-Lucent's phones (Alcatel-Lucent, "New Office Environment"; UA/UDP): opcodes of the UA transport
//! with their lengths.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "NOE",
    title: "New Office Environment",
    category: Category::Voip,
    spec: &["Alcatel-Lucent UA/UDP"],
    ports: &[32512, 32640],
    first: First::Of(&[0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07]),
    probe,
    together: Some(together),
    sample: &[
        (Side::Src, b"\x00\x01\x03\x02\x32\x00"),
        (Side::Dst, b"\x01"),
        (Side::Src, b"\x05"),
        (Side::Dst, b"\x04"),
    ],
    ..Protocol::DATAGRAM
};

/// A message: connect, release, keep alive and its acknowledgement, data with numbers of both ends.
fn kind(data: &[u8]) -> Option<u8> {
    let told = match data {
        [0] | [0, _, _, _, ..] => data.len() <= 32,
        [1..=3] => true,
        [4 | 5] => true,
        [6, _, _] => true,
        [7, _, _, _, _, rest @ ..] => rest.is_empty() || le16(rest, 0) == rest.len().checked_sub(2),
        _ => false,
    };
    told.then(|| data.first().copied())?
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    // What a telephone says first, as others describe it.
    if data.len() >= 25 && data.starts_with(b"\x00\x06bl") {
        return Verdict::Yes;
    }
    maybe_if(kind(data).is_some())
}

/// A keep-alive of one octet and the answer to it from the other side, or data of both.
fn together(heard: &Heard<'_>) -> Verdict {
    let alive = |data: &[u8]| (data.len() == 1).then(|| data.first().copied()).flatten();
    let answers = |data: &[u8]| matches!((alive(data), alive(heard.data)), (Some(5), Some(4)) | (Some(4), Some(5)));
    let data =
        heard.all().filter(|(_, data)| data.len() > 8 && data.first() == Some(&7) && kind(data).is_some()).count();
    let only = heard.all().all(|(_, data)| kind(data).is_some());
    if only && (heard.opposite().any(answers) || data >= 2) { Verdict::Yes } else { Verdict::Maybe }
}
