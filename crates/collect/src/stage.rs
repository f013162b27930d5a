// SPDX-License-Identifier: Apache-2.0
//! The last stage before the channel: rows become batches, which leave when they are full or old.

use std::sync::Arc;
use std::time::Duration;

use minamo_base::Time;
use minamo_model::{BATCH_ROWS, Flow, FlowBuilder};
use minamo_schema::Block;
use minamo_schema::arrow::array::RecordBatch;
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use crate::counters::{Counters, add};
use crate::{CollectError, Settings};

/// Pause between two attempts to hand a batch on.
const PAUSE: Duration = Duration::from_millis(1);

/// Fills batches and hands them on.
pub(crate) struct Stage {
    sender: Sender<RecordBatch>,
    counters: Arc<Counters>,
    builder: FlowBuilder,
    max: usize,
    age: Duration,
    wait: Duration,
    /// Arrival of the first row in the builder.
    opened: Option<Time>,
    ready: Vec<RecordBatch>,
}

impl Stage {
    pub(crate) fn new(settings: &Settings, sender: Sender<RecordBatch>, counters: Arc<Counters>) -> Self {
        Self {
            sender,
            counters,
            builder: FlowBuilder::default(),
            max: settings.batch_rows.clamp(1, BATCH_ROWS),
            age: settings.batch_age,
            wait: settings.send_wait,
            opened: None,
            ready: Vec::new(),
        }
    }

    pub(crate) fn append(&mut self, flow: &Flow, received: Time) {
        self.builder.append(flow);
        self.opened.get_or_insert(received);
        if self.builder.len() >= self.max {
            self.close();
        }
    }

    /// Takes the first rows of a block.
    pub(crate) fn extend(&mut self, block: &Block, rows: usize, received: Time) {
        let mut at = 0;
        while at < rows {
            let end = rows.min(at + self.max - self.builder.len());
            self.builder.extend(block, at..end);
            self.opened.get_or_insert(received);
            if self.builder.len() >= self.max {
                self.close();
            }
            at = end;
        }
    }

    /// Ends the batch that is being filled, where it is too old.
    pub(crate) fn look(&mut self, now: Time) {
        let age = self.opened.map(|opened| u128::from(now.since(opened).unsigned_abs()));
        if age.is_some_and(|age| age >= self.age.as_nanos()) {
            self.close();
        }
    }

    /// Ends the batch that is being filled.
    pub(crate) fn close(&mut self) {
        self.opened = None;
        let rows = self.builder.len();
        if rows == 0 {
            return;
        }
        match self.builder.finish() {
            Ok(batch) => self.ready.push(batch),
            Err(error) => {
                add(&self.counters.dropped_batch, rows as u64);
                tracing::error!(rows, %error, "batch dropped: it could not be built");
            }
        }
    }

    /// Hands on the batches that are ready: each waits for room up to the bound, then is dropped and counted.
    pub(crate) fn send(&mut self) -> Result<(), CollectError> {
        for batch in std::mem::take(&mut self.ready) {
            let rows = batch.num_rows() as u64;
            match self.offer(batch) {
                Ok(()) => add(&self.counters.batches, 1),
                Err(TrySendError::Full(_)) => {
                    add(&self.counters.dropped_full, rows);
                    tracing::warn!(rows, "batch dropped: the next stage took none for too long");
                }
                Err(TrySendError::Closed(_)) => {
                    add(&self.counters.dropped_full, rows);
                    return Err(CollectError::Closed);
                }
            }
        }
        Ok(())
    }

    #[allow(clippy::result_large_err, reason = "the error gives the batch back, as the channel does")]
    fn offer(&self, mut batch: RecordBatch) -> Result<(), TrySendError<RecordBatch>> {
        let mut waited = Duration::ZERO;
        loop {
            match self.sender.try_send(batch) {
                Err(TrySendError::Full(back)) if waited < self.wait => {
                    batch = back;
                    std::thread::sleep(PAUSE);
                    waited += PAUSE;
                }
                result => return result,
            }
        }
    }
}
