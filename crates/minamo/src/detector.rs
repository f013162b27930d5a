// SPDX-License-Identifier: Apache-2.0
//! Looks with the rules at the windows that new flows fall into and stores the events. Rules that say what they count
//! are counted as flows come; of the others, and of what was not counted, the query is run: at once, or as seldom as the
//! rule says, and then beside the others ([`aside`]). A rule that fails says so in the log and in a counter, and the others go on.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use arrow::array::RecordBatch;
use minamo_base::{Tally, Time};
use minamo_detect::alerts::Alerts;
use minamo_detect::{Counter, Engine, Found, Origin, Perspective, Rule, RuleError, Rules, hunt, most_rows};
use minamo_model::{CellReader, EVENTS, EventBuilder, FLOWS, Row, text_value};
use minamo_schema::Value;
use minamo_server::detection::Suppressing;
use minamo_store::{Condition, Lake, TableStats};
use tokio::sync::watch;

use self::aside::Aside;
use self::early::Early;
use self::hearing::Heard;
use self::left::{Left, Mark as Asked, Span, joined};
use crate::actions::Actions;
use crate::alerts::AlertSources;
use crate::clock;
use crate::ingest::Fresh;
use crate::mark::Mark;
use crate::rules::{Loaded, Sources, planned};

mod aside;
mod early;
mod hearing;
mod left;
mod times;

/// The rule whose events say what feeds know.
const FEED_RULE: &str = "feed_match";
/// Rows that a question other than a rule's may give.
const MAX_ROWS: usize = 10_000;
/// Events of the past that are read at the start, so that they are not given twice.
const REMEMBERED: usize = 50_000;
/// Shortest pause between two looks, so that many small batches cost one run.
const PAUSE: Duration = Duration::from_secs(2);
/// Longest pause: an event is found that long after its flows at the latest.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The pause is so many times as long as the look before it, so that detection leaves the machine to intake under load.
const RESTS: u32 = 4;
/// A lake with at most so many flows is small: its last questions take a moment, unless they are about very many windows.
const SMALL: u64 = 200_000;
/// What was not asked so long after the end was asked for is left for the next start: of a large lake, and of a small one.
const LAST_QUESTIONS: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(60)];
/// Longest time for a look with a rule that somebody wrote; one that takes longer is asked beside the others from then on.
const LONGEST_OWN: Duration = Duration::from_secs(5);
/// Questions in a row that are given up, after which such a rule is stopped.
const MOST_SLOW: u32 = 3;
/// A rule that looks more often than this is quick: it does not wait while the others rest.
const QUICK: Duration = Duration::from_secs(30);
/// Pause between two looks at the folder of rules and at what is due.
const TICK: Duration = Duration::from_secs(5);

minamo_base::counters! {
    /// Counters of detection.
    pub(crate) struct Counters, pub(crate) static METRICS {
        /// Questions of rules over windows, where not all of their flows were counted as they came.
        runs: AtomicU64 = "minamo_detect_runs_total" [], "";
        /// Milliseconds that rules take: their questions, and giving what was counted for them.
        took: Tally<String> = "minamo_detect_rule_milliseconds_total" [rule], "";
        /// How long the rule that waits longest for its answer has been waiting.
        behind: AtomicU64 = "minamo_detect_behind_seconds" [], "See which rules take the time, and have them look more seldom (every) or turn them off.";
        /// Questions that were left at the end for the next start, so that stopping does not take minutes.
        left: AtomicU64 = "minamo_detect_left_questions_total" [], "";
        /// Batches that could not be counted for a rule, whose query is asked instead.
        uncounted: AtomicU64 = "minamo_detect_uncounted_batches_total" [], "A fault of the program: report it.";
        /// Windows that did not fit into memory while they were counted for a rule, whose query is asked instead.
        unfit: AtomicU64 = "minamo_detect_unfit_windows_total" [], "Very many hosts, or one that does very much: detection takes longer, and misses nothing.";
        /// Runs that failed.
        failures: AtomicU64 = "minamo_detect_failures_total" [], "The log says which rule and why.";
        /// Events that were stored, again where they said more.
        events: AtomicU64 = "minamo_detect_events_total" [], "";
        /// Runs that gave more rows than are looked at.
        cut: AtomicU64 = "minamo_detect_cut_total" [], "Raise the threshold of the rule that gives the most events.";
        /// Windows that rules which look back were not asked over, because flows of too many windows came at once.
        left_out: AtomicU64 = "minamo_detect_skipped_windows_total" [], "Try the rule over the past: `minamo rule try`.";
        /// New events that were not stored, because their rule gave more than 500 in an hour.
        flooded: AtomicU64 = "minamo_detect_flooded_events_total" [], "The log says which rule: raise its threshold, or narrow it.";
        /// Questions to the past for what is new in feeds.
        hunted: AtomicU64 = "minamo_detect_hunts_total" [], "";
        /// Rules that were read and cannot run.
        refused: AtomicU64 = "minamo_detect_refused_rules_total" [], "The log says which and why.";
        /// Events forgotten to bound memory; they may be given twice.
        forgotten: AtomicU64 = "minamo_detect_forgotten_total" [], "A rule finds too much: raise its threshold.";
    }
}

