// SPDX-License-Identifier: Apache-2.0
//! SQL as people write it: addresses as text, the functions for them, errors in one sentence.

use minamo_store::Lake;

use crate::rows::*;

async fn lake(dir: &std::path::Path) -> Lake {
    let lake = open(dir);
    append(&lake, &flows(0..1_000)).await;
    lake.seal().await.expect("sealed");
    append(&lake, &flows(1_000..2_000)).await;
    lake
}

fn count(pass: impl Fn(&minamo_model::Flow) -> bool) -> Vec<String> {
    vec![flows(0..2_000).iter().filter(|f| pass(f)).count().to_string()]
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_compare_with_texts() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = lake(dir.path()).await;
    let seven: minamo_base::Ip = "192.0.2.7".parse().expect("an address");
    let is = |f: &minamo_model::Flow| f.core.src_ip == seven;
    for (condition, want) in [
        ("src_ip = '192.0.2.7'", count(is)),
        ("'192.0.2.7' = src_ip", count(is)),
        ("src_ip = ip('192.0.2.7')", count(is)),
        ("ip_text(src_ip) = '192.0.2.7'", count(is)),
        ("src_ip <> '192.0.2.7'", count(|f| !is(f))),
        ("NOT src_ip = '192.0.2.7'", count(|f| !is(f))),
        (
            "src_ip IN ('192.0.2.7', '2001:db8::1')",
            count(|f| ["192.0.2.7", "2001:db8::1"].contains(&&*f.core.src_ip.to_string())),
        ),
        ("src_ip NOT IN ('192.0.2.7')", count(|f| !is(f))),
        ("src_ip LIKE '192.0.2.1%'", count(|f| f.core.src_ip.to_string().starts_with("192.0.2.1"))),
        ("src_ip NOT LIKE '192.0.2.1%'", count(|f| !f.core.src_ip.to_string().starts_with("192.0.2.1"))),
        ("src_ip ~ '^2001'", count(|f| f.core.src_ip.to_string().starts_with("2001"))),
        (
            "src_ip BETWEEN '192.0.2.3' AND '192.0.2.5'",
            count(|f| ["192.0.2.3", "192.0.2.4", "192.0.2.5"].contains(&&*f.core.src_ip.to_string())),
        ),
        ("in_net(src_ip, '192.0.2.0/30')", count(|f| matches!(f.core.src_ip.as_v4(), Some([192, 0, 2, 0..=3])))),
        ("NOT in_net(src_ip, '192.0.2.0/30')", count(|f| !matches!(f.core.src_ip.as_v4(), Some([192, 0, 2, 0..=3])))),
        ("in_net(src_ip, net(src_ip, 24))", count(|_| true)),
        ("is_private(src_ip)", count(|f| f.core.src_ip.is_private())),
        (
            "NOT is_private(src_ip) AND ip_version(dst_ip) = 6",
            count(|f| !f.core.src_ip.is_private() && !f.core.dst_ip.is_v4()),
        ),
        (
            "l2_src_mac = mac('00:1b:21:00:00:03')",
            count(|f| f.l2.as_ref().is_some_and(|l| l.src_mac.is_some_and(|m| m.0[5] == 3))),
        ),
        ("src_ip = dst_ip", count(|f| f.core.src_ip == f.core.dst_ip)),
        ("src_ip = ip_text(dst_ip)", count(|f| f.core.src_ip == f.core.dst_ip)),
        (
            "l2_src_mac = '00:1b:21:00:00:03'",
            count(|f| f.l2.as_ref().is_some_and(|l| l.src_mac.is_some_and(|m| m.0[5] == 3))),
        ),
        ("src_ip IN (SELECT dst_ip FROM flows WHERE src_ip = dst_ip) AND src_ip = '192.0.2.7'", count(is)),
    ] {
        assert_eq!(ask(&lake, &format!("SELECT count(*) FROM flows WHERE {condition}")).await, want, "{condition}");
    }
    let as_column = "SELECT sum(CASE WHEN src_ip = '192.0.2.7' THEN 1 ELSE 0 END), count(*) FILTER (WHERE src_ip LIKE '%.7') FROM flows";
    let want = &count(is)[0];
    assert_eq!(ask(&lake, as_column).await, [format!("{want}|{want}")]);
    let plain = "SELECT src_ip = '192.0.2.7', count(*) FROM flows GROUP BY src_ip = '192.0.2.7' ORDER BY 1";
    assert_eq!(ask(&lake, plain).await, [format!("false|{}", count(|f| !is(f))[0]), format!("true|{want}")]);
    let joined =
        "SELECT count(DISTINCT a.flow_id) FROM flows a JOIN flows b ON a.src_ip = b.src_ip AND b.src_ip = '192.0.2.7'";
    assert_eq!(&ask(&lake, joined).await[0], want);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scan_rule_of_norikra_runs_as_it_stands() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    let mut rows = flows(0..300);
    for (n, row) in rows.iter_mut().enumerate() {
        row.core.src_ip = format!("192.0.2.{}", n % 2 + 1).parse().expect("an address");
        row.core.dst_port = if n % 2 == 0 { u16::try_from(n).expect("small") } else { 80 };
    }
    append(&lake, &rows).await;
    let sql = "SELECT src_ip, COUNT(DISTINCT dst_port) AS uniq_dport FROM flows WHERE src_ip LIKE '192.0.2.%' \
               GROUP BY src_ip HAVING COUNT(DISTINCT dst_port) > 100";
    assert_eq!(ask(&lake, sql).await, ["192.0.2.1|150"]);
    lake.seal().await.expect("sealed");
    assert_eq!(ask(&lake, sql).await, ["192.0.2.1|150"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_answer_and_aggregates_work_on_addresses() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = lake(dir.path()).await;
    for (sql, want) in [
        ("SELECT ip('192.0.2.1'), ip_text(ip('2001:DB8::1'))", "192.0.2.1|2001:db8::1"),
        (
            "SELECT net(ip('192.0.2.77'), 24), net(ip('2001:db8::1'), 48), net(ip('10.1.2.3'), 64)",
            "192.0.2.0/24|2001:db8::/48|10.1.2.3/32",
        ),
        (
            "SELECT net(ip('192.0.2.77'), 24, 64), net(ip('2001:db8::1:0:0:1'), 24, 64), net(NULL, 24, 64) IS NULL",
            "192.0.2.0/24|2001:db8::/64|true",
        ),
        ("SELECT ip_version(ip('192.0.2.1')), ip_version(ip('::1')), ip_version(NULL) IS NULL", "4|6|true"),
        (
            "SELECT is_private(ip('172.31.0.1')), is_private(ip('172.32.0.1')), is_private(ip('fd00::1')), is_private(NULL) IS NULL",
            "true|false|true|true",
        ),
        ("SELECT ip_text(mac('0:1b:21:a:b:c')), mac(NULL) IS NULL", "00:1b:21:0a:0b:0c|true"),
        ("SELECT in_net(ip('10.1.2.3'), '10/8'), in_net(ip('11.1.2.3'), '10.0.0.0/8')", "true|false"),
        ("SELECT ip(NULL) IS NULL, in_net(NULL, '10.0.0.0/8') IS NULL", "true|true"),
        (
            "SELECT min(ip_text(src_ip)), max(src_ip) IS NOT NULL FROM flows WHERE in_net(src_ip, '192.0.2.0/24')",
            "192.0.2.0|true",
        ),
    ] {
        assert_eq!(ask(&lake, sql).await, [want], "{sql}");
    }
    let mut nets = ask(&lake, "SELECT net(src_ip, 24), count(*) FROM flows GROUP BY 1").await;
    nets.sort();
    assert!(nets.iter().any(|n| n.starts_with("192.0.2.0/24|")), "{nets:?}");
    let exact: f64 = ask(&lake, "SELECT count(DISTINCT src_ip) FROM flows").await[0].parse().expect("a number");
    let about: f64 =
        ask(&lake, "SELECT approx_distinct(ip_text(src_ip)) FROM flows").await[0].parse().expect("a number");
    assert!((exact - about).abs() <= exact * 0.05, "{exact} {about}");
    assert_eq!(ask(&lake, "SELECT approx_percentile_cont(src_bytes, 0.5) > 0 FROM flows").await, ["true"]);
    assert_eq!(ask(&lake, "SELECT date_trunc('hour', min(time_start)) FROM flows").await, ["2026-11-22T00:00:00Z"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_materialized_is_computed_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = lake(dir.path()).await;
    let twice = |how: &str| {
        format!(
            "WITH some AS (SELECT src_port FROM flows WHERE src_port > 0), \
             Thrown AS {how} (SELECT random() AS x FROM some), sums AS {how} (SELECT SUM(x) AS s FROM thrown) \
             SELECT (SELECT SUM(x) FROM Thrown) = s, s > 0 FROM sums"
        )
    };
    assert_eq!(ask(&lake, &twice("MATERIALIZED")).await, ["true|true"]);
    assert_eq!(ask(&lake, &twice("")).await, ["false|true"], "two throws of dice");
    // Where queries are put together each has names of its own.
    let both = format!(
        "SELECT * FROM ({}) UNION ALL SELECT * FROM ({})",
        twice("MATERIALIZED"),
        twice("MATERIALIZED").replace("src_port > 0", "src_port > 1")
    );
    assert_eq!(ask(&lake, &both).await, ["true|true", "true|true"]);
    let named = "WITH flows AS MATERIALIZED (SELECT 7 AS x) SELECT x FROM flows";
    assert_eq!(ask(&lake, named).await, ["7"], "its own name comes first");
    for (wrong, want) in [
        (
            "WITH a AS MATERIALIZED (SELECT nonsense FROM flows) SELECT 1",
            "there is no column nonsense (line 1, column 32)",
        ),
        ("WITH a AS MATERIALIZED (DELETE FROM flows) SELECT 1", "Query DELETE FROM flows not implemented yet"),
    ] {
        assert_eq!(lake.sql(wrong, 10).await.expect_err("wrong").to_string(), want);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_one_sentence_with_a_place() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    let mut wrong = Vec::new();
    for (sql, want) in [
        ("SELECT 1 FROM flows\nWHERE )", "Expected: an expression, found: ) (line 2, column 7)"),
        ("SELECT 'x", "Unterminated string literal (line 1, column 8)"),
        ("SELECT src_adr FROM flows", "there is no column src_adr; there is src_as (line 1, column 8)"),
        ("SELECT sni FROM flows", "there is no column sni; there is tls_sni (line 1, column 8)"),
        ("SELECT * FROM flow", "there is no table flow; there are flows and events (line 1, column 15)"),
        ("SELECT * FROM flows WHERE src_ip = '192.0.2'", "got \"192.0.2\", want an IPv4 or IPv6 address"),
        (
            "SELECT * FROM flows WHERE src_ip = '10.0.0.0/8'",
            "got \"10.0.0.0/8\", want an IPv4 or IPv6 address; for a network write in_net(column, 'prefix')",
        ),
        ("SELECT ip('x')", "ip: got \"x\", want an IPv4 or IPv6 address"),
        ("SELECT in_net(src_port, '10.0.0.0/8') FROM flows", "in_net: got UInt16, want an address column or ip('…')"),
        ("SELECT mac('00:1b')", "mac: got \"00:1b\", want a MAC address such as 00:1b:21:0a:0b:0c"),
        ("SELECT net(ip('2001:db8::1'), 24, 200)", "net: got length 200, want 0 to 128"),
        ("SELECT is_private('10.0.0.1')", "is_private: got Utf8, want an address column or ip('…')"),
        ("", "No SQL statements were provided in the query string"),
        ("SELECT nonsense(1)", "Invalid function 'nonsense' (line 1, column 8)"),
    ] {
        let error = lake.sql(sql, 10).await.expect_err(sql).to_string();
        if error != want {
            wrong.push(format!("{sql}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_reach_the_segments() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    append(&lake, &flows(0..3_000)).await;
    lake.seal().await.expect("sealed");
    let plan = ask(
        &lake,
        "EXPLAIN SELECT flow_id FROM flows WHERE time_start < '2026-11-22T01:00:00Z' AND src_ip = '192.0.2.7'",
    )
    .await
    .join("\n");
    assert_eq!(plan.matches(".parquet").count(), 1, "one hour, one segment: {plan}");
    assert!(plan.contains("pruning_predicate=") && plan.contains("src_ip_min"), "{plan}");
    let net = ask(&lake, "EXPLAIN SELECT flow_id FROM flows WHERE in_net(src_ip, '192.0.2.0/28')").await.join("\n");
    assert!(net.contains("src_ip_max") && net.contains("src_ip_min"), "{net}");
}

#[tokio::test(flavor = "multi_thread")]
async fn community_ids_can_be_asked_for_and_are_not_kept() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = lake(dir.path()).await;
    let ids: Vec<Option<String>> = flows(0..2_000).iter().map(|flow| flow.community_id(0)).collect();
    let wanted = ids[7].as_ref().expect("an id");
    let same = ids.iter().filter(|id| id.as_ref() == Some(wanted)).count();
    let sql = format!("SELECT count(*) FROM flows WHERE community_id = '{wanted}'");
    assert_eq!(ask(&lake, &sql).await, vec![same.to_string()]);
    let distinct = ids.iter().flatten().collect::<std::collections::HashSet<_>>().len();
    assert_eq!(ask(&lake, "SELECT count(DISTINCT community_id) FROM flows").await, vec![distinct.to_string()]);
    let null = ids.iter().filter(|id| id.is_none()).count();
    let sql = "SELECT count(*) FROM flows WHERE community_id IS NULL";
    assert_eq!(ask(&lake, sql).await, vec![null.to_string()]);
    let first =
        "SELECT community_id, src_ip FROM flows WHERE community_id IS NOT NULL ORDER BY time_start, flow_id LIMIT 1";
    assert!(ask(&lake, first).await[0].starts_with("1:"));
}
