// SPDX-License-Identifier: Apache-2.0
//! The times that a set of rows covers: lowest and highest start and end.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{max, min};
use arrow::datatypes::TimestampNanosecondType;
use minamo_base::Time;
use minamo_model::Table;

use crate::StoreError;
use crate::batches::{Batches, Place};

/// Name of the column that ends a row, in every table.
pub(crate) const TIME_END: &str = "time_end";

/// Lowest and highest `time_start` and `time_end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// Earliest start.
    pub(crate) min_start: Time,
    /// Latest start.
    pub(crate) max_start: Time,
    /// Earliest end.
    pub(crate) min_end: Time,
    /// Latest end.
    pub(crate) max_end: Time,
}

impl Span {
    /// Of no rows: it overlaps nothing.
    pub(crate) const NONE: Self =
        Self { min_start: Time(i64::MAX), max_start: Time(i64::MIN), min_end: Time(i64::MAX), max_end: Time(i64::MIN) };

    /// Of the rows of a batch; an error where a row has no time.
    pub(crate) fn of(table: &'static Table, batch: &RecordBatch) -> Result<Self, StoreError> {
        if batch.num_rows() == 0 {
            return Ok(Self::NONE);
        }
        let ends = |name: &str| {
            let column = batch.column_by_name(name).filter(|c| c.null_count() == 0)?;
            let times = column.as_primitive_opt::<TimestampNanosecondType>()?;
            Some((Time(min(times)?), Time(max(times)?)))
        };
        let need = |name: &str| ends(name).ok_or_else(|| without_time(table, name));
        let ((min_start, max_start), (min_end, max_end)) = (need(table.time)?, need(TIME_END)?);
        Ok(Self { min_start, max_start, min_end, max_end })
    }

    /// Of the rows of some places; an error where a row has no time.
    pub(crate) fn of_places(table: &'static Table, rows: &Batches, places: &[Place]) -> Result<Self, StoreError> {
        let times = |name: &str| {
            let arrays = &rows.column(name)?.arrays;
            let times =
                |array: &ArrayRef| array.as_primitive_opt::<TimestampNanosecondType>().map(|t| t.values().clone());
            arrays.iter().map(|array| times(array).filter(|_| array.null_count() == 0)).collect::<Option<Vec<_>>>()
        };
        let ends = |name: &str| {
            let times = times(name)?;
            let ends = places.iter().try_fold((i64::MAX, i64::MIN), |(low, high), (batch, row)| {
                let time = *times.get(*batch)?.get(*row)?;
                Some((low.min(time), high.max(time)))
            });
            ends.map(|(low, high)| (Time(low), Time(high)))
        };
        let need = |name: &str| ends(name).ok_or_else(|| without_time(table, name));
        let ((min_start, max_start), (min_end, max_end)) = (need(table.time)?, need(TIME_END)?);
        Ok(Self { min_start, max_start, min_end, max_end })
    }

    /// Of both.
    pub(crate) fn join(self, other: Self) -> Self {
        Self {
            min_start: self.min_start.min(other.min_start),
            max_start: self.max_start.max(other.max_start),
            min_end: self.min_end.min(other.min_end),
            max_end: self.max_end.max(other.max_end),
        }
    }
}

fn without_time(table: &'static Table, name: &str) -> StoreError {
    StoreError::Batch { table: table.name, reason: format!("want a time in {name} of every row") }
}
