// SPDX-License-Identifier: Apache-2.0
//! Encodes one row group: a thread takes column after column, and so does whoever waits for the end. The work
//! is so divided evenly, whatever the columns cost, and at most one row group per file is under way.

use std::collections::VecDeque;
use std::io::Write;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use arrow::array::ArrayRef;
use arrow::datatypes::{FieldRef, Schema};
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, compute_leaves};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedRowGroupWriter;
use parquet::schema::types::ColumnDescPtr;

use crate::StoreError;
use crate::batches::{self, Place};
use crate::constant::{self, Constant};
use crate::layout::to_stored;

/// The values of a column.
pub(crate) enum Values {
    /// All of these, in the type of the file.
    Rows(Vec<ArrayRef>),
    /// The value that so many rows have, in the type of the file.
    Same(ArrayRef, usize),
    /// Those of a range of places.
    Places(batches::Column, Arc<[Place]>, Range<usize>),
}

/// One column: its values, and their writer. No column of ours has more than one leaf.
struct Column {
    place: usize,
    field: FieldRef,
    values: Values,
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
    /// Begins with the values of columns of that schema; with `threads`, on another thread.
    pub(crate) fn begin(
        writers: Vec<ArrowColumnWriter>,
        descriptors: &[ColumnDescPtr],
        schema: &Schema,
        values: Vec<Values>,
        threads: bool,
    ) -> Result<Self, StoreError> {
        let (fields, columns) = (schema.fields(), writers.len());
        if columns != fields.len() || columns != descriptors.len() || columns != values.len() {
            return Err(StoreError::Engine(format!("got {columns} leaves of {} columns", fields.len())));
        }
        let mut left = VecDeque::with_capacity(columns);
        for ((((field, writer), descriptor), values), place) in
            fields.iter().zip(writers).zip(descriptors).zip(values).zip(0..)
        {
            let (field, descriptor) = (Arc::clone(field), Arc::clone(descriptor));
            left.push_back(Column { place, field, values, descriptor, writer });
        }
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
        let Some(column) = next(shared) else { return };
        let (place, encoded) = (column.place, column.encode());
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

impl Column {
    fn encode(self) -> Result<Chunk, ParquetError> {
        let values = match self.values {
            Values::Rows(values) => values,
            Values::Same(one, rows) => {
                if let Some(constant) = constant::of(&self.descriptor, &one, rows)? {
                    return Ok(Chunk::Constant(Box::new(constant)));
                }
                return write(&self.field, &[batches::repeat(&one, rows)?], self.writer);
            }
            Values::Places(column, places, range) => {
                let values = column.rows(places.get(range).unwrap_or_default())?;
                vec![to_stored(&values, &self.field)?]
            }
        };
        match constant::encode(&self.descriptor, &values)? {
            Some(constant) => Ok(Chunk::Constant(Box::new(constant))),
            None => write(&self.field, &values, self.writer),
        }
    }
}

/// By the general writer.
fn write(field: &FieldRef, values: &[ArrayRef], mut writer: ArrowColumnWriter) -> Result<Chunk, ParquetError> {
    for values in values {
        for leaf in compute_leaves(field, values)? {
            writer.write(&leaf)?;
        }
    }
    writer.close().map(|chunk| Chunk::General(Box::new(chunk)))
}

fn lock(shared: &Shared) -> std::sync::MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
