// SPDX-License-Identifier: Apache-2.0
//! The maintenance thread: sealing, retention, and the deletion of what merges replace. It alone writes the
//! catalog. Merging itself is another thread's ([`crate::compact`]), so that a long merge never holds up a seal.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use arrow::array::RecordBatch;
use minamo_base::Time;
use minamo_model::Table;
use tokio::sync::oneshot;

use crate::StoreError;
use crate::batches::Batches;
use crate::catalog::Catalog;
use crate::compact::{Compactor, Merged};
use crate::counters::add;
use crate::retention::{Doomed, Hold, Retained, Retention, Rule};
use crate::segment::{self, Origin, Segment};
use crate::shared::{HotBatch, Shared};
use crate::tables::{TABLES, tables};

/// Where the answer to a job goes: how many rows it was about.
pub(crate) type Reply = oneshot::Sender<Result<u64, StoreError>>;
/// Where the number of a new hold goes.
pub(crate) type HoldReply = oneshot::Sender<Result<i64, StoreError>>;

/// The thread looks at ages and free space at least this often.
const WATCH: Duration = Duration::from_secs(30);

/// Longest that the clock goes forward between two looks at it: far more than the longest seal or merge.
const JUMP: Duration = Duration::from_secs(3_600);
/// The same from the newest flow to the first look: a program that was stopped for longer looks like a jump, and its
/// old flows then go a day later.
const JUMP_AT_START: Duration = Duration::from_secs(86_400);
/// Time without deletion by age after a jump.
const DISTRUST: Duration = Duration::from_secs(86_400);

/// What the thread is asked for. The queue is bounded; a job that asks for nothing new may be dropped.
pub(crate) enum Job {
    /// Seal the tables that hold enough.
    SealIfFull,
    /// Seal everything.
    Seal(Reply),
    /// Merge segments until none are left to merge.
    Compact(Reply),
    /// A merge has ended.
    Merged(Box<Merged>),
    /// Delete segments whose last row ended before a time.
    Expire(Time, Reply),
    /// Apply ages, budgets and the watermark now.
    Retain(Reply),
    /// Exempt a range from every deletion.
    Hold(Hold, HoldReply),
    /// End a hold.
    Release(i64, Reply),
    /// End the thread.
    Stop,
}

/// The thread's state.
pub(crate) struct Maintainer {
    shared: Arc<Shared>,
    catalog: Catalog,
    next_id: i64,
    compactor: Compactor,
    retention: Retention,
    /// Replaced segments and when that was, oldest first.
    replaced: Vec<(Time, Arc<Segment>)>,
    /// Who waits for the end of all merges, and how many rows were merged since.
    waiting: Vec<(u64, Reply)>,
    /// The last look at the clock, and how far it may go until the next one.
    looked: Option<(Time, Duration)>,
    /// Nothing is deleted because of its age before this time.
    trusted_from: Time,
}

impl Maintainer {
    /// A thread's state over an open catalog.
    pub(crate) fn new(shared: Arc<Shared>, catalog: Catalog) -> Result<Self, StoreError> {
        let next_id = catalog.next_id()?;
        let compactor = Compactor::start(Arc::clone(&shared))?;
        let retention = Retention::new(&shared.settings)?;
        shared.set_holds(catalog.holds()?);
        shared.set_retained(catalog.retained()?);
        if let Some(shortage) = retention.shortage(&shared) {
            tracing::warn!("{shortage}");
        }
        // Clocks of exporters may be ahead of ours: only what is not in the future counts.
        let now = (shared.clock)();
        let newest = (0..TABLES).flat_map(|place| shared.segments(place)).map(|segment| segment.span.max_end);
        let looked = newest.filter(|end| *end <= now).max().map(|end| (end, JUMP_AT_START));
        let (replaced, waiting, trusted_from) = (Vec::new(), Vec::new(), Time(i64::MIN));
        Ok(Self { shared, catalog, next_id, compactor, retention, replaced, waiting, looked, trusted_from })
    }

    /// Does jobs until it is told to stop.
    pub(crate) fn run(mut self, jobs: &Receiver<Job>) {
        self.merge_next();
        loop {
            match jobs.recv_timeout(WATCH) {
                Ok(Job::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    self.compactor.rested();
                    self.merge_next();
                    self.retain_or_log();
                }
                Ok(job) => self.job(job),
            }
            // After any job: a request that found the queue full is served as well.
            if self.shared.take_seal_request() && self.seal_all().is_ok() {
                self.merge_next();
                self.retain_or_log();
            }
            self.sweep();
        }
        self.compactor.stop();
    }

