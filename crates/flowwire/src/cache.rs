// SPDX-License-Identifier: Apache-2.0
//! What is remembered between datagrams: templates, samplers, application names and sequence numbers, per
//! session. Over UDP a session is exporter address and port, version and observation domain (RFC 7011 §8, §8.4,
//! RFC 3954 §5.1): see [`crate::family`] for exporters that change their port. A reliable transport session has a cache
//! of its own, which ends with it (RFC 7011 §8.1).
//! Everything is bounded; the least recently used goes first, and is counted. Data whose template is not known yet
//! waits in the [`crate::parking`] lot.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use minamo_base::{Ip, Time};
use rapidhash::fast::RandomState;

use crate::Elements;
use crate::columns::Workbench;
use crate::family::Ports;
use crate::options::Taught;
use crate::parking::{Parking, ParkingCounters};
use crate::registry::{Learnt, Names};
use crate::sequence::Sequence;
use crate::template::{Field, Template};

/// The bounds of a [`Cache`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Sessions: exporter, port and domain.
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
    /// Names of interfaces and VRFs of all sessions together.
    pub names: usize,
    /// Octets of data that waits for its template, per exporter.
    pub parked_per_exporter: usize,
    /// Octets of data that waits for its template, of all exporters.
    pub parked: usize,
    /// How long data waits for its template.
    pub parked_age: Duration,
    /// A template that was neither sent again nor used for this long is forgotten.
    pub template_age: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sessions: 32_768,
            templates: 512,
            template_fields: 1_024,
            fields: 2_097_152,
            samplers: 256,
            applications: 8_192,
            all_applications: 131_072,
            unmapped: 1_024,
            names: 262_144,
            parked_per_exporter: 1 << 20,
            parked: 64 << 20,
            // Exporters send templates every 30 minutes at the slowest, by their makers' defaults.
            parked_age: Duration::from_secs(2_100),
            template_age: Duration::from_secs(86_400),
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
    /// Templates that came again with other fields.
    pub redefined_templates: u64,
    /// Templates withdrawn by their exporter.
    pub withdrawn_templates: u64,
    /// Withdrawals without effect, because over UDP anyone can send one (RFC 7011 §8.4).
    pub ignored_withdrawals: u64,
    /// Templates forgotten because they were neither sent again nor used for long.
    pub expired_templates: u64,
    /// Templates that a session took from another one of the same exporter and domain.
    pub borrowed_templates: u64,
    /// Sets of data that wait although another exporter behind the same address has a template of that number.
    pub ambiguous_sets: u64,
    /// Names of interfaces and VRFs not remembered for lack of room.
    pub refused_names: u64,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) exporter: Ip,
    pub(crate) version: u16,
    pub(crate) domain: u32,
    /// Source port over UDP; 0 in formats without templates and on connections.
    pub(crate) port: u16,
}

impl Key {
    /// What sessions of one exporter and domain have in common.
    pub(crate) fn family(self) -> Self {
        Self { port: 0, ..self }
    }
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
#[derive(Debug, Default, Clone)]
pub(crate) struct Learned {
    pub(crate) rates: Vec<(Sampled, u32)>,
    pub(crate) applications: HashMap<u64, Box<str>>,
    /// Names and types of elements (RFC 5610); they count as application names do.
    pub(crate) elements: Learnt,
    /// Start of the exporter.
    pub(crate) boot: Option<Time>,
    /// Rate that the configuration gives the exporter.
    pub(crate) configured: Option<u32>,
    /// Interfaces, VRFs, timeouts and the exporter's own statistics.
    pub(crate) taught: Taught,
    /// True where something was learned that is not saved yet.
    pub(crate) changed: bool,
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
            self.changed |= *old != rate;
            *old = rate;
        } else if self.rates.len() < max {
            self.rates.push((what, rate));
            self.changed = true;
        } else {
            return false;
        }
        true
    }
}

/// Templates of a session by number.
pub(crate) type Templates = HashMap<u16, Template, RandomState>;

