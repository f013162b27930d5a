// SPDX-License-Identifier: Apache-2.0
//! The lake: opening, appending, sealing, closing. Queries are in [`crate::query`].
//!
//! Invariants, each tested by crashing at every step:
//!
//! 1. An append that returned is in the log on disk, and a query that starts later sees it.
//! 2. Frames have numbers that rise and are never used for two acknowledged batches.
//! 3. Where the catalog says that a table is sealed through frame *n*, each row of its frames up to *n* is
//!    in exactly one live segment; rows of later frames are in the log and in no segment.
//! 4. A log file is deleted only after that statement about all its frames is on disk.
//! 5. Only files that the catalog names exist: others are deleted at start and read by nobody.
//! 6. A reader's view is taken under one lock and keeps the files of its segments.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use arrow::array::RecordBatch;
use minamo_base::{Sample, Time};
use minamo_model::{FLOWS, Table};
use tokio::sync::{mpsc, oneshot};

use crate::catalog::Catalog;
use crate::maintain::{Job, Maintainer};
use crate::query::Engine;
use crate::retention::{ClassSize, Forecast, Hold, NewHold, Retained, forecast};
use crate::rollup::Filler;
use crate::settings::Settings;
use crate::shared::Shared;
use crate::span::Span;
use crate::tables::{place, tables};
use crate::wal::writer::{Append, Request, Writer};
use crate::wal::{self, frame};
use crate::{StoreError, identity, start};

/// Jobs that may wait for the maintenance thread.
const JOBS: usize = 16;

/// A lake in one directory. Dropping it ends its threads and seals nothing: what was acknowledged is in
/// the log.
pub struct Lake {
    pub(crate) shared: Arc<Shared>,
    pub(crate) engine: Engine,
    writing: Option<Writing>,
}

struct Writing {
    requests: Option<mpsc::Sender<Request>>,
    jobs: SyncSender<Job>,
    writer: Option<JoinHandle<()>>,
    maintainer: Option<JoinHandle<()>>,
    /// Held while the lake is open.
    _lock: Lock,
    filler: Option<Filler>,
}

/// How much a lake holds.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct LakeStats {
    /// Each table, in the order of their numbers.
    pub tables: Vec<TableStats>,
}

/// How much a table holds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TableStats {
    /// Name of the table.
    pub table: &'static str,
    /// All rows.
    pub rows: u64,
    /// Rows that are not in segments yet.
    pub hot_rows: u64,
    /// Octets of memory that those take.
    pub hot_bytes: u64,
    /// Live segments.
    pub segments: u64,
    /// Octets on disk of the segments.
    pub bytes: u64,
    /// Earliest start of a row.
    pub first: Option<Time>,
    /// Latest end of a row.
    pub last: Option<Time>,
}

impl LakeStats {
    /// The statistics of the table of that name.
    pub fn table(&self, name: &str) -> Option<&TableStats> {
        self.tables.iter().find(|table| table.table == name)
    }
}

impl Lake {
    /// Opens the lake in `dir`, makes it where there is none, and reads back what a crash left in the log.
    ///
    /// Fails where another process has it open, where a file is of a newer version, and where a file
    /// cannot be read or written.
    pub fn open(dir: &Path, settings: Settings, clock: fn() -> Time) -> Result<Self, StoreError> {
        settings.check()?;
        for sub in ["wal", "segments", "tmp"] {
            let path = dir.join(sub);
            fs::create_dir_all(&path).map_err(StoreError::io("create", &path))?;
        }
        wal::sync_dir(dir)?;
        let lock = lock(dir)?;
        start::empty(&dir.join("tmp"))?;
        let engine = Engine::new(dir, &settings, false)?;
        start::check_catalog(dir)?;
        let catalog = Catalog::open(dir)?;
        let (jobs, receiver) = sync_channel(JOBS);
        let shared = Arc::new(Shared::new(dir, settings, clock, Some(jobs.clone())));
        let entries = catalog.load(dir)?;
        start::clean(&shared, &entries)?;
        let through = start::load(&shared, entries);
        let replay = wal::replay(&dir.join("wal"), &through, true, &shared.counters)?;
        let next = replay.seq.max(through.into_iter().max().unwrap_or(0)) + 1;
        start::fill(&shared, replay.batches);
        for file in replay.files {
            shared.closed_wal(file);
        }
        shared.release_wal();
        let writer = Writer::new(Arc::clone(&shared), replay.file_no, next);
        let maintainer = Maintainer::new(Arc::clone(&shared), catalog)?;
        shared.rollups.open(&shared, engine.state())?;
        let mut writing = Writing::start(&shared, writer, maintainer, jobs, receiver, lock)?;
        writing.filler = Some(Filler::start(&shared, engine.state())?);
        shared.ask_for_seal();
        Ok(Self { shared, engine, writing: Some(writing) })
    }

