// SPDX-License-Identifier: Apache-2.0
//! Drift: how far the features of sessions have moved from those of training, by the population stability index: the sum over parts
//! of (share now − share then) · ln(share now / share then) (the symmetric form of Kullback and Leibler's divergence, 1951). By the
//! custom of its users below 0.1 nothing moved, and above 0.25 a model should be trained again.

use serde::{Deserialize, Serialize};

use crate::features::{COUNT, FEATURES, Values};

/// Index above which a feature has moved.
pub const MOVED: f64 = 0.25;
/// Sessions that it takes to say anything.
pub const FEWEST: usize = 50;
/// Parts of the values of a feature, about as large as each other; what is missing is one more.
const PARTS: usize = 10;
/// Share that a part without a session counts as, so that one session does not make the index infinite.
const LEAST: f64 = 1e-3;

/// How the values of a feature are spread.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// Upper ends of all parts but the last, rising.
    pub cuts: Vec<f32>,
    /// Share of the sessions in each part, and last of those without a value.
    pub shares: Vec<f32>,
}

/// How far a feature has moved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moved {
    /// Name of the feature.
    pub feature: &'static str,
    /// The index, 0 where nothing moved.
    pub index: f64,
}

/// How the features of sessions are spread, one after the other.
pub fn spreads(sessions: &[Values]) -> Vec<Spread> {
    let one = |feature: usize| {
        let mut seen: Vec<f32> =
            sessions.iter().filter_map(|v| v.get(feature).copied()).filter(|v| !v.is_nan()).collect();
        seen.sort_unstable_by(f32::total_cmp);
        let end = |part: usize| seen.get((part * seen.len() / PARTS).checked_sub(1)?).copied();
        let mut cuts: Vec<f32> = (1..PARTS).filter_map(end).collect();
        cuts.dedup();
        let shares = shares(&cuts, sessions, feature);
        Spread { cuts, shares }
    };
    (0..COUNT).map(one).collect()
}

/// Shares of the sessions in the parts of a feature.
fn shares(cuts: &[f32], sessions: &[Values], feature: usize) -> Vec<f32> {
    let mut counts = vec![0u32; cuts.len() + 2];
    for value in sessions.iter().filter_map(|values| values.get(feature)) {
        let part = if value.is_nan() { cuts.len() + 1 } else { cuts.partition_point(|cut| cut < value) };
        if let Some(count) = counts.get_mut(part) {
            *count += 1;
        }
    }
    counts.into_iter().map(|count| count as f32 / sessions.len().max(1) as f32).collect()
}

/// How far each feature of sessions has moved from where it was, the furthest first. Features that the model did not know are left out.
pub fn moved(from: &[Spread], sessions: &[Values]) -> Vec<Moved> {
    let mut out: Vec<Moved> = from
        .iter()
        .zip(FEATURES)
        .enumerate()
        .map(|(at, (spread, feature))| {
            let now = shares(&spread.cuts, sessions, at);
            let index = spread.shares.iter().zip(now).map(|(then, now)| {
                let (then, now) = (f64::from(*then).max(LEAST), f64::from(now).max(LEAST));
                (now - then) * (now / then).ln()
            });
            Moved { feature: feature.name, index: index.sum() }
        })
        .collect();
    out.sort_by(|a, b| b.index.total_cmp(&a.index));
    out
}

/// What is wrong with spreads, if anything.
pub fn fault(spreads: &[Spread]) -> Option<&'static str> {
    let sound = |spread: &Spread| {
        let rising = spread.cuts.is_sorted() && spread.cuts.iter().all(|cut| !cut.is_nan());
        let shares = spread.shares.iter().all(|share| (0.0..=1.0).contains(share));
        rising && shares && spread.cuts.len() < PARTS && spread.shares.len() == spread.cuts.len() + 2
    };
    (!spreads.iter().all(sound)).then_some("how its features were spread in training makes no sense")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions(from: f32, missing: usize) -> Vec<Values> {
        let one = |n: usize| [if n < missing { f32::NAN } else { from + (n * 37 % 200) as f32 }; COUNT];
        (0..200).map(one).collect()
    }

    #[test]
    fn what_stays_has_not_moved_and_what_goes_has() {
        let spreads = spreads(&sessions(0.0, 0));
        assert_eq!(fault(&spreads), None);
        assert_eq!(spreads.first().map(|spread| spread.shares.len()), Some(11));
        let index = |sessions: &[Values]| moved(&spreads, sessions).first().map_or(f64::NAN, |moved| moved.index);
        assert!(index(&sessions(0.0, 0)) < 1e-9);
        assert!(index(&sessions(5.0, 0)) < 0.1, "a fortieth of the range");
        assert!(index(&sessions(100.0, 0)) > MOVED);
        assert!(index(&sessions(0.0, 60)) > MOVED, "values that are missing now");
        assert!(index(&[]).is_finite());
    }

    #[test]
    fn features_that_say_yes_or_no_have_two_parts() {
        let flags: Vec<Values> = (0..100).map(|n| [if n % 4 == 0 { 1.0 } else { 0.0 }; COUNT]).collect();
        let spreads = spreads(&flags);
        let spread = spreads.first().expect("a feature");
        assert_eq!(spread.cuts, [0.0, 1.0]);
        assert_eq!(spread.shares, [0.75, 0.25, 0.0, 0.0]);
    }

    #[test]
    fn unsound_spreads_are_named() {
        let spread = |cuts: &[f32], shares: &[f32]| Spread { cuts: cuts.to_vec(), shares: shares.to_vec() };
        assert_eq!(fault(&[spread(&[1.0], &[0.5, 0.4, 0.1])]), None);
        for bad in [spread(&[1.0], &[0.5]), spread(&[2.0, 1.0], &[0.2; 4]), spread(&[], &[2.0, 0.0])] {
            assert!(fault(&[bad]).is_some());
        }
    }
}
