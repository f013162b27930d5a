// SPDX-License-Identifier: Apache-2.0
//! The queries that wait or run: who asked what, how far it is, and how it is stopped.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::dataframe::DataFrame;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::{ExecutionPlan, StatisticsArgs, StatisticsContext, collect as run, execute_stream};
use minamo_base::Time;
use tokio::sync::Notify;

use crate::counters::{Counters, add};
use crate::{Lake, QueryError};

/// Who asks, and what, in a word.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asker {
    /// Name of the user; empty for the program itself.
    pub user: String,
    /// What is asked, such as the operation's path.
    pub what: String,
}

/// A query that waits or runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningQuery {
    /// Its number: counts up from 1 since the start.
    pub id: u64,
    /// Who asked.
    pub asker: Asker,
    /// When it was asked.
    pub since: Time,
    /// True while it waits for its turn.
    pub waiting: bool,
    /// Rows that were read, or passed over by their statistics, so far …
    pub rows_read: u64,
    /// … of the rows in the segments and hot batches that its plans so far cover.
    pub rows_total: u64,
}

tokio::task_local! {
    static ASKER: Asker;
    static CURRENT: Arc<Entry>;
}

/// Runs something whose queries are those of `asker`.
pub async fn asked_by<T>(asker: Asker, work: impl Future<Output = T>) -> T {
    ASKER.scope(asker, work).await
}

#[derive(Debug)]
pub(super) struct Entry {
    asker: Asker,
    since: Time,
    begun: AtomicBool,
    finished: AtomicBool,
    stop: Notify,
    plans: Mutex<Vec<Arc<dyn ExecutionPlan>>>,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Queries {
    last: AtomicU64,
    entries: Mutex<BTreeMap<u64, Arc<Entry>>>,
}

/// One of them, on the list until it is dropped.
pub(super) struct Listed<'a> {
    queries: &'a Queries,
    counters: &'a Counters,
    id: u64,
    entry: Arc<Entry>,
}

impl Queries {
    fn entries(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Arc<Entry>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a query on the list.
    pub(super) fn enter<'a>(&'a self, counters: &'a Counters, since: Time) -> Listed<'a> {
        let asker = ASKER.try_with(Clone::clone).unwrap_or_default();
        let (begun, finished) = (AtomicBool::new(false), AtomicBool::new(false));
        let entry = Entry { asker, since, begun, finished, stop: Notify::new(), plans: Mutex::default() };
        let (id, entry) = (self.last.fetch_add(1, Ordering::Relaxed) + 1, Arc::new(entry));
        self.entries().insert(id, Arc::clone(&entry));
        Listed { queries: self, counters, id, entry }
    }
}

impl Listed<'_> {
    /// Who asked.
    pub(super) fn user(&self) -> &str {
        &self.entry.asker.user
    }

    /// Ends when somebody stops it.
    pub(super) async fn stopped(&self) {
        self.entry.stop.notified().await;
    }

    /// Runs it, once it has its turn.
    pub(super) async fn run<T>(&self, query: impl Future<Output = T>) -> T {
        self.entry.begun.store(true, Ordering::Relaxed);
        CURRENT.scope(Arc::clone(&self.entry), query).await
    }

    /// It has an answer, or an error.
    pub(super) fn finish(&self) {
        self.entry.finished.store(true, Ordering::Relaxed);
    }
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        self.queries.entries().remove(&self.id);
        if !self.entry.finished.load(Ordering::Relaxed) {
            add(&self.counters.query_gone, 1);
        }
    }
}

/// Has the progress of the query at hand follow a plan.
pub(super) fn follow(plan: &Arc<dyn ExecutionPlan>) {
    let push = |entry: &Arc<Entry>| {
        entry.plans.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(plan));
    };
    // Outside of a query there is nobody who looks.
    CURRENT.try_with(push).unwrap_or_default();
}

/// The plan with joins that let others have their turn: a join of few rows with many makes output for minutes
/// without reading, and only reading gives way by itself, so that it could be stopped.
fn giving_way(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>, QueryError> {
    let wrapped = plan.transform_up(|node| {
        let joins = node.name().ends_with("JoinExec");
        Ok(if joins { Transformed::yes(Arc::new(CooperativeExec::new(node)) as Arc<_>) } else { Transformed::no(node) })
    });
    Ok(wrapped?.data)
}

/// The rows of a frame, as they come.
pub(super) async fn stream(frame: DataFrame) -> Result<SendableRecordBatchStream, QueryError> {
    let context = Arc::new(frame.task_ctx());
    let plan = giving_way(frame.create_physical_plan().await?)?;
    follow(&plan);
    Ok(execute_stream(plan, context)?)
}

/// The rows of a frame.
pub(super) async fn collect(frame: DataFrame) -> Result<Vec<RecordBatch>, QueryError> {
    let context = Arc::new(frame.task_ctx());
    let plan = giving_way(frame.create_physical_plan().await?)?;
    follow(&plan);
    Ok(run(plan, context).await?)
}

/// Rows that the leaves of a plan have read or passed over, and have in all.
fn progress(plan: &Arc<dyn ExecutionPlan>) -> (u64, u64) {
    let children = plan.children();
    if !children.is_empty() {
        let parts = children.into_iter().map(progress);
        return parts.fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
    }
    let statistics = StatisticsContext::new().compute(plan.as_ref(), &StatisticsArgs::new());
    let total = statistics.ok().and_then(|of| of.num_rows.get_value().copied()).unwrap_or(0);
    let metrics = plan.metrics();
    let of = |name: &str| metrics.as_ref().and_then(|m| m.sum_by_name(name)).map_or(0, |value| value.as_usize());
    let given = metrics.as_ref().and_then(|m| m.output_rows()).unwrap_or(0);
    let read = given.saturating_add(of("pushdown_rows_pruned")).min(total);
    (read as u64, total as u64)
}

impl Lake {
    /// The queries that wait or run, the oldest first.
    pub fn running(&self) -> Vec<RunningQuery> {
        let entries = self.shared.queries.entries().clone();
        let of = |(id, entry): (u64, Arc<Entry>)| {
            let plans = entry.plans.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let (rows_read, rows_total) = plans.iter().map(progress).fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
            let (asker, since) = (entry.asker.clone(), entry.since);
            let waiting = !entry.begun.load(Ordering::Relaxed);
            RunningQuery { id, asker, since, waiting, rows_read, rows_total }
        };
        entries.into_iter().map(of).collect()
    }

    /// Stops a query; false where there is none of that number.
    pub fn stop_query(&self, id: u64) -> bool {
        let entry = self.shared.queries.entries().get(&id).cloned();
        entry.inspect(|entry| entry.stop.notify_one()).is_some()
    }
}
