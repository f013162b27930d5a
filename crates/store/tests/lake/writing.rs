// SPDX-License-Identifier: Apache-2.0
//! Appending, sealing, compacting, expiring, reopening.

use std::fs;
use std::path::Path;

use minamo_base::Time;
use minamo_model::{EVENTS, Event, EventBuilder, FLOWS, Flow};
use minamo_store::{Lake, Settings, StoreError};

use crate::rows::*;

fn count(dir: &Path, ending: &str) -> usize {
    let mut found = 0;
    for entry in fs::read_dir(dir).expect("readable") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found += count(&path, ending);
        } else if path.extension().is_some_and(|e| e == ending) {
            found += 1;
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_there_at_once_after_a_seal_and_after_reopening() {
    let dir = tempfile::tempdir().expect("a directory");
    let rows = flows(0..12_000);
    let lake = open(dir.path());
    append(&lake, &rows).await;
    let hot = ids(&lake).await;
    assert_eq!(hot, ids_of(&rows));
    let by_app =
        "SELECT app, count(*), sum(src_bytes), min(time_start), count(tls_sni) FROM flows GROUP BY app ORDER BY app";
    let before = ask(&lake, by_app).await;
    assert_eq!(lake.seal().await.expect("sealed"), 12_000);
    assert_eq!(ids(&lake).await, hot);
    assert_eq!(ask(&lake, by_app).await, before);
    assert_eq!(count(&dir.path().join("wal"), "wal"), 0, "the log is released");
    let stats = lake.stats();
    assert_eq!((stats.tables[0].rows, stats.tables[0].hot_rows, stats.tables[0].segments), (12_000, 0, 6));
    let range = lake.time_range().await.expect("a range");
    assert!(range.0 >= Time(DAY) && range.1 < Time(DAY + 9 * HOUR));
    lake.close().await.expect("closed");
    let lake = open(dir.path());
    assert_eq!(ids(&lake).await, hot);
    assert_eq!(ask(&lake, by_app).await, before);
    assert_eq!(lake.time_range().await, Some(range));
}

#[tokio::test(flavor = "multi_thread")]
async fn small_segments_are_merged_and_old_files_go() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    for part in 0..6 {
        append(&lake, &flows(part * 200..part * 200 + 200)).await;
        lake.seal().await.expect("sealed");
    }
    lake.compact().await.expect("compacted");
    let stats = lake.stats();
    assert!(stats.tables[0].segments <= 18, "{stats:?}");
    assert_eq!(ids(&lake).await, ids_of(&flows(0..1_200)));
    assert!(counter(&lake, "minamo_lake_compactions_total") >= 6);
    // One more job, so that the thread has swept what was replaced.
    lake.compact().await.expect("compacted");
    lake.compact().await.expect("compacted");
    assert_eq!(count(&dir.path().join("segments"), "parquet") as u64, lake.stats().tables[0].segments);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_buffer_seals_by_itself() {
    let dir = tempfile::tempdir().expect("a directory");
    let settings = Settings { seal_rows: 1_000, stall_factor: 2, wal_file_bytes: 64 << 10, ..small() };
    let lake = Lake::open(dir.path(), settings, clock).expect("opens");
    append(&lake, &flows(0..8_000)).await;
    assert!(lake.stats().tables[0].hot_rows < 2_500, "{:?}", lake.stats());
    assert!(counter(&lake, "minamo_lake_sealed_rows_total") > 5_000);
    assert_eq!(ids(&lake).await, ids_of(&flows(0..8_000)));
    lake.seal().await.expect("sealed");
    assert_eq!(count(&dir.path().join("wal"), "wal"), 0);
    assert!(counter(&lake, "minamo_lake_wal_released_total") >= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn late_future_and_absurd_times_are_kept_and_found() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    let mut rows = flows(0..100);
    let times = [0, 1, -1, i64::MIN, i64::MAX, DAY - 400 * 24 * HOUR, DAY + 4_000 * 24 * HOUR, DAY + 59 * HOUR / 60];
    for (n, at) in times.into_iter().enumerate() {
        let mut row = flow(1_000 + n as u64);
        (row.core.time_start, row.core.time_end) = (Time(at), Time(at.saturating_add(5)));
        rows.push(row);
    }
    append(&lake, &rows).await;
    lake.seal().await.expect("sealed");
    assert_eq!(ids(&lake).await, ids_of(&rows));
    let early = "SELECT count(*) FROM flows WHERE time_start < '1970-01-01T00:00:00.000000001Z'";
    assert_eq!(ask(&lake, early).await, ["3"]);
    assert!(dir.path().join("segments/flows/1970-01-01/00").is_dir());
    assert!(dir.path().join("segments/flows/1969-12-31/23").is_dir());
    let many: Vec<Flow> = (0..5_000_u64)
        .map(|n| {
            let mut row = flow(10_000 + n);
            row.core.time_start = Time(i64::try_from(n).expect("small") * 500 * HOUR);
            row.core.time_end = row.core.time_start;
            row
        })
        .collect();
    let before = lake.stats().tables[0].segments;
    append(&lake, &many).await;
    lake.seal().await.expect("sealed");
    assert!(lake.stats().tables[0].segments - before <= 49, "times cannot make thousands of files");
    assert_eq!(ask(&lake, "SELECT count(*) FROM flows").await, [(rows.len() + 5_000).to_string()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_a_table_of_their_own() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    let mut builder = EventBuilder::default();
    for n in 0..10_u64 {
        let mut event = Event::default();
        event.finding.event_id = format!("{n:016x}");
        event.finding.rule = if n % 2 == 0 { "port_scan" } else { "dns_tunnel" }.to_owned();
        event.finding.time_start = Time(DAY + 1);
        event.finding.time_end = Time(DAY + 2);
        event.finding.src_ip = (n % 3 == 0).then(|| minamo_base::Ip::v4([10, 0, 0, byte(n)]));
        event.finding.attack = vec!["T1046".to_owned()];
        builder.append(&event);
    }
    lake.append(&EVENTS, builder.finish().expect("a batch")).await.expect("appended");
    append(&lake, &flows(0..10)).await;
    let question = "SELECT rule, count(*), count(src_ip) FROM events GROUP BY rule ORDER BY rule";
    let answer = ["dns_tunnel|5|2", "port_scan|5|2"];
    assert_eq!(ask(&lake, question).await, answer);
    lake.seal().await.expect("sealed");
    assert_eq!(ask(&lake, question).await, answer);
    assert_eq!(ask(&lake, "SELECT DISTINCT attack FROM events").await, ["T1046"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_rows_can_be_expired() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    append(&lake, &flows(0..2_000)).await;
    lake.seal().await.expect("sealed");
    let before = Time(DAY + 3 * HOUR);
    let gone = lake.expire(before).await.expect("expired");
    assert!(gone > 0);
    assert_eq!(lake.stats().tables[0].rows, 2_000 - gone);
    assert_eq!(ask(&lake, "SELECT count(*) FROM flows").await, [(2_000 - gone).to_string()]);
    assert!(dir.path().join("segments").is_dir());
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_that_do_not_fit_are_refused() {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, RecordBatch, UInt16Array};
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    let numbers = Arc::new(UInt16Array::from(vec![1])) as ArrayRef;
    for (name, want) in [
        ("nonsense", "batch for table flows: no column nonsense"),
        ("src_ip", "batch for table flows: column src_ip: got type UInt16, want FixedSizeBinary(16)"),
        ("src_port", "batch for table flows: want a time in time_start of every row"),
    ] {
        let batch = RecordBatch::try_from_iter([(name, Arc::clone(&numbers))]).expect("a batch");
        let error = lake.append(&FLOWS, batch).await.expect_err("refused");
        assert_eq!(error.to_string(), want);
    }
    assert_eq!(lake.stats().tables[0].rows, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_writer_and_readers_beside_it() {
    let dir = tempfile::tempdir().expect("a directory");
    assert!(Lake::open_read_only(dir.path(), small(), clock).is_err(), "there is no lake yet");
    let lake = open(dir.path());
    append(&lake, &flows(0..700)).await;
    lake.seal().await.expect("sealed");
    append(&lake, &flows(700..1_000)).await;
    let error = Lake::open(dir.path(), small(), clock).err().expect("in use");
    assert!(matches!(error, StoreError::InUse(_)), "{error}");
    assert!(error.to_string().ends_with("is in use by another process: stop it, or open the lake read-only"));
    let reader = Lake::open_read_only(dir.path(), small(), clock).expect("opens beside");
    assert_eq!(ids(&reader).await, ids_of(&flows(0..1_000)));
    assert!(matches!(reader.append(&FLOWS, batch(&flows(0..1))).await, Err(StoreError::ReadOnly)));
    assert!(matches!(reader.seal().await, Err(StoreError::ReadOnly)));
    append(&lake, &flows(1_000..1_100)).await;
    assert_eq!(ids(&reader).await.len(), 1_000, "a reader stays with what it opened");
    lake.close().await.expect("closed");
    let listing = |dir: &Path| {
        let mut names: Vec<_> =
            fs::read_dir(dir).expect("readable").map(|e| e.expect("an entry").file_name()).collect();
        names.sort();
        names
    };
    let before = listing(dir.path());
    let reader = Lake::open_read_only(dir.path(), small(), clock).expect("opens alone");
    assert_eq!(ids(&reader).await, ids_of(&flows(0..1_100)));
    reader.close().await.expect("closed");
    assert_eq!(listing(dir.path()), before, "nothing was changed");
}
