// SPDX-License-Identifier: Apache-2.0
//! From sources to the lake: takes batches from a bounded channel, adds what is known of their addresses, offers them
//! to the collectors that flows are exported to, and appends them. A full disk stops it until there is space again: sources then wait, and count what they have to drop themselves.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arrow::array::{AsArray as _, RecordBatch};
use arrow::compute::{max, min};
use arrow::datatypes::TimestampNanosecondType;
use minamo_base::Time;
use minamo_enrich::Enricher;
use minamo_model::FLOWS;
use minamo_store::Lake;
use tokio::sync::{Notify, mpsc};

use crate::detector::Counted;
use crate::enrichment::enrich;
use crate::feeds::Hunt;
use crate::outgoing::Outgoing;
use crate::waiting::Waiting;

/// Batches between sources and lake.
pub(crate) const QUEUE: usize = 64;
/// Wait between two attempts to append.
const RETRY: Duration = Duration::from_secs(1);

/// What came since detection last looked: times of the flows, and what rules count of them.
#[derive(Default)]
pub(crate) struct Fresh {
    span: Mutex<Option<(Time, Time)>>,
    counted: Mutex<Vec<Counted>>,
    hunts: Mutex<Vec<Hunt>>,
    pub(crate) notify: Notify,
    /// What is not stored yet.
    pub(crate) waiting: Waiting,
}

impl Fresh {
    /// Counts for these rules from now on.
    pub(crate) fn count(&self, rules: Vec<Counted>) {
        *self.counted() = rules;
    }

    /// What the rules count, while nothing comes in.
    pub(crate) fn counted(&self) -> MutexGuard<'_, Vec<Counted>> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells of flows that were stored.
    pub(crate) fn add(&self, batch: &RecordBatch) {
        let times = batch.column_by_name(FLOWS.time).and_then(|times| times.as_primitive_opt());
        let Some(times) = times else { return };
        let (Some(first), Some(last)) = (min::<TimestampNanosecondType>(times), max(times)) else { return };
        self.counted().iter_mut().for_each(|counted| counted.add(batch));
        let mut span = self.span.lock().unwrap_or_else(PoisonError::into_inner);
        let (from, to) = span.unwrap_or((Time(first), Time(last)));
        *span = Some((from.min(Time(first)), to.max(Time(last))));
        drop(span);
        self.notify.notify_one();
    }

    /// Asks for a search of the past.
    pub(crate) fn hunt(&self, hunts: Vec<Hunt>) {
        self.hunts.lock().unwrap_or_else(PoisonError::into_inner).extend(hunts);
        self.notify.notify_one();
    }

    /// What the past is to be searched for.
    pub(crate) fn hunts(&self) -> Vec<Hunt> {
        std::mem::take(&mut *self.hunts.lock().unwrap_or_else(PoisonError::into_inner))
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
    exports: Arc<Vec<Outgoing>>,
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
