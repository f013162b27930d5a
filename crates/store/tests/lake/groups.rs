// SPDX-License-Identifier: Apache-2.0
//! Groups by any keys and measures, HAVING, both directions, comparison; sampled flows; limits of queries.

use std::collections::BTreeMap;
use std::time::Duration;

use minamo_base::Time;
use minamo_filter::{Having, parse, parse_having};
use minamo_model::Flow;
use minamo_schema::Value;
use minamo_store::{
    Asker, Counting, Dim, Groups, GroupsQuery, Intervals, Key, Lake, Measure, PartsQuery, QueryError, RollupLine,
    RollupPart, RollupQuery, SeriesQuery, Settings, Sides, SummaryQuery, TopQuery, asked_by, minute,
};

use crate::rows::*;

fn ask(keys: &[&str], measures: &[&str]) -> GroupsQuery {
    GroupsQuery {
        from: None,
        to: None,
        filter: minamo_filter::Expr::All,
        keys: keys.iter().map(|name| Key::named(name).expect(name)).collect(),
        measures: measures.iter().map(|text| Measure::parse(text).expect(text)).collect(),
        order: 0,
        ascending: false,
        having: Having::All,
        limit: 10_000,
        directions: false,
        scaled: true,
        compare: None,
    }
}

/// The rows as text: keys and measures by a bar.
fn lines(groups: &Groups) -> Vec<String> {
    let line = |row: &minamo_store::GroupRow| {
        let cells = row.key.iter().chain(row.figures.iter().map(|figure| &figure.value));
        cells.map(text).collect::<Vec<_>>().join("|")
    };
    groups.rows.iter().map(line).collect()
}

