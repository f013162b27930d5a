// SPDX-License-Identifier: Apache-2.0
//! Encodes one row group: a thread takes column after column, and so does whoever waits for the end. The work
//! is so divided evenly, whatever the columns cost, and at most one row group per file is under way.

use std::collections::VecDeque;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::FieldRef;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, compute_leaves};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedRowGroupWriter;
use parquet::schema::types::ColumnDescPtr;

use crate::StoreError;
use crate::constant::{self, Constant};

/// One column: its values, and their writer. No column of ours has more than one leaf.
struct Column {
    place: usize,
    field: FieldRef,
    values: Vec<ArrayRef>,
    descriptor: ColumnDescPtr,
    writer: ArrowColumnWriter,
}

/// An encoded column.
pub(crate) enum Chunk {
    /// By the general writer.
    General(Box<ArrowColumnChunk>),
    /// Of one value.
    Constant(Box<Constant>),
}

impl Chunk {
    /// Appends it to a row group.
    pub(crate) fn append<W: Write + Send>(
        self,
        group: &mut SerializedRowGroupWriter<'_, W>,
    ) -> Result<(), ParquetError> {
        match self {
            Self::General(chunk) => chunk.append_to_row_group(group),
            Self::Constant(constant) => constant.append(group),
        }
    }
}

/// Columns to do, and those done.
#[derive(Default)]
struct State {
    left: VecDeque<Column>,
    done: Vec<(usize, Chunk)>,
    failed: Option<ParquetError>,
}

type Shared = Arc<Mutex<State>>;

/// A row group that is being encoded.
pub(crate) struct Encoding {
    shared: Shared,
    columns: usize,
    thread: Option<JoinHandle<()>>,
}

impl Encoding {
    /// Begins with rows that all have the same columns; with `threads`, on another thread.
    pub(crate) fn begin(
        writers: Vec<ArrowColumnWriter>,
        descriptors: &[ColumnDescPtr],
        rows: &[RecordBatch],
        threads: bool,
    ) -> Result<Self, StoreError> {
        let fields = rows.first().map(|rows| rows.schema_ref().fields().clone()).unwrap_or_default();
        let columns = writers.len();
        if columns != fields.len() || columns != descriptors.len() {
            return Err(StoreError::Engine(format!("got {columns} leaves of {} columns", fields.len())));
        }
        let column = |(place, ((field, writer), descriptor)): (usize, ((&FieldRef, _), &ColumnDescPtr))| {
            let values = rows.iter().filter_map(|rows| rows.columns().get(place)).cloned().collect();
            Column { place, field: Arc::clone(field), values, descriptor: Arc::clone(descriptor), writer }
        };
        let left: VecDeque<Column> = fields.iter().zip(writers).zip(descriptors).enumerate().map(column).collect();
        let shared = Arc::new(Mutex::new(State { left, ..State::default() }));
        let thread = if threads {
            let shared = Arc::clone(&shared);
            let thread = std::thread::Builder::new().name("lake-encode".to_owned());
            Some(thread.spawn(move || work(&shared)).map_err(StoreError::io("start a thread for", Path::new("lake")))?)
        } else {
            None
        };
        Ok(Self { shared, columns, thread })
    }

    /// Does what is left; gives the encoded columns in order.
    pub(crate) fn end(mut self, path: &Path) -> Result<Vec<Chunk>, StoreError> {
        work(&self.shared);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            return Err(StoreError::Engine("a thread that encodes has ended".to_owned()));
        }
        let mut state = std::mem::take(&mut *lock(&self.shared));
        if let Some(error) = state.failed.take() {
            return Err(StoreError::parquet("write", path)(error));
        }
        if state.done.len() != self.columns {
            return Err(StoreError::Engine(format!("got {} columns, want {}", state.done.len(), self.columns)));
        }
        state.done.sort_by_key(|(place, _)| *place);
        Ok(state.done.into_iter().map(|(_, chunk)| chunk).collect())
    }
}

impl Drop for Encoding {
    /// A file that is given up needs no more columns.
    fn drop(&mut self) {
        lock(&self.shared).left.clear();
    }
}

/// Encodes columns until none is left or one fails.
fn work(shared: &Shared) {
    loop {
        let Some(Column { place, field, values, descriptor, writer }) = next(shared) else { return };
        let encoded = match constant::encode(&descriptor, &values) {
            Ok(Some(constant)) => Ok(Chunk::Constant(Box::new(constant))),
            Ok(None) => encode(&field, &values, writer).map(|chunk| Chunk::General(Box::new(chunk))),
            Err(error) => Err(error),
        };
        let mut state = lock(shared);
        match encoded {
            Ok(chunk) => state.done.push((place, chunk)),
            Err(error) => state.failed = Some(error),
        }
    }
}

/// The next column; nothing where one has failed.
fn next(shared: &Shared) -> Option<Column> {
    let mut state = lock(shared);
    if state.failed.is_some() { None } else { state.left.pop_front() }
}

fn encode(
    field: &FieldRef,
    values: &[ArrayRef],
    mut writer: ArrowColumnWriter,
) -> Result<ArrowColumnChunk, ParquetError> {
    for values in values {
        for leaf in compute_leaves(field, values)? {
            writer.write(&leaf)?;
        }
    }
    writer.close()
}

fn lock(shared: &Shared) -> std::sync::MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
