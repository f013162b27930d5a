// SPDX-License-Identifier: Apache-2.0
//! Which of several exporters counts for a conversation. Rows wait for a moment, so that observations of the same
//! packets compete on what they tell rather than on who is faster: the one that samples least counts, of these the one
//! with both directions, of these the lowest address. Who was chosen stays so for the conversation as long as it
//! tells of it; rows of the others are marked with its address. Each direction has a choice of its own, so that
//! exporters that see one direction each are no duplicates. What one exporter tells twice, as it comes in and as it goes
//! out, are two observations as those of two exporters are: the one on the way in counts.

use std::collections::VecDeque;
use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashTable;
use minamo_base::{Ip, Time};
use minamo_model::FLOWS;
use minamo_schema::arrow::array::{ArrayRef, FixedSizeBinaryBuilder, RecordBatch, RecordBatchOptions};
use minamo_schema::arrow::compute::is_not_null;
use minamo_schema::arrow::compute::kernels::zip::zip;
use minamo_schema::arrow::datatypes::Schema;
use rapidhash::fast::RandomState;

use crate::cells::{Cells, Key, Way};
use crate::unread::Unread;

/// How far the times of two exporters' records of the same packets may lie apart: their clocks differ. More would take
/// the next conversation of the same ports for the same.
const SLACK: Duration = Duration::from_secs(10);
/// Column of the mark.
const MARK: &str = "duplicate_of";

/// What the marking stage is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuplicateSettings {
    /// How long rows wait for other exporters' rows of the same packets.
    pub wait: Duration,
    /// How long a choice is remembered after the last row of the conversation: at least the longest active timeout of
    /// the exporters.
    pub window: Duration,
    /// Most conversations that are remembered.
    pub max_flows: usize,
    /// Most octets of rows that wait.
    pub max_octets: usize,
}

impl Default for DuplicateSettings {
    fn default() -> Self {
        let (wait, window) = (Duration::from_secs(2), Duration::from_secs(300));
        Self { wait, window, max_flows: 500_000, max_octets: 128 << 20 }
    }
}

/// What the marking stage counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DuplicateCounters {
    /// Rows marked as told by another exporter.
    pub marked: u64,
    /// Conversations forgotten before their time because the bound was reached.
    pub evicted: u64,
    /// Batches that left before their time because the bound was reached.
    pub hurried: u64,
    /// Conversations remembered now.
    pub flows: u64,
    /// Rows that wait now.
    pub waiting: u64,
}

/// Who counts for one direction of a conversation. Times in nanoseconds.
#[derive(Debug, Clone, Copy)]
struct Choice {
    exporter: Ip,
    /// Where it metered the packets.
    way: Way,
    /// One packet in so many, then 1 for a record of one direction: the smaller the better.
    rank: (u32, u8),
    start: i64,
    end: i64,
    /// When the conversation was first told: until it has waited the choice is open.
    opened: Time,
}

impl Choice {
    /// True where a record of that exporter and way is of the chosen observation.
    fn is(&self, exporter: Ip, way: Way) -> bool {
        self.exporter == exporter && !self.way.is_other(way)
    }
}

/// A conversation: who counts from its lower endpoint to the higher one, and who for the way back.
#[derive(Debug)]
struct Conversation {
    key: Key,
    choices: [Option<Choice>; 2],
}

/// Conversations one after the other as they were first told, and where each is by the hash of its key.
#[derive(Debug, Default)]
struct Conversations {
    all: Vec<Conversation>,
    index: HashTable<(Mark, u32)>,
}

impl Conversations {
    fn find(&self, mark: Mark, key: &Key) -> Option<usize> {
        let is =
            |(of, at): &(Mark, u32)| *of == mark && self.all.get(place(*at)).is_some_and(|found| found.key == *key);
        self.index.find(mark.hash(), is).map(|(_, at)| place(*at))
    }

