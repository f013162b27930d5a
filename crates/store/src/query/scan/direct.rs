// SPDX-License-Identifier: Apache-2.0
//! Columns of numbers and addresses in which no value is missing are decoded here: with one zstd context per thread
//! where Parquet's reader makes two per column and row group, straight into the type of the table, and only those
//! rows of a page that are wanted. Everything else is left to Parquet's reader.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, FixedSizeBinaryArray, PrimitiveArray};
use arrow::buffer::Buffer;
use arrow::datatypes::{DataType, UInt8Type, UInt16Type, UInt32Type, UInt64Type};
use parquet::basic::{Compression, Encoding, Type};
use parquet::column::page::{Page, PageReader};
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::page_index::offset_index::PageLocation;
use parquet::file::serialized_reader::SerializedPageReader;
use zstd::bulk::Decompressor;

use super::group::Shared;
use super::runs::Runs;
use super::unpack::{codes, split_32, split_64};

/// Octets of an address.
const ADDRESS: usize = 16;

/// What a thread keeps between columns.
pub(crate) struct Kit {
    zstd: Decompressor<'static>,
}

impl Kit {
    /// A new one.
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self { zstd: Decompressor::new()? })
    }
}

/// A column of a row group.
pub(super) struct Direct {
    pages: SerializedPageReader<Shared>,
    /// First rows of the pages, and the end of the last.
    bounds: Vec<usize>,
    /// Number of the page that the reader gives next.
    next: usize,
    /// Rows of the page at hand, and how they lie in `octets`.
    rows: Range<usize>,
    coding: Coding,
    octets: Vec<u8>,
    codes: Vec<u32>,
    values: Box<dyn Values>,
}

/// How the values of a page lie.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Coding {
    Plain,
    Split,
    Codes,
}

impl Direct {
    /// The column of a row group with so many rows, where it can be decoded here.
    pub(super) fn new(
        runs: &Arc<Runs>,
        chunk: &ColumnChunkMetaData,
        pages: &[PageLocation],
        rows: usize,
        data_type: &DataType,
    ) -> Option<Result<Self, ParquetError>> {
        let column = chunk.column_descr();
        let simple = column.max_def_level() == 0 && column.max_rep_level() == 0;
        let known = chunk.encodings().all(|encoding| coding(encoding).is_some() || matches!(encoding, Encoding::RLE));
        if !simple || !known || !matches!(chunk.compression(), Compression::ZSTD(_)) {
            return None;
        }
        let values = values(data_type, column.physical_type(), column.type_length())?;
        let starts = pages.iter().map(|page| usize::try_from(page.first_row_index).ok());
        let bounds = starts.chain([Some(rows)]).collect::<Option<Vec<_>>>()?;
        if pages.is_empty() || bounds.first() != Some(&0) || !bounds.is_sorted_by(|a, b| a < b) {
            return None;
        }
        Some(Self::open(runs, chunk, pages, bounds, values))
    }

    fn open(
        runs: &Arc<Runs>,
        chunk: &ColumnChunkMetaData,
        pages: &[PageLocation],
        bounds: Vec<usize>,
        values: Box<dyn Values>,
    ) -> Result<Self, ParquetError> {
        // As pages that are not compressed they come as they lie in the file.
        let plain = chunk.clone().into_builder().set_compression(Compression::UNCOMPRESSED).build()?;
        let rows = bounds.last().copied().unwrap_or(0);
        let pages = SerializedPageReader::new(Arc::new(Shared(Arc::clone(runs))), &plain, rows, Some(pages.to_vec()))?;
        let (octets, codes) = (Vec::new(), Vec::new());
        Ok(Self { pages, bounds, next: 0, rows: 0..0, coding: Coding::Plain, octets, codes, values })
    }

