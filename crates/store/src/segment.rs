// SPDX-License-Identifier: Apache-2.0
//! Segments: immutable Parquet files of one hour's rows.
//!
//! *Partition.* Rows go to the hour of their `time_start`, however late they come, so that a query over a
//! time range opens few files. An input can claim any time; beyond [`MAX_HOURS`] hours in one seal the rows
//! of the smallest ones share a segment without an hour, so that absurd times cannot make thousands of files.
//!
//! *Order.* Inside a segment rows are sorted by ten minutes of `time_start`, then `src_ip`, `dst_ip` and
//! `time_start`. A page of 8,192 rows then covers one slice of ten minutes and a narrow range of addresses:
//! the page index prunes by time and by source prefix, equal pairs lie together, compress well and are
//! summed up in runs. `dst_ip` is scattered over the pages; bloom filters per row group tell where an address
//! is not. How the columns lie in the file is decided in [`crate::layout`].

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryArray, RecordBatch, RecordBatchOptions, TimestampNanosecondArray,
    new_null_array,
};
use arrow::compute::concat_batches;
use arrow::datatypes::Schema;
use minamo_base::Time;
use minamo_model::Table;

use crate::StoreError;
use crate::batches::{Batches, Place};
use crate::checked::CheckedFile;
use crate::layout::{self, FileWriter};
use crate::span::Span;
use crate::wal::sync_dir;

/// Hours that one seal makes segments for.
const MAX_HOURS: usize = 48;
/// Nanoseconds of an hour.
pub(crate) const HOUR: i64 = 3_600_000_000_000;
const SLICE: i64 = HOUR / 6;

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
    /// Class of its rows; empty for the rest.
    pub(crate) class: String,
    /// Checksums of the blocks of the file; empty where it was written without.
    pub(crate) sums: Arc<[u32]>,
    /// True where the file is to be deleted.
    pub(crate) doomed: AtomicBool,
}

impl Segment {
    /// Opens its file, to be compared with the checksums as it is read.
    pub(crate) fn open(&self) -> Result<CheckedFile, StoreError> {
        CheckedFile::open(&self.file, self.bytes, &self.sums)
    }
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
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns.collect(), &options)
}

/// Rows of one segment to be.
pub(crate) struct Part {
    /// Hours since the epoch; none for mixed rows.
    pub(crate) hour: Option<i64>,
    /// Where the rows are, in the order of the file.
    pub(crate) places: Arc<[Place]>,
}

/// What rows are sorted by, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SortKey {
    slice: i64,
    src_ip: u128,
    dst_ip: u128,
    time: i64,
    /// Place in the batch.
    pub(crate) row: u32,
}

/// A row in the order of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Placed {
    slice: i64,
    /// The batch, and the row in it.
    place: Place,
}

/// Divides rows by hour and sorts each part.
pub(crate) fn divide(table: &'static Table, rows: &Batches) -> Result<Vec<Part>, StoreError> {
    let placed = order(table, rows)?;
    // An hour is whole slices: this order is also one by hour.
    let hour = |placed: &Placed| placed.slice.div_euclid(HOUR / SLICE);
    let mut hours: Vec<&[Placed]> = placed.chunk_by(|a, b| hour(a) == hour(b)).collect();
    // A stable order: the largest hours first, the earliest first among equals.
    hours.sort_by_key(|hour| std::cmp::Reverse(hour.len()));
    let mut mixed = hours.split_off(MAX_HOURS.min(hours.len()));
    let places = |placed: &[Placed]| placed.iter().map(|placed| placed.place).collect::<Vec<_>>();
    let part = |of: &[Placed]| Part { hour: of.first().map(hour), places: places(of).into() };
    let mut parts: Vec<Part> = hours.into_iter().map(part).collect();
    if !mixed.is_empty() {
        mixed.sort_by_key(|hour| hour.first().map(|placed| placed.slice));
        parts.push(Part { hour: None, places: mixed.into_iter().flat_map(places).collect() });
    }
    Ok(parts)
}

