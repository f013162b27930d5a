// SPDX-License-Identifier: Apache-2.0
//! What the lake's threads share: the hot rows and the live segments of each table behind one lock, so that
//! a reader sees each row exactly once, and the log files that wait for release.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use arrow::array::{Array as _, ArrayRef, AsArray as _, RecordBatch};
use minamo_base::Time;
use tokio::sync::Semaphore;

use crate::StoreError;
use crate::catalog::RETAINED;
use crate::counters::{Counters, add};
use crate::maintain::Job;
use crate::query::{Queries, Rates, Turns};
use crate::retention::{Hold, Retained};
use crate::rollup::Rollups;
use crate::segment::Segment;
use crate::settings::Settings;
use crate::span::Span;
use crate::tables::{PerTable, TABLES};
use crate::wal::WalFile;

/// A batch that is in the log but in no segment yet.
#[derive(Debug)]
pub(crate) struct HotBatch {
    /// Number of its frame.
    pub(crate) seq: u64,
    /// The rows.
    pub(crate) batch: RecordBatch,
    /// Times of the rows.
    pub(crate) span: Span,
    /// Octets that the rows take in memory.
    bytes: usize,
}

impl HotBatch {
    /// The batch of frame `seq`.
    pub(crate) fn new(seq: u64, batch: RecordBatch, span: Span) -> Self {
        // Of the rows alone: columns of a batch that was read back share one buffer.
        let texts = |column: &ArrayRef| column.as_string_view_opt().map_or(0, |texts| texts.total_buffer_bytes_used());
        let octets = |column: &ArrayRef| column.to_data().get_slice_memory_size().unwrap_or(0) + texts(column);
        let bytes = batch.columns().iter().map(octets).sum();
        Self { seq, batch, span, bytes }
    }
}

/// Rows of one table.
#[derive(Debug, Default)]
struct Content {
    hot: Vec<Arc<HotBatch>>,
    hot_rows: usize,
    hot_bytes: usize,
    segments: Vec<Arc<Segment>>,
    /// All frames up to this number are in segments.
    through: u64,
    /// Why the last seal failed, if it did.
    stalled: Option<String>,
    /// After a failed seal none is tried before there are this many hot rows, or somebody waits for room.
    retry_rows: usize,
}

/// A consistent view of one table: every row that was acknowledged before is in it exactly once.
#[derive(Debug, Clone, Default)]
pub(crate) struct View {
    /// Batches that are not sealed, in the order of their numbers.
    pub(crate) hot: Vec<Arc<HotBatch>>,
    /// Live segments.
    pub(crate) segments: Vec<Arc<Segment>>,
}

/// How much a table holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Extent {
    pub(crate) hot_rows: u64,
    pub(crate) hot_bytes: u64,
    pub(crate) segments: u64,
    pub(crate) segment_rows: u64,
    pub(crate) segment_bytes: u64,
    pub(crate) span: Span,
}

/// The shared part of a lake.
pub(crate) struct Shared {
    /// Directory of the lake.
    pub(crate) dir: PathBuf,
    /// Sizes and limits.
    pub(crate) settings: Settings,
    /// The clock that was handed in.
    pub(crate) clock: fn() -> Time,
    /// What happened so far.
    pub(crate) counters: Counters,
    /// Traffic per filter and minute.
    pub(crate) rollups: Rollups,
    content: Mutex<PerTable<Content>>,
    room: Condvar,
    closed_wal: Mutex<Vec<WalFile>>,
    jobs: Option<SyncSender<Job>>,
    seal_asked: AtomicBool,
    holds: Mutex<Vec<Hold>>,
    /// Newest last.
    retained: Mutex<VecDeque<Retained>>,
    /// Less is free than shall be.
    short: AtomicBool,
    /// So little is free that nothing more is taken.
    full: AtomicBool,
    stopping: AtomicBool,
    /// Queries that may run at the same time, and those that wait.
    pub(crate) turns: Arc<Turns>,
    /// The queries that wait or run.
    pub(crate) queries: Queries,
    /// Segments of which is known whether they have sampled flows.
    pub(crate) rates: Rates,
    /// Exports that may run at the same time: they last as long as their readers want.
    pub(crate) exports: Arc<Semaphore>,
}

/// Exports at the same time, beside all other queries.
const EXPORTS: usize = 4;

