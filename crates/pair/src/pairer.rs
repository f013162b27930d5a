// SPDX-License-Identifier: Apache-2.0
//! One-sided records wait for the record of the other direction. Where both begin within [`SURE`] they are joined at
//! once; otherwise the choice is made when the first of them has waited long enough, among all that have come by then,
//! so that parts of a long conversation find their own counterparts in whatever order they arrive.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::time::Duration;

use minamo_base::{FiveTuple, Ip, Time};
use minamo_schema::arrow::array::{ArrayRef, AsArray, RecordBatch, UInt32Array};
use minamo_schema::arrow::compute::take_record_batch;
use minamo_schema::arrow::datatypes::DataType;
use rapidhash::fast::RandomState;

use crate::cells::{Cells, Key, Ports, Way};
use crate::merge::{Pair, Part, merge};
use crate::nat::Translations;
use crate::records::{Identity, Number, Records};

/// Directions that begin this close to each other belong together without waiting for a better match: a round trip
/// is shorter, and a port is not used again so soon.
pub(crate) const SURE: Duration = Duration::from_secs(1);
/// Number of the protocol.
const TCP: u8 = 6;
/// Records of one conversation that may wait at a time; choosing among them costs its square.
const MAX_OF_KEY: usize = 16;

/// What the pairing stage is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairSettings {
    /// How long a one-sided record waits for the other direction.
    pub wait: Duration,
    /// Longest silence between the end of one direction and the start of the other.
    pub gap: Duration,
    /// Most records that wait.
    pub max_rows: usize,
    /// Most octets of memory for them.
    pub max_octets: usize,
    /// Exporters that see one direction each of the same conversations: their records pair with each other's, whatever
    /// the observation domain.
    pub groups: Vec<Vec<Ip>>,
}

impl PairSettings {
    /// Octets that a waiting record takes, as a rule of thumb.
    pub const ROW_OCTETS: usize = 500;
}

impl Default for PairSettings {
    fn default() -> Self {
        let (wait, max_rows) = (Duration::from_secs(10), 500_000);
        Self { wait, gap: wait, max_rows, max_octets: max_rows * Self::ROW_OCTETS, groups: Vec::new() }
    }
}

/// What the pairing stage counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PairCounters {
    /// Rows that need no partner: both directions in one record, multicast, no exporter.
    pub passed: u64,
    /// Pairs made: each is two records and one row.
    pub pairs: u64,
    /// Records that waited and found no partner; they left as they came.
    pub alone: u64,
    /// Records that left unpaired before their time because the bound was reached.
    pub evicted: u64,
    /// Records that left at once because too many of one conversation, or of what it became by translation, were waiting.
    pub crowded: u64,
    /// Pairs that could not be joined; their records left as they came.
    pub failed: u64,
    /// Records that wait now.
    pub waiting: u64,
    /// Octets that they take now.
    pub octets: u64,
}

/// A record that waits: with its neighbours it fits a line of the processor's cache.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waiting {
    /// What it shares with the records that it may belong to: its conversation, exporter and scope.
    pub(crate) identity: Identity,
    start: i64,
    end: i64,
    /// Number of its batch, and its row there.
    batch: u32,
    row: u32,
    /// Of the lower and the higher endpoint of the key.
    ports: Ports,
    proto: u8,
    /// True where the source is the higher endpoint of the key.
    flipped: bool,
    /// 1 where the record itself says that it is the initiator's, -1 where it is the responder's.
    hint: i8,
    /// Where the exporter metered its packets.
    way: Way,
}

impl Waiting {
    /// A record of which only the identity is of interest.
    #[cfg(test)]
    pub(crate) fn of(identity: Identity) -> Self {
        let (start, end, batch, row, ports, proto) = (0, 0, 0, 0, Ports::default(), 0);
        Self { identity, start, end, batch, row, ports, proto, flipped: false, hint: 0, way: Way::Untold }
    }