    fn job(&mut self, job: Job) {
        match job {
            Job::Stop | Job::SealIfFull => {}
            Job::Seal(reply) => {
                drop(reply.send(self.seal_all()));
                self.merge_next();
                self.retain_or_log();
            }
            Job::Compact(reply) => {
                self.compactor.rested();
                self.waiting.push((0, reply));
                self.merge_next();
            }
            Job::Merged(merged) => {
                self.merged(*merged);
                self.merge_next();
            }
            Job::Expire(before, reply) => {
                let old = |segment: &Segment| segment.span.max_end < before;
                drop(reply.send(self.expire(old)));
            }
            Job::Retain(reply) => drop(reply.send(self.retain(&Retention::RULES, (self.shared.clock)()))),
            Job::Hold(hold, reply) => {
                let made = self.catalog.hold(&hold);
                drop(reply.send(made.and_then(|id| self.reload_holds().map(|()| id))));
            }
            Job::Release(id, reply) => {
                let ended = self.catalog.release(id);
                drop(reply.send(ended.and_then(|rows| self.reload_holds().map(|()| rows))));
            }
        }
    }

    fn reload_holds(&self) -> Result<(), StoreError> {
        self.shared.set_holds(self.catalog.holds()?);
        Ok(())
    }

    fn seal_all(&mut self) -> Result<u64, StoreError> {
        let mut rows = 0;
        for (place, table) in tables().into_iter().enumerate() {
            match self.seal(place, table) {
                Ok(sealed) => rows += sealed,
                Err(error) => {
                    tracing::error!(%error, table = table.name, "seal failed");
                    self.shared.seal_failed(&error);
                    return Err(error);
                }
            }
        }
        self.shared.release_wal();
        Ok(rows)
    }

    /// Moves the hot rows of a table into segments. Until the catalog's commit a crash leaves orphan files
    /// and the log; after it the log's frames are skipped: no row is lost or there twice.
    fn seal(&mut self, place: usize, table: &'static Table) -> Result<u64, StoreError> {
        let hot: Vec<Arc<HotBatch>> = self.shared.hot(place);
        let (Some(first), Some(last)) = (hot.first(), hot.last()) else { return Ok(0) };
        let frames = (first.seq, last.seq);
        let shared = Arc::clone(&self.shared);
        let _rolled = shared.rollups.roll(&shared, place, &hot);
        let batches: Vec<&RecordBatch> = hot.iter().map(|h| &h.batch).collect();
        let sealed: u64 = batches.iter().map(|batch| batch.num_rows() as u64).sum();
        let mut parts = Vec::new();
        for (class, batches) in self.retention.classify(table, &batches)? {
            let rows = Batches::of(table, &batches.iter().collect::<Vec<_>>());
            let of_class = segment::divide(table, &rows)?;
            parts.push((class, rows, of_class));
        }
        let mut written = Vec::new();
        let count = parts.iter().map(|(_, _, parts)| parts.len()).sum();
        for (class, rows, part) in
            parts.iter().flat_map(|(class, rows, parts)| parts.iter().map(move |part| (class, rows, part)))
        {
            let (id, replaces) = (self.take_id(), Vec::new());
            let origin = Origin { id, hour: part.hour, class: class.clone(), frames, parts: count, replaces };
            match segment::write(&self.shared.dir, table, rows, part, origin) {
                Ok(segment) => written.push(Arc::new(segment)),
                Err(error) => return Err(discard(&written, error)),
            }
        }
        if let Err(error) = self.catalog.seal(table.name, &written, frames.1) {
            return Err(discard(&written, error));
        }
        add(&self.shared.counters.sealed_rows, sealed);
        add(&self.shared.counters.sealed_segments, written.len());
        self.shared.sealed(place, written, frames.1);
        Ok(sealed)
    }

    fn take_id(&mut self) -> i64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// Gives the compactor its next work, if it is idle and there is some.
    fn merge_next(&mut self) {
        if self.compactor.busy() {
            return;
        }
        let id = self.next_id;
        if self.compactor.choose(id, !self.waiting.is_empty()) {
            self.next_id += 1;
            return;
        }
        for (rows, reply) in self.waiting.drain(..) {
            drop(reply.send(Ok(rows)));
        }
    }

    fn merged(&mut self, Merged { place, table, old, result }: Merged) {
        self.compactor.done();
        let merged = result.and_then(|new| self.replace(place, table, &old, new));
        match merged {
            Ok(rows) => self.waiting.iter_mut().for_each(|(sum, _)| *sum += rows),
            Err(StoreError::Closed) => {}
            Err(error) => {
                tracing::error!(%error, table = table.name, "compaction failed");
                add(&self.shared.counters.compact_errors, 1);
                self.compactor.failed(&old, error.is_full());
                for (_, reply) in self.waiting.drain(..) {
                    drop(reply.send(Err(error.clone())));
                }
            }
        }
    }

    fn replace(
        &mut self,
        place: usize,
        table: &'static Table,
        old: &[Arc<Segment>],
        new: Segment,
    ) -> Result<u64, StoreError> {
        let new = Arc::new(new);
        let live = self.shared.segments(place);
        if old.iter().any(|segment| live.iter().all(|live| live.id != segment.id)) {
            // Retention was quicker: the rest is merged another time.
            return Err(discard(&[new], StoreError::Closed));
        }
        let shared = Arc::clone(&self.shared);
        let Some(_held) = shared.rollups.hold(place, old) else {
            // A back-fill began to need them meanwhile.
            return Err(discard(&[new], StoreError::Closed));
        };
        if let Err(error) = self.catalog.replace(table.name, old, std::slice::from_ref(&new)) {
            return Err(discard(&[new], error));
        }
        let rows = new.rows;
        self.shared.replaced(place, old, Some(new));
        self.bury(old);
        add(&self.shared.counters.compactions, 1);
        add(&self.shared.counters.compacted_segments, old.len());
        add(&self.shared.counters.compacted_rows, rows);
        Ok(rows)
    }

