// SPDX-License-Identifier: Apache-2.0
//! One row group of a segment: what its statistics say of a filter, and its rows.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, FixedSizeBinaryArray, RecordBatch, RecordBatchOptions, StringViewArray,
    TimestampNanosecondArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array, new_null_array,
};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{FilterBuilder, cast, concat_batches, filter_record_batch};
use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef, TimeUnit};
use minamo_filter::{Expr, Literal};
use minamo_model::Table;
use minamo_schema::{CellType, Column};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::bloom_filter::Sbbf;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;

use super::prove::{Evidence, Fact, Left, Point, simplify, stored};
use super::runs::Runs;
use crate::checked::CheckedFile;
use crate::rollup::Selector;
use crate::segment::{Segment, fit};
use crate::{QueryError, StoreError};

/// Rows that are decoded at a time.
const BATCH: usize = 8_192;
/// Parts of a filter that are told apart in one row group; where more are left, all of it is asked.
const MOST_PARTS: usize = 8;
/// One row of so many that pass: the other columns are then read of those rows only.
const FEW: usize = 16;

/// An open segment.
pub(crate) struct Open {
    segment: Arc<Segment>,
    file: CheckedFile,
    metadata: ArrowReaderMetadata,
    /// The columns that it has, in the order and types of the table.
    pub(crate) columns: SchemaRef,
}

/// Rows that one part of the filter is to be asked for; all of them are wanted where there is none.
pub(crate) type Ask = (Option<Expr>, Vec<Range<usize>>);

/// Takes rows; false where no more are wanted.
pub(crate) type Take<'a> = dyn FnMut(RecordBatch) -> Result<bool, QueryError> + 'a;

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
        test: Option<&Selector>,
        wanted: &SchemaRef,
        take: &mut Take<'_>,
    ) -> Result<bool, QueryError> {
        let group = self.group(at)?;
        let selection = group.selection(rows);
        match test {
            None => group.stream(&selection, None, wanted, take),
            Some(test) => group.tested(&selection, test, wanted, take),
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

struct Group<'a> {
    open: &'a Open,
    at: usize,
    metadata: &'a RowGroupMetaData,
}

/// What the statistics of a row group say, and of one stretch of its rows, where there are pages of its own.
struct Stretch<'a> {
    group: &'a Group<'a>,
    rows: Option<Range<usize>>,
}

impl Evidence for Stretch<'_> {
    fn fact(&self, column: &Column) -> Fact {
        let Some((leaf, unit)) = self.group.leaf(column) else { return Fact::Absent };
        let of_pages = self.rows.as_ref().and_then(|rows| self.group.page_fact(leaf, column.cell, unit, rows));
        of_pages.unwrap_or_else(|| self.group.chunk_fact(leaf, column.cell, unit))
    }

    fn excludes(&self, column: &Column, literal: &Literal) -> bool {
        // Once per row group.
        if self.rows.is_some() {
            return false;
        }
        let Some((leaf, _)) = self.group.leaf(column) else { return true };
        self.group.excludes(leaf, literal)
    }
}