    /// Silence between the two, then whether they were metered at different sides of the exporter, which may tell both
    /// directions twice, then the distance of their starts: the smaller the better.
    fn distance(&self, other: &Self) -> (i64, bool, i64) {
        let gap = self.start.max(other.start).saturating_sub(self.end.min(other.end)).max(0);
        (gap, self.way.is_other(other.way), self.start.saturating_sub(other.start).saturating_abs())
    }

    fn part(&self) -> Part {
        Part { batch: self.batch, row: self.row, start: self.start, end: self.end }
    }

    /// Two requests are no exchange; two TCP sides that both open are one (RFC 9293 §3.5).
    fn answers(&self, other: &Self) -> bool {
        let exchange = self.proto == TCP || self.hint == 0 || self.hint != other.hint;
        self.flipped != other.flipped && exchange && self.identity == other.identity
    }
}

/// Who tells of a conversation: the exporter, or the group that it is one of, and the hash of what else must be equal.
type Teller = (Ip, u64);

/// A batch of which some rows wait.
struct Held {
    arrived: Time,
    batch: RecordBatch,
    /// Records of its that were waiting: they follow one another among all.
    records: usize,
    octets: usize,
}

impl Held {
    /// Notes what it takes of memory.
    fn weigh(&mut self) -> u64 {
        self.octets = self.batch.get_array_memory_size() + self.records * Records::ENTRY;
        count(self.octets)
    }
}

/// Joins one-sided records.
pub struct Pairer {
    settings: PairSettings,
    groups: HashMap<Ip, Ip>,
    /// Seeds of the two hashes of an identity.
    states: [RandomState; 2],
    held: VecDeque<Held>,
    /// Number of the first held batch.
    first: u32,
    records: Records,
    translations: Translations,
    counters: PairCounters,
}

impl Pairer {
    /// A stage in which nothing waits.
    pub fn new(settings: PairSettings) -> Self {
        let named = settings.groups.iter().filter_map(|group| Some((group, *group.first()?)));
        let groups = named.flat_map(|(group, name)| group.iter().map(move |member| (*member, name))).collect();
        let states = [RandomState::default(), RandomState::default()];
        let (held, records) = (VecDeque::new(), Records::default());
        let (translations, counters) = (Translations::default(), PairCounters::default());
        Self { settings, groups, states, held, first: 0, records, translations, counters }
    }

    /// What was counted so far.
    pub fn counters(&self) -> PairCounters {
        self.counters
    }

