// SPDX-License-Identifier: Apache-2.0
//! How the columns of a segment lie in its Parquet file. Chosen by measurement on flow records (see
//! `docs/performance.md`):
//!
//! - Instants are kept in milliseconds or microseconds where all of a column are whole ones, and packed as
//!   differences: exporters tell milliseconds, and nine digits after the second would be half of the file.
//! - Numbers of 64 bits are kept in 32 where all of a column fit: counters of flows mostly do, and half as many
//!   octets are taken apart and put together again.
//! - A column in which no value is missing does not say so of every row.
//! - Sorted and scattered addresses lie plain: zstd finds the repetitions, and reading is a copy.
//! - Counters and ports of initiators hardly repeat; their octets are split by place. What is constant, and
//!   everything else, has a dictionary, which is a few octets for a constant.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options, concat, max};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit, TimestampNanosecondType, UInt64Type};
use arrow::error::ArrowError;
use minamo_model::{EVENTS, FLOWS, Table};
use minamo_schema::Kind;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowRowGroupWriterFactory;
use parquet::basic::{Compression, Encoding as Coding, ZstdLevel};
use parquet::file::metadata::{KeyValue, ParquetMetaData};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

use crate::StoreError;
use crate::batches::{Batches, Place};
use crate::checked::Summing;
use crate::encode::{Encoding, Values};
use crate::segment::Origin;

/// Version of the layout, in the footer's key `minamo.format`. All are read, the newest is written. Version 1 had
/// all instants in nanoseconds, another order of rows, and every `flow_id`; version 2 had all counters in 64 bits.
const FORMAT: &str = "3";
/// Versions whose rows are in this order.
const SORTED: [&str; 2] = ["2", FORMAT];
/// Rows of a row group: what a bloom filter covers and a thread reads at a time.
const ROW_GROUP_ROWS: usize = 262_144;
/// Rows of a page: the least that is read.
pub(crate) const PAGE_ROWS: usize = 8_192;
/// Rows from which on another thread pays.
const THREAD_ROWS: usize = 32_768;
/// Columns whose pages have narrow ranges in the order of the rows; of the others the row group's must do.
const PAGED: [&str; 3] = ["time_end", "src_ip", "dst_ip"];
/// Columns that are asked for one value that few row groups have.
const BLOOM: [&str; 2] = ["dst_ip", "flow_id"];

/// What is known of the rows before they are written.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// Columns as they come.
    schema: SchemaRef,
    /// Unit that instants are kept in, by column.
    units: HashMap<String, TimeUnit>,
    /// Columns of 64 bits whose values fit into 32.
    narrow: HashSet<String>,
    /// Columns in which no value is missing.
    full: HashSet<String>,
    /// Columns that are known to be constant.
    constant: Vec<String>,
    /// Number of rows, at most a row group.
    distinct: usize,
}

