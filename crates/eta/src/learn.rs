// SPDX-License-Identifier: Apache-2.0
//! From cases to a model: real sessions, each several times more with tricks done to it, and simulated ones; calibration and
//! threshold from sessions that the trees did not see, split by capture and corpus.

use std::collections::{BTreeMap, HashMap};

use minamo_base::Ip;
use minamo_model::flow::Flow;

use crate::calibrate::Calibration;
use crate::dataset::{Case, Dataset};
use crate::drift;
use crate::evade::{Care, EVASIONS, Evasion, evade, evade_all};
use crate::features::{FEATURES, Source, Values};
use crate::measure::{Scratch, extract, too_little};
use crate::metrics::{Judged, threshold_at};
use crate::model::{Body, Model, ModelError, Summary};
use crate::pairs::{Earlier, Pairs, after};
use crate::random::Random;
use crate::seen::{Seen, ranges};
use crate::simulate::{self, Simulated};
use crate::train::{Example, Recipe, TrainError, balance, train};
use crate::trees::Trees;
use crate::tunnel::{self, Found};

/// Lengths, times and counts of octets.
pub const EXCHANGE_AND_OCTETS: &[Source] = &[Source::Exchange, Source::Octets];
/// Lengths and times only.
pub const EXCHANGE: &[Source] = &[Source::Exchange];

/// Simulated sessions.
const SIMULATED: usize = 6_000;
/// Weight of all simulated sessions over that of all real ones.
const SIMULATED_WEIGHT: f32 = 2.0;
/// Times that a session is there once more with tricks done to it.
const COPIES: usize = 4;
/// Times that a simulated one is.
const SIMULATED_COPIES: usize = 2;
/// Forms of a simulated session: as it is, without counts of octets, and its copies.
const FORMS: usize = 2 + SIMULATED_COPIES;
/// Weight of a session's copies together over its own.
const TRICKED_WEIGHT: f32 = 1.0;
/// Share of the copies in which amounts are changed: these tricks carry furthest.
const AMOUNTS: f64 = 0.9;
/// Share of these in which messages are padded and dummies are sent, too.
const BOTH: f64 = 0.25;
/// Share of a session's weight that it has without counts of octets: most probes tell none, and a count that is missing says nothing
/// of a session.
const UNCOUNTED: f32 = 0.5;
/// Weight of real malware over that of real benign sessions: captures show few families in few laboratories, whose habits are
/// not malware's; how it behaves is simulated.
const MALWARE_WEIGHT: f32 = 0.5;
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
    /// Sessions by DNS over HTTPS.
    pub doh: &'a [Case],
    doh_values: Vec<Values>,
    /// Features of the cases.
    pub values: Vec<Values>,
    /// Their features as a probe tells them that counts no octets.
    pub uncounted: Vec<Values>,
    /// Features of each with tricks done to it, several times.
    tricked: Vec<Vec<Values>>,
    /// Features of simulated sessions and their class: each as it is, without counts of octets, then with tricks done to it.
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
    /// Log-odds of the same without counts of octets.
    pub uncounted: Vec<(usize, f64)>,
    /// The trees of the inner split.
    pub folds: Vec<Trees>,
    /// Ranges of the features.
    pub ranges: Vec<Option<[f32; 2]>>,
    /// What was seen: the same as a model judges by.
    pub seen: Seen,
}

/// What sessions of captures are told in the light of earlier ones ([`after`]); asked for them in their order.
#[derive(Default)]
pub struct Told<'a>(HashMap<&'a str, Pairs>);

impl<'a> Told<'a> {
    /// What earlier sessions of the case's hosts say.
    pub fn earlier(&mut self, case: &'a Case) -> Earlier<'_> {
        self.0.entry(&case.capture).or_default().of_session(&case.flow)
    }

    /// What a case of this probability of its own is told; nothing of one that is not judged.
    pub fn of(&mut self, case: &'a Case, own: Option<f64>) -> Option<f64> {
        let earlier = self.earlier(case);
        let probability = after(own?, earlier.told);
        earlier.tell(probability);
        Some(probability)
    }
}

impl Learnt {
    /// Sessions with their probability and what is said (0 benign, 1 malware, 2 nothing), by these of all values.
    pub fn verdicts<'c>(&self, cases: &'c [Case], values: &[Values], held: &[usize]) -> Vec<(&'c Case, f64, usize)> {
        let mut told = Told::default();
        let one = |&at: &usize| {
            let (case, values) = (cases.get(at)?, values.get(at)?);
            let own = self.calibration.probability(f64::from(self.trees.predict(values)));
            let said = |probability| (case, probability, usize::from(probability >= self.threshold));
            Some(told.of(case, self.seen.judges(values).then_some(own)).map_or((case, own, 2), said))
        };
        held.iter().filter_map(one).collect()
    }
}

