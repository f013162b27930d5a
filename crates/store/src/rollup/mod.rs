// SPDX-License-Identifier: Apache-2.0
//! Rollups of the lake's flows: one per filter that somebody wants, kept in `rollups.db` beside the catalog and
//! brought up to date whenever hot rows are sealed. `minamo-rollup` adds up, keeps and reads them; here is which
//! rows go where, so that each row is counted exactly once whatever happens in between.
//!
//! Invariants, each tested by crashing at every step:
//!
//! 1. *Roll before seal.* The rows of frames that are about to be sealed are added to each channel in one
//!    durable transaction that also says `through = last frame`; only then does the catalog say that they are
//!    sealed. So a channel is never behind the catalog, and nothing that is sealed must be read again. After a
//!    crash in between, the frames are hot once more and `through` tells that they are in already.
//! 2. *A chart* is the rollup plus the hot batches with numbers above `through`. The hot batches are looked at
//!    first: what is sealed in between is then in the rollup with a `through` that leaves them out.
//! 3. *A new channel* begins between two seals, at `base`, the last sealed frame: rows of later frames are
//!    rolled, rows of earlier ones are back-filled from the segments with frames up to `base`, each segment in
//!    one transaction with the note that it is done.
//! 4. *Compaction leaves segments alone* that a back-fill still needs ([`Rollups::movable`]): what is merged is
//!    either all above every unfinished `base` or of no interest to anybody. So "this segment is done" stays
//!    true across a restart.
//! 5. A channel that **is** behind the catalog, because rolling failed or the file was lost or is of another
//!    day, is not believed: it is made anew and back-filled.
//!
//! Rolling never keeps rows from being sealed: a rollup can be made again, a row cannot.

mod chart;
mod fill;
mod select;

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use datafusion::execution::session_state::SessionState;
use minamo_model::FLOWS;
use minamo_rollup::{Channel, Cube, Db, Facts, Names, RollupError, Wanted, minute};

use crate::StoreError;
use crate::counters::{Counters, add};
use crate::segment::Segment;
use crate::shared::{HotBatch, Shared};
use crate::tables::place;
pub use chart::{ChannelStatus, RollupChart, RollupLine, RollupPart, RollupQuery, RollupStatus};
pub(crate) use fill::Filler;
pub use select::Condition;
pub(crate) use select::Selector;

/// Name of the database in the lake's directory.
const FILE: &str = "rollups.db";

/// The rollups of an open lake.
#[derive(Default)]
pub(crate) struct Rollups {
    /// For charts; they never wait for a seal. Closed first: the last to close tidies the file up.
    reader: Mutex<Option<Db>>,
    writer: Mutex<Writer>,
    /// Held while segments are merged, and while channels begin anew.
    moving: Mutex<()>,
    /// Highest `base` of a channel that is not filled.
    pinned: AtomicU64,
    /// Wakes the back-fill.
    wake: Condvar,
}

#[derive(Default)]
struct Writer {
    db: Option<Db>,
    active: Vec<Active>,
    kept_from: i64,
    stopping: bool,
}

/// A channel with what tells its rows.
struct Active {
    channel: Channel,
    selector: Arc<Selector>,
}

/// As long as it is held, no channel can begin: between rolling and the end of the seal.
pub(crate) struct Rolled<'a> {
    _writer: Option<MutexGuard<'a, Writer>>,
}

/// As long as it is held, segments may be merged.
pub(crate) struct Held<'a> {
    _moving: MutexGuard<'a, ()>,
}

fn is_flows(table: usize) -> bool {
    place(FLOWS.name) == Some(table)
}

