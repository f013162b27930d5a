// SPDX-License-Identifier: Apache-2.0
//! The exporters of all decoders: what each decoder counts behind its own lock, and the handle that API and console
//! look through.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use minamo_base::{Ip, Time};
use minamo_flowwire::{Cache, Elements, Interface, SessionView, Summary};

use super::exporter::Exporter;
use super::facts::Facts;
use super::{Access, Decision, ExporterView, account};
use crate::keeper;
use crate::settings::Known;
use crate::socket::owner;

/// First line of the file with the accounts: its format and version.
const HEAD: &str = "minamo accounts 1";
/// Places for fingerprints of rows, to find those that come twice.
const RECENT: usize = 1 << 14;
/// Sessions shown of one exporter.
const MAX_SESSIONS: usize = 64;

/// What one decoder knows: templates and exporters.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) cache: Cache,
    pub(crate) seen: Seen,
    /// Caches of the exporters' reliable sessions.
    pub(crate) streams: Vec<(Ip, Weak<Mutex<Cache>>)>,
}

impl Desk {
    /// Exporters of which there is something to say in short.
    fn summaries(&self) -> HashMap<Ip, Summary> {
        let mut all = self.cache.summaries();
        for (_, stream) in &self.streams {
            let Some(stream) = stream.upgrade() else { continue };
            let told = stream.lock().unwrap_or_else(PoisonError::into_inner).summaries();
            for (exporter, summary) in told {
                let known = all.entry(exporter).or_default();
                known.active_timeout = known.active_timeout.max(summary.active_timeout);
            }
        }
        all
    }
}

/// The elements of the configuration, which may change while the program runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registry(Arc<Mutex<Arc<Elements>>>);

impl Registry {
    pub(crate) fn new(elements: Arc<Elements>) -> Self {
        Self(Arc::new(Mutex::new(elements)))
    }

    /// The elements of now.
    pub(crate) fn current(&self) -> Arc<Elements> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, elements: Arc<Elements>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = elements;
    }
}

/// The exporters that one decoder has seen.
#[derive(Debug)]
pub(crate) struct Seen {
    exporters: HashMap<Ip, Exporter>,
    pub(crate) recent: Recent,
    access: Arc<Access>,
    rate: Option<u32>,
    max: usize,
    pub(crate) evicted: u64,
}

impl Seen {
    pub(crate) fn new(access: Arc<Access>, rate: Option<u32>, max: usize) -> Self {
        Self { exporters: HashMap::new(), recent: Recent::default(), access, rate, max, evicted: 0 }
    }

    /// The accounts as lines, to keep.
    pub(crate) fn save(&self) -> Vec<u8> {
        let mut lines = vec![HEAD.to_owned()];
        lines.extend(self.exporters.values().filter_map(account::line));
        lines.join("\n").into_bytes()
    }

    /// Takes over kept accounts of the exporters that `mine` names. The error names the first line that is none.
    pub(crate) fn restore(&mut self, octets: &[u8], mine: &dyn Fn(Ip) -> bool) -> Result<(), String> {
        let text = std::str::from_utf8(octets).map_err(|error| error.to_string())?;
        let mut lines = text.lines().enumerate();
        if lines.next().is_none_or(|(_, line)| line != HEAD) {
            return Err(format!("line 1: want {HEAD:?}"));
        }
        for (at, line) in lines {
            let exporter = account::read(line).map_err(|error| format!("line {}: {error}", at + 1))?;
            let address = exporter.parts().0.address;
            if mine(address) && self.exporters.len() < self.max.max(1) {
                self.exporters.insert(address, exporter);
            }
        }
        Ok(())
    }

    /// Exporters held.
    pub(crate) fn len(&self) -> usize {
        self.exporters.len()
    }