    /// The values of these rows, which come in order, also from one call to the next.
    pub(super) fn read(&mut self, rows: &[Range<usize>], kit: &mut Kit) -> Result<ArrayRef, ParquetError> {
        self.values.reserve(rows.iter().map(Range::len).sum());
        for range in rows {
            let mut at = range.start;
            while at < range.end {
                if !self.rows.contains(&at) {
                    self.page(at, kit)?;
                }
                let end = range.end.min(self.rows.end);
                let of_page = at - self.rows.start..end - self.rows.start;
                let added = match self.coding {
                    Coding::Codes => self.codes.get(of_page).and_then(|codes| self.values.coded(codes)),
                    coding => self.values.add(coding, &self.octets, &of_page),
                };
                added.ok_or_else(|| bad("a page has other values than its header says"))?;
                at = end;
            }
        }
        self.values.take()
    }

    /// Brings the page that has this row.
    fn page(&mut self, row: usize, kit: &mut Kit) -> Result<(), ParquetError> {
        if self.next == 0 && self.pages.peek_next_page()?.is_some_and(|page| page.is_dict) {
            self.dictionary(kit)?;
        }
        let number = self.bounds.partition_point(|start| *start <= row);
        let (Some(number), Some(end)) = (number.checked_sub(1), self.bounds.get(number)) else {
            return Err(bad("a row beyond the last page"));
        };
        while self.next < number {
            self.pages.skip_next_page()?;
            self.next += 1;
        }
        let page = self.pages.get_next_page()?;
        self.next += 1;
        let Some(Page::DataPage { buf, num_values, encoding, .. }) = page else {
            return Err(bad("a page is missing, or of another kind"));
        };
        self.rows = self.bounds.get(number).copied().unwrap_or(0)..*end;
        let count = self.rows.len();
        if usize::try_from(num_values).ok() != Some(count) {
            return Err(bad("a page has another number of values than the index says"));
        }
        self.coding = coding(encoding).ok_or_else(|| bad("a page has an encoding that its column does not name"))?;
        // Codes take at most four octets each and as much again for headers of runs.
        let most = if self.coding == Coding::Codes { count * 8 + 64 } else { count * self.values.width() };
        kit.decompress(&buf, most, &mut self.octets)?;
        if self.coding == Coding::Codes {
            let read = codes(&self.octets, count, &mut self.codes);
            read.ok_or_else(|| bad("a page has other codes than its header says"))?;
        } else if self.octets.len() != most {
            return Err(bad("a page has another length than its values take"));
        }
        Ok(())
    }

    fn dictionary(&mut self, kit: &mut Kit) -> Result<(), ParquetError> {
        let Some(Page::DictionaryPage { buf, num_values, encoding, .. }) = self.pages.get_next_page()? else {
            return Err(bad("a dictionary is missing"));
        };
        let count = usize::try_from(num_values)?;
        let rows = self.bounds.last().copied().unwrap_or(0);
        if !matches!(encoding, Encoding::PLAIN | Encoding::PLAIN_DICTIONARY) || count > rows {
            return Err(bad("a dictionary has another encoding, or more values than there are rows"));
        }
        kit.decompress(&buf, count * self.values.width(), &mut self.octets)?;
        let known = self.values.dictionary(&self.octets, count);
        known.ok_or_else(|| bad("a dictionary has another length than its values take"))
    }
}

impl Kit {
    /// The octets of a page, at most so many.
    fn decompress(&mut self, page: &[u8], most: usize, out: &mut Vec<u8>) -> Result<(), ParquetError> {
        out.clear();
        out.reserve(most);
        // A page without values has no octets.
        if !page.is_empty() {
            self.zstd.decompress_to_buffer(page, out)?;
        }
        if out.len() > most {
            return Err(bad("a page is longer than its values take"));
        }
        Ok(())
    }
}

fn bad(what: &str) -> ParquetError {
    ParquetError::General(what.to_owned())
}

fn coding(encoding: Encoding) -> Option<Coding> {
    Some(match encoding {
        Encoding::PLAIN => Coding::Plain,
        Encoding::BYTE_STREAM_SPLIT => Coding::Split,
        Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => Coding::Codes,
        _ => return None,
    })
}