impl Layout {
    /// Of rows that are all there.
    pub(crate) fn of(rows: &Batches) -> Self {
        let mut layout = Self {
            schema: Arc::clone(&rows.schema),
            units: HashMap::new(),
            narrow: HashSet::new(),
            full: HashSet::new(),
            constant: Vec::new(),
            distinct: rows.rows.iter().sum(),
        };
        for (field, column) in rows.schema.fields().iter().zip(&rows.columns) {
            let name = || field.name().clone();
            // Of a column of one value that one says it all.
            let arrays = column.same.as_ref().map_or(column.arrays.as_slice(), std::slice::from_ref);
            match field.data_type() {
                DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                    let times = arrays.iter().filter_map(|array| array.as_primitive_opt::<TimestampNanosecondType>());
                    layout.units.insert(name(), unit_of(times.map(|times| times.values().as_ref())));
                }
                DataType::UInt64 => {
                    let most = |array: &ArrayRef| array.as_primitive_opt::<UInt64Type>().and_then(max).unwrap_or(0);
                    if arrays.iter().all(|array| most(array) <= u64::from(u32::MAX)) {
                        layout.narrow.insert(name());
                    }
                }
                _ => {}
            }
            if arrays.iter().all(|array| array.null_count() == 0) {
                layout.full.insert(name());
            }
            if column.same.is_some() {
                layout.constant.push(name());
            }
        }
        layout
    }

    /// Of rows that come from several files, with the columns that all of them have together.
    pub(crate) fn merged(schema: SchemaRef, files: &[Source]) -> Self {
        let unit = |name: &str| {
            let of = files.iter().filter_map(|file| file.schema.field_with_name(name).ok());
            let units = of.filter_map(|field| match field.data_type() {
                DataType::Timestamp(unit, _) => Some(*unit),
                _ => None,
            });
            units.max_by_key(|unit| match unit {
                TimeUnit::Second => 0,
                TimeUnit::Millisecond => 1,
                TimeUnit::Microsecond => 2,
                TimeUnit::Nanosecond => 3,
            })
        };
        let units = schema.fields().iter().filter_map(|field| Some((field.name().clone(), unit(field.name())?)));
        let distinct = usize::try_from(files.iter().map(|file| file.rows).sum::<u64>()).unwrap_or(usize::MAX);
        let constant = schema.fields().iter().map(|field| field.name()).filter(|name| {
            let mut values = files.iter().map(|file| file.constants.get(*name));
            let first = values.next().flatten();
            first.is_some() && values.all(|value| value == first)
        });
        let all = |test: &dyn Fn(&Field) -> bool| -> HashSet<String> {
            let of = |file: &Source, name: &str| file.schema.field_with_name(name).ok().map(test);
            let names = schema.fields().iter().map(|field| field.name());
            let holds = |name: &&String| files.iter().all(|file| of(file, name).is_some_and(|holds| holds));
            names.filter(holds).cloned().collect()
        };
        Self {
            units: units.collect(),
            narrow: all(&|field| *field.data_type() == DataType::UInt32),
            full: all(&|field| !field.is_nullable()),
            constant: constant.cloned().collect(),
            distinct,
            schema: Arc::clone(&schema),
        }
    }

    /// Columns as they lie in the file.
    fn stored(&self) -> SchemaRef {
        let fields = self.schema.fields().iter().map(|field| {
            let data_type = match (self.units.get(field.name()), field.data_type()) {
                (Some(unit), DataType::Timestamp(_, zone)) => DataType::Timestamp(*unit, zone.clone()),
                (_, DataType::UInt64) if self.narrow.contains(field.name()) => DataType::UInt32,
                (_, same) => same.clone(),
            };
            let nullable = !self.full.contains(field.name());
            Arc::new(Field::clone(field).with_data_type(data_type).with_nullable(nullable))
        });
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }

    fn properties(
        &self,
        table: &'static Table,
        origin: &Origin,
    ) -> Result<WriterProperties, parquet::errors::ParquetError> {
        let note = |key: &str, value: &str| KeyValue::new(format!("minamo.{key}"), value.to_owned());
        let mut builder = WriterProperties::builder()
            .set_created_by("minamo".to_owned())
            .set_key_value_metadata(Some(vec![
                note("format", FORMAT),
                note("table", table.name),
                note("class", &origin.class),
                note("frames", &format!("{}-{}", origin.frames.0, origin.frames.1)),
                note("parts", &origin.parts.to_string()),
                note("replaces", &origin.replaces.iter().map(i64::to_string).collect::<Vec<_>>().join(" ")),
            ]))
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_data_page_row_count_limit(PAGE_ROWS)
            .set_write_batch_size(PAGE_ROWS);
        for field in self.schema.fields() {
            builder = self.column(builder, table, field);
        }
        Ok(builder.build())
    }

    fn column(
        &self,
        builder: WriterPropertiesBuilder,
        table: &'static Table,
        field: &Field,
    ) -> WriterPropertiesBuilder {
        let (name, path) = (field.name().as_str(), ColumnPath::from(field.name().as_str()));
        let mut builder = builder;
        if name == table.time || PAGED.contains(&name) {
            builder = builder.set_column_statistics_enabled(path.clone(), EnabledStatistics::Page);
        }
        if BLOOM.contains(&name) {
            builder = builder
                .set_column_bloom_filter_enabled(path.clone(), true)
                .set_column_bloom_filter_fpp(path.clone(), 0.01)
                .set_column_bloom_filter_max_ndv(path.clone(), self.distinct.clamp(1, ROW_GROUP_ROWS) as u64);
        }
        if self.constant.iter().any(|constant| constant == name) {
            return builder;
        }
        let counter = table.column(name).is_some_and(|column| column.kind == Kind::Counter);
        let encoding = match field.data_type() {
            // Many rows arrive together: few instants.
            DataType::Timestamp(..) if name == "time_received" => return builder,
            DataType::Timestamp(..) => Coding::DELTA_BINARY_PACKED,
            DataType::FixedSizeBinary(16) if matches!(name, "src_ip" | "dst_ip") => Coding::PLAIN,
            DataType::UInt64 if counter => Coding::BYTE_STREAM_SPLIT,
            DataType::UInt16 if name == "src_port" => Coding::BYTE_STREAM_SPLIT,
            _ if name == "flow_id" => Coding::PLAIN,
            _ => return builder,
        };
        builder.set_column_dictionary_enabled(path.clone(), false).set_column_encoding(path, encoding)
    }
}