    /// Adds one that is not there; gives its place.
    fn push(&mut self, conversation: Conversation, mark: Mark) -> usize {
        let at = self.all.len();
        self.all.push(conversation);
        let entry = (mark, u32::try_from(at).unwrap_or(u32::MAX));
        self.index.insert_unique(mark.hash(), entry, |(mark, _)| mark.hash());
        at
    }

    /// Takes the choices of a conversation out.
    fn remove(&mut self, mark: Mark, key: &Key) -> Option<[Option<Choice>; 2]> {
        if self.index.is_empty() {
            return None;
        }
        let at = self.find(mark, key)?;
        let entry = self.index.find_entry(mark.hash(), |(_, found)| place(*found) == at).ok()?;
        entry.remove();
        self.all.get_mut(at).map(|found| std::mem::take(&mut found.choices))
    }

    fn len(&self) -> usize {
        self.index.len()
    }

    /// Forgets them and keeps the room.
    fn clear(&mut self) {
        self.all.clear();
        self.index.clear();
    }
}

/// Half of the hash of a conversation's key. Its place in the index follows from it, so that growing needs no look at the
/// conversations, and most of those that are another one's are told without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark(u32);

impl Mark {
    fn of(key: &Key, state: &RandomState) -> Self {
        Self(u32::try_from(state.hash_one(key) >> 32).unwrap_or_default())
    }

