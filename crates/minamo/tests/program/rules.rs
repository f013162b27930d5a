// SPDX-License-Identifier: Apache-2.0
//! Each shipped rule on its fixtures: it fires on one and stays silent on the other.

use std::collections::BTreeSet;
use std::time::Duration;

use arrow::array::{AsArray as _, RecordBatch};
use arrow::datatypes::TimestampNanosecondType;
use minamo_base::{Ip, Time};
use minamo_detect::alerts::Alerts;
use minamo_detect::{Counter, Engine, Rule, eve, most_rows, parse_length, shipped_rules};
use minamo_model::{CellReader, Event, FLOWS, Flow, FlowBuilder, Row, text_value};
use minamo_schema::Value as Cell;
use minamo_store::{Lake, Settings};
use serde_json::{Map, Value};

use super::root;

/// The rules as they are in the repository now, so that trying one does not need a build.
pub(super) fn rules() -> Vec<Rule> {
    let mut files: Vec<_> = std::fs::read_dir(root().join("rules"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "sql"));
    files.sort();
    let rule = |path: &std::path::PathBuf| {
        let name = path.file_stem().expect("a name").to_string_lossy();
        Rule::parse(&name, &std::fs::read_to_string(path).expect("a text")).expect("a rule")
    };
    files.iter().map(rule).collect()
}

#[test]
fn the_rules_of_the_repository_are_those_of_the_product() {
    assert_eq!(shipped_rules().expect("they parse"), rules());
}

#[tokio::test]
async fn every_rule_can_run_and_reads_no_more_flows_than_it_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = Lake::open(folder.path(), Settings::default(), Time::default).expect("opened");
    for rule in rules() {
        let planned = minamo_server::detection::plan(&lake, &rule).await;
        planned.unwrap_or_else(|error| panic!("{}: {error}", rule.name));
    }
}

#[tokio::test]
async fn rules_fire_and_stay_silent() {
    // A part of a name, to try a rule on which one works.
    let wanted = std::env::var("MINAMO_RULE").unwrap_or_default();
    for rule in rules().into_iter().filter(|rule| rule.name.contains(&wanted)) {
        let fired = events(&rule, "fires").await;
        assert!(!fired.is_empty(), "{} must fire on its fixture", rule.name);
        for event in &fired {
            let text = rule.text_of(&event.finding.facts);
            assert!(!text.en.contains('{') && !text.ja.contains('{'), "{}: a value is missing in {text:?}", rule.name);
            minamo_filter::parse(&event.finding.filter).expect("the filter of an event parses");
        }
        let silent = events(&rule, "silent").await;
        assert!(silent.is_empty(), "{} must stay silent: {silent:?}", rule.name);
    }
}

async fn events(rule: &Rule, case: &str) -> Vec<Event> {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = || Time::parse("2026-01-05T12:00:00Z").unwrap_or_default();
    let lake = Lake::open(folder.path(), Settings::default(), clock).expect("opened");
    let path = root().join(format!("rules/fixtures/{}.{case}.jsonl", rule.name));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    if rule.alerts {
        return alerted(rule, &text);
    }
    let mut builder = FlowBuilder::default();
    for line in text.lines() {
        let row: Map<String, Value> = serde_json::from_str(line).expect("a JSON object");
        for flow in rows(row) {
            builder.append(&flow);
        }
    }
    found(rule, &lake, builder.finish().expect("a batch")).await
}

/// What the lines of another detection system give.
fn alerted(rule: &Rule, text: &str) -> Vec<Event> {
    let mut alerts = Alerts::default();
    for line in text.lines() {
        if let Some(alert) = eve::read(line, "ids").unwrap_or_else(|what| panic!("{}: {what}", rule.name)) {
            alerts.add(alert, Time::default());
        }
    }
    Engine::default().judged(rule, &alerts.take(), Time::default()).events
}

