// SPDX-License-Identifier: Apache-2.0
//! From cases to a model: real sessions, each once more with a trick done to it, and simulated ones; calibration and
//! threshold from sessions that the trees did not see, split by capture and corpus.

use std::collections::BTreeMap;

use crate::calibrate::Calibration;
use crate::dataset::Case;
use crate::evade::{EVASIONS, Evasion, evade};
use crate::features::{FEATURES, Scratch, Source, Values, extract};
use crate::metrics::{Judged, threshold_at};
use crate::model::{Body, Model, ModelError, Summary, ranges};
use crate::random::Random;
use crate::simulate;
use crate::train::{Example, Recipe, TrainError, balance, train};
use crate::trees::Trees;

/// Everything that may be asked.
pub const ALL: &[Source] = Source::ALL;
/// Lengths, times and counts of octets.
pub const EXCHANGE_AND_OCTETS: &[Source] = &[Source::Exchange, Source::Octets];
/// Lengths and times only.
pub const EXCHANGE: &[Source] = &[Source::Exchange];

/// Simulated sessions.
const SIMULATED: usize = 3_000;
/// Weight of all simulated sessions over that of all real ones.
const SIMULATED_WEIGHT: f32 = 1.0;
/// Weight of a session with a trick done to it.
const TRICKED_WEIGHT: f32 = 0.5;
/// Parts of the inner split.
const FOLDS: usize = 5;
/// Share of benign sessions that the threshold lets through in training.
pub const THRESHOLD_SHARE: f64 = 0.01;

/// Cases with their features, ready to be learnt from in any division.
pub struct Material<'a> {
    /// The cases.
    pub cases: &'a [Case],
    /// Their features.
    pub values: Vec<Values>,
    /// Features of each with a trick done to it.
    tricked: Vec<Values>,
    simulated: Vec<(Values, bool)>,
    recipe: Recipe,
}

/// What was learnt from some of the cases.
pub struct Learnt {
    /// The trees.
    pub trees: Trees,
    /// From log-odds to probability.
    pub calibration: Calibration,
    /// Probability from which a session is malware.
    pub threshold: f64,
    /// Cases by number, with log-odds by trees that did not see them, and those trees' place in `folds`.
    pub unseen: Vec<(usize, f64, usize)>,
    /// The trees of the inner split.
    pub folds: Vec<Trees>,
}

impl<'a> Material<'a> {
    /// Measures the cases and makes up what else is learnt from.
    pub fn new(cases: &'a [Case], recipe: Recipe) -> Self {
        let mut scratch = Scratch::default();
        let mut random = Random::new(recipe.seed ^ 0x5EED);
        let simulated = simulate::sessions(SIMULATED, recipe.seed.wrapping_add(6));
        let lenders: [Vec<_>; 2] = [false, true].map(|class| simulated.iter().filter(|s| s.malware == class).collect());
        let values = cases.iter().map(|case| case.values(&mut scratch)).collect();
        let tricked = cases.iter().map(|case| {
            let (mut flow, mut pair) = (case.flow.clone(), case.pair);
            // From the other class: what is borrowed says nothing then.
            let lenders = if case.malware { &lenders[0] } else { &lenders[1] };
            for _ in 0..2 {
                let trick = random.pick(EVASIONS).map_or(Evasion::Padding, |(trick, _)| *trick);
                if let Some(lender) = random.pick(lenders).copied() {
                    evade(trick, &mut flow, &mut pair, &lender.flow, &mut random);
                }
            }
            // Most probes count no octets, and of what is sent after a trick nobody knows them.
            flow.eta = None;
            extract(&flow, pair, &mut scratch)
        });
        let tricked = tricked.collect();
        let simulated =
            simulated.iter().map(|session| (extract(&session.flow, session.pair, &mut scratch), session.malware));
        Self { cases, values, tricked, simulated: simulated.collect(), recipe }
    }

    /// Trees from these cases and the simulated sessions.
    pub fn trees(&self, chosen: &[usize], sources: &[Source]) -> Result<Trees, TrainError> {
        let of = |values: &[Values], at: usize| {
            Some(Example { values: *values.get(at)?, malware: self.cases.get(at)?.malware, weight: 1.0 })
        };
        let mut examples: Vec<Example> = chosen.iter().filter_map(|&at| of(&self.values, at)).collect();
        let groups: Vec<u64> = chosen.iter().filter_map(|&at| self.cases.get(at)).map(Case::group).collect();
        balance(&mut examples, &groups);
        let real = examples.len() as f32;
        let tricked: Vec<Example> = chosen
            .iter()
            .zip(&examples)
            .filter_map(|(&at, example)| {
                Some(Example { weight: example.weight * TRICKED_WEIGHT, ..of(&self.tricked, at)? })
            })
            .collect();
        examples.extend(tricked);
        let weight = SIMULATED_WEIGHT * real / self.simulated.len().max(1) as f32;
        examples.extend(self.simulated.iter().map(|&(values, malware)| Example { values, malware, weight }));
        train(&examples, sources, &self.recipe)
    }

