// SPDX-License-Identifier: Apache-2.0
//! What conversations tell of others. Names that hosts have just asked for: answers of DNS that passed by, by who asked and
//! what address they got. A connection that follows gets the name (RFC 1035, RFC 3596). Only what the same host asked counts,
//! from the answer on. And endpoints that a conversation announced ([`Announced`]).
//!
//! Bounded in names, per address, and in endpoints. Answers are believed as they are: whoever can forge them can forge names.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minamo_base::{FiveTuple, Ip, NANOS_PER_SEC, Recent, Time};
use minamo_dissect::{Announced, Host, Meant, Side};
use minamo_model::Flow;
use minamo_model::flow::Dns;

use crate::Done;
use crate::state::{TCP, UDP};

/// Names of one address that are kept: content networks have many behind one.
const EACH: usize = 4;
/// Resolvers in programs keep answers beyond a short time to live.
const LEAST_HOLD: i64 = 600 * NANOS_PER_SEC;
/// An address may be somebody else's after a day, whatever the answer said.
const MOST_HOLD: i64 = 86_400 * NANOS_PER_SEC;
/// Most octets of a name (RFC 1035 §2.3.4).
const MAX_NAME: usize = 255;
/// Endpoints that were announced and are remembered, about 150 octets each.
const MAX_ENDS: usize = 65_536;
/// A conversation may begin so much earlier than the one of the same socket that tells what it is.
const CALL_BEFORE: i64 = 30 * NANOS_PER_SEC;

/// What one conversation tells of others.
#[derive(Debug, Clone)]
pub struct Learnt {
    /// Number of the unit that told it.
    pub order: u64,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    /// Who asked DNS, for what, and the addresses that it got.
    Names(Ip, Known, Vec<Ip>),
    /// An endpoint, and what its conversations are.
    End(End, Expected),
}

/// Address, port and protocol number.
type End = (Ip, u16, u8);

/// What the conversations of an endpoint are.
#[derive(Debug, Clone, Copy)]
struct Expected {
    meant: Meant,
    /// Where the other end must be.
    peer: Option<Ip>,
    from: Time,
    to: Time,
}

/// What did not fit any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Addresses whose names were forgotten.
    pub names: u64,
    /// Endpoints that were announced and forgotten.
    pub ends: u64,
}

impl std::ops::AddAssign for Forgotten {
    fn add_assign(&mut self, Self { names, ends }: Self) {
        self.names += names;
        self.ends += ends;
    }
}

impl Learnt {
    /// What a conversation between these endpoints announced at this time.
    pub(crate) fn announced(announced: &Announced, ends: FiveTuple, (at, order): (Time, u64)) -> Self {
        let of = |side| if side == Side::Src { (ends.src, ends.src_port) } else { (ends.dst, ends.dst_port) };
        let (ip, own) = match announced.host {
            Host::Of(side) => of(side),
            Host::At(ip) => (ip, 0),
        };
        let before = if matches!(announced.meant, Meant::Calls(..)) { CALL_BEFORE } else { 0 };
        let expected = Expected {
            meant: announced.meant,
            peer: announced.peer.map(|side| of(side).0),
            from: Time(at.0.saturating_sub(before)),
            to: Time(at.0.saturating_add(i64::from(announced.secs).saturating_mul(NANOS_PER_SEC))),
        };
        let end = (ip, announced.port.unwrap_or(own), if announced.stream { TCP } else { UDP });
        Self { order, what: What::End(end, expected) }
    }