/// Values that are put together, in the type that the table has.
trait Values: Send {
    /// Octets of a value in the file.
    fn width(&self) -> usize;
    /// Takes the values of the dictionary.
    fn dictionary(&mut self, octets: &[u8], count: usize) -> Option<()>;
    fn reserve(&mut self, more: usize);
    /// Adds those rows of a page; nothing where it has others.
    fn add(&mut self, coding: Coding, octets: &[u8], rows: &Range<usize>) -> Option<()>;
    /// Adds what the codes mean; nothing where one means nothing.
    fn coded(&mut self, codes: &[u32]) -> Option<()>;
    /// Everything that was added since the last time.
    fn take(&mut self) -> Result<ArrayRef, ParquetError>;
}

/// Values of one type.
struct Typed<T> {
    width: usize,
    dictionary: Vec<T>,
    values: Vec<T>,
}

/// A type of values.
trait Cell: Copy + Default + Send + 'static {
    /// Adds those rows of a page, whose values have `width` octets.
    fn read(out: &mut Vec<Self>, coding: Coding, width: usize, octets: &[u8], rows: &Range<usize>) -> Option<()>;
    fn array(values: Vec<Self>) -> Result<ArrayRef, ParquetError>;
}

impl<T: Cell> Values for Typed<T> {
    fn width(&self) -> usize {
        self.width
    }

    fn dictionary(&mut self, octets: &[u8], count: usize) -> Option<()> {
        T::read(&mut self.dictionary, Coding::Plain, self.width, octets, &(0..count))
    }

    fn reserve(&mut self, more: usize) {
        self.values.reserve(more);
    }

    fn add(&mut self, coding: Coding, octets: &[u8], rows: &Range<usize>) -> Option<()> {
        T::read(&mut self.values, coding, self.width, octets, rows)
    }

    fn coded(&mut self, codes: &[u32]) -> Option<()> {
        let mut known = true;
        self.values.extend(codes.iter().map(|code| match self.dictionary.get(*code as usize) {
            Some(word) => *word,
            None => {
                known = false;
                T::default()
            }
        }));
        known.then_some(())
    }

    fn take(&mut self) -> Result<ArrayRef, ParquetError> {
        T::array(std::mem::take(&mut self.values))
    }
}

/// Numbers: those of 32 bits in the file may be of fewer in the table, or of more.
macro_rules! number {
    ($native:ty, $arrow:ty) => {
        impl Cell for $native {
            fn read(
                out: &mut Vec<Self>,
                coding: Coding,
                width: usize,
                octets: &[u8],
                rows: &Range<usize>,
            ) -> Option<()> {
                match (coding, width) {
                    (Coding::Split, 4) => out.extend(split_32(octets, rows)?.map(|n| n as Self)),
                    (Coding::Split, 8) => out.extend(split_64(octets, rows)?.map(|n| n as Self)),
                    (Coding::Plain, 4) => {
                        out.extend(plain::<4>(octets, rows)?.iter().map(|n| u32::from_le_bytes(*n) as Self));
                    }
                    (Coding::Plain, 8) => {
                        out.extend(plain::<8>(octets, rows)?.iter().map(|n| u64::from_le_bytes(*n) as Self));
                    }
                    _ => return None,
                }
                Some(())
            }

            fn array(values: Vec<Self>) -> Result<ArrayRef, ParquetError> {
                Ok(Arc::new(PrimitiveArray::<$arrow>::new(values.into(), None)))
            }
        }
    };
}

number!(u8, UInt8Type);
number!(u16, UInt16Type);
number!(u32, UInt32Type);
number!(u64, UInt64Type);

impl Cell for [u8; ADDRESS] {
    fn read(out: &mut Vec<Self>, coding: Coding, width: usize, octets: &[u8], rows: &Range<usize>) -> Option<()> {
        if coding != Coding::Plain || width != ADDRESS {
            return None;
        }
        out.extend_from_slice(plain(octets, rows)?);
        Some(())
    }

    fn array(values: Vec<Self>) -> Result<ArrayRef, ParquetError> {
        let octets = Buffer::from_vec(values.into_flattened());
        Ok(Arc::new(FixedSizeBinaryArray::try_new(16, octets, None)?))
    }
}

