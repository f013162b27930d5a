// SPDX-License-Identifier: Apache-2.0
//! The log's file format, version 2. All numbers are little-endian.
//!
//! ```text
//! file  = header frame*
//! header= "MINAMOWL" version:u32 first:u64 crc:u32        crc over the 20 octets before it
//! frame = length:u32 crc:u32 table:u8 batch               length and crc over table and batch
//! batch = Arrow IPC stream of one record batch
//! ```
//!
//! A column of one value is a run (Arrow's `RunEndEncoded`): of flows from exporters that is half of the octets. Version 1
//! had no runs.
//!
//! Frames are numbered: the first of a file has the header's `first`, each next one more. A file ends at
//! the first frame that is not whole and has no whole one behind it: what follows was never acknowledged. One that
//! has was damaged later, and is passed over.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, RecordBatch, RecordBatchOptions, RunArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;

use crate::StoreError;
use crate::layout::is_constant;

/// Newest version that is read and the one that is written.
pub(crate) const VERSION: u32 = 2;
const MAGIC: &[u8; 8] = b"MINAMOWL";
/// Octets of a file header.
pub(crate) const HEADER: usize = 24;
const FRAME_HEADER: usize = 8;
/// Longest frame; anything beyond is no frame.
const MAX_FRAME: usize = 1 << 30;

/// One batch as a frame.
pub(crate) fn encode(table: u8, batch: &RecordBatch) -> Result<Vec<u8>, StoreError> {
    let mut out = vec![0; FRAME_HEADER];
    out.push(table);
    let batch = shortened(batch)?;
    let mut writer = StreamWriter::try_new(&mut out, batch.schema_ref())?;
    writer.write(&batch)?;
    writer.finish()?;
    drop(writer);
    let body = out.get(FRAME_HEADER..).unwrap_or_default();
    if body.len() > MAX_FRAME {
        return Err(StoreError::Engine(format!("got a batch of {} octets, want at most {MAX_FRAME}", body.len())));
    }
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let crc = crc32fast::hash(body);
    if let Some(head) = out.get_mut(..FRAME_HEADER) {
        let (at_length, at_crc) = head.split_at_mut(4);
        at_length.copy_from_slice(&length.to_le_bytes());
        at_crc.copy_from_slice(&crc.to_le_bytes());
    }
    Ok(out)
}

/// The batch with columns of one value as runs.
fn shortened(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let short = |column: &ArrayRef| -> Result<ArrayRef, ArrowError> {
        let rows = i32::try_from(column.len()).ok().filter(|rows| *rows > 1);
        let Some(rows) = rows.filter(|_| is_flat(column.data_type()) && is_constant(column)) else {
            return Ok(Arc::clone(column));
        };
        let one = column.slice(0, 1);
        // The other texts that a slice still refers to would be written as well.
        let one = one.as_string_view_opt().map_or_else(|| Arc::clone(&one), |texts| Arc::new(texts.gc()) as ArrayRef);
        Ok(Arc::new(RunArray::<Int32Type>::try_new(&Int32Array::from(vec![rows]), &one)?))
    };
    with_columns(batch, batch.columns().iter().map(short).collect::<Result<_, _>>()?)
}

/// Types of which runs are made.
fn is_flat(data_type: &DataType) -> bool {
    data_type.is_primitive() || matches!(data_type, DataType::Utf8View | DataType::FixedSizeBinary(_))
}

/// The batch with runs written out.
fn whole(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let whole = |column: &ArrayRef| -> Result<ArrayRef, ArrowError> {
        let Some(runs) = column.as_any().downcast_ref::<RunArray<Int32Type>>() else { return Ok(Arc::clone(column)) };
        let rows = (0..runs.len()).map(|row| u32::try_from(runs.get_physical_index(row)).ok());
        take(runs.values(), &rows.collect::<UInt32Array>(), None)
    };
    with_columns(batch, batch.columns().iter().map(whole).collect::<Result<_, _>>()?)
}

/// The batch with other columns of the same names.
fn with_columns(batch: &RecordBatch, columns: Vec<ArrayRef>) -> Result<RecordBatch, ArrowError> {
    let fields = batch.schema_ref().fields().iter().zip(&columns).map(|(field, column)| {
        if field.data_type() == column.data_type() {
            Arc::clone(field)
        } else {
            Arc::new(Field::clone(field).with_data_type(column.data_type().clone()))
        }
    });
    let schema = Schema::new_with_metadata(fields.collect::<Vec<_>>(), batch.schema_ref().metadata().clone());
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(schema), columns, &options)
}

