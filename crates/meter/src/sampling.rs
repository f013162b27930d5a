// SPDX-License-Identifier: Apache-2.0
//! Sampling: which packets, or which flows, are metered where not all of them can be (RFC 5475 §5).
//!
//! One packet in N is chosen by counting (systematic, §5.1) or by chance (uniform probabilistic, §5.2.2.1), one flow in N
//! by a hash of its endpoints (§6.2), so that both directions are chosen together and every probe chooses the
//! same ones. Chance comes from a seed: the same packets give the same sample.

use std::str::FromStr;

/// How packets are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Every Nth packet.
    Count,
    /// Each packet with probability 1/N.
    Random,
    /// All packets of one flow in N.
    Flow,
}

/// One in how many, and how they are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampling {
    /// One in this many; 1 is all.
    pub rate: u32,
    /// What is chosen, and how.
    pub choice: Choice,
    /// Where chance, the count and the hash begin.
    pub seed: u64,
}

impl FromStr for Sampling {
    type Err = String;

    /// A method and its N, with seed 0: `count:100`, `random:100`, `flow:100`.
    fn from_str(text: &str) -> Result<Self, String> {
        let want = || format!("got {text:?}, want such as \"random:100\": count, random or flow, and one in how many");
        let (method, rate) = text.split_once(':').ok_or_else(want)?;
        let rate = rate.parse().ok().filter(|rate| *rate > 0).ok_or_else(want)?;
        let choice = match method {
            "count" => Choice::Count,
            "random" => Choice::Random,
            "flow" => Choice::Flow,
            _ => return Err(want()),
        };
        Ok(Self { rate, choice, seed: 0 })
    }
}

impl Sampling {
    /// True where packets of a flow are missing.
    pub(crate) fn leaves_gaps(&self) -> bool {
        self.rate > 1 && self.choice != Choice::Flow
    }

    /// Name of the choice in `sampling_method`.
    pub(crate) fn method(&self) -> &'static str {
        match self.choice {
            Choice::Count => "count",
            Choice::Random => "random",
            Choice::Flow => "flow",
        }
    }
}

/// Chooses one after the other.
pub(crate) struct Sampler {
    sampling: Option<Sampling>,
    state: u64,
}

impl Sampler {
    pub(crate) fn new(sampling: Option<Sampling>) -> Self {
        let sampling = sampling.filter(|sampling| sampling.rate > 1);
        let state = sampling.map_or(0, |sampling| match sampling.choice {
            Choice::Count => sampling.seed % u64::from(sampling.rate),
            Choice::Random | Choice::Flow => sampling.seed,
        });
        Self { sampling, state }
    }

    /// Whether the next packet is looked at.
    #[inline]
    pub(crate) fn packet(&mut self) -> bool {
        let Some(sampling) = self.sampling else { return true };
        match sampling.choice {
            Choice::Flow => true,
            Choice::Count => {
                self.state += 1;
                let chosen = self.state >= u64::from(sampling.rate);
                if chosen {
                    self.state = 0;
                }
                chosen
            }
            Choice::Random => {
                self.state = self.state.wrapping_add(STEP);
                one_in(mix(self.state), sampling.rate)
            }
        }
    }

    /// Whether a flow with this hash is metered.
    #[inline]
    pub(crate) fn flow(&self, hash: impl FnOnce() -> u64) -> bool {
        match self.sampling {
            Some(Sampling { rate, choice: Choice::Flow, seed }) => one_in(mix(hash() ^ mix(seed)), rate),
            _ => true,
        }
    }
}

/// The golden ratio's fraction: SplitMix64's step.
pub(crate) const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64's output function (Steele, Lea, Flood, 2014): every bit of the result depends on every bit of `n`.
#[inline]
pub(crate) fn mix(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// True for one in `rate` of evenly spread numbers, whatever the rate.
fn one_in(even: u64, rate: u32) -> bool {
    (u128::from(even) * u128::from(rate)) >> 64 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(choice: Choice, rate: u32, seed: u64) -> usize {
        let mut sampler = Sampler::new(Some(Sampling { rate, choice, seed }));
        (0..100_000).filter(|_| sampler.packet()).count()
    }

    #[test]
    fn one_in_n_is_chosen() {
        assert_eq!(chosen(Choice::Count, 10, 3), 10_000);
        assert_eq!(chosen(Choice::Count, 1, 0), 100_000, "one in one is all");
        // Three standard deviations of a binomial number are 285.
        for seed in 0..20 {
            let count = chosen(Choice::Random, 10, seed);
            assert!((9_715..=10_285).contains(&count), "seed {seed}: {count}");
        }
        assert_eq!(chosen(Choice::Random, 7, 5), chosen(Choice::Random, 7, 5), "the same seed, the same sample");
        let flows = Sampler::new(Some(Sampling { rate: 10, choice: Choice::Flow, seed: 1 }));
        let count = (0..100_000u64).filter(|hash| flows.flow(|| *hash)).count();
        assert!((9_715..=10_285).contains(&count), "{count}");
    }

    #[test]
    fn methods_are_told_by_name() {
        assert_eq!("flow:7".parse(), Ok(Sampling { rate: 7, choice: Choice::Flow, seed: 0 }));
        for wrong in ["7", "flow:0", "flow:", "hash:7", "count:-1", "random:4294967296"] {
            assert!(wrong.parse::<Sampling>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn counting_begins_where_the_seed_says() {
        let first = |seed| {
            let mut sampler = Sampler::new(Some(Sampling { rate: 4, choice: Choice::Count, seed }));
            (0..4).position(|_| sampler.packet())
        };
        assert_eq!([first(0), first(1), first(3), first(4)], [Some(3), Some(2), Some(0), Some(3)]);
    }
}
