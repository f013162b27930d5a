// SPDX-License-Identifier: Apache-2.0
//! Top, series, pages, summary: against the same computed from the rows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use minamo_base::Time;
use minamo_filter::{CompareOp, Expr, Literal, Predicate, Test};
use minamo_model::{FLOWS, Flow};
use minamo_store::{By, FlowsQuery, Key, Lake, SeriesQuery, SummaryQuery, TopQuery, Totals};

use crate::rows::*;

const ROWS: u64 = 4_000;

async fn lake(dir: &std::path::Path) -> Lake {
    let lake = open(dir);
    append(&lake, &flows(0..ROWS / 2)).await;
    lake.seal().await.expect("sealed");
    append(&lake, &flows(ROWS / 2..ROWS)).await;
    lake
}

fn bytes(flow: &Flow) -> u64 {
    flow.core.src_bytes + flow.core.dst_bytes
}

fn add(to: &mut Totals, flow: &Flow) {
    to.bytes += bytes(flow);
    to.packets += flow.core.src_packets + flow.core.dst_packets;
    to.flows += 1;
}

fn tls() -> Expr {
    let column = FLOWS.column("app").expect("a column");
    Expr::Test(Test::column(column, Predicate::Compare(CompareOp::Eq, Literal::Text("TLS".to_owned()))))
}

fn ranges() -> Vec<(Option<Time>, Option<Time>)> {
    let at = |hours: i64| Some(Time(DAY + hours * HOUR));
    vec![(None, None), (at(2), at(3)), (at(1), None), (None, at(4)), (at(6), at(20)), (at(30), at(31)), (at(2), at(2))]
}

fn inside(flow: &Flow, (from, to): (Option<Time>, Option<Time>)) -> bool {
    to.is_none_or(|to| flow.core.time_start < to) && from.is_none_or(|from| flow.core.time_end >= from)
}

#[tokio::test(flavor = "multi_thread")]
async fn top_ranks_and_totals() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = lake(dir.path()).await;
    for range in ranges() {
        for (filter, app) in [(Expr::All, None), (tls(), Some("TLS"))] {
            let rows: Vec<Flow> = flows(0..ROWS)
                .into_iter()
                .filter(|f| inside(f, range) && app.is_none_or(|a| f.core.app == a))
                .collect();
            let mut total = Totals::default();
            let mut ports: BTreeMap<u16, Totals> = BTreeMap::new();
            let mut hosts: BTreeMap<minamo_base::Ip, Totals> = BTreeMap::new();
            for flow in &rows {
                add(&mut total, flow);
                add(ports.entry(flow.core.dst_port).or_default(), flow);
                for ip in BTreeSet::from([flow.core.src_ip, flow.core.dst_ip]) {
                    add(hosts.entry(ip).or_default(), flow);
                }
            }
            for by in [By::Bytes, By::Packets, By::Flows] {
                let rank = |t: &Totals| match by {
                    By::Bytes => t.bytes,
                    By::Packets => t.packets,
                    By::Flows => t.flows,
                };
                let ask = |keys: Vec<Key>, limit| TopQuery {
                    from: range.0,
                    to: range.1,
                    filter: filter.clone(),
                    keys,
                    by,
                    limit,
                };
                let top = lake.top(ask(vec![Key::named("dst_port").expect("a key")], 3)).await.expect("an answer");
                let mut want: Vec<(String, Totals)> = ports.iter().map(|(k, t)| (k.to_string(), *t)).collect();
                want.sort_by_key(|(_, t)| std::cmp::Reverse(rank(t)));
                want.truncate(3);
                let got: Vec<(String, Totals)> = top.rows.iter().map(|(k, t)| (text(&k[0]), *t)).collect();
                assert_eq!(got, want);
                assert_eq!(top.total, total, "{range:?}");
                let top = lake.top(ask(vec![Key::Ip], 10)).await.expect("an answer");
                let mut want: Vec<(String, Totals)> = hosts.iter().map(|(k, t)| (k.to_string(), *t)).collect();
                want.sort_by_key(|(_, t)| std::cmp::Reverse(rank(t)));
                want.truncate(10);
                assert_eq!(top.rows.iter().map(|(k, t)| (text(&k[0]), *t)).collect::<Vec<_>>(), want);
                assert_eq!(top.total, total, "a flow counts once in the total");
            }
        }
    }
    let keys = ["ip", "app", "tls_sni", "encrypted", "tls_alpn"].map(|name| Key::named(name).expect("a key"));
    let query = TopQuery { from: None, to: None, filter: Expr::All, keys: keys.to_vec(), by: By::Flows, limit: 10_000 };
    let top = lake.top(query).await.expect("an answer");
    assert!(top.rows.len() > 100 && top.rows.iter().all(|(key, _)| key.len() == 5));
    assert!(Key::named("nonsense").is_err());
    let none = TopQuery { from: None, to: None, filter: Expr::All, keys: vec![], by: By::Flows, limit: 1 };
    assert!(lake.top(none).await.is_err());
}

