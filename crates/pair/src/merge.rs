// SPDX-License-Identifier: Apache-2.0
//! Two records to one row, column by column. What becomes of a column follows from the table: `mirror` says where the
//! responder's record has it, `kind` how the two values combine. What the row has no place for stands in
//! `record_dst_differs`, so that both records can be had back (`split`).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use minamo_model::{CellReader, FLOWS, text_value};
use minamo_schema::arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, ListBuilder, PrimitiveArray, RecordBatch,
    StringViewArray, StringViewBuilder, TimestampNanosecondArray, UInt8Array, new_null_array,
};
use minamo_schema::arrow::compute::{interleave, kernels::zip::zip};
use minamo_schema::arrow::datatypes::{
    DataType, TimestampNanosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use minamo_schema::arrow::error::ArrowError;
use minamo_schema::{Column, Kind, Value, batch};

use crate::sequences;

/// Records of a row that was made of two.
const RECORDS: u8 = 2;

/// One record of a pair.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    /// Number of the batch that it is in, and its row there.
    pub(crate) batch: u32,
    pub(crate) row: u32,
    pub(crate) start: i64,
    pub(crate) end: i64,
}

/// Two records that are one conversation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair {
    /// The initiator's packets.
    pub(crate) src: Part,
    /// The responder's packets.
    pub(crate) dst: Part,
    /// What told which is which.
    pub(crate) orientation: &'static str,
}

/// The rows of pairs; `source` gives the batch of a number.
pub(crate) fn merge<'a>(
    pairs: &[Pair],
    source: impl Fn(u32) -> Option<&'a RecordBatch>,
) -> Result<RecordBatch, ArrowError> {
    let gathered = Gathered::new(pairs, source)?;
    let unknown = gathered.unknown_applications()?;
    let mut columns: Vec<(&'static Column, ArrayRef)> = Vec::new();
    let mut differs: Vec<Vec<String>> = vec![Vec::new(); pairs.len()];
    for column in FLOWS.columns() {
        // The identity follows from the row.
        if column.name == "flow_id" {
            continue;
        }
        if let Some(sequence) = sequences::of(column.name) {
            if column.name == sequence.lengths {
                columns.extend(gathered.sequence(sequence, pairs)?);
            }
            continue;
        }
        if let Some(array) = of_pairs(column, pairs) {
            columns.push((column, array));
            continue;
        }
        let theirs = column.mirror.unwrap_or(column.name);
        let (left, right) = (gathered.src(column)?, gathered.dst(column, theirs)?);
        let (left, right) = match (left, right) {
            (None, None) => continue,
            (left, right) => {
                let absent = || new_null_array(&column.cell.data_type(), pairs.len());
                (left.unwrap_or_else(absent), right.unwrap_or_else(absent))
            }
        };
        let merged = combine(column, &left, &right, unknown.as_ref())?;
        note(column, theirs, &merged, &right, &mut differs);
        columns.push((column, merged));
    }
    if let Some(column) = FLOWS.column("record_dst_differs")
        && differs.iter().any(|list| !list.is_empty())
    {
        columns.push((column, lists(&differs)));
    }
    batch(columns, pairs.len())
}

/// Columns that the pair itself gives.
fn of_pairs(column: &Column, pairs: &[Pair]) -> Option<ArrayRef> {
    let times = |pick: fn(&Pair) -> i64| -> ArrayRef {
        Arc::new(TimestampNanosecondArray::from_iter_values(pairs.iter().map(pick)).with_timezone("UTC"))
    };
    Some(match column.name {
        "orientation" => Arc::new(StringViewArray::from_iter_values(pairs.iter().map(|pair| pair.orientation))),
        "record_count" => Arc::new(UInt8Array::from_iter_values(pairs.iter().map(|_| RECORDS))),
        "record_src_start" => times(|pair| pair.src.start),
        "record_src_end" => times(|pair| pair.src.end),
        "record_dst_start" => times(|pair| pair.dst.start),
        "record_dst_end" => times(|pair| pair.dst.end),
        _ => return None,
    })
}

/// The records of pairs by column.
struct Gathered<'a> {
    batches: Vec<&'a RecordBatch>,
    src: Vec<(usize, usize)>,
    dst: Vec<(usize, usize)>,
}

