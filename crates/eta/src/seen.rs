// SPDX-License-Identifier: Apache-2.0
//! What training has seen of each feature: a session far outside of it is not judged, because trees say of it what they say of
//! the nearest that they know.

use crate::features::{COUNT, FEATURES, Feature, Values};
use crate::measure::too_little;

/// Features outside the training data that make a session unknown.
const STRANGE: u32 = 4;

/// Smallest and largest value of each feature in training; without end where a feature was never seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    low: Values,
    high: Values,
}

impl Seen {
    /// Of ranges as a model file has them ([`ranges`]).
    pub fn new(ranges: &[Option<[f32; 2]>]) -> Self {
        let [mut low, mut high] = [[f32::NEG_INFINITY; COUNT], [f32::INFINITY; COUNT]];
        for ((low, high), range) in low.iter_mut().zip(&mut high).zip(ranges) {
            if let Some(range) = range {
                [*low, *high] = *range;
            }
        }
        Self { low, high }
    }

    /// True where a session is judged: enough was seen of it, and no more than a few features lie outside the training data.
    pub fn judges(&self, values: &Values) -> bool {
        !too_little(values) && !self.is_strange(values)
    }

    /// True where too many features lie outside the training data.
    pub fn is_strange(&self, values: &Values) -> bool {
        self.sides(values).map(u32::from).sum::<u32>() >= STRANGE
    }

    /// The features that lie outside, with their values.
    pub fn outside(&self, values: &Values) -> Vec<(&'static Feature, f32)> {
        let features = FEATURES.iter().zip(values).zip(self.sides(values));
        features.filter(|(_, outside)| *outside).map(|((feature, value), _)| (feature, *value)).collect()
    }

    /// Of each feature, whether it lies outside. A missing value is on no side of anything.
    fn sides(&self, values: &Values) -> impl Iterator<Item = bool> {
        values.iter().zip(self.low.iter().zip(&self.high)).map(|(value, (low, high))| (value < low) | (value > high))
    }
}

/// Ranges of the features in training, without the outermost 2 in 1,000; none where one was never seen.
pub fn ranges<'a>(values: impl Iterator<Item = &'a Values> + Clone) -> Vec<Option<[f32; 2]>> {
    let range = |feature: usize| {
        let mut seen: Vec<f32> =
            values.clone().filter_map(|v| v.get(feature).copied()).filter(|v| !v.is_nan()).collect();
        seen.sort_unstable_by(f32::total_cmp);
        let cut = seen.len() / 500;
        Some([*seen.get(cut)?, *seen.get(seen.len().checked_sub(cut + 1)?)?])
    };
    (0..COUNT).map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_features_outside_of_training_are_borne_and_missing_ones_are_not_outside() {
        let trained = [[0.0; COUNT], [1.0; COUNT]];
        let seen = Seen::new(&ranges(trained.iter()));
        let mut values = [0.5; COUNT];
        values[2..5].fill(7.0);
        assert!(!seen.is_strange(&values) && seen.outside(&values).len() == 3);
        values[9] = -1.0;
        assert!(seen.is_strange(&values));
        assert_eq!(
            seen.outside(&values).last().map(|(feature, value)| (feature.name, *value)),
            Some((FEATURES[9].name, -1.0))
        );
        assert!(!seen.is_strange(&[f32::NAN; COUNT]) && !seen.judges(&[f32::NAN; COUNT]));
        assert!(!Seen::new(&[]).is_strange(&[1e9; COUNT]), "what was never seen has no range");
    }
}