/// The rows in the order of the file.
fn order(table: &'static Table, rows: &Batches) -> Result<Vec<Placed>, StoreError> {
    if let Some(order) = packed_order(table, rows) {
        return Ok(order);
    }
    let of = |name: &str| rows.column(name).map(|column| column.arrays.as_slice());
    let (times, src, dst) = (of(table.time), of("src_ip"), of("dst_ip"));
    let mut keys = Vec::with_capacity(rows.rows.iter().sum());
    for batch in 0..rows.rows.len() {
        let of = |arrays: Option<&'_ [ArrayRef]>| arrays.and_then(|arrays| arrays.get(batch)).cloned();
        let here = keys_of(table, of(times), of(src), of(dst))?;
        keys.extend(here.into_iter().map(|key| (SortKey { row: 0, ..key }, (batch, key.row as usize))));
    }
    keys.sort_unstable();
    Ok(keys.into_iter().map(|(key, place)| Placed { slice: key.slice, place }).collect())
}

/// The same where all sources share all but the last four octets, as IPv4 addresses do, and all destinations: the key is
/// then one number, a third as long. Nothing where that is not so.
fn packed_order(table: &'static Table, rows: &Batches) -> Option<Vec<Placed>> {
    let times = &rows.column(table.time)?.arrays;
    let times: Vec<_> = times.iter().map(times_of).collect::<Option<_>>()?;
    let (src, dst) = (&rows.column("src_ip")?.arrays, &rows.column("dst_ip")?.arrays);
    let (src_begin, dst_begin) = (begin_of(src)?, begin_of(dst)?);
    let first = times.iter().flat_map(|times| times.values()).min()?.div_euclid(SLICE);
    let mut keys = Vec::with_capacity(rows.rows.iter().sum());
    for (((times, src), dst), batch) in times.iter().zip(src).zip(dst).zip(0_u64..) {
        let (src, dst) = (ends_of(src, src_begin)?, ends_of(dst, dst_begin)?);
        for (((time, src), dst), row) in times.values().iter().zip(src).zip(dst).zip(0_u64..) {
            // Bits: 24 of the slice, 32 of each address, 40 of the time in the slice, of which there are 600 seconds.
            let slice = u32::try_from(time.div_euclid(SLICE) - first).ok().filter(|slice| *slice < 1 << 24)?;
            let within = u64::try_from(time.rem_euclid(SLICE)).ok()?;
            let key = u128::from(slice) << 104 | u128::from(src) << 72 | u128::from(dst) << 40 | u128::from(within);
            keys.push((key, batch << 32 | row));
        }
    }
    keys.sort_unstable();
    let placed = |(key, place): (u128, u64)| {
        let place = (usize::try_from(place >> 32).ok()?, usize::try_from(place & 0xffff_ffff).ok()?);
        Some(Placed { slice: first + i64::try_from(key >> 104).ok()?, place })
    };
    keys.into_iter().map(placed).collect()
}

fn times_of(column: &ArrayRef) -> Option<&TimestampNanosecondArray> {
    column.as_primitive_opt()
}

/// The first twelve octets of the first address.
fn begin_of(columns: &[ArrayRef]) -> Option<[u8; 12]> {
    let first = columns.iter().find(|column| !column.is_empty())?.as_fixed_size_binary_opt()?;
    first.value_data().first_chunk().copied()
}

/// The last four octets of the addresses of a column, all of which begin so.
fn ends_of(column: &ArrayRef, begin: [u8; 12]) -> Option<impl Iterator<Item = u32> + use<'_>> {
    let column = column.as_fixed_size_binary_opt()?;
    let (addresses, rest) = column.value_data().as_chunks::<16>();
    let fits = column.value_length() == 16 && column.null_count() == 0 && rest.is_empty();
    let ends = || addresses.iter().map(|address| address.split_last_chunk::<4>());
    let alike = fits && ends().all(|end| end.is_some_and(|(first, _)| *first == begin));
    alike.then(|| addresses.iter().map(|address| address.last_chunk().map_or(0, |end| u32::from_be_bytes(*end))))
}

/// The sort keys of the rows of a batch.
pub(crate) fn sort_keys(table: &'static Table, rows: &RecordBatch) -> Result<Vec<SortKey>, StoreError> {
    let of = |name: &str| rows.column_by_name(name).cloned();
    keys_of(table, of(table.time), of("src_ip"), of("dst_ip"))
}

