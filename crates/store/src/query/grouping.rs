// SPDX-License-Identifier: Apache-2.0
//! Totals per key without a general engine: what a ranking asks thousands of times a day. Rows of a segment
//! are sorted by address, so equal keys come in runs and few of them meet the hash table; keys are packed
//! into 16 octets wherever their addresses are IPv4.
//!
//! Keys that are lists or instants, and answers that would not fit into memory, are left to the SQL engine,
//! which spills to disk: see [`super::top`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{UInt8Type, UInt16Type, UInt32Type, UInt64Type};
use minamo_base::{Ip, Mac};
use minamo_schema::{CellType, Value};
use rapidhash::fast::RandomState;

pub(crate) use self::counted::Counters;
use self::counted::{Counted, LEFT_OUT};
use self::tables::{Group, Tables, best, first};
use super::top::{By, Totals};
use crate::QueryError;

mod counted;
mod tables;

/// Octets of a packed key: of rows with IPv4 addresses only, and of others.
const NARROW: usize = 16;
const WIDE: usize = 64;
type Narrow = [u8; NARROW];
type Wide = [u8; WIDE];

/// One column of a key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Part {
    /// Type of the column.
    pub(crate) cell: CellType,
    /// Its place in the batches.
    pub(crate) column: usize,
}

/// Texts of all keys and their numbers, for all threads.
#[derive(Debug, Default)]
struct Texts {
    numbers: HashMap<Arc<str>, u32>,
    list: Vec<Arc<str>>,
}

/// What all threads of one question share.
pub(crate) struct Grouping {
    parts: Vec<Part>,
    texts: Mutex<Texts>,
    hasher: RandomState,
    /// Octets that one thread's tables may take.
    budget: usize,
    /// True where keys have at most two octets: their totals are then found by place.
    tiny: bool,
}

/// True where keys of these columns can be packed.
pub(crate) fn can_pack(cells: &[CellType]) -> bool {
    let width: Option<usize> = cells.iter().map(|cell| width(*cell, false)).sum();
    width.is_some_and(|width| width < WIDE) && cells.len() <= 8
}

/// Octets of a packed cell; `v4` where addresses are IPv4.
fn width(cell: CellType, v4: bool) -> Option<usize> {
    Some(match cell {
        CellType::Bool | CellType::U8 => 1,
        CellType::U16 => 2,
        CellType::U32 | CellType::Text => 4,
        CellType::U64 => 8,
        CellType::Mac => 6,
        CellType::Ip if v4 => 4,
        CellType::Ip => 16,
        _ => return None,
    })
}

/// The groups that one thread found.
pub(crate) struct Found {
    narrow: Tables<Narrow>,
    wide: Tables<Wide>,
    /// Totals by key, where keys are tiny and not null.
    places: Vec<Totals>,
    /// Texts that this thread has seen already.
    known: HashMap<Arc<str>, u32>,
    /// Totals of all rows, each once.
    pub(crate) total: Totals,
}

impl Totals {
    fn add(&mut self, other: Self) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.packets = self.packets.saturating_add(other.packets);
        self.flows = self.flows.saturating_add(other.flows);
    }

    /// What a ranking goes by.
    pub(crate) fn by(&self, by: By) -> u64 {
        match by {
            By::Bytes => self.bytes,
            By::Packets => self.packets,
            By::Flows => self.flows,
        }
    }
}

impl Grouping {
    /// A question for totals per key; each of `threads` may use its part of `memory`.
    pub(crate) fn new(parts: Vec<Part>, memory: usize, threads: usize) -> Self {
        let widths: usize = parts.iter().map(|part| width(part.cell, true).unwrap_or(WIDE)).sum();
        let (texts, hasher) = (Mutex::default(), RandomState::default());
        Self { parts, texts, hasher, budget: memory / threads.max(1), tiny: widths <= 2 }
    }

    /// Nothing yet.
    pub(crate) fn found(&self) -> Found {
        let (narrow, wide) = (Tables::new(), Tables::new());
        let places = if self.tiny { vec![Totals::default(); LEFT_OUT + 1] } else { Vec::new() };
        Found { narrow, wide, places, known: HashMap::new(), total: Totals::default() }
    }

