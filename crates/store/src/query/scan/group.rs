// SPDX-License-Identifier: Apache-2.0
//! One row group of a segment, and its rows.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, BooleanArray, RecordBatch, RecordBatchOptions, new_empty_array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{FilterBuilder, cast, concat_batches, filter_record_batch};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use minamo_filter::Expr;
use minamo_model::Table;
use minamo_schema::CellType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};

use super::answers::Answers;
use super::direct::{Direct, Kit};
use super::given::Given;
use super::prove::stored;
use super::runs::Runs;
use crate::checked::CheckedFile;
use crate::segment::{Segment, fit};
use crate::{QueryError, StoreError};

/// Rows that are decoded at a time.
const BATCH: usize = 8_192;
/// One row of so many that pass: the other columns are then read of those rows only.
const FEW: usize = 16;

/// An open segment.
pub(crate) struct Open {
    segment: Arc<Segment>,
    pub(super) file: CheckedFile,
    pub(super) metadata: ArrowReaderMetadata,
    /// The columns that it has, in the order and types of the table.
    pub(crate) columns: SchemaRef,
}

/// Rows that one part of the filter is to be asked for; all of them are wanted where there is none.
pub(crate) type Ask = (Option<Expr>, Vec<Range<usize>>);

/// Takes rows, where there is a mask those of it; false where no more are wanted.
pub(crate) type Take<'a> = dyn FnMut(RecordBatch, Option<&BooleanArray>) -> Result<bool, QueryError> + 'a;

impl Open {
    /// A segment of a table with its footer.
    pub(crate) fn new(
        table: &'static Table,
        segment: Arc<Segment>,
        file: CheckedFile,
        metadata: ArrowReaderMetadata,
    ) -> Self {
        let (of, has) = (table.schema(), metadata.schema());
        let there = of.fields().iter().filter(|field| has.column_with_name(field.name()).is_some());
        let columns = Arc::new(Schema::new(there.cloned().collect::<Vec<_>>()));
        Self { segment, file, metadata, columns }
    }

    /// Number of row groups.
    pub(crate) fn groups(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    fn group(&self, at: usize) -> Result<Group<'_>, QueryError> {
        let group = self.metadata.metadata().row_groups().get(at);
        let metadata = group.ok_or_else(|| QueryError::Failed(format!("no row group {at}")))?;
        Ok(Group { open: self, at, metadata })
    }

    /// Which rows of a row group are to be asked for what.
    pub(crate) fn plan(&self, at: usize, filter: &Expr) -> Result<Vec<Ask>, QueryError> {
        let group = self.group(at)?;
        Ok(group.plan(filter))
    }

    /// Gives the rows of a row group that pass `test`, with the columns of `wanted`; false where no more were
    /// wanted.
    pub(crate) fn read(
        &self,
        at: usize,
        rows: &[Range<usize>],
        test: Option<&Answers>,
        wanted: &SchemaRef,
        kit: &mut Kit,
        take: &mut Take<'_>,
    ) -> Result<bool, QueryError> {
        let group = self.group(at)?;
        let selection = group.selection(rows);
        match test {
            None => group.stream(&selection, None, wanted, kit, take),
            Some(test) => group.tested(&selection, test, wanted, kit, take),
        }
    }

    /// The error of a read, told as what it is.
    fn failed(&self, runs: Option<&Runs>, error: impl Into<ParquetError>) -> QueryError {
        match runs.and_then(Runs::failure) {
            Some(damaged @ StoreError::Damaged { .. }) => QueryError::Damaged(damaged.to_string()),
            Some(other) => QueryError::Failed(other.to_string()),
            None => QueryError::Failed(StoreError::parquet("read", &self.segment.file)(error.into()).to_string()),
        }
    }
}

/// A row group of an open segment.
pub(super) struct Group<'a> {
    pub(super) open: &'a Open,
    pub(super) at: usize,
    metadata: &'a RowGroupMetaData,
}

