// SPDX-License-Identifier: Apache-2.0
//! Short ASCII text that is built without an allocation and without the machinery of formats: addresses and times are
//! written a million times.

/// Text of at most `N` letters; what does not fit is left out.
pub(crate) struct Letters<const N: usize> {
    octets: [u8; N],
    count: usize,
}

impl<const N: usize> Letters<N> {
    pub(crate) fn new() -> Self {
        Self { octets: [0; N], count: 0 }
    }

    /// Appends one ASCII letter.
    pub(crate) fn push(&mut self, letter: u8) {
        if let Some(place) = self.octets.get_mut(self.count).filter(|_| letter.is_ascii()) {
            *place = letter;
            self.count += 1;
        }
    }

    /// Appends a number with at least `width` digits.
    pub(crate) fn number(&mut self, number: u64, width: usize) {
        let mut digits = [b'0'; 20];
        let (mut rest, mut count) = (number, 0);
        for place in digits.iter_mut().rev() {
            *place = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            (rest, count) = (rest / 10, count + 1);
            if rest == 0 && count >= width {
                break;
            }
        }
        let digits = digits.get(digits.len() - count..).unwrap_or_default();
        match self.octets.get_mut(self.count..self.count + count) {
            Some(place) => {
                place.copy_from_slice(digits);
                self.count += count;
            }
            None => digits.iter().for_each(|digit| self.push(*digit)),
        }
    }

    /// Appends an octet as two hexadecimal digits.
    pub(crate) fn hex(&mut self, octet: u8) {
        for half in [octet >> 4, octet & 15] {
            self.push(if half < 10 { b'0' + half } else { b'a' + half - 10 });
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(self.octets.get(..self.count).unwrap_or_default()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_formats_make_of_them() {
        for (number, width) in [(0, 0), (0, 3), (7, 2), (1_234, 2), (u64::MAX, 9), (10, 9)] {
            let mut letters = Letters::<24>::new();
            letters.number(number, width);
            assert_eq!(letters.as_str(), format!("{number:0width$}"));
        }
        let mut letters = Letters::<4>::new();
        [0, 0xa9, 0xff].into_iter().for_each(|octet| letters.hex(octet));
        letters.push(b'x');
        assert_eq!(letters.as_str(), "00a9", "what does not fit is left out");
    }
}
