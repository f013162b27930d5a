// SPDX-License-Identifier: Apache-2.0
//! Counting rows as they come, for rules that say in their front matter what their query counts: distinct values per
//! key and window. The query then need not be asked again and again over the same windows; it is still what the rule
//! means, and is asked where not all rows of a window were counted: those of before the start, and those of windows
//! that did not fit into memory.
//!
//! Keys and values are told apart by 64 bits of a seeded hash: among a million of them two fall together once in
//! forty million windows, and a count is then one too low.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryArray, PrimitiveArray, RecordBatch, TimestampNanosecondArray, UInt32Array,
    UInt64Array,
};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{ArrowPrimitiveType, DataType, Field, Schema, UInt8Type, UInt16Type, UInt32Type};
use arrow::error::ArrowError;
use hashbrown::HashTable;
use minamo_base::Time;
use minamo_model::{CellReader, FLOWS, text_value};
use rapidhash::quality::RandomState;
use serde::Deserialize;

use crate::Rule;

/// Most columns whose distinct values a rule counts.
pub(crate) const MOST_DISTINCT: usize = 2;
/// Most windows that are counted at a time.
const MOST_WINDOWS: usize = 64;
/// Most octets of memory for what a rule counts, about.
const MOST_OCTETS: usize = 128 << 20;
/// Octets that a value and a key take in their tables, about.
const VALUE_OCTETS: usize = 16;
const KEY_OCTETS: usize = 64;
/// Most keys of a window of which events are made; more is the query's business, which cuts.
const MOST_FIRED: usize = 10_000;

/// What the query of a rule counts, as its front matter has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// The condition of the query, in SQL, with `$parameter`.
    #[serde(rename = "where")]
    pub condition: String,
    /// Columns that rows are grouped by, besides the window.
    pub key: Vec<String>,
    /// Columns of the result that hold how many different values another column has: by name the other column.
    pub distinct: BTreeMap<String, String>,
    /// Column of the result that holds how many rows there are.
    pub rows: String,
    /// The column of `distinct` that must be more than the parameter of the same name.
    pub more: String,
}

/// What came of new rows.
#[derive(Debug, Default)]
pub struct Due {
    /// Rows as the query of the rule would give them, of keys that say something new.
    pub rows: Option<RecordBatch>,
    /// The query is to be asked over the windows from the first to the second one.
    pub ask: Option<(Time, Time)>,
    /// Windows that did not fit into memory, of which the query is asked.
    pub unfit: u64,
}

/// Counts for one rule.
#[derive(Debug)]
pub struct Counter {
    count: Count,
    more: usize,
    threshold: u64,
    /// Length of a window in nanoseconds.
    length: i64,
    /// Time between the starts of two windows.
    hop: i64,
    state: RandomState,
    windows: BTreeMap<i64, Window>,
    octets: usize,
    /// Windows that start before this have rows that were not counted.
    complete_from: i64,
    /// The first and last start of windows of which rows came that were not counted.
    ask: Option<(i64, i64)>,
    /// Windows that did not fit since it was asked last.
    unfit: u64,
}

#[derive(Debug, Default)]
struct Window {
    keys: HashTable<Tally>,
    /// Hashes of keys with values.
    values: HashTable<u64>,
    /// Keys beyond the threshold.
    fired: Vec<Fired>,
    /// True where a key beyond the threshold has changed since it was told.
    changed: bool,
}

#[derive(Debug, Clone, Copy)]
struct Tally {
    hash: u64,
    rows: u64,
    distinct: [u32; MOST_DISTINCT],
    fired: bool,
}

#[derive(Debug)]
struct Fired {
    hash: u64,
    /// The key's columns, one row.
    key: RecordBatch,
    /// Rows when it was told last.
    told: u64,
}

impl Counter {
    /// A counter for a rule; nothing where the rule does not say what it counts. Rows that started before
    /// `complete_from` may have come before.
    pub fn new(rule: &Rule, complete_from: Option<Time>) -> Option<Self> {
        let count = rule.count.clone()?;
        let more = count.distinct.keys().position(|name| *name == count.more)?;
        let threshold = rule.parameters.get(&count.more)?.default;
        let nanos = |length: Duration| i64::try_from(length.as_nanos()).unwrap_or(i64::MAX).max(1);
        let length = nanos(rule.window);
        let hop = rule.hop.map_or(length, nanos);
        let complete_from = complete_from.map_or(i64::MIN, |at| next_window(at.0, hop));
        let (state, windows) = (RandomState::default(), BTreeMap::new());
        Some(Self {
            count,
            more,
            threshold,
            length,
            hop,
            state,
            windows,
            octets: 0,
            complete_from,
            ask: None,
            unfit: 0,
        })
    }

