// SPDX-License-Identifier: Apache-2.0
//! Alerts of another system on their way to events. Alerts of one signature between two hosts within five minutes are
//! one kind; what our own flows and events know of a kind is asked for some times while it comes in, and told with it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use minamo_base::{Ip, Time};
use minamo_schema::Value;

use crate::eve::Alert;
use crate::method::Judged;

/// Alerts are counted in windows of this length.
const WINDOW: Duration = Duration::from_secs(300);
/// Kinds that are waited with; the oldest go.
const MOST: usize = 10_000;
/// Pairs of ports of a kind that are kept, to find its flows.
const MOST_PORTS: usize = 64;
/// A kind is asked for so long after its last alert: flows come when they are idle or cut, and so do events of ours.
const ASKED_AFTER: [Duration; 3] = [Duration::from_secs(30), Duration::from_secs(180), Duration::from_secs(900)];
/// A flow begins so long before its alert at most, or was cut since.
const BEFORE: Duration = Duration::from_secs(3_600);
/// Kinds of one question.
const OF_A_QUESTION: usize = 50;
/// Rules that are told with a kind.
const MOST_RULES: usize = 16;

/// What ties alerts of one kind together: window, ends, port of the destination, signature.
pub type Kind = (Time, Ip, Ip, u16, u64);

/// What our own flows and events know of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// Flows with the addresses, ports and protocol of its alerts, in either direction.
    pub flows: u64,
    /// Octets from the initiator and back.
    pub octets: (u64, u64),
    /// Application of the flows.
    pub app: Option<String>,
    /// Rules of ours that say something of the same two hosts.
    pub rules: BTreeSet<String>,
}

/// A row of flows between two ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Talk {
    /// Initiator and responder.
    pub ends: (Ip, Ip),
    /// Their ports.
    pub ports: (u16, u16),
    /// Protocol number.
    pub proto: u8,
    /// How many flows.
    pub flows: u64,
    /// Octets from the initiator and back.
    pub octets: (u64, u64),
    /// Application.
    pub app: Option<String>,
}

/// What a rule of ours says of hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The rule.
    pub rule: String,
    /// Source and target, where it names them.
    pub ends: (Option<Ip>, Option<Ip>),
}

/// What to ask for some kinds of one window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The kinds.
    pub kinds: Vec<Kind>,
    /// Gives rows of [`Talk`]: `src_ip`, `dst_ip`, `src_port`, `dst_port`, `proto`, `flows`, `src_bytes`, `dst_bytes`, `app`.
    pub flows: String,
    /// Gives rows of [`Word`]: `rule`, `src_ip`, `dst_ip`.
    pub events: String,
}

/// Alerts of one kind.
#[derive(Debug)]
struct Alike {
    /// The latest of them.
    last: Alert,
    /// When that one came.
    came: Time,
    count: u64,
    /// Ports of source and destination.
    ports: BTreeSet<(u16, u16)>,
    /// How often it was asked for since.
    asked: usize,
    known: Known,
    /// True where there is something to tell.
    changed: bool,
}

/// Kinds that are waited with.
#[derive(Debug, Default)]
pub struct Alerts {
    kinds: BTreeMap<Kind, Alike>,
}

impl Alerts {
    /// Takes in an alert; gives how many kinds were forgotten for it.
    pub fn add(&mut self, alert: Alert, now: Time) -> u64 {
        let length = i64::try_from(WINDOW.as_nanos()).unwrap_or(i64::MAX);
        let start = Time(alert.at.0.div_euclid(length).saturating_mul(length));
        let kind = (start, alert.ends.0, alert.ends.1, alert.ports.1, alert.signature.0);
        let ports = alert.ports;
        let alike = self.kinds.entry(kind).or_insert_with(|| Alike::new(alert.clone(), now));
        (alike.last, alike.came, alike.asked, alike.changed) = (alert, now, 0, true);
        alike.count += 1;
        if alike.ports.len() < MOST_PORTS {
            alike.ports.insert(ports);
        }
        if self.kinds.len() <= MOST { 0 } else { self.kinds.pop_first().map_or(0, |_| 1) }
    }

    /// What to ask now, of one window at a time.
    pub fn ask(&mut self, now: Time) -> Vec<Question> {
        let mut windows: BTreeMap<Time, Vec<Kind>> = BTreeMap::new();
        for (kind, alike) in &mut self.kinds {
            if ASKED_AFTER.get(alike.asked).is_some_and(|after| now >= alike.came + *after) {
                alike.asked += 1;
                windows.entry(kind.0).or_default().push(*kind);
            }
        }
        windows.values().flat_map(|kinds| kinds.chunks(OF_A_QUESTION)).map(question).collect()
    }