impl Group<'_> {
    fn rows(&self) -> usize {
        usize::try_from(self.metadata.num_rows()).unwrap_or(0)
    }

    /// The place of a column among the leaves and its unit, where it is an instant.
    fn leaf(&self, column: &Column) -> Option<(usize, Option<TimeUnit>)> {
        let (root, field) = self.open.metadata.schema().column_with_name(column.name)?;
        let unit = match field.data_type() {
            DataType::Timestamp(unit, _) => Some(*unit),
            _ => None,
        };
        Some((self.leaf_of(root)?, unit))
    }

    fn leaf_of(&self, root: usize) -> Option<usize> {
        let schema = self.open.metadata.parquet_schema();
        (0..schema.num_columns()).find(|leaf| schema.get_column_root_idx(*leaf) == root)
    }

    fn chunk(&self, leaf: usize) -> Option<&ColumnChunkMetaData> {
        self.metadata.columns().get(leaf)
    }

    fn chunk_fact(&self, leaf: usize, cell: CellType, unit: Option<TimeUnit>) -> Fact {
        let Some(statistics) = self.chunk(leaf).and_then(ColumnChunkMetaData::statistics) else {
            return Fact::Unknown;
        };
        // A list of no items has no value either, and is there.
        if cell.is_list() {
            return Fact::Unknown;
        }
        let nulls = statistics.null_count_opt();
        if nulls == Some(self.rows() as u64) {
            return Fact::Absent;
        }
        let of = |octets: Option<&[u8]>| stored(cell, unit, octets?);
        match (of(statistics.min_bytes_opt()), of(statistics.max_bytes_opt())) {
            (Some(low), Some(high)) => Fact::Range { low, high, nulls: nulls != Some(0) },
            _ => Fact::Unknown,
        }
    }

    /// What the index says of the one page that these rows lie in.
    fn page_fact(&self, leaf: usize, cell: CellType, unit: Option<TimeUnit>, rows: &Range<usize>) -> Option<Fact> {
        let metadata = self.open.metadata.metadata();
        let index = metadata.column_index()?.get(self.at)?.get(leaf)?;
        let page = self.starts(leaf)?.iter().rposition(|start| *start <= rows.start)?;
        let (low, high) = match index {
            ColumnIndexMetaData::INT32(of) => {
                let octets = |n: Option<&i32>| n.map(|n| n.to_le_bytes().to_vec());
                (octets(of.min_value(page)), octets(of.max_value(page)))
            }
            ColumnIndexMetaData::INT64(of) => {
                let octets = |n: Option<&i64>| n.map(|n| n.to_le_bytes().to_vec());
                (octets(of.min_value(page)), octets(of.max_value(page)))
            }
            ColumnIndexMetaData::FIXED_LEN_BYTE_ARRAY(of) | ColumnIndexMetaData::BYTE_ARRAY(of) => {
                (of.min_value(page).map(<[u8]>::to_vec), of.max_value(page).map(<[u8]>::to_vec))
            }
            _ => return None,
        };
        let (low, high) = (stored(cell, unit, &low?)?, stored(cell, unit, &high?)?);
        Some(Fact::Range { low, high, nulls: index.null_count(page) != Some(0) })
    }

    /// First rows of the pages of a column.
    fn starts(&self, leaf: usize) -> Option<Vec<usize>> {
        let pages = self.open.metadata.metadata().offset_index()?.get(self.at)?.get(leaf)?.page_locations();
        pages.iter().map(|page| usize::try_from(page.first_row_index).ok()).collect()
    }

    /// True where the bloom filter of a column does not have a value.
    fn excludes(&self, leaf: usize, literal: &Literal) -> bool {
        let Some(chunk) = self.chunk(leaf).filter(|chunk| chunk.bloom_filter_offset().is_some()) else { return false };
        let octets = match literal {
            Literal::Ip(ip) => ip.0.to_vec(),
            Literal::Text(text) => text.as_bytes().to_vec(),
            _ => return false,
        };
        // A filter that cannot be read excludes nothing; the rows behind it are read and tell what is wrong.
        let found = Sbbf::read_from_column_chunk(chunk, &self.open.file);
        found.is_ok_and(|found| found.is_some_and(|found| !found.check(octets.as_slice())))
    }

    fn plan(&self, filter: &Expr) -> Vec<Ask> {
        let whole = vec![0..self.rows()];
        let rest = match simplify(filter, &Stretch { group: self, rows: None }) {
            Left::Nothing => return Vec::new(),
            Left::Everything => return vec![(None, whole)],
            Left::Part(rest) => rest,
        };
        let mut asks: Vec<Ask> = Vec::new();
        for rows in self.stretches(&rest) {
            let part = match simplify(&rest, &Stretch { group: self, rows: Some(rows.clone()) }) {
                Left::Nothing => continue,
                Left::Everything => None,
                Left::Part(part) => Some(part),
            };
            let part = if asks.len() < MOST_PARTS { part } else { Some(rest.clone()) };
            match asks.iter_mut().find(|(of, _)| *of == part) {
                Some((_, ranges)) => match ranges.last_mut() {
                    Some(last) if last.end == rows.start => last.end = rows.end,
                    _ => ranges.push(rows),
                },
                None => asks.push((part, vec![rows])),
            }
        }
        asks
    }

    /// The rows between the page boundaries of all columns that a filter looks at.
    fn stretches(&self, filter: &Expr) -> Vec<Range<usize>> {
        let schema = self.open.metadata.schema();
        let indexed = filter.columns().into_iter().filter_map(|name| {
            let leaf = self.leaf_of(schema.column_with_name(name)?.0)?;
            let index = self.open.metadata.metadata().column_index()?.get(self.at)?.get(leaf)?;
            if matches!(index, ColumnIndexMetaData::NONE) { None } else { self.starts(leaf) }
        });
        let mut starts: Vec<usize> = indexed.flatten().chain([0]).filter(|start| *start < self.rows()).collect();
        starts.sort_unstable();
        starts.dedup();
        let ends = starts.iter().skip(1).copied().chain([self.rows()]);
        starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
    }

    fn selection(&self, rows: &[Range<usize>]) -> RowSelection {
        RowSelection::from_consecutive_ranges(rows.iter().cloned(), self.rows())
    }

    /// The rows that pass, in two steps: first the columns of the test, then the others, of few rows only those.
    fn tested(
        &self,
        selection: &RowSelection,
        test: &Selector,
        wanted: &SchemaRef,
        take: &mut Take<'_>,
    ) -> Result<bool, QueryError> {
        let (mut kept, mut masks) = (Vec::new(), Vec::new());
        self.stream(selection, None, test.schema(), &mut |batch| {
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
        let mut passed =
            kept.iter().zip(&masks).map(|(kept, mask)| Ok(filter_record_batch(&fit(kept, &tested)?, mask)?));
        if hits * FEW > selection.row_count() {
            return self.stream(selection, Some(&masks), &other, &mut |batch| {
                let passed = passed.next().unwrap_or_else(|| Err(uneven()))?;
                if batch.num_rows() == 0 { Ok(true) } else { take(beside(wanted, &passed, &batch)?) }
            });
        }
        let passed = concat_batches(&tested, &passed.collect::<Result<Vec<_>, QueryError>>()?)?;
        let refined = selection.and_then(&RowSelection::from_filters(&masks));
        let mut found = Vec::new();
        self.stream(&refined, None, &other, &mut |batch| {
            found.push(batch);
            Ok(true)
        })?;
        take(beside(wanted, &passed, &concat_batches(&other, &found)?)?)
    }

    /// Gives the selected rows with the columns of `wanted`, of each batch those of its mask. What has one value in
    /// all of the row group is not read.
    fn stream(
        &self,
        selection: &RowSelection,
        masks: Option<&[BooleanArray]>,
        wanted: &SchemaRef,
        take: &mut Take<'_>,
    ) -> Result<bool, QueryError> {
        let mut given: BTreeMap<usize, Given> = BTreeMap::new();
        let mut leaves = Vec::new();
        for (place, field) in wanted.fields().iter().enumerate() {
            let root = self.open.metadata.schema().column_with_name(field.name()).map(|(root, _)| root);
            match root.and_then(|root| self.leaf_of(root)) {
                None => drop(given.insert(place, Given::Null)),
                Some(leaf) => match self.constant(leaf, field.data_type()) {
                    Some(constant) => drop(given.insert(place, constant)),
                    None => leaves.push(leaf),
                },
            }
        }
        let mut at = 0;
        let mut put = |rows: usize, read: Option<&RecordBatch>| {
            let mask = masks.map(|masks| masks.get(at).filter(|mask| mask.len() == rows).ok_or_else(uneven));
            let mask = mask.transpose()?.filter(|mask| mask.true_count() < rows);
            at += 1;
            let filter = mask.map(|mask| FilterBuilder::new(mask).optimize().build());
            let rows = mask.map_or(rows, BooleanArray::true_count);
            let columns = wanted.fields().iter().enumerate().map(|(place, field)| match given.get_mut(&place) {
                Some(of) => of.rows(field.data_type(), rows),
                None => {
                    let column = read.and_then(|read| read.column_by_name(field.name())).ok_or_else(uneven)?;
                    let passed = filter.as_ref().map(|filter| filter.filter(column)).transpose()?;
                    let column = passed.as_ref().unwrap_or(column);
                    let fits = column.data_type() == field.data_type();
                    Ok(if fits { Arc::clone(column) } else { cast(column, field.data_type())? })
                }
            });
            let options = RecordBatchOptions::new().with_row_count(Some(rows));
            let columns = columns.collect::<Result<_, QueryError>>()?;
            take(RecordBatch::try_new_with_options(Arc::clone(wanted), columns, &options)?)
        };
        if leaves.is_empty() {
            let mut left = selection.row_count();
            while left > 0 {
                let rows = left.min(BATCH);
                left -= rows;
                if !put(rows, None)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        let runs = Arc::new(Runs::new(self.open.file.clone(), self.octets(selection, &leaves)));
        let failed = |error: ParquetError| self.open.failed(Some(&runs), error);
        let reader = self.reader(selection, &leaves, &runs).map_err(failed)?;
        for batch in reader {
            let batch = batch.map_err(|error| failed(error.into()))?;
            if !put(batch.num_rows(), Some(&batch))? {
                return Ok(false);
            }
        }
        Ok(true)
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

/// A column that need not be read.
enum Given {
    Null,
    /// The value, and an array of it that was made before.
    Value(Point, Option<ArrayRef>),
}

impl Given {
    fn rows(&mut self, data_type: &DataType, rows: usize) -> Result<ArrayRef, QueryError> {
        let (value, before) = match self {
            Self::Null => return Ok(new_null_array(data_type, rows)),
            Self::Value(value, before) => (value, before),
        };
        if let Some(before) = before.as_ref().filter(|before| before.len() >= rows) {
            return Ok(before.slice(0, rows));
        }
        let made = repeated(value, data_type, rows)?;
        *before = Some(Arc::clone(&made));
        Ok(made)
    }
}

fn repeated(value: &Point, data_type: &DataType, rows: usize) -> Result<ArrayRef, QueryError> {
    let bad = |_| QueryError::Failed("a statistic does not fit its column".to_owned());
    Ok(match (value, data_type) {
        (Point::Uint(n), DataType::UInt8) => Arc::new(UInt8Array::from_value(u8::try_from(*n).map_err(bad)?, rows)),
        (Point::Uint(n), DataType::UInt16) => Arc::new(UInt16Array::from_value(u16::try_from(*n).map_err(bad)?, rows)),
        (Point::Uint(n), DataType::UInt32) => Arc::new(UInt32Array::from_value(u32::try_from(*n).map_err(bad)?, rows)),
        (Point::Uint(n), DataType::UInt64) => Arc::new(UInt64Array::from_value(*n, rows)),
        (Point::Ip(ip), _) => Arc::new(FixedSizeBinaryArray::try_new(16, ip.0.repeat(rows).into(), None)?),
        (Point::Time(at), _) => Arc::new(TimestampNanosecondArray::from_value(*at, rows).with_timezone("UTC")),
        (Point::Text(text), _) => Arc::new(StringViewArray::from_iter_values(std::iter::repeat_n(text, rows))),
        _ => return Err(QueryError::Failed("a statistic does not fit its column".to_owned())),
    })
}

/// One file for a reader that wants its own.
struct Shared(Arc<Runs>);

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
