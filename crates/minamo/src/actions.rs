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
use minamo_state::{Deed, Happened, History, Notices};

use self::template::Template;
use crate::clock;

pub(crate) mod template;

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
        /// Notices that could not be written to state.db: they are told all the same, unless the program ends before.
        unkept: AtomicU64 = "minamo_action_unkept_total" [action], "The log says why: look at the disk of the data folder.";
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
    /// Names of perspectives; all events, of none too, where there is none.
    pub(crate) perspectives: Vec<String>,
    /// Most notices in a minute.
    pub(crate) most_a_minute: u32,
    /// Language of its texts.
    pub(crate) language: Language,
    /// What its titles are; those of the rules without.
    pub(crate) title: Option<Template>,
    /// What its texts are; those of the rules without.
    pub(crate) text: Option<Template>,
    /// Address of the console, for links.
    pub(crate) console: Option<String>,
}

/// What is written down of notices.
#[derive(Clone)]
pub(crate) struct Books {
    /// Those that wait.
    pub(crate) notices: Arc<Notices>,
    /// What became of them.
    pub(crate) history: Arc<History>,
}

impl Books {
    /// Writes down what became of a notice.
    fn write(&self, action: &str, event: &str, deed: Deed, detail: String) {
        let one = Happened { at: clock::now(), who: action.to_owned(), deed, detail };
        if let Err(error) = self.history.add(event, &one) {
            tracing::error!(action, event, %error, "what became of a notice is not written down");
        }
    }
}

/// A notice, and its number in `state.db` where it is kept there.
type Waiting = (Option<i64>, Notice);

/// Something to do with events.
pub(crate) struct Action {
    wanted: Wanted,
    queue: SyncSender<Waiting>,
    /// Where notices are kept until they are told, and what became of them.
    kept: Option<Books>,
    counters: Arc<Counters>,
    /// The minute, and how many notices it has had.
    minute: (i64, u32),
    thread: std::thread::JoinHandle<()>,
}

impl Action {
    /// Starts the thread of a target. What was left in `kept` when the program ended is told first.
    pub(crate) fn start(wanted: Wanted, target: Box<dyn Notify>, kept: Option<Books>) -> anyhow::Result<Self> {
        Self::with_pause(wanted, target, kept, PAUSE)
    }

    fn with_pause(
        wanted: Wanted,
        target: Box<dyn Notify>,
        kept: Option<Books>,
        pause: Duration,
    ) -> anyhow::Result<Self> {
        let (queue, waiting) = sync_channel(QUEUE);
        let counters = Arc::new(Counters::default());
        let left = kept.as_ref().map(|kept| kept.notices.waiting(&wanted.name)).transpose()?.unwrap_or_default();
        for (id, body) in left {
            if queue.try_send((Some(id), read(&body))).is_err() {
                counters.full.fetch_add(1, Ordering::Relaxed);
            }
        }
        let told = Told { name: wanted.name.clone(), counters: Arc::clone(&counters), kept: kept.clone(), pause };
        let thread = std::thread::Builder::new().name(format!("action-{}", wanted.name));
        let thread = thread.spawn(move || told.run(&*target, &waiting)).context("cannot start an action")?;
        Ok(Self { wanted, queue, kept, counters, minute: (0, 0), thread })
    }

    fn wants(&self, event: &Finding) -> bool {
        let severity = Severity::parse(&event.severity).unwrap_or(Severity::Low);
        let rules = &self.wanted.rules;
        let of = &self.wanted.perspectives;
        severity >= self.wanted.severity
            && (of.is_empty() || event.perspective.as_ref().is_some_and(|name| of.contains(name)))
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
            self.lose(&event.event_id, "rate");
            return;
        }
        let notice = notice(&self.wanted, rule, event);
        let id = self.keep(&notice);
        match self.queue.try_send((id, notice)) {
            Ok(()) => {}
            Err(TrySendError::Full((id, _)) | TrySendError::Disconnected((id, _))) => {
                self.counters.full.fetch_add(1, Ordering::Relaxed);
                forget(self.kept.as_ref(), id, &self.wanted.name);
                self.lose(&event.event_id, "full");
            }
        }
    }

    /// Writes down that a notice is not told.
    fn lose(&self, event: &str, why: &str) {
        if let Some(books) = &self.kept {
            books.write(&self.wanted.name, event, Deed::Lost, why.to_owned());
        }
    }

    /// Writes a notice down until it is told.
    fn keep(&self, notice: &Notice) -> Option<i64> {
        match self.kept.as_ref()?.notices.add(&self.wanted.name, &write(notice)) {
            Ok(id) => Some(id),
            Err(error) => {
                self.counters.unkept.fetch_add(1, Ordering::Relaxed);
                tracing::error!(action = self.wanted.name, %error, "a notice is not kept");
                None
            }
        }
    }
}

fn forget(kept: Option<&Books>, id: Option<i64>, action: &str) {
    let (Some(kept), Some(id)) = (kept, id) else { return };
    if let Err(error) = kept.notices.done(id) {
        tracing::error!(action, %error, "a notice that is done with may be told again after a restart");
    }
}

/// A notice as it is kept.
fn write(notice: &Notice) -> String {
    serde_json::json!({
        "event_id": notice.event_id, "rule": notice.rule, "severity": notice.severity, "title": notice.title, "text": notice.text,
        "start": notice.start.0, "end": notice.end.0, "src": notice.src, "dst": notice.dst, "attack": notice.attack,
        "facts": notice.facts, "link": notice.link,
    })
    .to_string()
}