impl<'a> Material<'a> {
    /// Measures the cases and makes up what else is learnt from.
    pub fn new(set: &'a Dataset, recipe: Recipe) -> Self {
        let (cases, doh) = (set.cases.as_slice(), set.doh.as_slice());
        let mut scratch = Scratch::default();
        let mut random = Random::new(recipe.seed ^ 0x5EED);
        let simulated = simulate::sessions(SIMULATED, recipe.seed.wrapping_add(6));
        let lenders: [Vec<_>; 2] = [false, true].map(|class| simulated.iter().filter(|s| s.malware == class).collect());
        let values: Vec<Values> = cases.iter().map(|case| case.values(&mut scratch)).collect();
        let doh_values = doh.iter().map(|case| case.values(&mut scratch)).collect();
        let uncounted = values.iter().map(without_counts).collect();
        let tricked = (0..COPIES).map(|n| copies(cases, &lenders, n % 2 == 0, &mut random, &mut scratch)).collect();
        let mut made = Vec::with_capacity(FORMS * simulated.len());
        for session in &simulated {
            let own = extract(&session.flow, session.pair, &mut scratch);
            made.push((own, session.malware));
            made.push((without_counts(&own), session.malware));
            for n in 0..SIMULATED_COPIES {
                let (mut flow, mut pair) = (session.flow.clone(), session.pair);
                for trick in tricks(&mut random) {
                    if let Some(lender) = random.pick(other(&lenders, session.malware)).copied() {
                        evade(trick, &mut flow, &mut pair, &lender.flow, &mut random, Care::Rough);
                    }
                }
                tell_less(&mut flow, &mut random);
                count(&mut flow, &session.flow, n % 2 == 0, other(&lenders, session.malware), &mut random);
                made.push((extract(&flow, pair, &mut scratch), session.malware));
            }
        }
        Self { cases, doh, doh_values, values, uncounted, tricked, simulated: made, recipe }
    }

    /// Trees from these cases and the simulated sessions. What is not judged is not learnt from either: which sessions were seen in
    /// part says how they were captured.
    pub fn trees(&self, chosen: &[usize], sources: &[Source]) -> Result<Trees, TrainError> {
        let judged = |at: &usize| self.values.get(*at).is_some_and(|values| !too_little(values));
        let chosen: Vec<usize> = chosen.iter().copied().filter(judged).collect();
        let of = |values: &[Values], at: usize| {
            Some(Example { values: *values.get(at)?, malware: self.cases.get(at)?.malware, weight: 1.0 })
        };
        let mut examples: Vec<Example> = chosen.iter().filter_map(|&at| of(&self.values, at)).collect();
        let groups: Vec<u64> = chosen.iter().filter_map(|&at| self.cases.get(at)).map(Case::group).collect();
        balance(&mut examples, &groups);
        examples.iter_mut().filter(|example| example.malware).for_each(|example| example.weight *= MALWARE_WEIGHT);
        let real = examples.len() as f32;
        let own: Vec<f32> = examples.iter().map(|example| example.weight).collect();
        let weighed = |values: &[Values], share: f32| -> Vec<Example> {
            let one = |(&at, own): (&usize, &f32)| Some(Example { weight: own * share, ..of(values, at)? });
            chosen.iter().zip(&own).filter_map(one).collect()
        };
        examples.iter_mut().for_each(|example| example.weight *= 1.0 - UNCOUNTED);
        examples.extend(weighed(&self.uncounted, UNCOUNTED));
        // What does without some sources shall say what the others tell where nobody hides: most tricks are about them.
        let copies = if sources == Source::ALL { COPIES } else { 1 };
        for copy in self.tricked.iter().take(copies) {
            examples.extend(weighed(copy, TRICKED_WEIGHT / COPIES as f32));
        }
        let made: Vec<_> = self
            .simulated
            .chunks(FORMS)
            .flat_map(|session| session.iter().take(FORMS - SIMULATED_COPIES + copies))
            .collect();
        let weight = SIMULATED_WEIGHT * real / made.len().max(1) as f32;
        examples.extend(made.into_iter().map(|&(values, malware)| Example { values, malware, weight }));
        train(&examples, sources, &self.recipe)
    }