/// Octets of a flow before an instant, as the series divides them: each side by itself.
fn before(flow: &Flow, at: i64) -> u128 {
    let (start, end) = (flow.core.time_start.0, flow.core.time_end.0);
    if end <= start {
        return if start < at { u128::from(bytes(flow)) } else { 0 };
    }
    let over = u128::try_from((at - start).clamp(0, end - start)).expect("not negative");
    let life = u128::try_from(end - start).expect("positive");
    [flow.core.src_bytes, flow.core.dst_bytes].map(|side| u128::from(side) * over / life).iter().sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn series_have_exact_buckets() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = lake(dir.path()).await;
    let rows = flows(0..ROWS);
    let (from, to) = (DAY + 90 * HOUR / 60, DAY + 4 * HOUR + 77);
    for (split, limit) in [(None, 0), (Some("app"), 2), (Some("ip"), 3), (Some("tls_sni"), 4), (Some("src_bytes"), 1)] {
        let query = SeriesQuery {
            from: Some(Time(from)),
            to: Some(Time(to)),
            filter: Expr::All,
            split: split.map(|name| Key::named(name).expect("a key")),
            by: By::Bytes,
            limit,
            step: Some(Duration::from_secs(700)),
        };
        let series = lake.series(query).await.expect("an answer");
        assert_eq!(series.lines.len(), limit + 1);
        assert!(series.lines.last().is_some_and(|(name, _)| name.is_none()));
        let step = 700_000_000_000;
        assert!(series.start.0 <= from && from < series.start.0 + step && series.start.0 % step == 0);
        let names: Vec<String> = series.lines.iter().filter_map(|(n, _)| n.as_ref()).map(text).collect();
        for (name, line) in &series.lines {
            let belongs = |flow: &Flow| {
                let keys: Vec<String> = match split {
                    None => vec![],
                    Some("app") => vec![flow.core.app.to_string()],
                    Some("ip") => vec![flow.core.src_ip.to_string(), flow.core.dst_ip.to_string()],
                    Some("src_bytes") => vec![flow.core.src_bytes.to_string()],
                    _ => vec![flow.tls.as_ref().and_then(|t| t.sni.clone()).unwrap_or_default()],
                };
                name.as_ref().map_or_else(|| keys.iter().all(|k| !names.contains(k)), |n| keys.contains(&text(n)))
            };
            for (at, got) in line.iter().enumerate() {
                let low = (series.start.0 + i64::try_from(at).expect("small") * step).max(from);
                let high = (series.start.0 + i64::try_from(at + 1).expect("small") * step).min(to);
                let want: u128 = rows.iter().filter(|f| belongs(f)).map(|f| before(f, high) - before(f, low)).sum();
                assert_eq!(u128::from(*got), want, "{split:?} {name:?} bucket {at}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn series_without_a_range_hold_everything() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = lake(dir.path()).await;
    let rows = flows(0..ROWS);
    let ask = |by, step| SeriesQuery { from: None, to: None, filter: Expr::All, split: None, by, limit: 5, step };
    let sum = |series: &minamo_store::Series| series.lines.iter().flat_map(|(_, line)| line).sum::<u64>();
    let octets = lake.series(ask(By::Bytes, None)).await.expect("an answer");
    assert_eq!(sum(&octets), rows.iter().map(bytes).sum::<u64>());
    assert!((60..=121).contains(&octets.lines[0].1.len()), "{}", octets.lines[0].1.len());
    let packets = lake.series(ask(By::Packets, None)).await.expect("an answer");
    assert_eq!(sum(&packets), rows.iter().map(|f| f.core.src_packets + f.core.dst_packets).sum::<u64>());
    let count = lake.series(ask(By::Flows, Some(Duration::from_secs(3_600)))).await.expect("an answer");
    assert_eq!(sum(&count), ROWS);
    assert!(lake.series(ask(By::Flows, Some(Duration::from_nanos(1)))).await.is_err(), "too many buckets");
    let empty = tempfile::tempdir().expect("a directory");
    let nothing = open(empty.path()).series(ask(By::Flows, None)).await.expect("an answer");
    assert_eq!(sum(&nothing), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_without_gaps_or_repetitions() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    let mut rows = flows(0..2_000);
    // Many rows with one start, and rows of one identity, as active timeouts make them.
    for (n, row) in rows.iter_mut().enumerate().filter(|(n, _)| n % 3 == 0) {
        row.core.time_start = Time(DAY + HOUR);
        row.core.time_end = Time(DAY + HOUR + i64::try_from(n).expect("small"));
        if n % 2 == 0 {
            row.core.flow_id = Some("00000000000000aa".to_owned());
        }
    }
    append(&lake, &rows[..1_200]).await;
    lake.seal().await.expect("sealed");
    append(&lake, &rows[1_200..]).await;
    let mut want: Vec<(Time, String, Time)> =
        rows.iter().map(|r| (r.core.time_start, r.core.flow_id.clone().expect("set"), r.core.time_end)).collect();
    want.sort_by(|a, b| b.cmp(a));
    let want: Vec<String> = want.iter().map(|(s, id, e)| format!("{s} {id} {e}")).collect();
    for limit in [97, 1, 2_000, 5_000] {
        let mut seen = Vec::new();
        let mut cursor = None;
        loop {
            let query = FlowsQuery { from: None, to: None, filter: Expr::All, limit, cursor };
            let page = lake.flows(query).await.expect("a page");
            let columns = ["time_start", "flow_id", "time_end"].map(|name| column(&page.batch, name));
            seen.extend((0..page.batch.num_rows()).map(|n| columns.each_ref().map(|c| c[n].clone()).join(" ")));
            cursor = page.next;
            if cursor.is_none() || (limit == 1 && seen.len() == 60) {
                break;
            }
        }
        let cut = if limit == 1 { 60 } else { want.len() };
        assert_eq!(seen, want[..cut], "pages of {limit}");
    }
    let query = FlowsQuery { from: None, to: None, filter: Expr::All, limit: 5, cursor: Some("zz".to_owned()) };
    assert_eq!(lake.flows(query).await.expect_err("refused").to_string(), "the cursor is not one that was given out");
    let query = FlowsQuery { from: Some(Time(0)), to: Some(Time(1)), filter: Expr::All, limit: 5, cursor: None };
    let page = lake.flows(query).await.expect("a page");
    assert_eq!((page.batch.num_rows(), page.next), (0, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_flow_is_found_by_its_identity() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = lake(dir.path()).await;
    for n in [0, 1_999, 2_000, 3_999] {
        let want = flow(n);
        let got = lake.flow(want.core.flow_id.as_ref().expect("set")).await.expect("an answer").expect("there");
        assert_eq!(column(&got, "flow_id"), [want.core.flow_id.expect("set")]);
        assert_eq!(column(&got, "src_ip"), [want.core.src_ip.to_string()]);
        assert!(got.column_by_name("dns_query").is_none(), "only columns with a value");
    }
    assert!(lake.flow("nonsense").await.expect("an answer").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_summary_adds_up() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = lake(dir.path()).await;
    for range in ranges() {
        let rows: Vec<Flow> = flows(0..ROWS).into_iter().filter(|f| inside(f, range)).collect();
        let query = SummaryQuery { from: range.0, to: range.1, filter: Expr::All };
        let got = lake.summary(query).await.expect("an answer");
        let hosts: BTreeSet<_> = rows.iter().flat_map(|f| [f.core.src_ip, f.core.dst_ip]).collect();
        assert_eq!(got.flows, rows.len() as u64, "{range:?}");
        assert_eq!(got.bytes, rows.iter().map(bytes).sum::<u64>());
        assert_eq!(got.hosts, hosts.len() as u64);
        assert_eq!(got.encrypted_bytes, rows.iter().filter(|f| f.core.encrypted == Some(true)).map(bytes).sum::<u64>());
        assert_eq!(got.first, rows.iter().map(|f| f.core.time_start).min());
        assert_eq!(got.last, rows.iter().map(|f| f.core.time_end).max());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rankings_are_the_same_with_and_without_room_for_their_groups() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    // Sealed and hot, IPv4 and IPv6, with and without a server name.
    append(&lake, &flows(0..4_000)).await;
    lake.seal().await.expect("sealed");
    append(&lake, &flows(4_000..6_000)).await;
    let small = minamo_store::Settings { query_memory: 1 << 20, ..small() };
    let tight = Lake::open_read_only(dir.path(), small, clock).expect("opens");
    let keys = [
        vec!["src_ip"],
        vec!["src_ip", "dst_ip", "src_port"],
        vec!["dst_port"],
        vec!["proto", "encrypted"],
        vec!["tls_sni"],
        vec!["ip"],
        vec!["app", "ip"],
        vec!["l2_src_mac", "dst_ip"],
    ];
    for names in keys {
        for by in [By::Bytes, By::Packets, By::Flows] {
            let keys = names.iter().map(|name| Key::named(name).expect("a column")).collect();
            let filter = minamo_filter::parse("not port 22").expect("a filter");
            let query = TopQuery { from: None, to: None, filter, keys, by, limit: 25 };
            let (quick, general) = (lake.top(query.clone()).await, tight.top(query).await);
            assert_eq!(quick.expect("answered"), general.expect("answered"), "{names:?} by {by:?}");
        }
    }
}
