// SPDX-License-Identifier: Apache-2.0
//! Live and replayed, flows give the same events: once they come bit by bit and all rules look each time, once all at once.

use std::collections::BTreeMap;
use std::path::PathBuf;

use minamo_detect::shipped_rules;
use minamo_model::{Flow, FlowBuilder};

use super::*;
use crate::read::{self, Job};

/// Attacks that were recorded one after the other.
const CAPTURES: [&str; 6] =
    ["attack-slow", "attack-ssh", "attack-tunnel", "attack-scan", "attack-flood", "attack-miner"];

/// Flows of the captures in the order in which they ended.
fn flows() -> Vec<Flow> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/demo");
    let files: Vec<_> = CAPTURES.iter().map(|name| folder.join(format!("{name}.pcap.zst"))).collect();
    let mut flows = Vec::new();
    let report = read::meter(
        &Job::of(&files, minamo_meter::Settings::default()),
        &indicatif::ProgressBar::hidden(),
        &mut |flow: Flow| {
            flows.push(flow);
            true
        },
    );
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    flows.sort_by_key(|flow| flow.core.time_end);
    flows
}

/// What is told of an event last: its rule, its times and its evidence.
type Told = (String, Time, Time, String);

/// Events by their identity, after flows came in so many parts.
async fn events(flows: &[Flow], parts: usize) -> BTreeMap<String, Told> {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = Lake::open(&folder.path().join("lake"), minamo_store::Settings::default(), clock::now).expect("opened");
    let (lake, fresh) = (Arc::new(lake), Fresh::default());
    let rules = shipped_rules().expect("rules").into_iter().filter(|rule| rule.enabled).collect();
    let mut detector = detector_with(folder.path(), &lake, rules, &fresh).await;
    let late = Late { told: watch::channel([false; 2]).1, is_large: true };
    for part in flows.chunks(flows.len().div_ceil(parts)) {
        let mut builder = FlowBuilder::default();
        part.iter().for_each(|flow| builder.append(flow));
        let batch = builder.finish().expect("a batch");
        lake.append(&FLOWS, batch.clone()).await.expect("appended");
        fresh.add(&batch);
        // Nobody rests, so that each rule looks at what has come so far.
        detector.waiting.values_mut().for_each(|waiting| waiting.rests_until = Time(i64::MIN));
        detector.others_rest_until = Time(i64::MIN);
        detector.look(&fresh, false, &late).await;
        detector.finish_aside(&late).await;
    }
    detector.look(&fresh, true, &late).await;
    detector.finish_aside(&late).await;
    assert_eq!(detector.counters.failures.load(Ordering::Relaxed), 0);
    let sql = "SELECT event_id, rule, time_start, time_end, facts FROM events ORDER BY time_found";
    let found = lake.sql(sql, 10_000).await.expect("asked");
    rows(&found.batches, |row| {
        let time = |name| match row.get(name) {
            Value::Time(time) => time,
            other => panic!("{name}: {other:?}"),
        };
        let text = |name| text_value(&row.get(name));
        (text("event_id"), (text("rule"), time("time_start"), time("time_end"), text("facts")))
    })
    .into_iter()
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn live_and_replayed_flows_give_the_same_events() {
    let flows = flows();
    let replayed = events(&flows, 1).await;
    let rules: std::collections::BTreeSet<&str> = replayed.values().map(|told| told.0.as_str()).collect();
    for rule in ["flood_syn", "guess_ssh", "miner", "scan_flags", "scan_hosts", "scan_ports", "scan_slow", "tunnel_dns"]
    {
        assert!(rules.contains(rule), "{rule} is not among {rules:?}");
    }
    assert_eq!(events(&flows, 4).await, replayed);
}
