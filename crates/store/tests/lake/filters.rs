// SPDX-License-Identifier: Apache-2.0
//! Filters through DataFusion against a plain evaluation of the same rows.

use minamo_base::{Ip, Mac, Prefix, Time};
use minamo_filter::{CompareOp, Expr, Literal, Measure, Predicate, Subject, Test};
use minamo_model::{CellReader, FLOWS, Row};
use minamo_schema::Value;
use minamo_store::{FlowsQuery, Lake};

use crate::rows::*;

fn on(name: &str, predicate: Predicate) -> Expr {
    Expr::Test(Test::column(FLOWS.column(name).expect("a column"), predicate))
}

fn of(measure: Measure, predicate: Predicate) -> Expr {
    Expr::Test(Test { subject: Subject::Measure(measure), predicate })
}

fn compare(op: CompareOp, literal: Literal) -> Predicate {
    Predicate::Compare(op, literal)
}

fn prefix(text: &str) -> Prefix {
    text.parse().expect("a prefix")
}

const OPS: [CompareOp; 6] = [CompareOp::Eq, CompareOp::Ne, CompareOp::Lt, CompareOp::Le, CompareOp::Gt, CompareOp::Ge];

fn tests() -> Vec<Expr> {
    let mut out = vec![
        on("src_ip", compare(CompareOp::Eq, Literal::Ip(Ip::v4([192, 0, 2, 7])))),
        on("dst_ip", compare(CompareOp::Ne, Literal::Ip("2001:db8::1".parse().expect("an address")))),
        on("src_ip", Predicate::InPrefixes(vec![prefix("192.0.2.0/28"), prefix("2001:db8::/64")])),
        on("src_ip", Predicate::InPrefixes(vec![prefix("0.0.0.0/0")])),
        on("src_ip", Predicate::OneOf(vec![Literal::Ip(Ip::v4([192, 0, 2, 1])), Literal::Ip(Ip::v4([192, 0, 2, 2]))])),
        on("dst_port", Predicate::OneOf(vec![Literal::Uint(53), Literal::Uint(22)])),
        on("dst_port", Predicate::InRanges(vec![(0, 53), (440, 450), (70, 80), (80, 90)])),
        on("src_port", Predicate::InRanges(vec![(2_000, 2_000), (20_000, 60_000)])),
        on("src_bytes", Predicate::InRanges(vec![])),
        // More than are compared one by one.
        on(
            "src_ip",
            Predicate::InPrefixes(
                (0..30_u8)
                    .map(|n| prefix(&format!("192.0.2.{}/31", n * 2 % 40)))
                    .chain([prefix("2001:db8::2/127")])
                    .collect(),
            ),
        ),
        on("dst_ip", Predicate::InPrefixes((0..30_u8).map(|n| prefix(&format!("198.51.100.{}/32", n * 2))).collect())),
        on("app", compare(CompareOp::Eq, Literal::Text("TLS".to_owned()))),
        on("app", compare(CompareOp::Ne, Literal::Text("TLS".to_owned()))),
        on("encrypted", compare(CompareOp::Eq, Literal::Bool(true))),
        on("tls_sni", compare(CompareOp::Ne, Literal::Text("host1.Example.com".to_owned()))),
        on("tls_sni", Predicate::Glob("*.example.COM".to_owned())),
        on("tls_sni", Predicate::Glob("host?.ex*".to_owned())),
        on("tls_sni", Predicate::Glob("100%_\\".to_owned())),
        on("tls_sni", Predicate::Regex("^host[1-4]\\..*org$".to_owned())),
        on("tls_sni", Predicate::Present),
        on("tls_alpn", Predicate::Present),
        on("tls_alpn", compare(CompareOp::Eq, Literal::Text("h2".to_owned()))),
        on("tls_alpn", compare(CompareOp::Ne, Literal::Text("h2".to_owned()))),
        on("tls_alpn", Predicate::Glob("HTTP*".to_owned())),
        on("tls_alpn", Predicate::OneOf(vec![Literal::Text("h3".to_owned()), Literal::Text("h2".to_owned())])),
        on("splt_lengths", compare(CompareOp::Lt, Literal::Int(-200))),
        on("splt_lengths", compare(CompareOp::Gt, Literal::Int(250))),
        on("tcp_src_flags", Predicate::Flags { set: 2, clear: 16 }),
        on("tcp_src_flags", Predicate::Flags { set: 0, clear: 7 }),
        on("l2_src_mac", compare(CompareOp::Eq, Literal::Mac(Mac([0, 0x1b, 0x21, 0, 0, 3])))),
        on("time_start", compare(CompareOp::Ge, Literal::Time(Time(DAY + 3 * HOUR)))),
        on("sampling_rate", Predicate::Present),
        on("quic_version", compare(CompareOp::Ne, Literal::Text("1".to_owned()))),
    ];
    for op in OPS {
        out.push(on("src_port", compare(op, Literal::Uint(30_000))));
        out.push(on("tcp_src_flags", compare(op, Literal::Uint(20))));
        out.push(of(Measure::Bytes, compare(op, Literal::Uint(500_000))));
        out.push(of(Measure::Packets, compare(op, Literal::Uint(10))));
        out.push(of(Measure::Duration, compare(op, Literal::Real(30.0))));
        out.push(of(Measure::Pps, compare(op, Literal::Real(0.5))));
        out.push(of(Measure::Bps, compare(op, Literal::Real(1e5))));
        out.push(of(Measure::Bpp, compare(op, Literal::Real(40_000.0))));
    }
    out.push(of(Measure::Pps, Predicate::Present));
    out
}