    /// Counts the rows of a batch that `mask` names, which are those that satisfy the condition. The query is asked
    /// instead where the batch lacks a column.
    pub fn add(&mut self, batch: &RecordBatch, mask: &BooleanBuffer) {
        let Some(columns) = Columns::of(batch, &self.count) else {
            return self.ask_for(batch);
        };
        for row in mask.set_indices() {
            let last = columns.time(row).div_euclid(self.hop).saturating_mul(self.hop);
            for at in 0..self.length / self.hop {
                let start = last.saturating_sub(at * self.hop);
                if start < self.complete_from {
                    self.ask_window(start);
                    continue;
                }
                let window = self.windows.entry(start).or_default();
                self.octets += window.add(&columns, row, &self.state, (self.more, self.threshold), batch);
            }
        }
        self.make_room();
    }

    /// What can be told of the rows of a batch only by the query.
    pub fn ask_for(&mut self, batch: &RecordBatch) {
        let Some(times) = times(batch) else { return };
        for time in times.values() {
            self.ask_window(time.div_euclid(self.hop).saturating_mul(self.hop));
        }
    }

    /// What came of the rows since it was asked last.
    pub fn take(&mut self) -> Result<Due, ArrowError> {
        let mut out = Vec::new();
        for (start, window) in &mut self.windows {
            if std::mem::take(&mut window.changed)
                && let Some(rows) = window.tell(*start, &self.count)?
            {
                out.push(rows);
            }
        }
        let rows = match out.first() {
            Some(first) => Some(concat_batches(&first.schema(), &out)?),
            None => None,
        };
        let ask = self.ask.take().map(|(first, last)| (Time(first), Time(last)));
        Ok(Due { rows, ask, unfit: std::mem::take(&mut self.unfit) })
    }

    fn ask_window(&mut self, start: i64) {
        let (first, last) = self.ask.unwrap_or((start, start));
        self.ask = Some((first.min(start), last.max(start)));
    }

    /// Forgets the earliest windows where there are too many or they are too large, and those that say too much: of
    /// them the query is asked.
    fn make_room(&mut self) {
        while self.windows.len() > MOST_WINDOWS || self.octets > MOST_OCTETS {
            self.unfit += u64::from(self.octets > MOST_OCTETS);
            let Some((start, window)) = self.windows.pop_first() else { break };
            self.forget(start, &window);
        }
        let crowded =
            self.windows.iter().filter(|(_, window)| window.fired.len() > MOST_FIRED).map(|(start, _)| *start);
        if let Some(last) = crowded.max() {
            let later = self.windows.split_off(&next_window(last, self.hop));
            for (start, window) in std::mem::replace(&mut self.windows, later) {
                self.unfit += 1;
                self.forget(start, &window);
            }
        }
        if self.windows.is_empty() {
            self.octets = 0;
        }
    }

    fn forget(&mut self, start: i64, window: &Window) {
        self.octets = self.octets.saturating_sub(window.octets());
        self.complete_from = self.complete_from.max(next_window(start, self.hop));
        if window.changed {
            self.ask_window(start);
        }
    }
}

/// Start of the first window after an instant, where one begins each `hop`.
fn next_window(at: i64, hop: i64) -> i64 {
    at.div_euclid(hop).saturating_add(1).saturating_mul(hop)
}

impl Window {
    fn octets(&self) -> usize {
        self.keys.len() * KEY_OCTETS + self.values.len() * VALUE_OCTETS
    }

    /// Counts a row; gives how many octets more are taken.
    fn add(
        &mut self,
        columns: &Columns<'_>,
        row: usize,
        state: &RandomState,
        (more, threshold): (usize, u64),
        batch: &RecordBatch,
    ) -> usize {
        let before = self.octets();
        let mut hasher = state.build_hasher();
        columns.key.iter().for_each(|column| column.write(row, &mut hasher));
        let hash = hasher.finish();
        let new = Tally { hash, rows: 0, distinct: [0; MOST_DISTINCT], fired: false };
        let entry = self.keys.entry(hash, |known| known.hash == hash, |known| known.hash);
        let mut entry = entry.or_insert(new);
        let tally = entry.get_mut();
        tally.rows += 1;
        for (place, (number, column)) in tally.distinct.iter_mut().zip((0..).zip(&columns.distinct)) {
            let mut hasher = state.build_hasher();
            hasher.write_u64(hash);
            hasher.write_u64(number);
            column.write(row, &mut hasher);
            let value = hasher.finish();
            let known = self.values.entry(value, |known| *known == value, |known| *known);
            if let hashbrown::hash_table::Entry::Vacant(entry) = known {
                entry.insert(value);
                *place += 1;
            }
        }
        self.changed |= tally.fired;
        if !tally.fired && tally.distinct.get(more).is_some_and(|distinct| u64::from(*distinct) > threshold) {
            let at = UInt32Array::from_iter_values(u32::try_from(row).ok());
            let key = batch.project(&columns.places).and_then(|keys| take_record_batch(&keys, &at));
            if let Ok(key) = key {
                (tally.fired, self.changed) = (true, true);
                self.fired.push(Fired { hash, key, told: 0 });
            }
        }
        self.octets() - before
    }

