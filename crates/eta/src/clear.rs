// SPDX-License-Identifier: Apache-2.0
//! What was in clear, by counts of octet values: encrypted octets are of every value alike, so that what is above that was not
//! encrypted.

/// Octet values.
const VALUES: usize = 256;

/// Counts of octet values, each at most [`i16::MAX`], of which so many are what chance gives. Short numbers side by side, of
/// which vectors are made.
pub(crate) struct Clear {
    counts: [i16; VALUES],
    chance: i16,
}

impl Clear {
    /// Of counts from the value 0 on, as rows have them.
    pub(crate) fn new(told: &[u32]) -> Self {
        // Values that are not there were never seen.
        let mut counts = [0; VALUES];
        for (count, told) in counts.iter_mut().zip(told) {
            // Signed, so that one instruction of a vector narrows it: what has the highest bit is the largest number without it.
            let large = (told | (told >> 31).wrapping_neg()) & i32::MAX.cast_unsigned();
            *count = large.cast_signed().clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        }
        Self { chance: chance(&counts), counts }
    }

    /// Octets of the values from `first` to `last` above what chance gives.
    pub(crate) fn of(&self, first: u8, last: u8) -> i32 {
        let counts = self.counts.get(usize::from(first)..=usize::from(last)).unwrap_or_default();
        let all: i32 = counts.iter().map(|count| i32::from(*count)).sum();
        all - i32::from(self.chance) * counts.len() as i32
    }

    /// Letters above what chance gives.
    pub(crate) fn letters(&self) -> i32 {
        self.of(b'A', b'Z') + self.of(b'a', b'z')
    }
}

/// What chance gives each octet value: encrypted octets are of every value alike, so that it is the median of the counts: the
/// largest number that at most half of them are below. It is small: chance gives 16 of the 4,096 octets that are counted.
fn chance(counts: &[i16; VALUES]) -> i16 {
    // As many as an octet can count.
    const HALF: usize = VALUES / 2;
    let mut small = [0u8; VALUES];
    for (small, count) in small.iter_mut().zip(counts) {
        *small = (*count).clamp(0, u8::MAX.into()) as u8;
    }
    let below = |bound: u8| -> usize {
        let of = |half: &[u8; HALF]| half.iter().fold(0u8, |below, count| below + u8::from(*count < bound));
        small.as_chunks::<HALF>().0.iter().map(|half| usize::from(of(half))).sum()
    };
    let mut median = 0u8;
    for bit in (0..u8::BITS).rev().map(|bit| 1 << bit) {
        if below(median | bit) <= HALF {
            median |= bit;
        }
    }
    if median < u8::MAX {
        return median.into();
    }
    let mut all = *counts;
    *all.select_nth_unstable(HALF).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_the_median_of_the_counts_also_of_large_and_of_missing_ones() {
        let chance = |counts: &[u32]| Clear::new(counts).chance;
        assert_eq!(chance(&[7; 256]), 7);
        assert_eq!(chance(&[9_000; 256]), 9_000);
        let mut rising: Vec<u32> = (0..256).map(|n| n * 10).collect();
        assert_eq!(chance(&rising), 1_280);
        rising.truncate(100);
        assert_eq!(chance(&rising), 0);
        rising = (0..200).map(|n| 1_000 + n).collect();
        assert_eq!(chance(&rising), 1_072);
        assert_eq!(chance(&[]), 0);
        assert_eq!((chance(&[u32::MAX; 256]), chance(&[1 << 31; 256]), chance(&[255; 256])), (i16::MAX, i16::MAX, 255));
    }
}
