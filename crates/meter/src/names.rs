// SPDX-License-Identifier: Apache-2.0
//! Names that hosts have just asked for: answers of DNS that passed by, by who asked and what address they got. A
//! connection that follows gets the name (RFC 1035, RFC 3596). Only what the same host asked counts, from the answer on.
//!
//! Bounded in names and per address. Answers are believed as they are: whoever can forge them can forge names.

use std::sync::Arc;

use minamo_base::{Ip, NANOS_PER_SEC, Recent, Time};
use minamo_model::Flow;
use minamo_model::flow::Dns;

/// Names of one address that are kept: content networks have many behind one.
const EACH: usize = 4;
/// Resolvers in programs keep answers beyond a short time to live.
const LEAST_HOLD: i64 = 600 * NANOS_PER_SEC;
/// An address may be somebody else's after a day, whatever the answer said.
const MOST_HOLD: i64 = 86_400 * NANOS_PER_SEC;
/// Most octets of a name (RFC 1035 §2.3.4).
const MAX_NAME: usize = 255;

/// A name and how long it counts.
#[derive(Clone)]
struct Known {
    name: Arc<str>,
    from: Time,
    to: Time,
}

/// The names, by who asked and the address of the answer.
pub(crate) struct Names {
    /// False where none are kept.
    on: bool,
    known: Recent<(Ip, Ip), Vec<Known>>,
    evicted: u64,
}

impl Names {
    /// Room for names of `max` addresses; none are kept where that is 0.
    pub(crate) fn new(max: usize) -> Self {
        Self { on: max > 0, known: Recent::new(max), evicted: 0 }
    }

    /// Learns from the answers that a host got, of which the first `told` were learnt before.
    pub(crate) fn learn(&mut self, asker: Ip, dns: &Dns, told: usize, at: Time) {
        let (Some(query), Some(answers)) = (dns.query.as_deref(), dns.answers.as_deref()) else { return };
        if !self.on || query.len() > MAX_NAME || !matches!(dns.qtype.as_deref(), Some("A" | "AAAA" | "HTTPS")) {
            return;
        }
        let ttl = i64::from(dns.ttl_secs.unwrap_or(0)).saturating_mul(NANOS_PER_SEC);
        let to = Time(at.0.saturating_add(ttl.clamp(LEAST_HOLD, MOST_HOLD)));
        let known = Known { name: query.into(), from: at, to };
        for ip in answers.iter().skip(told).filter_map(|answer| answer.parse::<Ip>().ok()) {
            let key = (asker, ip);
            let mut names = self.known.get(&key).unwrap_or_default();
            names.retain(|other| other.name != known.name);
            names.insert(0, known.clone());
            names.truncate(EACH);
            self.known.insert(key, names);
        }
        self.evicted = self.evicted.saturating_add(self.known.take_evicted());
    }

    /// What the initiator of a flow that began at `at` had asked for, and got the responder's address; the latest first.
    pub(crate) fn asked(&mut self, flow: &Flow, at: Time) -> Vec<Arc<str>> {
        if self.known.is_empty() {
            return Vec::new();
        }
        let names = self.known.get(&(flow.core.src_ip, flow.core.dst_ip)).unwrap_or_default();
        names.into_iter().filter(|known| known.from <= at && at < known.to).map(|known| known.name).collect()
    }

    /// Addresses whose names were forgotten for want of room.
    pub(crate) fn evicted(&self) -> u64 {
        self.evicted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Ip {
        Ip::v4([192, 0, 2, 1])
    }

    fn answer(query: &str, answers: &[&str], ttl: u32) -> Dns {
        Dns {
            query: Some(query.to_owned()),
            qtype: Some("A".into()),
            answers: Some(answers.iter().map(|answer| (*answer).to_owned()).collect()),
            ttl_secs: Some(ttl),
            ..Dns::default()
        }
    }

    fn asked(names: &mut Names, src: Ip, dst: &str, secs: i64) -> Vec<String> {
        let mut flow = Flow::default();
        (flow.core.src_ip, flow.core.dst_ip) = (src, dst.parse().expect("an address"));
        names.asked(&flow, Time(secs * NANOS_PER_SEC)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_connection_after_the_answer_has_the_name() {
        let mut names = Names::new(100);
        names.learn(
            client(),
            &answer("a.example", &["edge.example", "198.51.100.7"], 30),
            0,
            Time(100 * NANOS_PER_SEC),
        );
        assert_eq!(asked(&mut names, client(), "198.51.100.7", 100), ["a.example"]);
        assert_eq!(asked(&mut names, client(), "198.51.100.7", 699), ["a.example"]);
        assert!(asked(&mut names, client(), "198.51.100.7", 99).is_empty(), "before it asked");
        assert!(asked(&mut names, client(), "198.51.100.7", 700).is_empty(), "long after");
        assert!(asked(&mut names, Ip::v4([192, 0, 2, 2]), "198.51.100.7", 100).is_empty(), "somebody else");
    }

    #[test]
    fn the_latest_names_of_an_address_are_kept() {
        let mut names = Names::new(100);
        for n in 0..10 {
            names.learn(client(), &answer(&format!("{n}.example"), &["198.51.100.7"], 0), 0, Time(n * NANOS_PER_SEC));
        }
        names.learn(client(), &answer("7.example", &["198.51.100.7"], 0), 0, Time(10 * NANOS_PER_SEC));
        assert_eq!(
            asked(&mut names, client(), "198.51.100.7", 20),
            ["7.example", "9.example", "8.example", "6.example"]
        );
    }

    #[test]
    fn room_is_bounded_and_what_is_forgotten_is_counted() {
        let mut names = Names::new(10);
        for n in 0..100_u8 {
            names.learn(client(), &answer("a.example", &[&format!("198.51.100.{n}")], 0), 0, Time(0));
        }
        assert!(names.known.len() <= 10 && names.evicted() >= 90);
        let mut text = answer("a.example", &["198.51.100.7"], 0);
        text.qtype = Some("TXT".into());
        let mut names = Names::new(10);
        names.learn(client(), &text, 0, Time(0));
        assert_eq!(names.known.len(), 0, "a text that looks like an address is none");
    }
}
