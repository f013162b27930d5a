// SPDX-License-Identifier: Apache-2.0
//! Short ASCII text that is built without an allocation and without the machinery of formats: addresses and times are
//! written a million times.

/// What is written a million times, as text without the machinery of formats.
pub trait Written {
    /// Appends its text: what [`Display`](std::fmt::Display) gives, in ASCII.
    fn push_to(&self, out: &mut Vec<u8>);
}

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

    /// Appends some ASCII letters.
    fn extend(&mut self, letters: &[u8]) {
        match self.octets.get_mut(self.count..self.count + letters.len()) {
            Some(place) => {
                place.copy_from_slice(letters);
                self.count += letters.len();
            }
            None => letters.iter().for_each(|letter| self.push(*letter)),
        }
    }

    /// Appends a number.
    #[inline]
    pub(crate) fn number(&mut self, number: u64) {
        self.extend(itoa::Buffer::new().format(number).as_bytes());
    }

    /// Appends a number with exactly `WIDTH` digits: the lowest ones of a longer one.
    #[inline]
    pub(crate) fn padded<const WIDTH: usize>(&mut self, number: u32) {
        let (mut digits, mut rest) = ([b'0'; WIDTH], number);
        for place in digits.iter_mut().rev() {
            *place = DIGITS.get((rest % 10) as usize).copied().unwrap_or(b'0');
            rest /= 10;
        }
        self.extend(&digits);
    }

    /// Appends an octet as two hexadecimal digits.
    #[inline]
    pub(crate) fn hex(&mut self, octet: u8) {
        let digits = [octet >> 4, octet & 15].map(|half| DIGITS.get(usize::from(half)).copied().unwrap_or(b'0'));
        self.extend(&digits);
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.octets.get(..self.count).unwrap_or_default()
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_formats_make_of_them() {
        for number in [0, 7, 10, 1_234, u64::MAX] {
            let mut letters = Letters::<24>::new();
            letters.number(number);
            assert_eq!(letters.as_str(), number.to_string());
        }
        let mut letters = Letters::<24>::new();
        letters.padded::<2>(7);
        letters.padded::<9>(123_456_789);
        letters.padded::<3>(1_234);
        assert_eq!(letters.as_str(), "07123456789234");
        let mut letters = Letters::<4>::new();
        [0, 0xa9, 0xff].into_iter().for_each(|octet| letters.hex(octet));
        letters.push(b'x');
        assert_eq!(letters.as_str(), "00a9", "what does not fit is left out");
    }
}
