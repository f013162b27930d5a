// SPDX-License-Identifier: Apache-2.0
//! The maintenance thread: sealing, compaction, retention, and the deletion of what they replace. It alone
//! writes the catalog.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use arrow::array::RecordBatch;
use minamo_base::Time;
use minamo_model::Table;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tokio::sync::oneshot;

use crate::StoreError;
use crate::catalog::Catalog;
use crate::counters::add;
use crate::segment::{self, Part, Segment};
use crate::shared::{HotBatch, Shared};
use crate::tables::tables;

/// Where the answer to a job goes: how many rows it was about.
pub(crate) type Reply = oneshot::Sender<Result<u64, StoreError>>;

/// What the thread is asked for. The queue is bounded; a job that asks for nothing new may be dropped.
pub(crate) enum Job {
    /// Seal the tables that hold enough.
    SealIfFull,
    /// Seal everything.
    Seal(Reply),
    /// Merge small segments until none are left to merge.
    Compact(Reply),
    /// Delete segments whose last row ended before a time.
    Expire(Time, Reply),
    /// End the thread.
    Stop,
}

/// The thread's state.
pub(crate) struct Maintainer {
    shared: Arc<Shared>,
    catalog: Catalog,
    next_id: i64,
    /// Replaced segments and when that was, oldest first.
    replaced: Vec<(Time, Arc<Segment>)>,
}

impl Maintainer {
    /// A thread's state over an open catalog.
    pub(crate) fn new(shared: Arc<Shared>, catalog: Catalog) -> Result<Self, StoreError> {
        let next_id = catalog.next_id()?;
        Ok(Self { shared, catalog, next_id, replaced: Vec::new() })
    }

    /// Does jobs until it is told to stop.
    pub(crate) fn run(mut self, jobs: &Receiver<Job>) {
        while let Ok(job) = jobs.recv() {
            match job {
                Job::Stop => break,
                Job::SealIfFull => {}
                Job::Seal(reply) => {
                    drop(reply.send(self.seal_all()));
                    drop(self.compact_all());
                }
                Job::Compact(reply) => drop(reply.send(self.compact_all())),
                Job::Expire(before, reply) => drop(reply.send(self.expire(before))),
            }
            // After any job: a request that found the queue full is served as well.
            if self.shared.take_seal_request() && self.seal_all().is_ok() {
                drop(self.compact_all());
            }
            self.sweep();
        }
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
        let rows = segment::concat(table, &batches)?;
        let mut written = Vec::new();
        for part in segment::divide(table, &rows)? {
            let id = self.take_id();
            match segment::write(&self.shared.dir, table, &part, id, frames) {
                Ok(segment) => written.push(Arc::new(segment)),
                Err(error) => return Err(discard(&written, error)),
            }
        }
        if let Err(error) = self.catalog.seal(table.name, &written, frames.1) {
            return Err(discard(&written, error));
        }
        add(&self.shared.counters.sealed_rows, rows.num_rows());
        add(&self.shared.counters.sealed_segments, written.len());
        self.shared.sealed(place, written, frames.1);
        Ok(rows.num_rows() as u64)
    }

    fn take_id(&mut self) -> i64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    fn compact_all(&mut self) -> Result<u64, StoreError> {
        let mut rows = 0;
        let shared = Arc::clone(&self.shared);
        for (place, table) in tables().into_iter().enumerate() {
            while let Some(group) = choose(&shared.rollups.movable(place, shared.segments(place)), &shared.settings) {
                let Some(_held) = shared.rollups.hold(place, &group) else { continue };
                match self.compact(place, table, &group) {
                    Ok(merged) => rows += merged,
                    Err(error) => {
                        tracing::error!(%error, table = table.name, "compaction failed");
                        add(&self.shared.counters.compact_errors, 1);
                        return Err(error);
                    }
                }
            }
        }
        Ok(rows)
    }

    fn compact(&mut self, place: usize, table: &'static Table, old: &[Arc<Segment>]) -> Result<u64, StoreError> {
        let mut batches = Vec::new();
        for segment in old {
            batches.extend(read(segment)?);
        }
        let rows = segment::concat(table, &batches.iter().collect::<Vec<_>>())?;
        drop(batches);
        let hour = old.first().and_then(|segment| segment.hour);
        let part = Part { hour, rows: segment::sort(table, &rows)? };
        let first = old.iter().map(|s| s.frames.0).min().unwrap_or(0);
        let last = old.iter().map(|s| s.frames.1).max().unwrap_or(0);
        let id = self.take_id();
        let new = Arc::new(segment::write(&self.shared.dir, table, &part, id, (first, last))?);
        if let Err(error) = self.catalog.replace(table.name, old, std::slice::from_ref(&new)) {
            return Err(discard(&[new], error));
        }
        self.shared.replaced(place, old, Some(new));
        self.bury(old);
        add(&self.shared.counters.compactions, 1);
        add(&self.shared.counters.compacted_segments, old.len());
        Ok(part.rows.num_rows() as u64)
    }

    fn expire(&mut self, before: Time) -> Result<u64, StoreError> {
        let mut rows = 0;
        for (place, table) in tables().into_iter().enumerate() {
            let mut old = self.shared.segments(place);
            old.retain(|segment| segment.span.max_end < before);
            if old.is_empty() {
                continue;
            }
            self.catalog.replace(table.name, &old, &[])?;
            self.shared.replaced(place, &old, None);
            self.bury(&old);
            rows += old.iter().map(|segment| segment.rows).sum::<u64>();
        }
        add(&self.shared.counters.expired_rows, rows);
        Ok(rows)
    }

    fn bury(&mut self, old: &[Arc<Segment>]) {
        let now = (self.shared.clock)();
        self.replaced.extend(old.iter().map(|segment| (now, Arc::clone(segment))));
    }

    /// Lets go of replaced segments whose time is up; each file is deleted when its last reader is done.
    fn sweep(&mut self) {
        let due = (self.shared.clock)() - self.shared.settings.keep_replaced;
        let keep_none = self.shared.settings.keep_replaced == Duration::ZERO;
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
fn discard(written: &[Arc<Segment>], error: StoreError) -> StoreError {
    for segment in written {
        segment.doomed.store(true, Ordering::Release);
    }
    error
}

fn read(segment: &Segment) -> Result<Vec<RecordBatch>, StoreError> {
    let failed = StoreError::parquet("read", &segment.file);
    let file = File::open(&segment.file).map_err(StoreError::io("open", &segment.file))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|b| b.with_batch_size(65_536).build());
    Ok(reader.map_err(failed)?.collect::<Result<Vec<_>, _>>()?)
}

/// Segments to merge next: of one hour and one size class, so that a row is rewritten a few times only.
fn choose(segments: &[Arc<Segment>], settings: &crate::Settings) -> Option<Vec<Arc<Segment>>> {
    let class = |s: &Segment| (s.hour, s.rows.max(1).ilog2() / 2);
    let mut small: Vec<&Arc<Segment>> = segments.iter().filter(|s| s.rows < settings.compact_rows as u64).collect();
    small.sort_by_key(|s| (class(s), s.id));
    for group in small.chunk_by(|a, b| class(a) == class(b)) {
        let mut rows = 0;
        let fits = group.iter().take_while(|s| {
            rows += s.rows;
            rows <= settings.compact_rows as u64
        });
        let chosen: Vec<_> = fits.take(settings.compact_segments * 4).map(|s| Arc::clone(s)).collect();
        if chosen.len() >= settings.compact_segments {
            return Some(chosen);
        }
    }
    None
}