/// What the query of the rule finds in these flows; where the rule says what it counts, counting them finds the same.
async fn found(rule: &Rule, lake: &Lake, flows: RecordBatch) -> Vec<Event> {
    lake.append(&FLOWS, flows.clone()).await.expect("appended");
    let (_, to) = lake.time_range().await.expect("there are rows");
    let mut batches = Vec::new();
    for sql in questions(rule, &flows) {
        let answer = lake.sql(&sql, most_rows(rule)).await.unwrap_or_else(|error| panic!("{}: {error}", rule.name));
        batches.extend(answer.batches);
    }
    let mut seen = BTreeSet::new();
    // Of a method the rows are what it judges.
    for batch in batches.iter().filter(|_| rule.method.is_none()) {
        let readers = CellReader::all(batch);
        for at in 0..batch.num_rows() {
            let row = Row::new(&readers, at);
            let names = rule.key.iter().map(String::as_str).chain(["window_start"]);
            let key: Vec<String> = names.map(|name| text_value(&row.get(name))).collect();
            assert!(seen.insert(key.clone()), "{}: two rows of one window have the key {key:?}", rule.name);
        }
    }
    let asked = Engine::default().events(rule, &batches, to).events;
    if let Some(mut counter) = Counter::new(rule, None) {
        let condition = lake.condition(&rule.counted().expect("a condition")).expect("it is one");
        for at in (0..flows.num_rows()).step_by(1_000) {
            let part = flows.slice(at, 1_000.min(flows.num_rows() - at));
            counter.add(&part, &condition.mask(&part).expect("a mask"));
        }
        let due = counter.take().expect("rows");
        assert_eq!(due.ask, None, "all was counted");
        let counted = Engine::default().events(rule, due.rows.as_slice(), to).events;
        assert_eq!(said(&counted), said(&asked), "{}: counting finds what the query finds", rule.name);
    }
    asked
}

/// What is asked over these flows: all in one, or by the windows that they are in where the rule looks back.
fn questions(rule: &Rule, flows: &RecordBatch) -> Vec<String> {
    let times = flows.column_by_name(FLOWS.time).expect("a column").as_primitive::<TimestampNanosecondType>().values();
    let span = |times: &[i64]| Some((Time(*times.iter().min()?), Time(*times.iter().max()?)));
    let Some((from, to)) = span(times) else { return Vec::new() };
    if rule.history.is_none() {
        return Engine::questions(rule, from, to).sql;
    }
    let length = i64::try_from(rule.window.as_nanos()).expect("a length");
    let windows: BTreeSet<i64> = times.iter().map(|time| time.div_euclid(length) * length).collect();
    windows.into_iter().flat_map(|start| Engine::questions(rule, Time(start), Time(start)).sql).collect()
}

fn said(events: &[Event]) -> BTreeSet<(&str, &str)> {
    events.iter().map(|event| (&*event.finding.event_id, &*event.finding.facts)).collect()
}

#[tokio::test]
async fn counting_finds_what_the_query_finds_in_flows_of_all_kinds() {
    // A few sources, ports and hosts, so that some keys pass the threshold and some do not.
    let mut seed = 1_u64;
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let mut octet = |below: u64| u8::try_from(next(below)).expect("below 256");
    let mut builder = FlowBuilder::default();
    for _ in 0..60_000 {
        let mut flow = Flow::default();
        let core = &mut flow.core;
        core.src_ip = Ip::v4([10, 0, 0, octet(12).min(octet(12))]);
        core.dst_ip = Ip::v4([198, 51, 100, octet(90)]);
        core.dst_port = [53, 80, 443, 1_000 + u16::from(octet(250))][usize::from(octet(4))];
        core.proto = [1, 6, 17][usize::from(octet(3))];
        (core.src_packets, core.dst_packets) = (u64::from(octet(6)), u64::from(octet(6)));
        core.time_start = Time::parse("2026-01-05T10:00:00Z").expect("a time") + Duration::from_secs(octet(180).into());
        core.time_end = core.time_start;
        if core.proto == 1 {
            let (kind, _) = FLOWS.places().find(|(_, column)| column.name == "icmp_kind").expect("a column");
            assert!(flow.set(kind, &Cell::Uint(8)));
        }
        builder.append(&flow);
    }
    let flows = builder.finish().expect("a batch");
    for rule in rules().into_iter().filter(|rule| rule.count.is_some()) {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = || Time::parse("2026-01-05T12:00:00Z").unwrap_or_default();
        let lake = Lake::open(folder.path(), Settings::default(), clock).expect("opened");
        let events = found(&rule, &lake, flows.clone()).await;
        assert!(events.len() > 3, "{}: got {} events, want some to compare", rule.name, events.len());
    }
}

