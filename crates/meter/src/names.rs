// SPDX-License-Identifier: Apache-2.0
//! Names that hosts have just asked for: answers of DNS that passed by, by who asked and what address they got. A
//! connection that follows gets the name (RFC 1035, RFC 3596). Only what the same host asked counts, from the answer on.
//!
//! Bounded in names and per address. Answers are believed as they are: whoever can forge them can forge names.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minamo_base::{Ip, NANOS_PER_SEC, Recent, Time};
use minamo_model::Flow;
use minamo_model::flow::Dns;

use crate::Done;

/// Names of one address that are kept: content networks have many behind one.
const EACH: usize = 4;
/// Resolvers in programs keep answers beyond a short time to live.
const LEAST_HOLD: i64 = 600 * NANOS_PER_SEC;
/// An address may be somebody else's after a day, whatever the answer said.
const MOST_HOLD: i64 = 86_400 * NANOS_PER_SEC;
/// Most octets of a name (RFC 1035 §2.3.4).
const MAX_NAME: usize = 255;

/// What a host learnt from an answer of DNS.
#[derive(Debug, Clone)]
pub struct Learnt {
    /// Number of the unit that told it.
    pub order: u64,
    asker: Ip,
    known: Known,
    addresses: Vec<Ip>,
}

impl Learnt {
    /// What a host learnt from the answers that it got at this time, of which the first `told` were learnt before.
    pub(crate) fn of(asker: Ip, dns: &Dns, told: usize, (at, order): (Time, u64)) -> Option<Self> {
        let (query, answers) = (dns.query.as_deref()?, dns.answers.as_deref()?);
        if query.len() > MAX_NAME || !matches!(dns.qtype.as_deref(), Some("A" | "AAAA" | "HTTPS")) {
            return None;
        }
        let ttl = i64::from(dns.ttl_secs.unwrap_or(0)).saturating_mul(NANOS_PER_SEC);
        let to = Time(at.0.saturating_add(ttl.clamp(LEAST_HOLD, MOST_HOLD)));
        let addresses: Vec<Ip> = answers.iter().skip(told).filter_map(|answer| answer.parse().ok()).collect();
        (!addresses.is_empty()).then(|| Self {
            order,
            asker,
            known: Known { name: query.into(), from: at, to },
            addresses,
        })
    }
}

/// A name and how long it counts.
#[derive(Debug, Clone)]
struct Known {
    name: Arc<str>,
    from: Time,
    to: Time,
}

/// The names, by who asked and the address of the answer. Clones are the same names: meters that share an interface share them.
#[derive(Clone)]
pub struct Names {
    /// False where none are kept.
    on: bool,
    table: Arc<Mutex<Table>>,
}

struct Table {
    known: Recent<(Ip, Ip), Vec<Known>>,
}

impl Names {
    /// Room for names of `max` addresses, about 200 octets each; none are kept where that is 0.
    pub fn new(max: usize) -> Self {
        Self { on: max > 0, table: Arc::new(Mutex::new(Table { known: Recent::new(max) })) }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns what hosts learnt; returns the number of addresses whose names were forgotten for want of room.
    pub fn learn(&self, learnt: impl IntoIterator<Item = Learnt>) -> u64 {
        let mut learnt = learnt.into_iter().filter(|_| self.on).peekable();
        if learnt.peek().is_none() {
            return 0;
        }
        let mut table = self.table();
        learnt.for_each(|learnt| table.learn(&learnt));
        table.known.take_evicted()
    }

    /// Notes which names the initiator of a flow had asked for. Rows are asked for in their order: names are forgotten.
    #[inline]
    pub fn ask(&self, done: &mut Done) {
        if let Some((_, opened)) = done.content
            && self.on
        {
            done.asked = self.table().asked(&done.row, opened);
        }
    }

    /// A row with the names that its initiator had asked for, and what follows from them.
    #[inline]
    pub fn complete(&self, mut done: Done) -> Flow {
        self.ask(&mut done);
        done.complete()
    }
}

impl Table {
    fn learn(&mut self, learnt: &Learnt) {
        for ip in &learnt.addresses {
            let (key, mut known) = ((learnt.asker, *ip), learnt.known.clone());
            let mut names = self.known.get(&key).unwrap_or_default();
            if let Some(at) = names.iter().position(|other| other.name == known.name) {
                let before = names.remove(at);
                // Who asks again while the answer counts has known it since.
                if known.from < before.to {
                    (known.from, known.to) = (known.from.min(before.from), known.to.max(before.to));
                }
            }
            names.insert(0, known);
            names.truncate(EACH);
            self.known.insert(key, names);
        }
    }

