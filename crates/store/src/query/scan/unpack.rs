// SPDX-License-Identifier: Apache-2.0
//! How numbers lie in a page of Parquet (<https://parquet.apache.org/docs/file-format/data-pages/encodings/>):
//! runs and packed bits of codes, octets split by their place.

use std::ops::Range;

/// Octets that eight numbers of up to 32 bits lie in, and as many more as one load may reach.
const WINDOW: usize = 40;

/// The `count` codes of a page: one octet of width, then runs of one code and of packed ones in turn (Parquet's
/// RLE/bit-packing hybrid). Nothing where the octets are too few or say something impossible.
pub(super) fn codes(octets: &[u8], count: usize, out: &mut Vec<u32>) -> Option<()> {
    out.clear();
    out.reserve(count);
    let (width, mut rest) = octets.split_first()?;
    if *width > 32 {
        return None;
    }
    while out.len() < count {
        let left = count - out.len();
        let (header, after) = varint(rest)?;
        let (length, packed) = (usize::try_from(header >> 1).ok()?, header & 1 == 1);
        if packed {
            let octets = length.checked_mul(usize::from(*width))?;
            // Some writers leave out what is behind the last code.
            let octets = octets.min((left.checked_mul(usize::from(*width))?).div_ceil(8));
            let (octets, after) = after.split_at_checked(octets)?;
            unpack(octets, *width, length.saturating_mul(8).min(left), out);
            rest = after;
        } else {
            let (code, after) = after.split_at_checked(usize::from(width.div_ceil(8)))?;
            let code = code.iter().rev().fold(0, |code, octet| code << 8 | u32::from(*octet));
            out.resize(out.len() + length.min(left), code);
            rest = after;
        }
    }
    Some(())
}

/// A number of seven bits an octet, the lowest first.
fn varint(octets: &[u8]) -> Option<(u64, &[u8])> {
    let end = octets.iter().take(10).position(|octet| octet & 0x80 == 0)?;
    let (number, rest) = octets.split_at_checked(end + 1)?;
    Some((number.iter().rev().fold(0, |number, octet| number << 7 | u64::from(octet & 0x7f)), rest))
}

fn unpack(octets: &[u8], width: u8, count: usize, out: &mut Vec<u32>) {
    macro_rules! of_width {
        ($($width:literal)*) => {
            match width {
                $($width => eights::<$width>(octets, count, out),)*
                _ => out.resize(out.len() + count, 0),
            }
        };
    }
    of_width!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32);
}

/// Numbers of `WIDTH` bits: eight at a time lie in whole octets. What is missing at the end is zero.
fn eights<const WIDTH: usize>(octets: &[u8], count: usize, out: &mut Vec<u32>) {
    let first = out.len();
    out.resize(first + count, 0);
    let (eights, last) = out.get_mut(first..).unwrap_or_default().as_chunks_mut::<8>();
    let mut rest = octets;
    for eight in eights {
        *eight = match rest.first_chunk::<WINDOW>() {
            Some(window) => eight_of::<WIDTH>(window),
            None => eight_of::<WIDTH>(&padded(rest)),
        };
        rest = rest.get(WIDTH..).unwrap_or_default();
    }
    last.iter_mut().zip(eight_of::<WIDTH>(&padded(rest))).for_each(|(to, from)| *to = from);
}

fn padded(octets: &[u8]) -> [u8; WINDOW] {
    let mut window = [0; WINDOW];
    window.iter_mut().zip(octets).for_each(|(to, from)| *to = *from);
    window
}

#[inline(always)]
fn eight_of<const WIDTH: usize>(window: &[u8; WINDOW]) -> [u32; 8] {
    [
        one_of::<WIDTH, 0>(window),
        one_of::<WIDTH, 1>(window),
        one_of::<WIDTH, 2>(window),
        one_of::<WIDTH, 3>(window),
        one_of::<WIDTH, 4>(window),
        one_of::<WIDTH, 5>(window),
        one_of::<WIDTH, 6>(window),
        one_of::<WIDTH, 7>(window),
    ]
}

/// Number `AT`: where its bits lie is known to the compiler.
#[inline(always)]
fn one_of<const WIDTH: usize, const AT: usize>(window: &[u8; WINDOW]) -> u32 {
    let (octet, bit) = const { (WIDTH * AT / 8, WIDTH * AT % 8) };
    let word = window.get(octet..octet + 8).and_then(|word| word.try_into().ok()).map_or(0, u64::from_le_bytes);
    u32::try_from(word >> bit & const { u64::MAX >> (64 - WIDTH) }).unwrap_or(0)
}

/// Numbers of 32 bits whose octets are split by place: all first ones, all second ones and so on
/// (`BYTE_STREAM_SPLIT`), of these rows.
pub(super) fn split_32(octets: &[u8], rows: &Range<usize>) -> Option<impl ExactSizeIterator<Item = u32>> {
    let [a, b, c, d] = places::<4>(octets, rows)?;
    Some(a.iter().zip(b).zip(c).zip(d).map(|(((a, b), c), d)| u32::from_le_bytes([*a, *b, *c, *d])))
}

