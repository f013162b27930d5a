// SPDX-License-Identifier: Apache-2.0
//! Which rows of a row group are to be asked for what, by what its statistics, the index of its pages and its bloom
//! filters say.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;

use arrow::datatypes::{DataType, TimeUnit};
use minamo_filter::{Expr, Literal};
use minamo_schema::{CellType, Column};
use parquet::bloom_filter::Sbbf;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::page_index::column_index::ColumnIndexMetaData;

use super::group::{Ask, Group};
use super::prove::{Evidence, Fact, Left, simplify, stored};

/// Parts of a filter that are told apart in one row group; where more are left, all of it is asked.
const MOST_PARTS: usize = 8;

/// What the statistics of a row group say, and of one stretch of its rows, where there are pages of its own.
struct Stretch<'a> {
    group: &'a Group<'a>,
    rows: Option<Range<usize>>,
    /// Bloom filters that were read, by leaf; nothing for one that is not there.
    blooms: RefCell<HashMap<usize, Option<Sbbf>>>,
}

impl<'a> Stretch<'a> {
    fn new(group: &'a Group<'a>, rows: Option<Range<usize>>) -> Self {
        Self { group, rows, blooms: RefCell::default() }
    }
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
        let octets = match literal {
            Literal::Ip(ip) => ip.0.to_vec(),
            Literal::Text(text) => text.as_bytes().to_vec(),
            _ => return false,
        };
        let mut blooms = self.blooms.borrow_mut();
        let bloom = blooms.entry(leaf).or_insert_with(|| self.group.bloom(leaf));
        bloom.as_ref().is_some_and(|bloom| !bloom.check(octets.as_slice()))
    }
}

impl Group<'_> {
    /// The place of a column among the leaves and its unit, where it is an instant.
    fn leaf(&self, column: &Column) -> Option<(usize, Option<TimeUnit>)> {
        let (root, field) = self.open.metadata.schema().column_with_name(column.name)?;
        let unit = match field.data_type() {
            DataType::Timestamp(unit, _) => Some(*unit),
            _ => None,
        };
        Some((self.leaf_of(root)?, unit))
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

    /// The bloom filter of a column. One that cannot be read excludes nothing: the rows behind it are read and tell
    /// what is wrong.
    fn bloom(&self, leaf: usize) -> Option<Sbbf> {
        let chunk = self.chunk(leaf).filter(|chunk| chunk.bloom_filter_offset().is_some())?;
        Sbbf::read_from_column_chunk(chunk, &self.open.file).ok().flatten()
    }

    /// Which rows are to be asked for what.
    pub(super) fn plan(&self, filter: &Expr) -> Vec<Ask> {
        let whole = || std::iter::once(0..self.rows()).collect();
        let rest = match simplify(filter, &Stretch::new(self, None)) {
            Left::Nothing => return Vec::new(),
            Left::Everything => return vec![(None, whole())],
            Left::Part(rest) => rest,
        };
        let mut asks: Vec<Ask> = Vec::new();
        for rows in self.stretches(&rest) {
            let part = match simplify(&rest, &Stretch::new(self, Some(rows.clone()))) {
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
}