/// True for columns of which pages have statistics, or row groups a bloom filter.
pub(crate) fn is_indexed(name: &str) -> bool {
    [FLOWS.time, EVENTS.time].contains(&name) || PAGED.contains(&name) || BLOOM.contains(&name)
}

/// The coarsest unit in which all instants are whole numbers.
fn unit_of<'a>(instants: impl Iterator<Item = &'a [i64]>) -> TimeUnit {
    let whole = |nanos: &[i64], of: i64| nanos.iter().all(|at| at % of == 0);
    let mut unit = TimeUnit::Millisecond;
    for nanos in instants {
        if unit == TimeUnit::Millisecond && !whole(nanos, 1_000_000) {
            unit = TimeUnit::Microsecond;
        }
        if unit == TimeUnit::Microsecond && !whole(nanos, 1_000) {
            return TimeUnit::Nanosecond;
        }
    }
    unit
}

/// True where all rows have the same value. Looks at types whose equality is cheap to tell.
pub(crate) fn is_constant(column: &ArrayRef) -> bool {
    if column.null_count() > 0 || column.is_empty() {
        return column.null_count() == column.len();
    }
    let first = column.slice(0, 1);
    let Ok(again) = concat(&[&*first, &*first]) else { return false };
    // Against itself one row on: equal everywhere means constant. The first two rows spare most of the work.
    let probe = column.slice(0, column.len().min(2));
    if probe.len() == 2 && probe.to_data() != again.to_data() {
        return false;
    }
    column.slice(0, column.len() - 1).to_data() == column.slice(1, column.len() - 1).to_data()
}

/// What the footer of a file tells that another one is to hold the rows of.
pub(crate) struct Source {
    /// Columns as they lie in the file.
    schema: SchemaRef,
    /// Number of rows.
    rows: u64,
    /// Columns with one value in all rows, and that value as statistics have it.
    constants: HashMap<String, Vec<u8>>,
    /// True where the rows are in this version's order.
    pub(crate) sorted: bool,
}

impl Source {
    /// Reads it from a footer.
    pub(crate) fn of(metadata: &ParquetMetaData, schema: &SchemaRef) -> Self {
        let file = metadata.file_metadata();
        let notes = file.key_value_metadata();
        let format = notes.into_iter().flatten().find(|note| note.key == "minamo.format");
        let mut constants = HashMap::new();
        for (at, field) in schema.fields().iter().enumerate() {
            let mut values = metadata.row_groups().iter().map(|group| {
                let statistics = group.columns().get(at)?.statistics()?;
                let (low, high) = (statistics.min_bytes_opt()?, statistics.max_bytes_opt()?);
                let exact = statistics.min_is_exact() && statistics.max_is_exact();
                (exact && low == high && statistics.null_count_opt() == Some(0)).then(|| low.to_vec())
            });
            if let Some(Some(first)) = values.next()
                && values.all(|value| value.as_ref() == Some(&first))
            {
                constants.insert(field.name().clone(), first);
            }
        }
        Self {
            schema: Arc::clone(schema),
            rows: file.num_rows().cast_unsigned(),
            constants,
            sorted: format.and_then(|note| note.value.as_deref()).is_some_and(|format| SORTED.contains(&format)),
        }
    }

    /// Columns as they lie in the file.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }
}

/// Writes the file of one segment. A row group is encoded on a thread of its own while the rows of the next one
/// are put together; whoever waits for it encodes columns as well.
pub(crate) struct FileWriter {
    path: PathBuf,
    file: File,
    stored: SchemaRef,
    writer: SerializedFileWriter<Summing<File>>,
    factory: ArrowRowGroupWriterFactory,
    /// Rows of the row group to be.
    rows: Vec<RecordBatch>,
    /// How many those are.
    filled: usize,
    /// The row group that is being encoded.
    encoding: Option<Encoding>,
    groups: usize,
}