    /// Opens the lake in `dir` as it is now, for reading: nothing is locked or changed, and another process
    /// may go on writing it. What that process adds later is not seen.
    pub fn open_read_only(dir: &Path, settings: Settings, clock: fn() -> Time) -> Result<Self, StoreError> {
        settings.check()?;
        let engine = Engine::new(dir, &settings, true)?;
        let shared = Arc::new(Shared::new(dir, settings, clock, None));
        start::check_catalog(dir)?;
        let catalog = Catalog::open_read_only(dir)?;
        shared.set_holds(catalog.holds()?);
        shared.set_retained(catalog.retained()?);
        // The log before the segments: a row that moves meanwhile is seen in both and counted once.
        let replay = wal::replay(&dir.join("wal"), &catalog.through()?, false, &shared.counters)?;
        let through = start::load(&shared, catalog.load(dir)?);
        let mut batches = replay.batches;
        batches.retain(|batch| through.get(batch.table).is_none_or(|through| batch.seq > *through));
        start::fill(&shared, batches);
        shared.rollups.open_read_only(&shared);
        Ok(Self { shared, engine, writing: None })
    }

    fn writing(&self) -> Result<&Writing, StoreError> {
        self.writing.as_ref().ok_or(StoreError::ReadOnly)
    }

    /// Appends rows to a table; returns once they are on disk and every query sees them. Waits while the
    /// writer is busy or the hot buffer is full. On an error the rows are not in the lake. A caller that is
    /// dropped while it waits does not know which.
    pub async fn append(&self, table: &'static Table, batch: RecordBatch) -> Result<(), StoreError> {
        let requests = self.writing()?.requests.as_ref().ok_or(StoreError::Closed)?;
        let bad = |reason: String| StoreError::Batch { table: table.name, reason };
        let at = place(table.name).ok_or_else(|| bad("no such table".to_owned()))?;
        if batch.num_rows() == 0 {
            return Ok(());
        }
        for field in batch.schema_ref().fields() {
            let column = table.column(field.name()).ok_or_else(|| bad(format!("no column {}", field.name())))?;
            let (got, want) = (field.data_type(), column.cell.data_type());
            if *got != want {
                return Err(bad(format!("column {}: got type {got}, want {want}", field.name())));
            }
        }
        let span = Span::of(table, &batch)?;
        let batch = identity::strip(batch)?;
        let number = u8::try_from(at).map_err(|e| bad(e.to_string()))?;
        let frame = frame::encode(number, &batch)?;
        let (reply, answer) = oneshot::channel();
        let append = Request::Append(Box::new(Append { table: at, batch, span, frame, reply }));
        requests.send(append).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    async fn job<T>(&self, job: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Job) -> Result<T, StoreError> {
        let jobs = self.writing()?.jobs.clone();
        let (reply, answer) = oneshot::channel();
        let job = job(reply);
        // The queue is short and waits for the disk: not on the caller's thread.
        let sent = tokio::task::spawn_blocking(move || jobs.send(job).is_ok()).await;
        if !sent.unwrap_or(false) {
            return Err(StoreError::Closed);
        }
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Moves all rows that are in the log into segments and releases the log; gives their number. Called
    /// from time to time, so that rows of quiet hours do not wait for the buffer to fill.
    pub async fn seal(&self) -> Result<u64, StoreError> {
        let requests = self.writing()?.requests.as_ref().ok_or(StoreError::Closed)?;
        let rows = self.job(Job::Seal).await?;
        let (reply, answer) = oneshot::channel();
        requests.send(Request::Rotate(reply)).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)??;
        Ok(rows)
    }

    /// Merges small segments; gives the number of rows that were rewritten. Runs by itself after each seal.
    pub async fn compact(&self) -> Result<u64, StoreError> {
        self.job(Job::Compact).await
    }

    /// Deletes the segments whose last row ended before a time; gives the number of rows. Rows that are not
    /// sealed yet stay.
    pub async fn expire(&self, before: Time) -> Result<u64, StoreError> {
        self.job(|reply| Job::Expire(before, reply)).await
    }

    /// Applies ages, budgets and the watermark now; gives the number of rows deleted. Runs by itself after each
    /// seal and from time to time.
    pub async fn retain(&self) -> Result<u64, StoreError> {
        self.job(Job::Retain).await
    }

    /// Exempts a range of time from every deletion; gives the hold's number.
    pub async fn hold(&self, hold: NewHold) -> Result<i64, StoreError> {
        let NewHold { from, to, kind, owner, reason } = hold;
        if from >= to {
            return Err(StoreError::Settings(format!("hold: got {from} to {to}, want a range")));
        }
        let hold = Hold { id: 0, from, to, kind, owner, reason, made: (self.shared.clock)() };
        self.job(|reply| Job::Hold(hold, reply)).await
    }

    /// Ends a hold; false where there is none of that number.
    pub async fn release(&self, id: i64) -> Result<bool, StoreError> {
        Ok(self.job(|reply| Job::Release(id, reply)).await? > 0)
    }

    /// Ranges that are held.
    pub fn holds(&self) -> Vec<Hold> {
        self.shared.holds()
    }

    /// How long the history gets.
    pub fn forecast(&self) -> Forecast {
        forecast(&self.shared)
    }

    /// What it was opened with.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// What retention deleted, newest first: the last 1,000 runs.
    pub fn retained(&self) -> Vec<Retained> {
        self.shared.retained()
    }

    /// What each class of flows takes.
    pub fn classes(&self) -> Vec<ClassSize> {
        let mut sums: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for segment in place(FLOWS.name).map(|place| self.shared.segments(place)).unwrap_or_default() {
            let sum = sums.entry(segment.class.clone()).or_default();
            (sum.0, sum.1) = (sum.0 + segment.rows, sum.1 + segment.bytes);
        }
        sums.into_iter().map(|(name, (rows, bytes))| ClassSize { name, rows, bytes }).collect()
    }

    /// Seals everything and ends the lake's threads. Where sealing fails, the rows stay in the log.
    pub async fn close(mut self) -> Result<(), StoreError> {
        if self.writing.is_none() {
            return Ok(());
        }
        let sealed = self.seal().await.map(|_| ());
        if let Some(mut writing) = self.writing.take() {
            let stopped = tokio::task::spawn_blocking(move || writing.stop()).await;
            stopped.map_err(|error| StoreError::Engine(error.to_string()))?;
        }
        sealed
    }

    /// How much it holds.
    pub fn stats(&self) -> LakeStats {
        let of = |(at, table): (usize, &'static Table)| {
            let extent = self.shared.extent(at);
            let any = extent.span != Span::NONE;
            TableStats {
                table: table.name,
                rows: extent.hot_rows + extent.segment_rows,
                hot_rows: extent.hot_rows,
                hot_bytes: extent.hot_bytes,
                segments: extent.segments,
                bytes: extent.segment_bytes,
                first: any.then_some(extent.span.min_start),
                last: any.then_some(extent.span.max_end),
            }
        };
        LakeStats { tables: tables().into_iter().enumerate().map(of).collect() }
    }

    /// Counters since it was opened.
    pub fn counters(&self) -> Vec<Sample> {
        self.shared.counters.samples(&[])
    }
}

impl Writing {
    fn start(
        shared: &Arc<Shared>,
        writer: Writer,
        maintainer: Maintainer,
        jobs: SyncSender<Job>,
        receiver: Receiver<Job>,
        lock: Lock,
    ) -> Result<Self, StoreError> {
        let (requests, queue) = mpsc::channel(shared.settings.queue_batches);
        let spawn = |name: &str, run: Box<dyn FnOnce() + Send>| {
            let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
            thread.map_err(StoreError::io("start the threads of", &shared.dir)).map(Some)
        };
        Ok(Self {
            requests: Some(requests),
            jobs,
            writer: spawn("lake-log", Box::new(move || writer.run(queue)))?,
            maintainer: spawn("lake-seal", Box::new(move || maintainer.run(&receiver)))?,
            _lock: lock,
            filler: None,
        })
    }

    /// Ends the threads: the writer first, because it may wait for the other.
    fn stop(&mut self) {
        self.filler = None;
        self.requests = None;
        if let Some(writer) = self.writer.take() {
            drop(writer.join());
        }
        if let Some(maintainer) = self.maintainer.take() {
            drop(self.jobs.send(Job::Stop));
            drop(maintainer.join());
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The lake's file `lock`, locked until this goes.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Explicitly: a child process that is being started may hold a copy of the descriptor for a moment.
        drop(self.0.unlock());
    }
}

/// Takes the lake for writing; another process that has it is an error.
pub(crate) fn lock(dir: &Path) -> Result<Lock, StoreError> {
    let path = dir.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(StoreError::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(dir.to_owned())),
        Err(TryLockError::Error(error)) => Err(StoreError::io("lock", &path)(error)),
    }
}
