// SPDX-License-Identifier: Apache-2.0
//! The one decoder behind all listeners: it owns the template cache, fills batches and hands them on.

use std::sync::Arc;
use std::time::Duration;

use minamo_base::Time;
use minamo_flowwire::{Cache, decode};
use minamo_model::{BATCH_ROWS, FlowBuilder};
use minamo_schema::arrow::array::RecordBatch;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::SendTimeoutError;
use tokio::time::MissedTickBehavior;

use crate::counters::{Counters, add};
use crate::listener::{Arrival, Pool};
use crate::{CollectError, Settings};

pub(crate) struct Decoder {
    settings: Settings,
    sender: mpsc::Sender<RecordBatch>,
    counters: Arc<Counters>,
    pool: Arc<Pool>,
    clock: fn() -> Time,
    cache: Cache,
    builder: FlowBuilder,
    /// Arrival of the first row in the builder.
    opened: Option<Time>,
    ready: Vec<RecordBatch>,
}

impl Decoder {
    pub(crate) fn new(
        settings: Settings,
        sender: mpsc::Sender<RecordBatch>,
        counters: Arc<Counters>,
        pool: Arc<Pool>,
        clock: fn() -> Time,
    ) -> Self {
        let cache = Cache::new(settings.limits).with_elements(Arc::clone(&settings.elements));
        let (builder, opened, ready) = (FlowBuilder::default(), None, Vec::new());
        Self { settings, sender, counters, pool, clock, cache, builder, opened, ready }
    }

    /// Decodes what the queue brings until it is closed and empty.
    pub(crate) async fn run(mut self, mut queue: mpsc::Receiver<Arrival>) -> Result<(), CollectError> {
        let mut tick = tokio::time::interval((self.settings.batch_age / 4).max(Duration::from_millis(1)));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let now = tokio::select! {
                arrival = queue.recv() => match arrival {
                    Some(arrival) => {
                        let received = arrival.received;
                        self.decode(arrival);
                        received
                    }
                    None => {
                        self.close();
                        self.counters.cache(&self.cache);
                        return self.send().await;
                    }
                },
                _ = tick.tick() => {
                    self.counters.cache(&self.cache);
                    (self.clock)()
                }
            };
            let age = self.opened.map(|opened| now.since(opened));
            if age.is_some_and(|age| u128::from(age.unsigned_abs()) >= self.settings.batch_age.as_nanos()) {
                self.close();
            }
            self.send().await?;
        }
    }

    fn decode(&mut self, arrival: Arrival) {
        let max = self.settings.batch_rows.clamp(1, BATCH_ROWS);
        let Self { cache, builder, ready, counters, opened, .. } = self;
        let report = decode(&arrival.octets, arrival.exporter, arrival.received, cache, &mut |flow| {
            builder.append(flow);
            opened.get_or_insert(arrival.received);
            if builder.len() >= max {
                finish(builder, ready, counters);
                *opened = None;
            }
        });
        self.counters.report(&report);
        if let Some(first) = report.skipped.first() {
            tracing::debug!(exporter = %arrival.exporter, skipped = report.skipped.len(), %first, "datagram not used in full");
        }
        self.pool.give(arrival.octets, self.settings.queue);
    }

    /// Ends the batch that is being filled.
    fn close(&mut self) {
        self.opened = None;
        if !self.builder.is_empty() {
            finish(&mut self.builder, &mut self.ready, &self.counters);
        }
    }

    /// Hands on the batches that are ready: each waits for room up to the bound, then is dropped and counted.
    async fn send(&mut self) -> Result<(), CollectError> {
        for batch in self.ready.drain(..) {
            let rows = u64::try_from(batch.num_rows()).unwrap_or(u64::MAX);
            match self.sender.send_timeout(batch, self.settings.send_wait).await {
                Ok(()) => add(&self.counters.batches, 1),
                Err(SendTimeoutError::Timeout(_)) => {
                    add(&self.counters.dropped_full, rows);
                    tracing::warn!(rows, "batch dropped: the next stage took none for too long");
                }
                Err(SendTimeoutError::Closed(_)) => {
                    add(&self.counters.dropped_full, rows);
                    return Err(CollectError::Closed);
                }
            }
        }
        Ok(())
    }
}

fn finish(builder: &mut FlowBuilder, ready: &mut Vec<RecordBatch>, counters: &Counters) {
    let rows = builder.len();
    match builder.finish() {
        Ok(batch) => ready.push(batch),
        Err(error) => {
            add(&counters.dropped_batch, u64::try_from(rows).unwrap_or(u64::MAX));
            tracing::error!(rows, %error, "batch dropped: it could not be built");
        }
    }
}