impl Counters {
    /// Notes that a rule was at work since then.
    fn took(&self, rule: &Rule, since: Time) {
        let millis = u64::try_from(clock::now().since(since) / 1_000_000).unwrap_or(0);
        self.took.add(rule.name.clone(), millis);
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
    rules: Arc<Rules>,
    sources: Sources,
    /// The files of rules as they were read.
    marks: Vec<(PathBuf, Mark)>,
    engine: Engine,
    suppressing: Arc<Suppressing>,
    perspectives: Vec<Perspective>,
    actions: Actions,
    heard: Heard,
    /// The rules that look seldom.
    waiting: HashMap<String, Waiting>,
    /// Before this only the quick rules look.
    others_rest_until: Time,
    /// How often in a row a rule took too long.
    slow: HashMap<String, u32>,
    /// The rules that are asked beside the others.
    aside: Aside,
    /// What was not asked before the last end.
    left: Left,
    /// What rules see of a look for which one direction is enough.
    early: Option<Early>,
    lake: Arc<Lake>,
    counters: Arc<Counters>,
}

/// What detection tells besides what rules find, and to whom.
pub(crate) struct Around {
    /// Which events people do not want to see.
    pub(crate) suppressing: Arc<Suppressing>,
    /// How much events matter.
    pub(crate) perspectives: Vec<Perspective>,
    /// Who is told.
    pub(crate) actions: Actions,
    /// Where other systems' alerts come from.
    pub(crate) alerts: AlertSources,
}

/// A rule that looks seldom.
#[derive(Default)]
struct Waiting {
    /// Times of the flows that it has not looked at.
    span: Option<Span>,
    /// Before this it does not look again.
    rests_until: Time,
}

/// Tells when the last questions have had their time.
#[derive(Debug, Clone)]
struct Late {
    /// True where it is too late: for a large lake, for a small one.
    told: watch::Receiver<[bool; 2]>,
    is_large: bool,
}

impl Late {
    /// So long after the end was asked for.
    fn after(mut stop: watch::Receiver<()>) -> Self {
        let (late, told) = watch::channel([false; 2]);
        tokio::spawn(async move {
            // The end is asked for by dropping the other side.
            while stop.changed().await.is_ok() {}
            let [large, small] = LAST_QUESTIONS;
            tokio::time::sleep(large).await;
            late.send_replace([true, false]);
            tokio::time::sleep(small.saturating_sub(large)).await;
            late.send_replace([true; 2]);
        });
        Self { told, is_large: true }
    }

    /// The same for a lake that is large, or small.
    fn of_lake(&self, is_large: bool) -> Self {
        Self { told: self.told.clone(), is_large }
    }

    fn is_now(&self) -> bool {
        let [large, small] = *self.told.borrow();
        if self.is_large { large } else { small }
    }

