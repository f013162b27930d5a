// SPDX-License-Identifier: Apache-2.0
//! Tunnels in DNS over HTTPS, told by how a client asks and what it is answered: a tunnel's questions and answers are as large as
//! what it carries, a resolver's are as large as names and addresses. Trees of their own, because neither the ways of malware
//! with its controller nor the server's certificate say anything of it: a tunnel goes through anybody's resolver.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::{Deserialize, Serialize};

use crate::calibrate::Calibration;
use crate::dataset::Case;
use crate::features::{FEATURES, Source, Values};
use crate::measure::{Scratch, exchanges, too_little};
use crate::metrics::{Judged, threshold_at};
use crate::train::{Example, Recipe, TrainError, train};
use crate::trees::Trees;

/// Requests that it takes: a tunnel asks again and again, and of fewer questions nobody can say what they carry.
const FEWEST_REQUESTS: f32 = 4.0;
/// Octets of the largest messages of DNS that are usual (RFC 6891 §6.2.5).
const LARGEST_MESSAGE: f32 = 4_096.0;
/// What is asked. Not the handshake, not the server, and no amounts: a tunnel is open for seconds or days.
const ASKED: [&str; 16] = [
    "turns",
    "first_request",
    "first_answer",
    "upload_share",
    "median_request",
    "median_answer",
    "request_variation",
    "equal_requests",
    "small_messages",
    "longest_gap",
    "median_gap",
    "least_request",
    "least_answer",
    "largest_request",
    "largest_answer",
    "short_answers",
];
/// Share of ordinary sessions of training that may be taken for tunnels. Of those, lookups of a resolver are as likely as all others.
const THRESHOLD_SHARE: f64 = 0.005;
/// Weights of tunnels, of lookups by DNS over HTTPS and of other sessions.
const WEIGHTS: [f32; 3] = [0.5, 0.25, 0.25];
/// Parts of the division that calibration and threshold come from.
const FOLDS: u64 = 5;

/// What tells tunnels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tunnel {
    /// The trees.
    pub trees: Trees,
    /// From their log-odds to probabilities.
    pub calibration: Calibration,
    /// Probability from which a session is taken for a tunnel.
    pub threshold: f64,
}

/// How many sessions of a kind were taken for tunnels, by trees that did not see their host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// What they are.
    pub name: String,
    /// How many.
    pub sessions: usize,
    /// With requests enough, and messages of such sizes, that they may be one.
    pub judged: usize,
    /// Taken for tunnels.
    pub taken: usize,
}

/// True where there are enough requests to say anything, and messages have sizes of DNS.
pub fn may_be(values: &Values) -> bool {
    exchanges(values, FEWEST_REQUESTS, LARGEST_MESSAGE)
}

/// A session of training.
struct Session<'a> {
    values: Values,
    kind: Kind,
    case: &'a Case,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Tunnel,
    Lookups,
    Other,
}

impl Session<'_> {
    /// True where it is judged, and may be a tunnel.
    fn is_judged(&self) -> bool {
        may_be(&self.values) && !too_little(&self.values)
    }

    /// The part of the division: all sessions of a host in a capture are in one.
    fn part(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.case.capture, self.case.flow.core.src_ip).hash(&mut hasher);
        hasher.finish() % FOLDS
    }
}

/// Learns from sessions by DNS over HTTPS (`malware` says tunnel) beside others, and tells what was taken for tunnels. Nothing where
/// there are no tunnels to learn from.
pub fn learn(doh: &[Case], others: &[Case]) -> Result<Option<(Tunnel, Vec<Found>)>, TrainError> {
    if !doh.iter().any(|case| case.malware) {
        return Ok(None);
    }
    let mut scratch = Scratch::default();
    let kinds = doh.iter().map(|case| (case, if case.malware { Kind::Tunnel } else { Kind::Lookups }));
    let all = kinds.chain(others.iter().map(|case| (case, Kind::Other)));
    let sessions: Vec<Session<'_>> =
        all.map(|(case, kind)| Session { values: case.values(&mut scratch), kind, case }).collect();
    let mut scores = vec![f64::NEG_INFINITY; sessions.len()];
    for part in 0..FOLDS {
        let trees = trees(sessions.iter().filter(|session| session.part() != part))?;
        for (session, score) in sessions.iter().zip(&mut scores) {
            if session.part() == part && session.is_judged() {
                *score = f64::from(trees.predict(&session.values));
            }
        }
    }
    let judged: Vec<Judged> =
        sessions.iter().zip(&scores).map(|(session, score)| (*score, session.kind == Kind::Tunnel)).collect();
    let known: Vec<Judged> = judged.iter().copied().filter(|(score, _)| score.is_finite()).collect();
    let calibration = Calibration::learn(&known);
    let ordinary = judged.iter().filter(|(_, tunnel)| !tunnel).count();
    // The share is of all ordinary sessions; those that ask too little are never taken for tunnels.
    let asking = known.iter().filter(|(_, tunnel)| !tunnel).count();
    let share = (THRESHOLD_SHARE * ordinary as f64 / asking.max(1) as f64).min(1.0);
    let threshold = calibration.probability(threshold_at(&known, share)).clamp(0.5, 1.0);
    let mut found: Vec<Found> = Vec::new();
    for (session, score) in sessions.iter().zip(&scores) {
        let name = match session.kind {
            Kind::Tunnel => session.case.family.clone().unwrap_or_else(|| "tunnels".to_owned()),
            Kind::Lookups => "lookups by DNS over HTTPS".to_owned(),
            Kind::Other if session.case.malware => "malware with its controller".to_owned(),
            Kind::Other => "other benign sessions".to_owned(),
        };
        count(&mut found, &name, score.is_finite().then(|| calibration.probability(*score) >= threshold));
    }
    Ok(Some((Tunnel { trees: trees(sessions.iter())?, calibration, threshold }, found)))
}