impl<'a> Gathered<'a> {
    fn new(pairs: &[Pair], source: impl Fn(u32) -> Option<&'a RecordBatch>) -> Result<Self, ArrowError> {
        let (mut places, mut batches) = (HashMap::new(), Vec::new());
        let mut place = |part: Part| {
            let at = match places.entry(part.batch) {
                Entry::Occupied(at) => *at.get(),
                Entry::Vacant(new) => {
                    batches.push(source(part.batch).ok_or_else(|| gone(part.batch))?);
                    *new.insert(batches.len() - 1)
                }
            };
            Ok::<_, ArrowError>((at, usize::try_from(part.row).map_err(|_| gone(part.batch))?))
        };
        let src = pairs.iter().map(|pair| place(pair.src)).collect::<Result<_, _>>()?;
        let dst = pairs.iter().map(|pair| place(pair.dst)).collect::<Result<_, _>>()?;
        Ok(Self { batches, src, dst })
    }

    fn column(&self, column: &Column, name: &str, rows: &[(usize, usize)]) -> Result<Option<ArrayRef>, ArrowError> {
        let found: Vec<_> = self.batches.iter().map(|batch| batch.column_by_name(name)).collect();
        if found.iter().all(Option::is_none) {
            return Ok(None);
        }
        let whole = found.into_iter().zip(&self.batches).map(|(array, batch)| match array {
            Some(array) => Arc::clone(array),
            None => new_null_array(&column.cell.data_type(), batch.num_rows()),
        });
        let whole: Vec<ArrayRef> = whole.collect();
        let arrays: Vec<&dyn Array> = whole.iter().map(AsRef::as_ref).collect();
        interleave(&arrays, rows).map(Some)
    }

    /// A column of the initiators' records.
    fn src(&self, column: &Column) -> Result<Option<ArrayRef>, ArrowError> {
        self.column(column, column.name, &self.src)
    }

    /// A column of the responders' records, under the name that it has there.
    fn dst(&self, column: &Column, theirs: &str) -> Result<Option<ArrayRef>, ArrowError> {
        self.column(column, theirs, &self.dst)
    }

    /// The columns of a sequence, of both records in the order of time.
    fn sequence(
        &self,
        sequence: &'static sequences::Sequence,
        pairs: &[Pair],
    ) -> Result<Vec<(&'static Column, ArrayRef)>, ArrowError> {
        let sides = [&self.src, &self.dst];
        let mut found = Vec::new();
        for name in sequence.names() {
            let Some(column) = FLOWS.column(name) else { continue };
            let [src, dst] = sides.map(|rows| self.column(column, name, rows));
            found.push((column, [src?, dst?]));
        }
        let starts = pairs.iter().map(|pair| (pair.src.start, pair.dst.start));
        Ok(sequences::merge(&found, starts))
    }

    /// Rows of which the initiator's record knows no application and the responder's does.
    fn unknown_applications(&self) -> Result<Option<BooleanArray>, ArrowError> {
        let Some(column) = FLOWS.column("app_confidence") else { return Ok(None) };
        let (Some(left), Some(right)) = (self.src(column)?, self.dst(column, column.name)?) else { return Ok(None) };
        let (Some(left), Some(right)) = (left.as_string_view_opt(), right.as_string_view_opt()) else {
            return Ok(None);
        };
        let known = |value: Option<&str>| value.is_some_and(|value| value != "none");
        Ok(Some(left.iter().zip(right).map(|(left, right)| Some(!known(left) && known(right))).collect()))
    }
}

fn gone(batch: u32) -> ArrowError {
    ArrowError::InvalidArgumentError(format!("batch {batch} of a pair is not held"))
}