    /// The account of an exporter, made where it is new, with the standing of now.
    pub(crate) fn exporter(&mut self, address: Ip, now: Time) -> (&mut Exporter, &mut Recent) {
        if self.exporters.len() >= self.max.max(1) && !self.exporters.contains_key(&address) {
            self.make_room();
        }
        let generation = self.access.generation();
        let exporter = self.exporters.entry(address).or_insert_with(|| Exporter::new(address, now));
        if exporter.decided != Some(generation) {
            let rate = self.access.known().get(&address).and_then(|known| known.rate).or(self.rate);
            exporter.limit(rate, now);
            (exporter.standing, exporter.decided) = (self.access.standing(address), Some(generation));
        }
        (exporter, &mut self.recent)
    }

    /// Forgets a sixteenth of the exporters, those silent for longest: all places are taken.
    fn make_room(&mut self) {
        let mut ages: Vec<_> = self.exporters.iter().map(|(address, one)| (one.last_seen(), *address)).collect();
        let count = (ages.len() / 16).max(1);
        if count < ages.len() {
            ages.select_nth_unstable(count);
        }
        for (_, address) in ages.into_iter().take(count) {
            self.exporters.remove(&address);
            self.evicted += 1;
        }
    }
}

/// Fingerprints of the last rows.
#[derive(Debug)]
pub(crate) struct Recent(Box<[u64]>);

impl Default for Recent {
    fn default() -> Self {
        Self(vec![0; RECENT].into())
    }
}

impl Recent {
    /// True where a row with the same fingerprint was there lately; remembers it.
    #[inline]
    pub(crate) fn contains(&mut self, facts: &Facts, exporter: u64) -> bool {
        let fingerprint = facts.fingerprint(exporter);
        let place = usize::try_from(fingerprint >> 40).unwrap_or(0) % RECENT;
        self.0.get_mut(place).is_some_and(|old| std::mem::replace(old, fingerprint) == fingerprint)
    }
}

/// The exporters, to look at and to decide about.
#[derive(Debug, Clone)]
pub struct Exporters {
    desks: Vec<Arc<Mutex<Desk>>>,
    access: Arc<Access>,
    folder: Option<PathBuf>,
    elements: Registry,
}

impl Exporters {
    pub(crate) fn new(
        desks: Vec<Arc<Mutex<Desk>>>,
        access: Arc<Access>,
        folder: Option<PathBuf>,
        elements: Registry,
    ) -> Self {
        Self { desks, access, folder, elements }
    }

    /// Takes what is known of exporters from now on: names, places, standing, limits and rates of sampling hold at once.
    pub fn set_known(&self, known: HashMap<Ip, Known>) {
        let rates = sampling(&known);
        self.access.set_known(known);
        for desk in &self.desks {
            let mut desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
            desk.cache.set_rates(rates.clone());
            for stream in desk.streams.iter().filter_map(|(_, stream)| stream.upgrade()) {
                stream.lock().unwrap_or_else(PoisonError::into_inner).set_rates(rates.clone());
            }
        }
    }

    /// Takes other elements of the configuration: they hold at once, for templates that are known already too.
    pub fn set_elements(&self, elements: &Arc<Elements>) {
        self.elements.replace(Arc::clone(elements));
        for desk in &self.desks {
            let mut desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
            desk.cache.set_elements(Arc::clone(elements));
            for stream in desk.streams.iter().filter_map(|(_, stream)| stream.upgrade()) {
                stream.lock().unwrap_or_else(PoisonError::into_inner).set_elements(Arc::clone(elements));
            }
        }
    }

    /// All exporters by address, without their sessions; `now` is for rates.
    pub fn list(&self, now: Time) -> Vec<ExporterView> {
        let mut all = Vec::new();
        let known = self.access.known();
        for desk in &self.desks {
            let desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
            let summaries = desk.summaries();
            for (address, exporter) in &desk.seen.exporters {
                let summary = summaries.get(address).copied().unwrap_or_default();
                all.push(exporter.view(now, known.get(address), summary, Vec::new()));
            }
        }
        all.sort_unstable_by_key(|view| view.address);
        for view in &mut all {
            view.standing = self.access.standing(view.address);
        }
        all
    }

