// SPDX-License-Identifier: Apache-2.0
//! From rules to SQL and from its rows to events. A window is looked at again when late rows come; an
//! event that says the same as before is not given twice, and one that goes on is made longer.

use std::collections::{BTreeMap, HashMap, HashSet};

use arrow::array::RecordBatch;
use minamo_base::Time;
use minamo_model::event::Finding;
use minamo_model::{CellReader, Event, Row, json_value, text_value};
use minamo_schema::Value;

use crate::method::Judged;
use crate::said::{Said, Sight, Standing};
use crate::{Rule, Severity};

/// New events of one rule in an hour of their own time; those beyond are counted and not stored.
const MOST_AN_HOUR: u64 = 500;
/// Columns of a result that say when the first flow of an event began and the last one ended.
pub(crate) const FLOW_FIRST: &str = "flow_first";
/// See [`FLOW_FIRST`].
pub(crate) const FLOW_LAST: &str = "flow_last";
/// Hours whose events are counted.
const HOURS: usize = 10_000;

/// What the rules have said.
#[derive(Debug, Default)]
pub struct Engine {
    said: Said,
    /// New events by rule and hour.
    hours: HashMap<(String, i64), u64>,
}

/// What one run of a rule gave.
#[derive(Debug, Default)]
pub struct Found {
    /// Events that are new or say something new.
    pub events: Vec<Event>,
    /// Identities of those that are new.
    pub new: HashSet<String>,
    /// Events that were forgotten to stay within the bound.
    pub forgotten: u64,
    /// Events that were not given because the rule gives too many.
    pub flooded: u64,
}