    /// Says what flows and events know of the kinds of a question. `own` are the rules that tell alerts.
    pub fn know(&mut self, kinds: &[Kind], talks: &[Talk], words: &[Word], own: &[String]) {
        for kind in kinds {
            let Some(alike) = self.kinds.get_mut(kind) else { continue };
            let mut known = Known::default();
            for talk in talks.iter().filter(|talk| alike.is_of(talk)) {
                known.flows += talk.flows;
                known.octets.0 += talk.octets.0;
                known.octets.1 += talk.octets.1;
                known.app = known.app.or_else(|| talk.app.clone());
            }
            let of = words.iter().filter(|word| !own.contains(&word.rule) && is_between(kind, word));
            known.rules.extend(of.map(|word| word.rule.clone()).take(MOST_RULES));
            if alike.known != known {
                (alike.known, alike.changed) = (known, true);
            }
        }
    }

    /// What there is to tell since it was asked last. Kinds that were asked for the last time are forgotten.
    pub fn take(&mut self) -> Vec<Judged<'static>> {
        let news = |(kind, alike): (&Kind, &mut Alike)| std::mem::take(&mut alike.changed).then(|| alike.told(kind));
        let told = self.kinds.iter_mut().filter_map(news).collect();
        self.kinds.retain(|_, alike| alike.asked < ASKED_AFTER.len());
        told
    }
}

fn question(kinds: &[Kind]) -> Question {
    let start = kinds.first().map(|kind| kind.0).unwrap_or_default();
    let ends: BTreeSet<Ip> = kinds.iter().flat_map(|kind| [kind.1, kind.2]).collect();
    let list = ends.iter().map(|ip| format!("'{ip}'")).collect::<Vec<_>>().join(", ");
    let during = |from: Time| {
        let end = start + WINDOW;
        format!(
            "time_start >= TIMESTAMP '{from}' AND time_start < TIMESTAMP '{end}' AND time_end >= TIMESTAMP '{start}'"
        )
    };
    let flows = format!(
        "SELECT src_ip, dst_ip, src_port, dst_port, proto, COUNT(*) AS flows, SUM(src_bytes) AS src_bytes, \
         SUM(dst_bytes) AS dst_bytes, MAX(app) AS app FROM flows \
         WHERE {} AND src_ip IN ({list}) AND dst_ip IN ({list}) AND duplicate_of IS NULL \
         GROUP BY src_ip, dst_ip, src_port, dst_port, proto",
        during(start - BEFORE)
    );
    // An event begins with its window, which may be a day long.
    let events = format!(
        "SELECT DISTINCT rule, src_ip, dst_ip FROM events WHERE {} AND (src_ip IN ({list}) OR dst_ip IN ({list}))",
        during(start - Duration::from_secs(86_400))
    );
    Question { kinds: kinds.to_vec(), flows, events }
}

/// Whether a rule speaks of the two hosts of a kind, or of what one of them does to many.
fn is_between(kind: &Kind, word: &Word) -> bool {
    let is_end = |ip: Ip| ip == kind.1 || ip == kind.2;
    word.ends.0.is_some_and(is_end) && word.ends.1.is_none_or(is_end)
}

impl Alike {
    fn new(alert: Alert, now: Time) -> Self {
        Self {
            last: alert,
            came: now,
            count: 0,
            ports: BTreeSet::new(),
            asked: 0,
            known: Known::default(),
            changed: true,
        }
    }

    /// Whether flows are those of the alerts: in either direction. What has no ports has them as 0, or type and code.
    fn is_of(&self, talk: &Talk) -> bool {
        let (a, b) = self.last.ends;
        let portless = self.ports.iter().all(|ports| *ports == (0, 0));
        let of = |ports: (u16, u16)| portless || self.ports.contains(&ports);
        talk.proto == self.last.proto
            && ((talk.ends == (a, b) && of(talk.ports)) || (talk.ends == (b, a) && of((talk.ports.1, talk.ports.0))))
    }