impl Group<'_> {
    pub(super) fn rows(&self) -> usize {
        usize::try_from(self.metadata.num_rows()).unwrap_or(0)
    }

    pub(super) fn leaf_of(&self, root: usize) -> Option<usize> {
        let schema = self.open.metadata.parquet_schema();
        (0..schema.num_columns()).find(|leaf| schema.get_column_root_idx(*leaf) == root)
    }

    pub(super) fn chunk(&self, leaf: usize) -> Option<&ColumnChunkMetaData> {
        self.metadata.columns().get(leaf)
    }

    fn selection(&self, rows: &[Range<usize>]) -> RowSelection {
        RowSelection::from_consecutive_ranges(rows.iter().cloned(), self.rows())
    }

    /// The rows that pass, in two steps: first the columns of the test, then the others, of few rows only those.
    fn tested(
        &self,
        selection: &RowSelection,
        test: &Answers,
        wanted: &SchemaRef,
        kit: &mut Kit,
        take: &mut Take<'_>,
    ) -> Result<bool, QueryError> {
        let (mut kept, mut masks) = (Vec::new(), Vec::new());
        self.stream(selection, None, test.schema(), kit, &mut |batch, _| {
            masks.push(test.mask(&batch)?);
            kept.push(batch);
            Ok(true)
        })?;
        let hits: usize = masks.iter().map(BooleanBuffer::count_set_bits).sum();
        if hits == 0 {
            return Ok(true);
        }
        let masks: Vec<BooleanArray> = masks.into_iter().map(|mask| BooleanArray::new(mask, None)).collect();
        let (tested, other): (Vec<_>, Vec<_>) =
            (wanted.fields().iter()).partition(|field| test.schema().column_with_name(field.name()).is_some());
        let schema = |fields: Vec<&FieldRef>| Arc::new(Schema::new(fields.into_iter().cloned().collect::<Vec<_>>()));
        let (tested, other) = (schema(tested), schema(other));
        let pass = |(kept, mask): (&RecordBatch, &BooleanArray)| -> Result<RecordBatch, QueryError> {
            Ok(filter_record_batch(&fit(kept, &tested)?, mask)?)
        };
        if hits * FEW > selection.row_count() {
            let mut kept = kept.iter().zip(&masks);
            return self.stream(selection, Some(&masks), &other, kit, &mut |batch, mask| {
                let (kept, of_kept) = kept.next().ok_or_else(uneven)?;
                let passed = if mask.is_some() { fit(kept, &tested)? } else { pass((kept, of_kept))? };
                if batch.num_rows() == 0 { Ok(true) } else { take(beside(wanted, &passed, &batch)?, mask) }
            });
        }
        let passed = kept.iter().zip(&masks).map(pass).collect::<Result<Vec<_>, QueryError>>()?;
        let passed = concat_batches(&tested, &passed)?;
        let refined = selection.and_then(&RowSelection::from_filters(&masks));
        let mut found = Vec::new();
        self.stream(&refined, None, &other, kit, &mut |batch, _| {
            found.push(batch);
            Ok(true)
        })?;
        take(beside(wanted, &passed, &concat_batches(&other, &found)?)?, None)
    }

    /// Gives the selected rows with the columns of `wanted`, of each batch those of its mask: where most pass, all with
    /// the mask. What has one value in all of the row group is not read.
    fn stream(
        &self,
        selection: &RowSelection,
        masks: Option<&[BooleanArray]>,
        wanted: &SchemaRef,
        kit: &mut Kit,
        take: &mut Take<'_>,
    ) -> Result<bool, QueryError> {
        let mut columns: Vec<Column> = wanted.fields().iter().map(|field| self.column(field)).collect();
        let leaves = |columns: &[Column]| -> Vec<usize> {
            let leaf = |column: &Column| if let Column::Read(leaf) = column { Some(*leaf) } else { None };
            columns.iter().filter_map(leaf).collect()
        };
        let runs = Arc::new(Runs::new(self.open.file.clone(), self.octets(selection, &leaves(&columns))));
        let failed = |error: ParquetError| self.open.failed(Some(&runs), error);
        for (column, field) in columns.iter_mut().zip(wanted.fields()) {
            if let Column::Read(leaf) = *column
                && let Some(direct) = self.direct(leaf, field.data_type(), &runs)
            {
                *column = Column::Direct(direct.map_err(failed)?);
            }
        }
        let others = leaves(&columns);
        let reader = (!others.is_empty()).then(|| self.reader(selection, &others, &runs)).transpose();
        let mut reader = reader.map_err(failed)?;
        for (at, ranges) in batches(selection).into_iter().enumerate() {
            let rows: usize = ranges.iter().map(Range::len).sum();
            let mask = masks.map(|masks| masks.get(at).filter(|mask| mask.len() == rows).ok_or_else(uneven));
            let mask = mask.transpose()?.map(|mask| (mask, mask.true_count())).filter(|(_, count)| *count < rows);
            let read = reader.as_mut().map(|reader| reader.next().ok_or_else(uneven)).transpose()?;
            let read = read.transpose().map_err(|error| failed(error.into()))?;
            let most = mask.filter(|(_, count)| count * 2 > rows).map(|(mask, _)| mask);
            let some = mask.filter(|(_, count)| *count > 0 && most.is_none());
            let filter = some.map(|(mask, _)| FilterBuilder::new(mask).optimize().build());
            let passing = mask.filter(|_| most.is_none()).map_or(rows, |(_, count)| count);
            let arrays = columns.iter_mut().zip(wanted.fields()).map(|(column, field)| {
                let column = match column {
                    _ if passing == 0 => return Ok(new_empty_array(field.data_type())),
                    Column::Given(given) => return given.rows(field.data_type(), passing),
                    Column::Direct(direct) => direct.read(&ranges, kit).map_err(failed)?,
                    Column::Read(_) => {
                        let column = read.as_ref().and_then(|read| read.column_by_name(field.name()));
                        Arc::clone(column.filter(|column| column.len() == rows).ok_or_else(uneven)?)
                    }
                };
                let column = match &filter {
                    Some(filter) => filter.filter(&column)?,
                    None => column,
                };
                let fits = column.data_type() == field.data_type();
                Ok(if fits { column } else { cast(&column, field.data_type())? })
            });
            let arrays = arrays.collect::<Result<_, QueryError>>()?;
            let options = RecordBatchOptions::new().with_row_count(Some(passing));
            if !take(RecordBatch::try_new_with_options(Arc::clone(wanted), arrays, &options)?, most)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Where the values of a column come from.
    fn column(&self, field: &Field) -> Column {
        let root = self.open.metadata.schema().column_with_name(field.name()).map(|(root, _)| root);
        match root.and_then(|root| self.leaf_of(root)) {
            None => Column::Given(Given::Null),
            Some(leaf) => self.constant(leaf, field.data_type()).map_or(Column::Read(leaf), Column::Given),
        }
    }

    fn direct(&self, leaf: usize, data_type: &DataType, runs: &Arc<Runs>) -> Option<Result<Direct, ParquetError>> {
        let index = self.open.metadata.metadata().offset_index()?.get(self.at)?.get(leaf)?;
        Direct::new(runs, self.chunk(leaf)?, index.page_locations(), self.rows(), data_type)
    }

    fn reader(
        &self,
        selection: &RowSelection,
        leaves: &[usize],
        runs: &Arc<Runs>,
    ) -> Result<ParquetRecordBatchReader, ParquetError> {
        let schema = self.open.metadata.parquet_schema();
        let builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(Shared(Arc::clone(runs)), self.open.metadata.clone())
                .with_row_groups(vec![self.at])
                .with_projection(ProjectionMask::leaves(schema, leaves.iter().copied()))
                .with_batch_size(BATCH);
        let builder =
            if selection.skipped_row_count() == 0 { builder } else { builder.with_row_selection(selection.clone()) };
        builder.build()
    }

    /// Where the pages of the selected rows lie, and the dictionaries.
    fn octets(&self, selection: &RowSelection, leaves: &[usize]) -> Vec<Range<u64>> {
        let index = self.open.metadata.metadata().offset_index().and_then(|index| index.get(self.at));
        let mut out = Vec::new();
        for leaf in leaves {
            let Some(chunk) = self.chunk(*leaf) else { continue };
            let (start, length) = chunk.byte_range();
            match index.and_then(|index| index.get(*leaf)).map(|of| of.page_locations()) {
                Some(pages) if !pages.is_empty() => {
                    let first = pages.first().map_or(start, |page| page.offset.cast_unsigned());
                    if start < first {
                        out.push(start..first);
                    }
                    out.extend(selection.scan_ranges(pages));
                }
                _ => out.push(start..start.saturating_add(length)),
            }
        }
        out
    }

    /// The value that all rows have.
    fn constant(&self, leaf: usize, data_type: &DataType) -> Option<Given> {
        let statistics = self.chunk(leaf)?.statistics()?;
        if matches!(data_type, DataType::List(_)) {
            return None;
        }
        if statistics.null_count_opt() == Some(self.rows() as u64) {
            return Some(Given::Null);
        }
        let exact = statistics.min_is_exact() && statistics.max_is_exact() && statistics.null_count_opt() == Some(0);
        if !exact || statistics.min_bytes_opt() != statistics.max_bytes_opt() {
            return None;
        }
        let octets = statistics.min_bytes_opt()?;
        let unit = match self.open.metadata.schema().field(self.root_of(leaf)).data_type() {
            DataType::Timestamp(unit, _) => Some(*unit),
            _ => None,
        };
        let cell = match data_type {
            DataType::UInt8 => CellType::U8,
            DataType::UInt16 => CellType::U16,
            DataType::UInt32 => CellType::U32,
            DataType::UInt64 => CellType::U64,
            DataType::FixedSizeBinary(16) => CellType::Ip,
            DataType::Utf8View => CellType::Text,
            DataType::Timestamp(..) => CellType::Time,
            _ => return None,
        };
        stored(cell, unit, octets).map(|value| Given::Value(value, None))
    }

    fn root_of(&self, leaf: usize) -> usize {
        self.open.metadata.parquet_schema().get_column_root_idx(leaf)
    }
}

/// Where the values of a column come from.
enum Column {
    /// They are known.
    Given(Given),
    /// They are decoded here.
    Direct(Direct),
    /// Parquet's reader has them, of this leaf.
    Read(usize),
}

/// The selected rows, as many at a time as Parquet's reader gives.
fn batches(selection: &RowSelection) -> Vec<Vec<Range<usize>>> {
    let (mut out, mut batch, mut room, mut at) = (Vec::new(), Vec::new(), BATCH, 0);
    for part in selection.iter() {
        let end = at + part.row_count;
        while !part.skip && at < end {
            let rows = room.min(end - at);
            batch.push(at..at + rows);
            (at, room) = (at + rows, room - rows);
            if room == 0 {
                out.push(std::mem::take(&mut batch));
                room = BATCH;
            }
        }
        at = end;
    }
    if !batch.is_empty() {
        out.push(batch);
    }
    out
}

/// The columns of `wanted` from two batches of the same rows.
fn beside(wanted: &SchemaRef, a: &RecordBatch, b: &RecordBatch) -> Result<RecordBatch, QueryError> {
    let columns = wanted.fields().iter().map(|field| {
        let column = a.column_by_name(field.name()).or_else(|| b.column_by_name(field.name()));
        column.cloned().ok_or_else(|| QueryError::Failed(format!("column {} was not read", field.name())))
    });
    let options = RecordBatchOptions::new().with_row_count(Some(a.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(wanted), columns.collect::<Result<_, _>>()?, &options)?)
}

fn uneven() -> QueryError {
    QueryError::Failed("columns of a segment differ in length".to_owned())
}

/// One file for a reader that wants its own.
pub(super) struct Shared(pub(super) Arc<Runs>);

impl parquet::file::reader::Length for Shared {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl parquet::file::reader::ChunkReader for Shared {
    type T = std::io::Cursor<bytes::Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        self.0.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<bytes::Bytes, ParquetError> {
        self.0.get_bytes(start, length)
    }
}
