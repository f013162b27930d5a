// SPDX-License-Identifier: Apache-2.0
//! Suppressions: what an analyst has looked at and does not want to see again. A suppression hides events and never
//! deletes them; it says why, by whom and until when, counts what it hid, and gives way when what it hides behaves
//! otherwise than it did when it was made.

use std::collections::BTreeMap;

use minamo_base::{Ip, Prefix, Time};
use minamo_model::event::Finding;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// So many times what was usual when a suppression was made breaks it.
const UNUSUAL: f64 = 3.0;
/// Most prefixes of a side, and most facts.
const MOST: usize = 64;
/// Longest reason, in octets.
const LONGEST_REASON: usize = 1_024;
const DAY_MINUTES: i32 = 24 * 60;

/// Which events are meant: those that satisfy all that is said.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Name of the rule; that of a rule with instances means all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Addresses and prefixes that hold the source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub src: Vec<String>,
    /// Likewise of the destination.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dst: Vec<String>,
    /// Values that facts have, by name: a port, a name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, Value>,
    /// Hours of the day in which the event begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
}

/// Hours of each day, such as those of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// Their start, `22:00`.
    pub from: String,
    /// Their end, `06:00`; that of the next day where it is before the start.
    pub to: String,
    /// Minutes that the clock is ahead of UTC.
    pub offset_minutes: i32,
}

impl Hours {
    /// Start and end in minutes of the day in UTC; nothing where it is written otherwise, or both are the same.
    fn minutes(&self) -> Option<(i64, i64)> {
        let of = |text: &str| {
            let (hour, minute) = text.split_once(':')?;
            let (hour, minute): (i64, i64) = (hour.parse().ok()?, minute.parse().ok()?);
            let known =
                (0..24).contains(&hour) && (0..60).contains(&minute) && self.offset_minutes.abs() <= DAY_MINUTES;
            known.then(|| (hour * 60 + minute - i64::from(self.offset_minutes)).rem_euclid(DAY_MINUTES.into()))
        };
        Some((of(&self.from)?, of(&self.to)?)).filter(|(from, to)| from != to)
    }
}

/// What is wrong with a scope: which member, and what is wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{member}: {want}")]
pub struct ScopeError {
    /// The member.
    pub member: &'static str,
    /// What it wants.
    pub want: String,
}

/// A suppression in force.
#[derive(Debug, Clone)]
pub struct Suppression {
    /// Its number.
    pub id: u32,
    /// It hides events from this time on …
    pub from: Time,
    /// … to this one.
    pub until: Time,
    rule: Option<String>,
    src: Vec<Prefix>,
    dst: Vec<Prefix>,
    facts: BTreeMap<String, Value>,
    /// Minutes of the day, in UTC.
    hours: Option<(i64, i64)>,
    /// The largest value of each number in the facts of what it hid when it was made.
    usual: BTreeMap<String, f64>,
}

/// What suppressions say of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: it is shown.
    Shown,
    /// This one hides it.
    Hidden(u32),
    /// This one would hide it, but the fact with this name is far beyond what was usual: it is shown.
    Broken(u32, String),
}

impl Scope {
    /// What is wrong with it, if anything.
    pub fn check(&self, reason: &str) -> Result<(), ScopeError> {
        let bad = |member, want: &str| Err(ScopeError { member, want: want.to_owned() });
        if *self == (Self { hours: self.hours.clone(), ..Self::default() }) {
            return bad("rule", "want a rule, a source, a destination or a fact: a suppression of everything is none");
        }
        if self.hours.as_ref().is_some_and(|hours| hours.minutes().is_none()) {
            return bad("hours", "want two different times of the day such as 22:00 and 06:00");
        }
        if self.src.len() > MOST || self.dst.len() > MOST || self.facts.len() > MOST {
            return bad("src", "want at most 64 addresses of a side and 64 facts");
        }
        for (member, list) in [("src", &self.src), ("dst", &self.dst)] {
            if let Some(text) = list.iter().find(|text| prefix(text).is_none()) {
                return Err(ScopeError {
                    member,
                    want: format!("got {text:?}, want an address or a prefix such as 192.0.2.0/24"),
                });
            }
        }
        if let Some((name, value)) = self.facts.iter().find(|(_, value)| value.is_array() || value.is_object()) {
            return Err(ScopeError {
                member: "facts",
                want: format!("{name}: got {value}, want a text, a number or true or false"),
            });
        }
        match reason.trim() {
            "" => bad("reason", "want the reason: somebody will ask"),
            long if long.len() > LONGEST_REASON => bad("reason", "want at most 1,024 octets"),
            _ => Ok(()),
        }
    }