    fn hash(self) -> u64 {
        u64::from(self.0).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

fn place(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

/// Where the conversation of a row that waits was when it came.
#[derive(Debug, Clone, Copy)]
struct Told {
    /// How many times conversations had become old.
    turn: u32,
    at: u32,
}

/// A batch that waits.
#[derive(Debug)]
struct Waiting {
    arrived: Time,
    batch: RecordBatch,
    octets: usize,
    /// Of each row, where they were looked at.
    told: Vec<Told>,
}

/// Marks rows of flows that another exporter tells.
pub struct Duplicates {
    settings: DuplicateSettings,
    state: RandomState,
    /// Conversations told in this half of the window, and in the one before.
    young: Conversations,
    old: Conversations,
    /// How many times the young ones have become the old ones.
    turn: u32,
    turned: Option<Time>,
    /// Rows that were not looked at, as long as there is only one exporter: nothing of them is told twice.
    unread: Unread,
    several: bool,
    waiting: VecDeque<Waiting>,
    octets: usize,
    counters: DuplicateCounters,
}

impl Duplicates {
    /// A stage that has seen nothing.
    pub fn new(settings: DuplicateSettings) -> Self {
        Self {
            settings,
            state: RandomState::default(),
            young: Conversations::default(),
            old: Conversations::default(),
            turn: 0,
            turned: None,
            unread: Unread::default(),
            several: false,
            waiting: VecDeque::new(),
            octets: 0,
            counters: DuplicateCounters::default(),
        }
    }

    /// What was counted so far.
    pub fn counters(&self) -> DuplicateCounters {
        let flows = u64::try_from(self.young.len() + self.old.len() + self.unread.rows()).unwrap_or(u64::MAX);
        let waiting = self.waiting.iter().map(|waiting| waiting.batch.num_rows()).sum::<usize>();
        DuplicateCounters { flows, waiting: u64::try_from(waiting).unwrap_or(u64::MAX), ..self.counters }
    }

    /// Takes a batch that arrived at `now`; what is ready goes to `out`.
    pub fn batch(&mut self, batch: RecordBatch, now: Time, out: &mut Vec<RecordBatch>) {
        self.rotate(now);
        let told = match Cells::of(&batch) {
            Some(cells) if !self.several && self.unread.is_only(&cells, batch.num_rows()) => {
                let forgotten = self.unread.put_off(&batch, now, self.settings.max_flows);
                self.counters.evicted += u64::try_from(forgotten).unwrap_or(u64::MAX);
                Vec::new()
            }
            Some(cells) => {
                self.catch_up();
                self.look(&cells, batch.num_rows(), now)
            }
            None => Vec::new(),
        };
        let octets = batch.get_array_memory_size();
        self.octets += octets;
        self.waiting.push_back(Waiting { arrived: now, batch, octets, told });
        while self.octets > self.settings.max_octets && !self.waiting.is_empty() {
            self.counters.hurried += 1;
            self.release(out);
        }
        self.advance(now, out);
    }

    /// Lets go what has waited long enough by `now`.
    pub fn advance(&mut self, now: Time, out: &mut Vec<RecordBatch>) {
        let wait = nanos(self.settings.wait);
        while self.waiting.front().is_some_and(|waiting| now.since(waiting.arrived) >= wait) {
            self.release(out);
        }
    }

    /// Lets go everything.
    pub fn finish(&mut self, out: &mut Vec<RecordBatch>) {
        while !self.waiting.is_empty() {
            self.release(out);
        }
    }

    /// Looks at what was put off while there was only one exporter.
    fn catch_up(&mut self) {
        self.several = true;
        for (arrived, batch) in self.unread.take() {
            if let Some(cells) = Cells::of(&batch) {
                self.look(&cells, batch.num_rows(), arrived);
            }
        }
    }

    /// Takes rows into account; gives where the conversation of each is.
    fn look(&mut self, cells: &Cells<'_>, rows: usize, now: Time) -> Vec<Told> {
        (0..rows).map(|row| self.observe(cells, row, now)).collect()
    }

    /// Takes a row into account; gives where its conversation is.
    fn observe(&mut self, cells: &Cells<'_>, row: usize, now: Time) -> Told {
        let Some(exporter) = cells.exporter(row) else { return Told { turn: self.turn, at: u32::MAX } };
        let (key, flipped) = cells.key(row);
        let way = cells.low_way(row, flipped);
        let sides = cells.sides(row);
        let (start, end) = cells.times(row);
        let rank = (cells.sampling_rate(row), u8::from(!(sides.src && sides.dst)));
        let own = Choice { exporter, way, rank, start, end, opened: now };
        let (wait, slack) = (nanos(self.settings.wait), nanos(SLACK));
        let at = self.conversation(key);
        let told = Told { turn: self.turn, at: u32::try_from(at).unwrap_or(u32::MAX) };
        let Some(Conversation { choices, .. }) = self.young.all.get_mut(at) else { return told };
        for (at, told) in [(usize::from(flipped), sides.src), (usize::from(!flipped), sides.dst)] {
            let Some(place) = choices.get_mut(at).filter(|_| told) else { continue };
            match place {
                Some(choice) if choice.is(exporter, way) => {
                    (choice.start, choice.end) = (choice.start.min(start), choice.end.max(end));
                    choice.rank = choice.rank.min(rank);
                }
                // The chosen one has said nothing of the conversation for too long.
                Some(choice) if start > choice.end.saturating_add(slack) => *place = Some(own),
                Some(choice) => {
                    let better = (rank, exporter, way) < (choice.rank, choice.exporter, choice.way);
                    if better && now.since(choice.opened) < wait {
                        *place = Some(Choice { opened: choice.opened, ..own });
                    }
                }
                None => *place = Some(own),
            }
        }
        told
    }

    /// The place of a conversation among the young ones, of which it becomes one.
    fn conversation(&mut self, key: Key) -> usize {
        let mark = Mark::of(&key, &self.state);
        if let Some(at) = self.young.find(mark, &key) {
            return at;
        }
        let choices = self.old.remove(mark, &key).unwrap_or_default();
        if self.young.len() >= (self.settings.max_flows / 2).max(1) {
            self.counters.evicted += u64::try_from(self.old.len()).unwrap_or(u64::MAX);
            self.turn();
        }
        self.young.push(Conversation { key, choices }, mark)
    }

    /// Forgets conversations that were not told for a whole window.
    fn rotate(&mut self, now: Time) {
        self.unread.forget_before(now - self.settings.window.saturating_mul(2));
        let turned = *self.turned.get_or_insert(now);
        if now.since(turned) >= nanos(self.settings.window) {
            self.turn();
            self.turned = Some(now);
        }
    }

    /// The young ones become the old ones.
    fn turn(&mut self) {
        std::mem::swap(&mut self.old, &mut self.young);
        self.young.clear();
        self.turn = self.turn.wrapping_add(1);
    }

    /// The choices of the conversation of a row.
    fn choices(&self, cells: &Cells<'_>, row: usize, told: Option<&Told>) -> Option<&[Option<Choice>; 2]> {
        if let Some(told) = told.filter(|told| told.turn == self.turn) {
            return self.young.all.get(place(told.at)).map(|found| &found.choices);
        }
        // It may have become young again, or may be forgotten; or it was looked at later.
        let (key, _) = cells.key(row);
        let mark = Mark::of(&key, &self.state);
        let find = |of: &Conversations| of.find(mark, &key);
        let young = find(&self.young).and_then(|at| self.young.all.get(at));
        let found = young.or_else(|| find(&self.old).and_then(|at| self.old.all.get(at)));
        found.map(|found| &found.choices)
    }

    /// The exporter that counts in place of the row's own; nothing where the row counts.
    fn counts_instead(&self, cells: &Cells<'_>, row: usize, told: Option<&Told>) -> Option<Ip> {
        let exporter = cells.exporter(row)?;
        let (_, flipped) = cells.key(row);
        let (sides, way) = (cells.sides(row), cells.low_way(row, flipped));
        let choices = self.choices(cells, row, told)?;
        let (start, end) = cells.times(row);
        let slack = nanos(SLACK);
        let mut found = None;
        for (at, told) in [(usize::from(flipped), sides.src), (usize::from(!flipped), sides.dst)] {
            if !told {
                continue;
            }
            let choice = choices.get(at).copied().flatten()?;
            let apart = start > choice.end.saturating_add(slack) || choice.start > end.saturating_add(slack);
            if choice.is(exporter, way) || apart {
                return None;
            }
            found = found.or(Some(choice.exporter));
        }
        found
    }

    fn release(&mut self, out: &mut Vec<RecordBatch>) {
        let Some(Waiting { batch, octets, told, .. }) = self.waiting.pop_front() else { return };
        self.octets = self.octets.saturating_sub(octets);
        if !self.several {
            return out.push(batch);
        }
        let marks: Vec<Option<Ip>> = match Cells::of(&batch) {
            Some(cells) => (0..batch.num_rows()).map(|row| self.counts_instead(&cells, row, told.get(row))).collect(),
            None => Vec::new(),
        };
        let marked = marks.iter().filter(|mark| mark.is_some()).count();
        self.counters.marked += u64::try_from(marked).unwrap_or(u64::MAX);
        out.push(if marked > 0 { with_marks(batch, &marks) } else { batch });
    }
}

/// The batch with the column of marks. Where it has marks of another collector, those stay on rows that get none here.
fn with_marks(batch: RecordBatch, marks: &[Option<Ip>]) -> RecordBatch {
    let Some(column) = FLOWS.column(MARK) else { return batch };
    let mut builder = FixedSizeBinaryBuilder::with_capacity(marks.len(), 16);
    for mark in marks {
        match mark {
            Some(ip) => {
                // The array has the builder's width by its type, so this cannot fail.
                let appended = builder.append_value(ip.0);
                debug_assert!(appended.is_ok(), "the width is fixed");
            }
            None => builder.append_null(),
        }
    }
    let marks: ArrayRef = Arc::new(builder.finish());
    let mut fields: Vec<_> = batch.schema_ref().fields().iter().cloned().collect();
    let mut columns = batch.columns().to_vec();
    let told = batch.schema_ref().index_of(MARK).ok();
    if let Some(told) = told.and_then(|at| columns.get_mut(at)) {
        let Ok(both) = is_not_null(&marks).and_then(|own| zip(&own, &marks, told)) else { return batch };
        *told = both;
    } else {
        fields.push(Arc::new(column.field()));
        columns.push(marks);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options).unwrap_or(batch)
}

fn nanos(length: Duration) -> i64 {
    i64::try_from(length.as_nanos()).unwrap_or(i64::MAX)
}
