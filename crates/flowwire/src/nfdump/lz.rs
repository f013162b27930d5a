// SPDX-License-Identifier: Apache-2.0
//! LZ4 blocks (LZ4 Block Format Description) and LZO1X streams (as the kernel's documentation describes them) of
//! untrusted octets: both copy from what came out before, and neither says how much will. Checked at each step, and
//! never longer than the caller allows.

/// What came out so far.
struct Window<'a> {
    out: &'a mut Vec<u8>,
    max: usize,
}

impl Window<'_> {
    fn literals(&mut self, octets: &[u8]) -> Option<()> {
        (octets.len() <= self.max - self.out.len()).then(|| self.out.extend_from_slice(octets))
    }

    /// Repeats `len` octets that begin `distance` before the end; they may overlap with what they make.
    fn copy(&mut self, distance: usize, len: usize) -> Option<()> {
        if distance == 0 || distance > self.out.len() || len > self.max - self.out.len() {
            return None;
        }
        let mut left = len;
        while left > 0 {
            let from = self.out.len() - distance;
            let now = left.min(distance);
            self.out.extend_from_within(from..from + now);
            left -= now;
        }
        Some(())
    }
}

/// What is left of the input.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn octet(&mut self) -> Option<usize> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(usize::from(*first))
    }

    fn pair(&mut self) -> Option<usize> {
        Some(self.octet()? | self.octet()? << 8)
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }
}

/// Unpacks an LZ4 block into `out`, which is emptied first; nothing where it breaks the format or is longer than `max`.
pub(super) fn lz4(packed: &[u8], out: &mut Vec<u8>, max: usize) -> Option<()> {
    out.clear();
    let (mut input, mut window) = (Input(packed), Window { out, max });
    loop {
        let token = input.octet()?;
        let literals = lz4_length(token >> 4, &mut input)?;
        window.literals(input.take(literals)?)?;
        // The last sequence has literals only.
        if input.0.is_empty() {
            return Some(());
        }
        let distance = input.pair()?;
        let len = lz4_length(token & 15, &mut input)?.checked_add(4)?;
        window.copy(distance, len)?;
    }
}

/// A length of four bits goes on in octets while they are 255.
fn lz4_length(short: usize, input: &mut Input<'_>) -> Option<usize> {
    let mut len = short;
    if short == 15 {
        loop {
            let more = input.octet()?;
            len = len.checked_add(more)?;
            if more != 255 {
                break;
            }
        }
    }
    Some(len)
}

/// Unpacks an LZO1X stream into `out`, which is emptied first; nothing where it breaks the format or is longer than
/// `max`.
pub(super) fn lzo(packed: &[u8], out: &mut Vec<u8>, max: usize) -> Option<()> {
    out.clear();
    let (mut input, mut window) = (Input(packed), Window { out, max });
    // Literals that the instruction before brought: 0, 1 to 3 with a copy, 4 for a run.
    let mut state = 0;
    if let Some(run) = input.0.first().and_then(|first| first.checked_sub(17)).filter(|run| *run > 0) {
        input.octet()?;
        window.literals(input.take(run.into())?)?;
        state = run.min(4);
    }
    loop {
        let code = input.octet()?;
        let (distance, len, literals) = match code {
            0..=15 if state == 0 => {
                let run = lzo_length(code, 15, &mut input)?.checked_add(3)?;
                window.literals(input.take(run)?)?;
                state = 4;
                continue;
            }
            0..=15 => {
                let near = (input.octet()? << 2) + (code >> 2);
                if state == 4 { (near + 2_049, 3, code) } else { (near + 1, 2, code) }
            }
            16..=31 => {
                let len = lzo_length(code & 7, 7, &mut input)?.checked_add(2)?;
                let pair = input.pair()?;
                let distance = 16_384 + ((code & 8) << 11) + (pair >> 2);
                if distance == 16_384 {
                    // The end, which nothing follows.
                    return (len == 3 && input.0.is_empty()).then_some(());
                }
                (distance, len, pair)
            }
            32..=63 => {
                let len = lzo_length(code & 31, 31, &mut input)?.checked_add(2)?;
                let pair = input.pair()?;
                ((pair >> 2) + 1, len, pair)
            }
            64..=127 => ((input.octet()? << 3) + ((code >> 2) & 7) + 1, 3 + ((code >> 5) & 1), code),
            _ => ((input.octet()? << 3) + ((code >> 2) & 7) + 1, 5 + ((code >> 5) & 3), code),
        };
        window.copy(distance, len)?;
        window.literals(input.take(literals & 3)?)?;
        state = (literals & 3) as u8;
    }
}

