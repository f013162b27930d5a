// SPDX-License-Identifier: Apache-2.0
//! Reads flows without a plan of the SQL engine: what rankings and lists of flows ask thousands of times a day.
//!
//! Row groups are divided among threads. Of each, the least and greatest values of row group and pages and the
//! bloom filters tell which rows cannot pass, and which pass whatever their other columns are ([`prove`]): a page
//! that lies inside a prefix as a whole gives its rows without its addresses being decoded. Columns with one
//! value are not read. Everything else is tested with the same expression that the SQL engine would use.
//! Columns of numbers and addresses are decoded here ([`direct`]).

mod answers;
mod direct;
mod given;
mod group;
mod plan;
mod prove;
mod runs;
mod unpack;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use datafusion::execution::session_state::SessionState;
use minamo_base::Time;
use minamo_filter::{CompareOp, Expr, Literal, Predicate, Subject, Test};
use minamo_model::FLOWS;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use tokio::task::JoinSet;

use super::reader::Footers;
use crate::identity::DERIVED;
use crate::segment::{Segment, fit};
use crate::shared::{HotBatch, View};
use crate::tables::place;
use crate::{Lake, QueryError, StoreError};
use answers::Answers;
use direct::Kit;
use group::{Open, Take};

/// What to read.
pub(crate) struct Question {
    /// Flows that ended before are left out.
    pub(crate) from: Option<Time>,
    /// Flows that started here or later are left out.
    pub(crate) to: Option<Time>,
    /// Flows that do not pass are left out.
    pub(crate) filter: Expr,
    /// The columns to give; all that there are where nothing is said.
    pub(crate) columns: Option<SchemaRef>,
}

/// True where segments have all that is looked at: what follows from other columns is put together elsewhere.
pub(crate) fn can_read<'a>(filter: &Expr, columns: impl Iterator<Item = &'a str>) -> bool {
    filter.columns().into_iter().chain(columns).all(|name| !DERIVED.contains(&name))
}

/// The flows of one instant, while a question is answered.
struct Scan {
    state: SessionState,
    footers: Arc<Footers>,
    filter: Expr,
    columns: Option<SchemaRef>,
    work: Mutex<Work>,
    /// Told when there is more work, or none any more.
    more: Condvar,
    /// Parts of the filter that are asked, each compiled once.
    tests: Mutex<Vec<(Expr, Arc<Answers>)>>,
    /// True where nobody waits for the answer.
    stop: AtomicBool,
}

/// What is to be read.
#[derive(Default)]
struct Work {
    hot: VecDeque<Arc<HotBatch>>,
    segments: VecDeque<Arc<Segment>>,
    groups: VecDeque<(Arc<Open>, usize)>,
    /// Segments whose footers are being read.
    opening: usize,
}

enum Unit {
    Hot(Arc<HotBatch>),
    Segment(Arc<Segment>),
    Group(Arc<Open>, usize),
}

/// Ends the threads of a scan whose question was given up.
struct Guard(Arc<Scan>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Release);
    }
}

impl Lake {
    /// Gives the rows to `each`, on several threads with a state of their own, which is what comes of it. Where there is
    /// a mask, only its rows are meant: most of the batch. Nothing where `each` wanted no more.
    pub(crate) async fn scan<S: Send + 'static>(
        &self,
        question: Question,
        start: impl Fn() -> S,
        each: impl Fn(&mut S, &RecordBatch, Option<&BooleanArray>) -> Result<bool, QueryError> + Send + Sync + 'static,
    ) -> Result<Option<Vec<S>>, QueryError> {
        let view = self.shared.views().into_iter().nth(place(FLOWS.name).unwrap_or(0)).unwrap_or_default();
        let scan = Arc::new(Scan::new(self.engine.state().clone(), self.engine.footers(), question, view)?);
        let (guard, each) = (Guard(Arc::clone(&scan)), Arc::new(each));
        let mut threads = JoinSet::new();
        for _ in 0..self.shared.settings.query_threads {
            let (scan, each, mut state) = (Arc::clone(&scan), Arc::clone(&each), start());
            threads.spawn_blocking(move || {
                let whole = scan.run(&mut |batch, mask| each(&mut state, &batch, mask))?;
                Ok::<_, QueryError>(whole.then_some(state))
            });
        }
        let mut out = Some(Vec::new());
        while let Some(done) = threads.join_next().await {
            let state = done.map_err(|error| QueryError::Failed(error.to_string()))??;
            out = out.zip(state).map(|(mut out, state)| {
                out.push(state);
                out
            });
            if out.is_none() {
                break;
            }
        }
        drop(guard);
        Ok(out)
    }
}