fn plain<'a, const N: usize>(octets: &'a [u8], rows: &Range<usize>) -> Option<&'a [[u8; N]]> {
    octets.as_chunks().0.get(rows.clone())
}

/// What takes values of a type of the table that lie as `physical` in the file.
fn values(data_type: &DataType, physical: Type, length: i32) -> Option<Box<dyn Values>> {
    fn typed<T: Cell>(width: usize) -> Option<Box<dyn Values>> {
        Some(Box::new(Typed::<T> { width, dictionary: Vec::new(), values: Vec::new() }))
    }
    match (data_type, physical) {
        (DataType::UInt8, Type::INT32) => typed::<u8>(4),
        (DataType::UInt16, Type::INT32) => typed::<u16>(4),
        (DataType::UInt32, Type::INT32) => typed::<u32>(4),
        (DataType::UInt64, Type::INT32) => typed::<u64>(4),
        (DataType::UInt64, Type::INT64) => typed::<u64>(8),
        (DataType::FixedSizeBinary(16), Type::FIXED_LEN_BYTE_ARRAY) if length == 16 => typed::<[u8; ADDRESS]>(ADDRESS),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use arrow::array::{Array, RecordBatch, UInt8Array, UInt16Array, UInt32Array, UInt64Array};
    use arrow::compute::{cast, concat};
    use arrow::datatypes::{Field, Schema};
    use parquet::arrow::ArrowWriter;
    use parquet::basic::ZstdLevel;
    use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
    use parquet::file::properties::WriterProperties;

    use super::*;
    use crate::checked::CheckedFile;

    const ROWS: usize = 1_000;

    /// A well-mixed number (the finalizer of SplitMix64).
    fn mix(n: u64) -> u64 {
        let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ (n >> 31)
    }

    fn addresses(of: u64) -> ArrayRef {
        let octets: Vec<u8> = (0..ROWS as u64).flat_map(|n| u128::from(mix(n % of)).to_be_bytes()).collect();
        Arc::new(FixedSizeBinaryArray::try_new(16, octets.into(), None).expect("addresses"))
    }

    /// Names, values as they are written, and the type that they are read as.
    fn columns() -> Vec<(&'static str, ArrayRef, DataType)> {
        let of = |most: u64| (0..ROWS as u64).map(move |n| mix(n) % most);
        let narrow: UInt32Array = of(1 << 32).map(|n| n as u32).collect();
        vec![
            ("few", Arc::new(UInt8Array::from_iter_values(of(3).map(|n| n as u8))), DataType::UInt8),
            ("many", Arc::new(UInt16Array::from_iter_values(of(65_536).map(|n| n as u16))), DataType::UInt16),
            ("split_32", Arc::new(narrow.clone()), DataType::UInt32),
            ("wider", Arc::new(narrow), DataType::UInt64),
            ("split_64", Arc::new(UInt64Array::from_iter_values(of(u64::MAX))), DataType::UInt64),
            ("plain", Arc::new(UInt64Array::from_iter_values(of(u64::MAX))), DataType::UInt64),
            ("runs", Arc::new(UInt16Array::from_iter_values((0..ROWS).map(|n| (n / 300) as u16))), DataType::UInt16),
            ("all", addresses(u64::MAX), DataType::FixedSizeBinary(16)),
            ("some", addresses(20), DataType::FixedSizeBinary(16)),
        ]
    }

    fn written(path: &Path) {
        let split = ["split_32", "wider", "split_64"];
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).expect("a level")))
            .set_data_page_row_count_limit(100)
            .set_write_batch_size(50)
            // The dictionary of `many` gets too large: the rest is plain.
            .set_dictionary_page_size_limit(1_200);
        for name in split.into_iter().chain(["plain", "all"]) {
            properties = properties.set_column_dictionary_enabled(name.into(), false);
        }
        for name in split {
            properties = properties.set_column_encoding(name.into(), Encoding::BYTE_STREAM_SPLIT);
        }
        let field =
            |(name, values, _): &(&str, ArrayRef, DataType)| Field::new(*name, values.data_type().clone(), false);
        let schema = Arc::new(Schema::new(columns().iter().map(field).collect::<Vec<_>>()));
        let values = columns().into_iter().map(|(_, values, _)| values).collect();
        let batch = RecordBatch::try_new(Arc::clone(&schema), values).expect("a batch");
        let file = std::fs::File::create(path).expect("made");
        let mut writer = ArrowWriter::try_new(file, schema, Some(properties.build())).expect("a writer");
        writer.write(&batch).expect("written");
        writer.close().expect("complete");
    }

    fn opened(path: &Path) -> (Arc<Runs>, ParquetMetaData) {
        let length = std::fs::metadata(path).expect("a file").len();
        let file = CheckedFile::open(path, length, &Arc::from([])).expect("opens");
        let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Required);
        let metadata = reader.parse_and_finish(&file).expect("a footer");
        (Arc::new(Runs::new(file, Vec::new())), metadata)
    }

    fn direct(runs: &Arc<Runs>, metadata: &ParquetMetaData, at: usize, data_type: &DataType) -> Direct {
        let pages = metadata.offset_index().expect("an index")[0][at].page_locations();
        let direct = Direct::new(runs, metadata.row_group(0).column(at), pages, ROWS, data_type);
        direct.expect("decoded here").expect("opens")
    }

    /// Some rows in order, as they may come: a few ranges at a time.
    fn selection(seed: u64) -> Vec<Vec<Range<usize>>> {
        let (mut out, mut at, mut n) = (Vec::new(), 0, seed * 1_000);
        while at < ROWS {
            let mut few = Vec::new();
            for _ in 0..1 + mix(n) % 3 {
                let start = at + (mix(n + 1) % (1 + seed * 17)) as usize;
                let end = start + 1 + (mix(n + 2) % 150) as usize;
                if start < ROWS {
                    few.push(start..end.min(ROWS));
                }
                (at, n) = (end, n + 3);
            }
            out.push(few);
        }
        out
    }

    #[test]
    fn any_rows_of_any_layout_are_what_was_written() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("file");
        written(&path);
        let (runs, metadata) = opened(&path);
        let mut kit = Kit::new().expect("a context");
        for (at, (name, values, data_type)) in columns().into_iter().enumerate() {
            let want = cast(&values, &data_type).expect("wider");
            for seed in 0..12 {
                let mut column = direct(&runs, &metadata, at, &data_type);
                for rows in selection(seed) {
                    let found = column.read(&rows, &mut kit).expect(name);
                    let want: Vec<ArrayRef> = rows.iter().map(|rows| want.slice(rows.start, rows.len())).collect();
                    let want: Vec<&dyn Array> = want.iter().map(|part| &**part).collect();
                    if !want.is_empty() {
                        assert_eq!(found.as_ref(), concat(&want).expect("one").as_ref(), "{name}, {seed}: {rows:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn spoilt_pages_are_an_error_or_values_and_never_more() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("file");
        written(&path);
        let (_, metadata) = opened(&path);
        let whole = std::fs::read(&path).expect("readable");
        let (first, end) = metadata.row_group(0).columns().iter().fold((u64::MAX, 0), |(first, end), chunk| {
            let (start, length) = chunk.byte_range();
            (first.min(start), end.max(start + length))
        });
        let mut kit = Kit::new().expect("a context");
        let mut failed = 0;
        for round in 0..400 {
            let mut spoilt = whole.clone();
            for flip in 0..4 {
                let place = first + mix(round * 4 + flip) % (end - first);
                spoilt[place as usize] ^= mix(round + 7) as u8 | 1;
            }
            std::fs::write(&path, spoilt).expect("written");
            let (runs, _) = opened(&path);
            for (at, (_, _, data_type)) in columns().into_iter().enumerate() {
                match direct(&runs, &metadata, at, &data_type).read(std::slice::from_ref(&(0..ROWS)), &mut kit) {
                    Ok(values) => assert_eq!(values.len(), ROWS),
                    Err(_) => failed += 1,
                }
            }
        }
        assert!(failed > 100, "{failed}");
    }
}
