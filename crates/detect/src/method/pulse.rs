// SPDX-License-Identifier: Apache-2.0
//! Beacons that call in bursts: some connections close together (ask, fetch, answer), then the same long pause, again
//! and again. The middle of all pauses is then a second or two, and says nothing. So what lies close together is one
//! pulse, and the pulses are judged as the rule `beacon` judges calls: pauses, sizes, coverage and evenness, a quarter
//! each, as RITA has it. Calls every one of which stands alone are left to that rule.

use std::borrow::Cow;
use std::collections::BTreeMap;

use minamo_base::{Ip, Time};
use minamo_model::Row;
use minamo_schema::Value;

use super::{Judged, Method, address, count, number, parameter, text, time};
use crate::Rule;

/// The pauses between bursts are so many times those within, at least.
const APART: i64 = 5;
/// Parts of the window whose counts are compared.
const PARTS: i64 = 8;

pub(super) static METHOD: Method = Method {
    name: "pulse",
    columns: &["window_start", "src_ip", "dst_ip", "dst_port", "proto", "at", "octets", "name"],
    parameters: &["pulses", "score"],
    most_rows: 500_000,
    sources: &["RITA 5, activecm/rita: intervals, sizes, duration and histogram in four equal parts"],
    judge,
};

/// Window, addresses, port and protocol.
type Pair = (Time, Ip, Ip, u64, u64);

/// A connection: second and octets sent.
type Call = (i64, u64);

fn judge<'a>(rule: &Rule, rows: &[Row<'a>]) -> Vec<Judged<'a>> {
    let mut pairs: BTreeMap<Pair, (Vec<Call>, Cow<'a, str>)> = BTreeMap::new();
    for row in rows {
        let (Some(src), Some(dst)) = (address(row, "src_ip"), address(row, "dst_ip")) else { continue };
        let pair = (time(row, "window_start"), src, dst, number(row, "dst_port"), number(row, "proto"));
        let (calls, name) = pairs.entry(pair).or_default();
        calls.push((time(row, "at").secs(), number(row, "octets")));
        if let Some(said) = text(row, "name") {
            *name = said;
        }
    }
    let length = i64::try_from(rule.window.as_secs()).unwrap_or(i64::MAX);
    let found = pairs.into_iter().filter_map(|((start, src, dst, port, proto), (mut calls, name))| {
        calls.sort_unstable();
        let score = Score::of(&pulses(&calls)?, length)?;
        let enough = score.pulses as u64 >= parameter(rule, "pulses") && score.total() >= parameter(rule, "score");
        enough.then(|| {
            Judged::of([
                ("window_start", Value::Time(start)),
                ("src_ip", Value::Ip(src)),
                ("dst_ip", Value::Ip(dst)),
                ("dst_port", Value::Uint(port)),
                ("proto", Value::Uint(proto)),
                ("name", Value::Text(name)),
                ("connections", count(calls.len())),
                ("pulses", count(score.pulses)),
                ("interval", Value::Int(score.interval)),
                ("octets", Value::Int(score.octets)),
                ("score", Value::Uint(score.total())),
            ])
        })
    });
    found.collect()
}

/// Calls that lie close together as one: when it began, and all that it sent. Nothing where the pauses are not of two
/// kinds, or where most calls stand alone.
fn pulses(calls: &[Call]) -> Option<Vec<Call>> {
    let mut pauses: Vec<i64> = calls.windows(2).map(|pair| gap(pair).max(1)).collect();
    pauses.sort_unstable();
    // The widest step between a pause and the next longer one parts the two kinds.
    let steps = pauses.iter().zip(pauses.iter().skip(1)).map(|(shorter, longer)| (longer / shorter, *shorter));
    let (_, within) = steps.filter(|(ratio, _)| *ratio >= APART).max_by_key(|(ratio, _)| *ratio)?;
    let mut pulses: Vec<Call> = Vec::new();
    let mut last = None;
    for (at, octets) in calls {
        match (last, pulses.last_mut()) {
            (Some(before), Some(pulse)) if at - before <= within => pulse.1 += octets,
            _ => pulses.push((*at, *octets)),
        }
        last = Some(*at);
    }
    (calls.len() >= pulses.len() * 3 / 2).then_some(pulses)
}