#[derive(Debug, Default)]
pub(crate) struct Session {
    pub(crate) templates: Templates,
    pub(crate) learned: Learned,
    pub(crate) sequence: Sequence,
    pub(crate) used: u64,
    /// Arrival of the first message.
    pub(crate) first: Time,
    /// Arrival of the last message.
    pub(crate) seen: Time,
    /// True where another session of the family began with what this one had learned.
    pub(crate) lent: bool,
    /// True where this one began with what another one had learned.
    pub(crate) borrowed: bool,
}

/// Templates and other memory of all sessions. Pure data: it holds what the decoder was told, nothing else.
#[derive(Debug, Default)]
pub struct Cache {
    limits: Limits,
    elements: Arc<Elements>,
    pub(crate) sessions: HashMap<Key, Session, RandomState>,
    /// Ports of the sessions that differ in nothing else; those of formats with templates.
    pub(crate) families: HashMap<Key, Ports>,
    /// A family that has become one session with this message: what waits of its ports can be read.
    pub(crate) settled: Option<Key>,
    pub(crate) counters: CacheCounters,
    templates: usize,
    fields: usize,
    pub(crate) applications: usize,
    pub(crate) names: usize,
    /// Number of the datagram that is being decoded.
    now: u64,
    /// Its arrival.
    clock: Time,
    swept: Time,
    /// Rises when something changes that is worth keeping over a restart.
    pub(crate) generation: u64,
    /// True for the cache of one reliable transport session.
    pub(crate) reliable: bool,
    rates: HashMap<Ip, u32>,
    pub(crate) parking: Parking,
    bench: Workbench,
}

