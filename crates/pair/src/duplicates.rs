// SPDX-License-Identifier: Apache-2.0
//! Which of several exporters counts for a conversation. Rows wait for a moment, so that observations of the same
//! packets compete on what they tell rather than on who is faster: the one that samples least counts, of these the one
//! with both directions, of these the lowest address. Who was chosen stays so for the conversation as long as it
//! tells of it; rows of the others are marked with its address. Each direction has a choice of its own, so that
//! exporters that see one direction each are no duplicates.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use minamo_base::{Ip, Time};
use minamo_model::FLOWS;
use minamo_schema::arrow::array::{ArrayRef, FixedSizeBinaryBuilder, RecordBatch, RecordBatchOptions};
use minamo_schema::arrow::datatypes::Schema;
use rapidhash::fast::RandomState;

use crate::cells::{Cells, Key};

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
    /// One packet in so many, then 1 for a record of one direction: the smaller the better.
    rank: (u32, u8),
    start: i64,
    end: i64,
    /// When the conversation was first told: until it has waited the choice is open.
    opened: Time,
}

type Conversations = HashMap<Key, [Option<Choice>; 2], RandomState>;

/// Marks rows of flows that another exporter tells.
pub struct Duplicates {
    settings: DuplicateSettings,
    /// Conversations told in this half of the window, and in the one before.
    young: Conversations,
    old: Conversations,
    turned: Option<Time>,
    waiting: VecDeque<(Time, RecordBatch, usize)>,
    octets: usize,
    counters: DuplicateCounters,
}

impl Duplicates {
    /// A stage that has seen nothing.
    pub fn new(settings: DuplicateSettings) -> Self {
        let (young, old) = (Conversations::default(), Conversations::default());
        let counters = DuplicateCounters::default();
        Self { settings, young, old, turned: None, waiting: VecDeque::new(), octets: 0, counters }
    }

    /// What was counted so far.
    pub fn counters(&self) -> DuplicateCounters {
        let flows = u64::try_from(self.young.len() + self.old.len()).unwrap_or(u64::MAX);
        let waiting = self.waiting.iter().map(|(_, batch, _)| batch.num_rows()).sum::<usize>();
        DuplicateCounters { flows, waiting: u64::try_from(waiting).unwrap_or(u64::MAX), ..self.counters }
    }

    /// Takes a batch that arrived at `now`; what is ready goes to `out`.
    pub fn batch(&mut self, batch: RecordBatch, now: Time, out: &mut Vec<RecordBatch>) {
        self.rotate(now);
        if let Some(cells) = Cells::of(&batch) {
            for row in 0..batch.num_rows() {
                self.observe(&cells, row, now);
            }
        }
        let octets = batch.get_array_memory_size();
        self.octets += octets;
        self.waiting.push_back((now, batch, octets));
        while self.octets > self.settings.max_octets && !self.waiting.is_empty() {
            self.counters.hurried += 1;
            self.release(out);
        }
        self.advance(now, out);
    }

    /// Lets go what has waited long enough by `now`.
    pub fn advance(&mut self, now: Time, out: &mut Vec<RecordBatch>) {
        while self.waiting.front().is_some_and(|(arrived, ..)| now.since(*arrived) >= nanos(self.settings.wait)) {
            self.release(out);
        }
    }

    /// Lets go everything.
    pub fn finish(&mut self, out: &mut Vec<RecordBatch>) {
        while !self.waiting.is_empty() {
            self.release(out);
        }
    }

