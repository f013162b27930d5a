// SPDX-License-Identifier: Apache-2.0
//! From log-odds to probabilities: beta calibration (Kull, Silva Filho and Flach 2017), a curve of three numbers that rises, for a
//! stated mix of classes. Learnt from sessions that the trees did not see. A curve of few numbers carries further than steps
//! to sessions of other captures, whose classes are mixed otherwise. What is kept of it are points, with straight lines between.

use serde::{Deserialize, Serialize};

use crate::metrics::Judged;
use crate::train::logistic;

/// Share of malware in the mix of classes that probabilities hold for.
pub const MIX: f64 = 1.0 / 3.0;
/// Sessions of each class at least, so that a few do not make a curve.
const FEWEST: usize = 10;
/// Points of the curve.
const POINTS: usize = 65;
/// How much the three numbers are held where they change nothing, as if so many sessions said it.
const HELD: f64 = 3.0;
/// Log-odds that no trees say, and halvings of the way between them down to what a number can tell apart.
const LARGEST: f64 = 100.0;
const HALVINGS: usize = 60;
/// Steps towards the best curve: it is found in about ten.
const STEPS: usize = 50;

/// A curve from log-odds to probability; between and beyond its points the lines go on, never outside 0.001 to 0.999.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Log-odds, rising.
    pub scores: Vec<f64>,
    /// Probabilities, rising.
    pub probabilities: Vec<f64>,
}

/// What the three numbers are multiplied by: the logarithms of the trees' probability and of its complement, and 1.
fn inputs(score: f64) -> [f64; 3] {
    let softplus = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
    [-softplus(-score), softplus(score), 1.0]
}

fn log_odds(numbers: &[f64; 3], score: f64) -> f64 {
    inputs(score).iter().zip(numbers).map(|(input, number)| input * number).sum()
}

impl Calibration {
    /// Learns from log-odds and truth; the logistic function where there is too little to learn from.
    pub fn learn(judged: &[Judged]) -> Self {
        let malware = judged.iter().filter(|(_, malware)| *malware).count();
        let benign = judged.len() - malware;
        if malware < FEWEST || benign < FEWEST {
            return Self::default();
        }
        let all = judged.len() as f64;
        let weights = [(1.0 - MIX) * all / benign as f64, MIX * all / malware as f64];
        let numbers = numbers(judged, weights);
        let (low, high) = judged
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (score, _)| (low.min(*score), high.max(*score)));
        let mut out = Self::default();
        for point in 0..POINTS {
            let score = low + (high - low) * point as f64 / (POINTS - 1) as f64;
            let probability = logistic(log_odds(&numbers, score)).clamp(0.001, 0.999);
            out.scores.push(score);
            out.probabilities.push(probability.max(out.probabilities.last().copied().unwrap_or(0.0)));
        }
        out
    }

    /// The lowest log-odds of at least this probability.
    pub fn lowest_score(&self, probability: f64) -> f64 {
        let (mut low, mut high) = (-LARGEST, LARGEST);
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            if self.probability(middle) >= probability { high = middle } else { low = middle }
        }
        high
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

/// The three numbers by Newton's steps; the first two are not below 0, so that the curve rises.
fn numbers(judged: &[Judged], weights: [f64; 2]) -> [f64; 3] {
    const START: [f64; 3] = [1.0, 1.0, 0.0];
    let mut numbers = START;
    for _ in 0..STEPS {
        let (mut slope, mut bend) = ([0f64; 3], [[0f64; 3]; 3]);
        for &(score, malware) in judged {
            let [of_benign, of_malware] = weights;
            let (weight, wanted) = if malware { (of_malware, 1.0) } else { (of_benign, 0.0) };
            let probability = logistic(log_odds(&numbers, score));
            let inputs = inputs(score);
            for ((slope, bend), input) in slope.iter_mut().zip(&mut bend).zip(inputs) {
                *slope += weight * (wanted - probability) * input;
                for (bend, other) in bend.iter_mut().zip(inputs) {
                    *bend += weight * probability * (1.0 - probability) * input * other;
                }
            }
        }
        for (at, ((slope, bend), (number, start))) in
            slope.iter_mut().zip(&mut bend).zip(numbers.iter().zip(START)).enumerate()
        {
            *slope -= HELD * (number - start);
            if let Some(bend) = bend.get_mut(at) {
                *bend += HELD;
            }
        }
        let step = solve(bend, slope);
        for (at, (number, step)) in numbers.iter_mut().zip(step).enumerate() {
            *number += step.clamp(-2.0, 2.0);
            if at < 2 {
                *number = number.max(0.0);
            }
        }
    }
    numbers
}

/// Solves three equations by Cramer's rule; nothing moves where they have no single solution.
fn solve(rows: [[f64; 3]; 3], right: [f64; 3]) -> [f64; 3] {
    let determinant = |rows: [[f64; 3]; 3]| {
        let [[a, b, c], [d, e, f], [g, h, i]] = rows;
        a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    };
    let all = determinant(rows);
    if all.abs() < 1e-12 {
        return [0.0; 3];
    }
    [0, 1, 2].map(|column| {
        let mut changed = rows;
        for (row, right) in changed.iter_mut().zip(right) {
            if let Some(place) = row.get_mut(column) {
                *place = right;
            }
        }
        determinant(changed) / all
    })
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
                (score, random.chance(logistic(score / 3.0 - 0.7)))
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
        assert!(calibration_error(&raw, MIX) > 0.08);
        assert!(calibration_error(&calibrated, MIX) < 0.03, "{}", calibration_error(&calibrated, MIX));
    }

    #[test]
    fn probabilities_hold_for_the_stated_mix_whatever_was_learnt_from() {
        // Of scores that say nothing the mix is all that is known.
        for every in [20, 2] {
            let judged: Vec<Judged> =
                (0..600).map(|n| (f64::from(n * 37 % 600) / 300.0 - 1.0, n % every == 0)).collect();
            let told = Calibration::learn(&judged).probability(0.0);
            assert!((told - MIX).abs() < 0.06, "{every}: {told}");
        }
    }

    #[test]
    fn the_lowest_score_of_a_probability_has_it_and_the_next_below_does_not() {
        let judged: Vec<Judged> = (0..400).map(|n| (f64::from(n) / 50.0 - 4.0, n * 7 % 400 < n)).collect();
        for curve in [Calibration::learn(&judged), Calibration::default()] {
            for probability in [0.2, 0.5, 0.9] {
                let score = curve.lowest_score(probability);
                assert!(curve.probability(score) >= probability && curve.probability(score - 1e-6) < probability);
            }
        }
    }

    #[test]
    fn of_a_few_sessions_no_curve_is_made() {
        let judged: Vec<Judged> = (0..40).map(|n| (f64::from(n), n > 35)).collect();
        assert_eq!(Calibration::learn(&judged), Calibration::default());
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