    /// True where nothing waits and nothing is kept of what has left.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty() && self.records.is_empty() && self.translations.is_empty()
    }

    /// Takes a batch that arrived at `now`; what is ready goes to `out`.
    pub fn batch(&mut self, batch: RecordBatch, now: Time, out: &mut Vec<RecordBatch>) {
        let Some(cells) = Cells::of(&batch) else {
            self.counters.passed += count(batch.num_rows());
            out.push(batch);
            return;
        };
        let number = self.first.wrapping_add(u32::try_from(self.held.len()).unwrap_or(u32::MAX));
        let (first, mut passing) = (self.records.next(), Vec::new());
        for row in 0..u32::try_from(batch.num_rows()).unwrap_or(u32::MAX) {
            match self.one_sided(&cells, row, number) {
                Some(record) => self.records.push(record),
                None => passing.push(row),
            }
        }
        self.counters.passed += count(passing.len());
        let records = batch.num_rows() - passing.len();
        self.counters.waiting += count(records);
        self.held.push_back(Held { arrived: now, batch: batch.clone(), records, octets: 0 });
        let pairs = self.meet(&cells, first, &mut passing);
        if passing.len() == batch.num_rows() {
            self.records.forget_last(records);
            self.held.pop_back();
            out.push(batch);
            return;
        }
        self.join(&pairs, out);
        push_rows(&batch, &passing, out);
        self.compact(pairs.is_empty() && passing.is_empty());
        self.make_room(out);
    }

    /// Joins the records of a batch, from number `first` on, with those that came before, or lets them wait; those that
    /// are too many pass on.
    fn meet(&mut self, cells: &Cells<'_>, first: Number, passing: &mut Vec<u32>) -> Vec<Pair> {
        let (passed, mut pairs) = (passing.len(), Vec::new());
        self.records.link(first);
        let mut own = first;
        while own != self.records.next() {
            self.meet_one(cells, own, &mut pairs, passing);
            own = own.wrapping_add(1);
        }
        self.counters.crowded += count(passing.len() - passed);
        passing.sort_unstable();
        pairs
    }

    /// Joins a record with one that came before it; it waits, or passes on where too many of its conversation wait.
    fn meet_one(&mut self, cells: &Cells<'_>, own: Number, pairs: &mut Vec<Pair>, passing: &mut Vec<u32>) {
        let Some(record) = self.records.get(own).copied() else { return };
        let translated = self.translated(cells, &record);
        let seen = self.look_up(own, &record);
        if let Seen::Partner(place) = seen
            && let Some(partner) = self.records.get(place)
        {
            pairs.push(pair(&record, partner));
            self.remove(place);
            self.remove(own);
        } else if let Some((record, place, partner)) = self.translated_partner(own, &record, translated.as_ref(), SURE)
        {
            pairs.push(pair(&record, &partner));
            self.remove(place);
            self.remove(own);
        } else if seen == Seen::Room && !self.is_crowded(translated.as_ref()) {
            translated.into_iter().for_each(|translated| self.translations.insert(own, translated));
        } else {
            passing.push(record.row);
            self.remove(own);
        }
    }

    /// The rows that wait, as they came, with the columns that are wanted; batches that have none of these rows are left out.
    /// Of a conversation that several exporters tell of these are the rows of one, so that nothing counts twice.
    pub fn waiting(&self, wanted: impl Fn(&str) -> bool) -> Vec<RecordBatch> {
        let (mut out, mut tellers) = (Vec::new(), Tellers::default());
        let mut first = self.records.first();
        for held in &self.held {
            let next = first.wrapping_add(Number::try_from(held.records).unwrap_or(Number::MAX));
            let mut rows = Vec::new();
            while first != next {
                rows.extend(self.records.get(first).map(|record| record.row));
                first = first.wrapping_add(1);
            }
            tellers.keep_one(&held.batch, &mut rows);
            let columns = held.batch.schema_ref().fields().iter().enumerate();
            let columns: Vec<_> = columns.filter(|(_, field)| wanted(field.name())).map(|(at, _)| at).collect();
            if let Ok(batch) = held.batch.project(&columns) {
                push_rows(&batch, &rows, &mut out);
            }
        }
        out
    }

    /// Lets go what has waited long enough by `now`.
    pub fn advance(&mut self, now: Time, out: &mut Vec<RecordBatch>) {
        let wait = i64::try_from(self.settings.wait.as_nanos()).unwrap_or(i64::MAX);
        while self.held.front().is_some_and(|held| now.since(held.arrived) >= wait) {
            self.counters.alone += self.release(out);
        }
    }

    /// Lets go everything.
    pub fn finish(&mut self, out: &mut Vec<RecordBatch>) {
        while !self.held.is_empty() {
            self.counters.alone += self.release(out);
        }
    }

    /// The row as a record that waits; nothing where it needs no partner.
    fn one_sided(&self, cells: &Cells<'_>, row: u32, batch: u32) -> Option<Waiting> {
        let at = usize::try_from(row).ok()?;
        let sides = cells.sides(at);
        if !sides.src || sides.dst || cells.is_merged(at) {
            return None;
        }
        if cells.dst(at).is_group() {
            return None;
        }
        let proto = cells.proto(at);
        let (hint, message) = hint(proto, cells.flags(at), cells.icmp_type(at))?;
        let (key, flipped) = cells.key(at);
        let identity = self.identity(&key, self.teller(cells, at, message)?);
        let ((start, end), way) = (cells.times(at), cells.way(at));
        Some(Waiting { identity, start, end, batch, row, ports: key.ports(), proto, flipped, hint, way })
    }

    /// Who told a row of this kind of message, and in which scope.
    fn teller(&self, cells: &Cells<'_>, at: usize, message: u8) -> Option<Teller> {
        let exporter = cells.exporter(at)?;
        let group = if self.groups.is_empty() { None } else { self.groups.get(&exporter) };
        let [state, _] = &self.states;
        Some((*group.unwrap_or(&exporter), cells.scope(at, group.is_none(), state) ^ u64::from(message)))
    }

    fn identity(&self, key: &Key, teller: Teller) -> Identity {
        let [hash, proof] = self.states.map(|state| state.hash_one((key, teller)));
        Identity { hash, proof }
    }

    /// What waits already of the conversation of a new record: the nearest record of the other direction where it
    /// begins close enough to be sure.
    fn look_up(&self, own: Number, record: &Waiting) -> Seen {
        let sure = i64::try_from(SURE.as_nanos()).unwrap_or(i64::MAX);
        let mut waiting = 0;
        let mut best: Option<((i64, bool, i64), Number)> = None;
        for (place, found) in self.records.before(own) {
            waiting += 1;
            let distance = record.distance(found);
            let nearer = best.is_none_or(|(nearest, ..)| distance < nearest);
            if nearer && distance.2 <= sure && record.answers(found) {
                best = Some((distance, place));
            }
        }
        match best {
            Some((_, place)) => Seen::Partner(place),
            None if waiting < MAX_OF_KEY => Seen::Room,
            None => Seen::Crowd,
        }
    }

    /// The record of the other direction that falls to this one where the nearest of all that wait are joined first,
    /// then the nearest of the rest. Who asks first makes no difference.
    fn best(&self, own: Number, record: &Waiting) -> Option<(Number, Waiting)> {
        let gap = i64::try_from(self.settings.gap.as_nanos()).unwrap_or(i64::MAX);
        let alike = || self.records.alike(record.identity);
        let others: Vec<_> = alike().filter(|(_, found)| record.answers(found)).collect();
        if others.is_empty() {
            return None;
        }
        let mut edges = Vec::new();
        for (place, one) in alike().filter(|(_, one)| record.flipped == one.flipped) {
            for (partner, other) in others.iter().filter(|(_, other)| one.distance(other).0 <= gap) {
                let (low, high) = if one.flipped { (*other, one) } else { (one, *other) };
                edges.push(((one.distance(other), low.start, high.start, low.end, high.end), place, *partner));
            }
        }
        edges.sort_by_key(|(nearness, ..)| *nearness);
        let mut joined: Vec<Number> = Vec::new();
        for (_, place, partner) in edges {
            if joined.contains(&place) || joined.contains(&partner) {
                continue;
            }
            if place == own {
                return Some((partner, *self.records.get(partner)?));
            }
            joined.extend([place, partner]);
        }
        None
    }

    /// The record as of the conversation that it became.
    fn translated(&self, cells: &Cells<'_>, record: &Waiting) -> Option<Waiting> {
        let at = usize::try_from(record.row).ok()?;
        let (key, flipped) = cells.translated(at)?;
        let (_, message) = hint(record.proto, cells.flags(at), cells.icmp_type(at))?;
        let identity = self.identity(&key, self.teller(cells, at, message)?);
        Some(Waiting { identity, ports: key.ports(), flipped, ..*record })
    }

    /// The nearest record of the other direction that tells a conversation before or after its endpoints were translated,
    /// and both as of the same conversation. It came before number `before`, and their starts lie no more than `apart`
    /// from each other.
    fn translated_partner(
        &self,
        before: Number,
        record: &Waiting,
        translated: Option<&Waiting>,
        apart: Duration,
    ) -> Option<(Waiting, Number, Waiting)> {
        if translated.is_none() && self.translations.is_empty() {
            return None;
        }
        let apart = i64::try_from(apart.as_nanos()).unwrap_or(i64::MAX);
        let became = self.translations.alike(record.identity).filter_map(|(number, found)| {
            // Its row may have moved since.
            Some((*record, number, Waiting { row: self.records.get(number)?.row, ..found }))
        });
        let metered = translated
            .into_iter()
            .flat_map(|own| self.records.alike(own.identity).map(|(number, found)| (*own, number, *found)));
        let earlier = became.chain(metered).filter(|(_, number, _)| self.records.is_before(*number, before));
        let near = earlier.filter(|(own, _, found)| own.answers(found) && own.distance(found).2 <= apart);
        near.min_by_key(|(own, _, found)| own.distance(found))
    }

    /// True where too many of the conversation wait that the record became.
    fn is_crowded(&self, translated: Option<&Waiting>) -> bool {
        translated.is_some_and(|own| self.translations.alike(own.identity).nth(MAX_OF_KEY - 1).is_some())
    }

    fn remove(&mut self, place: Number) {
        if self.records.take(place).is_some() {
            self.translations.remove(place);
            self.counters.waiting = self.counters.waiting.saturating_sub(1);
        }
    }

    /// Hands on the rows of pairs.
    fn join(&mut self, pairs: &[Pair], out: &mut Vec<RecordBatch>) {
        if pairs.is_empty() {
            return;
        }
        let source = |number: u32| {
            let at = usize::try_from(number.wrapping_sub(self.first)).ok()?;
            self.held.get(at).map(|held| &held.batch)
        };
        match merge(pairs, source) {
            Ok(batch) => {
                self.counters.pairs += count(pairs.len());
                out.push(batch);
            }
            Err(_) => {
                // The records are whole: they leave one by one, as they came.
                let parts = pairs.iter().flat_map(|pair| [pair.src, pair.dst]);
                let rows = parts.filter_map(|part| Some(source(part.batch)?.slice(usize::try_from(part.row).ok()?, 1)));
                out.extend(rows);
                self.counters.failed += count(pairs.len());
            }
        }
    }

    /// Of the batch that came last only the rows that wait are kept.
    fn compact(&mut self, all_wait: bool) {
        let Some(held) = self.held.back_mut() else { return };
        if all_wait {
            return self.counters.octets += held.weigh();
        }
        let open: Vec<u32> = self.records.last(held.records).map(|record| record.row).collect();
        if open.is_empty() {
            self.records.forget_last(held.records);
            self.held.pop_back();
            return;
        }
        // Taking rows of a batch cannot fail; if it did, the whole batch would still be right.
        if let Ok(batch) = take_record_batch(&held.batch, &UInt32Array::from(open)) {
            held.batch = without_slack(batch);
            self.records.last_mut(held.records).zip(0..).for_each(|(record, row)| record.row = row);
        }
        self.counters.octets += held.weigh();
    }

    /// Lets the oldest go early where the bounds are exceeded.
    fn make_room(&mut self, out: &mut Vec<RecordBatch>) {
        while self.counters.waiting > count(self.settings.max_rows)
            || self.counters.octets > count(self.settings.max_octets)
        {
            if self.held.is_empty() {
                return;
            }
            self.counters.evicted += self.release(out);
        }
    }

    /// Ends the wait of the oldest batch; returns how many of its records found no partner.
    fn release(&mut self, out: &mut Vec<RecordBatch>) -> u64 {
        let records = self.held.front().map_or(0, |held| held.records);
        let (mut pairs, mut alone) = (Vec::new(), Vec::new());
        let (first, next) = (self.records.first(), self.records.next());
        for at in 0..Number::try_from(records).unwrap_or(Number::MAX) {
            let own = first.wrapping_add(at);
            let Some((record, is_followed)) = self.records.followed(own) else { continue };
            if !is_followed && self.translations.is_empty() {
                alone.push(record.row);
                self.records.leave(own);
                self.counters.waiting = self.counters.waiting.saturating_sub(1);
                continue;
            }
            let record = *record;
            let translated = self.translations.of(own).map(|of| Waiting { row: record.row, ..of });
            let found = self.best(own, &record).map(|(place, partner)| (record, place, partner));
            match found.or_else(|| self.translated_partner(next, &record, translated.as_ref(), self.settings.gap)) {
                Some((record, place, partner)) => {
                    self.remove(place);
                    pairs.push(pair(&record, &partner));
                }
                None => alone.push(record.row),
            }
            self.remove(own);
        }
        self.join(&pairs, out);
        let lonely = count(alone.len());
        if let Some(held) = self.held.pop_front() {
            self.first = self.first.wrapping_add(1);
            self.records.forget_first(held.records);
            self.counters.octets = self.counters.octets.saturating_sub(count(held.octets));
            push_rows(&held.batch, &alone, out);
        }
        lonely
    }
}

