// SPDX-License-Identifier: Apache-2.0
//! What is remembered between datagrams: templates, samplers, application names and sequence numbers, per
//! session. Over UDP a session is exporter address, version and observation domain (RFC 7011 §8.4,
//! RFC 3954 §5.1). Everything is bounded; the least recently used goes first, and is counted.

use std::collections::HashMap;
use std::sync::Arc;

use minamo_base::{Ip, Time};

use crate::Elements;
use crate::registry::{Learnt, Names};
use crate::sequence::Sequence;
use crate::template::{Field, Template};

/// The bounds of a [`Cache`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Sessions: pairs of exporter and domain.
    pub sessions: usize,
    /// Templates of one session.
    pub templates: usize,
    /// Fields of one template.
    pub template_fields: usize,
    /// Fields of all templates together.
    pub fields: usize,
    /// Samplers of one session.
    pub samplers: usize,
    /// Application names of one session.
    pub applications: usize,
    /// Application names of all sessions together.
    pub all_applications: usize,
    /// Different elements without a column that are counted one by one.
    pub unmapped: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sessions: 4_096,
            templates: 512,
            template_fields: 1_024,
            fields: 262_144,
            samplers: 256,
            applications: 8_192,
            all_applications: 131_072,
            unmapped: 1_024,
        }
    }
}

/// What the decoder counts besides the account of each datagram.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheCounters {
    /// Templates dropped to make room.
    pub evicted_templates: u64,
    /// Sessions dropped to make room.
    pub evicted_sessions: u64,
    /// Samplers and application names not remembered for lack of room.
    pub refused_facts: u64,
    /// Values that did not fit their column.
    pub unfit_values: u64,
    /// Values without a column that were cut or left out for lack of room in `extra` or in a list.
    pub cut_values: u64,
    /// Values of elements without a column, beyond the ones counted one by one.
    pub unmapped_rest: u64,
    /// Values of elements without a column, by enterprise number and element.
    pub unmapped: HashMap<(u32, u16), u64>,
}

impl CacheCounters {
    /// Counts `records` values of each element.
    pub(crate) fn unmapped(&mut self, elements: &[(u32, u16)], records: u64, max: usize) {
        for element in elements {
            if let Some(count) = self.unmapped.get_mut(element) {
                *count += records;
            } else if self.unmapped.len() < max {
                self.unmapped.insert(*element, records);
            } else {
                self.unmapped_rest += records;
            }
        }
    }
}

/// A session: what templates are numbered within.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) exporter: Ip,
    pub(crate) version: u16,
    pub(crate) domain: u32,
}

/// What a sampling rate holds for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sampled {
    /// Everything of the session.
    All,
    /// Records that name this sampler.
    Selector(u64),
    /// Records that came in at this interface.
    Interface(u64),
}

/// What options data taught.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    pub(crate) rates: Vec<(Sampled, u32)>,
    pub(crate) applications: HashMap<u64, Box<str>>,
    /// Names and types of elements (RFC 5610); they count as application names do.
    pub(crate) elements: Learnt,
    /// Start of the exporter.
    pub(crate) boot: Option<Time>,
}

impl Learned {
    /// The rate for a record: of its sampler, of its interface, of everything; with none of these, of the
    /// only sampler that the exporter told of.
    pub(crate) fn rate(&self, selector: Option<u64>, interface: Option<u64>) -> Option<u32> {
        let find = |wanted: Sampled| self.rates.iter().find(|(what, _)| *what == wanted).map(|(_, rate)| *rate);
        selector
            .and_then(|id| find(Sampled::Selector(id)))
            .or_else(|| interface.and_then(|id| find(Sampled::Interface(id))))
            .or_else(|| find(Sampled::All))
            .or(match (selector, self.rates.as_slice()) {
                (None, [(Sampled::Selector(_), rate)]) => Some(*rate),
                _ => None,
            })
    }

