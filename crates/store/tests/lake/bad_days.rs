// SPDX-License-Identifier: Apache-2.0
//! Real disks that are full or refuse to be written, and clocks that jump.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use minamo_base::Time;
use minamo_model::FLOWS;
use minamo_store::{Lake, Settings, StoreError};

use crate::rows::*;

/// Runs a test of this program in a namespace with a small file system of its own; false where that is not allowed.
fn on_a_disk(test: &str) -> bool {
    let dir = tempfile::tempdir().expect("a directory");
    let program = std::env::current_exe().expect("this program");
    let script = r#"mount -t tmpfs -o size=6m tmpfs "$1" || exit 77; exec "$2" --exact "$3" --nocapture"#;
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", script, "sh"]).arg(dir.path()).arg(program).arg(test);
    let Ok(output) = command.env("MINAMO_LAKE_TEST_DISK", dir.path()).output() else { return skipped("unshare") };
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    if output.status.code() == Some(77) || said.contains("unshare failed") || said.contains("Operation not permitted") {
        return skipped(&said);
    }
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    true
}

fn skipped(why: &str) -> bool {
    println!("skipped: no namespace with a disk of its own: {why}");
    false
}

fn disk() -> Option<String> {
    std::env::var("MINAMO_LAKE_TEST_DISK").ok()
}

#[test]
fn a_disk_that_fills_up_refuses_and_loses_nothing() {
    on_a_disk("bad_days::child_on_a_full_disk");
}

/// The child of the test above: 6 MiB of disk, and no watermark that would stop before it is full.
#[tokio::test(flavor = "multi_thread")]
async fn child_on_a_full_disk() {
    let Some(dir) = disk() else { return };
    let dir = Path::new(&dir);
    let settings = || Settings { min_free: 0, seal_rows: 5_000, wal_file_bytes: 1 << 20, ..small() };
    let lake = Lake::open(dir, settings(), clock).expect("opens");
    let ballast = dir.join("ballast");
    std::fs::write(&ballast, vec![1; 3 << 20]).expect("fits");
    let mut taken = 0;
    let error = loop {
        match lake.append(&FLOWS, batch(&flows(taken..taken + 500))).await {
            Ok(()) => taken += 500,
            Err(error) => break error,
        }
        assert!(taken < 1_000_000, "the disk is small");
    };
    assert!(error.is_full() || matches!(error, StoreError::Stalled(_)), "{error}");
    let said = error.to_string();
    assert!(said.contains("No space left") || said.contains("disk is full"), "{said}");
    assert_eq!(ask(&lake, "SELECT count(*) FROM flows").await.concat().trim(), taken.to_string());
    // Room again: it goes on by itself, and what was acknowledged is there after a start too.
    std::fs::remove_file(&ballast).expect("removed");
    append(&lake, &flows(taken..taken + 500)).await;
    drop(lake);
    let lake = Lake::open(dir, settings(), clock).expect("opens again");
    let counts = ask(&lake, "SELECT count(*), count(DISTINCT flow_id) FROM flows").await.concat();
    let counts: Vec<u64> = counts.split('|').map(|n| n.trim().parse().expect("a number")).collect();
    assert_eq!(counts, [taken + 500, taken + 500]);
}

#[test]
fn a_disk_that_turns_read_only_refuses_and_is_read_on() {
    on_a_disk("bad_days::child_on_a_read_only_disk");
}