impl Rollups {
    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moving(&self) -> MutexGuard<'_, ()> {
        self.moving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the rollups of a lake whose hot rows and segments are in `shared` already. A damaged file is put
    /// aside and made anew.
    pub(crate) fn open(&self, shared: &Shared, state: &SessionState) -> Result<(), StoreError> {
        let path = shared.dir.join(FILE);
        let db = match Db::open(&path) {
            Err(error) if error.is_damaged() => {
                tracing::error!(%error, "rollups are made anew");
                add(&shared.counters.rollup_errors, 1);
                put_aside(&path)?;
                Db::open(&path)?
            }
            other => other?,
        };
        *self.reader.lock().unwrap_or_else(PoisonError::into_inner) = Some(Db::open_beside(&path)?);
        self.writer().db = Some(db);
        let known: Vec<Wanted> = {
            let writer = self.writer();
            let db = writer.db.as_ref().ok_or(StoreError::Closed)?;
            let channels = db.snapshot()?.channels()?;
            channels.into_iter().map(|c| Wanted { filter: c.filter, scope: c.scope }).collect()
        };
        self.sync(shared, state, known)
    }

    /// Opens the rollups for reading; where there are none, charts come from the rows.
    pub(crate) fn open_read_only(&self, shared: &Shared) {
        let path = shared.dir.join(FILE);
        if !path.exists() {
            return;
        }
        match Db::open_read_only(&path) {
            Ok(db) => *self.reader.lock().unwrap_or_else(PoisonError::into_inner) = Some(db),
            Err(error) => tracing::warn!(%error, "charts come from the rows"),
        }
    }

    /// Makes the channels those that are wanted, and begins those anew that cannot be believed.
    fn sync(&self, shared: &Shared, state: &SessionState, mut wanted: Vec<Wanted>) -> Result<(), StoreError> {
        let mut selectors = HashMap::new();
        wanted.retain(|one| match Selector::parse(state, &one.filter) {
            Ok(selector) => selectors.insert(one.filter.clone(), Arc::new(selector)).is_none(),
            Err(error) => {
                // Its charts come from the rows, or fail and say why; the others go on.
                tracing::error!(%error, filter = one.filter, "there is no rollup of this filter");
                add(&shared.counters.rollup_errors, 1);
                false
            }
        });
        let _moving = self.moving();
        let mut writer = self.writer();
        let flows = place(FLOWS.name).unwrap_or(0);
        let (base, hot) = (shared.through(flows), shared.hot(flows));
        let newest = hot.last().map_or(base, |batch| batch.seq.max(base));
        let segments = shared.segments(flows);
        let starts = segments.iter().map(|s| s.span.min_start).chain(hot.iter().map(|h| h.span.min_start));
        let since = starts.min().map(|at| minute(at.0));
        let db = writer.db.as_mut().ok_or(StoreError::ReadOnly)?;
        let change = db.change()?;
        change.sync(&wanted, base, since)?;
        for channel in change.channels()? {
            if channel.through < base || channel.through > newest {
                tracing::warn!(filter = channel.filter, through = channel.through, base, "a rollup is made anew");
                add(&shared.counters.rollup_resets, 1);
                change.reset(&channel, base, since)?;
            }
        }
        let (channels, kept_from) = (change.channels()?, change.kept_from()?);
        change.commit()?;
        let active = |channel: Channel| {
            let selector = Arc::clone(selectors.get(&channel.filter)?);
            Some(Active { channel, selector })
        };
        writer.active = channels.into_iter().filter_map(active).collect();
        writer.kept_from = kept_from;
        self.pin(&writer);
        drop(writer);
        self.wake.notify_all();
        Ok(())
    }

    fn pin(&self, writer: &Writer) {
        let unfilled = writer.active.iter().filter(|active| !active.channel.filled);
        self.pinned.store(unfilled.map(|active| active.channel.base).max().unwrap_or(0), Ordering::Release);
    }

    /// Adds the rows that are about to be sealed. Called before the catalog says so; the answer is held until
    /// readers see them sealed.
    pub(crate) fn roll(&self, shared: &Shared, table: usize, hot: &[Arc<HotBatch>]) -> Rolled<'_> {
        if !is_flows(table) {
            return Rolled { _writer: None };
        }
        let mut writer = self.writer();
        if let Err(error) = writer.roll(shared, hot) {
            // The channels are behind the catalog from now on, which is noticed: they are made anew.
            tracing::error!(%error, "rollups are not up to date and will be made anew");
            add(&shared.counters.rollup_errors, 1);
            self.wake.notify_all();
        }
        Rolled { _writer: Some(writer) }
    }

    /// The segments that compaction may merge.
    pub(crate) fn movable(&self, table: usize, mut segments: Vec<Arc<Segment>>) -> Vec<Arc<Segment>> {
        let pinned = self.pinned.load(Ordering::Acquire);
        if is_flows(table) {
            segments.retain(|segment| segment.frames.0 > pinned);
        }
        segments
    }

    /// Leave to merge some segments; nothing where a back-fill began to need them in the meantime.
    pub(crate) fn hold(&self, table: usize, segments: &[Arc<Segment>]) -> Option<Held<'_>> {
        let moving = self.moving();
        let free = self.movable(table, segments.to_vec()).len() == segments.len();
        free.then_some(Held { _moving: moving })
    }
}

