// SPDX-License-Identifier: Apache-2.0
//! Charts from rollups: each line is a filter, or one filter after another, over some minutes. What a rollup
//! does not have yet comes from the rows where these are few, and is named as missing where they are many.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use datafusion::execution::session_state::SessionState;
use minamo_base::Time;
use minamo_filter::Expr as Filter;
use minamo_model::FLOWS;
use minamo_rollup::{Ask, Cell, Channel, Cube, Dim, Facts, Grid, MINUTE, MOST_STEPS, Names, Snapshot, Wanted, minute};

use super::fill::{Unread, each_batch};
use super::{Rollups, Selector, touches};
use crate::counters::add;
use crate::query::is_sampled;
use crate::segment::Segment;
use crate::shared::{Shared, View};
use crate::tables::place;
use crate::{Lake, QueryError, StoreError};

/// Rows that a chart reads at most for what its rollups do not have: about a second's work.
const RAW_ROWS: u64 = 2_000_000;
/// Cells of a chart that is divided by protocol or application.
const MOST_CELLS: usize = 4_000_000;

/// One filter for some minutes.
#[derive(Debug, Clone, PartialEq)]
pub struct RollupPart {
    /// Minutes since the epoch.
    pub minutes: Range<i64>,
    /// The rows that count.
    pub filter: Filter,
}

/// One line of the question: parts that do not overlap.
#[derive(Debug, Clone, PartialEq)]
pub struct RollupLine {
    /// The parts; minutes that none covers are empty.
    pub parts: Vec<RollupPart>,
}

/// A question for a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct RollupQuery {
    /// The lines.
    pub lines: Vec<RollupLine>,
    /// Minutes since the epoch.
    pub minutes: Range<i64>,
    /// Minutes of a step.
    pub step: i64,
    /// What each line is divided by.
    pub dim: Dim,
    /// Keys to give of each divided line, the largest by octets; the rest is added up under the key "".
    pub limit: usize,
}

/// A chart.
#[derive(Debug, Clone, PartialEq)]
pub struct RollupChart {
    /// Start of the first step: a multiple of the step, so it may lie before the range.
    pub start: Time,
    /// Length of a step.
    pub step: Duration,
    /// Number of the line in the question, key, cells: by line, then the largest first. A line that is not
    /// divided has the key "".
    pub lines: Vec<(usize, String, Vec<Cell>)>,
    /// Minutes for which a line does not have all rows: a back-fill is under way, or they are too old.
    pub missing: Vec<(usize, Range<i64>)>,
    /// True where flows of the range were sampled: cells then have intervals (`Intervals::of_cell`).
    pub sampled: bool,
}

/// How far the rollup of a filter is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelStatus {
    /// Canonical text of the filter.
    pub filter: String,
    /// True where everything is in it.
    pub filled: bool,
    /// Rows of the lake that are still to be looked at …
    pub rows_left: u64,
    /// … in so many segments.
    pub segments_left: u64,
}

/// The rollups of a lake.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RollupStatus {
    /// Each filter.
    pub channels: Vec<ChannelStatus>,
    /// Octets of the database.
    pub bytes: u64,
    /// Minutes before this one were deleted because of their age; nothing where none were.
    pub kept_from: Option<i64>,
}

impl Lake {
    /// Says which filters shall have rollups. New ones are back-filled in the background; those that are not
    /// named any more are deleted. Waits for a seal that is under way.
    pub async fn set_rollups(&self, wanted: Vec<Wanted>) -> Result<(), StoreError> {
        let (shared, state) = (Arc::clone(&self.shared), self.engine.state().clone());
        let work = move || shared.rollups.sync(&shared, &state, wanted);
        tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Engine(error.to_string()))?
    }

    /// Deletes the days of all rollups that ended before a time; gives the number of deleted rows. Rows of the
    /// lake stay.
    pub async fn expire_rollups(&self, before: Time) -> Result<u64, StoreError> {
        let shared = Arc::clone(&self.shared);
        let work = move || {
            let rows = shared.rollups.expire(minute(before.0))?;
            add(&shared.counters.expired_rollups, rows);
            Ok(rows)
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Engine(error.to_string()))?
    }

    /// A chart. A flow's octets and packets are spread over its lifetime, exactly; a flow counts in the minute
    /// in which it starts.
    pub async fn chart(&self, query: RollupQuery) -> Result<RollupChart, QueryError> {
        let (shared, state) = (Arc::clone(&self.shared), self.engine.state().clone());
        self.limited(async move {
            let work = move || Reading::new(&shared, &state).chart(&query);
            tokio::task::spawn_blocking(work).await.map_err(|error| QueryError::Failed(error.to_string()))?
        })
        .await
    }

    /// How far the rollups are.
    pub async fn rollups(&self) -> Result<RollupStatus, QueryError> {
        let shared = Arc::clone(&self.shared);
        let work = move || shared.rollups.status(&shared);
        tokio::task::spawn_blocking(work).await.map_err(|error| QueryError::Failed(error.to_string()))?
    }
}

