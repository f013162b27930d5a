// SPDX-License-Identifier: Apache-2.0
//! Rows for the tests: made from a number, so that each run is the same, and a lake to put them in.

use std::path::Path;

use arrow::array::RecordBatch;
use minamo_base::{Ip, Mac, Time};
use minamo_model::{CellReader, FLOWS, Flow, FlowBuilder, Row};
use minamo_schema::Value;
use minamo_store::{Lake, Settings};

pub(crate) const HOUR: i64 = 3_600_000_000_000;
/// 2026-11-22T00:00:00Z.
pub(crate) const DAY: i64 = 1_795_305_600_000_000_000;

pub(crate) fn clock() -> Time {
    Time(DAY + 12 * HOUR)
}

pub(crate) fn small() -> Settings {
    Settings { query_threads: 2, keep_replaced: std::time::Duration::ZERO, ..Settings::default() }
}

pub(crate) fn open(dir: &Path) -> Lake {
    Lake::open(dir, small(), clock).expect("the lake opens")
}

/// A well-mixed number for `n` (the finalizer of SplitMix64).
pub(crate) fn mix(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

pub(crate) fn byte(n: u64) -> u8 {
    u8::try_from(n & 0xff).expect("a byte")
}

/// Flow number `n`: spread over six hours, some long, some with TLS, DNS, TCP, lists, IPv6.
pub(crate) fn flow(n: u64) -> Flow {
    let r = mix(n.wrapping_add(1));
    let mut flow = Flow::default();
    let core = &mut flow.core;
    core.flow_id = Some(format!("{r:016x}"));
    let start = DAY + i64::try_from(r % 21_600).expect("small") * 1_000_000_000;
    core.time_start = Time(start);
    let length =
        if r.is_multiple_of(50) { 2 * HOUR } else { i64::try_from(r >> 8 & 0xffff).expect("small") * 1_000_000 };
    core.time_end = Time(start + if r.is_multiple_of(7) { 0 } else { length });
    core.src_ip = if r.is_multiple_of(11) {
        format!("2001:db8::{:x}", r % 5).parse().expect("an address")
    } else {
        Ip::v4([192, 0, 2, byte(r >> 16) % 40])
    };
    core.dst_ip = if r.is_multiple_of(13) { core.src_ip } else { Ip::v4([198, 51, 100, byte(r >> 24) % 60]) };
    core.src_port = u16::try_from(1_024 + (r >> 32) % 60_000).expect("small");
    core.dst_port = [443, 80, 53, 22, 8_080][usize::try_from(r >> 12 & 0xff).expect("small") % 5];
    core.proto = if core.dst_port == 53 { 17 } else { 6 };
    (core.src_bytes, core.dst_bytes) = (r >> 20 & 0xffff, r >> 36 & 0xf_ffff);
    (core.src_packets, core.dst_packets) = (r >> 40 & 0xf, r >> 44 & 0xf);
    core.app = ["TLS", "HTTP", "DNS", "SSH", "Unknown"][usize::try_from(r >> 12 & 0xff).expect("small") % 5].into();
    core.source = "probe".into();
    core.encrypted = [Some(true), Some(false), None][usize::try_from(r % 3).expect("small")];
    if core.dst_port == 443 {
        let tls = flow.tls.get_or_insert_default();
        tls.sni = (!r.is_multiple_of(4))
            .then(|| format!("host{}.Example.{}", r % 9, ["com", "org"][usize::from(r.is_multiple_of(2))]));
        tls.alpn = (!r.is_multiple_of(5))
            .then(|| vec!["h2".to_owned(), "http/1.1".to_owned()][usize::from(r.is_multiple_of(2))..].to_vec());
    }
    if r.is_multiple_of(3) {
        let tcp = flow.tcp.get_or_insert_default();
        tcp.src_flags = Some(byte(r >> 50));
        flow.l2.get_or_insert_default().src_mac = Some(Mac([0, 0x1b, 0x21, 0, 0, byte(r) % 4]));
        flow.splt.get_or_insert_default().lengths = Some(vec![i32::from(byte(r)), -i32::from(byte(r >> 8))]);
    }
    flow
}

pub(crate) fn flows(numbers: std::ops::Range<u64>) -> Vec<Flow> {
    numbers.map(flow).collect()
}

pub(crate) fn batch(rows: &[Flow]) -> RecordBatch {
    let mut builder = FlowBuilder::default();
    rows.iter().for_each(|row| builder.append(row));
    builder.finish().expect("a batch")
}

pub(crate) async fn append(lake: &Lake, rows: &[Flow]) {
    for chunk in rows.chunks(500) {
        lake.append(&FLOWS, batch(chunk)).await.expect("appended");
    }
}

/// The rows of a query as text: cells by a bar, as they come.
pub(crate) async fn ask(lake: &Lake, sql: &str) -> Vec<String> {
    let answer = lake.sql(sql, 1_000_000).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    answer.batches.iter().flat_map(texts).collect()
}

pub(crate) fn texts(batch: &RecordBatch) -> Vec<String> {
    let readers = CellReader::all(batch);
    let line = |row| readers.iter().map(|r| minamo_model::text_value(&r.value(row))).collect::<Vec<_>>().join("|");
    (0..batch.num_rows()).map(line).collect()
}

/// One column of a batch as text.
pub(crate) fn column(batch: &RecordBatch, name: &str) -> Vec<String> {
    let readers = CellReader::all(batch);
    (0..batch.num_rows()).map(|row| minamo_model::text_value(&Row::new(&readers, row).get(name))).collect()
}

/// Identities of all flows, sorted: each acknowledged row once and nothing else.
pub(crate) async fn ids(lake: &Lake) -> Vec<String> {
    let mut ids = ask(lake, "SELECT flow_id FROM flows").await;
    ids.sort();
    ids
}

pub(crate) fn ids_of(rows: &[Flow]) -> Vec<String> {
    let mut ids: Vec<String> = rows.iter().filter_map(|row| row.core.flow_id.clone()).collect();
    ids.sort();
    ids
}

pub(crate) fn counter(lake: &Lake, name: &str) -> u64 {
    lake.counters().iter().filter(|sample| sample.metric.name == name).map(|sample| sample.value).sum()
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("readable") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}

pub(crate) fn text(value: &Value<'_>) -> String {
    minamo_model::text_value(value)
}