    /// The suppression with this number; `usual` is of [`usual`]. What cannot be read hides nothing.
    pub fn suppression(&self, id: u32, span: (Time, Time), usual: BTreeMap<String, f64>) -> Option<Suppression> {
        let all = |list: &[String]| list.iter().map(|text| prefix(text)).collect::<Option<Vec<_>>>();
        let (src, dst) = (all(&self.src)?, all(&self.dst)?);
        let (rule, facts) = (self.rule.clone(), self.facts.clone());
        let hours = self.hours.as_ref().map(|hours| hours.minutes().ok_or(())).transpose().ok()?;
        Some(Suppression { id, from: span.0, until: span.1, rule, src, dst, facts, hours, usual })
    }
}

/// An address or a prefix.
fn prefix(text: &str) -> Option<Prefix> {
    if text.contains('/') {
        return text.parse().ok();
    }
    let ip: Ip = text.parse().ok()?;
    Prefix::new(ip, if ip.is_v4() { 32 } else { 128 }).ok()
}

impl Suppression {
    /// True where the event is one that it means, on whatever day.
    pub fn covers(&self, event: &Finding) -> bool {
        let rule = |wanted: &String| event.rule == *wanted || event.rule.split(':').next() == Some(wanted);
        let holds = |list: &[Prefix], ip: Option<Ip>| {
            list.is_empty() || ip.is_some_and(|ip| list.iter().any(|p| p.contains(ip)))
        };
        if !self.rule.as_ref().is_none_or(rule) || !holds(&self.src, event.src_ip) || !holds(&self.dst, event.dst_ip) {
            return false;
        }
        let within = |(from, to): (i64, i64)| {
            let minute = event.time_start.secs().div_euclid(60).rem_euclid(DAY_MINUTES.into());
            if from < to { (from..to).contains(&minute) } else { minute >= from || minute < to }
        };
        if !self.hours.is_none_or(within) {
            return false;
        }
        self.facts.is_empty() || {
            let facts = facts(event);
            self.facts.iter().all(|(name, value)| facts.get(name) == Some(value))
        }
    }

    /// What it says of an event.
    fn verdict(&self, event: &Finding) -> Verdict {
        if event.time_start < self.from || event.time_start >= self.until || !self.covers(event) {
            return Verdict::Shown;
        }
        let facts = facts(event);
        let unusual = self.usual.iter().find(|(name, most)| {
            facts.get(*name).and_then(Value::as_f64).is_some_and(|value| value > **most * UNUSUAL)
        });
        match unusual {
            Some((name, _)) => Verdict::Broken(self.id, name.clone()),
            None => Verdict::Hidden(self.id),
        }
    }
}

fn facts(event: &Finding) -> serde_json::Map<String, Value> {
    serde_json::from_str(&event.facts).unwrap_or_default()
}

/// What suppressions say of an event: the first that hides it counts, then the first that would have.
pub fn verdict(suppressions: &[Suppression], event: &Finding) -> Verdict {
    let mut broken = Verdict::Shown;
    for suppression in suppressions {
        match suppression.verdict(event) {
            hidden @ Verdict::Hidden(_) => return hidden,
            verdict if broken == Verdict::Shown => broken = verdict,
            _ => {}
        }
    }
    broken
}

