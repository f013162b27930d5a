// SPDX-License-Identifier: Apache-2.0
//! Tells people and programs of new events, as `[[action]]` says: a queue and a thread for each, so that detection never
//! waits and one target that is away keeps no other waiting. What cannot be told is tried again, then given up and
//! counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use anyhow::Context as _;
use minamo_base::{Sample, Time};
use minamo_detect::{Rule, Severity};
use minamo_model::event::Finding;
use minamo_sinks::notify::{Notice, Notify};

/// Notices that wait for a target.
const QUEUE: usize = 1_000;
/// Attempts for one notice.
const ATTEMPTS: u32 = 10;
/// Pause after the first attempt; each later one is twice as long, up to the longest.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// How long the end waits for what is queued.
const FAREWELL: Duration = Duration::from_secs(5);

minamo_base::counters! {
    /// Counters of one action.
    pub(crate) struct Counters, pub(crate) static METRICS {
        /// Notices that the target took.
        sent: AtomicU64 = "minamo_action_sent_total" [action], "";
        /// Attempts that failed and were made again.
        retries: AtomicU64 = "minamo_action_retries_total" [action], "The log says why: see whether the target is there.";
        /// Notices that the target refused.
        refused: AtomicU64 = "minamo_action_lost_total" [action, reason = "refused"], "The log says why: look at address and login.";
        /// Notices given up after ten attempts.
        given_up: AtomicU64 = "minamo_action_lost_total" [action, reason = "given_up"], "The target was away for too long.";
        /// Notices for which there was no room in the queue.
        full: AtomicU64 = "minamo_action_lost_total" [action, reason = "full"], "The target was away, or is slower than events come.";
        /// Notices beyond the limit of a minute.
        limited: AtomicU64 = "minamo_action_lost_total" [action, reason = "rate"], "Raise most_a_minute, or tell less: severity, rules.";
    }
}

/// Language of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Language {
    /// English.
    #[default]
    En,
    /// Japanese.
    Ja,
}

/// What an action tells.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// Its name, for log and counters.
    pub(crate) name: String,
    /// Least severity.
    pub(crate) severity: Severity,
    /// Beginnings of names of rules; all where there is none.
    pub(crate) rules: Vec<String>,
    /// Most notices in a minute.
    pub(crate) most_a_minute: u32,
    /// Language of its texts.
    pub(crate) language: Language,
    /// Address of the console, for links.
    pub(crate) console: Option<String>,
}

/// Something to do with events.
pub(crate) struct Action {
    wanted: Wanted,
    queue: SyncSender<Notice>,
    counters: Arc<Counters>,
    /// The minute, and how many notices it has had.
    minute: (i64, u32),
    thread: std::thread::JoinHandle<()>,
}

impl Action {
    /// Starts the thread of a target.
    pub(crate) fn start(wanted: Wanted, target: Box<dyn Notify>) -> anyhow::Result<Self> {
        Self::with_pause(wanted, target, PAUSE)
    }

    fn with_pause(wanted: Wanted, target: Box<dyn Notify>, pause: Duration) -> anyhow::Result<Self> {
        let (queue, waiting) = sync_channel(QUEUE);
        let counters = Arc::new(Counters::default());
        let (name, counted) = (wanted.name.clone(), Arc::clone(&counters));
        let thread = std::thread::Builder::new().name(format!("action-{name}"));
        let thread =
            thread.spawn(move || run(&name, &*target, &waiting, &counted, pause)).context("cannot start an action")?;
        Ok(Self { wanted, queue, counters, minute: (0, 0), thread })
    }

    fn wants(&self, event: &Finding) -> bool {
        let severity = Severity::parse(&event.severity).unwrap_or(Severity::Low);
        let rules = &self.wanted.rules;
        severity >= self.wanted.severity
            && (rules.is_empty() || rules.iter().any(|start| event.rule.starts_with(start.as_str())))
    }