/// Parts of the cache that decoding a data set needs at the same time.
pub(crate) struct Parts<'a> {
    pub(crate) session: &'a mut Session,
    pub(crate) counters: &'a mut CacheCounters,
    pub(crate) applications: &'a mut usize,
    pub(crate) names: &'a mut usize,
    pub(crate) generation: &'a mut u64,
    pub(crate) limits: Limits,
    pub(crate) elements: &'a Elements,
    pub(crate) now: u64,
    pub(crate) bench: &'a mut Workbench,
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

    /// Takes other elements of the configuration; they hold for templates that are known already too.
    pub fn set_elements(&mut self, elements: Arc<Elements>) {
        self.elements = elements;
        for session in self.sessions.values_mut() {
            let names = Names { configured: &self.elements, learnt: &session.learned.elements };
            session.templates.values_mut().for_each(|template| *template = template.renamed(&names));
        }
    }

    /// The elements of the configuration.
    pub(crate) fn elements(&self) -> &Elements {
        &self.elements
    }

    /// The cache of one reliable transport session: withdrawals are believed, and it ends with the session.
    pub fn reliable(limits: Limits) -> Self {
        Self { reliable: true, ..Self::new(limits) }
    }

    /// Sampling rates by exporter, for those that tell none.
    pub fn set_rates(&mut self, rates: HashMap<Ip, u32>) {
        for (key, session) in &mut self.sessions {
            session.learned.configured = rates.get(&key.exporter).copied();
        }
        self.rates = rates;
    }

    /// Rises when something changes that is worth keeping over a restart.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// What the parking of data without template counts.
    pub fn parking(&self) -> ParkingCounters {
        self.parking.counters()
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

    /// Arrival of the datagram that is being decoded.
    pub(crate) fn clock(&self) -> Time {
        self.clock
    }

    /// Counts templates and their fields as gone.
    pub(crate) fn uncount(&mut self, templates: usize, fields: usize) {
        self.templates = self.templates.saturating_sub(templates);
        self.fields = self.fields.saturating_sub(fields);
    }

    /// Marks the start of a datagram, for "least recently used" and for ages.
    pub(crate) fn begin(&mut self, received: Time) {
        self.now += 1;
        self.clock = self.clock.max(received);
        if self.clock.since(self.swept) > SWEEP {
            self.swept = self.clock;
            self.sweep();
        }
    }

    /// Forgets what is too old.
    fn sweep(&mut self) {
        self.parking.expire(self.clock, self.limits.parked_age);
        if self.reliable {
            return;
        }
        let (clock, limit) = (self.clock, self.limits.template_age.as_nanos());
        let old = |time: Time| u128::try_from(clock.since(time)).is_ok_and(|age| age > limit);
        let (mut templates, mut fields) = (0, 0);
        for session in self.sessions.values_mut() {
            session.templates.retain(|_, template| {
                let keep = !old(template.seen);
                templates += usize::from(!keep);
                fields += if keep { 0 } else { template.fields.len() };
                keep
            });
        }
        self.uncount(templates, fields);
        self.counters.expired_templates += templates as u64;
        self.generation += u64::from(templates > 0);
    }

    /// The session of `key`, made where it is new, and what goes with it.
    pub(crate) fn parts(&mut self, key: Key) -> Parts<'_> {
        if self.sessions.len() >= self.limits.sessions && !self.sessions.contains_key(&key) {
            self.evict_sessions(key);
        }
        let (configured, clock) = (&self.rates, self.clock);
        let session = self.sessions.entry(key).or_insert_with(|| {
            let configured = configured.get(&key.exporter).copied();
            Session { learned: Learned { configured, ..Learned::default() }, first: clock, ..Session::default() }
        });
        session.used = self.now;
        session.seen = self.clock;
        Parts {
            session,
            counters: &mut self.counters,
            applications: &mut self.applications,
            names: &mut self.names,
            generation: &mut self.generation,
            limits: self.limits,
            elements: &self.elements,
            now: self.now,
            bench: &mut self.bench,
        }
    }

    /// Takes a template; one that is the same as before only stays young.
    pub(crate) fn define(&mut self, key: Key, id: u16, fields: Vec<Field>, options: bool, min_len: usize) {
        let (now, clock) = (self.now, self.clock);
        let known = self.parts(key).session.templates.get_mut(&id);
        if let Some(old) = known {
            if old.options == options && *old.fields == *fields {
                (old.used, old.seen, old.borrowed) = (now, clock, false);
                return;
            }
            self.counters.redefined_templates += 1;
        }
        self.generation += 1;
        self.forget(key, Some(id));
        let count = fields.len();
        self.make_room(key, count);
        let Parts { session, elements, .. } = self.parts(key);
        let names = Names { configured: elements, learnt: &session.learned.elements };
        let mut template = Template::compile(fields, options, min_len, &names);
        (template.used, template.seen) = (now, clock);
        session.templates.insert(id, template);
        self.templates += 1;
        self.fields += count;
    }

    /// Takes a withdrawal (RFC 7011 §8.1): of one template, or of all of a session where the number is that of the
    /// kind's set.
    pub(crate) fn withdraw(&mut self, key: Key, id: u16) {
        if !self.reliable {
            self.counters.ignored_withdrawals += 1;
            return;
        }
        let before = self.templates;
        self.forget(key, (id >= 256).then_some(id));
        self.counters.withdrawn_templates += (before - self.templates) as u64;
        self.generation += 1;
    }

    /// Forgets a template, or all of a session.
    pub(crate) fn forget(&mut self, key: Key, id: Option<u16>) {
        let Some(session) = self.sessions.get_mut(&key) else { return };
        let gone: Vec<_> = match id {
            Some(id) => session.templates.remove(&id).into_iter().collect(),
            None => session.templates.drain().map(|(_, template)| template).collect(),
        };
        self.uncount(gone.len(), gone.iter().map(|template| template.fields.len()).sum());
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

    /// Drops the template that rested longest; of several the one of the lowest id, so that the same datagrams always give
    /// the same rows.
    fn evict_template(&mut self, key: Key) {
        let oldest = self.sessions.get(&key).and_then(|s| s.templates.iter().min_by_key(|(id, t)| (t.used, **id)));
        let Some(id) = oldest.map(|(id, _)| *id) else { return };
        self.forget(key, Some(id));
        self.counters.evicted_templates += 1;
    }

    /// Drops the session that rested longest, never `except`; false where there is no other.
    fn evict_session(&mut self, except: Key) -> bool {
        let others = self.sessions.iter().filter(|(key, _)| **key != except);
        let Some(key) = others.min_by_key(|(key, session)| (session.used, **key)).map(|(key, _)| *key) else {
            return false;
        };
        self.drop_session(key);
        true
    }

    /// Drops a sixteenth of the sessions, those that rested longest: one by one, forged addresses would make every
    /// datagram cost a look at all sessions.
    fn evict_sessions(&mut self, except: Key) {
        let mut others: Vec<_> =
            self.sessions.iter().filter(|(key, _)| **key != except).map(|(key, s)| (s.used, *key)).collect();
        let count = (self.sessions.len() / 16).max(1).min(others.len());
        if count < others.len() {
            others.select_nth_unstable(count);
        }
        others.into_iter().take(count).for_each(|(_, key)| self.drop_session(key));
    }

    fn drop_session(&mut self, key: Key) {
        self.end_session(key);
        self.counters.evicted_sessions += 1;
    }

    /// Forgets a session.
    pub(crate) fn end_session(&mut self, key: Key) {
        self.forget(key, None);
        self.leave(key);
        if let Some(session) = self.sessions.remove(&key) {
            let learned = session.learned.applications.len() + session.learned.elements.len();
            self.applications = self.applications.saturating_sub(learned);
            self.names = self.names.saturating_sub(session.learned.taught.names());
            self.generation += 1;
        }
    }
}

