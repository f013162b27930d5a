// SPDX-License-Identifier: Apache-2.0
//! How one input holds several pieces: each begins with an octet that means something to the target, and its length
//! in two octets. A length beyond the end takes what is there, so that every input is pieces and a flipped octet
//! moves a boundary.

/// The next piece and its first octet; nothing at the end.
pub(crate) fn next<'a>(rest: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&[mark, high, low], tail) = rest.split_first_chunk::<3>()?;
    let length = usize::from(u16::from_be_bytes([high, low])).min(tail.len());
    let (piece, tail) = tail.split_at(length);
    *rest = tail;
    Some((mark, piece))
}

/// Adds a piece; what is longer than a length can say is cut.
pub(crate) fn push(out: &mut Vec<u8>, mark: u8, piece: &[u8]) {
    let length = u16::try_from(piece.len()).unwrap_or(u16::MAX);
    out.push(mark);
    out.extend(length.to_be_bytes());
    out.extend(piece.iter().take(length.into()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_back() {
        let mut octets = Vec::new();
        push(&mut octets, 7, b"first");
        push(&mut octets, 0, b"");
        push(&mut octets, 9, b"last");
        octets.truncate(octets.len() - 1);
        let mut rest = octets.as_slice();
        let found: Vec<_> = std::iter::from_fn(|| next(&mut rest)).collect();
        assert_eq!(found, [(7, b"first".as_slice()), (0, b""), (9, b"las")]);
    }
}