    /// Learns from these cases: trees from all; calibration and threshold from an inner split, so that a part is judged by
    /// trees that saw neither its captures nor, where it is benign, its corpus.
    pub fn learn(&self, chosen: &[usize], sources: &[Source]) -> Result<Learnt, TrainError> {
        let parts = self.parts(chosen);
        let ranges = self.ranges(chosen);
        let seen = Seen::new(&ranges);
        let mut unseen = Vec::with_capacity(chosen.len());
        let mut uncounted = Vec::with_capacity(chosen.len());
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
            let values = held.iter().filter_map(|&at| Some((at, self.uncounted.get(at)?)));
            uncounted.extend(values.map(|(at, values)| (at, f64::from(trees.predict(values)))));
            folds.push(trees);
        }
        // A probability is told of what is judged only.
        let known = |&(at, score): &(usize, f64)| {
            let judged = self.values.get(at).is_some_and(|values| seen.judges(values));
            self.cases.get(at).filter(|_| judged).map(|case| (score, case.malware))
        };
        let counted: Vec<(usize, f64)> = unseen.iter().map(|&(at, score, _)| (at, score)).collect();
        let calibration = Calibration::learn(&counted.iter().chain(&uncounted).filter_map(known).collect::<Vec<_>>());
        // No more than the share, whether octets are counted or not.
        let trees = self.trees(chosen, sources)?;
        let mut learnt = Learnt { trees, calibration, threshold: 1.0, unseen, uncounted, folds, ranges, seen };
        let lowest =
            [&counted, &learnt.uncounted].map(|scores| threshold_at(&self.told(&learnt, scores), THRESHOLD_SHARE));
        learnt.threshold = lowest.into_iter().fold(0.5, f64::max).min(1.0);
        Ok(learnt)
    }

    /// Ranges of the features of these cases, of lookups and tunnels, and of simulated sessions.
    fn ranges(&self, chosen: &[usize]) -> Vec<Option<[f32; 2]>> {
        let own = chosen.iter().filter_map(|&at| self.values.get(at));
        ranges(own.chain(&self.doh_values).chain(self.simulated.iter().map(|(values, _)| values)))
    }

    /// What cases with log-odds of their own are told, and the truth; of one that is not judged a probability below all.
    pub fn told(&self, learnt: &Learnt, scores: &[(usize, f64)]) -> Vec<Judged> {
        let mut told = Told::default();
        let one = |&(at, score): &(usize, f64)| {
            let (case, values) = (self.cases.get(at)?, self.values.get(at)?);
            let own = learnt.seen.judges(values).then(|| learnt.calibration.probability(score));
            Some((told.of(case, own).unwrap_or(f64::NEG_INFINITY), case.malware))
        };
        scores.iter().filter_map(one).collect()
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

    /// Features of the benign sessions that are judged, of these cases.
    pub fn ordinary(&self, of: impl Fn(&Case) -> bool) -> Vec<Values> {
        let cases = self.cases.iter().zip(&self.values);
        let chosen = cases.filter(|(case, values)| !case.malware && of(case) && !too_little(values));
        chosen.map(|(_, values)| *values).collect()
    }

    /// A model from all cases, and how well it tells tunnels where there are some to learn from.
    pub fn model(&self, name: &str) -> Result<(Model, Vec<Found>), LearnError> {
        // Simulated sessions are of both classes; they are beside real ones, not in their place.
        if [false, true].iter().any(|class| self.cases.iter().all(|case| case.malware != *class)) {
            return Err(TrainError::OneClass.into());
        }
        let all: Vec<usize> = (0..self.cases.len()).collect();
        let learnt = self.learn(&all, Source::ALL)?;
        let (tunnel, found) = tunnel::learn(self.doh, self.cases)?.unzip();
        let model = Model::new(Body {
            name: name.to_owned(),
            features: FEATURES.iter().map(|feature| feature.name.to_owned()).collect(),
            ranges: learnt.ranges,
            trees: learnt.trees,
            calibration: learnt.calibration,
            threshold: learnt.threshold,
            tunnel,
            spreads: drift::spreads(&self.ordinary(|_| true)),
            recipe: self.recipe.clone(),
            summary: self.summary(),
        })?;
        Ok((model, found.unwrap_or_default()))
    }

    fn summary(&self) -> Summary {
        let tunnels = self.doh.iter().filter(|case| case.malware).count();
        let doh = [self.doh.len() - tunnels, tunnels];
        let mut out = Summary { simulated: SIMULATED, doh, ..Summary::default() };
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

/// Simulated sessions that hellos and names are borrowed from, by class.
type Lenders<'a> = [Vec<&'a Simulated>; 2];

/// Those of the other class: what is borrowed says nothing then.
fn other<'l, 'a>(lenders: &'l Lenders<'a>, malware: bool) -> &'l [&'a Simulated] {
    let [benign, of_malware] = lenders;
    if malware { benign } else { of_malware }
}

