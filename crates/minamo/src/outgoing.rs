// SPDX-License-Identifier: Apache-2.0
//! The collectors that a server sends its flows to (`[[export]]`), each with the filter of what it gets.

use anyhow::Context as _;
use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use minamo_base::Sample;
use minamo_filter::Expr;
use minamo_sinks::export::{Clock, Door};
use minamo_store::{Condition, Lake};

use crate::clock;
use crate::settings::Export;

/// A collector and what it gets.
pub(crate) struct Outgoing {
    door: Door,
    /// Nothing where it gets everything.
    filter: Option<Condition>,
}

impl Outgoing {
    /// Opens an export and begins to send.
    pub(crate) fn open(export: Export, lake: &Lake) -> anyhow::Result<Self> {
        let Export { target, filter, buffer } = export;
        let wanted = filter != Expr::All;
        let filter = wanted.then(|| lake.filter(&filter)).transpose().context("export: filter")?;
        let door = match buffer {
            None => Door::open(target, Clock::System(clock::now)).context("export: cannot start")?,
            Some(settings) => Door::buffered(&target, &settings, clock::now)
                .with_context(|| format!("export: buffer {}", settings.folder.display()))?,
        };
        Ok(Self { door, filter })
    }

    /// Hands over those rows of a batch that pass; never waits.
    pub(crate) fn offer(&self, batch: &RecordBatch) {
        let Some(filter) = &self.filter else { return self.door.offer(batch) };
        match passing(filter, batch) {
            Ok(rows) => {
                self.door.counters().leave_out(batch.num_rows() - rows.num_rows());
                if rows.num_rows() > 0 {
                    self.door.offer(&rows);
                }
            }
            Err(error) => {
                self.door.counters().lose(batch.num_rows());
                tracing::error!(target = self.door.name(), %error, "rows are not exported");
            }
        }
    }

    /// Values of its counters.
    pub(crate) fn samples(&self) -> Vec<Sample> {
        self.door.samples()
    }

    /// Sends what waits, as far as the collector takes it now, and ends.
    pub(crate) fn close(&self) {
        self.door.close();
    }
}

fn passing(filter: &Condition, batch: &RecordBatch) -> anyhow::Result<RecordBatch> {
    let mask = filter.mask(batch)?;
    if mask.count_set_bits() == batch.num_rows() {
        return Ok(batch.clone());
    }
    Ok(filter_record_batch(batch, &BooleanArray::new(mask, None))?)
}