impl FileWriter {
    /// Creates the file at `path`.
    pub(crate) fn create(
        path: &Path,
        table: &'static Table,
        origin: &Origin,
        layout: &Layout,
    ) -> Result<Self, StoreError> {
        let failed = StoreError::parquet("write", path);
        let file = File::create(path).map_err(StoreError::io("create", path))?;
        let properties = layout.properties(table, origin).map_err(&failed)?;
        let stored = layout.stored();
        let copy = file.try_clone().map_err(StoreError::io("open", path))?;
        let writer = ArrowWriter::try_new(Summing::new(copy), Arc::clone(&stored), Some(properties));
        let (writer, factory) = writer.and_then(ArrowWriter::into_serialized_writer).map_err(&failed)?;
        let path = path.to_owned();
        Ok(Self { path, file, stored, writer, factory, rows: Vec::new(), filled: 0, encoding: None, groups: 0 })
    }

    /// Adds rows, which have the columns of the layout.
    pub(crate) fn write(&mut self, rows: &RecordBatch) -> Result<(), StoreError> {
        let columns = rows.columns().iter().zip(self.stored.fields()).map(|(column, field)| to_stored(column, field));
        let mut rest = RecordBatch::try_new(Arc::clone(&self.stored), columns.collect::<Result<_, _>>()?)?;
        while rest.num_rows() > 0 {
            let part = rest.slice(0, rest.num_rows().min(ROW_GROUP_ROWS - self.filled));
            rest = rest.slice(part.num_rows(), rest.num_rows() - part.num_rows());
            self.filled += part.num_rows();
            self.rows.push(part);
            if self.filled == ROW_GROUP_ROWS {
                let rows = self.added();
                self.encode(rows)?;
            }
        }
        Ok(())
    }

    /// Adds the rows of some places, to which no others have been added. They are taken column by column when a column
    /// is encoded, so that little of them is in memory twice.
    pub(crate) fn write_places(&mut self, rows: &Batches, places: &Arc<[Place]>) -> Result<(), StoreError> {
        for begin in (0..places.len()).step_by(ROW_GROUP_ROWS) {
            let range = begin..places.len().min(begin + ROW_GROUP_ROWS);
            self.filled = range.len();
            let columns = rows.columns.iter().zip(self.stored.fields());
            let values = columns.map(|(column, field)| match &column.same {
                Some(one) => Ok(Values::Same(to_stored(one, field)?, range.len())),
                None => Ok(Values::Places(column.clone(), Arc::clone(places), range.clone())),
            });
            let values = values.collect::<Result<Vec<_>, StoreError>>()?;
            self.encode(values)?;
        }
        Ok(())
    }

    /// Begins to encode the rows at hand, when the row group before is in the file.
    fn encode(&mut self, values: Vec<Values>) -> Result<(), StoreError> {
        self.append()?;
        let writers = self.factory.create_column_writers(self.groups);
        let writers = writers.map_err(StoreError::parquet("write", &self.path))?;
        self.groups += 1;
        let threads = self.filled >= THREAD_ROWS;
        self.filled = 0;
        let descriptors = self.writer.schema_descr().columns();
        self.encoding = Some(Encoding::begin(writers, descriptors, &self.stored, values, threads)?);
        Ok(())
    }

    /// The columns of the rows that were added.
    fn added(&mut self) -> Vec<Values> {
        let rows = std::mem::take(&mut self.rows);
        let column = |at| Values::Rows(rows.iter().filter_map(|rows| rows.columns().get(at)).cloned().collect());
        (0..self.stored.fields().len()).map(column).collect()
    }

    /// Puts the row group that is being encoded into the file.
    fn append(&mut self) -> Result<(), StoreError> {
        let Some(encoding) = self.encoding.take() else { return Ok(()) };
        let failed = StoreError::parquet("write", &self.path);
        let chunks = encoding.end(&self.path)?;
        let mut group = self.writer.next_row_group().map_err(&failed)?;
        for chunk in chunks {
            chunk.append(&mut group).map_err(&failed)?;
        }
        group.close().map(drop).map_err(failed)
    }

