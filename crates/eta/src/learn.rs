// SPDX-License-Identifier: Apache-2.0
//! From cases to a model: real sessions, each once more with a trick done to it, and simulated ones; calibration and
//! threshold from sessions that the trees did not see, split by capture and corpus.

use std::collections::BTreeMap;

use minamo_model::flow::Flow;

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

/// Lengths, times and counts of octets.
pub const EXCHANGE_AND_OCTETS: &[Source] = &[Source::Exchange, Source::Octets];
/// Lengths and times only.
pub const EXCHANGE: &[Source] = &[Source::Exchange];

/// Simulated sessions.
const SIMULATED: usize = 6_000;
/// Weight of all simulated sessions over that of all real ones.
const SIMULATED_WEIGHT: f32 = 1.0;
/// Weight of a session with a trick done to it.
const TRICKED_WEIGHT: f32 = 0.5;
/// Weight of real malware over that of real benign sessions: captures show few families in few laboratories, whose habits are
/// not malware's; how it behaves is simulated.
const MALWARE_WEIGHT: f32 = 0.3;
/// Share of the simulated sessions with tricks of which an exporter tells less: lengths and times only, or of 10 packets.
const TOLD_LESS: f64 = 0.15;
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
    /// Features of simulated sessions, as they are and with tricks done to them, and their weight.
    simulated: Vec<(Values, bool, f32)>,
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
            for trick in tricks(&mut random) {
                if let Some(lender) = random.pick(lenders).copied() {
                    evade(trick, &mut flow, &mut pair, &lender.flow, &mut random);
                }
            }
            // Most probes count no octets, and of what is sent after a trick nobody knows them.
            flow.eta = None;
            extract(&flow, pair, &mut scratch)
        });
        let tricked = tricked.collect();
        let mut made = Vec::with_capacity(2 * simulated.len());
        for session in &simulated {
            made.push((extract(&session.flow, session.pair, &mut scratch), session.malware, 1.0));
            let (mut flow, mut pair) = (session.flow.clone(), session.pair);
            let lenders = if session.malware { &lenders[0] } else { &lenders[1] };
            for trick in tricks(&mut random) {
                if let Some(lender) = random.pick(lenders).copied() {
                    evade(trick, &mut flow, &mut pair, &lender.flow, &mut random);
                }
            }
            tell_less(&mut flow, &mut random);
            made.push((extract(&flow, pair, &mut scratch), session.malware, 1.0));
        }
        Self { cases, values, tricked, simulated: made, recipe }
    }

    /// Trees from these cases and the simulated sessions.
    pub fn trees(&self, chosen: &[usize], sources: &[Source]) -> Result<Trees, TrainError> {
        let of = |values: &[Values], at: usize| {
            Some(Example { values: *values.get(at)?, malware: self.cases.get(at)?.malware, weight: 1.0 })
        };
        let mut examples: Vec<Example> = chosen.iter().filter_map(|&at| of(&self.values, at)).collect();
        let groups: Vec<u64> = chosen.iter().filter_map(|&at| self.cases.get(at)).map(Case::group).collect();
        balance(&mut examples, &groups);
        examples.iter_mut().filter(|example| example.malware).for_each(|example| example.weight *= MALWARE_WEIGHT);
        let real = examples.len() as f32;
        let tricked: Vec<Example> = chosen
            .iter()
            .zip(&examples)
            .filter_map(|(&at, example)| {
                Some(Example { weight: example.weight * TRICKED_WEIGHT, ..of(&self.tricked, at)? })
            })
            .collect();
        examples.extend(tricked);
        let all: f32 = self.simulated.iter().map(|(_, _, weight)| weight).sum();
        let weight = SIMULATED_WEIGHT * real / all.max(1.0);
        let made = self.simulated.iter();
        examples.extend(made.map(|&(values, malware, of)| Example { values, malware, weight: of * weight }));
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
        // Simulated sessions are of both classes; they are beside real ones, not in their place.
        if [false, true].iter().any(|class| self.cases.iter().all(|case| case.malware != *class)) {
            return Err(TrainError::OneClass.into());
        }
        let all: Vec<usize> = (0..self.cases.len()).collect();
        let learnt = self.learn(&all, Source::ALL)?;
        let seen = self.values.iter().chain(self.simulated.iter().map(|(values, ..)| values));
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
        let mut out = Summary { simulated: SIMULATED, ..Summary::default() };
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

/// Tricks for a session to learn from: a hello of the other class always, so that what a client offers says nothing; what
/// changes the amounts half of the time, and any.
fn tricks(random: &mut Random) -> [Evasion; 2] {
    let amounts = random.chance(0.5);
    let second = if amounts {
        random.pick(&[Evasion::Padding, Evasion::Dummies]).copied()
    } else {
        random.pick(EVASIONS).map(|(trick, _)| *trick)
    };
    [Evasion::BorrowedHello, second.unwrap_or(Evasion::Padding)]
}

/// What an exporter tells of a session: some send no first packets, Cisco's switches ten lengths with milliseconds.
fn tell_less(flow: &mut Flow, random: &mut Random) {
    if random.chance(TOLD_LESS) {
        flow.tls = None;
    }
    let few = random.chance(TOLD_LESS);
    if let Some(splt) = flow.splt.as_deref_mut().filter(|_| few) {
        splt.lengths.iter_mut().for_each(|lengths| lengths.truncate(10));
        if let Some(times) = &mut splt.times_micros {
            times.truncate(10);
            times.iter_mut().for_each(|micros| *micros -= *micros % 1_000);
        }
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