    /// Waits until then.
    async fn wait(&mut self) {
        let at = usize::from(!self.is_large);
        if self.told.wait_for(|late| late.get(at) == Some(&true)).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Waits until something was changed in the console; forever where nothing can be.
async fn changed(said: &mut Option<watch::Receiver<u64>>) {
    let Some(said) = said else { return std::future::pending().await };
    if said.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// True for a rule that looks whenever flows came, or nearly so.
fn is_quick(rule: &Rule) -> bool {
    rule.every.is_none_or(|every| every < QUICK)
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
        sources: Sources,
        loaded: Loaded,
        around: Around,
        fresh: &Fresh,
        counters: Arc<Counters>,
    ) -> anyhow::Result<Self> {
        let Around { suppressing, perspectives, actions, alerts } = around;
        let mut detector = Self {
            rules: Arc::new(Rules::default()),
            marks: sources.marks(),
            left: Left::new(sources.ruling.clone())?,
            early: None,
            sources,
            engine: Engine::default(),
            suppressing,
            perspectives,
            actions,
            heard: Heard { sources: alerts, alerts: Alerts::default() },
            waiting: HashMap::new(),
            others_rest_until: Time::default(),
            slow: HashMap::new(),
            aside: Aside::default(),
            lake,
            counters,
        };
        detector.put(loaded, fresh)?;
        detector.remember().await?;
        detector.take_up().await?;
        Ok(detector)
    }

    /// Has every rule asked about what it may not have been before the program was killed: the flows that waited, and those that
    /// were received after the last look.
    async fn take_up(&mut self) -> anyhow::Result<()> {
        let Some(Asked { waits, looked }) = self.left.killed() else { return Ok(()) };
        let last = self.flows().and_then(|flows| flows.last);
        let waited = last.filter(|last| waits < looked && waits <= *last).map(|last| (waits, last));
        // The time of receipt has tenths of a second.
        let since = looked - Duration::from_secs(1);
        let unseen = format!(
            "SELECT min(time_start) AS first, max(time_start) AS last FROM flows \
             WHERE COALESCE(time_received, time_end) >= TIMESTAMP '{since}'"
        );
        let time = |row: &Row<'_>, name| match row.get(name) {
            Value::Time(at) => Some(at),
            _ => None,
        };
        let answer = self.lake.sql(&unseen, 1).await.context("flows that no rule has looked at")?;
        let came = rows(&answer.batches, |row| time(row, "first").zip(time(row, "last")));
        let Some(span) = joined(waited, came.into_iter().flatten().next()) else { return Ok(()) };
        tracing::info!(from = %span.0, "the program was killed before all was asked: the rules look at what waited");
        for rule in self.rules.now().iter() {
            self.left.owe(&rule.name, span);
        }
        Ok(())
    }

    /// Notes how far the rules were asked, so that what waits is not forgotten where the program is killed. `span` is of flows
    /// that they are about to look at.
    fn note(&mut self, span: Option<Span>, looked: Time) {
        let seldom = self.waiting.values().filter_map(|waiting| waiting.span).map(|span| span.0).min();
        let oldest = [span.map(|span| span.0), seldom, self.aside.oldest(), self.left.oldest()];
        let waits = oldest.into_iter().flatten().min().unwrap_or(looked);
        if let Err(error) = self.left.note(Asked { waits, looked }) {
            self.counters.failures.fetch_add(1, Ordering::Relaxed);
            tracing::error!("how far the rules were asked could not be noted: {error:#}");
        }
    }

    /// The rules in force.
    pub(crate) fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.rules)
    }

    fn flows(&self) -> Option<TableStats> {
        self.lake.stats().tables.into_iter().find(|table| table.table == FLOWS.name)
    }

    /// Puts rules in force.
    fn put(&mut self, loaded: Loaded, fresh: &Fresh) -> anyhow::Result<()> {
        for error in &loaded.wrong {
            self.counters.refused.fetch_add(1, Ordering::Relaxed);
            tracing::error!("{error}; the other rules run");
        }
        let last = self.flows().and_then(|flows| flows.last);
        fresh.count(Counted::of(&loaded.rules, &self.lake, last, &self.counters)?);
        self.slow.clear();
        self.waiting.retain(|name, _| loaded.rules.iter().any(|rule| rule.name == *name));
        self.rules.replace(loaded.rules, loaded.wrong, loaded.known);
        Ok(())
    }

    /// Takes in the events of the past, so that they go on and are not given twice.
    async fn remember(&mut self) -> anyhow::Result<()> {
        let past = "SELECT event_id, rule, time_start, time_end, facts FROM events ORDER BY time_found";
        for batch in self.lake.sql(past, REMEMBERED).await.context("events of the past")?.batches {
            let readers = CellReader::all(&batch);
            for at in 0..batch.num_rows() {
                let row = Row::new(&readers, at);
                let text = |name| text_value(&row.get(name));
                let time = |name| match row.get(name) {
                    Value::Time(at) => at,
                    _ => Time::default(),
                };
                if let Some(rule) = self.rules.get(&text("rule")) {
                    let span = (time("time_start"), time("time_end"));
                    self.engine.remember(&rule, &text("event_id"), span, &text("facts"));
                }
            }
        }
        Ok(())
    }

