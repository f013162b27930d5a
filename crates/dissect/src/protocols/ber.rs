// SPDX-License-Identifier: Apache-2.0
//! Elements of BER (ITU-T X.690 §8.1), as far as probes need them: definite lengths, no allocation.

use minamo_base::Cursor;

/// The tag's element: its content, as far as it came where `cut` is true.
fn content<'a>(cursor: &mut Cursor<'a>, tag: u8, cut: bool) -> Option<Cursor<'a>> {
    if cursor.u8("ber.tag").ok()? != tag {
        return None;
    }
    let first = cursor.u8("ber.length").ok()?;
    let mut length = usize::from(first);
    if first >= 0x80 {
        length = 0;
        if !(0x81..=0x84).contains(&first) {
            return None;
        }
        for _ in 0..first & 0x7f {
            length = length << 8 | usize::from(cursor.u8("ber.length").ok()?);
        }
    }
    let length = if cut { length.min(cursor.left()) } else { length };
    cursor.sub(length, "ber.content").ok()
}

/// The content of an element with this tag.
pub(super) fn element<'a>(cursor: &mut Cursor<'a>, tag: u8) -> Option<Cursor<'a>> {
    content(cursor, tag, false)
}

/// The same for an element that may be cut at the end of the input.
pub(super) fn opened<'a>(cursor: &mut Cursor<'a>, tag: u8) -> Option<Cursor<'a>> {
    content(cursor, tag, true)
}

/// A small INTEGER that is not negative.
pub(super) fn integer(cursor: &mut Cursor<'_>) -> Option<u64> {
    let value = element(cursor, 0x02)?.rest();
    if value.is_empty() || value.len() > 8 || value.first()? & 0x80 != 0 {
        return None;
    }
    Some(value.iter().fold(0, |sum, octet| sum << 8 | u64::from(*octet)))
}

/// An element made of parts, for tests.
#[cfg(test)]
pub(super) fn built(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    let body = parts.concat();
    let length = u16::try_from(body.len()).expect("short").to_be_bytes();
    let head = if body.len() < 0x80 { vec![tag, length[1]] } else { vec![tag, 0x82, length[0], length[1]] };
    [head, body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_bounded() {
        assert_eq!(integer(&mut Cursor::new(&[2, 2, 1, 0])), Some(256));
        assert_eq!(integer(&mut Cursor::new(&[2, 0x81, 1, 7])), Some(7));
        assert!(element(&mut Cursor::new(&[0x30, 5, 1]), 0x30).is_none());
        assert_eq!(opened(&mut Cursor::new(&[0x30, 5, 1]), 0x30).map(|c| c.left()), Some(1));
    }
}