    /// The rows of the keys that have changed.
    fn tell(&mut self, start: i64, count: &Count) -> Result<Option<RecordBatch>, ArrowError> {
        let mut keys = Vec::new();
        let mut rows = Vec::new();
        let mut distinct = vec![Vec::new(); count.distinct.len()];
        for fired in &mut self.fired {
            let Some(tally) = self.keys.find(fired.hash, |known| known.hash == fired.hash) else { continue };
            if tally.rows == std::mem::replace(&mut fired.told, tally.rows) {
                continue;
            }
            keys.push(fired.key.clone());
            rows.push(tally.rows);
            distinct.iter_mut().zip(tally.distinct).for_each(|(list, number)| list.push(u64::from(number)));
        }
        let Some(first) = keys.first() else { return Ok(None) };
        let keys = concat_batches(&first.schema(), &keys)?;
        let starts = TimestampNanosecondArray::from_value(start, rows.len()).with_timezone("UTC");
        let mut fields = vec![Arc::new(Field::new("window_start", starts.data_type().clone(), false))];
        let mut columns: Vec<ArrayRef> = vec![Arc::new(starts)];
        fields.extend(keys.schema_ref().fields().iter().cloned());
        columns.extend(keys.columns().iter().cloned());
        for (name, numbers) in count.distinct.keys().zip(distinct).chain([(&count.rows, rows)]) {
            fields.push(Arc::new(Field::new(name, DataType::UInt64, false)));
            columns.push(Arc::new(UInt64Array::from(numbers)));
        }
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map(Some)
    }
}

/// The columns of a batch that are looked at.
struct Columns<'a> {
    times: &'a TimestampNanosecondArray,
    key: Vec<Cells<'a>>,
    distinct: Vec<Cells<'a>>,
    /// Places of the key's columns in the batch.
    places: Vec<usize>,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch, count: &Count) -> Option<Self> {
        let schema = batch.schema_ref();
        let places: Vec<usize> = count.key.iter().map(|name| schema.index_of(name).ok()).collect::<Option<_>>()?;
        let cells = |at: usize| Some(Cells::of(schema.fields().get(at)?, batch.columns().get(at)?));
        let distinct = count.distinct.values().map(|name| cells(schema.index_of(name).ok()?));
        Some(Self {
            times: times(batch)?,
            key: places.iter().map(|at| cells(*at)).collect::<Option<_>>()?,
            distinct: distinct.collect::<Option<_>>()?,
            places,
        })
    }

    fn time(&self, row: usize) -> i64 {
        self.times.values().get(row).copied().unwrap_or_default()
    }
}

fn times(batch: &RecordBatch) -> Option<&TimestampNanosecondArray> {
    batch.column_by_name(FLOWS.time)?.as_primitive_opt()
}

