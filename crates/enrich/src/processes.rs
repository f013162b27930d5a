// SPDX-License-Identifier: Apache-2.0
//! Which processes and families of malware make which hello: a table of prevalence by fingerprint, with what is known of the
//! destinations of each. Programs share libraries, so that a fingerprint has many processes; a naive Bayes rule over the
//! responder's port, its AS and the name that was asked for tells them apart, as Cisco's Mercury does (Anderson and McGrew,
//! "Accurate TLS Fingerprinting using Destination Context and Knowledge Bases", 2020).
//!
//! One JSON object a line:
//!
//! ```text
//! {"ja4":"t13d1516h2_8daaf6152771_02713d6af862","processes":[
//!   {"name":"chrome","count":9120,"ports":{"443":9100},"as":{"15169":4000},"names":{"google.com":3900}},
//!   {"name":"Dridex","malware":true,"count":3,"ports":{"443":2,"4444":1}}]}
//! ```
//!
//! `count` is how often the process was seen with the fingerprint; `names` are registered domains. Several lines of one fingerprint
//! count together, as do several entries of one process.

use std::borrow::Cow;
use std::collections::HashMap;

use minamo_base::registered_domain;
use serde::Deserialize;

use crate::fingerprints::{FeedFault, FingerprintKind};

/// Most processes of a fingerprint that are read, the most frequent first in the table.
const MAX_PROCESSES: usize = 500;
/// Most fingerprints of a table.
const MAX_FINGERPRINTS: usize = 1_000_000;
/// Most octets of a name.
const MAX_NAME: usize = 200;
/// Lines of which it is told what is wrong with them.
const MAX_FAULTS: usize = 10;
/// Share of destinations that is left for those that were never seen with a process.
const UNSEEN: f64 = 0.01;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    ja3: Option<String>,
    ja4: Option<String>,
    processes: Vec<Process>,
}

/// A process, or a family of malware, with what was seen of it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Process {
    name: String,
    #[serde(default)]
    malware: bool,
    count: u64,
    #[serde(default)]
    ports: HashMap<u16, u64>,
    #[serde(default, rename = "as")]
    systems: HashMap<u32, u64>,
    #[serde(default)]
    names: HashMap<String, u64>,
}

/// Where a session goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Destination<'a> {
    /// Port of the responder.
    pub port: u16,
    /// Its autonomous system, where it is known.
    pub system: Option<u32>,
    /// Name that was asked for.
    pub name: Option<&'a str>,
}

/// What a table says of a session.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Likely<'a> {
    /// The most probable process or family.
    pub process: &'a str,
    /// Its probability among those of the table.
    pub share: f64,
    /// Probability of any malware of the table.
    pub malware: f64,
}

/// Tables of prevalence, put together.
#[derive(Debug, Clone, Default)]
pub struct Processes {
    known: HashMap<String, Vec<Process>>,
    faults: Vec<FeedFault>,
    bad_lines: usize,
}

