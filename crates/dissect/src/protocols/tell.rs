// SPDX-License-Identifier: Apache-2.0
//! What the files of protocols that are told by their probe need: the words of a row, numbers at places, and answers.
//! Places beyond the input have no number, so that no comparison with them is true.

pub(super) use super::text::{after, begins, line, mentions, printable};
pub(super) use crate::{Category, First, Heard, Protocol, Side, Verdict};

/// The answer where this input decides.
pub(super) fn yes_if(told: bool) -> Verdict {
    if told { Verdict::Yes } else { Verdict::No }
}

/// The answer where this input can make it possible, and others decide.
pub(super) fn maybe_if(possible: bool) -> Verdict {
    if possible { Verdict::Maybe } else { Verdict::No }
}

/// For a stream: waits for the first `N` octets, which decide.
pub(super) fn head<const N: usize>(data: &[u8], told: impl Fn(&[u8; N]) -> bool) -> Verdict {
    data.first_chunk::<N>().map_or(Verdict::Maybe, |head| yes_if(told(head)))
}

/// For a stream of text: waits for the first line, at most `longest` octets of it, which decides.
pub(super) fn first_line(data: &[u8], longest: usize, told: impl Fn(&[u8]) -> bool) -> Verdict {
    match line(data) {
        Some((line, _)) => yes_if(line.len() <= longest && told(line)),
        None => maybe_if(data.len() <= longest && printable(data.strip_suffix(b"\r").unwrap_or(data))),
    }
}

/// The first of several verdicts that is not a no, the surest first.
pub(super) fn either(one: Verdict, other: Verdict) -> Verdict {
    match (one, other) {
        (Verdict::Yes, _) | (_, Verdict::Yes) => Verdict::Yes,
        (Verdict::No, Verdict::No) => Verdict::No,
        _ => Verdict::Maybe,
    }
}

/// Whether one of `words` stands at the beginning, for a stream that may have brought a part of it only.
pub(super) fn begins_with_any(data: &[u8], words: &[&[u8]]) -> Verdict {
    words.iter().fold(Verdict::No, |verdict, word| either(verdict, begins(data, word)))
}

/// `n` octets at a place.
pub(super) fn at(data: &[u8], at: usize, n: usize) -> Option<&[u8]> {
    data.get(at..at.checked_add(n)?)
}

/// The octet at a place.
pub(super) fn u8_at(data: &[u8], place: usize) -> Option<usize> {
    data.get(place).copied().map(usize::from)
}

fn number(octets: Option<&[u8]>) -> Option<usize> {
    octets.map(|octets| octets.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet)))
}

fn number_le(octets: Option<&[u8]>) -> Option<usize> {
    octets.map(|octets| octets.iter().rev().fold(0, |sum, octet| sum << 8 | usize::from(*octet)))
}

/// Two octets in network order at a place.
pub(super) fn be16(data: &[u8], place: usize) -> Option<usize> {
    number(at(data, place, 2))
}

/// Three octets in network order at a place.
pub(super) fn be24(data: &[u8], place: usize) -> Option<usize> {
    number(at(data, place, 3))
}

/// Four octets in network order at a place.
pub(super) fn be32(data: &[u8], place: usize) -> Option<usize> {
    number(at(data, place, 4))
}

/// Two octets at a place, little endian.
pub(super) fn le16(data: &[u8], place: usize) -> Option<usize> {
    number_le(at(data, place, 2))
}

/// Three octets at a place, little endian.
pub(super) fn le24(data: &[u8], place: usize) -> Option<usize> {
    number_le(at(data, place, 3))
}

/// Four octets at a place, little endian.
pub(super) fn le32(data: &[u8], place: usize) -> Option<usize> {
    number_le(at(data, place, 4))
}

/// True where all octets from a place on, `n` of them, are zero.
pub(super) fn zero(data: &[u8], place: usize, n: usize) -> bool {
    at(data, place, n).is_some_and(|octets| octets.iter().all(|octet| *octet == 0))
}

/// True where the number is there and lies within the bounds.
pub(super) fn within(number: Option<usize>, low: usize, high: usize) -> bool {
    number.is_some_and(|number| (low..=high).contains(&number))
}

/// True for text of visible ASCII, at least one octet of it.
pub(super) fn graphic(data: &[u8]) -> bool {
    !data.is_empty() && data.iter().all(u8::is_ascii_graphic)
}

/// True where `part` stands anywhere in `data`, exactly.
pub(super) fn contains(data: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(data, part).is_some()
}

/// True where elements, each with its length in it, fill `data` exactly. `length` says how long the next one is as a
/// whole; more than `most` are not walked.
pub(super) fn fills(data: &[u8], most: usize, length: impl Fn(&[u8]) -> Option<usize>) -> bool {
    let mut rest = data;
    for _ in 0..most {
        match length(rest).filter(|n| *n > 0).and_then(|n| rest.get(n..)) {
            Some([]) => return true,
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_beyond_the_input_compare_with_nothing() {
        assert_eq!(
            (be16(b"\x01\x02", 0), be16(b"\x01\x02", 1), le16(b"\x01\x02", 0)),
            (Some(0x102), None, Some(0x201))
        );
        assert!(!within(be32(b"\x00", 0), 0, 9) && !zero(b"\x00", 0, 2) && !graphic(b""));
        assert_eq!(at(b"ab", usize::MAX, 2), None);
    }

    #[test]
    fn elements_fill_exactly() {
        let octet = |rest: &[u8]| rest.first().map(|n| usize::from(*n));
        assert!(fills(b"\x02x\x01", 4, octet));
        assert!(!fills(b"\x02x\x02", 4, octet) && !fills(b"\x01\x01", 1, octet) && !fills(b"\x00", 4, octet));
    }

    #[test]
    fn lines_wait_for_their_end() {
        assert_eq!(first_line(b"abc", 9, |_| true), Verdict::Maybe);
        assert_eq!(first_line(b"abc\r\n", 9, |line| line == b"abc"), Verdict::Yes);
        assert_eq!(first_line(b"a\x01", 9, |_| true), Verdict::No);
    }
}
