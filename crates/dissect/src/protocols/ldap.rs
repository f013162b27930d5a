// SPDX-License-Identifier: Apache-2.0
//! LDAP (RFC 4511 §4.1.1) over streams, and its connectionless form over datagrams: told by its first request or
//! answer. What is searched for is not noted.

use minamo_base::Cursor;

use super::ber;
use crate::{Category, Protocol, Side, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "LDAP",
    title: "Lightweight Directory Access Protocol",
    category: Category::SystemOs,
    spec: &["RFC 4511", "MS-ADTS"],
    ports: &[389, 3268],
    max_state: 4096,
    probe,
    sample: &[(Side::Src, SAMPLE)],
    ..Protocol::BOTH
};

/// A sequence with a message number and an operation that reads well.
fn probe(_: Side, data: &[u8]) -> Verdict {
    match operation(data) {
        Some(true) => Verdict::Yes,
        None if data.len() < 24 && data.first().is_none_or(|tag| *tag == 0x30) => Verdict::Maybe,
        _ => Verdict::No,
    }
}

/// `None` where the input is too short to tell or is something else.
fn operation(data: &[u8]) -> Option<bool> {
    let mut outer = Cursor::new(data);
    let mut cursor = ber::opened(&mut outer, 0x30)?;
    ber::integer(&mut cursor).filter(|id| *id < 1 << 31)?;
    let tag = cursor.peek()?;
    let mut body = ber::opened(&mut cursor, tag)?;
    Some(match tag {
        // Bind: version 2 or 3, a name, an authentication choice (§4.2).
        0x60 => {
            let version = ber::integer(&mut body)?;
            ber::element(&mut body, 0x04)?;
            matches!(version, 2 | 3) && matches!(body.peek()?, 0x80 | 0xa3)
        }
        // Results start with a code and two strings (§4.1.9).
        0x61 | 0x65 | 0x78 => {
            let code = ber::element(&mut body, 0x0a)?;
            ber::element(&mut body, 0x04)?;
            code.left() == 1 && body.peek()? == 0x04
        }
        // Search: base object, scope, dereferencing (§4.5.1).
        0x63 => {
            ber::element(&mut body, 0x04)?;
            let scope = ber::element(&mut body, 0x0a)?;
            let aliases = ber::element(&mut body, 0x0a)?;
            scope.peek()? <= 3 && aliases.peek()? <= 3
        }
        // Entry: a name and attributes (§4.5.2).
        0x64 => {
            ber::element(&mut body, 0x04)?;
            body.peek()? == 0x30
        }
        // Extended request: an object identifier in digits (§4.12).
        0x77 => {
            let name = ber::element(&mut body, 0x80)?.rest();
            name.len() > 4 && name.iter().all(|b| b.is_ascii_digit() || *b == b'.')
        }
        _ => false,
    })
}

const SAMPLE: &[u8] = b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_read_well() {
        assert_eq!(probe(Side::Src, SAMPLE), Verdict::Yes);
        assert_eq!(probe(Side::Src, &SAMPLE[..9]), Verdict::Maybe);
        let search =
            b"\x30\x25\x02\x01\x02\x63\x20\x04\x00\x0a\x01\x00\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00\
        \x87\x0bobjectclass";
        assert_eq!(probe(Side::Src, search), Verdict::Yes);
        assert_eq!(
            probe(Side::Src, b"\x30\x0c\x02\x01\x01\x30\x07\x02\x01\x03\x04\x00\x80\x00 0123456789"),
            Verdict::No
        );
    }
}