impl Processes {
    /// Reads a table. An error where there is no fingerprint in it at all; lines that say nothing are left out and told.
    pub fn read(text: &str) -> Result<Self, FeedFault> {
        let mut out = Self::default();
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            if let Err(cause) = out.line(line) {
                out.bad_lines += 1;
                if out.faults.len() < MAX_FAULTS {
                    out.faults.push(FeedFault { line: at + 1, cause });
                }
            }
        }
        if out.known.is_empty() {
            let cause = "no fingerprint in the file".to_owned();
            return Err(out.faults.into_iter().next().unwrap_or(FeedFault { line: 1, cause }));
        }
        Ok(out)
    }

    fn line(&mut self, line: &str) -> Result<(), String> {
        let Line { ja3, ja4, mut processes } = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let read = |kind: FingerprintKind, text: &str| {
            kind.read(text).ok_or_else(|| format!("{}: got {text:?}, want a fingerprint", kind.name()))
        };
        let value = match (ja3, ja4) {
            (Some(ja3), None) => read(FingerprintKind::Ja3, &ja3)?,
            (None, Some(ja4)) => read(FingerprintKind::Ja4, &ja4)?,
            _ => return Err("want either ja3 or ja4".to_owned()),
        };
        processes.truncate(MAX_PROCESSES);
        processes.retain(|process| process.count > 0);
        if processes.is_empty() {
            return Err("processes: want at least one with a count".to_owned());
        }
        for process in &mut processes {
            process.name = process.name.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
            let names = std::mem::take(&mut process.names);
            names.into_iter().for_each(|(name, count)| add(&mut process.names, name.to_ascii_lowercase(), count));
        }
        if self.known.len() >= MAX_FINGERPRINTS && !self.known.contains_key(&value) {
            return Err(format!("there are more than {MAX_FINGERPRINTS} fingerprints"));
        }
        let known = self.known.entry(value).or_default();
        for process in processes {
            let room = known.len() < MAX_PROCESSES;
            match known.iter_mut().find(|known| known.name == process.name && known.malware == process.malware) {
                Some(known) => known.merge(process),
                None if room => known.push(process),
                None => {}
            }
        }
        Ok(())
    }

    /// This table, and of what it does not know another one.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        for (fingerprint, processes) in other.known {
            self.known.entry(fingerprint).or_insert(processes);
        }
        self
    }

    /// Fingerprints in it.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// True where nothing is known.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The first lines that say nothing, and how many there are.
    pub fn faults(&self) -> (&[FeedFault], usize) {
        (&self.faults, self.bad_lines)
    }

    /// Who most likely made a hello with that fingerprint to that destination; nothing where the fingerprint is unknown.
    pub fn find(&self, fingerprint: &str, to: &Destination<'_>) -> Option<Likely<'_>> {
        let processes = self.known.get(fingerprint)?;
        let all: f64 = processes.iter().map(|process| process.count as f64).sum();
        let domain = to.name.map(registered_domain).map(lower);
        let scores: Vec<f64> = processes.iter().map(|process| process.score(all, to, domain.as_deref())).collect();
        let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let odds: Vec<f64> = scores.iter().map(|score| (score - most).exp()).collect();
        let sum: f64 = odds.iter().sum();
        let at = odds.iter().position(|odds| *odds >= 1.0)?;
        let malware = processes.iter().zip(&odds).filter(|(process, _)| process.malware).map(|(_, odds)| odds);
        Some(Likely {
            process: &processes.get(at)?.name,
            share: odds.get(at)? / sum,
            malware: malware.sum::<f64>() / sum,
        })
    }
}

impl Process {
    /// Counts what another line has of the same process.
    fn merge(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        other.ports.into_iter().for_each(|(port, count)| add(&mut self.ports, port, count));
        other.systems.into_iter().for_each(|(system, count)| add(&mut self.systems, system, count));
        other.names.into_iter().for_each(|(name, count)| add(&mut self.names, name, count));
    }

    /// Logarithm of how likely it is, but for what is equal for all. What a table does not tell of a process says nothing.
    fn score(&self, all: f64, to: &Destination<'_>, domain: Option<&str>) -> f64 {
        let mut score = (self.count as f64 / all.max(1.0)).ln();
        score += likelihood(&self.ports, self.ports.get(&to.port));
        if let Some(system) = to.system {
            score += likelihood(&self.systems, self.systems.get(&system));
        }
        if let Some(domain) = domain {
            score += likelihood(&self.names, self.names.get(domain));
        }
        score
    }
}

/// Logarithm of the share of sessions that went there, of those that the table knows.
fn likelihood<K>(seen: &HashMap<K, u64>, there: Option<&u64>) -> f64 {
    // Counts are a stranger's: their sum may be larger than a whole number.
    let all: f64 = seen.values().map(|count| *count as f64).sum();
    if all <= 0.0 {
        // As likely as anything that was not seen: a process of which nothing is known gains nothing by it.
        return UNSEEN.ln();
    }
    let share = there.map_or(0.0, |count| *count as f64 / all);
    (share * (1.0 - UNSEEN) + UNSEEN).ln()
}