/// The exporter whose records of a conversation count.
#[derive(Default)]
struct Tellers {
    of: HashMap<Key, Ip, RandomState>,
}

impl Tellers {
    /// Takes out the rows of conversations of which another exporter has told.
    fn keep_one(&mut self, batch: &RecordBatch, rows: &mut Vec<u32>) {
        let Some(cells) = Cells::of(batch) else { return };
        rows.retain(|row| {
            let at = usize::try_from(*row).unwrap_or(usize::MAX);
            let Some(exporter) = cells.exporter(at) else { return true };
            *self.of.entry(cells.key(at).0).or_insert(exporter) == exporter
        });
    }
}

/// What waits already of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// The other direction of it, close enough to be joined at once.
    Partner(Number),
    /// Not the other direction; the record may wait as well.
    Room,
    /// Too many of one conversation.
    Crowd,
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Hands on some rows of a batch, in their order.
fn push_rows(batch: &RecordBatch, rows: &[u32], out: &mut Vec<RecordBatch>) {
    if rows.is_empty() {
        return;
    }
    if rows.len() == batch.num_rows() {
        out.push(batch.clone());
        return;
    }
    match take_record_batch(batch, &UInt32Array::from(rows.to_vec())) {
        Ok(taken) => out.push(taken),
        // Cannot be; a slice of each row is the same thing, slower.
        Err(_) => out.extend(rows.iter().filter_map(|row| Some(batch.slice(usize::try_from(*row).ok()?, 1)))),
    }
}

