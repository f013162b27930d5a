// SPDX-License-Identifier: Apache-2.0
//! Segments: immutable Parquet files of one hour's rows.
//!
//! *Partition.* Rows go to the hour of their `time_start`, however late they come, so that a query over a
//! time range opens few files. An input can claim any time; beyond [`MAX_HOURS`] hours in one seal the rows
//! of the smallest ones share a segment without an hour, so that absurd times cannot make thousands of files.
//!
//! *Order.* Inside a segment rows are sorted by ten minutes of `time_start`, then `src_ip`, then
//! `time_start`. A page of 8,192 rows then covers one slice of ten minutes and a narrow range of
//! addresses: the page index prunes by time and by source prefix, equal addresses lie together and compress
//! well. `dst_ip` and `flow_id` are scattered over the pages in any such order; bloom filters per row group
//! tell where they are not. Text columns such as `tls_sni` have none: they are asked for by pattern.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::{Array, AsArray, RecordBatch, UInt32Array, new_null_array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{Schema, TimestampNanosecondType};
use minamo_base::Time;
use minamo_model::Table;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::StoreError;
use crate::span::Span;
use crate::wal::sync_dir;

/// Version of the layout, in the footer's key `minamo.format`.
const FORMAT: &str = "1";
/// Hours that one seal makes segments for.
const MAX_HOURS: usize = 48;
const HOUR: i64 = 3_600_000_000_000;
const SLICE: i64 = HOUR / 6;
const ROW_GROUP_ROWS: usize = 131_072;
const PAGE_ROWS: usize = 8_192;
const BLOOM: [&str; 3] = ["src_ip", "dst_ip", "flow_id"];

/// A live segment. The file goes when the segment was doomed and the last reader is done.
#[derive(Debug)]
pub(crate) struct Segment {
    /// Identity in the catalog.
    pub(crate) id: i64,
    /// Path under the lake's directory, with `/`.
    pub(crate) path: String,
    /// Full path.
    pub(crate) file: PathBuf,
    /// Hours since the epoch; none for a mixed segment.
    pub(crate) hour: Option<i64>,
    /// Number of rows.
    pub(crate) rows: u64,
    /// Size of the file.
    pub(crate) bytes: u64,
    /// Times of the rows.
    pub(crate) span: Span,
    /// Frames that its rows came from: first and last.
    pub(crate) frames: (u64, u64),
    /// True where the file is to be deleted.
    pub(crate) doomed: AtomicBool,
}

impl Drop for Segment {
    fn drop(&mut self) {
        if self.doomed.load(Ordering::Acquire)
            && let Err(error) = fs::remove_file(&self.file)
        {
            // It is an orphan now and goes at the next start.
            tracing::warn!(path = %self.file.display(), %error, "replaced segment not deleted");
        }
    }
}

/// The rows of several batches as one, with the columns that any of them has, in the table's order.
pub(crate) fn concat(table: &'static Table, batches: &[&RecordBatch]) -> Result<RecordBatch, StoreError> {
    let schema = table.schema();
    let fields: Vec<_> = (schema.fields().iter())
        .filter(|field| batches.iter().any(|batch| batch.schema_ref().index_of(field.name()).is_ok()))
        .cloned()
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let aligned = batches.iter().map(|batch| fit(batch, &schema)).collect::<Result<Vec<_>, _>>()?;
    Ok(concat_batches(&schema, &aligned)?)
}

/// The batch with exactly the columns of `schema`, missing ones as nulls.
pub(crate) fn fit(batch: &RecordBatch, schema: &Arc<Schema>) -> Result<RecordBatch, arrow::error::ArrowError> {
    let columns = schema.fields().iter().map(|field| match batch.column_by_name(field.name()) {
        Some(column) if column.data_type() == field.data_type() => Arc::clone(column),
        _ => new_null_array(field.data_type(), batch.num_rows()),
    });
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns.collect(), &options)
}

/// Rows of one segment to be.
pub(crate) struct Part {
    /// Hours since the epoch; none for mixed rows.
    pub(crate) hour: Option<i64>,
    /// The rows, sorted.
    pub(crate) rows: RecordBatch,
}

struct SortKey {
    slice: i64,
    src_ip: u128,
    time: i64,
    row: u32,
}