/// A length of 0 goes on: 255 for each octet of 0, and the first other one.
fn lzo_length(short: usize, base: usize, input: &mut Input<'_>) -> Option<usize> {
    if short > 0 {
        return Some(short);
    }
    let mut len = base;
    loop {
        match input.octet()? {
            0 => len = len.checked_add(255)?,
            last => return len.checked_add(last),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Literals only, as an encoder without a search would write them.
    fn lz4_literals(octets: &[u8]) -> Vec<u8> {
        let mut out = vec![(octets.len().min(15) as u8) << 4];
        if let Some(mut more) = octets.len().checked_sub(15) {
            while more >= 255 {
                out.push(255);
                more -= 255;
            }
            out.push(more as u8);
        }
        out.extend(octets);
        out
    }

    #[test]
    fn lz4_repeats_what_overlaps() {
        let mut out = Vec::new();
        // "ab", then 9 octets from 2 before, then "end" alone.
        let packed = [0x25, b'a', b'b', 2, 0, 0x30, b'e', b'n', b'd'];
        assert_eq!(lz4(&packed, &mut out, 64), Some(()));
        assert_eq!(out, b"abababababaend");
        assert_eq!(lz4(&packed, &mut out, 13), None, "not longer than allowed");
        assert_eq!(lz4(&[0x10, b'a', 2, 0, 0], &mut out, 64), None, "nothing is so far back");
        assert_eq!(lz4(&[0x10, b'a', 0, 0, 0], &mut out, 64), None);
    }

    #[test]
    fn lzo_has_each_kind_of_copy_and_an_end() {
        let mut out = Vec::new();
        let end = [17, 0, 0];
        let packed = |body: &[u8]| [body, &end].concat();
        assert_eq!(lzo(&packed(&[17 + 4, b'a', b'b', b'c', b'd']), &mut out, 64), Some(()));
        assert_eq!(out, b"abcd");
        // 3 octets from 4 before with one literal, then 2 from 1 before, as only a short run allows.
        let body = [17 + 4, b'a', b'b', b'c', b'd', 64 | 3 << 2 | 1, 0, b'x', 0, 0];
        assert_eq!(lzo(&packed(&body), &mut out, 64), Some(()));
        assert_eq!(out, b"abcdabcxxx");
        // 33 octets from 1 before: a length that goes on would begin at 34.
        assert_eq!(lzo(&packed(&[18, b'a', 63, 0, 0]), &mut out, 64), Some(()));
        assert_eq!(out, vec![b'a'; 34]);
        assert_eq!(lzo(&packed(&[18, b'a', 32, 5, 0, 0]), &mut out, 64), Some(()));
        assert_eq!(out.len(), 1 + 2 + 31 + 5);
        assert_eq!(lzo(&[18, b'a', 17, 0], &mut out, 64), None, "the end is cut");
        assert_eq!(lzo(&packed(&[18, b'a', 63, 0, 0]), &mut out, 33), None);
        assert_eq!(lzo(&packed(&[18, b'a', 63, 4, 0]), &mut out, 64), None, "nothing is so far back");
    }

    proptest! {
        #[test]
        fn literals_come_out_as_they_went_in(octets in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            let mut out = Vec::new();
            prop_assert_eq!(lz4(&lz4_literals(&octets), &mut out, 2_000), Some(()));
            prop_assert_eq!(out, octets);
        }

        #[test]
        fn no_octets_make_more_than_allowed(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut out = Vec::new();
            for unpack in [lz4, lzo] {
                let _: Option<()> = unpack(&octets, &mut out, 500);
                prop_assert!(out.len() <= 500);
            }
        }
    }
}