    /// Looks whenever flows came, until `stop` is dropped, and then once more at all that waits.
    pub(crate) async fn run(mut self, fresh: Arc<Fresh>, mut stop: watch::Receiver<()>) {
        let mut pause = PAUSE;
        let mut said = self.sources.ruling.as_ref().map(|ruling| ruling.changes());
        let late = Late::after(stop.clone());
        loop {
            tokio::select! {
                () = fresh.notify.notified() => {}
                () = tokio::time::sleep(self.patience(&fresh, clock::now())) => {}
                _ = stop.changed() => break,
                () = changed(&mut said) => {
                    self.put_said(&mut said, &fresh).await;
                    continue;
                }
                (task, answer) = self.aside.answer() => {
                    self.answered(task, answer).await;
                    continue;
                }
            }
            if !self.rest(pause, &fresh, &mut stop, &mut said).await {
                break;
            }
            self.read_again(&fresh).await;
            self.hunt(&fresh).await;
            pause = self.look(&fresh, false, &late).await;
            self.hear(clock::now()).await;
        }
        self.look(&fresh, true, &late).await;
        self.finish_aside(&late).await;
        if let Err(error) = self.left.end() {
            tracing::error!("that all was asked could not be noted: {error:#}");
        }
        self.hear(clock::now()).await;
        let actions = std::mem::take(&mut self.actions);
        if let Err(error) = tokio::task::spawn_blocking(|| actions.close()).await {
            tracing::error!(%error, "actions did not end");
        }
    }

    /// Pauses, or until something was changed in the console; false where the end was asked for.
    async fn rest(
        &mut self,
        pause: Duration,
        fresh: &Fresh,
        stop: &mut watch::Receiver<()>,
        said: &mut Option<watch::Receiver<u64>>,
    ) -> bool {
        let over = tokio::time::sleep(pause);
        tokio::pin!(over);
        loop {
            tokio::select! {
                () = &mut over => return true,
                _ = stop.changed() => return false,
                () = changed(said) => {
                    self.put_said(said, fresh).await;
                    return true;
                }
                (task, answer) = self.aside.answer() => self.answered(task, answer).await,
            }
        }
    }

    /// Reads the rules again where a file of them has changed.
    async fn read_again(&mut self, fresh: &Fresh) {
        let marks = self.sources.marks();
        if marks != self.marks {
            self.marks = marks;
            self.put_again(fresh).await;
        }
    }

    /// Puts in force what people changed in the console, and tells them.
    async fn put_said(&mut self, said: &mut Option<watch::Receiver<u64>>, fresh: &Fresh) {
        let change = said.as_mut().map_or(0, |said| *said.borrow_and_update());
        self.put_again(fresh).await;
        if let Some(ruling) = &self.sources.ruling {
            ruling.in_force(change);
        }
    }

    /// Reads all rules and puts them in force.
    async fn put_again(&mut self, fresh: &Fresh) {
        let loaded = match self.sources.load() {
            Ok(loaded) => planned(&self.lake, loaded).await,
            Err(error) => {
                self.counters.refused.fetch_add(1, Ordering::Relaxed);
                tracing::error!("{error:#}; the rules stay as they are");
                return;
            }
        };
        match self.put(loaded, fresh) {
            Ok(()) => tracing::info!(rules = self.rules.now().len(), "the rules were read again"),
            Err(error) => tracing::error!("{error:#}; the rules stay as they are"),
        }
    }

    /// Looks with the rules at the windows of the flows that came: at what was counted of them, and with its query
    /// where not all was counted. Rules that look seldom wait until they are due, or until the end. What takes too long
    /// when the end was asked for is left for the next start. Gives the pause before the next look.
    async fn look(&mut self, fresh: &Fresh, end: bool, late: &Late) -> Duration {
        let now = clock::now();
        let span = fresh.take();
        self.note(span, now);
        let rules = self.rules.now();
        self.early = self.early(&rules, fresh, now).await;
        let waits = self.early.as_ref().map(|early| early.span);
        let (quick, others): (Vec<_>, Vec<_>) = rules.iter().partition(|rule| is_quick(rule));
        for rule in quick {
            let span = if rule.one_sided { joined(span, waits) } else { span };
            let due = match rule.every {
                None => span,
                Some(every) => self.due(&rule.name, every, span, now, end),
            };
            if !self.slow.contains_key(&rule.name) {
                self.look_in_turn(rule, fresh, due, late).await;
            } else if let Some(due) = joined(due, self.left.of(&rule.name)) {
                self.aside.add(&rule.name, due, now);
            }
        }
        self.early = None;
        let pause = pause_after(clock::now().since(now));
        let rest = !end && now < self.others_rest_until;
        let began = clock::now();
        for rule in others {
            let due = match rule.every {
                Some(every) if !rest => self.due(&rule.name, every, span, now, end),
                _ => self.keep(&rule.name, span),
            };
            match Aside::takes(rule) {
                _ if rest => {}
                true => {
                    if let Some(due) = joined(due, self.left.of(&rule.name)) {
                        self.aside.add(&rule.name, due, now);
                    }
                }
                false => self.look_in_turn(rule, fresh, due, late).await,
            }
        }
        if !rest {
            self.others_rest_until = clock::now() + pause_after(clock::now().since(began));
        }
        self.next_aside();
        let behind = self.aside.since().map_or(0, |since| now.since(since) / 1_000_000_000);
        self.counters.behind.store(u64::try_from(behind).unwrap_or(0), Ordering::Relaxed);
        self.note(None, now);
        pause
    }