    /// What the initiator of a flow that began at `at` had asked for, and got the responder's address; the latest first.
    fn asked(&mut self, flow: &Flow, at: Time) -> Vec<Arc<str>> {
        if self.known.is_empty() {
            return Vec::new();
        }
        let names = self.known.get(&(flow.core.src_ip, flow.core.dst_ip)).unwrap_or_default();
        names.into_iter().filter(|known| known.from <= at && at < known.to).map(|known| known.name).collect()
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

    fn asked(names: &Names, src: Ip, dst: &str, secs: i64) -> Vec<String> {
        let mut flow = Flow::default();
        (flow.core.src_ip, flow.core.dst_ip) = (src, dst.parse().expect("an address"));
        names.table().asked(&flow, Time(secs * NANOS_PER_SEC)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_connection_after_the_answer_has_the_name() {
        let names = Names::new(100);
        names.learn(Learnt::of(
            client(),
            &answer("a.example", &["edge.example", "198.51.100.7"], 30),
            0,
            (Time(100 * NANOS_PER_SEC), 0),
        ));
        assert_eq!(asked(&names, client(), "198.51.100.7", 100), ["a.example"]);
        assert_eq!(asked(&names, client(), "198.51.100.7", 699), ["a.example"]);
        assert!(asked(&names, client(), "198.51.100.7", 99).is_empty(), "before it asked");
        assert!(asked(&names, client(), "198.51.100.7", 700).is_empty(), "long after");
        assert!(asked(&names, Ip::v4([192, 0, 2, 2]), "198.51.100.7", 100).is_empty(), "somebody else");
    }

    #[test]
    fn who_asks_again_has_known_it_since() {
        let names = Names::new(100);
        for secs in [100, 300, 2_000] {
            names.learn(Learnt::of(
                client(),
                &answer("a.example", &["198.51.100.7"], 0),
                0,
                (Time(secs * NANOS_PER_SEC), 0),
            ));
        }
        assert!(asked(&names, client(), "198.51.100.7", 200).is_empty(), "forgotten for a while");
        let names = Names::new(100);
        for secs in [100, 300] {
            names.learn(Learnt::of(
                client(),
                &answer("a.example", &["198.51.100.7"], 0),
                0,
                (Time(secs * NANOS_PER_SEC), 0),
            ));
        }
        assert_eq!(asked(&names, client(), "198.51.100.7", 200), ["a.example"]);
        assert_eq!(asked(&names, client(), "198.51.100.7", 899), ["a.example"]);
    }

    #[test]
    fn the_latest_names_of_an_address_are_kept() {
        let names = Names::new(100);
        for n in 0..10 {
            names.learn(Learnt::of(
                client(),
                &answer(&format!("{n}.example"), &["198.51.100.7"], 0),
                0,
                (Time(n * NANOS_PER_SEC), 0),
            ));
        }
        names.learn(Learnt::of(client(), &answer("7.example", &["198.51.100.7"], 0), 0, (Time(10 * NANOS_PER_SEC), 0)));
        assert_eq!(asked(&names, client(), "198.51.100.7", 20), ["7.example", "9.example", "8.example", "6.example"]);
    }

    #[test]
    fn room_is_bounded_and_what_is_forgotten_is_counted() {
        let names = Names::new(10);
        let mut evicted = 0;
        for n in 0..100_u8 {
            evicted += names.learn(Learnt::of(
                client(),
                &answer("a.example", &[&format!("198.51.100.{n}")], 0),
                0,
                (Time(0), 0),
            ));
        }
        assert!(names.table().known.len() <= 10 && evicted >= 90);
        let mut text = answer("a.example", &["198.51.100.7"], 0);
        text.qtype = Some("TXT".into());
        let names = Names::new(10);
        names.learn(Learnt::of(client(), &text, 0, (Time(0), 0)));
        assert_eq!(names.table().known.len(), 0, "a text that looks like an address is none");
    }
}