impl Rollups {
    fn expire(&self, before: i64) -> Result<u64, StoreError> {
        let mut writer = self.writer();
        let change = writer.db.as_mut().ok_or(StoreError::ReadOnly)?.change()?;
        let rows = change.expire(before)?;
        let kept_from = change.kept_from()?;
        change.commit()?;
        writer.kept_from = kept_from;
        Ok(rows)
    }

    fn status(&self, shared: &Shared) -> Result<RollupStatus, QueryError> {
        let segments = shared.segments(place(FLOWS.name).unwrap_or(0));
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(db) = reader.as_ref() else { return Ok(RollupStatus::default()) };
        let snapshot = db.snapshot().map_err(StoreError::from)?;
        let mut channels = Vec::new();
        for channel in snapshot.channels().map_err(StoreError::from)? {
            let left = left(&snapshot, &channel, &segments)?;
            channels.push(ChannelStatus {
                filled: channel.filled,
                rows_left: left.iter().map(|segment| segment.rows).sum(),
                segments_left: left.len() as u64,
                filter: channel.filter,
            });
        }
        let bytes = snapshot.bytes().map_err(StoreError::from)?;
        let kept_from = Some(snapshot.kept_from().map_err(StoreError::from)?).filter(|at| *at > i64::MIN);
        Ok(RollupStatus { channels, bytes, kept_from })
    }
}

/// The segments whose rows a channel does not have yet.
fn left<'a>(
    snapshot: &Snapshot<'_>,
    channel: &Channel,
    segments: &'a [Arc<Segment>],
) -> Result<Vec<&'a Arc<Segment>>, StoreError> {
    if channel.filled {
        return Ok(Vec::new());
    }
    let done = snapshot.done(channel.id)?;
    let wanted = |segment: &&Arc<Segment>| {
        segment.frames.1 <= channel.base && touches(&channel.scope, &segment.span) && !done.contains(&segment.id)
    };
    Ok(segments.iter().filter(wanted).collect())
}

/// A chart while it is put together.
struct Reading<'a> {
    shared: &'a Shared,
    state: &'a SessionState,
    view: View,
    names: Names,
    selectors: HashMap<String, Selector>,
    /// The columns of hot batches, by frame.
    facts: HashMap<u64, Facts>,
    raw_rows: u64,
}

impl<'a> Reading<'a> {
    fn new(shared: &'a Shared, state: &'a SessionState) -> Self {
        // Before the rollups are looked at: see the module's invariant 2.
        let view = shared.views().into_iter().nth(place(FLOWS.name).unwrap_or(0)).unwrap_or_default();
        let (names, selectors, facts) = (Names::default(), HashMap::new(), HashMap::new());
        Self { shared, state, view, names, selectors, facts, raw_rows: 0 }
    }