    /// Queues a new event, if the action wants it.
    fn tell(&mut self, rule: &Rule, event: &Finding, now: Time) {
        if event.suppressed_by.is_some() || !self.wants(event) {
            return;
        }
        let minute = now.secs().div_euclid(60);
        if self.minute.0 != minute {
            self.minute = (minute, 0);
        }
        self.minute.1 += 1;
        if self.minute.1 > self.wanted.most_a_minute {
            if self.minute.1 == self.wanted.most_a_minute + 1 {
                tracing::warn!(action = self.wanted.name, "more events than most_a_minute: those beyond are not told");
            }
            self.counters.limited.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let notice = notice(&self.wanted, rule, event);
        match self.queue.try_send(notice) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.counters.full.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

fn notice(wanted: &Wanted, rule: &Rule, event: &Finding) -> Notice {
    let say = |text: &minamo_detect::Text| match wanted.language {
        Language::En => text.en.clone(),
        Language::Ja => text.ja.clone(),
    };
    let link = |console: &String| format!("{}/events?event={}", console.trim_end_matches('/'), event.event_id);
    Notice {
        event_id: event.event_id.clone(),
        rule: event.rule.clone(),
        severity: event.severity.to_string(),
        title: say(&rule.title),
        text: say(&rule.text_of(&event.facts)),
        start: event.time_start,
        end: event.time_end,
        src: event.src_ip.map(|ip| ip.to_string()),
        dst: event.dst_ip.map(|ip| ip.to_string()),
        attack: event.attack.clone(),
        facts: serde_json::from_str(&event.facts).unwrap_or_default(),
        link: wanted.console.as_ref().map(link),
    }
}

/// Sends what is queued until the queue is closed.
fn run(name: &str, target: &dyn Notify, waiting: &Receiver<Notice>, counters: &Counters, pause: Duration) {
    while let Ok(notice) = waiting.recv() {
        let mut rest = pause;
        for attempt in 1..=ATTEMPTS {
            match target.send(&notice) {
                Ok(()) => {
                    counters.sent.fetch_add(1, Ordering::Relaxed);
                    tracing::info!(action = name, event = notice.event_id, rule = notice.rule, "told");
                    break;
                }
                Err(error) if !error.again => {
                    counters.refused.fetch_add(1, Ordering::Relaxed);
                    tracing::error!(action = name, event = notice.event_id, %error, "the target refuses the notice");
                    break;
                }
                Err(error) if attempt == ATTEMPTS => {
                    counters.given_up.fetch_add(1, Ordering::Relaxed);
                    tracing::error!(action = name, event = notice.event_id, %error, "given up");
                }
                Err(error) => {
                    counters.retries.fetch_add(1, Ordering::Relaxed);
                    tracing::warn!(action = name, event = notice.event_id, %error, "not told; tried again in {} s", rest.as_secs());
                    std::thread::sleep(rest);
                    rest = (rest * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }
}

/// All actions.
#[derive(Default)]
pub(crate) struct Actions {
    list: Vec<Action>,
}

impl Actions {
    /// These actions.
    pub(crate) fn new(list: Vec<Action>) -> Self {
        Self { list }
    }

    /// Counters of all of them.
    pub(crate) fn counters(&self) -> Vec<(String, Arc<Counters>)> {
        self.list.iter().map(|action| (action.wanted.name.clone(), Arc::clone(&action.counters))).collect()
    }

    /// Tells of a new event those who want to know.
    pub(crate) fn tell(&mut self, rule: &Rule, event: &Finding, now: Time) {
        self.list.iter_mut().for_each(|action| action.tell(rule, event, now));
    }

    /// Sends what is queued, for a few seconds at most.
    pub(crate) fn close(self) {
        let (gone, all_gone) = sync_channel::<()>(0);
        for action in self.list {
            drop(action.queue);
            let gone = gone.clone();
            std::thread::spawn(move || {
                if action.thread.join().is_err() {
                    tracing::error!(action = action.wanted.name, "the action has failed: report it");
                }
                drop(gone);
            });
        }
        drop(gone);
        if all_gone.recv_timeout(FAREWELL) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("not all notices were sent before the end");
        }
    }
}

/// Samples of the counters of actions.
pub(crate) fn samples(counters: &[(String, Arc<Counters>)]) -> Vec<Sample> {
    counters.iter().flat_map(|(name, counters)| counters.samples(&[name])).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use minamo_detect::shipped_rules;
    use minamo_sinks::notify::NotifyError;

    use super::*;

    /// Fails so many times, then keeps what it is told.
    struct Target {
        fails: Mutex<u32>,
        told: Arc<Mutex<Vec<Notice>>>,
    }

    impl Notify for Target {
        fn send(&self, notice: &Notice) -> Result<(), NotifyError> {
            let mut fails = self.fails.lock().expect("whole");
            if *fails > 0 {
                *fails -= 1;
                return Err(NotifyError { to: "x".into(), what: "away".into(), again: true });
            }
            self.told.lock().expect("whole").push(notice.clone());
            Ok(())
        }
    }

    fn event(severity: &'static str) -> Finding {
        let facts = r#"{"src_ip":"192.0.2.7","ports":150,"hosts":2}"#.to_owned();
        Finding {
            event_id: "aa".into(),
            rule: "scan_ports".into(),
            severity: severity.into(),
            facts,
            ..Finding::default()
        }
    }

    fn actions(wanted: Wanted, fails: u32) -> (Actions, Arc<Mutex<Vec<Notice>>>) {
        let told = Arc::new(Mutex::new(Vec::new()));
        let target = Box::new(Target { fails: Mutex::new(fails), told: Arc::clone(&told) });
        (Actions::new(vec![Action::with_pause(wanted, target, Duration::ZERO).expect("started")]), told)
    }

    fn wanted() -> Wanted {
        let (name, console) = ("noc".to_owned(), Some("https://minamo.example/".to_owned()));
        Wanted {
            name,
            severity: Severity::High,
            rules: vec!["scan_".into()],
            most_a_minute: 2,
            language: Language::Ja,
            console,
        }
    }

    #[test]
    fn a_notice_is_tried_again_until_it_is_taken() {
        let rule = shipped_rules().expect("parse").into_iter().find(|rule| rule.name == "scan_ports").expect("shipped");
        let (mut actions, told) = actions(wanted(), 3);
        let counters = actions.counters().remove(0).1;
        actions.tell(&rule, &event("high"), Time(0));
        actions.close();
        let told = told.lock().expect("whole");
        assert_eq!((told.len(), told[0].link.as_deref()), (1, Some("https://minamo.example/events?event=aa")));
        assert!(told[0].text.contains("150 個のポート"), "{:?}", told[0]);
        assert_eq!((counters.sent.load(Ordering::Relaxed), counters.retries.load(Ordering::Relaxed)), (1, 3));
    }

    #[test]
    fn what_is_not_wanted_hidden_or_too_much_is_not_told() {
        let rule = shipped_rules().expect("parse").into_iter().find(|rule| rule.name == "scan_ports").expect("shipped");
        let (mut actions, told) = actions(wanted(), 0);
        let counters = actions.counters().remove(0).1;
        actions.tell(&rule, &event("medium"), Time(0));
        actions.tell(&rule, &Finding { rule: "miner".into(), ..event("high") }, Time(0));
        actions.tell(&rule, &Finding { suppressed_by: Some(1), ..event("high") }, Time(0));
        (0..5).for_each(|_| actions.tell(&rule, &event("critical"), Time(0)));
        actions.tell(&rule, &event("critical"), Time::from_millis(60_000));
        actions.close();
        assert_eq!(told.lock().expect("whole").len(), 3);
        assert_eq!(counters.limited.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn a_notice_is_given_up_after_ten_attempts_and_the_next_one_goes() {
        let rule = shipped_rules().expect("parse").remove(0);
        let (mut actions, told) = actions(wanted(), ATTEMPTS);
        let counters = actions.counters().remove(0).1;
        actions.tell(&rule, &event("high"), Time(0));
        actions.tell(&rule, &event("high"), Time(0));
        actions.close();
        assert_eq!((told.lock().expect("whole").len(), counters.given_up.load(Ordering::Relaxed)), (1, 1));
    }
}
