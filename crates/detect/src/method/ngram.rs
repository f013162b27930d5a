// SPDX-License-Identifier: Apache-2.0
//! How usual the letters of a name are: three letters in a row, from a table of how often they follow each other in names
//! that people have chosen.
//!
//! The table `labels.bin` was made by `cargo run -p xtask-gen -- labels FILE` from 110,569 different labels of 3 to 30 letters, digits and hyphens:
//! names of packages of Debian, of the 15,000 most downloaded of PyPI and of those of npm with 20,000 downloads a month,
//! words and home pages of Debian's descriptions, and the labels of the public suffix list (which has the names of Japanese towns).
//! It holds numbers only, none of the names.

/// Boundary, letters, digits, hyphen.
const SYMBOLS: usize = 38;
/// Steps of a bit in the table.
const STEPS: f64 = 16.0;
/// Observations that the next shorter context counts for.
const PRIOR: f64 = 5.0;

/// Bits of information of a symbol after two others.
#[derive(Debug)]
pub struct Labels {
    bits: &'static [u8],
}

/// The table that comes with the product.
pub(super) static LABELS: Labels = Labels { bits: include_bytes!("labels.bin") };

impl Labels {
    /// Mean bits of information in each letter of a label: about 3.5 in words, 7 in letters by chance.
    pub fn bits(&self, label: &str) -> f64 {
        let (mut before, mut sum, mut count) = ((0, 0), 0_u32, 0_u32);
        for symbol in label.bytes().map(symbol).chain([0]) {
            let at = place(before, symbol);
            sum += u32::from(self.bits.get(at).copied().unwrap_or(u8::MAX));
            count += 1;
            before = (before.1, symbol);
        }
        f64::from(sum) / STEPS / f64::from(count)
    }
}

fn place(before: (usize, usize), symbol: usize) -> usize {
    (before.0 * SYMBOLS + before.1) * SYMBOLS + symbol
}

fn symbol(octet: u8) -> usize {
    match octet {
        b'a'..=b'z' => usize::from(octet - b'a') + 1,
        b'A'..=b'Z' => usize::from(octet - b'A') + 1,
        b'0'..=b'9' => usize::from(octet - b'0') + 27,
        _ => SYMBOLS - 1,
    }
}

/// Makes the table of some labels: bits in sixteenths, of the first symbol, the second and the third.
pub fn train<'a>(labels: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let mut three = vec![0_u32; SYMBOLS * SYMBOLS * SYMBOLS];
    for label in labels {
        let mut before = (0, 0);
        for symbol in label.bytes().map(symbol).chain([0]) {
            if let Some(count) = three.get_mut(place(before, symbol)) {
                *count += 1;
            }
            before = (before.1, symbol);
        }
    }
    let count = |at: usize| three.get(at).copied().map_or(0.0, f64::from);
    let two = |b: usize, c: usize| (0..SYMBOLS).map(|a| count(place((a, b), c))).sum::<f64>();
    let pairs: Vec<f64> = (0..SYMBOLS * SYMBOLS).map(|at| two(at / SYMBOLS, at % SYMBOLS)).collect();
    let pair = |b: usize, c: usize| pairs.get(b * SYMBOLS + c).copied().unwrap_or(0.0);
    let all: f64 = pairs.iter().sum();
    let mut table = Vec::with_capacity(three.len());
    for a in 0..SYMBOLS {
        for b in 0..SYMBOLS {
            let after_two: f64 = (0..SYMBOLS).map(|c| count(place((a, b), c))).sum();
            let after_one: f64 = (0..SYMBOLS).map(|c| pair(b, c)).sum();
            for c in 0..SYMBOLS {
                let alone = ((0..SYMBOLS).map(|b| pair(b, c)).sum::<f64>() + 1.0) / (all + SYMBOLS as f64);
                let one = (pair(b, c) + PRIOR * alone) / (after_one + PRIOR);
                let chance = (count(place((a, b), c)) + PRIOR * one) / (after_two + PRIOR);
                table.push((-chance.log2() * STEPS).round().clamp(0.0, 255.0) as u8);
            }
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_less_than_letters_by_chance() {
        assert_eq!(LABELS.bits.len(), SYMBOLS * SYMBOLS * SYMBOLS);
        for word in
            ["windowsupdate", "rakuten", "tokyogas", "sumitomo", "doubleclick", "cdninstagram", "trafficmanager"]
        {
            assert!(LABELS.bits(word) < 4.8, "{word}: {}", LABELS.bits(word));
        }
        for made in ["xkjhqwzptrvl", "qtzvlxkwmbfd", "b7x0k2qz9f4w", "jwqzkfpvhbxy"] {
            assert!(LABELS.bits(made) > 5.8, "{made}: {}", LABELS.bits(made));
        }
        assert!(LABELS.bits("").is_finite() && LABELS.bits("日本").is_finite());
    }

    #[test]
    fn a_table_knows_what_it_was_made_of() {
        let bits: &'static [u8] = Vec::leak(train(["abab", "abba", "baab"].into_iter()));
        let labels = Labels { bits };
        assert!(labels.bits("abab") < labels.bits("xyxy"));
    }
}