#[tokio::test(flavor = "multi_thread")]
async fn child_on_a_read_only_disk() {
    let Some(dir) = disk() else { return };
    let dir = Path::new(&dir);
    let mount = |options: &str| {
        let done = Command::new("mount").args(["-o", options]).arg(dir).status().expect("mount runs");
        assert!(done.success(), "{options}");
    };
    // The watermark of a real disk would empty this small one.
    let settings = || Settings { min_free: 0, ..small() };
    let lake = Lake::open(dir, settings(), clock).expect("opens");
    append(&lake, &flows(0..300)).await;
    lake.close().await.expect("closed");
    mount("remount,ro");
    let error = Lake::open(dir, settings(), clock).err().expect("nothing can be written");
    assert!(error.to_string().contains("Read-only file system"), "{error}");
    let reader = Lake::open_read_only(dir, small(), clock).expect("opens for reading");
    assert_eq!(ids(&reader).await, ids_of(&flows(0..300)));
    drop(reader);
    mount("remount,rw");
    let lake = Lake::open(dir, settings(), clock).expect("opens");
    append(&lake, &flows(300..310)).await;
    assert_eq!(ids(&lake).await, ids_of(&flows(0..310)));
}

static NOW: AtomicI64 = AtomicI64::new(0);

fn jumping() -> Time {
    Time(NOW.load(Ordering::SeqCst))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_deletes_no_history() {
    let dir = tempfile::tempdir().expect("a directory");
    let settings = || Settings { keep: Some(Duration::from_secs(30 * 86_400)), ..small() };
    let set = |at: i64| NOW.store(at, Ordering::SeqCst);
    set(DAY + 12 * HOUR);
    let lake = Lake::open(dir.path(), settings(), jumping).expect("opens");
    append(&lake, &flows(0..500)).await;
    lake.seal().await.expect("sealed");
    // Ten years ahead: by that clock everything is far too old.
    let far = DAY + 10 * 365 * 24 * HOUR;
    set(far);
    append(&lake, &flows(500..600)).await;
    lake.seal().await.expect("sealed");
    lake.compact().await.expect("a job behind the retention of the seal");
    assert_eq!(ids(&lake).await.len(), 600, "nothing was deleted");
    assert_eq!(counter(&lake, "minamo_lake_clock_jumps_total"), 1);
    // The clock is put right: nothing is in doubt any more, and a restart in the wrong time is noticed too.
    set(DAY + 13 * HOUR);
    append(&lake, &flows(600..700)).await;
    lake.close().await.expect("closed");
    set(far);
    let lake = Lake::open(dir.path(), settings(), jumping).expect("opens");
    append(&lake, &flows(700..710)).await;
    lake.seal().await.expect("sealed");
    lake.compact().await.expect("a job behind the retention of the seal");
    assert_eq!(ids(&lake).await.len(), 710);
    assert_eq!(counter(&lake, "minamo_lake_clock_jumps_total"), 1);
    // A clock that stays there for a day is right.
    for step in 1..=26 {
        set(far + step * HOUR - 60_000_000_000 * step);
        append(&lake, &flows(710 + step.cast_unsigned()..711 + step.cast_unsigned())).await;
        lake.seal().await.expect("sealed");
        lake.compact().await.expect("a job behind the retention of the seal");
    }
    assert_eq!(ids(&lake).await.len(), 0, "old flows go once the clock is trusted");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_retention_is_not_held_up_by_the_clock() {
    let dir = tempfile::tempdir().expect("a directory");
    append(&open(dir.path()), &flows(0..100)).await;
    let late = || Time(DAY + 365 * 24 * HOUR);
    let settings = Settings { keep: Some(Duration::from_secs(30 * 86_400)), ..small() };
    let lake = Lake::open(dir.path(), settings, late).expect("opens");
    lake.seal().await.expect("sealed");
    lake.retain().await.expect("applied");
    assert_eq!(ids(&lake).await.len(), 0);
}

#[test]
fn a_disk_that_fills_up_in_a_merge_loses_nothing_and_is_merged_later() {
    on_a_disk("bad_days::child_on_a_disk_full_of_merging");
}

/// The child of the test above: room for the segments, and none for what a merge writes beside them.
#[tokio::test(flavor = "multi_thread")]
async fn child_on_a_disk_full_of_merging() {
    let Some(dir) = disk() else { return };
    let dir = Path::new(&dir);
    let settings = || Settings { min_free: 0, compact_after: Duration::from_secs(30 * 86_400), ..small() };
    let lake = Lake::open(dir, settings(), clock).expect("opens");
    let rows = 12_000;
    for part in 0..3 {
        append(&lake, &flows(part * rows / 3..(part + 1) * rows / 3)).await;
        lake.seal().await.expect("sealed");
    }
    let before = lake.stats().table("flows").expect("flows").segments;
    let ballast = dir.join("ballast");
    let mut file = std::fs::File::create(&ballast).expect("made");
    // To the last page.
    while std::io::Write::write(&mut file, &[1; 4096]).is_ok_and(|written| written > 0) {}
    drop(file);
    let error = lake.compact().await.expect_err("no room");
    assert!(error.is_full(), "{error}");
    assert_eq!(counter(&lake, "minamo_lake_compact_errors_total"), 1);
    assert_eq!(lake.stats().table("flows").expect("flows").segments, before, "nothing was replaced");
    assert_eq!(ids(&lake).await, ids_of(&flows(0..rows)));
    std::fs::remove_file(&ballast).expect("removed");
    assert!(lake.compact().await.expect("room again") > 0);
    assert!(lake.stats().table("flows").expect("flows").segments < before);
    assert_eq!(ids(&lake).await, ids_of(&flows(0..rows)));
    assert!(lake.verify(|_| {}).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_goes_back_loses_no_rows_and_keeps_no_replaced_files() {
    static CLOCK: AtomicI64 = AtomicI64::new(DAY + 12 * HOUR);
    let dir = tempfile::tempdir().expect("a directory");
    let settings =
        Settings { keep: Some(Duration::from_secs(30 * 86_400)), keep_replaced: Duration::from_secs(60), ..small() };
    let lake = Lake::open(dir.path(), settings, || Time(CLOCK.load(Ordering::SeqCst))).expect("opens");
    for part in 0..3 {
        append(&lake, &flows(part * 100..part * 100 + 100)).await;
        lake.seal().await.expect("sealed");
    }
    lake.compact().await.expect("merged");
    let replaced = counter(&lake, "minamo_lake_compacted_segments_total");
    assert!(replaced > 0 && counter(&lake, "minamo_lake_deleted_files_total") == 0);
    // Ten years back in the middle of it: rows of what is now the future come, are merged and stay.
    CLOCK.fetch_sub(10 * 365 * 24 * HOUR, Ordering::SeqCst);
    append(&lake, &flows(300..400)).await;
    lake.seal().await.expect("sealed");
    // The files of replaced segments go as long after as they would have, not ten years later.
    CLOCK.fetch_add(61_000_000_000, Ordering::SeqCst);
    lake.compact().await.expect("merged");
    assert!(counter(&lake, "minamo_lake_deleted_files_total") >= replaced);
    assert_eq!(ids(&lake).await, ids_of(&flows(0..400)));
    assert_eq!(counter(&lake, "minamo_lake_clock_jumps_total"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_that_want_all_memory_hold_up_no_rows() {
    let dir = tempfile::tempdir().expect("a directory");
    let settings = Settings { query_memory: 1 << 20, query_spill: 0, seal_rows: 2_000, ..small() };
    let lake = Lake::open(dir.path(), settings, clock).expect("opens");
    append(&lake, &flows(0..1_000)).await;
    let wide = "SELECT a.flow_id, b.flow_id, count(*) FROM flows a, flows b GROUP BY 1, 2 ORDER BY 3";
    let ask = async {
        for _ in 0..4 {
            let error = lake.sql(wide, 10).await.expect_err("refused");
            assert!(matches!(error, minamo_store::QueryError::Memory | minamo_store::QueryError::Spill), "{error}");
        }
    };
    let write = async {
        for part in 2..12 {
            append(&lake, &flows(part * 500..part * 500 + 500)).await;
        }
    };
    futures::future::join(ask, write).await;
    assert_eq!(counter(&lake, "minamo_lake_query_refused_total"), 4);
    assert_eq!(ids(&lake).await, ids_of(&flows(0..6_000)));
}