    /// Deletes the segments of all tables that `old` names, unless they are held.
    fn expire(&mut self, old: impl Fn(&Segment) -> bool) -> Result<u64, StoreError> {
        let doomed = Retention::where_true(&self.shared, old);
        let rows = self.delete(&doomed)?;
        add(&self.shared.counters.expired_asked, rows);
        Ok(rows)
    }

    /// By itself: ages only while the clock is trusted.
    fn retain_or_log(&mut self) {
        // Looked at once: between two looks it may jump, and what was trusted would not be what deletes.
        let now = (self.shared.clock)();
        let rules: &[Rule] = if self.clock_is_steady(now) { &Retention::RULES } else { &Retention::SPACE_RULES };
        if let Err(error) = self.retain(rules, now) {
            tracing::error!(%error, "retention failed");
            add(&self.shared.counters.retention_errors, 1);
        }
    }

    /// False for a day after the clock went forward by more than the work between two looks can have taken: a clock
    /// that is wrong must not delete a history. What does not fit on the disk goes in any case.
    fn clock_is_steady(&mut self, now: Time) -> bool {
        let jumped = self.looked.is_some_and(|(last, tolerance)| now > last + tolerance);
        self.looked = Some((now, JUMP));
        if jumped {
            add(&self.shared.counters.clock_jumps, 1);
            tracing::warn!(%now, "the clock went forward: for a day nothing is deleted because of its age");
            self.trusted_from = now + DISTRUST;
        }
        // A clock that went back is believed again: the time of distrust was by the wrong one.
        if self.trusted_from > now + DISTRUST {
            self.trusted_from = now;
        }
        now >= self.trusted_from
    }

    /// Applies rules in their order, to ages as of `now`.
    fn retain(&mut self, rules: &[Rule], now: Time) -> Result<u64, StoreError> {
        let mut rows = 0;
        for rule in rules.iter().copied() {
            let doomed = self.retention.doomed(rule, &self.shared, now);
            let gone = self.delete(&doomed)?;
            if gone > 0 {
                tracing::info!(rows = gone, segments = doomed.len(), reason = rule.name(), "old flows were deleted");
            }
            add(rule.counter(&self.shared.counters), gone);
            if !doomed.is_empty() {
                let bytes = doomed.iter().map(|doomed| doomed.segment.bytes).sum();
                let segments = doomed.len() as u64;
                let run = Retained { at: now, rule: rule.name(), segments, rows: gone, bytes };
                // Remembered at least until the end: what was deleted is deleted.
                self.shared.note_retained(run);
                if let Err(error) = self.catalog.note_retained(&run) {
                    tracing::warn!(%error, "what retention deleted is remembered until the end only");
                    add(&self.shared.counters.retention_errors, 1);
                }
            }
            rows += gone;
        }
        self.retention.watch(&self.shared);
        Ok(rows)
    }

    fn delete(&mut self, doomed: &[Doomed]) -> Result<u64, StoreError> {
        let mut rows = 0;
        for (place, table) in tables().into_iter().enumerate() {
            let old: Vec<_> = doomed.iter().filter(|d| d.place == place).map(|d| Arc::clone(&d.segment)).collect();
            if old.is_empty() {
                continue;
            }
            self.catalog.replace(table.name, &old, &[])?;
            self.shared.replaced(place, &old, None);
            rows += old.iter().map(|segment| segment.rows).sum::<u64>();
            // Space is what is wanted: at once, or when the last reader here is done.
            old.iter().for_each(|segment| segment.doomed.store(true, Ordering::Release));
            add(&self.shared.counters.deleted_expired, old.len());
        }
        Ok(rows)
    }

    fn bury(&mut self, old: &[Arc<Segment>]) {
        let now = (self.shared.clock)();
        self.replaced.extend(old.iter().map(|segment| (now, Arc::clone(segment))));
    }

    /// Lets go of replaced segments whose time is up, or all where space is short; each file is deleted when
    /// its last reader is done.
    fn sweep(&mut self) {
        let now = (self.shared.clock)();
        // Of a clock that went back they would stay until it is as late again.
        self.replaced.iter_mut().for_each(|(since, _)| *since = now.min(*since));
        let due = now - self.shared.settings.keep_replaced;
        let keep_none = self.shared.settings.keep_replaced == Duration::ZERO || self.shared.is_short();
        let counters = &self.shared.counters;
        self.replaced.retain(|(since, segment)| {
            let over = keep_none || *since <= due;
            if over {
                segment.doomed.store(true, Ordering::Release);
                add(&counters.deleted_files, 1);
            }
            !over
        });
    }
}

/// Deletes files that did not get into the catalog.
pub(crate) fn discard(written: &[Arc<Segment>], error: StoreError) -> StoreError {
    for segment in written {
        segment.doomed.store(true, Ordering::Release);
    }
    error
}