/// The flows of a fixture's row, which can stand for many: `repeat` for one per number of a column, or `times` for so
/// many that are equal, each `step` after the one before. A text with `{}` holds the number.
fn rows(mut row: Map<String, Value>) -> Vec<Flow> {
    let step = row.remove("step").map(|step| parse_length(step.as_str().unwrap_or_default()).expect("a length"));
    let times = row.remove("times").map(|times| times.as_u64().expect("a number"));
    let (column, first, last) = match (row.remove("repeat"), times) {
        (Some(Value::Object(repeat)), None) => {
            let (column, range) = repeat.into_iter().next().expect("one column");
            (Some(column), range[0].as_u64().expect("a number"), range[1].as_u64().expect("a number"))
        }
        (None, Some(times)) => (None, 1, times),
        _ => return vec![flow(&row)],
    };
    let one = |n: u64| {
        let mut row = row.clone();
        for value in row.values_mut() {
            if let Value::String(text) = value {
                *text = text.replace("{}", &n.to_string());
            }
        }
        if let Some(column) = &column {
            let octet = u8::try_from(n).unwrap_or(u8::MAX);
            let address = || Value::from(Ip::v4([198, 51, 100, octet]).to_string());
            row.insert(column.clone(), if column.ends_with("_ip") { address() } else { n.into() });
        }
        let mut flow = flow(&row);
        let later = step.unwrap_or_default() * u32::try_from(n - first).expect("few");
        (flow.core.time_start, flow.core.time_end) = (flow.core.time_start + later, flow.core.time_end + later);
        flow
    };
    (first..=last).map(one).collect()
}

pub(super) fn flow(row: &Map<String, Value>) -> Flow {
    let mut flow = Flow::default();
    for (name, value) in row {
        let (id, column) = FLOWS.places().find(|(_, c)| c.name == name).unwrap_or_else(|| panic!("no column {name}"));
        let text = || value.as_str().unwrap_or_default();
        let cell = match column.cell.name() {
            "ip" => Cell::Ip(text().parse().expect("an address")),
            "mac" => Cell::Mac(text().parse().expect("a MAC address")),
            "time" => Cell::Time(Time::parse(text()).expect("a time")),
            "text" => Cell::Text(text().into()),
            "f64" => Cell::Real(value.as_f64().expect("a number")),
            "bool" => Cell::Bool(value.as_bool().unwrap_or_default()),
            "list<text>" => Cell::Texts(
                value.as_array().expect("a list").iter().map(|t| t.as_str().unwrap_or_default().to_owned()).collect(),
            ),
            "list<u16>" | "list<u32>" | "list<i32>" => Cell::Numbers(
                value.as_array().expect("a list").iter().map(|n| n.as_i64().unwrap_or_default()).collect(),
            ),
            _ => Cell::Uint(value.as_u64().unwrap_or_else(|| panic!("{name}: {value} is no number"))),
        };
        assert!(flow.set(id, &cell), "{name}: {value} does not fit");
    }
    flow.core.time_end = flow.core.time_end.max(flow.core.time_start);
    flow
}
