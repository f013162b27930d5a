// SPDX-License-Identifier: Apache-2.0
//! Rows that another exporter's count for: in totals only where they are asked for, in lists always.

use arrow::array::AsArray as _;
use arrow::datatypes::Int64Type;
use minamo_base::Ip;
use minamo_filter::Expr;
use minamo_model::{FLOWS, Flow};
use minamo_store::{By, Dim, EVER, FlowsQuery, Key, RollupLine, RollupPart, RollupQuery, TopQuery, Wanted, minute};

use crate::rows::*;

const ROWS: u64 = 300;

fn marked() -> Vec<Flow> {
    let mut all = flows(0..ROWS);
    for flow in all.iter_mut().step_by(3) {
        flow.merge.get_or_insert_default().duplicate_of = Some(Ip::v4([192, 0, 2, 77]));
    }
    all
}

fn bytes(flows: &[Flow], duplicates: bool) -> u64 {
    let counts = |flow: &&Flow| duplicates || flow.merge.is_none();
    flows.iter().filter(counts).map(|flow| flow.core.src_bytes + flow.core.dst_bytes).sum()
}

async fn total(lake: &minamo_store::Lake, filter: Expr) -> u64 {
    let keys = vec![Key::named("app").expect("a column")];
    let query = TopQuery { from: None, to: None, filter, keys, by: By::Bytes, limit: 10 };
    lake.top(query).await.expect("an answer").total.bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn marked_rows_count_where_they_are_asked_for() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    lake.set_rollups(vec![Wanted { filter: "any".to_owned(), scope: EVER }]).await.expect("a rollup");
    let all = marked();
    append(&lake, all.get(..150).expect("half")).await;
    lake.seal().await.expect("sealed");
    append(&lake, all.get(150..).expect("half")).await;
    assert_eq!(total(&lake, Expr::All).await, bytes(&all, false));
    assert_eq!(total(&lake, minamo_store::with_duplicates(Expr::All)).await, bytes(&all, true));
    let only = minamo_filter::parse("duplicate_of present").expect("a filter");
    assert_eq!(total(&lake, only).await, bytes(&all, true) - bytes(&all, false));
    let page = FlowsQuery { from: None, to: None, filter: Expr::All, limit: 1_000, cursor: None };
    assert_eq!(lake.flows(page).await.expect("a page").batch.num_rows(), 300, "lists have all");
    let answer = lake.sql(&format!("SELECT COUNT(*) FROM {}", FLOWS.name), 1).await.expect("an answer");
    let rows = answer.batches.first().expect("a batch").column(0).as_primitive::<Int64Type>().value(0);
    assert_eq!(rows, 300, "so has SQL");
    let minutes = minute(DAY)..minute(DAY + 24 * HOUR);
    let lines = vec![RollupLine { parts: vec![RollupPart { minutes: minutes.clone(), filter: Expr::All }] }];
    let chart =
        lake.chart(RollupQuery { lines, minutes, step: 60, dim: Dim::Total, limit: 10 }).await.expect("a chart");
    assert_eq!(chart.missing, []);
    let sum: u64 = chart.lines.iter().flat_map(|(_, _, cells)| cells).map(|cell| cell.bytes()).sum();
    assert_eq!(sum, bytes(&all, false), "rollups count as rankings do");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_statistics_prove_of_the_mark_does_not_bring_the_rule_back() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    let mut all = flows(0..ROWS);
    for flow in &mut all {
        flow.merge.get_or_insert_default().duplicate_of = Some(Ip::v4([192, 0, 2, 77]));
    }
    append(&lake, &all).await;
    lake.seal().await.expect("sealed");
    let address = all.first().expect("a flow").core.src_ip;
    let of_it: Vec<Flow> = all.iter().filter(|flow| flow.core.src_ip == address).cloned().collect();
    let filter = minamo_filter::parse(&format!("src ip {address}")).expect("a filter");
    // That all rows are marked is known before they are read: only the address is asked.
    assert_eq!(total(&lake, minamo_store::with_duplicates(filter.clone())).await, bytes(&of_it, true));
    assert_eq!(total(&lake, filter.clone()).await, 0);
    let page = FlowsQuery { from: None, to: None, filter, limit: 1_000, cursor: None };
    assert_eq!(lake.flows(page).await.expect("a page").batch.num_rows(), of_it.len(), "lists have all");
}
