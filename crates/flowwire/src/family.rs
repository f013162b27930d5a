// SPDX-License-Identifier: Apache-2.0
//! Sessions over UDP of one exporter, version and domain that differ in their source port. RFC 7011 §8 numbers
//! templates within a transport session, so that two exporters behind one address are kept apart by their ports. But
//! ports change: an exporter that was started anew has another one, and some send templates from one port and data
//! from another, or open a port for every datagram. Therefore:
//!
//! - A session that lacks a template borrows it from the others of its family, where those that have it agree on its
//!   fields and the data has a length that it can have. Where they disagree the data waits.
//! - Nothing is borrowed from a session that reads data of its own by that template, as long as it speaks: it is another
//!   exporter, whose template may be another one. Such data waits, and is counted.
//! - Data of a port that was silent for a minute, or of which nothing else is known, is read by the template of another
//!   one of its family, under the same condition.
//! - A new session begins with what options taught the newest other one, where that has been silent for a minute; it
//!   forgets this when the other one speaks again.
//! - A family with more ports than [`MAX_PORTS`] in an hour is restless: it becomes one session, whatever the port.

use std::collections::HashMap;

use minamo_base::{Ip, Time};

use crate::Cache;
use crate::cache::{Key, Learned, Session};
use crate::parking::Parked;
use crate::template::Template;

/// Ports of one family that are told apart.
const MAX_PORTS: usize = 8;
/// A port that was silent for this long has been given up, in nanoseconds.
const GIVEN_UP: i64 = 3_600_000_000_000;
/// A session that was silent for this long may be that of an exporter that was started anew, in nanoseconds.
const SILENT: i64 = 60_000_000_000;
/// Most octets of padding behind the last record of a set, at which it still looks like data of a template.
const PADDING: usize = 7;

/// The ports of a family.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    list: Vec<u16>,
    /// True where the ports say nothing: there is one session, with port 0.
    restless: bool,
}

impl Cache {
    /// The session that a message of `key` belongs to. Asked once a message, before anything else of it is done.
    pub(crate) fn session_of(&mut self, key: Key) -> Key {
        if key.port == 0 || self.reliable {
            return key;
        }
        if let Some(session) = self.sessions.get_mut(&key) {
            if std::mem::take(&mut session.lent) {
                self.take_back(key);
            }
            return key;
        }
        let family = key.family();
        if self.families.get(&family).is_some_and(|ports| ports.restless) {
            return family;
        }
        let newest = self.others(key).max_by_key(|(_, session)| session.used).map(|(key, _)| key);
        let clock = self.clock();
        let gone = |(other, session): &(Key, &Session)| Some(*other) != newest && silent(session, clock, GIVEN_UP);
        let gone: Vec<_> = self.others(key).filter(gone).map(|(other, _)| other).collect();
        gone.into_iter().for_each(|other| self.end_session(other));
        if self.families.get(&family).is_some_and(|ports| ports.list.len() >= MAX_PORTS) {
            self.settle(family);
            return family;
        }
        self.enter(key);
        if let Some(newest) = newest {
            self.lend(newest, key, clock);
        }
        key
    }

    /// Notes that there is a session of `key`.
    pub(crate) fn enter(&mut self, key: Key) {
        let ports = self.families.entry(key.family()).or_default();
        if !ports.list.contains(&key.port) {
            ports.list.push(key.port);
        }
    }

    /// Notes that there is none of `key` any more.
    pub(crate) fn leave(&mut self, key: Key) {
        if let Some(ports) = self.families.get_mut(&key.family()) {
            ports.list.retain(|port| *port != key.port);
            if ports.list.is_empty() {
                self.families.remove(&key.family());
            }
        }
    }

    /// The other sessions of a family.
    fn others(&self, key: Key) -> impl Iterator<Item = (Key, &Session)> {
        let ports = self.families.get(&key.family()).map(|ports| ports.list.as_slice()).unwrap_or_default();
        let keys = ports.iter().filter(move |port| **port != key.port).map(move |port| Key { port: *port, ..key });
        keys.filter_map(|key| Some((key, self.sessions.get(&key)?)))
    }

    /// What options taught a session that fell silent is believed of its successor.
    fn lend(&mut self, from: Key, to: Key, clock: Time) {
        let Some(session) = self.sessions.get_mut(&from).filter(|session| silent(session, clock, SILENT)) else {
            return;
        };
        session.lent = true;
        let learned = session.learned.clone();
        let (applications, names) = (learned.applications.len() + learned.elements.len(), learned.taught.names());
        let limits = self.limits();
        if self.applications + applications > limits.all_applications || self.names + names > limits.names {
            self.counters.refused_facts += 1;
            return;
        }
        let session = self.parts(to).session;
        (session.learned, session.borrowed) = (learned, true);
        self.applications += applications;
        self.names += names;
    }

    /// A session that was thought to be gone speaks: its successors are no successors.
    fn take_back(&mut self, key: Key) {
        let mine: Vec<_> = self.others(key).filter(|(_, session)| session.borrowed).map(|(other, _)| other).collect();
        for other in mine {
            let Some(session) = self.sessions.get_mut(&other) else { continue };
            session.borrowed = false;
            let configured = session.learned.configured;
            let old = std::mem::replace(&mut session.learned, Learned { configured, ..Learned::default() });
            self.applications = self.applications.saturating_sub(old.applications.len() + old.elements.len());
            self.names = self.names.saturating_sub(old.taught.names());
        }
    }

