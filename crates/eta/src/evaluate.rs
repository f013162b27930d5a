// SPDX-License-Identifier: Apache-2.0
//! How good a recipe is on what it did not see: corpora left out one and two at a time, families left out one at a time,
//! naive rules and Joy's weights beside it, and every trick of [`crate::evade`]. Public captures deceive: within one, class
//! is laboratory.

use std::collections::{BTreeMap, BTreeSet};

use minamo_model::flow::Flow;

use crate::calibrate::MIX;
use crate::dataset::Case;
use crate::drift::{FEWEST, Moved, moved, spreads};
use crate::evade::{Care, EVASIONS, Evasion, evade_all};
use crate::features::{Source, Values};
use crate::joy::Joy;
use crate::learn::{EXCHANGE, EXCHANGE_AND_OCTETS, Learnt, Material, Told};
use crate::measure::{Scratch, extract, too_little};
use crate::metrics::{Bin, Judged, above, auc, calibration_error, reliability, threshold_at, threshold_of_all};
use crate::model::{Class, Model};
use crate::path::other_path;
use crate::random::Random;
use crate::train::TrainError;
use crate::trees::Trees;
use crate::tunnel::{Found, count, may_be};

/// Areas with corpora left out.
#[derive(Clone, Debug, Default)]
pub struct Areas {
    /// What was asked.
    pub name: String,
    /// Mean area with one corpus left out, of those that hold both classes.
    pub one: Option<f64>,
    /// Mean area with two left out.
    pub two: Option<f64>,
    /// Each pair.
    pub pairs: Vec<([String; 2], f64)>,
}

/// Verdicts on some sessions that the trees did not see.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// What they have in common.
    pub name: String,
    /// How many.
    pub sessions: usize,
    /// Taken for malware.
    pub flagged: usize,
    /// Not judged.
    pub unknown: usize,
}

/// Verdicts on corpora, each of which was left out.
#[derive(Clone, Debug, Default)]
pub struct LeftOut {
    /// Benign sessions by corpus.
    pub networks: Vec<Counted>,
    /// Rows benign and malware, columns benign, malware and unknown.
    pub confusion: [[usize; 3]; 2],
    /// Probabilities against truth.
    pub bins: [Bin; 10],
    /// Their mean distance.
    pub error: f64,
}

/// Verdicts on sessions that are younger than those of training.
#[derive(Clone, Debug, Default)]
pub struct Later {
    /// The first year that was left out.
    pub year: i32,
    /// Malware to learn from.
    pub learnt: usize,
    /// Area of what is judged.
    pub area: Option<f64>,
    /// Benign sessions.
    pub benign: Counted,
    /// Malware.
    pub malware: Counted,
}

/// What an evaluation found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// By sources of features, and rules.
    pub areas: Vec<Areas>,
    /// Each corpus left out.
    pub counted: LeftOut,
    /// The same where no octets are counted.
    pub uncounted: LeftOut,
    /// Malware by family, each left out.
    pub families: Vec<Counted>,
    /// Mean distance of probability and truth, split by capture and benign corpus.
    pub error_by_capture: f64,
    /// Area and share of malware found at 1 % of benign sessions, split by capture.
    pub by_capture: (Option<f64>, Option<f64>),
    /// Sessions of a year and later, by what was learnt from those before.
    pub later: Vec<Later>,
    /// Collections of benign sessions beside all others: how many of their sessions, and how far features moved, the furthest first.
    pub moved: Vec<(String, usize, Vec<Moved>)>,
    /// What was taken for tunnels by DNS over HTTPS, by trees that did not see the host.
    pub tunnels: Vec<Found>,
    /// What the model took for tunnels of a laboratory that no training saw.
    pub elsewhere: Vec<Found>,
    /// Shares of malware found with a trick and without, where no octets are counted, at the thresholds of 1 % of the benign sessions that
    /// are judged, and of all, without.
    pub tricks: Vec<(String, [f64; 2])>,
}