impl Engine {
    /// Tells the engine of an event that was given before, so that it goes on and is not given again.
    pub fn remember(&mut self, rule: &Rule, event_id: &str, span: (Time, Time), facts: &str) {
        let values: BTreeMap<String, serde_json::Value> = serde_json::from_str(facts).unwrap_or_default();
        let text = |column: &String| match values.get(column) {
            None | Some(serde_json::Value::Null) => String::new(),
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        let (start, end) = windows_of(rule, span);
        let sight =
            Sight { key: key(rule, text), start, end, flows: span, timed: true, quiet: rule.quiet, facts, mute: false };
        self.said.remember(event_id.to_owned(), &sight, rule.window);
    }

    /// Events of the rows that the query of a rule gave.
    pub fn events(&mut self, rule: &Rule, batches: &[RecordBatch], now: Time) -> Found {
        self.take(rule, Self::fired(rule, batches, now), now)
    }

    /// Events of what was judged to be some.
    pub fn judged(&mut self, rule: &Rule, judged: &[Judged<'_>], now: Time) -> Found {
        self.take(rule, judged.iter().map(|row| Fired::of(rule, row, now)).collect(), now)
    }

    /// What a rule found, of the rows that its query gave.
    pub fn fired(rule: &Rule, batches: &[RecordBatch], now: Time) -> Vec<Fired> {
        let readers: Vec<_> = batches.iter().map(|batch| (CellReader::all(batch), batch.num_rows())).collect();
        let rows: Vec<Row<'_>> =
            readers.iter().flat_map(|(readers, count)| (0..*count).map(|at| Row::new(readers, at))).collect();
        let judged = match rule.method {
            Some(method) => (method.judge)(rule, &rows),
            None => readers.iter().flat_map(|(readers, count)| (0..*count).map(|at| plain(readers, at))).collect(),
        };
        judged.iter().map(|row| Fired::of(rule, row, now)).collect()
    }

    /// True where this is news of which is not known when its first flow began and its last one ended.
    pub fn wants_times(&self, fired: &Fired) -> bool {
        !fired.timed && !self.said.knows(&fired.key, (fired.start, fired.end), &fired.facts)
    }

    /// Events of what a rule found.
    pub fn take(&mut self, rule: &Rule, mut rows: Vec<Fired>, now: Time) -> Found {
        let mut found = Found { forgotten: self.said.forget(), ..Found::default() };
        // The order of windows decides which one begins an event.
        rows.sort_by(|a, b| (a.start, &a.key, &a.facts).cmp(&(b.start, &b.key, &b.facts)));
        let mut given: HashMap<String, usize> = HashMap::new();
        for row in rows {
            let end = row.end;
            let hour = (rule.name.clone(), row.start.secs().div_euclid(3_600));
            let mute = self.hours.get(&hour).is_some_and(|count| *count >= MOST_AN_HOUR);
            let (key, start, flows, timed, quiet) = (row.key.clone(), row.start, row.flows, row.timed, rule.quiet);
            let sight = Sight { key, start, end, flows, timed, quiet, facts: &row.facts, mute };
            let Some(standing) = self.said.see(&sight).cloned() else { continue };
            let new = standing.start == row.start && standing.end == end;
            if let Some(at) = given.get(&standing.id) {
                if let Some(event) = found.events.get_mut(*at) {
                    *event = row.event(rule, &standing, now);
                }
                continue;
            }
            if standing.muted {
                found.flooded += u64::from(new);
                continue;
            }
            if new {
                self.count_new(hour);
                found.new.insert(standing.id.clone());
            }
            given.insert(standing.id.clone(), found.events.len());
            found.events.push(row.event(rule, &standing, now));
        }
        found
    }

    fn count_new(&mut self, hour: (String, i64)) {
        if self.hours.len() >= HOURS {
            self.hours.clear();
        }
        *self.hours.entry(hour).or_default() += 1;
    }
}

/// The windows that an event from its first flow to its last one is of: a session is its own.
fn windows_of(rule: &Rule, (first, last): (Time, Time)) -> (Time, Time) {
    let step = i64::try_from(rule.hop.unwrap_or(rule.window).as_nanos()).unwrap_or(i64::MAX).max(1);
    if rule.session.is_some() {
        return (first, last);
    }
    let start = first.0.div_euclid(step).saturating_mul(step);
    let windows = last.0.saturating_sub(start).saturating_add(step - 1).div_euclid(step).max(1);
    (Time(start), Time(start.saturating_add(windows.saturating_mul(step))))
}

/// What tells the events of a rule apart.
fn key(rule: &Rule, text: impl Fn(&String) -> String) -> String {
    let columns: Vec<String> = rule.key.iter().map(text).collect();
    format!("{}\n{}", rule.name, columns.join("\n"))
}

/// A row as a query gave it.
fn plain<'a>(readers: &[CellReader<'a>], row: usize) -> Judged<'a> {
    let values = readers.iter().map(|reader| (reader.name(), reader.value(row))).collect();
    Judged { values }
}

/// What a rule found in a window.
#[derive(Debug)]
pub struct Fired {
    key: String,
    start: Time,
    end: Time,
    flows: (Time, Time),
    /// True where these are the times of flows, not those of the window.
    timed: bool,
    facts: String,
    src_ip: Option<minamo_base::Ip>,
    dst_ip: Option<minamo_base::Ip>,
    filter: String,
    severity: Severity,
    attack: Vec<String>,
}

impl Fired {
    /// The filter that shows its flows, and the window that they begin in.
    pub fn flows(&self) -> (&str, (Time, Time)) {
        (&self.filter, (self.start, self.end))
    }

    /// Says when its first flow began and its last one ended.
    pub fn set_times(&mut self, flows: (Time, Time)) {
        (self.flows, self.timed) = (flows, true);
    }