/// The header of a file whose first frame has the number `first`.
pub(crate) fn header(first: u64) -> [u8; HEADER] {
    let mut out = [0; HEADER];
    let mut at = 0;
    let mut put = |octets: &[u8]| {
        if let Some(place) = out.get_mut(at..at + octets.len()) {
            place.copy_from_slice(octets);
        }
        at += octets.len();
    };
    put(MAGIC);
    put(&VERSION.to_le_bytes());
    put(&first.to_le_bytes());
    let crc = crc32fast::hash(out.get(..HEADER - 4).unwrap_or_default());
    if let Some(place) = out.last_chunk_mut::<4>() {
        *place = crc.to_le_bytes();
    }
    out
}

/// What a file starts with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// Number of the first frame.
    First(u64),
    /// The header itself was not written to its end: the file holds nothing.
    Torn,
}

/// Reads the header of the file at `path`.
pub(crate) fn start(path: &Path, octets: &[u8]) -> Result<Start, StoreError> {
    let Some(head) = octets.get(..HEADER) else { return Ok(Start::Torn) };
    let (body, crc) = head.split_at(HEADER - 4);
    if body.iter().all(|b| *b == 0) {
        return Ok(Start::Torn);
    }
    let damaged = |reason: &str| StoreError::Damaged { path: path.to_owned(), reason: reason.to_owned() };
    let Some(rest) = body.strip_prefix(MAGIC) else { return Err(damaged("not a write-ahead log")) };
    let (version, first) = rest.split_at(4);
    let found = u32::from_le_bytes(version.try_into().unwrap_or_default());
    if !(1..=VERSION).contains(&found) {
        return Err(StoreError::Version { path: path.to_owned(), found, known: VERSION });
    }
    if crc != crc32fast::hash(body).to_le_bytes() {
        return Err(damaged("the header's checksum is wrong"));
    }
    Ok(Start::First(u64::from_le_bytes(first.try_into().unwrap_or_default())))
}

/// Walks the frames of a file: calls `each` in order with the table and the batch's octets, with nothing for a frame that
/// is damaged and has whole ones behind it, and gives the length of the good part.
pub(crate) fn walk(octets: &[u8], mut each: impl FnMut(Option<(u8, &[u8])>)) -> usize {
    let mut good = HEADER.min(octets.len());
    loop {
        let rest = octets.get(good..).unwrap_or_default();
        if let Some((table, batch, length)) = next(rest) {
            each(Some((table, batch)));
            good += length;
        } else if let Some(length) = damaged(rest) {
            each(None);
            good += length;
        } else {
            return good;
        }
    }
}

/// Where the next whole frame begins, behind one that is damaged.
fn damaged(rest: &[u8]) -> Option<usize> {
    let whole = |at: usize| rest.get(at..).and_then(next).is_some();
    let says = rest.first_chunk::<4>().and_then(|length| usize::try_from(u32::from_le_bytes(*length)).ok());
    let end = says.and_then(|length| length.checked_add(FRAME_HEADER));
    if let Some(end) = end.filter(|end| whole(*end)) {
        return Some(end);
    }
    // Its length is wrong, too: Arrow's streams begin with the same mark.
    let mark = FRAME_HEADER + 1;
    let marks = rest.get(mark..)?.windows(4).enumerate().skip(1).filter(|(_, octets)| **octets == [0xff; 4]);
    marks.map(|(at, _)| at).find(|at| whole(*at))
}

fn next(rest: &[u8]) -> Option<(u8, &[u8], usize)> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let (crc, after) = after.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok().filter(|n| (1..=MAX_FRAME).contains(n))?;
    let body = after.get(..length)?;
    if crc32fast::hash(body) != u32::from_le_bytes(*crc) {
        return None;
    }
    let (table, batch) = body.split_first()?;
    Some((*table, batch, FRAME_HEADER + length))
}

/// The batch of a frame.
pub(crate) fn decode(batch: &[u8]) -> Option<RecordBatch> {
    whole(&StreamReader::try_new(Cursor::new(batch), None).ok()?.next()?.ok()?).ok()
}

#[cfg(test)]
mod tests {
    use arrow::array::{FixedSizeBinaryArray, StringViewArray, UInt16Array};

    use super::*;