fn add<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, u64>, key: K, count: u64) {
    let sum = counts.entry(key).or_default();
    *sum = sum.saturating_add(count);
}

/// Names are the same in letters of either case.
fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|octet| octet.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JA3: &str = "0123456789abcdef0123456789abcdef";

    fn table() -> Processes {
        let line = format!(
            "{{\"ja3\":\"{JA3}\",\"processes\":[{{\"name\":\"browser\",\"count\":990,\"ports\":{{\"443\":990}},\"names\":{{\"example.com\":500,\"example.co.jp\":490}},\"as\":{{\"64500\":990}}}},{{\"name\":\"Dridex\",\"malware\":true,\"count\":10,\"ports\":{{\"443\":5,\"4444\":5}},\"as\":{{\"64511\":10}}}}]}}\n"
        );
        Processes::read(&line).expect("a table")
    }

    #[test]
    fn the_destination_tells_who_it_is() {
        let table = table();
        let to = |port, system, name| table.find(JA3, &Destination { port, system, name }).expect("known");
        let usual = to(443, Some(64_500), Some("www.example.com"));
        assert!(usual.process == "browser" && usual.share > 0.99 && usual.malware < 0.01, "{usual:?}");
        let strange = to(4_444, Some(64_511), None);
        assert!(strange.process == "Dridex" && strange.share > 0.9 && strange.malware > 0.9, "{strange:?}");
        let unknown = to(443, None, None);
        assert!(unknown.process == "browser" && unknown.malware > 0.001, "{unknown:?}");
        assert_eq!(table.find("other", &Destination { port: 443, system: None, name: None }), None);
    }

    #[test]
    fn what_is_no_line_is_told_with_its_number() {
        let good = format!("{{\"ja3\":\"{JA3}\",\"processes\":[{{\"name\":\"a\",\"count\":1}}]}}");
        let text = format!("{good}\n\nx\n{{\"ja4\":\"short\",\"processes\":[]}}\n{{\"processes\":[]}}\n");
        let table = Processes::read(&text).expect("one line");
        let (faults, number) = table.faults();
        assert_eq!((table.len(), number), (1, 3));
        assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [3, 4, 5]);
        assert!(faults[1].cause.contains("ja4: got \"short\""), "{}", faults[1].cause);
        let fault = Processes::read("[]").expect_err("nothing");
        assert_eq!(fault.line, 1);
        let none = format!("{{\"ja3\":\"{JA3}\",\"processes\":[]}}");
        assert!(Processes::read(&none).expect_err("nothing").cause.contains("processes"));
    }

    #[test]
    fn lines_of_one_fingerprint_count_together_and_the_largest_counts_are_borne() {
        let line = |name: &str, count: u64, domain: &str| {
            format!(
                "{{\"ja3\":\"{JA3}\",\"processes\":[{{\"name\":\"{name}\",\"count\":{count},\"names\":{{\"{domain}\":{count}}}}}]}}\n"
            )
        };
        let text = line("one", 3, "Example.com") + &line("two", 1, "example.org") + &line("one", 5, "example.com");
        let table = Processes::read(&text).expect("a table");
        let to = |name| table.find(JA3, &Destination { port: 443, system: None, name }).expect("known");
        assert_eq!(to(None).process, "one");
        assert!((to(None).share - 8.0 / 9.0).abs() < 1e-9, "{:?}", to(None));
        assert!(to(Some("WWW.example.org")).process == "two" && to(Some("www.EXAMPLE.com")).share > 0.99);
        let text =
            line("one", u64::MAX, "example.com") + &line("two", u64::MAX, "example.com") + &line("one", 1, "a.b");
        let table = Processes::read(&text).expect("a table");
        let said = table.find(JA3, &Destination { port: 443, system: None, name: Some("example.com") });
        assert!(said.is_some_and(|said| (said.share - 0.5).abs() < 1e-9), "{said:?}");
    }
}