/// What the filter says of a row, computed without DataFusion.
fn holds(filter: &Expr, row: &Row<'_>) -> bool {
    match filter {
        Expr::All => true,
        Expr::And(parts) => parts.iter().all(|part| holds(part, row)),
        Expr::Or(parts) => parts.iter().any(|part| holds(part, row)),
        Expr::Not(part) => !holds(part, row),
        Expr::Tag(name) => panic!("tag {name} was not looked up"),
        Expr::Test(Test { subject: Subject::Column(column), predicate }) => {
            let value = row.get(column.name);
            match (&value, predicate) {
                (Value::Null, _) => false,
                (_, Predicate::Present) => true,
                (Value::Numbers(list), _) => list.iter().any(|n| passes(&Value::Int(*n), predicate)),
                (Value::Texts(list), _) => list.iter().any(|t| passes(&Value::Text(t.as_str().into()), predicate)),
                _ => passes(&value, predicate),
            }
        }
        Expr::Test(Test { subject: Subject::Measure(measure), predicate }) => {
            measured(*measure, row).is_some_and(|value| *predicate == Predicate::Present || passes(&value, predicate))
        }
    }
}

fn measured(measure: Measure, row: &Row<'_>) -> Option<Value<'static>> {
    let number = |name: &str| match row.get(name) {
        Value::Uint(n) => n,
        other => panic!("{name} is {other:?}"),
    };
    let time = |name: &str| match row.get(name) {
        Value::Time(at) => at,
        other => panic!("{name} is {other:?}"),
    };
    let bytes = number("src_bytes") + number("dst_bytes");
    let packets = number("src_packets") + number("dst_packets");
    let secs = time("time_end").since(time("time_start")) as f64 / 1e9;
    let per = |a: f64, b: f64| (b != 0.0).then_some(Value::Real(a / b));
    match measure {
        Measure::Bytes => Some(Value::Uint(bytes)),
        Measure::Packets => Some(Value::Uint(packets)),
        Measure::Duration => Some(Value::Real(secs)),
        Measure::Pps => per(packets as f64, secs),
        Measure::Bps => per(bytes as f64 * 8.0, secs),
        Measure::Bpp => per(bytes as f64, packets as f64),
    }
}

fn passes(value: &Value<'_>, predicate: &Predicate) -> bool {
    use std::cmp::Ordering::{Equal, Greater, Less};
    match predicate {
        Predicate::Compare(op, literal) => {
            let Some(order) = order(value, literal) else { return false };
            match op {
                CompareOp::Eq => order == Equal,
                CompareOp::Ne => order != Equal,
                CompareOp::Lt => order == Less,
                CompareOp::Le => order != Greater,
                CompareOp::Gt => order == Greater,
                CompareOp::Ge => order != Less,
            }
        }
        Predicate::OneOf(list) => list.iter().any(|l| order(value, l) == Some(Equal)),
        Predicate::InRanges(list) => {
            matches!(value, Value::Uint(n) if list.iter().any(|(low, high)| low <= n && n <= high))
        }
        Predicate::InSet(name) => panic!("@{name} was not looked up"),
        Predicate::InPrefixes(list) => matches!(value, Value::Ip(ip) if list.iter().any(|p| p.contains(*ip))),
        Predicate::Glob(pattern) => glob(
            &pattern.to_lowercase().chars().collect::<Vec<_>>(),
            &text(value).to_lowercase().chars().collect::<Vec<_>>(),
        ),
        Predicate::Regex(pattern) => {
            assert_eq!(pattern, "^host[1-4]\\..*org$", "the one that is written out here");
            let text = text(value);
            let digit = text.strip_prefix("host").and_then(|rest| rest.chars().next());
            digit.is_some_and(|d| ('1'..='4').contains(&d)) && text.get(5..6) == Some(".") && text.ends_with("org")
        }
        Predicate::Flags { set, clear } => {
            matches!(value, Value::Uint(n) if n & u64::from(*set) == u64::from(*set) && n & u64::from(*clear) == 0)
        }
        Predicate::Present => true,
    }
}

fn order(value: &Value<'_>, literal: &Literal) -> Option<std::cmp::Ordering> {
    match (value, literal) {
        (Value::Uint(a), Literal::Uint(b)) => Some(a.cmp(b)),
        (Value::Int(a), Literal::Int(b)) => Some(a.cmp(b)),
        (Value::Real(a), Literal::Real(b)) => a.partial_cmp(b),
        (Value::Text(a), Literal::Text(b)) => Some((**a).cmp(b.as_str())),
        (Value::Ip(a), Literal::Ip(b)) => Some(a.cmp(b)),
        (Value::Mac(a), Literal::Mac(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Literal::Bool(b)) => Some(a.cmp(b)),
        (Value::Time(a), Literal::Time(b)) => Some(a.cmp(b)),
        other => panic!("{other:?}"),
    }
}

fn glob(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|at| glob(rest, &text[at..])),
        Some((c, rest)) => text.split_first().is_some_and(|(t, more)| (*c == '?' || c == t) && glob(rest, more)),
    }
}