/// Evaluates the recipe of the material.
pub fn evaluate(material: &Material<'_>, joy: &[Joy]) -> Result<Report, TrainError> {
    let mut out = Report::default();
    let (mut random, mut scratch) = (Random::new(13), Scratch::default());
    let elsewhere: Vec<Values> = material
        .cases
        .iter()
        .map(|case| extract(&other_path(&case.flow, &mut random), case.pair, &mut scratch))
        .collect();
    let (own, uncounted, elsewhere) = (&material.values[..], &material.uncounted[..], &elsewhere[..]);
    let all = "all features";
    let (uncounted, over) =
        (("all features, where no octets are counted", uncounted), ("all features, over other paths", elsewhere));
    out.areas.extend(forms(material, Source::ALL, &[(all, own), uncounted, over])?);
    out.areas.extend(forms(material, EXCHANGE_AND_OCTETS, &[("lengths, times and octets", own)])?);
    let over = ("lengths and times, over other paths", elsewhere);
    out.areas.extend(forms(material, EXCHANGE, &[("lengths and times", own), over])?);
    let shown = &[Source::Certificate, Source::Name, Source::Server];
    out.areas.extend(forms(material, shown, &[("certificate, name and server", own)])?);
    out.areas.extend(forms(material, &[Source::Context], &[("repeated sessions", own)])?);
    rules(material, joy, &mut out)?;
    left_out(material, &mut out);
    families(material, &mut out)?;
    later(material, &mut out);
    for corpus in corpora(material.cases) {
        let [own, others] = [true, false].map(|own| material.ordinary(|case| (case.corpus == corpus) == own));
        if own.len() >= FEWEST {
            out.moved.push((corpus.to_owned(), own.len(), moved(&spreads(&others), &own)));
        }
    }
    let all: Vec<usize> = (0..material.cases.len()).collect();
    tricks(material, &material.learn(&all, Source::ALL)?, &mut out);
    Ok(out)
}

/// What the model takes for tunnels of sessions with names.
pub fn elsewhere(model: &Model, sessions: &[(String, Flow)]) -> Vec<Found> {
    let (mut found, mut scratch) = (Vec::new(), Scratch::default());
    for (name, flow) in sessions {
        let values = extract(flow, None, &mut scratch);
        let verdict =
            (may_be(&values) && !too_little(&values)).then(|| model.judge(&values, None).class == Class::DohTunnel);
        count(&mut found, name, verdict);
    }
    found
}

/// Log-odds of these cases.
fn scores(trees: &Trees, values: &[Values], held: &[usize]) -> Vec<f64> {
    held.iter().map(|&at| values.get(at).map_or(0.0, |values| f64::from(trees.predict(values)))).collect()
}

/// Cases outside and inside of the corpora; nothing where a side lacks a class.
fn divide(cases: &[Case], corpora: &[&str]) -> Option<(Vec<usize>, Vec<usize>)> {
    let (held, kept): (Vec<usize>, Vec<usize>) =
        (0..cases.len()).partition(|&at| cases.get(at).is_some_and(|case| corpora.contains(&case.corpus.as_str())));
    let both = |side: &[usize]| {
        let malware = side.iter().filter(|&&at| cases.get(at).is_some_and(|case| case.malware)).count();
        malware > 0 && malware < side.len()
    };
    (both(&held) && both(&kept)).then_some((kept, held))
}

fn corpora(cases: &[Case]) -> Vec<&str> {
    cases.iter().map(|case| case.corpus.as_str()).collect::<BTreeSet<_>>().into_iter().collect()
}

type Score<'a> = &'a mut dyn FnMut(&[usize], &[usize]) -> Result<Vec<f64>, TrainError>;

fn areas(material: &Material<'_>, name: &str, score: Score<'_>) -> Result<Areas, TrainError> {
    let names = corpora(material.cases);
    let mut area = |held: &[&str]| -> Result<Option<f64>, TrainError> {
        let Some((kept, held)) = divide(material.cases, held) else { return Ok(None) };
        let scores = score(&kept, &held)?;
        // Of what is judged: that too little was seen of a session says nothing of it.
        let known = |(at, _): &(&usize, &f64)| material.values.get(**at).is_some_and(|values| !too_little(values));
        let told = held.iter().zip(&scores).filter(known);
        let told: Vec<Judged> =
            told.filter_map(|(&at, &score)| Some((score, material.cases.get(at)?.malware))).collect();
        Ok(auc(&told))
    };
    let (mut one, mut pairs) = (Vec::new(), Vec::new());
    for (at, first) in names.iter().enumerate() {
        one.extend(area(&[first])?);
        for second in names.iter().skip(at + 1) {
            if let Some(area) = area(&[first, second])? {
                pairs.push(([(*first).to_owned(), (*second).to_owned()], area));
            }
        }
    }
    let mean = |all: &[f64]| (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64);
    let two = mean(&pairs.iter().map(|(_, area)| *area).collect::<Vec<_>>());
    Ok(Areas { name: name.to_owned(), one: mean(&one), two, pairs })
}