    /// Looks with a rule whose questions do not run beside the others. One of the user's own that takes too long does not keep
    /// the others from looking.
    async fn look_in_turn(&mut self, rule: &Rule, fresh: &Fresh, span: Option<Span>, late: &Late) {
        let late = late.of_lake(self.is_large());
        let began = clock::now();
        let longest = if self.is_own(rule) { LONGEST_OWN } else { Duration::MAX };
        match tokio::time::timeout(longest, self.look_with(rule, fresh, span, late)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.failed(rule, &error),
            Err(_) => self.took_too_long(rule, longest),
        }
        self.counters.took(rule, began);
    }

    /// True for a rule that somebody wrote.
    fn is_own(&self, rule: &Rule) -> bool {
        self.rules.known().iter().any(|known| known.rule.name == rule.name && known.origin != Origin::Shipped)
    }

    /// Counts a question that was given up; a rule of which that is said too often in a row is stopped.
    fn took_too_long(&mut self, rule: &Rule, longest: Duration) {
        let times = self.slow.entry(rule.name.clone()).or_default();
        *times += 1;
        let (times, secs) = (*times, longest.as_secs());
        self.failed(rule, &anyhow::anyhow!("its query ran longer than {secs} s and was given up"));
        if times >= MOST_SLOW && self.is_own(rule) {
            self.slow.remove(&rule.name);
            self.counters.refused.fetch_add(1, Ordering::Relaxed);
            let what = format!(
                "its query ran longer than {secs} s {times} times in a row: it is stopped until the rules are read again"
            );
            tracing::error!(rule = rule.name, "{what}");
            self.rules.stop(RuleError { rule: rule.name.clone(), what });
        }
    }

    /// Has a rule look at this later; nothing is due now.
    fn keep(&mut self, rule: &str, span: Option<Span>) -> Option<Span> {
        let waiting = self.waiting.entry(rule.to_owned()).or_default();
        waiting.span = joined(waiting.span, span);
        None
    }

    fn is_large(&self) -> bool {
        self.flows().is_some_and(|flows| flows.rows > SMALL)
    }

    fn failed(&self, rule: &Rule, error: &anyhow::Error) {
        self.counters.failures.fetch_add(1, Ordering::Relaxed);
        tracing::error!(rule = rule.name, "rule failed: {error:#}");
    }

    /// Searches the past for what is new in feeds; what is found are events as if it had been known.
    async fn hunt(&mut self, fresh: &Fresh) {
        for hunt in fresh.hunts() {
            let Some(rule) = self.rules.get(FEED_RULE) else { return };
            let now = clock::now();
            tracing::info!(
                feed = hunt.feed,
                addresses = hunt.addresses.len(),
                names = hunt.names.len(),
                "searching the past"
            );
            for sql in hunt::questions(&hunt.feed, &hunt.addresses, &hunt.names, now - hunt.back, now) {
                self.counters.hunted.fetch_add(1, Ordering::Relaxed);
                let found = match self.lake.sql(&sql, MAX_ROWS).await {
                    Ok(answer) => self.give(&rule, &answer.batches).await,
                    Err(error) => Err(error.into()),
                };
                if let Err(error) = found {
                    self.counters.failures.fetch_add(1, Ordering::Relaxed);
                    tracing::error!(feed = hunt.feed, "the past could not be searched: {error:#}");
                }
            }
        }
    }

