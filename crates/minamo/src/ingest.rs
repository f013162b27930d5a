// SPDX-License-Identifier: Apache-2.0
//! From sources to the lake: takes batches from a bounded channel, adds what is known of their addresses, offers them
//! to the collectors that flows are exported to, and appends them. A full disk stops it until there is space again: sources then wait, and count what they have to drop themselves.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow::array::RecordBatch;
use minamo_base::Time;
use minamo_enrich::Enricher;
use minamo_model::{CellReader, FLOWS};
use minamo_schema::Value;
use minamo_store::Lake;
use tokio::sync::{Notify, mpsc};

use crate::enrichment::enrich;

/// Batches between sources and lake.
pub(crate) const QUEUE: usize = 64;
/// Wait between two attempts to append.
const RETRY: Duration = Duration::from_secs(1);

/// Times of the flows that came since detection last looked.
#[derive(Default)]
pub(crate) struct Fresh {
    span: Mutex<Option<(Time, Time)>>,
    pub(crate) notify: Notify,
}

impl Fresh {
    fn add(&self, batch: &RecordBatch) {
        let Ok(at) = batch.schema_ref().index_of(FLOWS.time) else { return };
        let reader = CellReader::new(batch.schema_ref().field(at), batch.column(at));
        let mut span = self.span.lock().unwrap_or_else(PoisonError::into_inner);
        for row in 0..batch.num_rows() {
            if let Value::Time(time) = reader.value(row) {
                let (first, last) = span.unwrap_or((time, time));
                *span = Some((first.min(time), last.max(time)));
            }
        }
        self.notify.notify_one();
    }

    /// The span, which begins anew.
    pub(crate) fn take(&self) -> Option<(Time, Time)> {
        self.span.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

minamo_base::counters! {
    /// Counters of ingest.
    pub(crate) struct Counters, pub(crate) static METRICS {
        /// Flow rows that the lake has acknowledged.
        rows: AtomicU64 = "minamo_ingest_rows_total" [], "";
        /// Appends tried again because the disk was full.
        retries: AtomicU64 = "minamo_ingest_retries_total" [reason = "full_disk"], "Free space: flows wait meanwhile.";
        /// Rows that the lake refused for good.
        refused: AtomicU64 = "minamo_ingest_dropped_rows_total" [reason = "refused"], "The log says why.";
    }
}

/// Appends what comes until all sources are gone.
pub(crate) async fn run(
    lake: Arc<Lake>,
    mut batches: mpsc::Receiver<RecordBatch>,
    mut enricher: Enricher,
    fresh: Arc<Fresh>,
    counters: Arc<Counters>,
    exports: Arc<Vec<minamo_sinks::export::Door>>,
) {
    while let Some(batch) = batches.recv().await {
        let batch = enrich(&mut enricher, batch);
        let rows = batch.num_rows() as u64;
        exports.iter().for_each(|export| export.offer(&batch));
        loop {
            match lake.append(&FLOWS, batch.clone()).await {
                Ok(()) => {
                    counters.rows.fetch_add(rows, Ordering::Relaxed);
                    fresh.add(&batch);
                    break;
                }
                Err(error) if error.is_full() => {
                    if counters.retries.fetch_add(1, Ordering::Relaxed).is_multiple_of(60) {
                        tracing::error!(%error, "the disk is full: flows wait until there is space");
                    }
                    tokio::time::sleep(RETRY).await;
                }
                Err(error) => {
                    counters.refused.fetch_add(rows, Ordering::Relaxed);
                    tracing::error!(%error, rows, "the lake refused a batch");
                    break;
                }
            }
        }
    }
}