    /// Names of interfaces by exporter and index: the configuration's before those that exporters tell. `None` where
    /// nothing has changed since `before`, which is updated.
    pub fn interface_names(&self, before: &mut Vec<u64>) -> Option<HashMap<(Ip, u32), Arc<str>>> {
        let mut generations = vec![self.access.generation()];
        let mut names = HashMap::new();
        for desk in &self.desks {
            let desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
            let streams = desk.streams.iter().filter_map(|(_, stream)| stream.upgrade());
            let streams: Vec<_> = streams.collect();
            generations.push(desk.cache.generation());
            for stream in &streams {
                generations.push(stream.lock().unwrap_or_else(PoisonError::into_inner).generation());
            }
        }
        if *before == generations {
            return None;
        }
        *before = generations;
        for desk in &self.desks {
            let desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
            let mut learn = |cache: &Cache| {
                for (exporter, index, interface) in cache.interfaces() {
                    if let Some(name) = shown(interface) {
                        names.insert((exporter, index), Arc::from(name));
                    }
                }
            };
            learn(&desk.cache);
            for stream in desk.streams.iter().filter_map(|(_, stream)| stream.upgrade()) {
                learn(&stream.lock().unwrap_or_else(PoisonError::into_inner));
            }
        }
        for (exporter, known) in self.access.known().iter() {
            for (index, interface) in &known.interfaces {
                if let Some(name) = shown(interface) {
                    names.insert((*exporter, *index), Arc::from(name));
                }
            }
        }
        Some(names)
    }

    /// One exporter with its sessions; nothing where it was never seen.
    pub fn one(&self, address: Ip, now: Time) -> Option<ExporterView> {
        let desk = self.desks.get(owner(address, self.desks.len()))?;
        let desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
        let exporter = desk.seen.exporters.get(&address)?;
        let all_known = self.access.known();
        let known = all_known.get(&address);
        let mut sessions = desk.cache.view(address, MAX_SESSIONS);
        for (_, stream) in desk.streams.iter().filter(|(exporter, _)| *exporter == address) {
            if let Some(cache) = stream.upgrade() {
                sessions.extend(cache.lock().unwrap_or_else(PoisonError::into_inner).view(address, MAX_SESSIONS));
            }
        }
        sessions.truncate(MAX_SESSIONS);
        sessions.iter_mut().for_each(|session| name_interfaces(session, known));
        let summary = desk.summaries().get(&address).copied().unwrap_or_default();
        let mut view = exporter.view(now, known, summary, sessions);
        view.interfaces.clone_from(exporter.interfaces());
        view.others = exporter.others();
        view.standing = self.access.standing(address);
        Some(view)
    }

    /// Takes a decision about an exporter and keeps it; nothing takes one back. An error where it could not be kept.
    pub fn decide(&self, address: Ip, decision: Option<Decision>) -> std::io::Result<()> {
        if !self.access.decide(address, decision) {
            return Err(std::io::Error::other("too many decisions: take some back, or use `collect.allow`"));
        }
        match &self.folder {
            Some(folder) => keeper::write(&folder.join(keeper::DECISIONS), self.access.save().as_bytes()),
            None => Ok(()),
        }
    }
}

/// Rates of sampling by exporter, for those that tell none.
pub(crate) fn sampling(known: &HashMap<Ip, Known>) -> HashMap<Ip, u32> {
    known.iter().filter_map(|(exporter, known)| Some((*exporter, known.sampling?))).collect()
}

/// The name that an interface is shown by: its own, or its description.
fn shown(interface: &Interface) -> Option<&str> {
    [&interface.name, &interface.description].into_iter().map(String::as_str).find(|text| !text.is_empty())
}