    fn chart(mut self, query: &RollupQuery) -> Result<RollupChart, QueryError> {
        let Range { start, end } = query.minutes;
        let grid = Grid::new(start..end, query.step);
        let mut grid = grid.ok_or_else(|| {
            let en = format!("want a range of 1 to {MOST_STEPS} steps of {} minutes", query.step);
            QueryError::Bad(format!("got minutes {start} to {end}, {en}"))
        })?;
        let reader = self.shared.rollups.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = reader.as_ref().map(|db| db.snapshot()).transpose().map_err(StoreError::from)?;
        let channels = snapshot.as_ref().map(|of| of.channels()).transpose().map_err(StoreError::from)?;
        let kept_from = snapshot.as_ref().map(|of| of.kept_from()).transpose().map_err(StoreError::from)?;
        let (channels, kept_from) = (channels.unwrap_or_default(), kept_from.unwrap_or(i64::MIN));
        let mut missing = Vec::new();
        for (line, parts) in query.lines.iter().enumerate() {
            if query.dim == Dim::Total {
                // A line is there also where nothing moved.
                grid.line(line, "");
            }
            for part in &parts.parts {
                let minutes = part.minutes.start.max(start)..part.minutes.end.min(end);
                if minutes.is_empty() {
                    continue;
                }
                let ask = Ask { line, dim: query.dim, minutes };
                let text = part.filter.to_string();
                let channel = channels.iter().find(|channel| self.knows(channel, &text, &ask.minutes));
                let gaps = match (&snapshot, channel) {
                    (Some(snapshot), Some(channel)) => {
                        self.rolled(snapshot, channel, &part.filter, &ask, &mut grid, kept_from)?
                    }
                    _ => self.raw(&part.filter, &text, &ask, &mut grid)?,
                };
                missing.extend(gaps.into_iter().map(|gap| (line, gap)));
            }
        }
        let at = |minute: i64| Some(Time(minute.saturating_mul(MINUTE)));
        let known = grid.lines().any(|(_, cells)| cells.iter().any(|cell| cell.doubt().is_measured()));
        let sampled = known || is_sampled(self.shared, at(start), at(end))?;
        Ok(RollupChart { sampled, ..finish(query, grid, missing) })
    }

    /// True where a channel is the one of a filter, has these minutes, and can be believed.
    fn knows(&self, channel: &Channel, text: &str, minutes: &Range<i64>) -> bool {
        channel.filter == text
            && channel.scope.start <= minutes.start
            && minutes.end <= channel.scope.end
            && self.view.segments.iter().all(|segment| segment.frames.1 <= channel.through)
    }

    fn rolled(
        &mut self,
        snapshot: &Snapshot<'_>,
        channel: &Channel,
        filter: &Filter,
        ask: &Ask,
        grid: &mut Grid,
        kept_from: i64,
    ) -> Result<Vec<Range<i64>>, QueryError> {
        snapshot.read(channel.id, ask, grid).map_err(StoreError::from)?;
        let mut gaps = Vec::new();
        let old = ask.minutes.start..ask.minutes.end.min(kept_from);
        let ask = &Ask { minutes: ask.minutes.start.max(kept_from)..ask.minutes.end, ..ask.clone() };
        if !old.is_empty() {
            gaps.push(old);
        }
        self.hot(filter, &channel.filter, ask, channel.through, grid)?;
        let segments = self.view.segments.clone();
        let mut left = left(snapshot, channel, &segments)?;
        left.retain(|segment| touches(&ask.minutes, &segment.span));
        gaps.extend(self.segments(filter, &channel.filter, ask, &left, grid)?);
        Ok(gaps)
    }

    /// Without a rollup: from all rows.
    fn raw(&mut self, filter: &Filter, text: &str, ask: &Ask, grid: &mut Grid) -> Result<Vec<Range<i64>>, QueryError> {
        self.hot(filter, text, ask, 0, grid)?;
        let segments = self.view.segments.clone();
        let left: Vec<_> = segments.iter().filter(|segment| touches(&ask.minutes, &segment.span)).collect();
        Ok(self.segments(filter, text, ask, &left, grid)?.into_iter().collect())
    }

    fn selector(&mut self, filter: &Filter, text: &str) -> Result<(), QueryError> {
        if !self.selectors.contains_key(text) {
            self.selectors.insert(text.to_owned(), Selector::new(self.state, filter)?);
        }
        Ok(())
    }

    /// Adds the hot batches with numbers above `through`.
    fn hot(&mut self, filter: &Filter, text: &str, ask: &Ask, through: u64, grid: &mut Grid) -> Result<(), QueryError> {
        self.selector(filter, text)?;
        let Some(selector) = self.selectors.get(text) else { return Ok(()) };
        let mut cube = Cube::new(ask.minutes.clone());
        for batch in self.view.hot.iter().filter(|b| b.seq > through && touches(&ask.minutes, &b.span)) {
            let facts = match self.facts.entry(batch.seq) {
                std::collections::hash_map::Entry::Occupied(found) => found.into_mut(),
                std::collections::hash_map::Entry::Vacant(place) => {
                    place.insert(Facts::of(&batch.batch, &mut self.names).map_err(StoreError::from)?)
                }
            };
            for row in selector.rows(&batch.batch)? {
                cube.add(facts, row);
                if cube.is_full() {
                    cube.read(&self.names, ask, grid);
                    cube.clear();
                }
            }
        }
        cube.read(&self.names, ask, grid);
        Ok(())
    }

