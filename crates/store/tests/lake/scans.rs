// SPDX-License-Identifier: Apache-2.0
//! Rankings and lists that are read without a plan of the SQL engine: against the rows themselves, and against
//! the engine, over segments of several pages, hot rows, and what statistics can and cannot tell.

use std::collections::BTreeMap;

use minamo_base::Ip;
use minamo_filter::{Expr, parse};
use minamo_model::{Flow, identities};
use minamo_store::{By, FlowsQuery, Key, Lake, TopQuery};

use crate::rows::*;

const ROWS: u64 = 60_000;

type Passes = fn(&Flow) -> bool;

/// Filters and the same in Rust.
const FILTERS: [(&str, Passes); 17] = [
    ("any", |_| true),
    ("src ip 192.0.2.7", |f| f.core.src_ip == Ip::v4([192, 0, 2, 7])),
    ("dst ip 198.51.100.7", |f| f.core.dst_ip == Ip::v4([198, 51, 100, 7])),
    ("ip 192.0.2.7", |f| [f.core.src_ip, f.core.dst_ip].contains(&Ip::v4([192, 0, 2, 7]))),
    ("ip 10.9.9.9", |_| false),
    ("src net 192.0.2.0/28", |f| f.core.src_ip >= Ip::v4([192, 0, 2, 0]) && f.core.src_ip <= Ip::v4([192, 0, 2, 15])),
    ("src net 2001:db8::/32 and proto tcp", |f| f.core.src_ip.as_v4().is_none() && f.core.proto == 6),
    ("not src net 192.0.2.0/24", |f| f.core.src_ip.as_v4().is_none()),
    ("proto tcp and dst_port != 443", |f| f.core.proto == 6 && f.core.dst_port != 443),
    ("src ip 192.0.2.3 or dst_port = 53", |f| f.core.src_ip == Ip::v4([192, 0, 2, 3]) || f.core.dst_port == 53),
    ("not (proto udp or src ip in [192.0.2.1 192.0.2.2])", |f| {
        f.core.proto != 17 && ![Ip::v4([192, 0, 2, 1]), Ip::v4([192, 0, 2, 2])].contains(&f.core.src_ip)
    }),
    ("l2_vlan = 7", |f| f.l2.as_ref().is_some_and(|l2| l2.vlan == Some(7))),
    ("not l2_vlan = 7", |f| f.l2.as_ref().is_none_or(|l2| l2.vlan != Some(7))),
    ("src_port > 20000", |f| f.core.src_port > 20_000),
    ("proto tcp", |f| f.core.proto == 6),
    ("proto in [1 6] and not dst_port = 22", |f| f.core.proto == 6 && f.core.dst_port != 22),
    ("app = TLS and src ip 192.0.2.9", |f| f.core.app == "TLS" && f.core.src_ip == Ip::v4([192, 0, 2, 9])),
];

async fn lake(dir: &std::path::Path) -> Lake {
    let lake = open(dir);
    for part in 0..3 {
        append(&lake, &flows(part * ROWS / 4..(part + 1) * ROWS / 4)).await;
        lake.seal().await.expect("sealed");
    }
    lake.compact().await.expect("merged");
    append(&lake, &flows(3 * ROWS / 4..ROWS)).await;
    lake
}