/// Areas of trees that ask only these sources, for each form of the sessions: the same trees judge all of them.
fn forms(
    material: &Material<'_>,
    sources: &[Source],
    forms: &[(&'static str, &[Values])],
) -> Result<Vec<Areas>, TrainError> {
    let mut trees: Vec<Trees> = Vec::new();
    let mut out = Vec::new();
    for (form, (name, values)) in forms.iter().enumerate() {
        let mut division = 0;
        out.push(areas(material, name, &mut |kept, held| {
            if form == 0 {
                trees.push(material.trees(kept, sources)?);
            }
            let learnt = trees.get(division).ok_or(TrainError::Recipe)?;
            division += 1;
            Ok(scores(learnt, values, held))
        })?);
    }
    Ok(out)
}

fn rules(material: &Material<'_>, joy: &[Joy], out: &mut Report) -> Result<(), TrainError> {
    let cases = material.cases;
    let tls = |at: &usize| cases.get(*at).and_then(|case| case.flow.tls.as_deref());
    out.areas.push(areas(material, "rule: no server name", &mut |_, held| {
        Ok(held.iter().map(|at| if tls(at).is_some_and(|tls| tls.sni.is_none()) { 1.0 } else { 0.0 }).collect())
    })?);
    out.areas.push(areas(material, "rule: JA4 seen with malware in training", &mut |kept, held| {
        let malware = kept.iter().filter(|at| cases.get(**at).is_some_and(|case| case.malware));
        let seen: BTreeSet<&str> = malware.filter_map(|at| tls(at)?.ja4.as_deref()).collect();
        let known = |at: &usize| tls(at).and_then(|tls| tls.ja4.as_deref()).is_some_and(|ja4| seen.contains(ja4));
        Ok(held.iter().map(|at| if known(at) { 1.0 } else { 0.0 }).collect())
    })?);
    for joy in joy {
        let name = format!("Joy's published weights (2019), `{}`", joy.name());
        out.areas.push(areas(material, &name, &mut |_, held| {
            Ok(held.iter().map(|&at| cases.get(at).map_or(0.0, |case| joy.score(&case.flow))).collect())
        })?);
    }
    Ok(())
}

/// Each corpus left out: its sessions are judged by what was learnt from the others, threshold and calibration included.
fn left_out(material: &Material<'_>, out: &mut Report) {
    let mut told: [Vec<Judged>; 2] = Default::default();
    for corpus in corpora(material.cases) {
        let (held, kept): (Vec<usize>, Vec<usize>) =
            (0..material.cases.len()).partition(|&at| material.cases.get(at).is_some_and(|case| case.corpus == corpus));
        let Ok(learnt) = material.learn(&kept, Source::ALL) else { continue };
        let forms = [(&mut out.counted, &material.values), (&mut out.uncounted, &material.uncounted)];
        for ((out, values), told) in forms.into_iter().zip(&mut told) {
            let mut network = Counted { name: corpus.to_owned(), ..Counted::default() };
            for (case, probability, column) in learnt.verdicts(material.cases, values, &held) {
                if column != 2 {
                    told.push((probability, case.malware));
                }
                let row = out.confusion.get_mut(usize::from(case.malware));
                if let Some(cell) = row.and_then(|row| row.get_mut(column)) {
                    *cell += 1;
                }
                if !case.malware {
                    network.count(column);
                }
            }
            if network.sessions > 0 {
                out.networks.push(network);
            }
        }
    }
    for (out, told) in [&mut out.counted, &mut out.uncounted].into_iter().zip(&told) {
        (out.bins, out.error) = (reliability(told, MIX), calibration_error(told, MIX));
    }
}

impl Counted {
    fn count(&mut self, column: usize) {
        self.sessions += 1;
        self.flagged += usize::from(column == 1);
        self.unknown += usize::from(column == 2);
    }
}

/// Each family left out with all captures that show it.
fn families(material: &Material<'_>, out: &mut Report) -> Result<(), TrainError> {
    let mut captures: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for case in material.cases.iter().filter(|case| case.malware) {
        let family = case.family.as_deref().unwrap_or("unnamed");
        captures.entry(family).or_default().insert(&case.capture);
    }
    for (family, captures) in captures {
        let (held, kept): (Vec<usize>, Vec<usize>) = (0..material.cases.len())
            .partition(|&at| material.cases.get(at).is_some_and(|case| captures.contains(case.capture.as_str())));
        // Of one family alone nothing is left to learn from.
        let Ok(learnt) = material.learn(&kept, Source::ALL) else { continue };
        let mut counted = Counted { name: family.to_owned(), ..Counted::default() };
        for (_, _, column) in
            learnt.verdicts(material.cases, &material.values, &held).iter().filter(|(case, ..)| case.malware)
        {
            counted.count(*column);
        }
        out.families.push(counted);
    }
    Ok(())
}

/// Malware that it takes to learn from sessions before a year.
const FEWEST_MALWARE: usize = 10;

/// The year that a session began in.
fn year(case: &Case) -> Option<i32> {
    case.flow.core.time_start.to_string().split('-').next()?.parse().ok()
}

/// For each year: sessions of it and later ones, by what was learnt from those before, threshold and calibration included.
fn later(material: &Material<'_>, out: &mut Report) {
    let years: BTreeSet<i32> = material.cases.iter().filter_map(year).collect();
    for first in years {
        let (held, kept): (Vec<usize>, Vec<usize>) = (0..material.cases.len())
            .partition(|&at| material.cases.get(at).is_some_and(|case| year(case) >= Some(first)));
        let malware =
            |side: &[usize]| side.iter().filter_map(|&at| material.cases.get(at)).filter(|c| c.malware).count();
        let (learnt_from, found_in) = (malware(&kept), malware(&held));
        if learnt_from < FEWEST_MALWARE || found_in == 0 || found_in == held.len() {
            continue;
        }
        let Ok(learnt) = material.learn(&kept, Source::ALL) else { continue };
        let mut later = Later { year: first, learnt: learnt_from, ..Later::default() };
        let mut told: Vec<Judged> = Vec::new();
        for (case, probability, column) in learnt.verdicts(material.cases, &material.values, &held) {
            if column != 2 {
                told.push((probability, case.malware));
            }
            if case.malware { &mut later.malware } else { &mut later.benign }.count(column);
        }
        later.area = auc(&told);
        out.later.push(later);
    }
}

/// Malware with tricks, judged by trees that did not see the capture; hellos are borrowed from benign sessions of all corpora. What is
/// not judged is not found.
fn tricks(material: &Material<'_>, learnt: &Learnt, out: &mut Report) {
    let cases = material.cases;
    let plain: Vec<Judged> =
        learnt.unseen.iter().filter_map(|&(at, score, _)| Some((score, cases.get(at)?.malware))).collect();
    let scores: Vec<(usize, f64)> = learnt.unseen.iter().map(|&(at, score, _)| (at, score)).collect();
    let judged = material.told(learnt, &scores);
    out.by_capture = (auc(&plain), above(&judged, true, threshold_at(&judged, 0.01)));
    // Of what is sent after a trick nobody knows the counts of octets: the threshold is that of sessions without.
    let bare = material.told(learnt, &learnt.uncounted);
    let thresholds = [threshold_at(&bare, 0.01), threshold_of_all(&bare, 0.01)];
    let found = |judged: &[Judged]| thresholds.map(|threshold| above(judged, true, threshold).unwrap_or(f64::NAN));
    let known: Vec<Judged> = judged.iter().copied().filter(|(probability, _)| probability.is_finite()).collect();
    out.error_by_capture = calibration_error(&known, MIX);
    let lenders: Vec<&Case> =
        cases.iter().filter(|c| !c.malware && c.flow.tls.as_ref().is_some_and(|tls| tls.sni.is_some())).collect();
    let mut all: Vec<(String, Vec<Evasion>)> = vec![("none".to_owned(), Vec::new())];
    all.extend(EVASIONS.iter().map(|(trick, name)| ((*name).to_owned(), vec![*trick])));
    all.push(("borrowed ClientHello and padding".to_owned(), vec![Evasion::BorrowedHello, Evasion::Padding]));
    all.push(("borrowed ClientHello and dummy messages".to_owned(), vec![Evasion::BorrowedHello, Evasion::Dummies]));
    all.push(("all of them".to_owned(), EVASIONS.iter().map(|(trick, _)| *trick).collect()));
    let mut scratch = Scratch::default();
    for (name, tricks) in all {
        let mut random = Random::new(11);
        let (mut judged, mut told): (Vec<Judged>, _) = (Vec::new(), Told::default());
        let evaded = evade_all(cases, (&mut random, Care::Exact), |case, random| {
            let all = tricks.iter().filter(|_| case.malware);
            all.filter_map(|trick| Some((*trick, &random.pick(&lenders)?.flow))).collect()
        });
        for &(at, _, fold) in &learnt.unseen {
            let case = cases.get(at).filter(|case| case.malware);
            let (Some(case), Some((flow, pair)), Some(trees)) = (case, evaded.get(at), learnt.folds.get(fold)) else {
                continue;
            };
            let values = extract(flow, *pair, &mut scratch);
            let own = || learnt.calibration.probability(f64::from(trees.predict(&values)));
            let probability = told.of(case, learnt.seen.judges(&values).then(own));
            judged.push((probability.unwrap_or(f64::NEG_INFINITY), true));
        }
        out.tricks.push((name, found(&judged)));
    }
}