/// The largest value of each number in the facts of these events, addresses and ports aside.
pub fn usual<'a>(events: impl IntoIterator<Item = &'a Finding>) -> BTreeMap<String, f64> {
    let mut usual: BTreeMap<String, f64> = BTreeMap::new();
    for event in events {
        for (name, value) in facts(event) {
            let Some(number) = value.as_f64().filter(|_| !name.ends_with("port") && name != "proto") else { continue };
            let most = usual.entry(name).or_default();
            *most = most.max(number);
        }
    }
    usual
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(rule: &str, src: &str, at: i64, ports: u64) -> Finding {
        Finding {
            rule: rule.to_owned(),
            src_ip: src.parse().ok(),
            time_start: Time::from_millis(at),
            facts: format!(r#"{{"ports":{ports},"dst_port":22,"src_ip":"{src}"}}"#),
            ..Finding::default()
        }
    }

    fn scanner() -> Scope {
        Scope { rule: Some("scan_ports".into()), src: vec!["192.0.2.0/28".into()], ..Scope::default() }
    }

    fn all_day(scope: &Scope, seen: &[Finding]) -> Suppression {
        scope.suppression(7, (Time::from_millis(0), Time::from_millis(1_000)), usual(seen)).expect("sound")
    }

    #[test]
    fn it_hides_what_it_means_for_its_time() {
        let of = all_day(&scanner(), &[event("scan_ports", "192.0.2.3", 0, 200)]);
        let say = |event: Finding| verdict(std::slice::from_ref(&of), &event);
        assert_eq!(say(event("scan_ports", "192.0.2.3", 5, 600)), Verdict::Hidden(7));
        assert_eq!(say(event("scan_ports:guests", "192.0.2.3", 5, 200)), Verdict::Hidden(7), "instances too");
        assert_eq!(say(event("scan_ports", "192.0.2.77", 5, 200)), Verdict::Shown);
        assert_eq!(say(event("scan_hosts", "192.0.2.3", 5, 200)), Verdict::Shown);
        assert_eq!(say(event("scan_ports", "192.0.2.3", 1_000, 200)), Verdict::Shown, "it is over");
    }

    #[test]
    fn it_gives_way_when_behaviour_changes() {
        let of = all_day(&scanner(), &[event("scan_ports", "192.0.2.3", 0, 200)]);
        let more = event("scan_ports", "192.0.2.3", 5, 601);
        assert_eq!(verdict(&[of], &more), Verdict::Broken(7, "ports".to_owned()));
    }

    #[test]
    fn facts_narrow_it() {
        let scope =
            |port: u64| Scope { facts: BTreeMap::from([("dst_port".to_owned(), port.into())]), ..Scope::default() };
        assert!(all_day(&scope(22), &[]).covers(&event("x", "192.0.2.3", 0, 1)));
        assert!(!all_day(&scope(23), &[]).covers(&event("x", "192.0.2.3", 0, 1)));
    }

    #[test]
    fn hours_narrow_it_also_over_midnight_and_by_the_clock_of_who_made_it() {
        let of = |from: &str, to: &str, offset_minutes| {
            let hours = Some(Hours { from: from.to_owned(), to: to.to_owned(), offset_minutes });
            all_day(&Scope { hours, ..scanner() }, &[])
        };
        let at = |of: &Suppression, hour: i64| of.covers(&event("scan_ports", "192.0.2.3", hour * 3_600_000, 1));
        let night = of("22:00", "06:00", 0);
        assert_eq!([21, 22, 23, 24, 29, 30].map(|hour| at(&night, hour)), [false, true, true, true, true, false]);
        // From 1 to 3 in Tokyo is from 16 to 18 in UTC.
        let backup = of("01:00", "03:00", 540);
        assert_eq!([1, 15, 16, 17, 18].map(|hour| at(&backup, hour)), [false, false, true, true, false]);
        let bad = |from: &str, to: &str, offset_minutes| {
            let hours = Some(Hours { from: from.to_owned(), to: to.to_owned(), offset_minutes });
            Scope { hours, ..scanner() }.check("x").expect_err("wrong").member
        };
        assert_eq!(
            [bad("24:00", "06:00", 0), bad("6", "7", 0), bad("06:00", "06:00", 0), bad("1:00", "2:00", 9_999)],
            ["hours"; 4]
        );
        let only = Scope {
            hours: Some(Hours { from: "1:00".into(), to: "2:00".into(), offset_minutes: 0 }),
            ..Scope::default()
        };
        assert_eq!(only.check("x").expect_err("all of an hour").member, "rule");
    }

    #[test]
    fn what_is_wrong_names_the_member() {
        let wrong = |scope: &Scope, reason| scope.check(reason).map_err(|e| e.to_string());
        assert_eq!(wrong(&scanner(), "the scanner of the audit"), Ok(()));
        assert!(wrong(&Scope::default(), "x").expect_err("all").starts_with("rule: want"));
        assert!(wrong(&scanner(), " ").expect_err("no reason").starts_with("reason: want"));
        let bad = Scope { dst: vec!["192.0.2.300".into()], ..Scope::default() };
        assert_eq!(
            wrong(&bad, "x"),
            Err("dst: got \"192.0.2.300\", want an address or a prefix such as 192.0.2.0/24".into())
        );
    }
}
