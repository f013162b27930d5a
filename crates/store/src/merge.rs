// SPDX-License-Identifier: Apache-2.0
//! Merges sorted segments of one hour into one, streaming: of each input one batch is in memory, of the output
//! one row group.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{Schema, SchemaRef};
use minamo_model::Table;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use crate::StoreError;
use crate::batches::pick;
use crate::layout::{Layout, Source};
use crate::segment::{Origin, Segment, SortKey, Writing, fit, sort_keys};
use crate::shared::Shared;

/// Rows that are read of an input at a time.
const READ_ROWS: usize = 8_192;
/// Rows that are written at a time.
const WRITE_ROWS: usize = 32_768;

/// One input: its file, the batch at hand and where in it the next row is.
struct Input {
    reader: ParquetRecordBatchReader,
    failed: Box<dyn Fn(parquet::errors::ParquetError) -> StoreError>,
    batch: RecordBatch,
    keys: Vec<SortKey>,
    at: usize,
    /// Place of the batch among those that the output at hand takes rows from.
    place: usize,
}

/// Merges the rows of `old`, which are of one hour, into one segment. Reads every row of every input or fails;
/// gives up with [`StoreError::Closed`] where the lake is being closed.
pub(crate) fn merge(
    shared: &Shared,
    table: &'static Table,
    old: &[Arc<Segment>],
    origin: Origin,
) -> Result<Segment, StoreError> {
    let mut files = Vec::new();
    let mut sources = Vec::new();
    for segment in old {
        let failed = StoreError::parquet("read", &segment.file);
        let builder = ParquetRecordBatchReaderBuilder::try_new(segment.open()?).map_err(failed)?;
        sources.push(Source::of(builder.metadata(), builder.schema()));
        files.push(builder);
    }
    let schema = common(table, sources.iter().map(Source::schema));
    let layout = Layout::merged(Arc::clone(&schema), &sources);
    let mut writing = Writing::begin(&shared.dir, table, origin, &layout)?;
    let mut inputs = Vec::new();
    for ((builder, source), segment) in files.into_iter().zip(&sources).zip(old) {
        let failed = StoreError::parquet("read", &segment.file);
        // An older layout had another order: it is read at once and sorted here.
        let rows = if source.sorted { READ_ROWS } else { usize::try_from(segment.rows).unwrap_or(usize::MAX) };
        let reader = builder.with_batch_size(rows).build().map_err(failed)?;
        inputs.push(Input::new(reader, segment, Arc::clone(&schema)));
    }
    run(shared, table, inputs, &mut writing)?;
    let segment = writing.finish()?;
    let rows: u64 = old.iter().map(|s| s.rows).sum();
    if segment.rows != rows {
        segment.doomed.store(true, std::sync::atomic::Ordering::Release);
        let reason = format!("got {} rows of its segments, want {rows}", segment.rows);
        return Err(StoreError::Damaged { path: segment.file.clone(), reason });
    }
    Ok(segment)
}

/// The columns that any of the files has, in the table's order and types.
pub(crate) fn common<'a>(table: &'static Table, files: impl Iterator<Item = &'a SchemaRef> + Clone) -> SchemaRef {
    let of = table.schema();
    let has = |name: &str| files.clone().any(|file| file.index_of(name).is_ok());
    Arc::new(Schema::new(of.fields().iter().filter(|field| has(field.name())).cloned().collect::<Vec<_>>()))
}

fn run(
    shared: &Shared,
    table: &'static Table,
    mut inputs: Vec<Input>,
    writing: &mut Writing,
) -> Result<(), StoreError> {
    let mut heap = BinaryHeap::new();
    for (at, input) in inputs.iter_mut().enumerate() {
        if let Some(key) = input.read(table)? {
            heap.push(Reverse((key, at)));
        }
    }
    // Batches that the output takes rows from, and the rows: place of the batch and row in it.
    let mut batches: Vec<RecordBatch> = Vec::new();
    let mut rows: Vec<(usize, usize)> = Vec::with_capacity(WRITE_ROWS);
    for input in &mut inputs {
        input.keep(&mut batches);
    }
    while let Some(Reverse((_, at))) = heap.pop() {
        let Some(input) = inputs.get_mut(at) else { continue };
        let until = heap.peek().map(|Reverse((key, _))| *key);
        // Everything of this input that is not after the next of the others.
        while let Some(key) = input.keys.get(input.at).filter(|key| until.is_none_or(|until| **key <= until)) {
            rows.push((input.place, key.row as usize));
            input.at += 1;
        }
        let mut next = input.keys.get(input.at).copied();
        if next.is_none() {
            next = input.read(table)?;
            input.keep(&mut batches);
        }
        if let Some(key) = next {
            heap.push(Reverse((key, at)));
        }
        if rows.len() >= WRITE_ROWS {
            write(table, &batches, &mut rows, writing)?;
            batches.clear();
            inputs.iter_mut().for_each(|input| input.keep(&mut batches));
            if shared.is_stopping() {
                return Err(StoreError::Closed);
            }
        }
    }
    write(table, &batches, &mut rows, writing)
}

fn write(
    table: &'static Table,
    batches: &[RecordBatch],
    rows: &mut Vec<(usize, usize)>,
    writing: &mut Writing,
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let Some(first) = batches.first() else { return Ok(()) };
    let column = |at| pick(&batches.iter().map(|batch| Arc::clone(batch.column(at))).collect::<Vec<_>>(), rows);
    let columns = (0..first.num_columns()).map(column).collect::<Result<Vec<_>, _>>()?;
    let merged = RecordBatch::try_new(first.schema(), columns)?;
    rows.clear();
    writing.add(table, &merged)
}

impl Input {
    fn new(reader: ParquetRecordBatchReader, segment: &Segment, schema: SchemaRef) -> Self {
        let path = segment.file.clone();
        let failed = Box::new(move |error| StoreError::parquet("read", &path)(error));
        Self { reader, failed, batch: RecordBatch::new_empty(schema), keys: Vec::new(), at: 0, place: 0 }
    }

    /// Reads the next batch; gives the key of its first row, nothing at the end.
    fn read(&mut self, table: &'static Table) -> Result<Option<SortKey>, StoreError> {
        let schema = self.batch.schema();
        self.keys.clear();
        self.at = 0;
        self.batch = match self.reader.next() {
            Some(batch) => whole(&batch.map_err(|error| (self.failed)(error.into()))?, &schema)?,
            None => RecordBatch::new_empty(schema),
        };
        self.keys = sort_keys(table, &self.batch)?;
        self.keys.sort_unstable();
        Ok(self.keys.first().copied())
    }

    /// Makes the batch at hand one that the output takes rows from.
    fn keep(&mut self, batches: &mut Vec<RecordBatch>) {
        self.place = batches.len();
        batches.push(self.batch.clone());
    }
}

/// The batch with the columns and types of `schema`: instants in nanoseconds, missing columns as nulls.
pub(crate) fn whole(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, StoreError> {
    let columns = batch.columns().iter().zip(batch.schema_ref().fields()).map(|(column, field)| {
        match schema.field_with_name(field.name()) {
            Ok(want) if want.data_type() != column.data_type() => cast(column, want.data_type()),
            _ => Ok(Arc::clone(column)),
        }
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let fields = batch.schema_ref().fields().iter().zip(&columns).map(|(field, column)| {
        Arc::new(arrow::datatypes::Field::clone(field).with_data_type(column.data_type().clone()))
    });
    let typed = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    Ok(fit(&RecordBatch::try_new(typed, columns)?, schema)?)
}
