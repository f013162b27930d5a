// SPDX-License-Identifier: Apache-2.0
//! Looks with the rules at the windows that new flows fall into and stores the events. Rules that say what they count
//! are counted as flows come; of the others, and of what was not counted, the query is run. A rule that fails says so
//! in the log and in a counter, and the others go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use arrow::array::RecordBatch;
use minamo_base::Time;
use minamo_detect::{Counter, Due, Engine, Rule};
use minamo_model::{CellReader, EVENTS, EventBuilder, FLOWS, Row, text_value};
use minamo_store::{Condition, Lake};
use tokio::sync::watch;

use crate::clock;
use crate::ingest::Fresh;

/// Rows that one run of a rule may give.
const MAX_ROWS: usize = 10_000;
/// Events of the past that are read at the start, so that they are not given twice.
const REMEMBERED: usize = 50_000;
/// Shortest pause between two looks, so that many small batches cost one run.
const PAUSE: Duration = Duration::from_secs(2);
/// Longest pause: an event is found that long after its flows at the latest.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The pause is so many times as long as the look before it, so that detection leaves the machine to intake under load.
const RESTS: u32 = 4;

minamo_base::counters! {
    /// Counters of detection.
    pub(crate) struct Counters, pub(crate) static METRICS {
        /// Questions of rules over windows, where not all of their flows were counted as they came.
        runs: AtomicU64 = "minamo_detect_runs_total" [], "";
        /// Batches that could not be counted for a rule, whose query is asked instead.
        uncounted: AtomicU64 = "minamo_detect_uncounted_batches_total" [], "A fault of the program: report it.";
        /// Runs that failed.
        failures: AtomicU64 = "minamo_detect_failures_total" [], "The log says which rule and why.";
        /// Events that were stored, again where they said more.
        events: AtomicU64 = "minamo_detect_events_total" [], "";
        /// Runs that gave more rows than are looked at.
        cut: AtomicU64 = "minamo_detect_cut_total" [], "Raise the threshold of the rule that gives the most events.";
        /// Events forgotten to bound memory; they may be given twice.
        forgotten: AtomicU64 = "minamo_detect_forgotten_total" [], "A rule finds too much: raise its threshold.";
    }
}

/// A rule whose rows are counted as they come.
pub(crate) struct Counted {
    rule: String,
    condition: Condition,
    counter: Counter,
    counters: Arc<Counters>,
}

impl Counted {
    /// Those of the rules that say what they count. `until` is the end of the newest flow that there is.
    fn of(rules: &[Rule], lake: &Lake, until: Option<Time>, counters: &Arc<Counters>) -> anyhow::Result<Vec<Self>> {
        let counted = rules.iter().filter_map(|rule| {
            let (condition, counter) = (rule.counted()?, Counter::new(rule, until)?);
            let condition = lake.condition(&condition).with_context(|| format!("rule {}: count.where", rule.name));
            let (rule, counters) = (rule.name.clone(), Arc::clone(counters));
            Some(condition.map(|condition| Self { rule, condition, counter, counters }))
        });
        counted.collect()
    }

    /// Counts the rows of a batch.
    pub(crate) fn add(&mut self, batch: &RecordBatch) {
        match self.condition.mask(batch) {
            Ok(mask) => self.counter.add(batch, &mask),
            Err(error) => {
                tracing::error!(rule = self.rule, %error, "a batch could not be counted");
                self.counters.uncounted.fetch_add(1, Ordering::Relaxed);
                self.counter.ask_for(batch);
            }
        }
    }
}

/// The rules, bound to a lake.
pub(crate) struct Detector {
    engine: Engine,
    lake: Arc<Lake>,
    counters: Arc<Counters>,
}

/// The pause after a look that took so many nanoseconds.
fn pause_after(nanos: i64) -> Duration {
    let took = Duration::from_nanos(u64::try_from(nanos).unwrap_or(0));
    took.saturating_mul(RESTS).clamp(PAUSE, LONGEST_PAUSE)
}