    fn batch(values: &[u16]) -> RecordBatch {
        RecordBatch::try_from_iter([("n", Arc::new(UInt16Array::from(values.to_vec())) as ArrayRef)]).expect("a batch")
    }

    fn file() -> (Vec<u8>, Vec<usize>) {
        let mut octets = header(7).to_vec();
        let mut ends = vec![octets.len()];
        for (table, values) in [(0, vec![1]), (1, vec![2, 3]), (0, vec![])] {
            octets.extend(encode(table, &batch(&values)).expect("a frame"));
            ends.push(octets.len());
        }
        (octets, ends)
    }

    #[test]
    fn frames_read_back_and_any_cut_keeps_the_whole_ones() {
        let (octets, ends) = file();
        assert_eq!(start(Path::new("f"), &octets).expect("a header"), Start::First(7));
        for cut in HEADER..=octets.len() {
            let mut seen = Vec::new();
            let good = walk(&octets[..cut], |frame| {
                let (table, b) = frame.expect("undamaged");
                seen.push((table, decode(b).expect("a batch").num_rows()));
            });
            let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
            assert_eq!(good, ends[whole], "cut at {cut}");
            assert_eq!(seen, [(0, 1), (1, 2), (0, 0)][..whole]);
        }
    }

    #[test]
    fn columns_of_one_value_are_short_and_read_back_whole() {
        let rows = 5_000;
        let text = |text: &str| Arc::new(StringViewArray::from_iter_values(vec![text; rows])) as ArrayRef;
        let address = FixedSizeBinaryArray::try_from_iter(std::iter::repeat_n([7_u8; 16], rows)).expect("addresses");
        let mut other = vec!["another"; rows];
        other[rows - 1] = "differs";
        let batch = RecordBatch::try_from_iter([
            ("short", text("TLS")),
            ("long", text("a text that is longer than twelve octets")),
            ("address", Arc::new(address) as ArrayRef),
            ("none", Arc::new(UInt16Array::new_null(rows)) as ArrayRef),
            ("other", Arc::new(StringViewArray::from_iter_values(other)) as ArrayRef),
        ])
        .expect("a batch");
        let part = batch.slice(10, rows - 10);
        let frame = encode(0, &part).expect("a frame");
        assert!(frame.len() < 16 * rows + 5_000, "got {} octets, want those of one column", frame.len());
        let mut octets = header(1).to_vec();
        octets.extend(&frame);
        let mut seen = Vec::new();
        walk(&octets, |frame| seen.push(decode(frame.expect("undamaged").1).expect("a batch")));
        assert_eq!(seen, [part]);
    }

    #[test]
    fn a_flipped_bit_costs_its_own_frame() {
        let (octets, ends) = file();
        for (number, frame) in ends.windows(2).enumerate() {
            for at in frame[0]..frame[1] {
                let (mut bad, mut seen) = (octets.clone(), Vec::new());
                bad[at] ^= 0x10;
                let good = walk(&bad, |frame| seen.push(frame.map(|(_, batch)| batch.len())));
                // Of the last one nobody knows whether it was ever whole: it is cut off.
                let (want, end) = if number == 2 { (2, ends[2]) } else { (3, ends[3]) };
                assert_eq!((seen.len(), good), (want, end), "octet {at}");
                assert!(seen.iter().enumerate().all(|(at, batch)| batch.is_none() == (at == number)), "octet {at}");
            }
        }
    }

    #[test]
    fn octets_that_are_no_frames_end_a_file() {
        for fill in [0, 0xff, 0x7f] {
            let mut octets = file().0;
            let end = octets.len();
            octets.extend(vec![fill; 5_000]);
            assert_eq!(walk(&octets, |frame| assert!(frame.is_some())), end);
        }
    }

    #[test]
    fn headers_are_checked() {
        let path = Path::new("x.wal");
        let good = header(1);
        assert_eq!(start(path, &good[..10]).expect("short"), Start::Torn);
        assert_eq!(start(path, &[0; 100]).expect("zeros"), Start::Torn);
        let mut newer = good;
        newer[8] = 3;
        let message = start(path, &newer).expect_err("a newer version").to_string();
        assert_eq!(message, "x.wal has format version 3, want at most 2: it was written by a newer version");
        assert!(start(path, &[b'x'; 40]).is_err());
        let mut flipped = good;
        flipped[13] ^= 1;
        assert!(start(path, &flipped).is_err());
    }
}
