// SPDX-License-Identifier: Apache-2.0
//! Z39.50 (ISO 23950 §4.1): the initialization's tag, and in it protocol version and options as bit strings.

use super::ber;
use super::tell::*;
use minamo_base::Cursor;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Z3950",
    title: "Z39.50",
    category: Category::Network,
    spec: &["ANSI/NISO Z39.50"],
    ports: &[210, 7090, 9999],
    first: First::Of(&[0xb4, 0xb5]),
    probe,
    sample: &[(Side::Src, b"\xb4\x14\x83\x02\x05\xe0\x84\x03\x00\xe9\xa2\x85\x02\x40\x00\x86\x02\x40\x00\x9f\x6e\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let told = data.first().filter(|tag| matches!(tag, 0xb4 | 0xb5)).and_then(|tag| initialization(data, *tag));
    match told {
        Some(told) => yes_if(told),
        None => maybe_if(data.len() < 40 && data.first().is_some_and(|tag| matches!(tag, 0xb4 | 0xb5))),
    }
}

/// A reference may stand in front.
fn initialization(data: &[u8], tag: u8) -> Option<bool> {
    let mut content = ber::opened(&mut Cursor::new(data), tag)?;
    if content.peek() == Some(0x82) {
        ber::element(&mut content, 0x82)?;
    }
    if content.peek()? != 0x83 {
        return Some(false);
    }
    let version = ber::element(&mut content, 0x83)?.left();
    if content.peek()? != 0x84 {
        return Some(false);
    }
    Some((2..=3).contains(&version) && (2..=5).contains(&ber::element(&mut content, 0x84)?.left()))
}