/// Names of the configuration go before those that the exporter tells.
fn name_interfaces(session: &mut SessionView, known: Option<&Known>) {
    for (index, given) in known.into_iter().flat_map(|known| &known.interfaces) {
        let interface = session.taught.interfaces.entry(*index).or_default();
        if !given.name.is_empty() {
            interface.name.clone_from(&given.name);
        }
        if !given.description.is_empty() {
            interface.description.clone_from(&given.description);
        }
        if given.speed > 0 {
            interface.speed = given.speed;
        }
    }
}

#[cfg(test)]
impl Desk {
    /// A desk for tests, with the default bounds.
    pub(crate) fn unbounded() -> Self {
        let access = Arc::new(Access::new(crate::settings::Unknown::Accept, Vec::new(), HashMap::new()));
        Self { cache: Cache::default(), seen: Seen::new(access, None, 1_000), streams: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Standing;
    use super::*;
    use crate::settings::Unknown;

    #[test]
    fn the_inventory_is_bounded_and_the_longest_silent_go() {
        let access = Arc::new(Access::new(Unknown::Accept, Vec::new(), HashMap::new()));
        let mut seen = Seen::new(access, None, 32);
        for number in 0..=255u8 {
            let now = Time::from_secs_nanos(number.into(), 0);
            seen.exporter(Ip::v4([10, 0, 0, number]), now).0.arrive("udp", 10, now);
            assert!(seen.len() <= 32);
        }
        assert!(seen.exporters.contains_key(&Ip::v4([10, 0, 0, 255])));
        assert_eq!(seen.evicted as usize + seen.len(), 256);
    }

    #[test]
    fn what_is_known_of_an_exporter_may_change_while_it_sends() {
        let access = Arc::new(Access::new(Unknown::Ask, Vec::new(), HashMap::new()));
        let seen = Seen::new(Arc::clone(&access), Some(500), 32);
        let desk = Desk { cache: Cache::default(), seen, streams: Vec::new() };
        let all = Exporters::new(vec![Arc::new(Mutex::new(desk))], Arc::clone(&access), None, Registry::default());
        let address = Ip::v4([192, 0, 2, 1]);
        let send = |secs| {
            let now = Time::from_secs_nanos(secs, 0);
            let mut desk = all.desks[0].lock().expect("one thread");
            let (exporter, _) = desk.seen.exporter(address, now);
            exporter.arrive("udp", 10, now);
            (exporter.standing, exporter.rate())
        };
        assert_eq!(send(1), (Standing::Waiting, Some(500)));
        let mut names = Vec::new();
        assert!(all.interface_names(&mut names).is_some() && all.interface_names(&mut names).is_none());
        let interface = Interface { name: "Gi0/7".to_owned(), ..Interface::default() };
        let known = Known {
            name: "core-1".to_owned(),
            allow: Some(true),
            rate: Some(9),
            sampling: Some(64),
            interfaces: HashMap::from([(7, interface)]),
            ..Known::default()
        };
        all.set_known(HashMap::from([(address, known)]));
        assert_eq!(send(2), (Standing::Allowed, Some(9)));
        let view = all.one(address, Time::from_secs_nanos(3, 0)).expect("it was seen");
        assert_eq!(view.known.expect("named").name, "core-1");
        let names = all.interface_names(&mut names).expect("they changed");
        assert_eq!(names.get(&(address, 7)).map(|name| &**name), Some("Gi0/7"));
        all.set_known(HashMap::new());
        assert_eq!(send(4), (Standing::Waiting, Some(500)));
        assert!(all.list(Time::from_secs_nanos(5, 0))[0].known.is_none());
    }

    #[test]
    fn a_row_that_comes_again_is_known() {
        let mut recent = Recent::default();
        let facts = Facts { src_port: 7, ..Facts::default() };
        assert!(!recent.contains(&facts, 1) && recent.contains(&facts, 1));
        assert!(!recent.contains(&Facts { src_bytes: 1, ..facts }, 1));
    }
}