/// The cells of a column, typed where the type is a usual one.
enum Cells<'a> {
    Address(&'a FixedSizeBinaryArray),
    U8(&'a PrimitiveArray<UInt8Type>),
    U16(&'a PrimitiveArray<UInt16Type>),
    U32(&'a PrimitiveArray<UInt32Type>),
    Other(CellReader<'a>),
}

impl<'a> Cells<'a> {
    fn of(field: &'a Field, column: &'a ArrayRef) -> Self {
        match column.data_type() {
            DataType::FixedSizeBinary(16) => Self::Address(column.as_fixed_size_binary()),
            DataType::UInt8 => Self::U8(column.as_primitive()),
            DataType::UInt16 => Self::U16(column.as_primitive()),
            DataType::UInt32 => Self::U32(column.as_primitive()),
            _ => Self::Other(CellReader::new(field, column)),
        }
    }

    fn write(&self, row: usize, hasher: &mut impl Hasher) {
        match self {
            Self::Address(column) if column.is_valid(row) => {
                hasher.write_u128(column.value(row).try_into().map_or(0, u128::from_be_bytes));
            }
            Self::U8(column) => number(column, row, hasher),
            Self::U16(column) => number(column, row, hasher),
            Self::U32(column) => number(column, row, hasher),
            Self::Other(reader) => hasher.write(text_value(&reader.value(row)).as_bytes()),
            Self::Address(_) => hasher.write_u8(0),
        }
    }
}

/// A missing number is unlike all others.
fn number<T: ArrowPrimitiveType<Native: Into<u64>>>(column: &PrimitiveArray<T>, row: usize, hasher: &mut impl Hasher) {
    let value = column.is_valid(row).then(|| column.value(row).into());
    hasher.write_u64(value.unwrap_or(u64::MAX));
}

#[cfg(test)]
mod tests {
    use minamo_base::Ip;
    use minamo_model::{Flow, FlowBuilder};

    use super::*;

    const MINUTE: i64 = 60_000_000_000;

    fn rule() -> Rule {
        crate::shipped_rules().expect("parse").into_iter().find(|rule| rule.name == "scan_ports").expect("shipped")
    }

    fn counter(complete_from: Option<Time>) -> Counter {
        Counter::new(&rule(), complete_from).expect("the rule says what it counts")
    }

    /// One source, these ports, one host each.
    fn batch(minute: i64, ports: std::ops::Range<u16>) -> RecordBatch {
        let mut builder = FlowBuilder::default();
        for port in ports {
            let mut flow = Flow::default();
            flow.core.src_ip = Ip::v4([192, 0, 2, 66]);
            flow.core.dst_ip = Ip::v4([198, 51, 100, u8::try_from(port % 50).expect("small")]);
            (flow.core.dst_port, flow.core.proto) = (port, 6);
            (flow.core.time_start, flow.core.time_end) = (Time(minute * MINUTE + 5), Time(minute * MINUTE + 6));
            builder.append(&flow);
        }
        builder.finish().expect("a batch")
    }

    fn add(counter: &mut Counter, batch: &RecordBatch) {
        counter.add(batch, &BooleanBuffer::new_set(batch.num_rows()));
    }

    fn told(due: &Due) -> Vec<Vec<String>> {
        let Some(rows) = &due.rows else { return Vec::new() };
        let readers = CellReader::all(rows);
        (0..rows.num_rows()).map(|row| readers.iter().map(|r| text_value(&r.value(row))).collect()).collect()
    }

    #[test]
    fn a_key_is_told_when_it_passes_the_threshold_and_again_when_it_says_more() {
        let mut counter = counter(None);
        add(&mut counter, &batch(1, 0..100));
        let due = counter.take().expect("rows");
        assert!(due.rows.is_none() && due.ask.is_none(), "a hundred ports are not more than a hundred");
        add(&mut counter, &batch(1, 50..101));
        let due = counter.take().expect("rows");
        assert_eq!(told(&due), [["1970-01-01T00:01:00Z", "192.0.2.66", "50", "101", "151"]]);
        assert!(counter.take().expect("rows").rows.is_none(), "nothing new");
        add(&mut counter, &batch(1, 0..1));
        assert_eq!(told(&counter.take().expect("rows")), [["1970-01-01T00:01:00Z", "192.0.2.66", "50", "101", "152"]]);
    }

    #[test]
    fn windows_are_counted_apart_and_those_of_before_are_asked_for() {
        let mut counter = counter(Some(Time(2 * MINUTE)));
        for minute in [1, 2, 3, 4] {
            add(&mut counter, &batch(minute, 0..80));
            add(&mut counter, &batch(minute, 80..80 + 10 * u16::try_from(minute).expect("small")));
        }
        let due = counter.take().expect("rows");
        assert_eq!(due.ask, Some((Time(MINUTE), Time(2 * MINUTE))), "rows of minute 2 may have come before");
        let starts: Vec<_> = told(&due).into_iter().map(|row| row[0].clone()).collect();
        assert_eq!(starts, ["1970-01-01T00:03:00Z", "1970-01-01T00:04:00Z"]);
    }

    #[test]
    fn what_does_not_fit_is_asked_for() {
        let mut counter = counter(None);
        for minute in 0..i64::try_from(MOST_WINDOWS).expect("small") + 2 {
            add(&mut counter, &batch(minute, 0..1));
        }
        let aged = counter.take().expect("rows");
        assert_eq!((aged.ask, aged.unfit), (None, 0), "what was forgotten had nothing to tell");
        add(&mut counter, &batch(1, 0..1));
        assert_eq!(counter.take().expect("rows").ask, Some((Time(MINUTE), Time(MINUTE))));
        counter.octets = 2 * MOST_OCTETS;
        add(&mut counter, &batch(70, 0..200));
        let due = counter.take().expect("rows");
        assert_eq!((due.ask, due.rows), (Some((Time(70 * MINUTE), Time(70 * MINUTE))), None));
        assert!(due.unfit > 0, "and told");
    }

    #[test]
    fn a_batch_that_lacks_a_column_is_asked_for() {
        let mut counter = counter(None);
        let whole = batch(5, 0..3);
        let lacks = whole.schema_ref().fields().iter().position(|f| f.name() == "dst_port").expect("a column");
        let rest: Vec<usize> = (0..whole.num_columns()).filter(|at| *at != lacks).collect();
        add(&mut counter, &whole.project(&rest).expect("columns"));
        assert_eq!(counter.take().expect("rows").ask, Some((Time(5 * MINUTE), Time(5 * MINUTE))));
    }
}
