// SPDX-License-Identifier: Apache-2.0
//! BFCP (RFC 8855 §5.1): version and reserved bits, a primitive in use, and attributes that fill the payload's length.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "BFCP",
    title: "Binary Floor Control Protocol",
    category: Category::Video,
    spec: &["RFC 8855", "RFC 4582"],
    first: First::Of(&[0x20, 0x30, 0x40, 0x50]),
    probe,
    together: Some(together),
    sample: &[(Side::Src, b"\x20\x0b\x00\x00\x00\x00\x00\x01\x00\x02\x00\x03")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let Some(header) = data.first_chunk::<12>() else { return maybe_if(within(u8_at(data, 1).or(Some(1)), 1, 18)) };
    let length = be16(header, 2).unwrap_or_default() * 4;
    let attribute = |rest: &[u8]| {
        let (kind, length) = (rest.first()? >> 1, u8_at(rest, 1)?);
        (matches!(kind, 1..=18) && length >= 2).then_some(length.next_multiple_of(4))
    };
    let body = data.get(12..).unwrap_or_default();
    let named = within(be32(header, 4), 1, 1 << 24) && within(be16(header, 10), 1, 65_535);
    // Without attributes a greeting, or what acknowledges it.
    let attributes = if length == 0 {
        matches!(header[1], 11 | 12 | 14..=16 | 18) && data.len() == 12
    } else {
        body.len() == length && fills(body, 32, attribute)
    };
    match body.len() < length && length < 1_500 {
        true => maybe_if(named && matches!(header[0] & 0xef, 0x20 | 0x40) && (1..=18).contains(&header[1])),
        false => {
            yes_if(matches!(header[0] & 0xef, 0x20 | 0x40) && (1..=18).contains(&header[1]) && named && attributes)
        }
    }
}

/// A capture may have cut the attributes: then a request and its answer, which share conference, transaction and user
/// (§5.1), tell.
fn together(heard: &Heard<'_>) -> Verdict {
    let answered = |other: &[u8]| {
        at(other, 4, 8) == at(heard.data, 4, 8)
            && other.first() == heard.data.first()
            && matches!(
                (other.get(1), heard.data.get(1)),
                (Some(1..=3 | 5..=7 | 9 | 11 | 13 | 15 | 17), Some(4 | 6 | 8 | 10 | 12 | 14 | 16 | 18))
            )
    };
    let cut = heard.data.len() >= 12;
    if cut && (answered(heard.other) || heard.opposite().any(answered)) { Verdict::Yes } else { Verdict::Maybe }
}