    /// Adds the rows of some segments, where they are not too many; else says for which minutes they are
    /// missing.
    fn segments(
        &mut self,
        filter: &Filter,
        text: &str,
        ask: &Ask,
        left: &[&Arc<Segment>],
        grid: &mut Grid,
    ) -> Result<Option<Range<i64>>, QueryError> {
        let rows: u64 = left.iter().map(|segment| segment.rows).sum();
        if self.raw_rows.saturating_add(rows) > RAW_ROWS {
            let first = left.iter().map(|s| minute(s.span.min_start.0)).min().unwrap_or(i64::MIN);
            let last = left.iter().map(|s| minute(s.span.max_end.0.max(s.span.max_start.0))).max().unwrap_or(i64::MAX);
            return Ok(Some(ask.minutes.start.max(first)..ask.minutes.end.min(last.saturating_add(1))));
        }
        self.raw_rows += rows;
        self.selector(filter, text)?;
        let Some(selector) = self.selectors.get(text) else { return Ok(None) };
        let mut cube = Cube::new(ask.minutes.clone());
        let names = &mut self.names;
        for segment in left {
            let columns: BTreeSet<&str> = selector.columns().collect();
            let mut failed = None;
            let read = each_batch(segment, columns, |batch| {
                let facts = Facts::of(batch, names)?;
                let rows = selector.rows(batch).unwrap_or_else(|error| {
                    failed = Some(error);
                    Vec::new()
                });
                for row in rows {
                    cube.add(&facts, row);
                    if cube.is_full() {
                        cube.read(names, ask, grid);
                        cube.clear();
                    }
                }
                Ok(())
            });
            match (read, failed) {
                (Ok(()), None) => {}
                (Ok(()), Some(error)) => return Err(error),
                (Err(Unread::Segment(error)), _) => return Err(error.into()),
                (Err(Unread::Rollup(error)), _) => return Err(StoreError::from(error).into()),
            }
        }
        cube.read(names, ask, grid);
        Ok(None)
    }
}

/// The largest keys of each line; the others are added up.
fn finish(query: &RollupQuery, grid: Grid, missing: Vec<(usize, Range<i64>)>) -> RollupChart {
    let (start, step, count) = grid.shape();
    let mut all: Vec<(usize, String, Vec<Cell>)> = grid.into_lines().map(|((l, key), cells)| (l, key, cells)).collect();
    if query.dim != Dim::Total {
        let size = |cells: &[Cell]| cells.iter().map(|cell| u128::from(cell.bytes())).sum::<u128>();
        all.sort_by_cached_key(|(line, key, cells)| (*line, std::cmp::Reverse(size(cells)), key.clone()));
        let limit = query.limit.min(MOST_CELLS / count.max(1));
        let mut rest: Vec<(usize, String, Vec<Cell>)> = Vec::new();
        let mut given: HashMap<usize, usize> = HashMap::new();
        all.retain(|(line, key, cells)| {
            let given = given.entry(*line).or_default();
            if *given < limit && !key.is_empty() {
                *given += 1;
                return true;
            }
            match rest.iter_mut().find(|(other, ..)| other == line) {
                Some((.., sum)) => sum.iter_mut().zip(cells).for_each(|(sum, cell)| sum.add(cell)),
                None => rest.push((*line, String::new(), cells.clone())),
            }
            false
        });
        all.extend(rest);
        all.sort_by_key(|(line, key, _)| (*line, key.is_empty()));
    }
    let nanos = |minutes: i64| minutes.saturating_mul(MINUTE);
    let mut seen = HashSet::new();
    let missing = missing.into_iter().filter(|(line, gap)| seen.insert((*line, gap.start, gap.end))).collect();
    let step = Duration::from_nanos(nanos(step).unsigned_abs());
    RollupChart { start: Time(nanos(start)), step, lines: all, missing, sampled: false }
}
