// SPDX-License-Identifier: Apache-2.0
//! From log-odds to probabilities: isotonic regression (pool adjacent violators), drawn through with straight lines so that
//! order is kept. Learnt from sessions that the trees did not see.

use serde::{Deserialize, Serialize};

use crate::metrics::Judged;
use crate::train::logistic;

/// Sessions in a block at least, so that a single one does not make a probability.
const BLOCK: usize = 25;

/// A curve from log-odds to probability; between and beyond its points the lines go on, never outside 0.001 to 0.999.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Log-odds, rising.
    pub scores: Vec<f64>,
    /// Probabilities, rising.
    pub probabilities: Vec<f64>,
}

impl Calibration {
    /// Learns from log-odds and truth; the logistic function where there is too little to learn from.
    pub fn learn(judged: &[Judged]) -> Self {
        let mut sorted = judged.to_vec();
        sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        // Blocks: sessions, sum of scores, malware.
        let mut blocks: Vec<(f64, f64, f64)> = Vec::new();
        for block in sorted.chunks(BLOCK) {
            let scores = block.iter().map(|(score, _)| score).sum();
            let malware = block.iter().filter(|(_, malware)| *malware).count() as f64;
            blocks.push((block.len() as f64, scores, malware));
            while let [.., before, last] = blocks.as_slice() {
                if before.2 / before.0 < last.2 / last.0 {
                    break;
                }
                let joined = (before.0 + last.0, before.1 + last.1, before.2 + last.2);
                blocks.truncate(blocks.len() - 2);
                blocks.push(joined);
            }
        }
        if blocks.len() < 2 {
            return Self::default();
        }
        // One more of each class: nothing is certain.
        let probability = |block: &(f64, f64, f64)| ((block.2 + 0.5) / (block.0 + 1.0)).clamp(0.001, 0.999);
        let mut out = Self::default();
        for block in &blocks {
            out.scores.push(block.1 / block.0);
            out.probabilities.push(probability(block).max(out.probabilities.last().copied().unwrap_or(0.0)));
        }
        out
    }

    /// Probability of log-odds.
    pub fn probability(&self, score: f64) -> f64 {
        let at = self.scores.partition_point(|&point| point < score);
        let point = |at: usize| Some((*self.scores.get(at)?, *self.probabilities.get(at)?));
        match (at.checked_sub(1).and_then(point), point(at)) {
            (Some((x, y)), Some((next_x, next_y))) => {
                let share = if next_x > x { (score - x) / (next_x - x) } else { 1.0 };
                y + share * (next_y - y)
            }
            // Beyond the ends the logistic function goes on, from the last point: order is kept.
            (Some((x, y)), None) => y + (0.999f64.max(y) - y) * (2.0 * logistic(score - x) - 1.0),
            (None, Some((x, y))) => y - (y - 0.001f64.min(y)) * (2.0 * logistic(x - score) - 1.0),
            (None, None) => logistic(score).clamp(0.001, 0.999),
        }
    }

    /// What is wrong with the curve, if anything.
    pub fn fault(&self) -> Option<&'static str> {
        let rising = |values: &[f64]| values.is_sorted() && values.iter().all(|value| value.is_finite());
        let whole = self.scores.len() == self.probabilities.len() && self.scores.len() <= 65_536;
        let inside = self.probabilities.iter().all(|value| (0.0..=1.0).contains(value));
        (!whole || !inside || !rising(&self.scores) || !rising(&self.probabilities))
            .then_some("the calibration is no rising curve of probabilities")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::calibration_error;
    use crate::random::Random;

    #[test]
    fn scores_that_exaggerate_are_brought_down() {
        let mut random = Random::new(9);
        let mut draw = |count: usize| -> Vec<Judged> {
            let mut one = || {
                let score = random.between(-6.0, 6.0);
                (score, random.chance(logistic(score / 3.0)))
            };
            std::iter::repeat_with(&mut one).take(count).collect()
        };
        let calibration = Calibration::learn(&draw(5_000));
        assert_eq!(calibration.fault(), None);
        let told = |judged: &[Judged], curve: &Calibration| -> Vec<Judged> {
            judged.iter().map(|(score, malware)| (curve.probability(*score), *malware)).collect()
        };
        let fresh = draw(5_000);
        let (raw, calibrated) = (told(&fresh, &Calibration::default()), told(&fresh, &calibration));
        assert!(calibration_error(&raw) > 0.08);
        assert!(calibration_error(&calibrated) < 0.03, "{}", calibration_error(&calibrated));
    }

    #[test]
    fn order_is_kept_everywhere() {
        let judged: Vec<Judged> = (0..400).map(|n| (f64::from(n) / 50.0 - 4.0, n % 7 < n / 70)).collect();
        let calibration = Calibration::learn(&judged);
        let all: Vec<f64> = (-200..200).map(|n| calibration.probability(f64::from(n) / 10.0)).collect();
        assert!(all.is_sorted() && all.iter().all(|p| (0.0..=1.0).contains(p)));
    }

    #[test]
    fn a_curve_that_falls_is_named() {
        let curve = Calibration { scores: vec![0.0, 1.0], probabilities: vec![0.9, 0.1] };
        assert!(curve.fault().is_some());
    }
}
