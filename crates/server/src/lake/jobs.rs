// SPDX-License-Identifier: Apache-2.0
//! Work on the lake that takes a while: one of each kind at a time, the last of each is remembered, in `state.db` also
//! beyond the end of the program.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use minamo_base::Time;
use minamo_store::{Lake, StoreError};

use super::types::{LakeJob, LakeJobKind};
use crate::State;

/// Faults that a job tells.
const MAX_PROBLEMS: usize = 100;

/// What runs and what ran last.
pub(crate) struct Jobs {
    running: Mutex<Vec<Arc<Job>>>,
    state: Arc<State>,
}

struct Job {
    kind: LakeJobKind,
    started_at: Time,
    done: AtomicU64,
    all: u64,
    end: Mutex<Option<End>>,
}

#[derive(Clone)]
struct End {
    at: Time,
    rows: Option<u64>,
    problems: Vec<String>,
}

impl Jobs {
    /// Those of before are in the state.
    pub(crate) fn new(state: Arc<State>) -> Self {
        Self { running: Mutex::default(), state }
    }

    /// What runs, and the last of each kind.
    pub(crate) fn list(&self) -> Vec<LakeJob> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let mut list: Vec<LakeJob> = running.iter().map(|job| job.shown()).collect();
        let earlier = self.state.jobs().unwrap_or_else(|error| {
            tracing::warn!(%error, "earlier work on the lake is not known");
            Vec::new()
        });
        list.extend(earlier.into_iter().filter(|job| running.iter().all(|other| other.kind != job.kind)));
        list
    }

    /// Starts a job; nothing where one of its kind runs.
    pub(crate) fn start(&self, kind: LakeJobKind, lake: Arc<Lake>, clock: fn() -> Time) -> Option<LakeJob> {
        let all = if kind == LakeJobKind::Verify { lake.segments().len() as u64 } else { 0 };
        let job = Arc::new(Job { kind, started_at: clock(), done: AtomicU64::new(0), all, end: Mutex::new(None) });
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.iter().any(|job| job.kind == kind && job.ended().is_none()) {
            return None;
        }
        running.retain(|job| job.kind != kind);
        running.push(Arc::clone(&job));
        let (shown, state) = (job.shown(), Arc::clone(&self.state));
        tokio::spawn(async move {
            let (rows, problems) = run(kind, lake, &job).await;
            *job.end.lock().unwrap_or_else(PoisonError::into_inner) = Some(End { at: clock(), rows, problems });
            if let Err(error) = state.put_job(&job.shown()) {
                tracing::warn!(%error, "what was done with the lake is remembered until the end only");
            }
        });
        Some(shown)
    }
}

impl Job {
    fn ended(&self) -> Option<End> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn shown(&self) -> LakeJob {
        let end = self.ended();
        LakeJob {
            kind: self.kind,
            started_at: self.started_at.to_string(),
            ended_at: end.as_ref().map(|end| end.at.to_string()),
            done: self.done.load(Ordering::Relaxed),
            all: self.all,
            rows: end.as_ref().and_then(|end| end.rows),
            problems: end.map(|end| end.problems).unwrap_or_default(),
        }
    }
}

async fn run(kind: LakeJobKind, lake: Arc<Lake>, job: &Arc<Job>) -> (Option<u64>, Vec<String>) {
    let told = |found: Result<u64, StoreError>| match found {
        Ok(rows) => (Some(rows), Vec::new()),
        Err(error) => (None, vec![error.to_string()]),
    };
    match kind {
        LakeJobKind::Compact => told(lake.compact().await),
        LakeJobKind::Retain => told(lake.retain().await),
        LakeJobKind::Seal => told(lake.seal().await),
        LakeJobKind::Verify => {
            let job = Arc::clone(job);
            // It reads every octet: not on a thread that serves others.
            let verified = tokio::task::spawn_blocking(move || {
                let mut rows = 0;
                let wrong = lake.verify(|segment| {
                    rows += segment.rows;
                    job.done.fetch_add(1, Ordering::Relaxed);
                });
                (rows, wrong)
            });
            match verified.await {
                Ok((rows, wrong)) => (Some(rows), wrong.iter().take(MAX_PROBLEMS).map(StoreError::to_string).collect()),
                Err(error) => (None, vec![error.to_string()]),
            }
        }
    }
}