/// Nanoseconds between two looks for what is too old.
const SWEEP: i64 = 30_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn key(domain: u32) -> Key {
        Key { exporter: Ip::v4([192, 0, 2, 1]), version: 9, domain, port: 0 }
    }

    fn fields(count: u16) -> Vec<Field> {
        (1..=count).map(|id| Field { pen: 0, id, len: 4, scope: false }).collect()
    }

    fn define(cache: &mut Cache, domain: u32, id: u16, count: u16) {
        cache.begin(Time(0));
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
    fn of_templates_of_one_datagram_the_lowest_goes_first() {
        // Maps have an order of their own in each cache.
        for _ in 0..20 {
            let mut cache = Cache::new(Limits { templates: 8, ..Limits::default() });
            cache.begin(Time(0));
            for id in (256..264).chain([300, 301]) {
                cache.define(key(1), id, fields(1), false, 4);
            }
            let mut ids: Vec<_> = cache.parts(key(1)).session.templates.keys().copied().collect();
            ids.sort_unstable();
            assert_eq!(ids, [258, 259, 260, 261, 262, 263, 300, 301]);
        }
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

    #[test]
    fn templates_at_rest_expire_and_those_in_use_stay() {
        let mut cache = Cache::new(Limits { template_age: Duration::from_secs(60), ..Limits::default() });
        define(&mut cache, 1, 256, 3);
        define(&mut cache, 1, 257, 3);
        for secs in 1..=4 {
            cache.begin(Time::from_secs_nanos(secs * 40, 0));
            cache.define(key(1), 256, fields(3), false, 12);
        }
        assert_eq!((cache.templates(), cache.counters().expired_templates, cache.fields), (1, 1, 3));
    }

    #[test]
    fn withdrawals_count_over_reliable_transports_only() {
        for (mut cache, left) in [(Cache::new(Limits::default()), 2), (Cache::reliable(Limits::default()), 1)] {
            define(&mut cache, 1, 256, 3);
            define(&mut cache, 1, 257, 3);
            cache.withdraw(key(1), 256);
            assert_eq!(cache.templates(), left);
            let counters = cache.counters();
            assert_eq!(counters.withdrawn_templates + counters.ignored_withdrawals, 1);
        }
    }

    #[test]
    fn a_template_with_other_fields_is_counted() {
        let mut cache = Cache::default();
        define(&mut cache, 1, 256, 3);
        let before = cache.generation();
        define(&mut cache, 1, 256, 3);
        assert_eq!((cache.generation(), cache.counters().redefined_templates), (before, 0), "the same again");
        define(&mut cache, 1, 256, 4);
        assert_eq!((cache.generation(), cache.counters().redefined_templates), (before + 1, 1));
    }
}
