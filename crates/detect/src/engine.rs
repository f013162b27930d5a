// SPDX-License-Identifier: Apache-2.0
//! From rules to SQL and from its rows to events. A window is looked at again when late rows come; an
//! event that says the same as before is not given twice.

use std::collections::{BTreeMap, HashMap};

use arrow::array::RecordBatch;
use minamo_base::{Time, hex};
use minamo_model::event::Finding;
use minamo_model::{CellReader, Event, Row, json_value, text_value};
use minamo_schema::Value;
use sha1::{Digest, Sha1};

use crate::Rule;

/// Events that are remembered to tell news from repetition.
const REMEMBERED: usize = 100_000;

/// The rules and what they have said.
pub struct Engine {
    rules: Vec<Rule>,
    /// Facts of each event as last given, by identity.
    said: HashMap<String, String>,
}

/// What one run of a rule gave.
#[derive(Debug, Default)]
pub struct Found {
    /// Events that are new or say something new.
    pub events: Vec<Event>,
    /// Events that were forgotten to stay within the bound.
    pub forgotten: u64,
}

impl Engine {
    /// An engine over some rules.
    pub fn new(rules: Vec<Rule>) -> Self {
        Self { rules, said: HashMap::new() }
    }

    /// The rules.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Tells the engine of an event that was given before, so that it is not given again.
    pub fn remember(&mut self, event_id: &str, facts: &str) {
        if self.said.len() < REMEMBERED {
            self.said.insert(event_id.to_owned(), facts.to_owned());
        }
    }

    /// The query of a rule over all windows that touch `[from, to]`.
    pub fn sql(rule: &Rule, from: Time, to: Time) -> String {
        let length = i64::try_from(rule.window.as_nanos()).unwrap_or(i64::MAX).max(1);
        let start = Time(from.0.div_euclid(length).saturating_mul(length));
        let end = Time(to.0.div_euclid(length).saturating_add(1).saturating_mul(length));
        let window = format!("date_bin(INTERVAL '{} seconds', time_start)", rule.window.as_secs());
        let range = format!("(time_start >= TIMESTAMP '{start}' AND time_start < TIMESTAMP '{end}')");
        rule.with_parameters(&rule.sql.replace("$window", &window).replace("$range", &range))
    }

    /// Events of the rows that the query of a rule gave.
    pub fn events(&mut self, rule: &Rule, batches: &[RecordBatch], now: Time) -> Found {
        let mut found = Found::default();
        for batch in batches {
            let readers = CellReader::all(batch);
            for at in 0..batch.num_rows() {
                let event = event(rule, &readers, &Row::new(&readers, at), now);
                let core = &event.finding;
                if self.said.get(&core.event_id).is_some_and(|facts| *facts == core.facts) {
                    continue;
                }
                if self.said.len() >= REMEMBERED {
                    found.forgotten += self.said.len() as u64;
                    self.said.clear();
                }
                self.said.insert(core.event_id.clone(), core.facts.clone());
                found.events.push(event);
            }
        }
        found
    }
}

fn event(rule: &Rule, readers: &[CellReader<'_>], row: &Row<'_>, now: Time) -> Event {
    let start = match row.get("window_start") {
        Value::Time(start) => start,
        _ => now,
    };
    let address = |name| match row.get(name) {
        Value::Ip(ip) => Some(ip),
        _ => None,
    };
    let values: BTreeMap<&str, Value<'_>> = readers
        .iter()
        .map(|r| r.name())
        .filter(|name| *name != "window_start")
        .map(|name| (name, row.get(name)))
        .collect();
    let facts: BTreeMap<_, _> = values.iter().map(|(name, value)| (*name, json_value(value))).collect();
    // The keys, not the counts, make the identity: a later look at the same window is the same event.
    let keys: Vec<_> = ["src_ip", "dst_ip", "dst_port", "proto"].map(|name| text_value(&row.get(name))).into();
    let mut hash = Sha1::new();
    hash.update(format!("{}\n{}\n{}", rule.name, start.0, keys.join("\n")));
    Event {
        finding: Finding {
            event_id: hex(hash.finalize().get(..8).unwrap_or_default()),
            rule: rule.name.clone(),
            severity: rule.severity.name().into(),
            time_start: start,
            time_end: start + rule.window,
            time_found: now,
            src_ip: address("src_ip"),
            dst_ip: address("dst_ip"),
            facts: serde_json::to_string(&facts).unwrap_or_default(),
            filter: fill(&rule.filter, &values),
            attack: rule.attack.clone(),
        },
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
        let mut engine = Engine::new(vec![rule.clone()]);
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

    #[test]
    fn the_query_covers_whole_windows() {
        let rule = crate::shipped_rules().expect("parse").remove(1);
        let sql = Engine::sql(&rule, Time::from_millis(61_000), Time::from_millis(125_000));
        assert!(sql.contains(
            "time_start >= TIMESTAMP '1970-01-01T00:01:00Z' AND time_start < TIMESTAMP '1970-01-01T00:03:00Z'"
        ));
        assert!(!sql.contains('$'), "{sql}");
    }
}