fn keys_of(
    table: &'static Table,
    times: Option<ArrayRef>,
    src: Option<ArrayRef>,
    dst: Option<ArrayRef>,
) -> Result<Vec<SortKey>, StoreError> {
    let times = times.as_ref().and_then(times_of);
    let times = times.ok_or_else(|| StoreError::Batch { table: table.name, reason: format!("no {}", table.time) })?;
    let addresses = |column: &'_ Option<ArrayRef>| column.as_ref().and_then(|c| c.as_fixed_size_binary_opt().cloned());
    let (src, dst) = (addresses(&src), addresses(&dst));
    let address = |column: &Option<FixedSizeBinaryArray>, row: usize| -> u128 {
        let octets = column.as_ref().filter(|a| a.is_valid(row)).map(|a| a.value(row));
        octets.and_then(|o| o.try_into().ok()).map_or(0, u128::from_be_bytes)
    };
    let key = |(row, time): (usize, &i64)| SortKey {
        slice: time.div_euclid(SLICE),
        src_ip: address(&src, row),
        dst_ip: address(&dst, row),
        time: *time,
        row: u32::try_from(row).unwrap_or(u32::MAX),
    };
    Ok(times.values().iter().enumerate().map(key).collect())
}

/// Where segment `id` lies under the lake's directory.
fn path(table: &'static Table, hour: Option<i64>, id: i64) -> String {
    let Some(hour) = hour else { return format!("segments/{}/mixed/{id:010}.parquet", table.name) };
    let start = Time(hour.saturating_mul(HOUR)).to_string();
    let day = start.split('T').next().unwrap_or("unknown");
    format!("segments/{}/{day}/{:02}/{id:010}.parquet", table.name, hour.rem_euclid(24))
}

/// Where the rows of a segment come from; also in its footer, so that a lost catalog can be made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Identity of the segment.
    pub(crate) id: i64,
    /// Hours since the epoch; none for mixed rows.
    pub(crate) hour: Option<i64>,
    /// Class of its rows.
    pub(crate) class: String,
    /// Frames that its rows came from: first and last.
    pub(crate) frames: (u64, u64),
    /// How many segments the seal made that this is one of; 1 for a merge.
    pub(crate) parts: usize,
    /// Segments that this one replaces.
    pub(crate) replaces: Vec<i64>,
}

/// A segment that is being written: under a temporary name, then forced to disk, renamed, and the directory
/// forced to disk. Dropped before [`Writing::finish`], its file goes.
pub(crate) struct Writing {
    path: String,
    file: PathBuf,
    temporary: PathBuf,
    writer: Option<FileWriter>,
    origin: Origin,
    span: Span,
    rows: u64,
}

impl Writing {
    /// Begins a segment under the lake's directory, with rows as `layout` says.
    pub(crate) fn begin(
        dir: &Path,
        table: &'static Table,
        origin: Origin,
        layout: &layout::Layout,
    ) -> Result<Self, StoreError> {
        let path = path(table, origin.hour, origin.id);
        let file = dir.join(&path);
        make_dirs(dir, file.parent().unwrap_or(dir))?;
        let temporary = file.with_extension("tmp");
        let writer = Some(FileWriter::create(&temporary, table, &origin, layout)?);
        Ok(Self { path, file, temporary, writer, origin, span: Span::NONE, rows: 0 })
    }

    /// Adds sorted rows, whose first is not before the last one added.
    pub(crate) fn add(&mut self, table: &'static Table, rows: &RecordBatch) -> Result<(), StoreError> {
        self.span = self.span.join(Span::of(table, rows)?);
        self.rows += rows.num_rows() as u64;
        self.writer.as_mut().map_or(Err(StoreError::Closed), |writer| writer.write(rows))
    }

    /// Adds the rows of some places, which are sorted.
    fn add_places(&mut self, table: &'static Table, rows: &Batches, places: &Arc<[Place]>) -> Result<(), StoreError> {
        self.span = self.span.join(Span::of_places(table, rows, places)?);
        self.rows += places.len() as u64;
        self.writer.as_mut().map_or(Err(StoreError::Closed), |writer| writer.write_places(rows, places))
    }