/// Features of every case with tricks done to it, the same ones to all sessions of two hosts: a program does them always.
fn copies(
    cases: &[Case],
    lenders: &Lenders<'_>,
    counted: bool,
    random: &mut Random,
    scratch: &mut Scratch,
) -> Vec<Values> {
    let mut chosen: HashMap<(&str, Ip, Ip), Vec<Evasion>> = HashMap::new();
    let evaded = evade_all(cases, (random, Care::Rough), |case, random| {
        let hosts = (case.capture.as_str(), case.flow.core.src_ip, case.flow.core.dst_ip);
        let list = chosen.entry(hosts).or_insert_with(|| tricks(random)).clone();
        let lenders = other(lenders, case.malware);
        list.into_iter().filter_map(|trick| Some((trick, &random.pick(lenders)?.flow))).collect()
    });
    let one = |((mut flow, pair), case): ((Flow, _), &Case)| {
        count(&mut flow, &case.flow, counted, other(lenders, case.malware), random);
        extract(&flow, pair, scratch)
    };
    evaded.into_iter().zip(cases).map(one).collect()
}

/// Features as of a probe that counts no octets.
pub fn without_counts(values: &Values) -> Values {
    let mut out = *values;
    for (value, feature) in out.iter_mut().zip(FEATURES) {
        if feature.source == Source::Octets {
            *value = f32::NAN;
        }
    }
    out
}

/// Counts of octets of a session with tricks, where they are told: the server's stay, because its first flight is not the program's; the
/// client's are those of the hello that was borrowed.
fn count(flow: &mut Flow, own: &Flow, counted: bool, lenders: &[&Simulated], random: &mut Random) {
    flow.eta = None;
    let Some(own) = own.eta.as_deref().filter(|eta| counted && eta.dst_byte_counts.is_some()) else { return };
    let theirs = random.pick(lenders).and_then(|lender| lender.flow.eta.as_deref()?.src_byte_counts.clone());
    let eta = flow.eta.get_or_insert_default();
    eta.src_byte_counts = theirs.or_else(|| own.src_byte_counts.clone());
    eta.dst_byte_counts.clone_from(&own.dst_byte_counts);
}

/// Tricks for a session to learn from: a hello of the other class always, so that what a client offers says nothing; what
/// changes the amounts mostly, and any.
fn tricks(random: &mut Random) -> Vec<Evasion> {
    let second = if !random.chance(AMOUNTS) {
        random.pick(EVASIONS).map(|(trick, _)| *trick)
    } else if random.chance(BOTH) {
        return vec![Evasion::BorrowedHello, Evasion::Padding, Evasion::Dummies];
    } else {
        random.pick(&[Evasion::Padding, Evasion::Dummies]).copied()
    };
    std::iter::once(Evasion::BorrowedHello).chain(second).collect()
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
