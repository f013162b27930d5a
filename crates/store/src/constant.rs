// SPDX-License-Identifier: Apache-2.0
//! A column chunk in which all rows have the same value: a dictionary of one value, and pages of one run each (Parquet
//! format, "Dictionary Encoding" and "Run Length Encoding / Bit-Packing Hybrid"). About half of the columns of flows from
//! exporters are so, and the general writer hashes and compares every value of them; for addresses it has no
//! dictionary at all, but writes them in full.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use bytes::Bytes;
use parquet::basic::{Compression, Encoding, PageType};
use parquet::column::page::{CompressedPage, Page, PageWriter as _};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, OffsetIndexBuilder, PageEncodingStats};
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::file::writer::{SerializedPageWriter, SerializedRowGroupWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use crate::layout::{PAGE_ROWS, is_constant, is_indexed};

/// Longest text that is written here: statistics of longer ones are cut.
const MAX_TEXT: usize = 64;

/// The chunk, ready to be put into a row group.
pub(crate) struct Constant {
    octets: Bytes,
    close: ColumnCloseResult,
}

impl Constant {
    /// Appends it to a row group.
    pub(crate) fn append<W: std::io::Write + Send>(
        self,
        group: &mut SerializedRowGroupWriter<'_, W>,
    ) -> Result<(), ParquetError> {
        group.append_column(&self.octets, self.close)
    }
}

/// The chunk of a column; nothing where its rows differ or [`of`] gives nothing.
pub(crate) fn encode(column: &ColumnDescPtr, values: &[ArrayRef]) -> Result<Option<Constant>, ParquetError> {
    if !is_for(column) {
        return Ok(None);
    }
    let Some(value) = constant(values) else { return Ok(None) };
    of(column, &value, values.iter().map(|values| values.len()).sum())
}

/// True where no value may be missing and neither pages nor filters are asked what they hold.
fn is_for(column: &ColumnDescPtr) -> bool {
    column.max_def_level() == 0 && column.max_rep_level() == 0 && !is_indexed(column.name())
}

/// The chunk of a column in which so many rows have the value that `value` has in its first row; nothing where this is
/// not for the column or its type.
pub(crate) fn of(column: &ColumnDescPtr, value: &ArrayRef, rows: usize) -> Result<Option<Constant>, ParquetError> {
    if !is_for(column) {
        return Ok(None);
    }
    let Some((plain, statistics)) = plain(value, column) else { return Ok(None) };
    let mut sink = TrackedWrite::new(Vec::new());
    let mut pages = SerializedPageWriter::new(&mut sink);
    let length = plain.len();
    let dictionary =
        Page::DictionaryPage { buf: plain.into(), num_values: 1, encoding: Encoding::PLAIN, is_sorted: false };
    let written = pages.write_page(CompressedPage::new(dictionary, length))?;
    let (mut size, mut index, mut count) = (written.compressed_size, OffsetIndexBuilder::new(), 0);
    let data_at = written.bytes_written;
    for first in (0..rows).step_by(PAGE_ROWS) {
        let here = PAGE_ROWS.min(rows - first);
        let run = run(here);
        let length = run.len();
        let page = Page::DataPage {
            buf: run.into(),
            num_values: u32::try_from(here).unwrap_or(u32::MAX),
            encoding: Encoding::RLE_DICTIONARY,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let written = pages.write_page(CompressedPage::new(page, length))?;
        index.append_offset_and_size(signed(written.offset), i32::try_from(written.bytes_written).unwrap_or(i32::MAX));
        index.append_row_count(i64::try_from(here).unwrap_or(i64::MAX));
        size += written.compressed_size;
        count += 1;
    }
    let stats = |page_type, encoding, count| PageEncodingStats { page_type, encoding, count };
    let metadata = ColumnChunkMetaData::builder(column.clone())
        .set_compression(Compression::UNCOMPRESSED)
        .set_encodings(vec![Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY])
        .set_page_encoding_stats(vec![
            stats(PageType::DICTIONARY_PAGE, Encoding::PLAIN, 1),
            stats(PageType::DATA_PAGE, Encoding::RLE_DICTIONARY, count),
        ])
        .set_total_compressed_size(i64::try_from(size).unwrap_or(i64::MAX))
        .set_total_uncompressed_size(i64::try_from(size).unwrap_or(i64::MAX))
        .set_num_values(i64::try_from(rows).unwrap_or(i64::MAX))
        .set_dictionary_page_offset(Some(0))
        .set_data_page_offset(signed(data_at))
        .set_statistics(statistics)
        .build()?;
    let close = ColumnCloseResult {
        bytes_written: u64::try_from(size).unwrap_or(u64::MAX),
        rows_written: u64::try_from(rows).unwrap_or(u64::MAX),
        metadata,
        bloom_filter: None,
        column_index: None,
        offset_index: Some(index.build()),
    };
    Ok(Some(Constant { octets: sink.into_inner()?.into(), close }))
}

fn signed(offset: u64) -> i64 {
    i64::try_from(offset).unwrap_or(i64::MAX)
}

/// So many times the first value of a dictionary: the width of the numbers, which is nothing, and one run.
fn run(rows: usize) -> Vec<u8> {
    let mut out = vec![0];
    let mut header = rows << 1;
    while header >= 0x80 {
        out.push(u8::try_from(header & 0x7f).unwrap_or_default() | 0x80);
        header >>= 7;
    }
    out.push(u8::try_from(header).unwrap_or_default());
    out
}

/// The value that all rows have.
fn constant(values: &[ArrayRef]) -> Option<ArrayRef> {
    let first = values.first().filter(|values| !values.is_empty())?.slice(0, 1);
    let data = first.to_data();
    let same = |values: &ArrayRef| {
        values.null_count() == 0 && values.slice(0, values.len().min(1)).to_data() == data && is_constant(values)
    };
    values.iter().all(|values| !values.is_empty() && same(values)).then_some(first)
}

/// The value in plain encoding, and statistics of a chunk that has no other.
fn plain(value: &ArrayRef, column: &ColumnDescPtr) -> Option<(Vec<u8>, Statistics)> {
    let signed = column.sort_order().is_signed();
    let small = |number: u32| {
        let number = number.cast_signed();
        (number.to_le_bytes().to_vec(), statistics(number, signed))
    };
    let large = |number: i64| (number.to_le_bytes().to_vec(), statistics(number, signed));
    Some(match value.data_type() {
        DataType::UInt8 => small(value.as_primitive::<UInt8Type>().value(0).into()),
        DataType::UInt16 => small(value.as_primitive::<UInt16Type>().value(0).into()),
        DataType::UInt32 => small(value.as_primitive::<UInt32Type>().value(0)),
        DataType::UInt64 => large(value.as_primitive::<UInt64Type>().value(0).cast_signed()),
        // Seconds have no type in Parquet; the general writer knows what to make of them.
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            large(value.as_primitive::<TimestampMillisecondType>().value(0))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            large(value.as_primitive::<TimestampMicrosecondType>().value(0))
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => large(value.as_primitive::<TimestampNanosecondType>().value(0)),
        DataType::FixedSizeBinary(_) => {
            let octets = value.as_fixed_size_binary().value(0).to_vec();
            let of = FixedLenByteArray::from(ByteArray::from(octets.clone()));
            (octets, statistics(of, signed))
        }
        DataType::Utf8View => {
            let text = value.as_string_view().value(0).as_bytes();
            let length = u32::try_from(text.len()).ok().filter(|_| text.len() <= MAX_TEXT)?;
            let mut octets = length.to_le_bytes().to_vec();
            octets.extend(text);
            (octets, statistics(ByteArray::from(text.to_vec()), signed))
        }
        _ => return None,
    })
}

fn statistics<T: Clone>(value: T, signed: bool) -> Statistics
where
    Statistics: From<ValueStatistics<T>>,
{
    ValueStatistics::new(Some(value.clone()), Some(value), None, Some(0), false)
        .with_backwards_compatible_min_max(signed)
        .into()
}