impl Writer {
    fn roll(&mut self, shared: &Shared, hot: &[Arc<HotBatch>]) -> Result<(), RollupError> {
        let (Some(db), Some(last)) = (&mut self.db, hot.last()) else { return Ok(()) };
        let sealed = shared.through(place(FLOWS.name).unwrap_or(0));
        let mut names = Names::default();
        let mut change = db.change()?;
        // One that is behind waits for being made anew.
        let current = self.active.iter().filter(|active| active.channel.through >= sealed);
        let mut work: Vec<_> = current.map(|active| (active, Cube::new(active.scope(self.kept_from)))).collect();
        for batch in hot {
            let due = |active: &Active| batch.seq > active.channel.through && active.touches(&batch.span);
            if !work.iter().any(|(active, _)| due(active)) {
                continue;
            }
            let facts = Facts::of(&batch.batch, &mut names)?;
            for (active, cube) in work.iter_mut().filter(|(active, _)| due(active)) {
                let Some(rows) = active.selector.rows_or_count(&batch.batch, &shared.counters) else { continue };
                for row in rows {
                    cube.add(&facts, row);
                    if cube.is_full() {
                        change.add(active.channel.id, cube, &names)?;
                        cube.clear();
                    }
                }
            }
            add(&shared.counters.rolled_rows, batch.batch.num_rows());
        }
        let mut ids = Vec::new();
        for (active, cube) in &work {
            change.add(active.channel.id, cube, &names)?;
            change.rolled(active.channel.id, last.seq)?;
            count(&shared.counters, cube);
            ids.push(active.channel.id);
        }
        add(&shared.counters.rollup_crowded, change.crowded());
        change.commit()?;
        for active in self.active.iter_mut().filter(|active| ids.contains(&active.channel.id)) {
            active.channel.through = active.channel.through.max(last.seq);
        }
        Ok(())
    }
}

impl Active {
    /// The minutes that are taken.
    fn scope(&self, kept_from: i64) -> std::ops::Range<i64> {
        self.channel.scope.start.max(kept_from)..self.channel.scope.end
    }

    /// True where rows with these times can count.
    fn touches(&self, span: &crate::span::Span) -> bool {
        touches(&self.channel.scope, span)
    }
}

/// True where rows with these times can count in some minutes.
fn touches(minutes: &std::ops::Range<i64>, span: &crate::span::Span) -> bool {
    // A row that ends before it starts counts where it starts.
    let (first, last) = (minute(span.min_start.0), minute(span.max_end.0.max(span.max_start.0)));
    first < minutes.end && last >= minutes.start
}

fn count(counters: &Counters, cube: &Cube) {
    add(&counters.rollup_unspread, cube.unspread());
}

fn put_aside(path: &Path) -> Result<(), StoreError> {
    let aside = path.with_extension("db.damaged");
    std::fs::rename(path, &aside).map_err(StoreError::io("rename to", &aside))?;
    for rest in ["db-wal", "db-shm"] {
        // They belong to the file that is gone; most often they are not there.
        drop(std::fs::remove_file(path.with_extension(rest)));
    }
    Ok(())
}

impl From<RollupError> for StoreError {
    fn from(error: RollupError) -> Self {
        match error {
            RollupError::Version { path, found, known } => Self::Version { path, found, known },
            RollupError::Sqlite { path, reason, full, .. } => Self::Catalog { path, reason, full },
            other => Self::Engine(other.to_string()),
        }
    }
}