impl Scan {
    fn new(state: SessionState, footers: &Arc<Footers>, question: Question, view: View) -> Result<Self, QueryError> {
        let Question { from, to, filter, columns } = question;
        let bound = |name: &str, op: CompareOp, at: Option<Time>| {
            let (column, at) = (FLOWS.column(name)?, at?);
            let predicate = Predicate::Compare(op, Literal::Time(at));
            Some(Expr::Test(Test { subject: Subject::Column(column), predicate }))
        };
        let bounds = [bound("time_start", CompareOp::Lt, to), bound("time_end", CompareOp::Ge, from)];
        let filter = bounds.into_iter().flatten().fold(filter, Expr::and);
        let early = |start: Time| to.is_none_or(|to| start < to);
        let late = |end: Time| from.is_none_or(|from| end >= from);
        let hot = view.hot.into_iter().filter(|hot| early(hot.span.min_start) && late(hot.span.max_end)).collect();
        let segments = view.segments.into_iter().filter(|s| early(s.span.min_start) && late(s.span.max_end)).collect();
        Ok(Self {
            state,
            footers: Arc::clone(footers),
            filter,
            columns,
            work: Mutex::new(Work { hot, segments, ..Work::default() }),
            more: Condvar::new(),
            tests: Mutex::default(),
            stop: AtomicBool::new(false),
        })
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes part in the work until there is none; false where no more rows are wanted.
    fn run(&self, take: &mut Take<'_>) -> Result<bool, QueryError> {
        let mut kit = Kit::new().map_err(|error| QueryError::Failed(error.to_string()))?;
        while let Some(unit) = self.next() {
            let more = match unit {
                Unit::Hot(batch) => self.hot(&batch, take)?,
                Unit::Group(open, at) => self.group(&open, at, &mut kit, take)?,
                Unit::Segment(segment) => {
                    let opened = self.open(&segment);
                    let mut work = self.work();
                    work.opening -= 1;
                    let opened = opened.map(Arc::new);
                    if let Ok(open) = &opened {
                        work.groups.extend((0..open.groups()).map(|at| (Arc::clone(open), at)));
                    }
                    self.more.notify_all();
                    opened.map(|_| true)?
                }
            };
            if !more {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The next piece of work; waits for one as long as there may be some.
    fn next(&self) -> Option<Unit> {
        let mut work = self.work();
        loop {
            if self.stop.load(Ordering::Acquire) {
                return None;
            }
            if let Some((open, at)) = work.groups.pop_front() {
                return Some(Unit::Group(open, at));
            }
            if let Some(hot) = work.hot.pop_front() {
                return Some(Unit::Hot(hot));
            }
            if let Some(segment) = work.segments.pop_front() {
                work.opening += 1;
                return Some(Unit::Segment(segment));
            }
            if work.opening == 0 {
                return None;
            }
            let waited = self.more.wait_timeout(work, Duration::from_millis(50));
            work = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn open(&self, segment: &Arc<Segment>) -> Result<Open, QueryError> {
        let failed = |error: StoreError| match error {
            StoreError::Damaged { .. } => QueryError::Damaged(error.to_string()),
            other => QueryError::Failed(other.to_string()),
        };
        let file = segment.open().map_err(failed)?;
        let footer = self.footers.of(segment, &file).map_err(failed)?;
        let metadata = ArrowReaderMetadata::try_new(footer, ArrowReaderOptions::new());
        let metadata = metadata.map_err(StoreError::parquet("read", &segment.file)).map_err(failed)?;
        Ok(Open::new(&FLOWS, Arc::clone(segment), file, metadata))
    }

    fn test(&self, part: &Expr) -> Result<Arc<Answers>, QueryError> {
        let mut tests = self.tests.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, test)) = tests.iter().find(|(of, _)| of == part) {
            return Ok(Arc::clone(test));
        }
        let test = Arc::new(Answers::new(&self.state, part)?);
        tests.push((part.clone(), Arc::clone(&test)));
        Ok(test)
    }

    fn group(&self, open: &Open, at: usize, kit: &mut Kit, take: &mut Take<'_>) -> Result<bool, QueryError> {
        let columns = self.columns.as_ref().unwrap_or(&open.columns);
        for (part, rows) in open.plan(at, &self.filter)? {
            let test = part.as_ref().map(|part| self.test(part)).transpose()?;
            let mut go_on = |batch, mask: Option<&BooleanArray>| {
                if self.stop.load(Ordering::Acquire) { Ok(false) } else { take(batch, mask) }
            };
            if !open.read(at, &rows, test.as_deref(), columns, kit, &mut go_on)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn hot(&self, hot: &HotBatch, take: &mut Take<'_>) -> Result<bool, QueryError> {
        let passed = if self.filter == Expr::All {
            hot.batch.clone()
        } else {
            let mask = self.test(&self.filter)?.mask(&hot.batch)?;
            filter_record_batch(&hot.batch, &BooleanArray::new(mask, None))?
        };
        if passed.num_rows() == 0 {
            return Ok(true);
        }
        match &self.columns {
            Some(columns) => take(fit(&passed, columns)?, None),
            None => take(passed, None),
        }
    }
}