/// The same of 64 bits.
pub(super) fn split_64(octets: &[u8], rows: &Range<usize>) -> Option<impl ExactSizeIterator<Item = u64>> {
    let (low, high) = octets.split_at_checked(octets.len() / 2)?;
    let of = |half| split_32(half, rows);
    Some(of(low)?.zip(of(high)?).map(|(low, high)| u64::from(low) | u64::from(high) << 32))
}

fn places<'a, const N: usize>(octets: &'a [u8], rows: &Range<usize>) -> Option<[&'a [u8]; N]> {
    let count = octets.len() / N;
    if count * N != octets.len() {
        return None;
    }
    let mut out = [&[][..]; N];
    for (at, place) in out.iter_mut().enumerate() {
        *place = octets.get(at * count..(at + 1) * count)?.get(rows.clone())?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A well-mixed number (the finalizer of SplitMix64).
    fn mix(n: u64) -> u64 {
        let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ (n >> 31)
    }

    fn header(mut number: u64, out: &mut Vec<u8>) {
        while number >= 0x80 {
            out.push((number as u8 & 0x7f) | 0x80);
            number >>= 7;
        }
        out.push(number as u8);
    }

    /// Codes as runs where many are equal and packed bits elsewhere.
    fn packed(codes: &[u32], width: u8) -> Vec<u8> {
        let mut out = vec![width];
        for part in codes.chunks(24) {
            if part.iter().all(|code| *code == part[0]) {
                header((part.len() as u64) << 1, &mut out);
                out.extend(&part[0].to_le_bytes()[..usize::from(width.div_ceil(8))]);
                continue;
            }
            let groups = part.len().div_ceil(8);
            header((groups as u64) << 1 | 1, &mut out);
            let mut bits = vec![0_u8; groups * usize::from(width)];
            for (at, code) in part.iter().enumerate() {
                for bit in (0..usize::from(width)).filter(|bit| code >> bit & 1 == 1) {
                    let place = at * usize::from(width) + bit;
                    bits[place / 8] |= 1 << (place % 8);
                }
            }
            out.extend(bits);
        }
        out
    }

    #[test]
    fn codes_of_every_width_come_back() {
        for width in 1..=32_u8 {
            for count in [0, 1, 7, 8, 9, 64, 1_000] {
                let mask = u32::MAX >> (32 - u32::from(width));
                let code = |n: u64| {
                    if (n / 24).is_multiple_of(3) { mask / 3 } else { mix(n + u64::from(width)) as u32 & mask }
                };
                let codes: Vec<u32> = (0..count).map(code).collect();
                let octets = packed(&codes, width);
                let mut found = vec![99];
                assert_eq!(super::codes(&octets, codes.len(), &mut found), Some(()), "{width} bits, {count}");
                assert_eq!(found, codes, "{width} bits, {count}");
                // What is behind the last code may be left out, a code itself may not.
                if count == 9 && codes.iter().any(|code| *code != codes[0]) {
                    let needed = octets.len() - 2 * usize::from(width) + (9 * usize::from(width)).div_ceil(8);
                    assert_eq!(super::codes(&octets[..needed], 9, &mut found), Some(()));
                    assert_eq!(found, codes, "{width} bits, cut");
                    assert_eq!(super::codes(&octets[..needed - 1], 9, &mut found), None);
                }
            }
        }
    }

    #[test]
    fn no_octets_make_codes_fail_or_run_long() {
        let mut found = Vec::new();
        for n in 0..20_000_u64 {
            let octets: Vec<u8> = (0..n % 40).map(|at| mix(n << 8 | at) as u8 >> (n % 7)).collect();
            if codes(&octets, 100, &mut found).is_some() {
                assert_eq!(found.len(), 100, "{octets:?}");
            }
            assert!(found.len() <= 100);
        }
        assert_eq!(codes(&[33, 2, 0, 0, 0, 0, 0], 1, &mut found), None, "a width beyond 32");
        assert_eq!(codes(&[8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], 1, &mut found), None);
        assert_eq!(codes(&[0, 20], 10, &mut found), Some(()), "one value takes no bits");
        assert_eq!(found, [0; 10]);
    }

    #[test]
    fn split_octets_are_joined() {
        let numbers: Vec<u64> = (0..100).map(mix).collect();
        let split = |size: usize| -> Vec<u8> {
            (0..size).flat_map(|place| numbers.iter().map(move |n| n.to_le_bytes()[place])).collect()
        };
        let (of_32, of_64) = (split(4), split(8));
        for rows in [0..100, 3..17, 99..100, 5..5] {
            let small: Vec<u32> = split_32(&of_32, &rows).expect("numbers").collect();
            assert_eq!(small, numbers[rows.clone()].iter().map(|n| *n as u32).collect::<Vec<_>>());
            let large: Vec<u64> = split_64(&of_64, &rows).expect("numbers").collect();
            assert_eq!(large, numbers[rows].to_vec());
        }
        assert!(split_32(&of_32, &(0..101)).is_none() && split_32(&of_32[1..], &(0..1)).is_none());
    }
}