/// Divides rows by hour and sorts each part.
pub(crate) fn divide(table: &'static Table, rows: &RecordBatch) -> Result<Vec<Part>, StoreError> {
    let mut keys = sort_keys(table, rows)?;
    keys.sort_unstable_by_key(|key| (key.time.div_euclid(HOUR), key.slice, key.src_ip, key.time, key.row));
    let mut hours: Vec<&[SortKey]> = keys.chunk_by(|a, b| a.time.div_euclid(HOUR) == b.time.div_euclid(HOUR)).collect();
    // A stable order: the largest hours first, the earliest first among equals.
    hours.sort_by_key(|hour| std::cmp::Reverse(hour.len()));
    let mixed = hours.split_off(MAX_HOURS.min(hours.len()));
    let mut parts = Vec::new();
    for hour in hours {
        let of = hour.first().map(|key| key.time.div_euclid(HOUR));
        parts.push(Part { hour: of, rows: pick(rows, hour.iter())? });
    }
    if !mixed.is_empty() {
        let mut keys: Vec<&SortKey> = mixed.into_iter().flatten().collect();
        keys.sort_unstable_by_key(|key| (key.time, key.row));
        parts.push(Part { hour: None, rows: pick(rows, keys.into_iter())? });
    }
    Ok(parts)
}

/// The rows of one part, sorted; used where the hour is known.
pub(crate) fn sort(table: &'static Table, rows: &RecordBatch) -> Result<RecordBatch, StoreError> {
    let mut keys = sort_keys(table, rows)?;
    keys.sort_unstable_by_key(|key| (key.slice, key.src_ip, key.time, key.row));
    pick(rows, keys.iter())
}

fn sort_keys(table: &'static Table, rows: &RecordBatch) -> Result<Vec<SortKey>, StoreError> {
    let times = rows.column_by_name(table.time).and_then(|c| c.as_primitive_opt::<TimestampNanosecondType>());
    let times = times.ok_or_else(|| StoreError::Batch { table: table.name, reason: format!("no {}", table.time) })?;
    let addresses = rows.column_by_name("src_ip").and_then(|c| c.as_fixed_size_binary_opt());
    let address = |row: usize| -> u128 {
        let octets = addresses.filter(|a| a.is_valid(row)).map(|a| a.value(row));
        octets.and_then(|o| o.try_into().ok()).map_or(0, u128::from_be_bytes)
    };
    let key = |(row, time): (usize, &i64)| SortKey {
        slice: time.div_euclid(SLICE),
        src_ip: address(row),
        time: *time,
        row: u32::try_from(row).unwrap_or(u32::MAX),
    };
    Ok(times.values().iter().enumerate().map(key).collect())
}

fn pick<'a>(rows: &RecordBatch, keys: impl Iterator<Item = &'a SortKey>) -> Result<RecordBatch, StoreError> {
    let places: UInt32Array = keys.map(|key| key.row).collect::<Vec<_>>().into();
    Ok(take_record_batch(rows, &places)?)
}

/// Where segment `id` lies under the lake's directory.
fn path(table: &'static Table, hour: Option<i64>, id: i64) -> String {
    let Some(hour) = hour else { return format!("segments/{}/mixed/{id:010}.parquet", table.name) };
    let start = Time(hour.saturating_mul(HOUR)).to_string();
    let day = start.split('T').next().unwrap_or("unknown");
    format!("segments/{}/{day}/{:02}/{id:010}.parquet", table.name, hour.rem_euclid(24))
}

/// Writes a segment: under a temporary name, forced to disk, renamed, the directory forced to disk. Columns
/// without a value are left out.
pub(crate) fn write(
    dir: &Path,
    table: &'static Table,
    part: &Part,
    id: i64,
    frames: (u64, u64),
) -> Result<Segment, StoreError> {
    let path = path(table, part.hour, id);
    let file = dir.join(&path);
    let parent = file.parent().unwrap_or(dir);
    make_dirs(dir, parent)?;
    let rows = with_values(&part.rows)?;
    let span = Span::of(table, &rows)?;
    let temporary = file.with_extension("tmp");
    let written = write_file(&temporary, table, &rows).and_then(|bytes| {
        fs::rename(&temporary, &file).map_err(StoreError::io("rename to", &file))?;
        sync_dir(parent)?;
        Ok(bytes)
    });
    let bytes = written.inspect_err(|_| drop(fs::remove_file(&temporary)))?;
    let doomed = AtomicBool::new(false);
    Ok(Segment { id, path, hour: part.hour, rows: rows.num_rows() as u64, bytes, span, frames, doomed, file })
}