    /// Makes one session of a family: the newest, with the templates that only others have.
    fn settle(&mut self, family: Key) {
        let mut keys: Vec<_> =
            self.others(Key { port: 0, ..family }).map(|(key, session)| (session.used, key)).collect();
        keys.sort_unstable_by_key(|(used, _)| std::cmp::Reverse(*used));
        // With port 0 there may be one of a state that was saved without ports.
        self.end_session(family);
        let mut joined: Option<Session> = None;
        for (_, key) in keys {
            self.leave(key);
            let Some(session) = self.sessions.remove(&key) else { continue };
            let Some(joined) = &mut joined else {
                joined = Some(Session { sequence: Default::default(), ..session });
                continue;
            };
            for (id, template) in session.templates {
                let fields = template.fields.len();
                if joined.templates.contains_key(&id) || joined.templates.len() >= self.limits().templates {
                    self.uncount(1, fields);
                } else {
                    joined.templates.insert(id, template);
                }
            }
            let (old, kept) = (session.learned, &mut joined.learned);
            let (applications, names) = (old.applications.len() + old.elements.len(), old.taught.names());
            if kept.rates.is_empty() && kept.applications.is_empty() && kept.taught.names() == 0 {
                let before = std::mem::replace(kept, old);
                self.applications = self.applications.saturating_sub(before.applications.len() + before.elements.len());
            } else {
                self.applications = self.applications.saturating_sub(applications);
                self.names = self.names.saturating_sub(names);
            }
        }
        self.families.insert(family, Ports { list: vec![0], restless: true });
        self.sessions.insert(family, joined.unwrap_or_default());
        self.settled = Some(family);
        self.generation += 1;
    }

    /// The templates of a family that has become one session since it was asked last: what waits for them can be read.
    pub(crate) fn take_settled(&mut self, key: Key) -> Vec<u16> {
        if self.settled.take_if(|family| *family == key).is_none() {
            return Vec::new();
        }
        self.sessions.get(&key).map(|session| session.templates.keys().copied().collect()).unwrap_or_default()
    }

    /// How many exporters seem to send from one address, by address, where it is more than one: sessions of one family
    /// that took turns in the last hour, each with templates of its own.
    pub(crate) fn sharing(&self) -> HashMap<Ip, usize> {
        let mut found: HashMap<Ip, usize> = HashMap::new();
        for (family, ports) in self.families.iter().filter(|(_, ports)| ports.list.len() > 1) {
            let own = |session: &&Session| {
                !silent(session, self.clock(), GIVEN_UP)
                    && session.templates.values().any(|template| !template.borrowed)
            };
            let keys = ports.list.iter().map(|port| Key { port: *port, ..*family });
            let sessions: Vec<&Session> = keys.filter_map(|key| self.sessions.get(&key)).filter(own).collect();
            let turns = |one: &Session, other: &Session| one.first < other.seen && other.first < one.seen;
            let among = |(at, one): &(usize, &&Session)| {
                sessions.iter().enumerate().any(|(other, session)| other != *at && turns(one, session))
            };
            let count = sessions.iter().enumerate().filter(among).count();
            if count > 1 {
                let most = found.entry(family.exporter).or_default();
                *most = count.max(*most);
            }
        }
        found
    }

    /// Takes the sets that wait for a template which a session has now: its own, and those of ports of its family that
    /// were given up and cannot get it any more.
    pub(crate) fn take_parked(&mut self, key: Key, id: u16) -> Vec<Parked> {
        let clock = self.clock();
        let (sessions, Some(template)) = (&self.sessions, self.sessions.get(&key).and_then(|s| s.templates.get(&id)))
        else {
            return Vec::new();
        };
        let gone = |other: Key| {
            other.family() == key.family() && sessions.get(&other).is_none_or(|session| silent(session, clock, SILENT))
        };
        let wanted = |other: Key, octets: &[u8]| other == key || (gone(other) && fits(template, octets));
        self.parking.take(key.exporter, id, wanted)
    }

    /// Gives a session the template of its family, where it lacks one that the data can be of. True where it has it now.
    pub(crate) fn borrow_template(&mut self, key: Key, id: u16, body: &[u8]) -> bool {
        let known: Vec<_> = self
            .others(key)
            .filter_map(|(_, session)| session.templates.get(&id).map(|template| (session.used, template)))
            .collect();
        let Some((_, newest)) = known.iter().max_by_key(|(used, _)| *used) else { return false };
        let same = |template: &Template| template.fields == newest.fields && template.options == newest.options;
        let clock = self.clock();
        // One of them is an exporter by itself, so that this may be another one.
        let speaks = |template: &Template| template.read.is_some_and(|read| clock.since(read) <= SILENT);
        if known.iter().any(|(_, template)| !template.borrowed && speaks(template)) {
            self.counters.ambiguous_sets += 1;
            return false;
        }
        if !fits(newest, body) || !known.iter().all(|(_, template)| same(template)) {
            return false;
        }
        let (fields, options, min_len) = (newest.fields.to_vec(), newest.options, newest.min_len);
        self.define(key, id, fields, options, min_len);
        if let Some(template) = self.sessions.get_mut(&key).and_then(|session| session.templates.get_mut(&id)) {
            template.borrowed = true;
        }
        self.counters.borrowed_templates += 1;
        true
    }
}

fn silent(session: &Session, clock: Time, limit: i64) -> bool {
    clock.since(session.seen) > limit
}

/// True where a set of data can be of that template, by its length.
fn fits(template: &Template, body: &[u8]) -> bool {
    body.len() >= template.min_len && (!template.even || body.len() % template.min_len <= PADDING)
}
