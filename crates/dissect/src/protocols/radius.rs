// SPDX-License-Identifier: Apache-2.0
//! RADIUS (RFC 2865 §3, RFC 2866): told by its code, its length, and attributes that fill it exactly.

use minamo_base::{Cursor, WireError};

use crate::{Category, Protocol, Side, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Radius",
    title: "Remote Authentication Dial-In User Service",
    category: Category::Network,
    spec: &["RFC 2865", "RFC 2866", "RFC 5176"],
    ports: &[1812, 1813, 1645, 1646],
    max_state: 64,
    probe,
    on_port: Some(|_, data| has_form(data)),
    sample: &[(Side::Src, b"\x01\x07\x00\x1c0123456789abcdef\x01\x04me\x02\x04pw")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if message(data).is_ok_and(|good| good) { Verdict::Yes } else { Verdict::No }
}

/// Whether this can be a damaged message: the length is the datagram's, and the code is one or two attributes can be.
fn has_form(data: &[u8]) -> bool {
    let [code, _, high, low, rest @ ..] = data else { return false };
    let length = usize::from(u16::from_be_bytes([*high, *low])) == data.len();
    let attributes = rest.get(16..).unwrap_or_default();
    let behind = |attributes: &[u8]| match attributes {
        [1..=191, length @ 2..=255, ..] if usize::from(*length) <= attributes.len() => Some(usize::from(*length)),
        _ => None,
    };
    let first = behind(attributes);
    let two = first.and_then(|first| behind(attributes.get(first..)?)).is_some();
    length && first.is_some() && (matches!(code, 1..=5 | 11 | 40..=45) || two)
}

/// At least one attribute, so that chance does not fill the length.
fn message(data: &[u8]) -> Result<bool, WireError> {
    let mut cursor = Cursor::new(data);
    let code = cursor.u8("radius.code")?;
    cursor.skip(1, "radius.identifier")?;
    let length = usize::from(cursor.u16("radius.length")?);
    cursor.skip(16, "radius.authenticator")?;
    if !matches!(code, 1..=5 | 11 | 40..=45) || length != data.len() || length > 4_096 {
        return Ok(false);
    }
    let mut count = 0;
    while !cursor.is_empty() {
        let kind = cursor.u8("radius.attribute")?;
        let length = usize::from(cursor.u8("radius.attribute_length")?);
        if kind == 0 || length < 2 {
            return Ok(false);
        }
        cursor.skip(length - 2, "radius.attribute")?;
        count += 1;
    }
    Ok(count >= 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_fill_the_length() {
        let mut message = PROTOCOL.sample[0].1.to_vec();
        assert_eq!(probe(Side::Src, &message), Verdict::Yes);
        message[21] = 5;
        assert_eq!(probe(Side::Src, &message), Verdict::No);
    }
}
