// SPDX-License-Identifier: Apache-2.0
//! ANSI C12.22 (ANSI C12.22-2012 §5): an ACSE unit over the whole datagram, whose elements name called and calling
//! ends.

use super::ber;
use super::tell::*;
use minamo_base::Cursor;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "ANSI_C1222",
    title: "ANSI C12.22",
    category: Category::IotScada,
    spec: &["ANSI C12.22-2012", "RFC 6142"],
    ports: &[1153],
    first: First::Of(&[0x60]),
    probe,
    sample: &[(
        Side::Src,
        b"\x60\x1a\xa2\x05\x06\x03\x60\x7c\x01\xa4\x03\x02\x01\x07\xa6\x05\x06\x03\x60\x7c\x02\xbe\x05\x28\
        \x03\x81\x01\x00",
    )],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.len() < 12 {
        return maybe_if(data.first() == Some(&0x60));
    }
    let length = match data {
        [_, 0x81, length, ..] => 3 + usize::from(*length),
        [_, 0x82, ..] => 4 + be16(data, 2).unwrap_or_default(),
        [_, length, ..] => 2 + usize::from(*length),
        _ => 0,
    };
    if data.len() < length {
        return maybe_if(length <= 1_500);
    }
    yes_if(unit(data).is_some_and(|(named, user)| named >= 2 && user))
}

/// How many elements of names and numbers there are, and whether user information follows them (ISO 8650).
fn unit(data: &[u8]) -> Option<(usize, bool)> {
    let mut content = ber::opened(&mut Cursor::new(data), 0x60)?;
    let mut named = 0;
    while let Some(tag) = content.peek() {
        match tag {
            0xa2 | 0xa4 | 0xa6 | 0xa7 | 0xa8 | 0xac => named += 1,
            0xa1 | 0x80 | 0x8b => {}
            0xbe => return Some((named, true)),
            _ => return None,
        }
        ber::element(&mut content, tag)?;
    }
    Some((named, false))
}
