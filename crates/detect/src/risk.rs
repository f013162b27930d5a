// SPDX-License-Identifier: Apache-2.0
//! How much a host is at risk, over time: points of its events, which halve with each day. Of a rule the worst event of
//! the moment counts, so that one that fires every hour does not grow; who was a target counts half.

use std::collections::BTreeMap;
use std::time::Duration;

use minamo_base::{Ip, Time};

use crate::{Seen, Severity};

/// Points halve in this time.
const HALF_LIFE: Duration = Duration::from_secs(86_400);
/// After so long nothing is left of the worst: ten half-lives.
pub const MEMORY: Duration = Duration::from_secs(10 * 86_400);
/// The score ends here.
const MOST: f64 = 100.0;

/// What one rule adds to the risk of a host.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The rule.
    pub rule: String,
    /// Its event that counts.
    pub event_id: String,
    /// Points at the last instant.
    pub points: f64,
}

/// The risk of a host.
#[derive(Debug, Clone, PartialEq)]
pub struct Risk {
    /// The host.
    pub host: Ip,
    /// 0 to 100 at each instant asked for.
    pub scores: Vec<u8>,
    /// Events that it is in.
    pub events: usize,
    /// What makes up the score at the last instant, the most first.
    pub parts: Vec<Part>,
}

/// Points of an event when it ends.
fn points(severity: Severity) -> f64 {
    match severity {
        Severity::Low => 5.0,
        Severity::Medium => 20.0,
        Severity::High => 45.0,
        Severity::Critical => 80.0,
    }
}

/// What is left of an event at an instant: all of it while it goes on, nothing before it began.
fn left(event: &Seen, at: Time) -> f64 {
    let age = Duration::from_nanos(u64::try_from(at.since(event.span.1)).unwrap_or(0));
    let halved = || 0.5_f64.powf(age.as_secs_f64() / HALF_LIFE.as_secs_f64());
    if at < event.span.0 || age >= MEMORY { 0.0 } else { points(event.severity) * halved() }
}

/// Risks at some instants of the hosts that are in events, the highest at the last instant first. `counts` tells the
/// hosts that are asked for.
pub fn risks(events: &[Seen], instants: &[Time], counts: impl Fn(Ip) -> bool) -> Vec<Risk> {
    let mut hosts: BTreeMap<Ip, Vec<(&Seen, f64)>> = BTreeMap::new();
    for event in events {
        for (ip, share) in [(event.src, 1.0), (event.dst.filter(|dst| event.src != Some(*dst)), 0.5)] {
            if let Some(ip) = ip.filter(|ip| counts(*ip)) {
                hosts.entry(ip).or_default().push((event, share));
            }
        }
    }
    let mut risks: Vec<Risk> = hosts.into_iter().map(|(host, events)| risk(host, &events, instants)).collect();
    risks.sort_by(|a, b| (b.scores.last(), a.host).cmp(&(a.scores.last(), b.host)));
    risks
}

fn risk(host: Ip, events: &[(&Seen, f64)], instants: &[Time]) -> Risk {
    let at = |instant: Time| {
        let mut worst: BTreeMap<&str, (f64, &str)> = BTreeMap::new();
        for (event, share) in events {
            let points = share * left(event, instant);
            let known = worst.entry(&event.rule).or_insert((0.0, &event.id));
            if points > known.0 {
                *known = (points, &event.id);
            }
        }
        worst
    };
    let score = |instant: &Time| {
        let sum: f64 = at(*instant).values().map(|(points, _)| points).sum();
        sum.min(MOST).round() as u8
    };
    let last = instants.last().copied().unwrap_or_default();
    let part =
        |(rule, (points, id)): (&str, (f64, &str))| Part { rule: rule.to_owned(), event_id: id.to_owned(), points };
    let mut parts: Vec<Part> = at(last).into_iter().filter(|(_, (points, _))| *points >= 0.5).map(part).collect();
    parts.sort_by(|a, b| b.points.total_cmp(&a.points).then_with(|| a.rule.cmp(&b.rule)));
    Risk { host, scores: instants.iter().map(score).collect(), events: events.len(), parts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Text;

    const HOUR: i64 = 3_600_000;

    fn seen(id: &str, rule: &str, severity: Severity, hour: i64, src: &str, dst: &str) -> Seen {
        let text = Text { en: String::new(), ja: String::new() };
        let span = (Time::from_millis(hour * HOUR), Time::from_millis(hour * HOUR + HOUR));
        let (src, dst) = (src.parse().ok(), dst.parse().ok());
        Seen { id: id.into(), rule: rule.into(), severity, span, src, dst, attack: Vec::new(), text }
    }

    #[test]
    fn points_halve_with_each_day_and_a_rule_counts_once() {
        let events = [
            seen("a", "miner", Severity::High, 0, "10.0.0.5", "203.0.113.9"),
            seen("b", "miner", Severity::High, 5, "10.0.0.5", "203.0.113.9"),
            seen("c", "guess_password", Severity::High, 5, "198.51.100.1", "10.0.0.5"),
        ];
        let instants = [-1, 6, 6 + 24, 6 + 24 * 11].map(|hour| Time::from_millis(hour * HOUR));
        let found = risks(&events, &instants, |ip| ip.is_private());
        assert_eq!(found.len(), 1, "outside hosts were not asked for");
        assert_eq!((found[0].scores.as_slice(), found[0].events), (&[0, 68, 34, 0][..], 3));
        let now = risks(&events, &instants[..2], |ip| ip.is_private()).remove(0);
        assert_eq!(now.parts.iter().map(|part| &*part.event_id).collect::<Vec<_>>(), ["b", "c"]);
    }

    #[test]
    fn the_score_ends_at_a_hundred_and_the_worst_come_first() {
        let mut events: Vec<_> =
            (0..9).map(|n| seen("x", &format!("rule{n}"), Severity::Critical, 0, "10.0.0.5", "")).collect();
        events.push(seen("y", "scan", Severity::Low, 0, "10.0.0.4", ""));
        let found = risks(&events, &[Time::from_millis(HOUR)], |_| true);
        assert_eq!(found.iter().map(|risk| risk.scores[0]).collect::<Vec<_>>(), [100, 5]);
        assert!(risks(&[], &[], |_| true).is_empty());
    }
}