    /// What a rule that looks seldom has to look at now: after a rest it does so soon, so that what happens on a quiet
    /// network, or is read from files, does not have to wait.
    fn due(&mut self, rule: &str, every: Duration, span: Option<Span>, now: Time, end: bool) -> Option<Span> {
        let waiting = self.waiting.entry(rule.to_owned()).or_default();
        waiting.span = joined(waiting.span, span);
        if !end && now < waiting.rests_until {
            return None;
        }
        let due = waiting.span.take();
        if due.is_some() {
            waiting.rests_until = now + every;
        }
        due
    }

    /// Looks with a rule over a span, and over what was left before the start.
    async fn look_with(
        &mut self,
        rule: &Rule,
        fresh: &Fresh,
        span: Option<Span>,
        mut late: Late,
    ) -> anyhow::Result<()> {
        let mut ask = span;
        let count = |counted: &mut Counted| counted.counter.take();
        let counted =
            span.and_then(|_| fresh.counted().iter_mut().find(|counted| counted.rule == rule.name).map(count));
        if let Some(due) = counted.transpose()? {
            ask = due.ask;
            self.counters.unfit.fetch_add(due.unfit, Ordering::Relaxed);
            if let Some(rows) = due.rows {
                self.give(rule, &[rows]).await?;
            }
        }
        let Some(span) = joined(ask, self.left.of(&rule.name)) else { return Ok(()) };
        // Even the first step of a question may take long.
        let asked = if late.is_now() {
            None
        } else {
            tokio::select! {
                asked = self.ask(rule, span) => Some(asked),
                () = late.wait() => None,
            }
        };
        let Some(asked) = asked else {
            self.counters.left.fetch_add(1, Ordering::Relaxed);
            return self.left.leave(&rule.name, span);
        };
        self.left.asked(&rule.name)?;
        asked
    }

    /// Asks the query of a rule over a span.
    async fn ask(&mut self, rule: &Rule, (from, to): Span) -> anyhow::Result<()> {
        let asked = Engine::questions(rule, from, to);
        self.counters.left_out.fetch_add(asked.left_out, Ordering::Relaxed);
        for sql in asked.sql {
            self.counters.runs.fetch_add(1, Ordering::Relaxed);
            let answer = match self.early.as_ref().filter(|_| rule.one_sided) {
                Some(early) => self.lake.sql_as_of(&early.tables, &sql, most_rows(rule)).await?,
                None => self.lake.sql(&sql, most_rows(rule)).await?,
            };
            self.counters.cut.fetch_add(answer.truncated.into(), Ordering::Relaxed);
            self.give(rule, &answer.batches).await?;
        }
        Ok(())
    }

    /// Stores the events of the rows that a rule gave.
    async fn give(&mut self, rule: &Rule, rows: &[RecordBatch]) -> anyhow::Result<()> {
        let now = clock::now();
        let mut fired = Engine::fired(rule, rows, now);
        self.time(rule, &mut fired).await;
        let found = self.engine.take(rule, fired, now);
        self.store(rule, found).await
    }

    /// Stores events and tells who wants to know.
    async fn store(&mut self, rule: &Rule, mut found: Found) -> anyhow::Result<()> {
        self.counters.forgotten.fetch_add(found.forgotten, Ordering::Relaxed);
        if found.flooded > 0 {
            self.counters.flooded.fetch_add(found.flooded, Ordering::Relaxed);
            tracing::warn!(
                rule = rule.name,
                events = found.flooded,
                "too many events in an hour: these are not stored"
            );
        }
        if found.events.is_empty() {
            return Ok(());
        }
        found.events.iter_mut().for_each(|event| Perspective::apply(&self.perspectives, &mut event.finding));
        self.suppressing.judge(&mut found.events, clock::now()).context("suppressions")?;
        let mut builder = EventBuilder::default();
        for event in &found.events {
            tracing::info!(rule = rule.name, facts = event.finding.facts, "event");
            builder.append(event);
        }
        self.lake.append(&EVENTS, builder.finish()?).await?;
        for event in found.events.iter().filter(|event| found.new.contains(&event.finding.event_id)) {
            self.actions.tell(rule, &event.finding, clock::now());
        }
        self.counters.events.fetch_add(found.events.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

/// All rows of an answer.
fn rows<T>(batches: &[RecordBatch], read: impl Fn(&Row<'_>) -> T) -> Vec<T> {
    let mut all = Vec::new();
    for batch in batches {
        let readers = CellReader::all(batch);
        all.extend((0..batch.num_rows()).map(|at| read(&Row::new(&readers, at))));
    }
    all
}

#[cfg(test)]
mod tests;
