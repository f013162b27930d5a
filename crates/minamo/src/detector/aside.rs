// SPDX-License-Identifier: Apache-2.0
//! Questions beside the others: a rule that looks seldom may read hours of flows, and rules that look often do not wait
//! for it. One such question runs at a time, the others wait for their turn.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use minamo_base::Time;
use minamo_detect::{Engine, Rule, most_rows};
use minamo_store::{Lake, QueryError, SqlAnswer};
use tokio::task::JoinHandle;

use super::left::{Span, joined};
use super::{Detector, Late};
use crate::clock;

/// A rule that looks no more often than this is asked aside.
const SELDOM: Duration = Duration::from_secs(60);

/// A rule that is to be asked over a span.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) rule: Arc<Rule>,
    pub(super) span: Span,
    /// Since when it has been waiting for an answer.
    pub(super) since: Time,
    /// When its statement that runs was asked.
    asked: Time,
    /// Statements that are still to be asked, the first one first.
    pub(super) sql: VecDeque<String>,
}

/// A rule that waits for its turn.
#[derive(Debug)]
pub(super) struct Turn {
    rule: String,
    span: Span,
    since: Time,
}

/// The rules that wait, and the question that runs.
#[derive(Default)]
pub(super) struct Aside {
    waiting: VecDeque<Turn>,
    running: Option<(Task, JoinHandle<Result<SqlAnswer, QueryError>>)>,
}

impl Aside {
    /// True for a rule that is asked aside.
    pub(super) fn takes(rule: &Rule) -> bool {
        rule.every.is_some_and(|every| every >= SELDOM)
    }

    /// Has a rule asked over a span; one that waits already is asked over both spans at once.
    pub(super) fn add(&mut self, rule: &str, span: Span, now: Time) {
        match self.waiting.iter_mut().find(|turn| turn.rule == rule) {
            Some(turn) => turn.span = joined(Some(turn.span), Some(span)).unwrap_or(span),
            None => self.waiting.push_back(Turn { rule: rule.to_owned(), span, since: now }),
        }
    }

    /// The rule whose turn it is; nothing while a question runs.
    pub(super) fn next(&mut self) -> Option<Turn> {
        if self.running.is_some() { None } else { self.waiting.pop_front() }
    }

    /// Since when the rule has been waiting that waits longest, the one that is asked now among them.
    pub(super) fn since(&self) -> Option<Time> {
        let running = self.running.as_ref().map(|(task, _)| task.since);
        running.into_iter().chain(self.waiting.iter().map(|turn| turn.since)).min()
    }

    /// Asks the first statement of a task; gives the task back where none is left.
    pub(super) fn ask(&mut self, mut task: Task, most: usize, lake: &Arc<Lake>) -> Option<Task> {
        let Some(sql) = task.sql.pop_front() else { return Some(task) };
        let lake = Arc::clone(lake);
        task.asked = clock::now();
        self.running = Some((task, tokio::spawn(async move { lake.sql(&sql, most).await })));
        None
    }

    /// Waits for the answer to the question that runs; forever where none does.
    pub(super) async fn answer(&mut self) -> (Task, anyhow::Result<SqlAnswer>) {
        let Some((_, asked)) = &mut self.running else { return std::future::pending().await };
        let answer = asked.await;
        let Some((task, _)) = self.running.take() else { return std::future::pending().await };
        let answer = answer.map_err(anyhow::Error::from).and_then(|answer| Ok(answer?));
        (task, answer)
    }

    /// Start of the oldest flow that a rule waits to be asked about, or is being asked about.
    pub(super) fn oldest(&self) -> Option<Time> {
        let running = self.running.iter().map(|(task, _)| task.span.0);
        self.waiting.iter().map(|turn| turn.span.0).chain(running).min()
    }

    /// True where nothing runs and nothing waits.
    pub(super) fn is_idle(&self) -> bool {
        self.running.is_none() && self.waiting.is_empty()
    }

    /// Gives up: all that was not asked to its end, with the spans.
    pub(super) fn give_up(&mut self) -> Vec<(String, Span)> {
        let running = self.running.take().map(|(task, asked)| {
            asked.abort();
            (task.rule.name.clone(), task.span)
        });
        running.into_iter().chain(self.waiting.drain(..).map(|turn| (turn.rule, turn.span))).collect()
    }
}

impl Detector {
    /// Begins with the rule whose turn it is, where none is being asked.
    pub(super) fn next_aside(&mut self) {
        while let Some(Turn { rule, span, since }) = self.aside.next() {
            // It may have been turned off meanwhile.
            let Some(rule) = self.rules.get(&rule) else { continue };
            let asked = Engine::questions(&rule, span.0, span.1);
            self.counters.left_out.fetch_add(asked.left_out, Ordering::Relaxed);
            self.go_on(Task { rule: Arc::new(rule), span, since, asked: since, sql: asked.sql.into() });
        }
    }

    /// Asks what is next of a rule, or notes that it was asked to its end.
    fn go_on(&mut self, task: Task) {
        let most = most_rows(&task.rule);
        match self.aside.ask(task, most, &self.lake) {
            None => drop(self.counters.runs.fetch_add(1, Ordering::Relaxed)),
            Some(done) => {
                if let Err(error) = self.left.asked(&done.rule.name) {
                    self.failed(&done.rule, &error);
                }
            }
        }
    }

    /// Takes the answer to a question that was asked aside, and asks the next one.
    pub(super) async fn answered(&mut self, mut task: Task, answer: anyhow::Result<SqlAnswer>) {
        let rule = Arc::clone(&task.rule);
        self.counters.took(&rule, task.asked);
        let given = match answer {
            Ok(answer) => {
                self.counters.cut.fetch_add(answer.truncated.into(), Ordering::Relaxed);
                self.slow.get_mut(&rule.name).into_iter().for_each(|times| *times = 1);
                self.give(&rule, &answer.batches).await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = given {
            match error.downcast_ref::<QueryError>() {
                Some(QueryError::Timeout(secs)) => self.took_too_long(&rule, Duration::from_secs(*secs)),
                _ => self.failed(&rule, &error),
            }
            task.sql.clear();
        }
        self.go_on(task);
        self.next_aside();
    }

    /// Waits at the end until all is asked; what takes too long is left for the next start.
    pub(super) async fn finish_aside(&mut self, late: &Late) {
        let mut late = late.of_lake(self.is_large());
        while !self.aside.is_idle() {
            tokio::select! {
                (task, answer) = self.aside.answer() => self.answered(task, answer).await,
                () = late.wait() => {
                    for (rule, span) in self.aside.give_up() {
                        self.counters.left.fetch_add(1, Ordering::Relaxed);
                        if let Err(error) = self.left.leave(&rule, span) {
                            self.counters.failures.fetch_add(1, Ordering::Relaxed);
                            tracing::error!(rule, "what was not asked could not be noted: {error:#}");
                        }
                    }
                }
            }
        }
    }
}
