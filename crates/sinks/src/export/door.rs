// SPDX-License-Identifier: Apache-2.0
//! An exporter, or a buffer on disk, behind a bounded queue and on a thread of its own, for those who must not wait. A
//! full queue drops the newest batch and counts it. Without a buffer the batch at the front is tried again while a TCP
//! collector is away, each time later, and the queue fills; with one the queue fills only where the disk is too slow.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use arrow::array::RecordBatch;
use minamo_base::{Sample, Time};

use super::spool::{self, Spool, SpoolCounters};
use super::{Clock, Counters, Exporter, Target, add};

/// Batches that may wait.
const QUEUE: usize = 64;
/// First and longest wait between two attempts.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// A wait is cut into such pieces, so that the end of the program is not late.
const PIECE: Duration = Duration::from_millis(100);
/// Time between two looks at what is due in a buffer.
const TICK: Duration = Duration::from_millis(500);
/// How long the end waits for the collector behind a buffer; what it does not take then stays on disk.
const FAREWELL: Duration = Duration::from_secs(5);

/// Takes batches for one target.
pub struct Door {
    name: String,
    queue: Mutex<Option<SyncSender<RecordBatch>>>,
    account: Account,
    closing: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Who counts.
enum Account {
    Direct(Arc<Counters>),
    Buffered(SpoolCounters),
}

impl Door {
    /// Starts the thread.
    pub fn open(target: Target, clock: Clock) -> std::io::Result<Self> {
        let (counters, closing) = (Arc::new(Counters::default()), Arc::new(AtomicBool::new(false)));
        let name = target.url.clone();
        let exporter = Exporter::new(target, clock, Arc::clone(&counters));
        let (own, end) = (Arc::clone(&counters), Arc::clone(&closing));
        let run = move |batches: Receiver<RecordBatch>| run(exporter, &batches, &own, &end);
        Self::start(name, Account::Direct(counters), closing, run)
    }

    /// Opens a buffer on disk and starts the threads.
    pub fn buffered(target: &Target, settings: &spool::Settings, clock: fn() -> Time) -> std::io::Result<Self> {
        let spool = Spool::open(target, settings, clock)?;
        let account = Account::Buffered(spool.counters());
        let run = move |batches: Receiver<RecordBatch>| fill(spool, &batches);
        Self::start(target.url.clone(), account, Arc::default(), run)
    }

    fn start(
        name: String,
        account: Account,
        closing: Arc<AtomicBool>,
        run: impl FnOnce(Receiver<RecordBatch>) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (queue, batches) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new().name("export".to_owned()).spawn(move || run(batches))?;
        let (queue, thread) = (Mutex::new(Some(queue)), Mutex::new(Some(thread)));
        Ok(Self { name, queue, account, closing, thread })
    }

    /// Name of the target.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What every export counts.
    pub fn counters(&self) -> &Counters {
        match &self.account {
            Account::Direct(counters) => counters,
            Account::Buffered(counters) => counters.export(),
        }
    }

    /// Values of all counters, those of the buffer too where there is one.
    pub fn samples(&self) -> Vec<Sample> {
        match &self.account {
            Account::Direct(counters) => counters.samples(&[&self.name]),
            Account::Buffered(counters) => counters.samples(&self.name),
        }
    }

    /// Hands over a batch; never waits.
    pub fn offer(&self, batch: &RecordBatch) {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.as_ref().is_none_or(|queue| queue.try_send(batch.clone()).is_err()) {
            add(&self.counters().dropped, batch.num_rows());
        }
    }

    /// Sends what waits, as far as the collector takes it now, and ends the thread.
    pub fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            drop(thread.join());
        }
    }
}

fn run(mut exporter: Exporter, batches: &Receiver<RecordBatch>, counters: &Counters, closing: &AtomicBool) {
    let mut pause = PAUSES.0;
    for batch in batches {
        while let Err(error) = exporter.send(&batch) {
            if closing.load(Ordering::Relaxed) {
                add(&counters.dropped_end, batch.num_rows());
                break;
            }
            tracing::debug!(%error, "export waits");
            let mut left = pause;
            while !left.is_zero() && !closing.load(Ordering::Relaxed) {
                let piece = left.min(PIECE);
                std::thread::sleep(piece);
                left -= piece;
            }
            pause = (pause * 2).min(PAUSES.1);
        }
        if counters.connected.load(Ordering::Relaxed) == 1 {
            pause = PAUSES.0;
        }
    }
}

/// Writes what comes into the buffer, which sends it.
fn fill(mut spool: Spool, batches: &Receiver<RecordBatch>) {
    loop {
        match batches.recv_timeout(TICK) {
            Ok(batch) => spool.write(&batch),
            Err(RecvTimeoutError::Timeout) => spool.tick(),
            Err(RecvTimeoutError::Disconnected) => return spool.close(FAREWELL),
        }
    }
}