    /// Completes the file and forces it to disk; gives its size in octets and the checksums of its blocks.
    pub(crate) fn finish(mut self) -> Result<(u64, Vec<u32>), StoreError> {
        if self.filled > 0 {
            let rows = self.added();
            self.encode(rows)?;
        }
        self.append()?;
        let summing = self.writer.into_inner().map_err(StoreError::parquet("write", &self.path))?;
        let (_, sums) = summing.finish();
        self.file.sync_all().map_err(StoreError::io("sync", &self.path))?;
        Ok((self.file.metadata().map_err(StoreError::io("read", &self.path))?.len(), sums))
    }
}

/// The column in the type that the file has. What does not fit is an error, never a missing value.
pub(crate) fn to_stored(column: &ArrayRef, field: &Field) -> Result<ArrayRef, ArrowError> {
    if column.data_type() == field.data_type() {
        return Ok(Arc::clone(column));
    }
    cast_with_options(column, field.data_type(), &CastOptions { safe: false, ..CastOptions::default() })
}

#[cfg(test)]
mod tests {
    use arrow::array::{StringViewArray, UInt64Array};
    use minamo_base::Ip;
    use minamo_model::{Flow, FlowBuilder};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;

    #[test]
    fn units_are_the_coarsest_that_lose_nothing() {
        let unit = |of: &[&[i64]]| unit_of(of.iter().copied());
        assert_eq!(unit(&[&[5_000_000, -3_000_000]]), TimeUnit::Millisecond);
        assert_eq!(unit(&[&[5_000_000, 1_000], &[3_000_000]]), TimeUnit::Microsecond);
        assert_eq!(unit(&[&[5_000_000], &[1_000, 1_001]]), TimeUnit::Nanosecond);
    }

    #[test]
    fn constants_are_told() {
        let array = |values: &[u64]| Arc::new(UInt64Array::from(values.to_vec())) as ArrayRef;
        assert!(is_constant(&array(&[7, 7, 7])) && is_constant(&array(&[7])));
        assert!(!is_constant(&array(&[7, 7, 8])) && !is_constant(&array(&[6, 7, 7])));
        let text = |values: [Option<&str>; 3]| Arc::new(StringViewArray::from(values.to_vec())) as ArrayRef;
        assert!(is_constant(&text([Some("a text of more than twelve"); 3])));
        assert!(!is_constant(&text([Some("a text of more than twelve"), Some("a text of more than twelvE"), None])));
        assert!(is_constant(&text([None; 3])) && !is_constant(&text([None, Some("a"), Some("a")])));
    }

    #[test]
    fn a_column_of_one_value_is_short_and_reads_back() {
        let mut builder = FlowBuilder::default();
        for number in 0..20_000_u16 {
            let mut flow = Flow::default();
            flow.core.src_port = number;
            flow.core.app = "TLS".into();
            flow.exporter.get_or_insert_default().ip = Some(Ip::v4([192, 0, 2, 1]));
            builder.append(&flow);
        }
        let rows = builder.finish().expect("a batch");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.parquet");
        let origin = Origin { id: 1, hour: None, class: String::new(), frames: (1, 1), parts: 1, replaces: Vec::new() };
        let batches = Batches::of(&FLOWS, &[&rows.slice(0, 9_000), &rows.slice(9_000, 11_000)]);
        let mut writer = FileWriter::create(&path, &FLOWS, &origin, &Layout::of(&batches)).expect("a file");
        writer.write_places(&batches, &batches.places().collect()).expect("written");
        writer.finish().expect("finished");
        let file = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).expect("there")).expect("a file");
        for name in ["exporter_ip", "app", "dst_port", "src_bytes"] {
            let chunks = file.metadata().row_group(0).columns();
            let chunk = chunks.iter().find(|chunk| chunk.column_descr().name() == name).expect("a column");
            assert!(chunk.compressed_size() < 200, "{name} takes {} octets", chunk.compressed_size());
            let statistics = chunk.statistics().expect("statistics");
            assert_eq!(statistics.min_bytes_opt(), statistics.max_bytes_opt(), "{name}");
        }
        let schema = Arc::clone(&batches.schema);
        let rows = rows
            .project(
                &schema
                    .fields()
                    .iter()
                    .map(|field| rows.schema().index_of(field.name()).expect("there"))
                    .collect::<Vec<_>>(),
            )
            .expect("columns");
        let read = file.with_batch_size(20_000).build().expect("a reader").next().expect("rows").expect("a batch");
        assert_eq!(crate::merge::whole(&read, &schema).expect("a batch"), rows);
    }
}
