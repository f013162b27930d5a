// SPDX-License-Identifier: Apache-2.0
//! Octets that arrive in pieces at stated offsets: fragments of a DTLS handshake message (RFC 9147 §5.5),
//! CRYPTO frames of QUIC (RFC 9000 §19.6). Bounded in octets and in pieces.

/// Most pieces that stand apart from each other at a time.
const MAX_PIECES: usize = 64;

/// A run of octets under assembly.
#[derive(Debug, Default)]
pub(crate) struct Assembly {
    octets: Vec<u8>,
    /// What is there, as sorted ranges that do not touch.
    pieces: Vec<(usize, usize)>,
}

impl Assembly {
    /// Puts a piece in its place; false where it lies beyond `bound` or there are too many pieces.
    pub(crate) fn put(&mut self, at: usize, piece: &[u8], bound: usize) -> bool {
        let end = at.saturating_add(piece.len());
        if end > bound || self.pieces.len() >= MAX_PIECES {
            return false;
        }
        if piece.is_empty() {
            return true;
        }
        if self.octets.len() < end {
            self.octets.resize(end, 0);
        }
        if let Some(place) = self.octets.get_mut(at..end) {
            place.copy_from_slice(piece);
        }
        self.note(at, end);
        true
    }

    fn note(&mut self, mut from: usize, mut to: usize) {
        self.pieces.retain(|&(a, b)| {
            let apart = b < from || a > to;
            if !apart {
                from = from.min(a);
                to = to.max(b);
            }
            apart
        });
        let place = self.pieces.partition_point(|&(a, _)| a < from);
        self.pieces.insert(place, (from, to));
    }

    /// What is there without a hole from the start on.
    pub(crate) fn prefix(&self) -> &[u8] {
        match self.pieces.first() {
            Some(&(0, end)) => self.octets.get(..end).unwrap_or_default(),
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_in_any_order_give_the_whole() {
        let mut assembly = Assembly::default();
        assert!(assembly.put(4, b"ef", 16));
        assert_eq!(assembly.prefix(), b"");
        assert!(assembly.put(0, b"ab", 16));
        assert_eq!(assembly.prefix(), b"ab");
        assert!(assembly.put(1, b"bcd", 16));
        assert_eq!(assembly.prefix(), b"abcdef");
        assert!(!assembly.put(usize::MAX, b"x", 16), "beyond the bound");
    }

    #[test]
    fn the_number_of_pieces_is_bounded() {
        let mut assembly = Assembly::default();
        for at in 0..1_000 {
            assembly.put(at * 2 + 1, b"x", 4_096);
        }
        assert!(assembly.pieces.len() <= MAX_PIECES);
    }
}
