// SPDX-License-Identifier: Apache-2.0
//! Between collector and ingest: pairs one-sided records and marks duplicates. A full queue to ingest makes it wait,
//! and the collector then counts what it drops.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arrow::array::RecordBatch;
use minamo_base::Time;
use minamo_pair::{DuplicateSettings, Duplicates, PairSettings, Pairer};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use crate::clock;
use crate::exported::Exported;
use crate::ingest::Fresh;
use crate::interfaces::InterfaceNames;

/// How often rows that have waited long enough are looked for.
const TICK: Duration = Duration::from_millis(500);
/// Columns that every row has to have.
const TIMES: [&str; 2] = ["time_start", "time_end"];

minamo_base::counters! {
    /// Counters of pairing and of marking duplicates.
    pub(crate) struct Counters, pub(crate) static METRICS {
        /// Records that need no partner: both directions in one, multicast, messages without an answer.
        passed: AtomicU64 = "minamo_pair_records_total" [outcome = "passed"], "";
        /// Records that were joined, two to a row.
        paired: AtomicU64 = "minamo_pair_records_total" [outcome = "paired"], "";
        /// Records that waited and found no partner; they are stored as they came.
        alone: AtomicU64 = "minamo_pair_records_total" [outcome = "alone"], "";
        /// Records stored as they came before their time.
        evicted: AtomicU64 = "minamo_pair_evicted_total" [reason = "full"],
            "Raise collect.pair_max, or lower collect.pair_wait: these records could not wait for their partner.";
        /// Records stored as they came because many of one conversation were waiting.
        crowded: AtomicU64 = "minamo_pair_evicted_total" [reason = "crowded"],
            "Many records with the same endpoints and one direction only, such as syslog over UDP: nothing is lost.";
        /// Pairs that could not be joined and were stored as two records.
        failed: AtomicU64 = "minamo_pair_failures_total" [], "A fault of the program: report it.";
        /// Records that wait for their partner now.
        waiting: AtomicU64 = "minamo_pair_waiting_records" [], "";
        /// Octets of memory that they take.
        octets: AtomicU64 = "minamo_pair_waiting_octets" [], "";
        /// Rows marked because another exporter tells the same flow.
        marked: AtomicU64 = "minamo_duplicate_rows_total" [], "";
        /// Conversations forgotten before their time.
        forgotten: AtomicU64 = "minamo_duplicate_evicted_total" [reason = "full"],
            "Raise collect.duplicate_max: rows of these flows may be counted twice.";
        /// Batches that could not wait for other exporters' rows.
        hurried: AtomicU64 = "minamo_duplicate_evicted_total" [reason = "memory"],
            "More rows arrive than fit in memory for two seconds: of two exporters' rows the later may be the better.";
        /// Conversations remembered now.
        flows: AtomicU64 = "minamo_duplicate_flows" [], "";
    }
}

/// The stages that are switched on.
pub(crate) struct Stages {
    pairer: Option<Pairer>,
    duplicates: Option<Duplicates>,
}

impl Stages {
    pub(crate) fn new(pairing: Option<PairSettings>, duplicates: Option<DuplicateSettings>) -> Self {
        Self { pairer: pairing.map(Pairer::new), duplicates: duplicates.map(Duplicates::new) }
    }

    /// Takes what arrived, if anything did; gives what is ready by `now`.
    fn step(&mut self, arrived: Option<RecordBatch>, now: Time) -> Vec<RecordBatch> {
        let paired = match &mut self.pairer {
            None => Vec::from_iter(arrived),
            Some(pairer) => {
                let mut out = Vec::new();
                if let Some(batch) = arrived {
                    pairer.batch(batch, now, &mut out);
                }
                pairer.advance(now, &mut out);
                out
            }
        };
        self.mark(paired, now)
    }

    fn mark(&mut self, paired: Vec<RecordBatch>, now: Time) -> Vec<RecordBatch> {
        let Some(duplicates) = &mut self.duplicates else { return paired };
        let mut out = Vec::new();
        for batch in paired {
            duplicates.batch(batch, now, &mut out);
        }
        duplicates.advance(now, &mut out);
        out
    }

    /// Everything that still waits.
    fn finish(&mut self, now: Time) -> Vec<RecordBatch> {
        let mut paired = Vec::new();
        if let Some(pairer) = &mut self.pairer {
            pairer.finish(&mut paired);
        }
        let mut out = self.mark(paired, now);
        if let Some(duplicates) = &mut self.duplicates {
            duplicates.finish(&mut out);
        }
        out
    }

    /// The rows that wait, with the columns that a text names.
    fn waiting(&self, text: &str) -> Vec<RecordBatch> {
        let wanted = |column: &str| TIMES.contains(&column) || text.contains(column);
        self.pairer.as_ref().map(|pairer| pairer.waiting(wanted)).unwrap_or_default()
    }

    fn tell(&self, counters: &Counters) {
        let pairs = self.pairer.as_ref().map(Pairer::counters).unwrap_or_default();
        let marks = self.duplicates.as_ref().map(Duplicates::counters).unwrap_or_default();
        for (counter, value) in [
            (&counters.passed, pairs.passed),
            (&counters.paired, pairs.pairs.saturating_mul(2)),
            (&counters.alone, pairs.alone),
            (&counters.evicted, pairs.evicted),
            (&counters.crowded, pairs.crowded),
            (&counters.failed, pairs.failed),
            (&counters.waiting, pairs.waiting),
            (&counters.octets, pairs.octets),
            (&counters.marked, marks.marked),
            (&counters.forgotten, marks.evicted),
            (&counters.hurried, marks.hurried),
            (&counters.flows, marks.flows),
        ] {
            counter.store(value, Ordering::Relaxed);
        }
    }
}

/// Runs until the collector's queue is closed; what still waits then is handed on. Verdicts on encrypted sessions and names
/// of interfaces are added last. Detection is told of what comes, and sees what waits.
pub(crate) async fn run(
    mut stages: Stages,
    mut queue: mpsc::Receiver<RecordBatch>,
    (batches, fresh): (mpsc::Sender<RecordBatch>, Arc<Fresh>),
    counters: Arc<Counters>,
    (mut judge, mut names): (Exported, InterfaceNames),
) -> anyhow::Result<()> {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut asked = fresh.waiting.asked();
    let mut open = true;
    while open {
        let ready = tokio::select! {
            arrived = queue.recv() => match arrived {
                Some(batch) => {
                    fresh.notify.notify_one();
                    stages.step(Some(batch), clock::now())
                }
                None => {
                    open = false;
                    stages.finish(clock::now())
                }
            },
            _ = tick.tick() => stages.step(None, clock::now()),
            Some(ask) = asked.recv() => {
                // Who asked may have gone.
                drop(ask.answer.send(stages.waiting(&ask.wanted)));
                continue;
            }
        };
        stages.tell(&counters);
        for batch in ready {
            batches
                .send(names.add(judge.add(batch), clock::now()))
                .await
                .map_err(|_| anyhow::anyhow!("ingest ended before the collector"))?;
        }
    }
    Ok(())
}
