// SPDX-License-Identifier: Apache-2.0
//! The back-fill: a thread that reads the segments that new channels were not there for, the newest first, each
//! in one transaction. It goes on where it was after a restart, does nothing while there is nothing to do, and
//! rests as long as it worked, so that it takes half a processor at most.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use arrow::array::RecordBatch;
use datafusion::execution::session_state::SessionState;
use minamo_model::FLOWS;
use minamo_rollup::{Cube, Facts, Names, RollupError, Wanted};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{Rollups, Writer, count};
use crate::StoreError;
use crate::counters::add;
use crate::merge::{common, whole};
use crate::segment::Segment;
use crate::shared::Shared;
use crate::tables::place;

/// Rows that are looked at together.
const BATCH: usize = 8_192;
/// Between two attempts where something failed.
const PAUSE: Duration = Duration::from_secs(5);

/// The thread; dropping it ends it after the segment that it is at.
pub(crate) struct Filler {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Filler {
    /// Starts the thread.
    pub(crate) fn start(shared: &Arc<Shared>, state: &SessionState) -> Result<Self, StoreError> {
        let (of, state) = (Arc::clone(shared), state.clone());
        let run = move || of.rollups.fill_until_stopped(&of, &state);
        let thread = std::thread::Builder::new().name("lake-fill".to_owned()).spawn(run);
        let thread = thread.map_err(StoreError::io("start the threads of", &shared.dir))?;
        Ok(Self { shared: Arc::clone(shared), thread: Some(thread) })
    }
}

impl Drop for Filler {
    fn drop(&mut self) {
        self.shared.rollups.writer().stopping = true;
        self.shared.rollups.wake.notify_all();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// What a step of the back-fill did.
enum Step {
    /// There was nothing to do.
    Idle,
    /// Some rows are in.
    Worked,
    /// A channel is behind the catalog.
    Behind,
}

impl Rollups {
    fn fill_until_stopped(&self, shared: &Shared, state: &SessionState) {
        loop {
            let begun = (shared.clock)();
            let step = self.writer().fill(shared, self);
            let rest = match step {
                Ok(Step::Idle) => None,
                Ok(Step::Worked) => Some(Duration::from_nanos((shared.clock)().since(begun).unsigned_abs())),
                Ok(Step::Behind) => match self.heal(shared, state) {
                    Ok(()) => Some(Duration::ZERO),
                    Err(error) => Some(self.failed(shared, &error)),
                },
                Err(error) => Some(self.failed(shared, &error.into())),
            };
            let writer = self.writer();
            if writer.stopping {
                return;
            }
            match rest {
                Some(rest) if rest.is_zero() => {}
                Some(rest) => {
                    let woken = self.wake.wait_timeout_while(writer, rest, |writer| !writer.stopping);
                    if woken.unwrap_or_else(PoisonError::into_inner).0.stopping {
                        return;
                    }
                }
                None => drop(self.wake.wait_while(writer, |writer| !writer.stopping && writer.is_idle(shared))),
            }
        }
    }

    fn failed(&self, shared: &Shared, error: &StoreError) -> Duration {
        tracing::error!(%error, "the back-fill of a rollup failed and is tried again");
        add(&shared.counters.rollup_errors, 1);
        PAUSE
    }

    /// Begins the channels anew that are behind the catalog.
    fn heal(&self, shared: &Shared, state: &SessionState) -> Result<(), StoreError> {
        let wanted = |w: &super::Active| Wanted { filter: w.channel.filter.clone(), scope: w.channel.scope.clone() };
        let known = self.writer().active.iter().map(wanted).collect();
        self.sync(shared, state, known)
    }
}

impl Writer {
    /// True where no channel needs anything.
    fn is_idle(&self, shared: &Shared) -> bool {
        let sealed = shared.through(place(FLOWS.name).unwrap_or(0));
        self.active.iter().all(|active| active.channel.filled && active.channel.through >= sealed)
    }

    /// One segment, for all channels that want it.
    fn fill(&mut self, shared: &Shared, rollups: &Rollups) -> Result<Step, RollupError> {
        let flows = place(FLOWS.name).unwrap_or(0);
        let (sealed, segments) = (shared.through(flows), shared.segments(flows));
        if self.active.iter().any(|active| active.channel.through < sealed) {
            return Ok(Step::Behind);
        }
        let Some(db) = &mut self.db else { return Ok(Step::Idle) };
        let snapshot = db.snapshot()?;
        let mut open: Vec<(usize, HashSet<i64>)> = Vec::new();
        for (at, active) in self.active.iter().enumerate().filter(|(_, active)| !active.channel.filled) {
            open.push((at, snapshot.done(active.channel.id)?));
        }
        drop(snapshot);
        if open.is_empty() {
            return Ok(Step::Idle);
        }
        let wants = |(at, done): &(usize, HashSet<i64>), segment: &Segment| {
            self.active.get(*at).is_some_and(|active| {
                segment.frames.1 <= active.channel.base && active.touches(&segment.span) && !done.contains(&segment.id)
            })
        };
        let wanted = segments.iter().filter(|segment| open.iter().any(|one| wants(one, segment)));
        let next = wanted.max_by_key(|segment| (segment.span.max_end, segment.id));
        let mut takers = Vec::new();
        if let Some(segment) = next {
            takers.extend(open.iter().filter(|one| wants(one, segment)).map(|(at, _)| *at));
        }
        let over: Vec<usize> = (open.iter())
            .filter(|one| !segments.iter().any(|segment| wants(one, segment)))
            .map(|(at, _)| *at)
            .collect();
        if let Some(segment) = next {
            self.take(shared, segment, &takers)?;
        }
        self.finish(&over)?;
        rollups.pin(self);
        Ok(Step::Worked)
    }

    fn finish(&mut self, over: &[usize]) -> Result<(), RollupError> {
        let (Some(db), false) = (&mut self.db, over.is_empty()) else { return Ok(()) };
        let change = db.change()?;
        for active in over.iter().filter_map(|at| self.active.get(*at)) {
            change.filled(active.channel.id)?;
        }
        change.commit()?;
        for at in over {
            if let Some(active) = self.active.get_mut(*at) {
                tracing::info!(filter = active.channel.filter, "a rollup is complete");
                active.channel.filled = true;
            }
        }
        Ok(())
    }

    /// Adds the rows of a segment to some channels.
    fn take(&mut self, shared: &Shared, segment: &Segment, takers: &[usize]) -> Result<(), RollupError> {
        let Some(db) = &mut self.db else { return Ok(()) };
        let mut work: Vec<_> = (takers.iter().filter_map(|at| self.active.get(*at)))
            .map(|active| (active, Cube::new(active.scope(self.kept_from))))
            .collect();
        let columns = takers.iter().filter_map(|at| self.active.get(*at));
        let columns = columns.flat_map(|active| active.selector.columns()).collect();
        let mut names = Names::default();
        let mut change = db.change()?;
        let read = each_batch(segment, columns, |batch| {
            let facts = Facts::of(batch, &mut names)?;
            for (active, cube) in &mut work {
                let rows = active.selector.rows_or_count(batch, &shared.counters);
                for row in rows.into_iter().flatten() {
                    cube.add(&facts, row);
                    if cube.is_full() {
                        change.add(active.channel.id, cube, &names)?;
                        cube.clear();
                    }
                }
            }
            Ok(())
        });
        match read {
            Ok(()) => add(&shared.counters.filled_rows, segment.rows),
            Err(Unread::Rollup(error)) => return Err(error),
            Err(Unread::Segment(error)) => {
                // What cannot be read now cannot be read later; queries fail on it too and say so.
                tracing::error!(%error, path = %segment.file.display(), "a segment is left out of rollups");
                add(&shared.counters.rollup_skipped, segment.rows);
            }
        }
        for (active, cube) in &work {
            change.add(active.channel.id, cube, &names)?;
            change.done(active.channel.id, segment.id)?;
            count(&shared.counters, cube);
        }
        add(&shared.counters.rollup_crowded, change.crowded());
        change.commit()
    }
}

/// Why the rows of a segment were not taken.
pub(super) enum Unread {
    /// The segment cannot be read.
    Segment(StoreError),
    /// The rollups cannot be written.
    Rollup(RollupError),
}

impl From<RollupError> for Unread {
    fn from(error: RollupError) -> Self {
        Self::Rollup(error)
    }
}

/// Gives the rows of a segment, batch by batch, with the columns that rollups need and some more.
pub(super) fn each_batch(
    segment: &Segment,
    mut columns: BTreeSet<&str>,
    mut give: impl FnMut(&RecordBatch) -> Result<(), RollupError>,
) -> Result<(), Unread> {
    columns.extend(Facts::COLUMNS);
    columns.extend([Facts::RATE, Facts::METHOD]);
    let failed = |error| Unread::Segment(StoreError::parquet("read", &segment.file)(error));
    let file = segment.open().map_err(Unread::Segment)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(failed)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns);
    let reader = builder.with_projection(mask).with_batch_size(BATCH).build().map_err(failed)?;
    for batch in reader {
        let batch = batch.map_err(|error| Unread::Segment(error.into()))?;
        let schema = common(&FLOWS, std::iter::once(&batch.schema()));
        give(&whole(&batch, &schema).map_err(Unread::Segment)?)?;
    }
    Ok(())
}