    /// What a host learnt from the answers that it got at this time, of which the first `told` were learnt before.
    pub(crate) fn of(asker: Ip, dns: &Dns, told: usize, (at, order): (Time, u64)) -> Option<Self> {
        let (query, answers) = (dns.query.as_deref()?, dns.answers.as_deref()?);
        if query.len() > MAX_NAME || !matches!(dns.qtype.as_deref(), Some("A" | "AAAA" | "HTTPS")) {
            return None;
        }
        let ttl = i64::from(dns.ttl_secs.unwrap_or(0)).saturating_mul(NANOS_PER_SEC);
        let to = Time(at.0.saturating_add(ttl.clamp(LEAST_HOLD, MOST_HOLD)));
        let addresses: Vec<Ip> = answers.iter().skip(told).filter_map(|answer| answer.parse().ok()).collect();
        let what = || What::Names(asker, Known { name: query.into(), from: at, to }, addresses.clone());
        (!addresses.is_empty()).then(|| Self { order, what: what() })
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
    ends: Recent<End, Expected>,
}

impl Names {
    /// Room for names of `max` addresses, about 200 octets each; none are kept where that is 0. Endpoints that were announced
    /// have room of their own.
    pub fn new(max: usize) -> Self {
        let table = Table { known: Recent::new(max), ends: Recent::new(MAX_ENDS) };
        Self { on: max > 0, table: Arc::new(Mutex::new(table)) }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns what was told; returns what was forgotten for want of room.
    pub fn learn(&self, learnt: impl IntoIterator<Item = Learnt>) -> Forgotten {
        let mut learnt = learnt.into_iter().filter(|one| self.on || matches!(one.what, What::End(..))).peekable();
        if learnt.peek().is_none() {
            return Forgotten::default();
        }
        let mut table = self.table();
        learnt.for_each(|learnt| table.learn(&learnt.what));
        Forgotten { names: table.known.take_evicted(), ends: table.ends.take_evicted() }
    }

    /// Notes which names the initiator of a flow had asked for, and what was announced of it. Rows are asked for in their
    /// order: what is known is forgotten.
    #[inline]
    pub fn ask(&self, done: &mut Done) {
        if let Some((_, opened)) = done.content {
            let mut table = self.table();
            done.expected = table.expected(&done.row, opened);
            if self.on {
                done.asked = table.asked(&done.row, opened);
            }
        }
    }

    /// A row with the names that its initiator had asked for, and what follows from them.
    #[inline]
    pub fn complete(&self, mut done: Done) -> Flow {
        self.ask(&mut done);
        done.complete();
        done.row
    }
}

impl Table {
    fn learn(&mut self, learnt: &What) {
        let (asker, learnt, addresses) = match learnt {
            What::Names(asker, learnt, addresses) => (asker, learnt, addresses),
            What::End(end, expected) => return self.expect(*end, *expected),
        };
        for ip in addresses {
            let (key, mut known) = ((*asker, *ip), learnt.clone());
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

    /// What is said again counts from the first time on.
    fn expect(&mut self, end: End, mut expected: Expected) {
        if let Some(before) = self.ends.get(&end)
            && before.meant == expected.meant
            && expected.from < before.to
        {
            expected.from = expected.from.min(before.from);
        }
        self.ends.insert(end, expected);
    }

    /// What was announced of the conversations of one of a flow's endpoints; first the responder's.
    fn expected(&mut self, flow: &Flow, at: Time) -> Option<Meant> {
        if self.ends.is_empty() {
            return None;
        }
        let core = &flow.core;
        let ends = [(core.dst_ip, core.dst_port, core.src_ip), (core.src_ip, core.src_port, core.dst_ip)];
        ends.into_iter().find_map(|(ip, port, peer)| {
            let expected = self.ends.get(&(ip, port, core.proto))?;
            let counts = expected.from <= at && at < expected.to && expected.peer.is_none_or(|host| host == peer);
            counts.then_some(expected.meant)
        })
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
    fn announced_endpoints_count_for_a_while_and_for_who_was_meant() {
        let (server, data) = (Ip::v4([192, 0, 2, 21]), Meant::Protocol("FTP_DATA", "File Transfer Protocol"));
        let ends = FiveTuple { src: client(), dst: server, src_port: 40_000, dst_port: 21, proto: TCP };
        let (host, peer) = (Host::Of(Side::Dst), Some(Side::Src));
        let announced = Announced { host, port: Some(5_001), stream: true, peer, secs: 300, meant: data };
        let names = Names::new(0);
        names.learn([Learnt::announced(&announced, ends, (Time(100 * NANOS_PER_SEC), 0))]);
        let told = |src: Ip, port, proto, secs: i64| {
            let mut flow = Flow::default();
            (flow.core.src_ip, flow.core.dst_ip, flow.core.dst_port, flow.core.proto) = (src, server, port, proto);
            names.table().expected(&flow, Time(secs * NANOS_PER_SEC))
        };
        assert_eq!([100, 399].map(|secs| told(client(), 5_001, TCP, secs)), [Some(data); 2]);
        assert_eq!([99, 400].map(|secs| told(client(), 5_001, TCP, secs)), [None; 2], "before and long after");
        let others = [told(client(), 5_002, TCP, 100), told(client(), 5_001, UDP, 100), told(server, 5_001, TCP, 100)];
        assert_eq!(others, [None; 3]);
        let flood = (0..200_000_u32).map(|n| {
            let announced = Announced { host: Host::At(Ip::v4(n.to_be_bytes())), ..announced };
            Learnt::announced(&announced, ends, (Time(0), 0))
        });
        assert!(names.learn(flood).ends >= 200_000 - MAX_ENDS as u64 && names.table().ends.len() <= MAX_ENDS);
    }

    #[test]
    fn room_is_bounded_and_what_is_forgotten_is_counted() {
        let names = Names::new(10);
        let mut evicted = 0;
        for n in 0..100_u8 {
            let address = format!("198.51.100.{n}");
            let learnt = Learnt::of(client(), &answer("a.example", &[&address], 0), 0, (Time(0), 0));
            evicted += names.learn(learnt).names;
        }
        assert!(names.table().known.len() <= 10 && evicted >= 90);
        let mut text = answer("a.example", &["198.51.100.7"], 0);
        text.qtype = Some("TXT".into());
        let names = Names::new(10);
        names.learn(Learnt::of(client(), &text, 0, (Time(0), 0)));
        assert_eq!(names.table().known.len(), 0, "a text that looks like an address is none");
    }
}
