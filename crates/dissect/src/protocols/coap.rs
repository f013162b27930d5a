// SPDX-License-Identifier: Apache-2.0
//! CoAP (RFC 7252 §3): version, code and options that a message can have; a text among the options proves it, or an
//! answer with the same identifier.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "COAP",
    title: "Constrained Application Protocol",
    category: Category::Rpc,
    spec: &["RFC 7252", "RFC 7641", "RFC 7959", "draft-ietf-core-coap-08", "draft-ietf-core-observe-04"],
    ports: &[5683, 61616],
    first: First::Within(0x40, 0x78),
    probe,
    together: Some(together),
    sample: &[(Side::Src, b"\x40\x01\x12\x34\xb2hi\x05state")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match message(data) {
        Some(text) if text >= 3 => Verdict::Yes,
        Some(_) => Verdict::Maybe,
        None if early(data).is_some_and(|text| text >= 3) => Verdict::Yes,
        None => Verdict::No,
    }
}

/// The same of a message as drafts had it, and constrained devices that stayed with them have it still: the number of
/// options in the place of the token's length, and options that other numbers stand for (draft-ietf-core-coap-08 §3.1, §5.10).
fn early(data: &[u8]) -> Option<usize> {
    let (first, code) = (*data.first()?, *data.get(1)?);
    let mut rest = data.get(4..).filter(|_| first >> 6 == 1 && matches!(code, 1..=4))?;
    let (mut number, mut text) = (0, 0);
    for _ in 0..first & 0x0f {
        let (head, behind) = rest.split_first()?;
        number += head >> 4;
        let length = usize::from(head & 0x0f);
        let value = behind.get(..length).filter(|_| length < 15)?;
        text += match number {
            5 | 9 | 15 if printable(value) => length,
            1 | 2 | 4 | 7 | 11 | 13 if length <= 8 => 0,
            // Observe (draft-ietf-core-observe-04 §2).
            10 if length <= 2 => 0,
            _ => return None,
        };
        rest = behind.get(length..)?;
    }
    rest.is_empty().then_some(text)
}

/// Octets of text in the options of a message that is one from front to end.
fn message(data: &[u8]) -> Option<usize> {
    let (first, code) = (*data.first()?, *data.get(1)?);
    let token = usize::from(first & 0x0f);
    let known =
        matches!(code, 0x00..=0x07 | 0x41..=0x45 | 0x5f | 0x80..=0x86 | 0x88 | 0x8c | 0x8d | 0x8f | 0x96 | 0xa0..=0xa5);
    if first >> 6 != 1 || token > 8 || !known || (code == 0 && data.len() != 4) {
        return None;
    }
    let mut rest = data.get(4 + token..)?;
    let (mut number, mut text) = (0, 0);
    while let Some((head, behind)) = rest.split_first() {
        if *head == 0xff {
            return (!behind.is_empty()).then_some(text);
        }
        let (delta, behind) = extended(head >> 4, behind)?;
        let (length, behind) = extended(head & 0x0f, behind)?;
        number += delta;
        let value = behind.get(..length)?;
        text += option(number, value)?;
        rest = behind.get(length..)?;
    }
    Some(text)
}

/// A nibble that may be continued in one or two octets (§3.1).
fn extended(nibble: u8, rest: &[u8]) -> Option<(usize, &[u8])> {
    match nibble {
        0..=12 => Some((nibble.into(), rest)),
        13 => Some((usize::from(*rest.first()?) + 13, rest.get(1..)?)),
        14 => Some((be16(rest, 0)? + 269, rest.get(2..)?)),
        _ => None,
    }
}

/// Octets of text in an option, where its length is one that it can have (§5.10, and later registrations).
fn option(number: usize, value: &[u8]) -> Option<usize> {
    let most = match number {
        3 | 8 | 11 | 15 | 20 | 35 | 39 => {
            let text = printable(value) && std::str::from_utf8(value).is_ok();
            return (text && value.len() <= 255).then_some(value.len());
        }
        1 | 4 | 9 | 252 | 292 => 40,
        5 => 0,
        6 | 19 | 23 | 27 => 3,
        7 | 12 | 17 | 258 => 2,
        14 | 28 | 60 => 4,
        16 => 1,
        2_048..=65_000 => 16,
        _ => return None,
    };
    (value.len() <= most).then_some(0)
}

/// Question and answer share identifier or token.
fn together(heard: &Heard<'_>) -> Verdict {
    let (id, token) = (at(heard.data, 2, 2), token(heard.data));
    let paired = heard.opposite().filter(|data| message(data).is_some()).any(|data| {
        let request = |data: &[u8]| data.get(1).is_some_and(|code| *code < 0x20);
        request(data) != request(heard.data)
            && at(data, 2, 2) == id
            && (token.is_none_or(|token| token.len() >= 2) && self::token(data) == token)
    });
    if paired { Verdict::Yes } else { Verdict::Maybe }
}

fn token(data: &[u8]) -> Option<&[u8]> {
    at(data, 4, usize::from(data.first()? & 0x0f))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_asks_to_be_told_of_changes() {
        let asked = b"\x44\x01\x12\x34\x72\x16\x33\x2b.well-known\x04core\x10";
        assert_eq!(probe(Side::Src, asked), Verdict::Yes);
    }

    #[test]
    fn options_must_be_known_and_have_their_length() {
        assert_eq!(probe(Side::Src, b"\x40\x01\x12\x34\xb5state"), Verdict::Yes);
        assert_eq!(probe(Side::Src, b"\x40\x01\x12\x34\xa5state"), Verdict::No, "option 10 does not exist");
        assert_eq!(probe(Side::Src, b"\x40\x01\x12\x34\xb6state"), Verdict::No, "an octet is missing");
        assert_eq!(probe(Side::Src, b"\x40\x00\x12\x34"), Verdict::Maybe);
        let early = b"\x43\x01\x12\x34\x72\x16\x33\x2b.well-known\x04core";
        assert_eq!(probe(Side::Src, early), Verdict::Yes, "as drafts had it");
        assert_eq!(probe(Side::Src, &early[..early.len() - 1]), Verdict::No);
    }
}