impl Shared {
    /// An empty state; `jobs` leads to the maintenance thread, if there is one.
    pub(crate) fn new(dir: &Path, settings: Settings, clock: fn() -> Time, jobs: Option<SyncSender<Job>>) -> Self {
        let turns = Turns::new(settings.query_slots, settings.query_queue);
        Self {
            dir: dir.to_owned(),
            turns,
            queries: Queries::default(),
            rates: Rates::default(),
            exports: Arc::new(Semaphore::new(EXPORTS)),
            settings,
            clock,
            counters: Counters::default(),
            rollups: Rollups::default(),
            content: Mutex::default(),
            room: Condvar::new(),
            closed_wal: Mutex::default(),
            jobs,
            seal_asked: AtomicBool::new(false),
            holds: Mutex::default(),
            retained: Mutex::default(),
            short: AtomicBool::new(false),
            full: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
        }
    }

    /// Ranges from which nothing is deleted.
    pub(crate) fn holds(&self) -> Vec<Hold> {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes in what the catalog says of them.
    pub(crate) fn set_holds(&self, holds: Vec<Hold>) {
        *self.holds.lock().unwrap_or_else(PoisonError::into_inner) = holds;
    }

    /// Takes in what the catalog says of earlier runs, oldest first.
    pub(crate) fn set_retained(&self, runs: Vec<Retained>) {
        *self.retained.lock().unwrap_or_else(PoisonError::into_inner) = runs.into();
    }

    /// Notes what retention deleted.
    pub(crate) fn note_retained(&self, run: Retained) {
        let mut retained = self.retained.lock().unwrap_or_else(PoisonError::into_inner);
        if retained.len() >= RETAINED {
            retained.pop_front();
        }
        retained.push_back(run);
    }

    /// What retention deleted, newest first.
    pub(crate) fn retained(&self) -> Vec<Retained> {
        self.retained.lock().unwrap_or_else(PoisonError::into_inner).iter().rev().copied().collect()
    }

    /// Notes how much space there is.
    pub(crate) fn set_free(&self, short: bool, full: bool) {
        self.short.store(short, Ordering::Release);
        if self.full.swap(full, Ordering::AcqRel) != full && full {
            tracing::error!(dir = %self.dir.display(), "the disk is almost full and nothing more may be deleted");
        }
    }

    /// True where less is free than shall be.
    pub(crate) fn is_short(&self) -> bool {
        self.short.load(Ordering::Acquire)
    }

    /// True where nothing more is taken.
    pub(crate) fn is_full(&self) -> bool {
        self.full.load(Ordering::Acquire)
    }

    /// Asks long work to end.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// True where long work shall end.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Hands a job to the maintenance thread without waiting; gives it back where the queue is full.
    pub(crate) fn offer(&self, job: Job) -> Result<(), Job> {
        match &self.jobs {
            Some(jobs) => jobs.try_send(job).map_err(|error| match error {
                TrySendError::Full(job) | TrySendError::Disconnected(job) => job,
            }),
            None => Err(job),
        }
    }

    fn content(&self) -> MutexGuard<'_, PerTable<Content>> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fills in what the catalog says, at start.
    pub(crate) fn load(&self, table: usize, segments: Vec<Arc<Segment>>, through: u64) {
        if let Some(content) = self.content().get_mut(table) {
            (content.segments, content.through) = (segments, through);
        }
    }

    /// Adds a batch; batches come in the order of their numbers.
    pub(crate) fn push_hot(&self, table: usize, batch: HotBatch) {
        if let Some(content) = self.content().get_mut(table) {
            content.hot_rows += batch.batch.num_rows();
            content.hot_bytes += batch.bytes;
            content.hot.push(Arc::new(batch));
        }
    }

    /// Views of all tables, taken at the same instant.
    pub(crate) fn views(&self) -> PerTable<View> {
        let content = self.content();
        std::array::from_fn(|table| {
            content.get(table).map_or_else(View::default, |c| View { hot: c.hot.clone(), segments: c.segments.clone() })
        })
    }

    /// Batches of a table that are not sealed.
    pub(crate) fn hot(&self, table: usize) -> Vec<Arc<HotBatch>> {
        self.content().get(table).map_or_else(Vec::new, |c| c.hot.clone())
    }

    /// All frames of a table up to this number are in segments.
    pub(crate) fn through(&self, table: usize) -> u64 {
        self.content().get(table).map_or(0, |c| c.through)
    }

    /// Live segments of a table.
    pub(crate) fn segments(&self, table: usize) -> Vec<Arc<Segment>> {
        self.content().get(table).map_or_else(Vec::new, |c| c.segments.clone())
    }

    /// Replaces the hot rows up to frame `through` by segments, in one step for readers.
    pub(crate) fn sealed(&self, table: usize, segments: Vec<Arc<Segment>>, through: u64) {
        if let Some(content) = self.content().get_mut(table) {
            content.segments.extend(segments);
            content.hot.retain(|batch| batch.seq > through);
            content.hot_rows = content.hot.iter().map(|batch| batch.batch.num_rows()).sum();
            content.hot_bytes = content.hot.iter().map(|batch| batch.bytes).sum();
            content.through = content.through.max(through);
            content.stalled = None;
            content.retry_rows = 0;
        }
        self.room.notify_all();
    }

    /// Replaces segments by others, in one step for readers.
    pub(crate) fn replaced(&self, table: usize, old: &[Arc<Segment>], new: Option<Arc<Segment>>) {
        if let Some(content) = self.content().get_mut(table) {
            content.segments.retain(|segment| old.iter().all(|o| o.id != segment.id));
            content.segments.extend(new);
        }
    }

    /// Notes that a seal failed, so that appends that wait for room are told.
    pub(crate) fn seal_failed(&self, error: &StoreError) {
        add(&self.counters.seal_errors, 1);
        for content in self.content().iter_mut() {
            content.stalled = Some(error.to_string());
            content.retry_rows = content.hot_rows + self.settings.seal_rows / 4;
        }
        self.room.notify_all();
    }

    fn over(&self, content: &Content, factor: usize) -> bool {
        content.hot_rows >= self.settings.seal_rows.saturating_mul(factor)
            || content.hot_bytes >= self.settings.seal_bytes.saturating_mul(factor)
    }

    /// Waits while the hot buffer of a table is full and sealing goes on; an error where sealing fails.
    pub(crate) fn wait_for_room(&self, table: usize) -> Result<(), StoreError> {
        let mut content = self.content();
        let mut asked = false;
        loop {
            let Some(of_table) = content.get_mut(table) else { return Ok(()) };
            if !self.over(of_table, self.settings.stall_factor) {
                return Ok(());
            }
            if asked {
                if let Some(reason) = &of_table.stalled {
                    return Err(StoreError::Stalled(reason.clone()));
                }
            } else {
                asked = true;
                of_table.stalled = None;
                of_table.retry_rows = 0;
            }
            drop(content);
            self.ask_for_seal();
            content = self.content();
            let still =
                content.get(table).is_some_and(|c| c.stalled.is_none() && self.over(c, self.settings.stall_factor));
            if still {
                content = self.room.wait(content).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// Asks the maintenance thread to seal, where a table holds enough for it.
    pub(crate) fn ask_for_seal(&self) {
        if self.wants_seal() && !self.seal_asked.swap(true, Ordering::AcqRel) {
            // A full queue holds a job already after which the thread looks again.
            if let Some(jobs) = &self.jobs
                && jobs.try_send(Job::SealIfFull).is_err()
            {
                self.seal_asked.store(false, Ordering::Release);
            }
        }
    }

    /// True where a table holds enough to be sealed.
    fn wants_seal(&self) -> bool {
        self.content().iter().any(|content| self.over(content, 1) && content.hot_rows >= content.retry_rows)
    }

    /// True where a table holds enough to be sealed; the request is taken back.
    pub(crate) fn take_seal_request(&self) -> bool {
        self.seal_asked.store(false, Ordering::Release);
        self.wants_seal()
    }

    /// Hands over a log file that takes no more frames.
    pub(crate) fn closed_wal(&self, file: WalFile) {
        self.closed_wal.lock().unwrap_or_else(PoisonError::into_inner).push(file);
    }

    /// Deletes the closed log files whose frames are all in segments.
    pub(crate) fn release_wal(&self) {
        let mut through = [0; TABLES];
        for (to, content) in through.iter_mut().zip(self.content().iter()) {
            *to = content.through;
        }
        let mut files = self.closed_wal.lock().unwrap_or_else(PoisonError::into_inner);
        files.retain(|file| {
            if !file.sealed(&through) {
                return true;
            }
            match std::fs::remove_file(&file.path) {
                Ok(()) => add(&self.counters.released_wal_files, 1),
                // It is read again at the next start and its frames are skipped.
                Err(error) => tracing::warn!(path = %file.path.display(), %error, "log file not deleted"),
            }
            false
        });
    }

    /// How much a table holds.
    pub(crate) fn extent(&self, table: usize) -> Extent {
        let content = self.content();
        let mut out =
            Extent { hot_rows: 0, hot_bytes: 0, segments: 0, segment_rows: 0, segment_bytes: 0, span: Span::NONE };
        let Some(content) = content.get(table) else { return out };
        out.hot_rows = content.hot_rows as u64;
        out.hot_bytes = content.hot_bytes as u64;
        out.segments = content.segments.len() as u64;
        for batch in &content.hot {
            out.span = out.span.join(batch.span);
        }
        for segment in &content.segments {
            out.segment_rows += segment.rows;
            out.segment_bytes += segment.bytes;
            out.span = out.span.join(segment.span);
        }
        out
    }
}