/// A notice as it was kept; what is missing is empty.
fn read(body: &str) -> Notice {
    let value: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let text = |name: &str| value.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
    let time = |name: &str| Time(value.get(name).and_then(serde_json::Value::as_i64).unwrap_or_default());
    let attack = value.get("attack").and_then(serde_json::Value::as_array).into_iter().flatten();
    Notice {
        event_id: text("event_id").unwrap_or_default(),
        rule: text("rule").unwrap_or_default(),
        severity: text("severity").unwrap_or_default(),
        title: text("title").unwrap_or_default(),
        text: text("text").unwrap_or_default(),
        start: time("start"),
        end: time("end"),
        src: text("src"),
        dst: text("dst"),
        attack: attack.filter_map(|id| id.as_str().map(str::to_owned)).collect(),
        facts: value.get("facts").cloned().unwrap_or_default(),
        link: text("link"),
    }
}

fn notice(wanted: &Wanted, rule: &Rule, event: &Finding) -> Notice {
    let say = |text: &minamo_detect::Text| match wanted.language {
        Language::En => text.en.clone(),
        Language::Ja => text.ja.clone(),
    };
    let link = |console: &String| format!("{}/events?event={}", console.trim_end_matches('/'), event.event_id);
    let plain = Notice {
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
    };
    let fill =
        |template: &Option<Template>, own: &String| template.as_ref().map_or_else(|| own.clone(), |t| t.fill(&plain));
    let (title, text) = (fill(&wanted.title, &plain.title), fill(&wanted.text, &plain.text));
    Notice { title, text, ..plain }
}

/// What the thread of an action knows.
struct Told {
    name: String,
    counters: Arc<Counters>,
    kept: Option<Books>,
    pause: Duration,
}

impl Told {
    /// Sends what is queued until the queue is closed.
    fn run(&self, target: &dyn Notify, waiting: &Receiver<Waiting>) {
        while let Ok((id, notice)) = waiting.recv() {
            self.send(target, &notice);
            forget(self.kept.as_ref(), id, &self.name);
        }
    }

    fn book(&self, notice: &Notice, deed: Deed, detail: String) {
        if let Some(books) = &self.kept {
            books.write(&self.name, &notice.event_id, deed, detail);
        }
    }

    fn send(&self, target: &dyn Notify, notice: &Notice) {
        let (name, counters, mut rest) = (&self.name, &self.counters, self.pause);
        for attempt in 1..=ATTEMPTS {
            match target.send(notice) {
                Ok(()) => {
                    counters.sent.fetch_add(1, Ordering::Relaxed);
                    tracing::info!(action = name, event = notice.event_id, rule = notice.rule, "told");
                    self.book(notice, Deed::Told, String::new());
                    break;
                }
                Err(error) if !error.again => {
                    counters.refused.fetch_add(1, Ordering::Relaxed);
                    tracing::error!(action = name, event = notice.event_id, %error, "the target refuses the notice");
                    self.book(notice, Deed::Lost, format!("refused: {error}"));
                    break;
                }
                Err(error) if attempt == ATTEMPTS => {
                    counters.given_up.fetch_add(1, Ordering::Relaxed);
                    tracing::error!(action = name, event = notice.event_id, %error, "given up");
                    self.book(notice, Deed::Lost, format!("given_up: {error}"));
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
            tracing::warn!("not all notices were sent before the end; they are sent after the next start");
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
        (Actions::new(vec![Action::with_pause(wanted, target, None, Duration::ZERO).expect("started")]), told)
    }

    fn wanted() -> Wanted {
        let (name, console) = ("noc".to_owned(), Some("https://minamo.example/".to_owned()));
        Wanted {
            name,
            severity: Severity::High,
            rules: vec!["scan_".into()],
            perspectives: Vec::new(),
            most_a_minute: 2,
            language: Language::Ja,
            title: Some(Template::parse("{severity}: {ports} ports").expect("good")),
            text: None,
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
        assert_eq!(told[0].title, "high: 150 ports");
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

    #[test]
    fn what_waits_at_the_end_is_told_after_the_next_start() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state.db");
        let notices = Arc::new(Notices::open(&path).expect("opens"));
        let kept = Books { notices, history: Arc::new(History::open(&path).expect("opens")) };
        let rule = shipped_rules().expect("parse").into_iter().find(|rule| rule.name == "scan_ports").expect("shipped");
        let target = |fails| {
            let told = Arc::new(Mutex::new(Vec::new()));
            (Box::new(Target { fails: Mutex::new(fails), told: Arc::clone(&told) }), told)
        };
        let start = |target, pause| Action::with_pause(wanted(), target, Some(kept.clone()), pause).expect("started");
        // The target is away, and the program ends while it waits to try again.
        let mut first = start(target(1).0, Duration::from_secs(3_600));
        first.tell(&rule, &event("high"), Time(0));
        drop(first);
        let (away, told) = target(0);
        Actions::new(vec![start(away, Duration::ZERO)]).close();
        let told = told.lock().expect("whole");
        assert_eq!((told.len(), told[0].text.contains("150 個のポート")), (1, true), "{told:?}");
        assert_eq!(kept.notices.waiting("noc").expect("read"), []);
        let history = kept.history.of("aa").expect("read");
        assert_eq!(history.iter().map(|one| (one.deed, &*one.who)).collect::<Vec<_>>(), [(Deed::Told, "noc")]);
    }

    #[test]
    fn a_perspective_narrows_what_is_told() {
        let rule = shipped_rules().expect("parse").remove(0);
        let of = Wanted { perspectives: vec!["servers".into()], rules: Vec::new(), ..wanted() };
        let (mut actions, told) = actions(of, 0);
        actions.tell(&rule, &event("high"), Time(0));
        actions.tell(&rule, &Finding { perspective: Some("servers".into()), ..event("high") }, Time(0));
        actions.close();
        assert_eq!(told.lock().expect("whole").len(), 1);
    }
}