    /// Remembers a rate; false where there is no room.
    pub(crate) fn learn_rate(&mut self, what: Sampled, rate: u32, max: usize) -> bool {
        if let Some((_, old)) = self.rates.iter_mut().find(|(known, _)| *known == what) {
            *old = rate;
        } else if self.rates.len() < max {
            self.rates.push((what, rate));
        } else {
            return false;
        }
        true
    }
}

#[derive(Debug, Default)]
pub(crate) struct Session {
    pub(crate) templates: HashMap<u16, Template>,
    pub(crate) learned: Learned,
    pub(crate) sequence: Sequence,
    used: u64,
}

/// Templates and other memory of all sessions. Pure data: it holds what the decoder was told, nothing else.
#[derive(Debug, Default)]
pub struct Cache {
    limits: Limits,
    elements: Arc<Elements>,
    sessions: HashMap<Key, Session>,
    counters: CacheCounters,
    templates: usize,
    fields: usize,
    applications: usize,
    now: u64,
}

/// Parts of the cache that decoding a data set needs at the same time.
pub(crate) struct Parts<'a> {
    pub(crate) session: &'a mut Session,
    pub(crate) counters: &'a mut CacheCounters,
    pub(crate) applications: &'a mut usize,
    pub(crate) limits: Limits,
    pub(crate) elements: &'a Elements,
    pub(crate) now: u64,
}

impl Cache {
    /// An empty cache with these bounds.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// The same cache with elements of the configuration; they hold for templates that arrive from now on.
    pub fn with_elements(self, elements: Arc<Elements>) -> Self {
        Self { elements, ..self }
    }

    /// The counters so far.
    pub fn counters(&self) -> &CacheCounters {
        &self.counters
    }

    /// Templates held now.
    pub fn templates(&self) -> usize {
        self.templates
    }

    /// Sessions held now.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Application names held now.
    pub fn applications(&self) -> usize {
        self.applications
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Marks the start of a datagram, for "least recently used".
    pub(crate) fn tick(&mut self) {
        self.now += 1;
    }

    /// The session of `key`, made where it is new, and what goes with it.
    pub(crate) fn parts(&mut self, key: Key) -> Parts<'_> {
        if !self.sessions.contains_key(&key) && self.sessions.len() >= self.limits.sessions {
            self.evict_session(key);
        }
        let session = self.sessions.entry(key).or_default();
        session.used = self.now;
        Parts {
            session,
            counters: &mut self.counters,
            applications: &mut self.applications,
            limits: self.limits,
            elements: &self.elements,
            now: self.now,
        }
    }

    /// Takes a template; one that is the same as before only stays young.
    pub(crate) fn define(&mut self, key: Key, id: u16, fields: Vec<Field>, options: bool, min_len: usize) {
        let now = self.now;
        let known = self.parts(key).session.templates.get_mut(&id);
        if let Some(old) = known
            && old.options == options
            && *old.fields == *fields
        {
            old.used = now;
            return;
        }
        self.forget(key, Some(id));
        let count = fields.len();
        self.make_room(key, count);
        let Parts { session, elements, .. } = self.parts(key);
        let names = Names { configured: elements, learnt: &session.learned.elements };
        let mut template = Template::compile(fields, options, min_len, &names);
        template.used = now;
        session.templates.insert(id, template);
        self.templates += 1;
        self.fields += count;
    }

    /// Forgets a template, or all of a session.
    pub(crate) fn forget(&mut self, key: Key, id: Option<u16>) {
        let Some(session) = self.sessions.get_mut(&key) else { return };
        let gone: Vec<_> = match id {
            Some(id) => session.templates.remove(&id).into_iter().collect(),
            None => session.templates.drain().map(|(_, template)| template).collect(),
        };
        self.templates = self.templates.saturating_sub(gone.len());
        self.fields = self.fields.saturating_sub(gone.iter().map(|template| template.fields.len()).sum());
    }