fn key(column: &str, flow: &Flow) -> String {
    match column {
        "src_ip" => flow.core.src_ip.to_string(),
        "dst_port" => flow.core.dst_port.to_string(),
        "src_port" => flow.core.src_port.to_string(),
        "proto" => flow.core.proto.to_string(),
        other => panic!("no column {other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rankings_without_a_plan_are_what_the_rows_add_up_to() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = lake(dir.path()).await;
    let rows = flows(0..ROWS);
    for (text, passes) in FILTERS {
        let filter = parse(text).expect(text);
        for columns in [&["src_ip"][..], &["dst_port"], &["proto"], &["src_port"], &["src_ip", "dst_port"]] {
            let mut want: BTreeMap<Vec<String>, [u64; 3]> = BTreeMap::new();
            for flow in rows.iter().filter(|flow| passes(flow)) {
                let key = columns.iter().map(|column| key(column, flow)).collect();
                let core = &flow.core;
                let [bytes, packets, count] = want.entry(key).or_default();
                *bytes += core.src_bytes + core.dst_bytes;
                *packets += core.src_packets + core.dst_packets;
                *count += 1;
            }
            let keys = columns.iter().map(|name| Key::named(name).expect("a key")).collect();
            let query = TopQuery { from: None, to: None, filter: filter.clone(), keys, by: By::Flows, limit: 70_000 };
            let top = lake.top(query).await.expect("an answer");
            let got = top.rows.iter().map(|(key, totals)| {
                let key = key.iter().map(minamo_model::text_value).collect();
                (key, [totals.bytes, totals.packets, totals.flows])
            });
            let got: BTreeMap<Vec<String>, [u64; 3]> = got.collect();
            assert_eq!(got, want, "{text} by {columns:?}");
            let sum = |at: usize| want.values().map(|totals| totals[at]).sum::<u64>();
            assert_eq!([top.total.bytes, top.total.packets, top.total.flows], [0, 1, 2].map(sum));
        }
    }
}

async fn pages(lake: &Lake, filter: Expr) -> Vec<String> {
    let (mut out, mut cursor) = (Vec::new(), None);
    loop {
        let query = FlowsQuery { from: None, to: None, filter: filter.clone(), limit: 700, cursor };
        let page = lake.flows(query).await.expect("a page");
        if page.batch.num_rows() > 0 {
            let starts = identities(&page.batch).expect("flows").map(|id| id.to_string());
            let ids = minamo_model::CellReader::all(&page.batch);
            let texts = |row: usize| {
                let cells = ids.iter().map(|cell| minamo_model::text_value(&cell.value(row)));
                cells.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
            };
            out.extend(starts.enumerate().map(|(row, start)| format!("{start} {}", texts(row))));
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return out,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_few_flows_are_those_of_the_engine() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = lake(dir.path()).await;
    let rows = flows(0..ROWS);
    for (text, passes) in FILTERS.into_iter().filter(|(text, _)| text.contains("ip ") && !text.contains("not")) {
        // What is never true as an alternative makes it a question for the engine.
        let engine = parse(&format!("({text}) or packets > 1000000000000")).expect(text);
        let few = pages(&lake, parse(text).expect(text)).await;
        assert_eq!(few.len(), rows.iter().filter(|flow| passes(flow)).count(), "{text}");
        assert_eq!(few, pages(&lake, engine).await, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_too_large_for_their_numbers_stay_at_the_most() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    let mut rows = flows(0..3_000);
    for (at, flow) in rows.iter_mut().enumerate().filter(|(at, _)| at % 100 == 0) {
        // By then the sums of all before are close to the most.
        flow.core.src_bytes = u64::MAX / 29;
        flow.core.dst_bytes = at as u64;
    }
    append(&lake, &rows).await;
    lake.seal().await.expect("sealed");
    for (filter, key) in [("any", "dst_port"), ("proto tcp", "dst_port"), ("any", "proto"), ("proto tcp", "proto")] {
        let filter = parse(filter).expect("a filter");
        let keys = vec![Key::named(key).expect("a key")];
        let query = TopQuery { from: None, to: None, filter: filter.clone(), keys, by: By::Bytes, limit: 10 };
        let top = lake.top(query).await.expect("an answer");
        let passes = |flow: &&Flow| filter == Expr::All || flow.core.proto == 6;
        let add = |sum: u64, flow: &Flow| sum.saturating_add(flow.core.src_bytes).saturating_add(flow.core.dst_bytes);
        assert_eq!(top.total.bytes, rows.iter().filter(passes).fold(0, add), "{filter} by {key}");
        let of_tcp = |flow: &&Flow| key == "proto" && flow.core.proto == 6;
        if key == "proto" {
            let want = rows.iter().filter(of_tcp).fold(0, add);
            assert!(top.rows.iter().any(|(_, totals)| totals.bytes == want), "{filter} by {key}");
        }
    }
}