    /// Adds the rows of a batch, where there is a mask those of it. With `second`, a part that takes the place of the
    /// one with that number, a row counts for both keys, once where they are the same.
    /// False where there is no room for more groups.
    pub(crate) fn add(
        &self,
        found: &mut Found,
        batch: &RecordBatch,
        mask: Option<&BooleanArray>,
        counters: &Counters,
        second: Option<(usize, Part)>,
    ) -> Result<bool, QueryError> {
        if second.is_none() && self.quickly(found, batch, mask, counters)? {
            return Ok(found.narrow.bytes() + found.wide.bytes() <= self.budget);
        }
        if let Some(mask) = mask {
            return self.add(found, &filter_record_batch(batch, mask)?, None, counters, second);
        }
        let totals = counters.read(batch)?;
        for row in &totals {
            found.total.add(*row);
        }
        let first = self.pack(found, batch, &self.parts)?;
        match second {
            None => self.rows(found, &first, &totals, None),
            Some((place, second)) => {
                let mut parts = self.parts.clone();
                if let Some(place) = parts.get_mut(place) {
                    *place = second;
                }
                let other = self.pack(found, batch, &parts)?;
                self.rows(found, &first, &totals, None);
                self.rows(found, &other, &totals, Some(&first));
            }
        }
        Ok(found.narrow.bytes() + found.wide.bytes() <= self.budget)
    }