/// Makes the directories from `dir` down to `parent`, each durable.
fn make_dirs(dir: &Path, parent: &Path) -> Result<(), StoreError> {
    if parent.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(parent).map_err(StoreError::io("create", parent))?;
    for made in parent.ancestors().skip(1).take_while(|a| a.starts_with(dir)) {
        sync_dir(made)?;
    }
    Ok(())
}

fn with_values(rows: &RecordBatch) -> Result<RecordBatch, StoreError> {
    let columns: Vec<usize> = (rows.columns().iter().enumerate())
        .filter(|(_, column)| column.null_count() < column.len())
        .map(|(at, _)| at)
        .collect();
    Ok(rows.project(&columns)?)
}

fn write_file(path: &Path, table: &'static Table, rows: &RecordBatch) -> Result<u64, StoreError> {
    let failed = StoreError::parquet("write", path);
    let file = File::create(path).map_err(StoreError::io("create", path))?;
    let properties = properties(table, rows).map_err(&failed)?;
    let mut writer = ArrowWriter::try_new(&file, rows.schema(), Some(properties)).map_err(&failed)?;
    writer.write(rows).map_err(&failed)?;
    writer.close().map_err(&failed)?;
    file.sync_all().map_err(StoreError::io("sync", path))?;
    Ok(file.metadata().map_err(StoreError::io("read", path))?.len())
}

fn properties(table: &'static Table, rows: &RecordBatch) -> Result<WriterProperties, parquet::errors::ParquetError> {
    let note = |key: &str, value: &str| KeyValue::new(format!("minamo.{key}"), value.to_owned());
    let mut builder = WriterProperties::builder()
        .set_created_by("minamo".to_owned())
        .set_key_value_metadata(Some(vec![note("format", FORMAT), note("table", table.name)]))
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_write_batch_size(PAGE_ROWS);
    for field in rows.schema_ref().fields() {
        let column = ColumnPath::from(field.name().as_str());
        if field.data_type().is_temporal() {
            builder = builder
                .set_column_dictionary_enabled(column.clone(), false)
                .set_column_encoding(column.clone(), Encoding::DELTA_BINARY_PACKED);
        }
        if BLOOM.contains(&field.name().as_str()) {
            let distinct = rows.num_rows().clamp(1, ROW_GROUP_ROWS) as u64;
            builder = builder
                .set_column_bloom_filter_enabled(column.clone(), true)
                .set_column_bloom_filter_fpp(column.clone(), 0.01)
                .set_column_bloom_filter_max_ndv(column.clone(), distinct);
        }
        if field.name() == "flow_id" {
            builder = builder.set_column_dictionary_enabled(column, false);
        }
    }
    Ok(builder.build())
}

#[cfg(test)]
mod tests {
    use minamo_base::Ip;
    use minamo_model::{FLOWS, Flow, FlowBuilder};

    use super::*;

    fn rows(starts: &[i64]) -> RecordBatch {
        let mut builder = FlowBuilder::default();
        for (at, start) in starts.iter().enumerate() {
            let mut flow = Flow::default();
            flow.core.time_start = Time(*start);
            flow.core.time_end = Time(*start);
            flow.core.src_ip = Ip::v4([10, 0, 0, u8::try_from(at % 7).expect("small")]);
            builder.append(&flow);
        }
        builder.finish().expect("a batch")
    }

    #[test]
    fn rows_go_to_their_hour_and_absurd_ones_share_a_part() {
        let mut starts: Vec<i64> = (0..100).map(|n| n * HOUR * 1_000).collect();
        starts.extend([5, 6, 7, i64::MAX, i64::MIN]);
        let parts = divide(&FLOWS, &rows(&starts)).expect("parts");
        assert_eq!(parts.len(), MAX_HOURS + 1);
        assert_eq!(parts.iter().map(|part| part.rows.num_rows()).sum::<usize>(), starts.len());
        assert_eq!(parts.first().map(|p| (p.hour, p.rows.num_rows())), Some((Some(0), 4)), "the largest hour stays");
        assert!(parts.last().is_some_and(|p| p.hour.is_none()));
    }

    #[test]
    fn paths_name_day_and_hour() {
        assert_eq!(path(&FLOWS, Some(25), 7), "segments/flows/1970-01-02/01/0000000007.parquet");
        assert_eq!(path(&FLOWS, Some(-1), 7), "segments/flows/1969-12-31/23/0000000007.parquet");
        assert_eq!(path(&FLOWS, None, 7), "segments/flows/mixed/0000000007.parquet");
    }
}