    fn observe(&mut self, cells: &Cells<'_>, row: usize, now: Time) {
        let Some(exporter) = cells.exporter(row) else { return };
        let (key, flipped) = cells.key(row);
        let sides = cells.sides(row);
        let (start, end) = cells.times(row);
        let rank = (cells.sampling_rate(row), u8::from(!(sides.src && sides.dst)));
        let own = Choice { exporter, rank, start, end, opened: now };
        let (wait, slack) = (nanos(self.settings.wait), nanos(SLACK));
        let choices = self.choices(key);
        for (at, told) in [(usize::from(flipped), sides.src), (usize::from(!flipped), sides.dst)] {
            let Some(place) = choices.get_mut(at).filter(|_| told) else { continue };
            match place {
                Some(choice) if choice.exporter == exporter => {
                    (choice.start, choice.end) = (choice.start.min(start), choice.end.max(end));
                    choice.rank = choice.rank.min(rank);
                }
                // The chosen one has said nothing of the conversation for too long.
                Some(choice) if start > choice.end.saturating_add(slack) => *place = Some(own),
                Some(choice) => {
                    let better = (rank, exporter) < (choice.rank, choice.exporter);
                    if better && now.since(choice.opened) < wait {
                        *place = Some(Choice { opened: choice.opened, ..own });
                    }
                }
                None => *place = Some(own),
            }
        }
    }

    /// The choices of a conversation, which becomes young.
    fn choices(&mut self, key: Key) -> &mut [Option<Choice>; 2] {
        let old = self.old.remove(&key);
        if self.young.len() >= (self.settings.max_flows / 2).max(1) && !self.young.contains_key(&key) {
            self.counters.evicted += u64::try_from(self.old.len()).unwrap_or(u64::MAX);
            self.old = std::mem::take(&mut self.young);
        }
        self.young.entry(key).or_insert_with(|| old.unwrap_or_default())
    }

    /// Forgets conversations that were not told for a whole window.
    fn rotate(&mut self, now: Time) {
        let turned = *self.turned.get_or_insert(now);
        if now.since(turned) >= nanos(self.settings.window) {
            self.old = std::mem::take(&mut self.young);
            self.turned = Some(now);
        }
    }

    /// The exporter that counts in place of the row's own; nothing where the row counts.
    fn counts_instead(&self, cells: &Cells<'_>, row: usize) -> Option<Ip> {
        let exporter = cells.exporter(row)?;
        let (key, flipped) = cells.key(row);
        let sides = cells.sides(row);
        let choices = self.young.get(&key).or_else(|| self.old.get(&key))?;
        let (start, end) = cells.times(row);
        let slack = nanos(SLACK);
        let mut found = None;
        for (at, told) in [(usize::from(flipped), sides.src), (usize::from(!flipped), sides.dst)] {
            if !told {
                continue;
            }
            let choice = choices.get(at).copied().flatten()?;
            let apart = start > choice.end.saturating_add(slack) || choice.start > end.saturating_add(slack);
            if choice.exporter == exporter || apart {
                return None;
            }
            found = found.or(Some(choice.exporter));
        }
        found
    }

    fn release(&mut self, out: &mut Vec<RecordBatch>) {
        let Some((_, batch, octets)) = self.waiting.pop_front() else { return };
        self.octets = self.octets.saturating_sub(octets);
        let marks: Vec<Option<Ip>> = match Cells::of(&batch) {
            Some(cells) => (0..batch.num_rows()).map(|row| self.counts_instead(&cells, row)).collect(),
            None => Vec::new(),
        };
        let marked = marks.iter().filter(|mark| mark.is_some()).count();
        self.counters.marked += u64::try_from(marked).unwrap_or(u64::MAX);
        out.push(if marked > 0 { with_marks(batch, &marks) } else { batch });
    }
}

/// The batch with the column of marks; it has none of its own.
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
    let mut fields: Vec<_> = batch.schema_ref().fields().iter().cloned().collect();
    fields.push(Arc::new(column.field()));
    let mut columns = batch.columns().to_vec();
    columns.push(Arc::new(builder.finish()) as ArrayRef);
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options).unwrap_or(batch)
}

fn nanos(length: Duration) -> i64 {
    i64::try_from(length.as_nanos()).unwrap_or(i64::MAX)
}
