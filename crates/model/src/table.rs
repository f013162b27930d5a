// SPDX-License-Identifier: Apache-2.0
//! A record type as data: its name and columns, for code that treats all of them alike.

use std::sync::{Arc, LazyLock};

use arrow::array::{RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use minamo_schema::{Column, ColumnId};

use crate::{Event, Flow};

/// Most rows that a batch holds.
pub const BATCH_ROWS: usize = 8_192;

/// A table of the lake.
#[derive(Debug)]
pub struct Table {
    /// Name in SQL.
    pub name: &'static str,
    /// Column that orders and partitions it.
    pub time: &'static str,
    groups: &'static [&'static [Column]],
    schema: SchemaRef,
}

/// The flows.
pub static FLOWS: LazyLock<Table> = LazyLock::new(|| Table::new("flows", "time_start", Flow::GROUPS));
/// The events.
pub static EVENTS: LazyLock<Table> = LazyLock::new(|| Table::new("events", "time_start", Event::GROUPS));

impl Table {
    fn new(name: &'static str, time: &'static str, groups: &'static [&'static [Column]]) -> Self {
        let fields: Vec<_> = groups.iter().flat_map(|g| g.iter()).map(Column::field).collect();
        Self { name, time, groups, schema: Arc::new(Schema::new(fields)) }
    }

    /// All columns, in order.
    pub fn columns(&self) -> impl Iterator<Item = &'static Column> + use<> {
        self.groups.iter().flat_map(|group| group.iter())
    }

    /// All columns with their places in the row.
    pub fn places(&self) -> impl Iterator<Item = (ColumnId, &'static Column)> + use<> {
        self.groups.iter().enumerate().flat_map(|(group, columns)| {
            columns.iter().enumerate().filter_map(move |(at, column)| {
                Some((ColumnId { group: u8::try_from(group).ok()?, at: u8::try_from(at).ok()? }, column))
            })
        })
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns().find(|c| c.name == name)
    }

    /// The Arrow schema of all columns.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The batch with every column of the table: those that it lacks as nulls, others dropped.
    pub fn align(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let columns = self.schema.fields().iter().map(|field| match batch.column_by_name(field.name()) {
            Some(column) if column.data_type() == field.data_type() => Arc::clone(column),
            _ => new_null_array(field.data_type(), batch.num_rows()),
        });
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(self.schema(), columns.collect(), &options)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn columns_are_unique_documented_and_mirrored_both_ways() {
        for table in [&*FLOWS, &*EVENTS] {
            let mut names = HashSet::new();
            for column in table.columns() {
                assert!(names.insert(column.name), "{} stands twice", column.name);
                assert!(column.doc.trim().len() > 8 && !column.doc_ja.is_empty(), "{} has no doc", column.name);
                if let Some(mirror) = column.mirror {
                    let other = table.column(mirror).unwrap_or_else(|| panic!("{} mirrors nothing", column.name));
                    assert_eq!(other.mirror, Some(column.name));
                    assert_eq!(other.cell, column.cell);
                }
            }
        }
    }

    #[test]
    fn an_element_belongs_to_one_column() {
        let mut seen = HashSet::new();
        for column in FLOWS.columns() {
            for source in column.sources {
                assert!(seen.insert(format!("{source:?}")), "{source:?} of {} stands twice", column.name);
            }
        }
    }
}