    fn make_room(&mut self, key: Key, fields: usize) {
        while self.sessions.get(&key).is_some_and(|s| s.templates.len() >= self.limits.templates) {
            self.evict_template(key);
        }
        while self.fields > 0 && self.fields + fields > self.limits.fields {
            if !self.evict_session(key) {
                self.evict_template(key);
            }
        }
    }

    fn evict_template(&mut self, key: Key) {
        let oldest = self.sessions.get(&key).and_then(|s| s.templates.iter().min_by_key(|(_, t)| t.used));
        let Some(id) = oldest.map(|(id, _)| *id) else { return };
        self.forget(key, Some(id));
        self.counters.evicted_templates += 1;
    }

    /// Drops the session that rested longest, never `except`; false where there is no other.
    fn evict_session(&mut self, except: Key) -> bool {
        let others = self.sessions.iter().filter(|(key, _)| **key != except);
        let Some(key) = others.min_by_key(|(_, session)| session.used).map(|(key, _)| *key) else { return false };
        self.forget(key, None);
        if let Some(session) = self.sessions.remove(&key) {
            let names = session.learned.applications.len() + session.learned.elements.len();
            self.applications = self.applications.saturating_sub(names);
        }
        self.counters.evicted_sessions += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(domain: u32) -> Key {
        Key { exporter: Ip::v4([192, 0, 2, 1]), version: 9, domain }
    }

    fn fields(count: u16) -> Vec<Field> {
        (1..=count).map(|id| Field { pen: 0, id, len: 4, scope: false }).collect()
    }

    fn define(cache: &mut Cache, domain: u32, id: u16, count: u16) {
        cache.tick();
        cache.define(key(domain), id, fields(count), false, usize::from(count) * 4);
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let mut cache = Cache::new(Limits { templates: 2, ..Limits::default() });
        define(&mut cache, 1, 256, 3);
        define(&mut cache, 1, 257, 3);
        define(&mut cache, 1, 256, 3);
        define(&mut cache, 1, 258, 3);
        let mut ids: Vec<_> = cache.parts(key(1)).session.templates.keys().copied().collect();
        ids.sort_unstable();
        assert_eq!((ids, cache.templates(), cache.counters().evicted_templates), (vec![256, 258], 2, 1));
    }

    #[test]
    fn fields_and_sessions_are_bounded_over_all_exporters() {
        let mut cache = Cache::new(Limits { sessions: 3, fields: 10, ..Limits::default() });
        for domain in 0..20 {
            define(&mut cache, domain, 256, 4);
            assert!(cache.fields <= 10 && cache.sessions() <= 3);
        }
        define(&mut cache, 19, 300, 9);
        assert_eq!((cache.fields, cache.templates(), cache.sessions()), (9, 1, 1));
        assert_eq!(cache.counters().evicted_sessions, 19);
    }

    #[test]
    fn rates_are_found_from_the_closest_to_the_widest() {
        let mut learned = Learned::default();
        assert_eq!(learned.rate(Some(1), Some(2)), None);
        assert!(learned.learn_rate(Sampled::Selector(1), 100, 2));
        assert_eq!((learned.rate(Some(1), None), learned.rate(Some(9), None)), (Some(100), None));
        assert_eq!(learned.rate(None, None), Some(100), "the only sampler there is");
        assert!(learned.learn_rate(Sampled::All, 7, 2));
        assert!(!learned.learn_rate(Sampled::Interface(3), 9, 2));
        assert_eq!((learned.rate(Some(1), None), learned.rate(None, Some(3))), (Some(100), Some(7)));
    }

    #[test]
    fn unmapped_elements_are_counted_within_bounds() {
        let mut counters = CacheCounters::default();
        counters.unmapped(&[(0, 1), (9, 2), (0, 1)], 3, 1);
        assert_eq!((counters.unmapped.get(&(0, 1)), counters.unmapped_rest), (Some(&6), 3));
    }
}