/// Counts a session: taken for a tunnel or not, or not judged.
pub fn count(found: &mut Vec<Found>, name: &str, taken: Option<bool>) {
    let at = found.iter().position(|found| found.name == name).unwrap_or_else(|| {
        found.push(Found { name: name.to_owned(), ..Found::default() });
        found.len() - 1
    });
    if let Some(found) = found.get_mut(at) {
        found.sessions += 1;
        found.judged += usize::from(taken.is_some());
        found.taken += usize::from(taken == Some(true));
    }
}

fn trees<'a>(sessions: impl Iterator<Item = &'a Session<'a>>) -> Result<Trees, TrainError> {
    let asking: Vec<&Session<'_>> = sessions.filter(|session| session.is_judged()).collect();
    let count = |kind: Kind| asking.iter().filter(|session| session.kind == kind).count() as f32;
    let counts = [Kind::Tunnel, Kind::Lookups, Kind::Other].map(|kind| (kind, count(kind)));
    let weight = |kind: Kind| {
        let of = counts.iter().zip(WEIGHTS).find(|((other, _), _)| *other == kind);
        of.map_or(0.0, |((_, count), share)| share * asking.len() as f32 / count)
    };
    let examples: Vec<Example> = asking
        .iter()
        .map(|session| Example {
            values: asked(&session.values),
            malware: session.kind == Kind::Tunnel,
            weight: weight(session.kind),
        })
        .collect();
    // Few examples, and directions that hold for malware only. More trees cost every session with so many requests, and tell no more.
    let recipe = Recipe {
        trees: 30,
        shrinkage: 0.3,
        ridge: 5.0,
        leaf_examples: 5,
        rows: 0.9,
        columns: 0.5,
        directed: false,
        ..Recipe::default()
    };
    train(&examples, Source::ALL, &recipe)
}

/// The values without those that are not asked.
fn asked(values: &Values) -> Values {
    let mut out = *values;
    for (value, feature) in out.iter_mut().zip(FEATURES) {
        if !ASKED.contains(&feature.name) {
            *value = f32::NAN;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::extract;
    use crate::simulate;

    /// A session with `requests` questions of so many octets, each answered by as many.
    fn asking(host: u8, requests: usize, question: i32, answer: i32, tunnel: bool) -> Case {
        let mut flow = simulate::sessions(1, 1).remove(0).flow;
        flow.core.src_ip = minamo_base::Ip::v4([192, 0, 2, host]);
        if let Some(splt) = flow.splt.as_deref_mut() {
            let exchange = (0..requests as i32).flat_map(|n| [question + n % 7, -answer - n % 5]);
            let lengths: Vec<i32> = [517, -3_000, 80].into_iter().chain(exchange).take(50).collect();
            splt.times_micros = Some(vec![20_000; lengths.len()]);
            splt.lengths = Some(lengths);
        }
        if let Some(tls) = flow.tls.as_deref_mut() {
            tls.version = Some("TLS 1.3".into());
        }
        let (corpus, capture) = ("own".to_owned(), "own/doh.pcap".to_owned());
        Case { flow, pair: None, malware: tunnel, family: tunnel.then(|| "iodine".to_owned()), corpus, capture }
    }

    fn cases() -> Vec<Case> {
        let of = |host: u8| [asking(host, 12, 60 + i32::from(host), 200, false), asking(host, 12, 260, 700, true)];
        (1..40).flat_map(of).chain([asking(50, 2, 260, 700, true)]).collect()
    }

    #[test]
    fn what_questions_carry_tells_tunnels_from_lookups() {
        let (tunnel, found) = learn(&cases(), &[]).expect("a recipe").expect("tunnels to learn from");
        let of = |name: &str| found.iter().find(|found| found.name == name).cloned().unwrap_or_default();
        let (iodine, lookups) = (of("iodine"), of("lookups by DNS over HTTPS"));
        assert_eq!((iodine.sessions, iodine.judged, iodine.taken), (40, 39, 39), "one asks too little");
        assert_eq!((lookups.sessions, lookups.taken), (39, 0));
        assert!(tunnel.threshold >= 0.5 && tunnel.trees.fault().is_none());
    }

    #[test]
    fn handshake_server_and_amounts_are_not_asked() {
        let (tunnel, _) = learn(&cases(), &[]).expect("a recipe").expect("tunnels to learn from");
        let values = extract(&asking(9, 12, 260, 700, true).flow, None, &mut Scratch::default());
        assert_eq!(tunnel.trees.predict(&values).to_bits(), tunnel.trees.predict(&asked(&values)).to_bits());
        assert!(ASKED.iter().all(|name| FEATURES.iter().any(|feature| feature.name == *name)));
    }

    #[test]
    fn without_tunnels_nothing_is_learnt() {
        let lookups: Vec<Case> = cases().into_iter().filter(|case| !case.malware).collect();
        assert_eq!(learn(&lookups, &[]), Ok(None));
    }
}