async fn found(lake: &Lake, filter: &Expr) -> Vec<String> {
    let query = FlowsQuery { from: None, to: None, filter: filter.clone(), limit: 10_000, cursor: None };
    let page = lake.flows(query).await.unwrap_or_else(|error| panic!("{filter:?}: {error}"));
    assert_eq!(page.next, None);
    let mut ids = column(&page.batch, "flow_id");
    ids.sort();
    ids
}

/// Half sealed, half hot.
async fn lake(dir: &std::path::Path) -> Lake {
    let lake = open(dir);
    append(&lake, &flows(0..1_000)).await;
    lake.seal().await.expect("sealed");
    append(&lake, &flows(1_000..2_000)).await;
    lake
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_find_exactly_the_rows_that_they_describe() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = lake(dir.path()).await;
    let rows = batch(&flows(0..2_000));
    let readers = CellReader::all(&rows);
    let ids = column(&rows, "flow_id");
    let expect = |filter: &Expr| {
        let mut out: Vec<String> =
            (0..rows.num_rows()).filter(|n| holds(filter, &Row::new(&readers, *n))).map(|n| ids[n].clone()).collect();
        out.sort();
        out
    };
    let tests = tests();
    let mut filters: Vec<Expr> = tests.clone();
    filters.extend(tests.iter().map(|test| Expr::Not(Box::new(test.clone()))));
    for n in 0..80_u64 {
        let pick = |k: u64| tests[usize::try_from(mix(n * 8 + k)).expect("64 bits") % tests.len()].clone();
        let (a, b, c) = (pick(1), pick(2), pick(3));
        filters.push(match n % 4 {
            0 => Expr::And(vec![a, Expr::Not(Box::new(Expr::Or(vec![b, c])))]),
            1 => Expr::Or(vec![a, Expr::Not(Box::new(Expr::And(vec![b, c])))]),
            2 => Expr::Not(Box::new(Expr::And(vec![a, Expr::Not(Box::new(b)), c]))),
            _ => Expr::Or(vec![Expr::And(vec![a, b]), Expr::Not(Box::new(c))]),
        });
    }
    filters.push(Expr::All);
    let mut matched = 0;
    for filter in &filters {
        let want = expect(filter);
        matched += usize::from(!want.is_empty() && want.len() < 2_000);
        assert_eq!(found(&lake, filter).await, want, "{filter:?}");
    }
    assert!(matched > filters.len() / 2, "the filters tell rows apart");
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_without_ip_are_of_no_family() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    let row = |name: &'static str, (src, dst): (Ip, Ip), ethertype: Option<u16>| {
        let mut row = flow(0);
        (row.core.app, row.core.src_ip, row.core.dst_ip) = (name.into(), src, dst);
        row.l2.get_or_insert_default().ethertype = ethertype;
        row
    };
    let ip = |text: &str| text.parse::<Ip>().expect("an address");
    append(
        &lake,
        &[
            row("v4", (ip("192.0.2.1"), ip("198.51.100.1")), None),
            // As exporters tell it of packets.
            row("v4 with type", (ip("192.0.2.1"), ip("198.51.100.1")), Some(0x0800)),
            row("ARP", (ip("192.0.2.1"), ip("192.0.2.2")), Some(0x0806)),
            row("GOOSE", (Ip::default(), Ip::default()), Some(0x88b8)),
            row("LLC", (Ip::default(), Ip::default()), None),
            row("v6", (ip("2001:db8::1"), ip("2001:db8::2")), None),
            // A host that has no address yet looks whether one is free.
            row("v6 from nobody", (Ip::default(), ip("ff02::1:ff00:1")), None),
        ],
    )
    .await;
    for sealed in [false, true] {
        for (text, want) in [("inet", vec!["v4", "v4 with type"]), ("inet6", vec!["v6", "v6 from nobody"])] {
            let filter = minamo_filter::parse(text).expect("a filter");
            let query = FlowsQuery { from: None, to: None, filter, limit: 100, cursor: None };
            let mut found = column(&lake.flows(query).await.expect("an answer").batch, "app");
            found.sort();
            assert_eq!(found, want, "{text}, sealed: {sealed}");
        }
        lake.seal().await.expect("sealed");
    }
}