impl Detector {
    /// A detector that knows the events of the past; `fresh` counts for it from now on.
    pub(crate) async fn new(
        lake: Arc<Lake>,
        rules: Vec<Rule>,
        fresh: &Fresh,
        counters: Arc<Counters>,
    ) -> anyhow::Result<Self> {
        let flows = lake.stats().tables.into_iter().find(|table| table.table == FLOWS.name);
        fresh.count(Counted::of(&rules, &lake, flows.and_then(|flows| flows.last), &counters)?);
        let mut engine = Engine::new(rules);
        let past = "SELECT event_id, facts FROM events ORDER BY time_found";
        for batch in lake.sql(past, REMEMBERED).await.context("events of the past")?.batches {
            let readers = CellReader::all(&batch);
            for at in 0..batch.num_rows() {
                let row = Row::new(&readers, at);
                engine.remember(&text_value(&row.get("event_id")), &text_value(&row.get("facts")));
            }
        }
        Ok(Self { engine, lake, counters })
    }

    /// Looks whenever flows came, until `stop` is dropped, and then once more.
    pub(crate) async fn run(mut self, fresh: Arc<Fresh>, mut stop: watch::Receiver<()>) {
        let mut pause = PAUSE;
        loop {
            tokio::select! {
                () = fresh.notify.notified() => {}
                _ = stop.changed() => break,
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.changed() => break,
            }
            let began = clock::now();
            self.look(&fresh).await;
            pause = pause_after(clock::now().since(began));
        }
        self.look(&fresh).await;
    }

    /// Looks with every rule at the windows of the flows that came: at what was counted of them, and with its query
    /// where not all was counted.
    async fn look(&mut self, fresh: &Fresh) {
        let Some(span) = fresh.take() else { return };
        for rule in self.engine.rules().to_vec() {
            if let Err(error) = self.look_with(&rule, fresh, span).await {
                self.counters.failures.fetch_add(1, Ordering::Relaxed);
                tracing::error!(rule = rule.name, "rule failed: {error:#}");
            }
        }
    }

    async fn look_with(&mut self, rule: &Rule, fresh: &Fresh, span: (Time, Time)) -> anyhow::Result<()> {
        let counted = fresh.counted().iter_mut().find(|c| c.rule == rule.name).map(|c| c.counter.take());
        let due = counted.unwrap_or(Ok(Due { rows: None, ask: Some(span) }))?;
        if let Some(rows) = due.rows {
            self.give(rule, &[rows]).await?;
        }
        if let Some((from, to)) = due.ask {
            self.counters.runs.fetch_add(1, Ordering::Relaxed);
            let answer = self.lake.sql(&Engine::sql(rule, from, to), MAX_ROWS).await?;
            self.counters.cut.fetch_add(answer.truncated.into(), Ordering::Relaxed);
            self.give(rule, &answer.batches).await?;
        }
        Ok(())
    }

    /// Stores the events of the rows that a rule gave.
    async fn give(&mut self, rule: &Rule, rows: &[RecordBatch]) -> anyhow::Result<()> {
        let found = self.engine.events(rule, rows, clock::now());
        self.counters.forgotten.fetch_add(found.forgotten, Ordering::Relaxed);
        if found.events.is_empty() {
            return Ok(());
        }
        let mut builder = EventBuilder::default();
        for event in &found.events {
            tracing::info!(rule = rule.name, facts = event.finding.facts, "event");
            builder.append(event);
        }
        self.lake.append(&EVENTS, builder.finish()?).await?;
        self.counters.events.fetch_add(found.events.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detection_rests_four_times_as_long_as_it_took() {
        assert_eq!(pause_after(-1), PAUSE);
        assert_eq!(pause_after(100_000_000), PAUSE);
        assert_eq!(pause_after(2_000_000_000), Duration::from_secs(8));
        assert_eq!(pause_after(i64::MAX), LONGEST_PAUSE);
    }
}