    fn told(&self, (start, src, dst, port, signature): &Kind) -> Judged<'static> {
        let (alert, known) = (&self.last, &self.known);
        let text = |text: &str| Value::Text(Cow::Owned(text.to_owned()));
        let words = |list: Vec<&str>| if list.is_empty() { text("-") } else { text(&list.join(", ")) };
        let severity = if known.rules.is_empty() { alert.severity } else { alert.severity.worse() };
        let mut values: BTreeMap<&'static str, Value<'static>> = BTreeMap::from([
            ("window_start", Value::Time(*start)),
            ("window_end", Value::Time(*start + WINDOW)),
            ("src_ip", Value::Ip(*src)),
            ("dst_ip", Value::Ip(*dst)),
            ("dst_port", Value::Uint((*port).into())),
            ("proto", Value::Uint(alert.proto.into())),
            ("signature_id", Value::Uint(*signature)),
            ("signature", text(&alert.signature.1)),
            ("category", text(&alert.category)),
            ("cve", words(alert.cve.iter().map(String::as_str).collect())),
            ("sensor", text(&alert.sensor)),
            ("alerts", Value::Uint(self.count)),
            ("flows", Value::Uint(known.flows)),
            ("src_bytes", Value::Uint(known.octets.0)),
            ("dst_bytes", Value::Uint(known.octets.1)),
            ("app", text(known.app.as_deref().unwrap_or("-"))),
            ("confirmed_by", words(known.rules.iter().map(String::as_str).collect())),
            ("event_severity", text(severity.name())),
        ]);
        if let Some(id) = &alert.community_id {
            values.insert("community_id", text(id));
        }
        if !alert.attack.is_empty() {
            values.insert("event_attack", Value::Texts(Cow::Owned(alert.attack.clone())));
        }
        Judged { values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eve;

    fn alert() -> Alert {
        eve::read(eve::tests::LINE, "ids").expect("good").expect("an alert")
    }

    fn talk(ends: (&str, &str), ports: (u16, u16)) -> Talk {
        let ip = |text: &str| text.parse().expect("an address");
        Talk {
            ends: (ip(ends.0), ip(ends.1)),
            ports,
            proto: 6,
            flows: 1,
            octets: (900, 100),
            app: Some("HTTP".to_owned()),
        }
    }

    #[test]
    fn alerts_of_a_kind_are_counted_and_told_again_when_more_is_known() {
        let (mut alerts, now) = (Alerts::default(), Time::from_millis(1_000));
        (0..3).for_each(|_| assert_eq!(alerts.add(alert(), now), 0));
        let told = alerts.take();
        assert_eq!((told.len(), &told[0].values["alerts"]), (1, &Value::Uint(3)));
        assert_eq!(told[0].values["confirmed_by"], Value::Text("-".into()));
        assert!(alerts.take().is_empty() && alerts.ask(now).is_empty(), "nothing new, and too early to ask");
        let asked = alerts.ask(now + ASKED_AFTER[0]).remove(0);
        assert!(asked.flows.contains("time_start >= TIMESTAMP '2026-01-05T09:00:00Z'"), "{}", asked.flows);
        let (one, other) = ("192.0.2.66", "10.0.0.5");
        let talks = [
            talk((one, other), (40_000, 8_080)),
            talk((one, other), (40_001, 8_080)),
            talk((other, one), (8_080, 40_000)),
        ];
        let word =
            |rule: &str, src: &str, dst: &str| Word { rule: rule.into(), ends: (src.parse().ok(), dst.parse().ok()) };
        let words = [word("http_attack", one, other), word("ids_alert", one, other), word("miner", other, "192.0.2.9")];
        for _ in 0..2 {
            alerts.know(&asked.kinds, &talks, &words, &["ids_alert".to_owned()]);
        }
        let told = alerts.take();
        assert_eq!((told.len(), &told[0].values["event_severity"]), (1, &Value::Text("critical".into())));
        assert_eq!(told[0].values["flows"], Value::Uint(2), "both directions, and only its ports");
        assert_eq!(told[0].values["confirmed_by"], Value::Text("http_attack".into()));
    }

    #[test]
    fn a_kind_is_forgotten_after_the_last_question_and_the_oldest_go_where_there_are_too_many() {
        let mut alerts = Alerts::default();
        alerts.add(alert(), Time(0));
        for after in ASKED_AFTER {
            assert_eq!(alerts.ask(Time(0) + after).len(), 1);
        }
        alerts.take();
        assert!(alerts.ask(Time::from_millis(i64::from(i32::MAX))).is_empty() && alerts.kinds.is_empty());
        let mut forgotten = 0;
        for at in 0..=MOST {
            let alert = Alert { signature: (at as u64, String::new()), ..alert() };
            forgotten += alerts.add(alert, Time(0));
        }
        assert_eq!((forgotten, alerts.kinds.len()), (1, MOST));
    }
}