    fn of(rule: &Rule, row: &Judged<'_>, now: Time) -> Self {
        let time = |name| match row.values.get(name) {
            Some(Value::Time(at)) => Some(*at),
            _ => None,
        };
        let address = |name| match row.values.get(name) {
            Some(Value::Ip(ip)) => Some(*ip),
            _ => None,
        };
        let start = time("window_start").unwrap_or(now);
        let end = time("window_end").unwrap_or(start + rule.window).max(start);
        // A window that is still open has not ended; nothing is known of later than now.
        let told = time(FLOW_FIRST).zip(time(FLOW_LAST));
        let last = time(FLOW_LAST).unwrap_or(if end > now && now > start { now } else { end });
        let own = ["window_start", "window_end", "event_severity", "event_attack", FLOW_FIRST, FLOW_LAST];
        let facts: BTreeMap<_, _> =
            row.values.iter().filter(|(name, _)| !own.contains(name)).map(|(name, v)| (*name, json_value(v))).collect();
        let text = |column: &str| row.values.get(column).map(text_value).unwrap_or_default();
        Self {
            key: key(rule, |column| text(column)),
            start,
            end,
            flows: (time(FLOW_FIRST).unwrap_or(start), last),
            timed: told.is_some(),
            facts: serde_json::to_string(&facts).unwrap_or_default(),
            src_ip: address("src_ip"),
            dst_ip: address("dst_ip"),
            filter: fill(&rule.filter, &row.values),
            severity: Severity::parse(&text("event_severity")).unwrap_or(rule.severity),
            attack: match row.values.get("event_attack") {
                Some(Value::Texts(ids)) => ids.to_vec(),
                _ => rule.attack.clone(),
            },
        }
    }

    fn event(&self, rule: &Rule, standing: &Standing, now: Time) -> Event {
        Event {
            finding: Finding {
                event_id: standing.id.clone(),
                rule: rule.name.clone(),
                severity: self.severity.name().into(),
                time_start: standing.flows.0,
                time_end: standing.flows.1,
                time_found: now,
                src_ip: self.src_ip,
                dst_ip: self.dst_ip,
                facts: self.facts.clone(),
                filter: self.filter.clone(),
                attack: self.attack.clone(),
                perspective: None,
                suppressed_by: None,
                suppression_broken: None,
            },
        }
    }
}

/// Puts values in place of `{column}`.
pub(crate) fn fill(template: &str, values: &BTreeMap<&str, Value<'_>>) -> String {
    let mut out = template.to_owned();
    for (name, value) in values {
        out = out.replace(&format!("{{{name}}}"), &text_value(value));
    }
    out
}

impl Rule {
    /// The text of an event in both languages, from its facts (a JSON object).
    pub fn text_of(&self, facts: &str) -> crate::Text {
        let facts: BTreeMap<String, serde_json::Value> = serde_json::from_str(facts).unwrap_or_default();
        let fill = |template: &str| {
            facts.iter().fold(template.to_owned(), |text, (name, value)| {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                text.replace(&format!("{{{name}}}"), &value)
            })
        };
        crate::Text { en: fill(&self.text.en), ja: fill(&self.text.ja) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, TimestampNanosecondArray};
    use minamo_base::Ip;
    use minamo_schema::Cell as _;

    use super::*;

    fn rows(count: i64) -> RecordBatch {
        let mut address = Ip::builder();
        Ip::v4([192, 0, 2, 66]).append(&mut address);
        let window: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![60_000_000_000]).with_timezone("UTC"));
        let ports: ArrayRef = Arc::new(Int64Array::from(vec![count]));
        RecordBatch::try_from_iter([
            ("window_start", window),
            ("src_ip", Ip::finish(&mut address).expect("rows")),
            ("ports", ports),
        ])
        .expect("columns of one row")
    }

    #[test]
    fn an_event_is_given_once_and_again_when_it_says_more() {
        let rule =
            crate::shipped_rules().expect("parse").into_iter().find(|r| r.name == "scan_ports").expect("shipped");
        let mut engine = Engine::default();
        let first = engine.events(&rule, &[rows(150)], Time(1)).events;
        assert_eq!(first.len(), 1);
        let core = &first[0].finding;
        assert_eq!(core.filter, "src_ip = 192.0.2.66 and (proto = tcp or proto = udp)");
        assert!(minamo_filter::parse(&core.filter).is_ok());
        assert_eq!(core.facts, r#"{"ports":150,"src_ip":"192.0.2.66"}"#);
        assert!(rule.text_of(&core.facts).en.starts_with("192.0.2.66 tried 150 different ports"));
        assert!(engine.events(&rule, &[rows(150)], Time(2)).events.is_empty());
        let more = engine.events(&rule, &[rows(900)], Time(3)).events;
        assert_eq!(more[0].finding.event_id, core.event_id);
    }
}
