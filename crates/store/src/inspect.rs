// SPDX-License-Identifier: Apache-2.0
//! What a lake is made of, for operators: segments, columns and what they cost, and whether the disk still has
//! what was written.

use std::collections::BTreeMap;

use minamo_base::Time;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaDataReader};

use crate::counters::add;
use crate::tables::tables;
use crate::{Lake, StoreError};

/// A live segment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SegmentInfo {
    /// Name of its table.
    pub table: &'static str,
    /// Identity in the catalog.
    pub id: i64,
    /// Path under the lake's directory.
    pub path: String,
    /// Class of its rows; empty for the rest.
    pub class: String,
    /// Number of rows.
    pub rows: u64,
    /// Octets of the file.
    pub bytes: u64,
    /// Earliest start of a row.
    pub first: Time,
    /// Latest end of a row.
    pub last: Time,
}

/// What a column takes in all segments of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ColumnSize {
    /// Name of the table.
    pub table: &'static str,
    /// Name of the column.
    pub column: String,
    /// Octets on disk.
    pub stored: u64,
    /// Octets before compression, as encoded.
    pub encoded: u64,
    /// Rows of the segments that have the column.
    pub rows: u64,
}

impl Lake {
    /// The live segments, by table and earliest row.
    pub fn segments(&self) -> Vec<SegmentInfo> {
        let mut out = Vec::new();
        for (place, table) in tables().into_iter().enumerate() {
            out.extend(self.shared.segments(place).into_iter().map(|segment| SegmentInfo {
                table: table.name,
                id: segment.id,
                path: segment.path.clone(),
                class: segment.class.clone(),
                rows: segment.rows,
                bytes: segment.bytes,
                first: segment.span.min_start,
                last: segment.span.max_end,
            }));
        }
        out.sort_by(|a, b| (a.table, a.first, a.id).cmp(&(b.table, b.first, b.id)));
        out
    }

    /// What each column takes, largest first; reads the footers of all segments.
    pub fn columns(&self) -> Result<Vec<ColumnSize>, StoreError> {
        let mut sums: BTreeMap<(&'static str, String), (u64, u64, u64)> = BTreeMap::new();
        for (place, table) in tables().into_iter().enumerate() {
            for segment in self.shared.segments(place) {
                let failed = StoreError::parquet("read", &segment.file);
                let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Skip);
                let footer = reader.parse_and_finish(&segment.open()?).map_err(failed)?;
                for group in footer.row_groups() {
                    for column in group.columns() {
                        let name = column.column_path().parts().first().cloned().unwrap_or_default();
                        let sum = sums.entry((table.name, name)).or_default();
                        sum.0 += column.compressed_size().cast_unsigned();
                        sum.1 += column.uncompressed_size().cast_unsigned();
                        sum.2 += group.num_rows().cast_unsigned();
                    }
                }
            }
        }
        let of = |((table, column), (stored, encoded, rows))| ColumnSize { table, column, stored, encoded, rows };
        let mut out: Vec<_> = sums.into_iter().map(of).collect();
        out.sort_by(|a, b| (a.table, b.stored, &a.column).cmp(&(b.table, a.stored, &b.column)));
        Ok(out)
    }

    /// Compares every octet of every segment with its checksum, calls `each` after each segment, and gives what
    /// is wrong. Blocks the thread.
    pub fn verify(&self, mut each: impl FnMut(&SegmentInfo)) -> Vec<StoreError> {
        let mut wrong = Vec::new();
        for info in self.segments() {
            let segments = (0..tables().len()).flat_map(|place| self.shared.segments(place));
            // One that was replaced meanwhile need not be looked at.
            if let Some(segment) = segments.into_iter().find(|segment| segment.id == info.id)
                && let Err(error) = segment.open().and_then(|file| file.verify())
            {
                add(&self.shared.counters.damaged, 1);
                wrong.push(error);
            }
            each(&info);
        }
        wrong
    }
}
