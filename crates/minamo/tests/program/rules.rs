// SPDX-License-Identifier: Apache-2.0
//! Each shipped rule on its fixtures: it fires on one and stays silent on the other.

use minamo_base::{Ip, Time};
use minamo_detect::{Engine, Rule, shipped_rules};
use minamo_model::{FLOWS, Flow, FlowBuilder};
use minamo_schema::Value as Cell;
use minamo_store::{Lake, Settings};
use serde_json::{Map, Value};

use super::root;

#[tokio::test]
async fn rules_fire_and_stay_silent() {
    for rule in shipped_rules().expect("they parse") {
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

async fn events(rule: &Rule, case: &str) -> Vec<minamo_model::Event> {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = || Time::parse("2026-01-05T12:00:00Z").unwrap_or_default();
    let lake = Lake::open(folder.path(), Settings::default(), clock).expect("opened");
    let path = root().join(format!("rules/fixtures/{}.{case}.jsonl", rule.name));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut builder = FlowBuilder::default();
    for line in text.lines() {
        let row: Map<String, Value> = serde_json::from_str(line).expect("a JSON object");
        for flow in rows(row) {
            builder.append(&flow);
        }
    }
    lake.append(&FLOWS, builder.finish().expect("a batch")).await.expect("appended");
    let (from, to) = lake.time_range().await.expect("there are rows");
    let answer = lake.sql(&Engine::sql(rule, from, to), 10_000).await.expect("the rule's SQL runs");
    Engine::new(vec![rule.clone()]).events(rule, &answer.batches, to).events
}

/// The flows of a fixture's row, which can stand for many.
fn rows(mut row: Map<String, Value>) -> Vec<Flow> {
    let Some(Value::Object(repeat)) = row.remove("repeat") else { return vec![flow(&row)] };
    let (column, range) = repeat.into_iter().next().expect("one column");
    let (first, last) = (range[0].as_u64().expect("a number"), range[1].as_u64().expect("a number"));
    let one = |n: u64| {
        let mut row = row.clone();
        let octet = u8::try_from(n).unwrap_or(u8::MAX);
        let value = if column.ends_with("_ip") { Ip::v4([198, 51, 100, octet]).to_string().into() } else { n.into() };
        row.insert(column.clone(), value);
        flow(&row)
    };
    (first..=last).map(one).collect()
}

fn flow(row: &Map<String, Value>) -> Flow {
    let mut flow = Flow::default();
    for (name, value) in row {
        let (id, column) = FLOWS.places().find(|(_, c)| c.name == name).unwrap_or_else(|| panic!("no column {name}"));
        let text = || value.as_str().unwrap_or_default();
        let cell = match column.cell.name() {
            "ip" => Cell::Ip(text().parse().expect("an address")),
            "time" => Cell::Time(Time::parse(text()).expect("a time")),
            "text" => Cell::Text(text().into()),
            "bool" => Cell::Bool(value.as_bool().unwrap_or_default()),
            _ => Cell::Uint(value.as_u64().expect("a number")),
        };
        assert!(flow.set(id, &cell), "{name}: {value} does not fit");
    }
    flow.core.time_end = flow.core.time_end.max(flow.core.time_start);
    flow
}