    /// Learns from these cases: trees from all; calibration and threshold from an inner split, so that a part is judged by
    /// trees that saw neither its captures nor, where it is benign, its corpus.
    pub fn learn(&self, chosen: &[usize], sources: &[Source]) -> Result<Learnt, TrainError> {
        let parts = self.parts(chosen);
        let mut unseen = Vec::with_capacity(chosen.len());
        let mut folds = Vec::new();
        for part in 0..FOLDS {
            let (held, kept): (Vec<usize>, Vec<usize>) =
                chosen.iter().zip(&parts).map(|(&at, &of)| (at, of)).fold(Default::default(), |mut split, (at, of)| {
                    if of == part {
                        split.0.push(at)
                    } else {
                        split.1.push(at)
                    }
                    split
                });
            if held.is_empty() {
                continue;
            }
            let trees = self.trees(&kept, sources)?;
            let values = held.iter().filter_map(|&at| Some((at, self.values.get(at)?)));
            unseen.extend(values.map(|(at, values)| (at, f64::from(trees.predict(values)), folds.len())));
            folds.push(trees);
        }
        let judged: Vec<Judged> =
            unseen.iter().filter_map(|&(at, score, _)| Some((score, self.cases.get(at)?.malware))).collect();
        let calibration = Calibration::learn(&judged);
        let threshold = calibration.probability(threshold_at(&judged, THRESHOLD_SHARE)).clamp(0.5, 1.0);
        Ok(Learnt { trees: self.trees(chosen, sources)?, calibration, threshold, unseen, folds })
    }

    /// The part of the inner split of each chosen case: benign corpora whole, infections by capture; the largest first into
    /// the smallest part.
    fn parts(&self, chosen: &[usize]) -> Vec<usize> {
        let infected: Vec<&str> = chosen
            .iter()
            .filter_map(|&at| self.cases.get(at))
            .filter(|c| c.malware)
            .map(|c| c.corpus.as_str())
            .collect();
        let key = |at: usize| match self.cases.get(at) {
            Some(case) if infected.contains(&case.corpus.as_str()) => case.capture.as_str(),
            Some(case) => case.corpus.as_str(),
            None => "",
        };
        let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
        chosen.iter().for_each(|&at| *sizes.entry(key(at)).or_default() += 1);
        let mut order: Vec<(&str, usize)> = sizes.into_iter().collect();
        order.sort_by_key(|&(name, size)| (std::cmp::Reverse(size), name));
        let mut filled = [0usize; FOLDS];
        let mut place: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, size) in order {
            let part = (0..FOLDS).min_by_key(|&part| filled.get(part).copied().unwrap_or(0)).unwrap_or(0);
            place.insert(name, part);
            if let Some(filled) = filled.get_mut(part) {
                *filled += size;
            }
        }
        chosen.iter().map(|&at| place.get(key(at)).copied().unwrap_or(0)).collect()
    }

    /// A model from all cases.
    pub fn model(&self, name: &str) -> Result<Model, LearnError> {
        let all: Vec<usize> = (0..self.cases.len()).collect();
        let learnt = self.learn(&all, ALL)?;
        let seen = self.values.iter().chain(self.simulated.iter().map(|(values, _)| values));
        Ok(Model::new(Body {
            name: name.to_owned(),
            features: FEATURES.iter().map(|feature| feature.name.to_owned()).collect(),
            ranges: ranges(seen),
            trees: learnt.trees,
            calibration: learnt.calibration,
            threshold: learnt.threshold,
            recipe: self.recipe.clone(),
            summary: self.summary(),
        })?)
    }

    fn summary(&self) -> Summary {
        let mut out = Summary { simulated: self.simulated.len(), ..Summary::default() };
        let mut corpora: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
        for case in self.cases {
            for [benign, malware] in [&mut out.sessions, corpora.entry(&case.corpus).or_default()] {
                *(if case.malware { malware } else { benign }) += 1;
            }
            out.families.extend(case.family.clone().filter(|_| case.malware));
        }
        out.families.sort_unstable();
        out.families.dedup();
        out.corpora = corpora.into_iter().map(|(name, counts)| (name.to_owned(), counts)).collect();
        out
    }
}

/// Why there is no model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LearnError {
    /// Nothing can be learnt.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// What was learnt is no model.
    #[error(transparent)]
    Model(#[from] ModelError),
}
