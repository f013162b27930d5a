// SPDX-License-Identifier: Apache-2.0
//! Trees laid out for speed: each tree's questions side by side, numbered from 1 as in a heap, so that a walk is a few loads
//! and one comparison a level, without a branch. Says the same as [`Trees::predict`].

use crate::features::{COUNT, Values};
use crate::trees::Trees;

/// Room for the values; twice that are as many as an octet has, so that a place needs no check.
const ROOM: usize = 128;
const _: () = assert!(COUNT <= ROOM);

/// More than the rounding of a sum: trees are asked rather than not.
const SLACK: f32 = 1e-3;

/// A question: values above the threshold go right. Each value has two places: in the lower one a missing value is below every
/// threshold, in the upper one above it, so that nothing asks whether it is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Question {
    threshold: Rank,
    place: u8,
}

/// A number whose order is that of the value: comparing whole numbers gives a carry, which the next step of a walk adds.
type Rank = u32;

/// The rank of a value that is there. Below 0 larger bits are smaller values (IEEE 754).
fn rank(value: f32) -> Rank {
    // Zero has one rank.
    let bits = (value + 0.0).to_bits();
    if bits >> 31 == 0 { bits | 1 << 31 } else { !bits }
}

/// A session's values, ready for any forest's questions.
#[derive(Debug)]
pub struct Ranks([Rank; 2 * ROOM]);

impl Ranks {
    /// Of these values. Inlined, so that they are not moved.
    #[inline(always)]
    pub fn new(values: &Values) -> Self {
        let mut room = [Rank::MIN; 2 * ROOM];
        let (low, high) = room.split_at_mut(ROOM);
        for ((low, high), value) in low.iter_mut().zip(high).zip(values) {
            // No comparison holds for a missing value.
            *low = rank(if *value > f32::NEG_INFINITY { *value } else { f32::NEG_INFINITY });
            *high = rank(if *value < f32::INFINITY { *value } else { f32::INFINITY });
        }
        Self(room)
    }
}

/// Boosted trees that are ready to be asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Forest {
    depth: u8,
    base: f32,
    /// A power of two per tree; the first of each is not used.
    questions: Vec<Question>,
    leaves: Vec<f32>,
    /// By tree: the most that it and those behind it can add.
    rest: Vec<f32>,
}

impl Forest {
    /// Of trees that are sound.
    pub fn new(trees: &Trees) -> Self {
        let mut questions = Vec::with_capacity(trees.leaf.len());
        for tree in 0..trees.len() {
            questions.push(Question::default());
            for at in tree * trees.nodes()..(tree + 1) * trees.nodes() {
                let feature = trees.feature.get(at).map_or(0, |&feature| usize::from(feature) % ROOM);
                let left = trees.missing_left.get(at).copied().unwrap_or(true);
                questions.push(Question {
                    threshold: rank(trees.threshold.get(at).copied().unwrap_or(f32::MAX)),
                    place: (if left { feature } else { feature + ROOM }) as u8,
                });
            }
        }
        let most = |leaves: &[f32]| leaves.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut rest: Vec<f32> = trees.leaf.chunks(1 << trees.depth).map(most).collect();
        rest.iter_mut().rev().fold(SLACK, |behind, most| {
            *most += behind;
            *most
        });
        Self { depth: trees.depth, base: trees.base, questions, leaves: trees.leaf.clone(), rest }
    }

    /// Log-odds of the values.
    pub fn predict(&self, ranks: &Ranks) -> f32 {
        self.ask::<false>(ranks, f32::NEG_INFINITY).unwrap_or(self.base)
    }

    /// Log-odds of the values where they are not below this; trees that could not change that are not asked.
    pub fn reaches(&self, ranks: &Ranks, lowest: f32) -> Option<f32> {
        self.ask::<true>(ranks, lowest).filter(|said| *said >= lowest)
    }

    fn ask<const STOPS: bool>(&self, Ranks(values): &Ranks, lowest: f32) -> Option<f32> {
        match self.depth {
            1 => self.walk::<2, STOPS>(values, lowest),
            2 => self.walk::<4, STOPS>(values, lowest),
            3 => self.walk::<8, STOPS>(values, lowest),
            4 => self.walk::<16, STOPS>(values, lowest),
            5 => self.walk::<32, STOPS>(values, lowest),
            _ => self.walk::<64, STOPS>(values, lowest),
        }
    }

    fn walk<const LEAVES: usize, const STOPS: bool>(&self, values: &[Rank; 2 * ROOM], lowest: f32) -> Option<f32> {
        let (trees, _) = self.questions.as_chunks::<LEAVES>();
        let (leaves, _) = self.leaves.as_chunks::<LEAVES>();
        let mut sum = self.base;
        for ((questions, leaves), rest) in trees.iter().zip(leaves).zip(&self.rest) {
            if STOPS && sum + rest < lowest {
                return None;
            }
            let mut at = 1;
            for _ in 0..LEAVES.ilog2() {
                let question = &questions[at % LEAVES];
                let value = values[usize::from(question.place)];
                at = 2 * at + usize::from(value > question.threshold);
            }
            sum += leaves[at % LEAVES];
        }
        Some(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Source;
    use crate::random::Random;
    use crate::train::{Example, Recipe, train};

    #[test]
    fn ranks_are_in_the_order_of_the_values() {
        let values = [f32::NEG_INFINITY, f32::MIN, -2.5, -1e-40, 0.0, 1e-40, 1.0, 1.5, f32::MAX, f32::INFINITY];
        let ranks = values.map(rank);
        assert!(ranks.windows(2).all(|pair| pair[0] < pair[1]), "{ranks:?}");
        assert_eq!(rank(-0.0), rank(0.0));
    }

    #[test]
    fn the_forest_says_what_the_trees_say() {
        let mut random = Random::new(4);
        let one = || {
            let values =
                [0; COUNT].map(|_| if random.chance(0.2) { f32::NAN } else { random.between(-1.0, 1.0) as f32 });
            Example { values, malware: values[17] > values[20], weight: 1.0 }
        };
        let examples: Vec<Example> = std::iter::repeat_with(one).take(500).collect();
        for depth in 1..=6 {
            let trees =
                train(&examples, Source::ALL, &Recipe { depth, trees: 15, ..Recipe::default() }).expect("trees");
            let forest = Forest::new(&trees);
            for example in &examples {
                let said = forest.predict(&Ranks::new(&example.values));
                assert_eq!(said, trees.predict(&example.values), "depth {depth}");
                let reached = [-1.0, 0.0, 1.0].map(|lowest| forest.reaches(&Ranks::new(&example.values), lowest));
                assert_eq!(reached, [-1.0, 0.0, 1.0].map(|lowest| Some(said).filter(|said| *said >= lowest)));
            }
        }
    }
}