/// The value of the row from those of the two records, by the column's kind.
fn combine(
    column: &Column,
    left: &ArrayRef,
    right: &ArrayRef,
    unknown: Option<&BooleanArray>,
) -> Result<ArrayRef, ArrowError> {
    match (column.kind, left.data_type()) {
        (Kind::Counter, DataType::UInt8) => Ok(joined::<UInt8Type>(left, right, u8::saturating_add)),
        (Kind::Counter, DataType::UInt16) => Ok(joined::<UInt16Type>(left, right, u16::saturating_add)),
        (Kind::Counter, DataType::UInt32) => Ok(joined::<UInt32Type>(left, right, u32::saturating_add)),
        (Kind::Counter, DataType::UInt64) => Ok(joined::<UInt64Type>(left, right, u64::saturating_add)),
        (Kind::Flags, DataType::UInt8) => Ok(joined::<UInt8Type>(left, right, |a, b| a | b)),
        (Kind::Flags, DataType::UInt16) => Ok(joined::<UInt16Type>(left, right, |a, b| a | b)),
        (Kind::Flags, DataType::UInt32) => Ok(joined::<UInt32Type>(left, right, |a, b| a | b)),
        (Kind::Flags, DataType::UInt64) => Ok(joined::<UInt64Type>(left, right, |a, b| a | b)),
        (Kind::Instant, DataType::Timestamp(..)) => {
            let pick: fn(i64, i64) -> i64 = if column.name == FLOWS.time { i64::min } else { i64::max };
            Ok(joined::<TimestampNanosecondType>(left, right, pick))
        }
        _ => {
            let mut here: BooleanArray = (0..left.len()).map(|row| Some(left.is_valid(row))).collect();
            if let Some(unknown) = unknown.filter(|_| column.name.starts_with("app")) {
                here = here
                    .iter()
                    .zip(unknown)
                    .map(|(here, unknown)| Some(here == Some(true) && unknown != Some(true)))
                    .collect();
            }
            zip(&here, left, right)
        }
    }
}

/// Joins two columns value by value; one value alone stands.
fn joined<T: ArrowPrimitiveType>(
    left: &ArrayRef,
    right: &ArrayRef,
    join: impl Fn(T::Native, T::Native) -> T::Native,
) -> ArrayRef {
    let (Some(a), Some(b)) = (left.as_primitive_opt::<T>(), right.as_primitive_opt::<T>()) else {
        return Arc::clone(left);
    };
    let values = a.iter().zip(b).map(|(a, b)| match (a, b) {
        (Some(a), Some(b)) => Some(join(a, b)),
        (one, other) => one.or(other),
    });
    let array: PrimitiveArray<T> = values.collect();
    Arc::new(array.with_data_type(left.data_type().clone()))
}

/// Notes what the responder's record says otherwise than the row.
fn note(column: &Column, theirs: &str, merged: &ArrayRef, right: &ArrayRef, differs: &mut [Vec<String>]) {
    let summed = match column.kind {
        Kind::Key | Kind::Gauge | Kind::Fact => false,
        // Which of both a sum without sides came from cannot be told from it.
        Kind::Counter if column.mirror.is_none() => true,
        _ => return,
    };
    if !summed && merged.to_data() == right.to_data() {
        return;
    }
    let field = column.field();
    let (row_of, record) = (CellReader::new(&field, merged), CellReader::new(&field, right));
    for (row, list) in differs.iter_mut().enumerate() {
        let value = record.value(row);
        let nothing = matches!(value, Value::Null) || summed && matches!(value, Value::Uint(0));
        if !nothing && (summed || value != row_of.value(row)) {
            list.push(format!("{theirs}={}", text_value(&value)));
        }
    }
}

fn lists(differs: &[Vec<String>]) -> ArrayRef {
    let mut builder = ListBuilder::new(StringViewBuilder::new());
    for list in differs {
        list.iter().for_each(|text| builder.values().append_value(text));
        builder.append(!list.is_empty());
    }
    Arc::new(builder.finish())
}
