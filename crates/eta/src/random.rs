// SPDX-License-Identifier: Apache-2.0
//! Pseudo-random numbers with a fixed seed (SplitMix64): training, simulation and evasion give the same result on every
//! machine. Not for secrets.

/// A generator; the same seed gives the same numbers.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator of that seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in 0 ≤ x < 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True with that probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Uniform between the ends.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number, both ends included.
    pub fn whole(&mut self, low: i32, high: i32) -> i32 {
        (self.between(f64::from(low), f64::from(high) + 1.0).floor() as i32).min(high)
    }

    /// One of the entries; `None` of an empty slice.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get((self.unit() * from.len() as f64) as usize)
    }

    /// Log-normal with that median and deviation of the logarithm, at least 1.
    pub fn log_normal(&mut self, median: f64, deviation: f64) -> f64 {
        // Sum of twelve uniform numbers: a normal number as good as needed here.
        let normal = (0..12).map(|_| self.unit()).sum::<f64>() - 6.0;
        (median.ln() + normal * deviation).exp().max(1.0)
    }
}