async fn lake(dir: &std::path::Path, rows: &[Flow]) -> Lake {
    let lake = open(dir);
    let (sealed, hot) = rows.split_at(rows.len() / 2);
    append(&lake, sealed).await;
    lake.seal().await.expect("sealed");
    append(&lake, hot).await;
    lake
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_have_the_measures_that_sql_gives() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = lake(dir.path(), &flows(0..3_000)).await;
    let length =
        "CASE WHEN time_end > time_start THEN (CAST(time_end AS BIGINT) - CAST(time_start AS BIGINT)) / 1e9 ELSE 0 END";
    for (measure, sql) in [
        ("bytes", "SUM(src_bytes + dst_bytes)".to_owned()),
        ("dst_packets", "SUM(dst_packets)".to_owned()),
        ("flows", "COUNT(*)".to_owned()),
        ("distinct(src_port)", "COUNT(DISTINCT src_port)".to_owned()),
        ("max(duration)", format!("MAX({length})")),
        ("avg(src_bytes)", "AVG(CAST(src_bytes AS DOUBLE))".to_owned()),
        ("min(bytes)", "MIN(src_bytes + dst_bytes)".to_owned()),
        (
            "p95(bytes)",
            "percentile_cont(0.95) WITHIN GROUP (ORDER BY CAST(src_bytes + dst_bytes AS DOUBLE))".to_owned(),
        ),
        ("bpp", "SUM(src_bytes + dst_bytes) * 1.0 / SUM(src_packets + dst_packets)".to_owned()),
        (
            "bps",
            "SUM(src_bytes + dst_bytes) * 8e9 / (CAST(MAX(time_end) AS BIGINT) - CAST(MIN(time_start) AS BIGINT))"
                .to_owned(),
        ),
    ] {
        for ascending in [false, true] {
            let groups = lake.groups(GroupsQuery { ascending, ..ask(&["app", "dst_port"], &[measure, "flows"]) }).await;
            let groups = groups.expect(measure);
            let order = if ascending { "ASC" } else { "DESC" };
            let want = format!(
                "SELECT app, dst_port, {sql} AS m, COUNT(*) FROM flows GROUP BY 1, 2 ORDER BY m {order} NULLS LAST, 1, 2"
            );
            let (got, want) = (lines(&groups), crate::rows::ask(&lake, &want).await);
            assert_eq!(got.len(), want.len());
            for (got, want) in got.iter().zip(&want) {
                let (got, want): (Vec<&str>, Vec<&str>) = (got.split('|').collect(), want.split('|').collect());
                let near = |a: &str, b: &str| match (a.parse::<f64>(), b.parse::<f64>()) {
                    (Ok(a), Ok(b)) => (a - b).abs() <= 1e-9 * a.abs().max(1.0),
                    _ => a == b,
                };
                assert!(got.iter().zip(&want).all(|(a, b)| near(a, b)), "{measure}: {got:?} {want:?}");
            }
            assert!(!groups.sampled && groups.total.figures[1].value == Value::Uint(3_000));
        }
    }
    let about =
        lake.groups(ask(&["proto"], &["about_distinct(src_port)", "distinct(src_port)"])).await.expect("answered");
    for row in &about.rows {
        let [Value::Uint(about), Value::Int(exact)] = [&row.figures[0].value, &row.figures[1].value] else {
            panic!("counts: {row:?}");
        };
        let exact = u64::try_from(*exact).expect("a count");
        assert!(about.abs_diff(exact) * 20 <= exact, "about {about}, exactly {exact}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn networks_and_steps_of_time_are_keys_and_having_leaves_groups_out() {
    let dir = tempfile::tempdir().expect("a directory");
    let rows = flows(0..2_000);
    let lake = lake(dir.path(), &rows).await;
    let found = lake.groups(ask(&["net(src_ip,28,48)", "time(1h)"], &["flows"])).await.expect("answered");
    let mut want: BTreeMap<String, u64> = BTreeMap::new();
    for row in &rows {
        let ip = row.core.src_ip;
        let net = minamo_base::Prefix::new(ip, if ip.is_v4() { 28 } else { 48 }).expect("a prefix");
        let hour = Time(row.core.time_start.0.div_euclid(HOUR) * HOUR);
        *want.entry(format!("{net}|{hour}")).or_default() += 1;
    }
    let mut want: Vec<(String, u64)> = want.into_iter().collect();
    want.sort_by_key(|(_, flows)| std::cmp::Reverse(*flows));
    assert_eq!(found.rows.len(), want.len());
    let mut got = lines(&found);
    let mut want: Vec<String> = want.into_iter().map(|(key, flows)| format!("{key}|{flows}")).collect();
    got.sort();
    want.sort();
    assert_eq!(got, want);
    let having = parse_having("flows > 100 and min(dst_port) > 60").expect("a condition");
    let many = lake.groups(GroupsQuery { having, ..ask(&["app"], &["bytes"]) }).await.expect("answered");
    let sql = "SELECT app, SUM(src_bytes + dst_bytes) FROM flows GROUP BY 1 \
               HAVING COUNT(*) > 100 AND MIN(dst_port) > 60 ORDER BY 2 DESC";
    assert_eq!(lines(&many), crate::rows::ask(&lake, sql).await);
    assert_eq!(many.rows.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_counts_once_per_direction_where_asked() {
    let dir = tempfile::tempdir().expect("a directory");
    let rows = flows(0..2_000);
    let lake = lake(dir.path(), &rows).await;
    let groups = lake.groups(GroupsQuery { directions: true, ..ask(&["src_ip", "dst_ip"], &["bytes", "flows"]) }).await;
    let groups = groups.expect("answered");
    let mut want: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for row in &rows {
        let core = &row.core;
        let mut put = |a: minamo_base::Ip, b: minamo_base::Ip, bytes| {
            let sums = want.entry(format!("{a}|{b}")).or_default();
            *sums = (sums.0 + bytes, sums.1 + 1);
        };
        put(core.src_ip, core.dst_ip, core.src_bytes);
        if core.dst_packets > 0 || core.dst_bytes > 0 {
            put(core.dst_ip, core.src_ip, core.dst_bytes);
        }
    }
    let mut want: Vec<String> = want.into_iter().map(|(k, (bytes, flows))| format!("{k}|{bytes}|{flows}")).collect();
    let mut got = lines(&groups);
    got.sort();
    want.sort();
    assert_eq!(got, want);
    let all: u64 = rows.iter().map(|row| row.core.src_bytes + row.core.dst_bytes).sum();
    assert_eq!(groups.total.figures[0].value, Value::Uint(all), "octets count once");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_range_is_compared_and_new_and_gone_groups_are_named() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut rows = flows(0..1_000);
    for (n, row) in rows.iter_mut().enumerate() {
        // Two days; port 22 is only in the first, port 53 only in the second.
        let day = i64::from(n % 2 == 1) * 24 * HOUR;
        (row.core.time_start, row.core.time_end) = (Time(DAY + day + HOUR), Time(DAY + day + HOUR + 1));
        row.core.dst_port = if n % 2 == 0 { [22, 80, 443][n % 3] } else { [53, 80, 443][n % 3] };
    }
    let lake = lake(dir.path(), &rows).await;
    let query = GroupsQuery {
        from: Some(Time(DAY + 24 * HOUR)),
        to: Some(Time(DAY + 48 * HOUR)),
        compare: Some(Duration::from_secs(86_400)),
        ..ask(&["dst_port", "time(1h)"], &["bytes", "flows"])
    };
    let groups = lake.groups(query.clone()).await.expect("answered");
    let sum = |port: u16, day: i64| -> u64 {
        let of = |row: &&Flow| row.core.dst_port == port && row.core.time_start.0 >= DAY + day * 24 * HOUR;
        let of = |row: &&Flow| of(row) && row.core.time_start.0 < DAY + (day + 1) * 24 * HOUR;
        rows.iter().filter(of).map(|row| row.core.src_bytes + row.core.dst_bytes).sum()
    };
    assert_eq!(groups.rows.len(), 3);
    for row in &groups.rows {
        let port: u16 = text(&row.key[0]).parse().expect("a port");
        assert_eq!(row.figures[0].value, Value::Uint(sum(port, 1)));
        assert_eq!(row.before[0], Value::Uint(sum(port, 0)), "steps of time lie upon each other");
        assert_eq!(row.known, port != 53);
    }
    let gone: Vec<String> = groups.gone.iter().map(|row| text(&row.key[0])).collect();
    assert_eq!(gone, ["22"]);
    assert_eq!(groups.gone[0].before[0], Value::Uint(sum(22, 0)));
    let before: u64 = [22, 80, 443].iter().map(|port| sum(*port, 0)).sum();
    assert_eq!(groups.total.before[0], Value::Uint(before));
    let open = lake.groups(GroupsQuery { from: None, ..query }).await.expect_err("no range");
    assert_eq!(open.to_string(), "compare: want a range with start and end");
}

/// Some flows of which one packet in a hundred was looked at.
fn sampled(rows: &mut [Flow]) {
    for row in rows.iter_mut().step_by(2) {
        let sampling = row.sampling.get_or_insert_default();
        (sampling.rate, sampling.origin) = (Some(100), Some("options".into()));
    }
}

/// Over everything a chart is as sure as the summary is: the shares of minutes are rounded down.
fn as_sure_as(found: &minamo_store::RollupChart, want: Intervals) {
    let mut all_of_it = minamo_store::Cell::ZERO;
    found.lines.iter().flat_map(|(_, _, cells)| cells).for_each(|cell| all_of_it.add(cell));
    let got = Intervals::of_cell(&all_of_it).expect("known");
    for (got, want) in [(got.bytes, want.bytes), (got.packets, want.packets), (got.flows, want.flows)] {
        let close = |a: u64, b: u64| a.abs_diff(b) <= b / 100_000 + 2;
        assert!(close(got.low, want.low) && close(got.high, want.high), "{got:?} {want:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sampled_flows_count_for_what_they_stand_for_everywhere_and_intervals_say_how_sure_that_is() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut rows = flows(0..2_000);
    sampled(&mut rows);
    let lake = lake(dir.path(), &rows).await;
    let rate = |row: &Flow| row.sampling.as_ref().and_then(|s| s.rate).map_or(1, u64::from);
    let of = |f: fn(&Flow) -> u64| rows.iter().map(|row| f(row) * rate(row)).sum::<u64>();
    let bytes = of(|row| row.core.src_bytes + row.core.dst_bytes);
    let (packets, flows) = (of(|row| row.core.src_packets + row.core.dst_packets), of(|_| 1));
    let all = || SummaryQuery { from: None, to: None, filter: minamo_filter::Expr::All };
    let summary = lake.summary(all()).await.expect("answered");
    assert_eq!((summary.bytes, summary.packets, summary.flows), (bytes, packets, flows));
    let sure = summary.sampled.expect("sampled");
    assert!(sure.bytes.low < bytes && bytes < sure.bytes.high && sure.packets.low < packets && sure.flows.low == 2_000);
    // By hand: N(N-1) times the octets of a side by its mean packet.
    let square = |octets: u64, packets: u64| (octets * octets) as f64 / packets.max(1) as f64;
    let variance: f64 = (rows.iter().filter(|row| rate(row) > 1))
        .map(|row| &row.core)
        .map(|c| 9_900.0 * (square(c.src_bytes, c.src_packets) + square(c.dst_bytes, c.dst_packets)))
        .sum();
    let half = sure.bytes.half() as f64;
    assert!((half / (1.96 * variance.sqrt()) - 1.0).abs() < 0.02, "{half} {}", variance.sqrt());
    let raw = lake.summary_as(all(), false).await.expect("answered");
    let counted: u64 = rows.iter().map(|row| row.core.src_bytes + row.core.dst_bytes).sum();
    assert_eq!((raw.bytes, raw.flows, raw.sampled), (counted, 2_000, None));

    let query = TopQuery {
        from: None,
        to: None,
        filter: minamo_filter::Expr::All,
        keys: vec![Key::named("app").expect("a key")],
        by: minamo_store::By::Bytes,
        limit: 10,
    };
    let top = lake.top(query).await.expect("answered");
    assert_eq!((top.total.bytes, top.total.flows), (bytes, flows));
    assert_eq!(top.rows.iter().map(|(_, sums)| sums.bytes).sum::<u64>(), bytes);
    let sure = top.sampled.expect("sampled");
    assert!(sure.rows.iter().zip(&top.rows).all(|(i, (_, s))| i.bytes.low < s.bytes && s.bytes < i.bytes.high));
    let raw = lake.groups(GroupsQuery { scaled: false, ..ask(&["app"], &["bytes", "flows"]) }).await.expect("answered");
    assert!(!raw.sampled && raw.total.figures[0].value == Value::Uint(counted));

    let query = SeriesQuery {
        from: None,
        to: None,
        filter: minamo_filter::Expr::All,
        split: Some(Key::named("app").expect("a key")),
        by: minamo_store::By::Bytes,
        limit: 2,
        step: Some(Duration::from_secs(3_600)),
    };
    let series = lake.series(query.clone()).await.expect("answered");
    assert_eq!(series.lines.iter().flat_map(|(_, line)| line).sum::<u64>(), bytes);
    let intervals = series.intervals.expect("sampled");
    let pairs = series.lines.iter().zip(&intervals).flat_map(|((_, line), sure)| line.iter().zip(sure));
    assert!(pairs.clone().all(|(of, sure)| sure.low <= *of && *of <= sure.high) && pairs.count() > 10);
    for (sides, want) in [(Sides::Src, of(|row| row.core.src_bytes)), (Sides::Dst, of(|row| row.core.dst_bytes))] {
        for spread in [true, false] {
            let counting = Counting { sides, spread, scaled: true };
            let one = lake.series_as(query.clone(), counting).await.expect("answered");
            assert_eq!(one.lines.iter().flat_map(|(_, line)| line).sum::<u64>(), want);
        }
    }
    // Rollups and rows alike, sealed and hot.
    let text = minamo_filter::Expr::All.to_string();
    lake.set_rollups(vec![minamo_store::Wanted { filter: text, scope: minamo_store::EVER }]).await.expect("set");
    let minutes = minute(DAY)..minute(DAY + 24 * HOUR);
    let part = RollupPart { minutes: minutes.clone(), filter: minamo_filter::Expr::All };
    let line = RollupLine { parts: vec![part] };
    let chart = RollupQuery { lines: vec![line], minutes, step: 60, dim: Dim::Total, limit: 1 };
    for _ in 0..2 {
        let chart = lake.chart(chart.clone()).await.expect("answered");
        let cells: Vec<_> = chart.lines.iter().flat_map(|(_, _, cells)| cells).collect();
        let sum = |f: fn(&minamo_store::Cell) -> u64| cells.iter().map(|cell| f(cell)).sum::<u64>();
        assert_eq!((sum(|c| c.bytes()), sum(|c| c.packets()), sum(|c| c.flows)), (bytes, packets, flows));
        while lake.rollups().await.expect("answered").channels.iter().any(|channel| !channel.filled) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        lake.seal().await.expect("sealed");
    }
    let found = lake.chart(chart).await.expect("answered");
    assert!(found.sampled);
    as_sure_as(&found, summary.sampled.expect("sampled"));
    let untouched = lake.sql("SELECT SUM(src_bytes + dst_bytes) AS b FROM flows", 1).await.expect("answered");
    assert_eq!(texts(&untouched.batches[0]), [counted.to_string()], "rows keep what was counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_listed_with_its_progress_and_stopped_and_the_others_go_on() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = std::sync::Arc::new(lake(dir.path(), &flows(0..2_000)).await);
    let heavy = "SELECT count(*) FROM flows a, flows b, flows c WHERE a.src_bytes + b.src_bytes > c.dst_bytes";
    let asker = Asker { user: "ann".to_owned(), what: "/api/v1/sql".to_owned() };
    let work = {
        let (lake, asker) = (std::sync::Arc::clone(&lake), asker.clone());
        tokio::spawn(async move { asked_by(asker, lake.sql(heavy, 10)).await })
    };
    let running = loop {
        match lake.running().pop() {
            Some(running) if running.rows_read > 0 => break running,
            _ => tokio::time::sleep(Duration::from_millis(2)).await,
        }
    };
    assert_eq!((running.asker, running.waiting, running.since), (asker, false, clock()));
    assert!(running.rows_read <= running.rows_total && running.rows_total == 6_000, "{}", running.rows_total);
    assert!(!lake.stop_query(running.id + 1) && lake.stop_query(running.id));
    let error = work.await.expect("no panic").expect_err("stopped");
    assert!(matches!(error, QueryError::Stopped), "{error}");
    assert!(lake.running().is_empty());
    assert_eq!(counter(&lake, "minamo_lake_query_stopped_total"), 1);
    // A request that is closed stops its query, too.
    let closed = tokio::time::timeout(Duration::from_millis(50), lake.sql(heavy, 10)).await;
    assert!(closed.is_err() && lake.running().is_empty());
    assert_eq!(counter(&lake, "minamo_lake_query_stopped_total"), 2);
    assert_eq!(crate::rows::ask(&lake, "SELECT COUNT(*) FROM flows").await, ["2000"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_needs_too_much_is_told_which_setting_and_the_others_go_on() {
    let dir = tempfile::tempdir().expect("a directory");
    let settings = Settings { query_memory: 1 << 20, query_spill: 1 << 10, query_slots: 2, query_queue: 1, ..small() };
    let lake = std::sync::Arc::new(Lake::open(dir.path(), settings, clock).expect("opens"));
    append(&lake, &flows(0..1_000)).await;
    let wide = "SELECT a.flow_id, b.flow_id, count(*) FROM flows a, flows b GROUP BY 1, 2 ORDER BY 3";
    let (refused, answered) = tokio::join!(lake.sql(wide, 10), lake.sql("SELECT COUNT(*) FROM flows", 1));
    let error = refused.expect_err("refused").to_string();
    assert!(error.ends_with("or raise lake.query_memory") || error.ends_with("or raise lake.query_spill"), "{error}");
    assert_eq!(answered.expect("answered").num_rows(), 1);
    assert_eq!(counter(&lake, "minamo_lake_query_refused_total"), 1);
    // Two run, one waits, the fourth is refused.
    let heavy = "SELECT count(*) FROM flows a, flows b, flows c WHERE a.src_bytes + b.src_bytes > c.dst_bytes";
    let mut tasks = Vec::new();
    for n in 1..=3 {
        let lake = std::sync::Arc::clone(&lake);
        tasks.push(tokio::spawn({
            let lake = std::sync::Arc::clone(&lake);
            async move { lake.sql(heavy, 1).await.map(|_| ()) }
        }));
        while lake.running().len() < n {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    while lake.running().iter().filter(|query| query.waiting).count() != 1 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let error = lake.flow("nonsense").await.expect_err("refused");
    assert_eq!(error.to_string(), "1 queries wait already: ask again later, or raise lake.query_queue");
    lake.running().iter().for_each(|query| assert!(lake.stop_query(query.id)));
    for task in tasks {
        assert!(matches!(task.await.expect("no panic"), Err(QueryError::Stopped)));
    }
    let filter = parse("port 443").expect("a filter");
    let query = SummaryQuery { from: None, to: None, filter };
    assert!(lake.summary(query).await.expect("answered").flows > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn pieces_of_names_are_keys_and_parts_are_summed_in_one_pass() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut rows = flows(0..600);
    for (n, row) in rows.iter_mut().enumerate() {
        row.core.app = ["TLS.YouTube", "TLS.Google", "SSH"][n % 3].into();
    }
    let lake = lake(dir.path(), &rows).await;
    let groups = lake.groups(ask(&["protocol(app)"], &["flows"])).await.expect("answered");
    assert_eq!(lines(&groups), ["TLS|400", "SSH|200"]);
    let filters = ["app ~ \"TLS*\"", "app = SSH", "app = none-such", ""];
    let parts = filters.iter().map(|text| parse(text).expect(text)).collect();
    let all = minamo_filter::Expr::All;
    let query = PartsQuery { from: None, to: None, filter: all, parts };
    let sums = lake.parts(query.clone()).await.expect("answered");
    let bytes: u64 = rows.iter().map(|row| row.core.src_bytes + row.core.dst_bytes).sum();
    assert_eq!(sums.iter().map(|sums| sums.flows).collect::<Vec<_>>(), [400, 200, 0, 600]);
    assert_eq!((sums[3].bytes, sums[0].bytes + sums[1].bytes), (bytes, bytes));
    let hits = lake.find_text(query.clone(), "yOuT", |column| column.name != "app_reason").await.expect("answered");
    assert_eq!(hits.iter().map(|hit| (hit.column.name, hit.totals.flows)).collect::<Vec<_>>(), [("app", 200)]);
    assert_eq!(hits[0].example.as_deref(), Some("TLS.YouTube"));
    let many = PartsQuery { parts: vec![minamo_filter::Expr::All; 401], ..query };
    assert!(matches!(lake.parts(many).await, Err(QueryError::Bad(_))));
}
