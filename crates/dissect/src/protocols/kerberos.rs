// SPDX-License-Identifier: Apache-2.0
//! Kerberos 5 (RFC 4120 §5, §7.2): messages over datagrams, and over streams with a length of four octets in front.
//! Names and realms are not noted.

use minamo_base::Cursor;

use super::ber;
use crate::{Category, Protocol, Side, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Kerberos",
    title: "Kerberos 5",
    category: Category::Network,
    spec: &["RFC 4120"],
    ports: &[88, 464],
    max_state: 4096,
    probe,
    sample: &[(Side::Src, SAMPLE)],
    ..Protocol::BOTH
};

/// An application tag whose sequence holds the version, 5, and the message type that goes with the tag.
fn is_message(data: &[u8]) -> bool {
    let Some(tag) = data.first().copied() else { return false };
    // AS-REQ to KRB-CRED and KRB-ERROR: [APPLICATION n] with n the message type (§5.10).
    let kind = tag & 0x1f;
    if tag & 0xe0 != 0x60 || !matches!(kind, 10..=15 | 20..=22 | 30) {
        return false;
    }
    let mut cursor = Cursor::new(data);
    let Some(mut application) = ber::opened(&mut cursor, tag) else { return false };
    let Some(mut fields) = ber::opened(&mut application, 0x30) else { return false };
    // Requests to the key server number their fields from 1, all others from 0.
    let first = if matches!(kind, 10 | 12) { 0xa1 } else { 0xa0 };
    let mut numbered = |tag| ber::element(&mut fields, tag).and_then(|mut field| ber::integer(&mut field));
    numbered(first) == Some(5) && numbered(first + 1) == Some(kind.into())
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    if is_message(data) {
        return Verdict::Yes;
    }
    match data {
        [0, high, _, _, message @ ..] if *high < 2 && is_message(message) => Verdict::Yes,
        [0, high, _, _, message @ ..] if *high < 2 && message.len() < 24 => match message.first() {
            Some(tag) if tag & 0xe0 != 0x60 => Verdict::No,
            _ => Verdict::Maybe,
        },
        [] | [0] | [0, _] | [0, _, _] => Verdict::Maybe,
        _ => Verdict::No,
    }
}

const SAMPLE: &[u8] = b"\x6a\x0e\x30\x0c\xa1\x03\x02\x01\x05\xa2\x03\x02\x01\x0a\xa3\x00";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_and_tag_must_agree() {
        assert_eq!(probe(Side::Src, SAMPLE), Verdict::Yes);
        assert_eq!(probe(Side::Src, &[&[0, 0, 0, 16], SAMPLE].concat()), Verdict::Yes);
        let mut other = SAMPLE.to_vec();
        other[13] = 12;
        assert_eq!(probe(Side::Src, &other), Verdict::No);
    }
}
