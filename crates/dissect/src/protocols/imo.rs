// SPDX-License-Identifier: Apache-2.0
//! imo's calls (as observed from its clients): keep-alives with a rising number and zeros.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "IMO",
    title: "imo calls",
    category: Category::Voip,
    spec: &["imo, keep-alives as observed"],
    first: First::Of(&[0x00, 0x09]),
    probe,
    together: Some(together),
    sample: &[
        (Side::Src, b"\x09\x02\xdc\x9a\x02\x00\x00\x00\x00\x00"),
        (Side::Src, b"\x09\x02\xe8\x9a\x02\x00\x00\x00\x00\x00"),
    ],
    ..Protocol::DATAGRAM
};

/// The number of a keep-alive: of one's own, or of the answer.
fn number(data: &[u8]) -> Option<usize> {
    let place = match (data, data.len()) {
        ([0x09, 0x02, ..], 10) => 2,
        ([0x00, 0x09, 0x03, ..], 11) => 3,
        _ => return None,
    };
    le32(data, place).filter(|number| (1..1 << 28).contains(number) && zero(data, place + 4, 4))
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    maybe_if(number(data).is_some())
}

/// Two whose numbers are near each other.
fn together(heard: &Heard<'_>) -> Verdict {
    let latest = number(heard.data).unwrap_or_default();
    let others = heard.all().filter_map(|(_, data)| number(data)).filter(|number| number.abs_diff(latest) < 1 << 16);
    if others.count() >= 2 { Verdict::Yes } else { Verdict::Maybe }
}