/// The batch with texts of its own: rows that were taken share the texts of the rows that were not.
fn without_slack(batch: RecordBatch) -> RecordBatch {
    let columns = batch.columns().iter().map(|column| match column.data_type() {
        DataType::Utf8View => Arc::new(column.as_string_view().gc()) as ArrayRef,
        _ => Arc::clone(column),
    });
    RecordBatch::try_new(batch.schema(), columns.collect()).unwrap_or(batch)
}

/// What a record says of its side, and a number that both directions of its exchange share; nothing for messages that
/// have no answer.
fn hint(proto: u8, flags: u8, icmp: Option<u8>) -> Option<(i8, u8)> {
    const SYN: u8 = 0x02;
    const ACK: u8 = 0x10;
    Some(match (proto, icmp) {
        (6, _) if flags & SYN != 0 && flags & ACK == 0 => (1, 0),
        (6, _) if flags == SYN | ACK => (-1, 0),
        // Echo, timestamp (RFC 792), echo (RFC 4443 §4).
        (1, Some(request @ (8 | 13))) | (58, Some(request @ 128)) => (1, request),
        (1, Some(0)) => (-1, 8),
        (1, Some(14)) => (-1, 13),
        (58, Some(129)) => (-1, 128),
        (1 | 58, _) => return None,
        _ => (0, 0),
    })
}

/// Which of two records is the initiator's, and what tells.
fn pair(one: &Waiting, other: &Waiting) -> Pair {
    let (low, high) = if one.flipped { (other, one) } else { (one, other) };
    let (serves, orientation) = low_serves(low, high);
    let (src, dst) = if serves { (high, low) } else { (low, high) };
    Pair { src: src.part(), dst: dst.part(), orientation }
}

/// True where the record of the lower endpoint is the responder's, and what tells.
fn low_serves(low: &Waiting, high: &Waiting) -> (bool, &'static str) {
    if low.hint != high.hint {
        return (low.hint < high.hint, if low.proto == TCP { "handshake" } else { "request" });
    }
    // Of the endpoints only the ports are asked.
    let ((src_port, dst_port), proto) = (low.ports, low.proto);
    match (FiveTuple { src: Ip::default(), dst: Ip::default(), src_port, dst_port, proto }).serves_by_port() {
        Some(serves) => (serves, "port"),
        None if low.start != high.start => (low.start > high.start, "first_packet"),
        // Nothing tells: the lower port is more often the service's.
        None => (src_port < dst_port, "port"),
    }
}