    /// Adds the rows of a batch whose key is one column, where that takes no keys and totals of single rows: of
    /// ports and the like the place is the value, and equal addresses come in runs. False where it is not so.
    fn quickly(
        &self,
        found: &mut Found,
        batch: &RecordBatch,
        mask: Option<&BooleanArray>,
        counters: &Counters,
    ) -> Result<bool, QueryError> {
        let [part] = self.parts.as_slice() else { return Ok(false) };
        let Some(column) = batch.columns().get(part.column) else { return Ok(false) };
        let Some(counted) = counters.full(batch)? else { return Ok(false) };
        if column.null_count() > 0 {
            return Ok(false);
        }
        match part.cell {
            CellType::U16 => {
                let keys = column.as_primitive_opt::<UInt16Type>().ok_or_else(mismatch)?;
                Ok(counted.placed(keys.values().iter().map(|key| u32::from(*key)), mask, found))
            }
            CellType::U8 => {
                // A key of one octet is the first of two.
                let keys = column.as_primitive_opt::<UInt8Type>().ok_or_else(mismatch)?;
                Ok(counted.placed(keys.values().iter().map(|key| u32::from(*key) << 8), mask, found))
            }
            CellType::Ip if mask.is_none() => {
                self.addresses(found, column, &counted)?;
                found.total.add(counted.sum(0..batch.num_rows()).totals());
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Adds rows whose key is an address, by runs of equal ones.
    fn addresses(&self, found: &mut Found, column: &ArrayRef, counted: &Counted<'_>) -> Result<(), QueryError> {
        let values = column.as_fixed_size_binary_opt().ok_or_else(mismatch)?;
        let (keys, rest) = values.value_data().as_chunks::<16>();
        if values.value_length() != 16 || !rest.is_empty() || keys.len() != column.len() {
            return Err(mismatch());
        }
        let mut at = 0;
        for run in keys.chunk_by(|a, b| a == b) {
            let totals = counted.sum(at..at + run.len()).totals();
            at += run.len();
            match run.first() {
                Some([head @ .., a, b, c, d]) if *head == V4_MAPPED => {
                    let mut key = [0; NARROW];
                    [key[0], key[1], key[2], key[3]] = [*a, *b, *c, *d];
                    found.narrow.add(key, totals, &self.hasher);
                }
                Some(address) => {
                    let mut key = [0; WIDE];
                    key.iter_mut().zip(address).for_each(|(to, from)| *to = *from);
                    found.wide.add(key, totals, &self.hasher);
                }
                None => {}
            }
        }
        Ok(())
    }

    fn rows(&self, found: &mut Found, keys: &Keys, totals: &[Totals], unlike: Option<&Keys>) {
        match (keys, unlike) {
            (Keys::Narrow(keys), None) if self.tiny => {
                for (key, totals) in keys.iter().zip(totals) {
                    let place = if key[NARROW - 1] == 0 { found.places.get_mut(place_of(key)) } else { None };
                    match place {
                        Some(place) => place.add(*totals),
                        None => found.narrow.add(*key, *totals, &self.hasher),
                    }
                }
            }
            (Keys::Narrow(keys), None) => {
                keys.iter().zip(totals).for_each(|(key, totals)| found.narrow.add(*key, *totals, &self.hasher));
            }
            (keys, unlike) => {
                for (row, totals) in totals.iter().enumerate() {
                    let Some(key) = keys.at(row) else { continue };
                    if unlike.is_some_and(|unlike| unlike.at(row) == Some(key)) {
                        continue;
                    }
                    match key {
                        Key::Narrow(key) => found.narrow.add(key, *totals, &self.hasher),
                        Key::Wide(key) => found.wide.add(key, *totals, &self.hasher),
                    }
                }
            }
        }
    }

    /// The keys of all rows of a batch.
    fn pack(&self, found: &mut Found, batch: &RecordBatch, parts: &[Part]) -> Result<Keys, QueryError> {
        let rows = batch.num_rows();
        let columns = parts.iter().map(|part| batch.columns().get(part.column).map(|column| (part.cell, column)));
        let columns = columns.collect::<Option<Vec<_>>>().ok_or_else(mismatch)?;
        let all_v4 = columns.iter().all(|(cell, column)| *cell != CellType::Ip || is_v4(column));
        let narrow: Option<usize> = parts.iter().map(|part| width(part.cell, true)).sum();
        if all_v4 && narrow.is_some_and(|width| width < NARROW) {
            let mut keys = vec![[0; NARROW]; rows];
            self.fill(found, &columns, true, &mut keys)?;
            return Ok(Keys::Narrow(keys));
        }
        let mut keys = vec![[0; WIDE]; rows];
        self.fill(found, &columns, false, &mut keys)?;
        // The same key must not be in both tables: rows with IPv4 addresses only are narrow wherever they are.
        if narrow.is_none_or(|width| width >= NARROW) || !parts.iter().any(|part| part.cell == CellType::Ip) {
            return Ok(Keys::Wide(keys));
        }
        let mut small = vec![[0; NARROW]; rows];
        self.fill(found, &columns, true, &mut small)?;
        let mixed = keys.iter().zip(&small).enumerate().map(|(row, (wide, narrow))| {
            let v4 = columns.iter().all(|(cell, column)| *cell != CellType::Ip || is_v4(&column.slice(row, 1)));
            if v4 { Key::Narrow(*narrow) } else { Key::Wide(*wide) }
        });
        Ok(Keys::Mixed(mixed.collect()))
    }

    /// Writes the cells of the rows into their keys; the last octet says which are null.
    fn fill<const N: usize>(
        &self,
        found: &mut Found,
        columns: &[(CellType, &ArrayRef)],
        v4: bool,
        keys: &mut [[u8; N]],
    ) -> Result<(), QueryError> {
        let mut at = 0;
        for (bit, (cell, column)) in columns.iter().enumerate() {
            let width = width(*cell, v4).ok_or_else(mismatch)?;
            match cell {
                CellType::Bool => {
                    let values = column.as_boolean_opt().ok_or_else(mismatch)?;
                    place(keys, at, (0..values.len()).map(|row| [u8::from(values.value(row))]));
                }
                CellType::U8 => {
                    let values = column.as_primitive_opt::<UInt8Type>().ok_or_else(mismatch)?;
                    place(keys, at, values.values().iter().map(|value| [*value]));
                }
                CellType::U16 => {
                    let values = column.as_primitive_opt::<UInt16Type>().ok_or_else(mismatch)?;
                    place(keys, at, values.values().iter().map(|value| value.to_be_bytes()));
                }
                CellType::U32 => {
                    let values = column.as_primitive_opt::<UInt32Type>().ok_or_else(mismatch)?;
                    place(keys, at, values.values().iter().map(|value| value.to_be_bytes()));
                }
                CellType::U64 => {
                    let values = column.as_primitive_opt::<UInt64Type>().ok_or_else(mismatch)?;
                    place(keys, at, values.values().iter().map(|value| value.to_be_bytes()));
                }
                CellType::Ip | CellType::Mac => {
                    let values = column.as_fixed_size_binary_opt().ok_or_else(mismatch)?;
                    let size = usize::try_from(values.value_length()).map_err(|_| mismatch())?;
                    // Of an IPv4 address the last four of the sixteen octets.
                    let skip = size.checked_sub(width).ok_or_else(mismatch)?;
                    let cells = values.value_data().chunks_exact(size);
                    for (key, cell) in keys.iter_mut().zip(cells) {
                        if let (Some(to), Some(from)) = (key.get_mut(at..at + width), cell.get(skip..)) {
                            to.copy_from_slice(from);
                        }
                    }
                }
                CellType::Text => {
                    let numbers = self.numbers(found, column)?;
                    place(keys, at, numbers.into_iter().map(u32::to_be_bytes));
                }
                _ => return Err(mismatch()),
            }
            if column.null_count() > 0 {
                clear_nulls(keys, at, width, bit, column);
            }
            at += width;
        }
        Ok(())
    }

    /// The numbers of texts.
    fn numbers(&self, found: &mut Found, column: &ArrayRef) -> Result<Vec<u32>, QueryError> {
        let values = column.as_string_view_opt().ok_or_else(mismatch)?;
        let mut out = Vec::with_capacity(values.len());
        let mut last: Option<(&str, u32)> = None;
        for row in 0..values.len() {
            let text = if values.is_valid(row) { values.value(row) } else { "" };
            let number = match last {
                Some((same, number)) if same == text => number,
                _ => match found.known.get(text) {
                    Some(number) => *number,
                    None => {
                        let (text, number) = self.texts.lock().unwrap_or_else(PoisonError::into_inner).number(text);
                        found.known.insert(text, number);
                        number
                    }
                },
            };
            last = Some((text, number));
            out.push(number);
        }
        Ok(out)
    }

    /// The first `limit` groups of all threads in the order of `by`, equals in the order of their keys, and the
    /// total of all rows.
    pub(crate) fn finish(
        &self,
        mut found: Vec<Found>,
        by: By,
        limit: usize,
    ) -> (Vec<(Vec<Value<'static>>, Totals)>, Totals) {
        let mut total = Totals::default();
        let mut places = found.iter_mut().map(|one| std::mem::take(&mut one.places)).reduce(|mut all, more| {
            all.iter_mut().zip(more).for_each(|(to, more)| to.add(more));
            all
        });
        for one in &mut found {
            total.add(one.total);
            one.narrow.end(&self.hasher);
            one.wide.end(&self.hasher);
        }
        let (narrow, wide) = found.into_iter().map(|one| (one.narrow, one.wide)).unzip();
        let mut narrow = first(narrow, by, limit, &self.hasher);
        // A key is either in its place or, where something of it is missing, in a table.
        narrow.extend(best(places.take().unwrap_or_default().into_iter().enumerate().filter_map(placed), by, limit));
        let wide = first(wide, by, limit, &self.hasher);
        let mut rows: Vec<_> = (narrow.into_iter().map(|g| self.row(&g.key, true, g.totals)))
            .chain(wide.into_iter().map(|g| self.row(&g.key, false, g.totals)))
            .collect();
        rows.sort_by(|(a, x), (b, y)| y.by(by).cmp(&x.by(by)).then_with(|| compare(a, b)));
        rows.truncate(limit);
        (rows, total)
    }

    fn row(&self, key: &[u8], v4: bool, totals: Totals) -> (Vec<Value<'static>>, Totals) {
        let nulls = key.last().copied().unwrap_or(0);
        let mut rest = key;
        let cells = self.parts.iter().enumerate().map(|(bit, part)| {
            let v4 = v4 && self.parts.iter().any(|part| part.cell == CellType::Ip);
            let (cell, after) = rest.split_at_checked(width(part.cell, v4).unwrap_or(0)).unwrap_or_default();
            rest = after;
            if nulls & 1 << bit != 0 { Value::Null } else { self.cell(part.cell, cell) }
        });
        (cells.collect(), totals)
    }

    fn cell(&self, cell: CellType, octets: &[u8]) -> Value<'static> {
        let number = octets.iter().take(8).fold(0_u64, |n, octet| n << 8 | u64::from(*octet));
        match cell {
            CellType::Bool => Value::Bool(number != 0),
            CellType::Ip => match (<[u8; 4]>::try_from(octets), <[u8; 16]>::try_from(octets)) {
                (Ok(v4), _) => Value::Ip(Ip::v4(v4)),
                (_, Ok(octets)) => Value::Ip(Ip(octets)),
                _ => Value::Null,
            },
            CellType::Mac => octets.try_into().map_or(Value::Null, |octets| Value::Mac(Mac(octets))),
            CellType::Text => {
                let texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
                let text = usize::try_from(number).ok().and_then(|at| texts.list.get(at));
                text.map_or(Value::Null, |text| Value::Text(text.to_string().into()))
            }
            _ => Value::Uint(number),
        }
    }
}

impl Texts {
    fn number(&mut self, text: &str) -> (Arc<str>, u32) {
        if let Some((text, number)) = self.numbers.get_key_value(text) {
            return (Arc::clone(text), *number);
        }
        let (text, number) = (Arc::<str>::from(text), u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        self.list.push(Arc::clone(&text));
        self.numbers.insert(Arc::clone(&text), number);
        (text, number)
    }
}

/// The group of a place; nothing where no row came there.
fn placed((place, totals): (usize, Totals)) -> Option<Group<Narrow>> {
    let mut key = [0; NARROW];
    [key[0], key[1]] = u16::try_from(place).ok()?.to_be_bytes();
    (totals.flows > 0).then_some(Group { key, totals })
}

/// Where the totals of a tiny key are.
fn place_of(key: &Narrow) -> usize {
    usize::from(u16::from_be_bytes([key[0], key[1]]))
}

/// The keys of a batch.
enum Keys {
    Narrow(Vec<Narrow>),
    Wide(Vec<Wide>),
    Mixed(Vec<Key>),
}

#[derive(Clone, Copy, PartialEq)]
enum Key {
    Narrow(Narrow),
    Wide(Wide),
}

impl Keys {
    fn at(&self, row: usize) -> Option<Key> {
        match self {
            Self::Narrow(keys) => keys.get(row).copied().map(Key::Narrow),
            Self::Wide(keys) => keys.get(row).copied().map(Key::Wide),
            Self::Mixed(keys) => keys.get(row).copied(),
        }
    }
}

fn place<const N: usize, const W: usize>(keys: &mut [[u8; N]], at: usize, cells: impl Iterator<Item = [u8; W]>) {
    for (key, cell) in keys.iter_mut().zip(cells) {
        if let Some(to) = key.get_mut(at..at + W) {
            to.copy_from_slice(&cell);
        }
    }
}

fn clear_nulls<const N: usize>(keys: &mut [[u8; N]], at: usize, width: usize, bit: usize, column: &ArrayRef) {
    for (row, key) in keys.iter_mut().enumerate() {
        if column.is_null(row) {
            key.get_mut(at..at + width).unwrap_or_default().fill(0);
            if let Some(nulls) = key.last_mut() {
                *nulls |= 1 << bit;
            }
        }
    }
}

/// What an IPv4 address begins with.
const V4_MAPPED: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255];

/// True where all addresses of a column are IPv4, or null.
fn is_v4(column: &ArrayRef) -> bool {
    let Some(values) = column.as_fixed_size_binary_opt() else { return false };
    (0..values.len()).all(|row| values.value(row).starts_with(&V4_MAPPED) || values.is_null(row))
}

/// The order of keys: nulls first, then by value.
fn compare(a: &[Value<'_>], b: &[Value<'_>]) -> std::cmp::Ordering {
    let one = |a: &Value<'_>, b: &Value<'_>| match (a, b) {
        (Value::Null, Value::Null) => std::cmp::Ordering::Equal,
        (Value::Null, _) => std::cmp::Ordering::Less,
        (_, Value::Null) => std::cmp::Ordering::Greater,
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Uint(a), Value::Uint(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Ip(a), Value::Ip(b)) => a.cmp(b),
        (Value::Mac(a), Value::Mac(b)) => a.cmp(b),
        _ => std::cmp::Ordering::Equal,
    };
    let orders = a.iter().zip(b).map(|(a, b)| one(a, b));
    orders.into_iter().find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
}

fn mismatch() -> QueryError {
    QueryError::Failed("a column has an unexpected type".to_owned())
}