    /// Completes the file.
    pub(crate) fn finish(mut self) -> Result<Segment, StoreError> {
        let written = self.writer.take().map_or(Err(StoreError::Closed), FileWriter::finish);
        let (bytes, sums) = written.inspect_err(|_| drop(fs::remove_file(&self.temporary)))?;
        fs::rename(&self.temporary, &self.file).map_err(StoreError::io("rename to", &self.file))?;
        sync_dir(self.file.parent().unwrap_or(&self.file))?;
        Ok(Segment {
            id: self.origin.id,
            path: std::mem::take(&mut self.path),
            hour: self.origin.hour,
            rows: self.rows,
            bytes,
            span: self.span,
            frames: self.origin.frames,
            class: std::mem::take(&mut self.origin.class),
            sums: sums.into(),
            doomed: AtomicBool::new(false),
            file: std::mem::take(&mut self.file),
        })
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if self.writer.take().is_some() {
            // What cannot be removed now is removed at the next start.
            drop(fs::remove_file(&self.temporary));
        }
    }
}

/// Writes the rows of a part as a segment.
pub(crate) fn write(
    dir: &Path,
    table: &'static Table,
    rows: &Batches,
    part: &Part,
    origin: Origin,
) -> Result<Segment, StoreError> {
    let mut writing = Writing::begin(dir, table, origin, &layout::Layout::of(rows))?;
    writing.add_places(table, rows, &part.places)?;
    writing.finish()
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
        let parts = divide(&FLOWS, &Batches::of(&FLOWS, &[&rows(&starts)])).expect("parts");
        assert_eq!(parts.len(), MAX_HOURS + 1);
        assert_eq!(parts.iter().map(|part| part.places.len()).sum::<usize>(), starts.len());
        assert_eq!(parts.first().map(|p| (p.hour, p.places.len())), Some((Some(0), 4)), "the largest hour stays");
        assert!(parts.last().is_some_and(|p| p.hour.is_none()));
    }

    #[test]
    fn keys_of_one_number_sort_like_whole_keys() {
        let starts: Vec<i64> = (0..500).map(|n: i64| (n * 7_919 % 500) * 40_000_000_003 - 9_000_000_000_000).collect();
        let rows = rows(&starts);
        let (some, others) = (rows.slice(0, 123), rows.slice(123, 377));
        let packed = packed_order(&FLOWS, &Batches::of(&FLOWS, &[&some, &others])).expect("all are IPv4");
        let mut keys = sort_keys(&FLOWS, &rows).expect("keys");
        keys.sort_unstable();
        let place = |row: usize| if row < 123 { (0, row) } else { (1, row - 123) };
        let whole: Vec<Placed> =
            keys.iter().map(|key| Placed { slice: key.slice, place: place(key.row as usize) }).collect();
        assert_eq!(packed, whole);
        let apart = self::rows(&[i64::MIN, i64::MAX]);
        assert_eq!(packed_order(&FLOWS, &Batches::of(&FLOWS, &[&apart])), None, "too far apart");
        let mut six = Flow::default();
        (six.core.src_ip, six.core.time_start) = (Ip([7; 16]), Time(5));
        let mut builder = FlowBuilder::default();
        builder.append(&six);
        let six = builder.finish().expect("a batch");
        let both = Batches::of(&FLOWS, &[&rows, &six]);
        assert_eq!(packed_order(&FLOWS, &both), None, "not all are IPv4");
        let whole = concat(&FLOWS, &[&rows, &six]).expect("rows");
        let mut keys = sort_keys(&FLOWS, &whole).expect("keys");
        keys.sort_unstable();
        let place = |row: usize| if row < 500 { (0, row) } else { (1, row - 500) };
        let want: Vec<_> = keys.iter().map(|key| place(key.row as usize)).collect();
        let got: Vec<_> = order(&FLOWS, &both).expect("an order").iter().map(|placed| placed.place).collect();
        assert_eq!(got, want);
    }

    #[test]
    fn paths_name_day_and_hour() {
        assert_eq!(path(&FLOWS, Some(25), 7), "segments/flows/1970-01-02/01/0000000007.parquet");
        assert_eq!(path(&FLOWS, Some(-1), 7), "segments/flows/1969-12-31/23/0000000007.parquet");
        assert_eq!(path(&FLOWS, None, 7), "segments/flows/mixed/0000000007.parquet");
    }
}