fn gap(pair: &[Call]) -> i64 {
    match pair {
        [(a, _), (b, _)] => b - a,
        _ => 0,
    }
}

/// How regular pulses are.
struct Score {
    pulses: usize,
    interval: i64,
    octets: i64,
    /// Pauses, sizes, coverage, evenness: 0 to 1 each.
    parts: [f64; 4],
}

impl Score {
    fn of(pulses: &[Call], length: i64) -> Option<Self> {
        let (first, last) = (pulses.first()?.0, pulses.last()?.0);
        let pauses: Vec<i64> = pulses.windows(2).map(gap).collect();
        let sizes: Vec<i64> = pulses.iter().map(|(_, octets)| i64::try_from(*octets).unwrap_or(i64::MAX)).collect();
        let (interval, octets) = (middle(&pauses)?, middle(&sizes)?);
        let mut bins = [0.0_f64; 8];
        for (at, _) in pulses {
            let bin = ((at - first) * PARTS / (last - first).max(1)).clamp(0, PARTS - 1);
            if let Some(count) = usize::try_from(bin).ok().and_then(|bin| bins.get_mut(bin)) {
                *count += 1.0;
            }
        }
        let mean = pulses.len() as f64 / bins.len() as f64;
        let variance = bins.iter().map(|count| (count - mean) * (count - mean)).sum::<f64>() / bins.len() as f64;
        let coverage = ((last - first) as f64 / length.max(1) as f64 * 4.0 / 3.0).min(1.0);
        let evenness = (1.0 - variance.sqrt() / mean).max(0.0);
        let parts = [steady(&pauses, interval), steady(&sizes, octets), coverage, evenness];
        Some(Self { pulses: pulses.len(), interval, octets, parts })
    }

    fn total(&self) -> u64 {
        (25.0 * self.parts.iter().sum::<f64>()).round().clamp(0.0, 100.0) as u64
    }
}

fn middle(numbers: &[i64]) -> Option<i64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
}

/// One less the median of the distances from the middle, in parts of it.
fn steady(numbers: &[i64], of: i64) -> f64 {
    let distances: Vec<i64> = numbers.iter().map(|number| (number - of).abs()).collect();
    (1.0 - middle(&distances).unwrap_or(0) as f64 / of.max(1) as f64).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bursts of three calls.
    fn bursts(pauses: impl Iterator<Item = i64>) -> Vec<Call> {
        let starts = pauses.scan(0, |at, pause| {
            *at += pause;
            Some(*at)
        });
        starts.flat_map(|at| [(at, 200), (at + 1, 900), (at + 3, 150)]).collect()
    }

    #[test]
    fn bursts_at_the_same_pace_are_seen() {
        let calls = bursts(std::iter::repeat_n(300, 40));
        let pulses = pulses(&calls).expect("bursts");
        assert_eq!((pulses.len(), pulses[0].1), (40, 1_250));
        let score = Score::of(&pulses, 14_400).expect("a score");
        assert!(score.total() > 95 && score.interval == 300, "{} {:?}", score.total(), score.parts);
    }

    #[test]
    fn a_person_who_reads_pages_is_not() {
        let pauses = [40, 700, 90, 2_000, 65, 300, 31, 1_200, 150, 500, 45, 3_000, 60, 400, 33, 900, 80, 1_500];
        let calls = bursts(pauses.into_iter());
        let score = pulses(&calls).and_then(|pulses| Score::of(&pulses, 14_400)).map_or(0, |score| score.total());
        assert!(score < 70, "{score}");
        assert!(pulses(&[(0, 1), (60, 1), (120, 1)]).is_none(), "calls that stand alone");
        assert!(pulses(&[]).is_none());
    }
}
