// SPDX-License-Identifier: Apache-2.0
//! Rows of the only exporter so far: nothing of them is told twice, so that nobody has to look at them one by one until
//! another exporter comes.

use std::collections::VecDeque;

use minamo_base::{Ip, Time};
use minamo_schema::arrow::array::RecordBatch;

use crate::cells::{COLUMNS, Cells, Way};

/// Batches that were not looked at, with the time of their arrival.
#[derive(Debug, Default)]
pub(crate) struct Unread {
    /// Exporter and way of all rows so far.
    only: Option<(Ip, Way)>,
    batches: VecDeque<(Time, RecordBatch)>,
    rows: usize,
}

impl Unread {
    /// True where these rows are of the exporter and the way that all rows before were of.
    pub(crate) fn is_only(&mut self, cells: &Cells<'_>, rows: usize) -> bool {
        (0..rows).all(|row| {
            let Some(exporter) = cells.exporter(row) else { return true };
            let own = (exporter, if cells.tells_way() { cells.low_way(row, cells.key(row).1) } else { Way::Untold });
            *self.only.get_or_insert(own) == own
        })
    }

    /// Puts a batch off; returns how many rows were forgotten because more than `most` would wait.
    pub(crate) fn put_off(&mut self, batch: &RecordBatch, now: Time, most: usize) -> usize {
        let schema = batch.schema_ref();
        let places: Vec<usize> = COLUMNS.iter().filter_map(|name| schema.index_of(name).ok()).collect();
        // The places are the schema's own.
        let Ok(needed) = batch.project(&places) else { return 0 };
        self.rows += needed.num_rows();
        self.batches.push_back((now, needed));
        let mut forgotten = 0;
        while self.rows > most {
            let Some((_, oldest)) = self.batches.pop_front() else { break };
            self.rows -= oldest.num_rows();
            forgotten += oldest.num_rows();
        }
        forgotten
    }

    /// Forgets what arrived before an instant.
    pub(crate) fn forget_before(&mut self, instant: Time) {
        while let Some((_, oldest)) = self.batches.pop_front_if(|(arrived, _)| *arrived <= instant) {
            self.rows -= oldest.num_rows();
        }
    }

    /// Rows that were put off.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// All that was put off, to look at it now.
    pub(crate) fn take(&mut self) -> VecDeque<(Time, RecordBatch)> {
        self.rows = 0;
        std::mem::take(&mut self.batches)
    }
}
