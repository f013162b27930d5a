// SPDX-License-Identifier: Apache-2.0
//! How long flows are kept, and what happens when the disk returns something else than was written.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use minamo_base::Time;
use minamo_model::FLOWS;
use minamo_store::{By, Class, FlowsQuery, HoldKind, Key, Lake, NewHold, Settings, TopQuery};

use crate::rows::*;

fn labelled(lake: &Lake, name: &str, reason: &str) -> u64 {
    let of = |s: &&minamo_base::Sample| s.metric.name == name && s.labels().any(|(_, value)| value == reason);
    lake.counters().iter().filter(of).map(|sample| sample.value).sum()
}

fn expired(lake: &Lake, reason: &str) -> u64 {
    labelled(lake, "minamo_lake_expired_rows_total", reason)
}

async fn sealed(dir: &Path, settings: Settings, rows: u64) -> Lake {
    let lake = Lake::open(dir, settings, clock).expect("the lake opens");
    append(&lake, &flows(0..rows)).await;
    lake.seal().await.expect("sealed");
    lake
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in fs::read_dir(dir).expect("readable") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            out.extend(files(&path));
        } else if path.extension().is_some_and(|e| e == "parquet") {
            out.push(path);
        }
    }
    out.sort();
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn flows_go_at_their_age_and_their_files_with_them() {
    let dir = tempfile::tempdir().expect("a directory");
    // Rows start from 00:00 to 06:00 and last up to two hours; it is 12:00.
    let keep = Some(Duration::from_secs(9 * 3_600));
    let lake = sealed(dir.path(), Settings { keep, ..small() }, 2_000).await;
    lake.retain().await.expect("applied");
    let limit = Time(DAY + 3 * HOUR);
    let left = lake.segments();
    assert!(!left.is_empty() && left.iter().all(|segment| segment.last >= limit), "{left:?}");
    let gone = expired(&lake, "age");
    assert!(gone > 0 && gone < 2_000, "{gone}");
    assert_eq!(ids(&lake).await.len() as u64, 2_000 - gone);
    assert_eq!(files(&dir.path().join("segments")).len(), left.len(), "deleting frees space at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_range_stays_whatever_the_rules_say() {
    let dir = tempfile::tempdir().expect("a directory");
    let settings = || Settings { keep: Some(Duration::from_secs(60)), ..small() };
    let lake = Lake::open(dir.path(), settings(), clock).expect("the lake opens");
    let hold = NewHold::new(Time(DAY), Time(DAY + 6 * HOUR), "case 7");
    let id = lake.hold(NewHold { kind: HoldKind::Legal, owner: "jo".to_owned(), ..hold }).await.expect("held");
    append(&lake, &flows(0..500)).await;
    lake.seal().await.expect("sealed");
    lake.close().await.expect("closed");
    let lake = Lake::open(dir.path(), settings(), clock).expect("opens again");
    lake.retain().await.expect("applied");
    assert_eq!(lake.expire(Time(i64::MAX)).await.expect("asked"), 0);
    let holds = lake.holds();
    assert_eq!((holds.len(), holds[0].id, holds[0].reason.as_str()), (1, id, "case 7"));
    assert_eq!((holds[0].kind, holds[0].owner.as_str()), (HoldKind::Legal, "jo"));
    assert!(lake.retained().is_empty(), "nothing was deleted");
    assert_eq!(ids(&lake).await.len(), 500);
    assert!(lake.release(id).await.expect("ended") && !lake.release(id).await.expect("asked"));
    lake.retain().await.expect("applied");
    assert_eq!(ids(&lake).await.len(), 0);
    let runs = lake.retained();
    assert_eq!(runs.iter().map(|run| (run.rule, run.rows)).collect::<Vec<_>>(), [("age", 500)]);
    assert!(runs[0].bytes > 0 && runs[0].segments > 0);
    assert!(lake.hold(NewHold::new(Time(5), Time(5), "nothing")).await.is_err());
    lake.close().await.expect("closed");
    let again = Lake::open(dir.path(), Settings::default(), clock).expect("opens");
    assert_eq!(again.retained(), runs, "it is remembered beyond the end");
    again.close().await.expect("closed");
    let read = Lake::open_read_only(dir.path(), Settings::default(), clock).expect("opens");
    assert_eq!(read.retained(), runs);
}

#[tokio::test(flavor = "multi_thread")]
async fn budgets_take_the_oldest_first() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = sealed(dir.path(), small(), 3_000).await;
    let all: u64 = lake.segments().iter().map(|segment| segment.bytes).sum();
    lake.close().await.expect("closed");
    let lake = Lake::open(dir.path(), Settings { max_bytes: Some(all / 2), ..small() }, clock).expect("opens");
    lake.retain().await.expect("applied");
    let left = lake.segments();
    let bytes: u64 = left.iter().map(|segment| segment.bytes).sum();
    assert!(bytes <= all / 2 && bytes > 0, "{bytes} of {all}");
    let newest_gone = files(&dir.path().join("segments")).len();
    assert_eq!(newest_gone, left.len());
    assert!(expired(&lake, "budget") > 0);
    let earliest = left.iter().map(|segment| segment.last).min().expect("some");
    assert!(left.iter().all(|segment| segment.last >= earliest));
    assert!(ids(&lake).await.len() < 3_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn classes_are_kept_apart_and_by_their_own_age() {
    let dir = tempfile::tempdir().expect("a directory");
    let class = |name: &str, filter: &str, keep: Option<u64>| Class {
        name: name.to_owned(),
        filter: minamo_filter::parse(filter).expect("a filter"),
        keep: keep.map(Duration::from_secs),
        max_bytes: None,
    };
    let classes = vec![class("dns", "proto udp and port 53", Some(60)), class("web", "port in [80 443]", None)];
    let lake = sealed(dir.path(), Settings { classes, ..small() }, 2_000).await;
    lake.compact().await.expect("merged");
    let names: std::collections::BTreeSet<String> = lake.segments().into_iter().map(|s| s.class).collect();
    // The short-lived went with the seal.
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["", "web"]);
    let of = |port: u16| flows(0..2_000).iter().filter(|flow| flow.core.dst_port == port).count() as u64;
    let dns = flows(0..2_000)
        .iter()
        .filter(|f| f.core.proto == 17 && (f.core.dst_port == 53 || f.core.src_port == 53))
        .count();
    assert_eq!(expired(&lake, "age"), dns as u64);
    assert!(of(443) > 0);
    let error = Lake::open(dir.path(), Settings { classes: vec![class("A b", "any", None)], ..small() }, clock).err();
    assert!(error.expect("refused").to_string().contains("class \"A b\""));
}

/// What the disk of [`free`] holds, with the segments.
static ROOM: AtomicU64 = AtomicU64::new(u64::MAX);

fn free(path: &Path) -> std::io::Result<u64> {
    Ok(ROOM.load(Ordering::Relaxed).saturating_sub(octets(path)))
}

fn octets(path: &Path) -> u64 {
    files(path).iter().filter_map(|file| fs::metadata(file).ok()).map(|file| file.len()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_disk_never_fills() {
    let dir = tempfile::tempdir().expect("a directory");
    let settings = Settings { free_space: free, min_free: 1 << 20, ..small() };
    let lake = sealed(dir.path(), settings, 3_000).await;
    let before = lake.segments().len();
    // A little less than shall be free: one old segment makes room.
    ROOM.store(octets(dir.path()) + (1 << 20) - 10, Ordering::Relaxed);
    lake.retain().await.expect("applied");
    assert_eq!(lake.segments().len(), before - 1);
    assert!(expired(&lake, "watermark") > 0);
    // Everything that may go is gone and there is still no space: nothing more is taken, and it says so.
    ROOM.store(1_000, Ordering::Relaxed);
    lake.retain().await.expect("applied");
    assert!(lake.segments().is_empty());
    let batch = batch(&flows(0..10));
    let error = lake.append(&FLOWS, batch.clone()).await.expect_err("refused");
    assert!(error.is_full() && error.to_string().contains("lake.min_free"), "{error}");
    assert_eq!(labelled(&lake, "minamo_lake_refused_total", "watermark"), 1);
    ROOM.store(u64::MAX, Ordering::Relaxed);
    lake.retain().await.expect("applied");
    lake.append(&FLOWS, batch).await.expect("taken again");
    assert_eq!(ids(&lake).await.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_forecast_follows_rate_and_room() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = sealed(dir.path(), Settings { max_bytes: Some(1 << 30), ..small() }, 2_000).await;
    let forecast = lake.forecast();
    assert_eq!(forecast.capacity, 1 << 30);
    assert!(forecast.days_held > 0.4 && forecast.days_held <= 0.5, "{forecast:?}");
    let (days, per_day) = (forecast.days_of_history.expect("a rate"), forecast.per_day);
    assert!((days - (1_u64 << 30) as f64 / per_day).abs() < 1e-6 && forecast.days_left.expect("by space") < days);
}

/// Flips a bit in the middle of the largest segment.
fn damage(dir: &Path) -> PathBuf {
    let size = |path: &PathBuf| fs::metadata(path).expect("there").len();
    let file = files(&dir.join("segments")).into_iter().max_by_key(size).expect("a segment");
    let at = size(&file) / 3;
    let open = OpenOptions::new().read(true).write(true).open(&file).expect("opens");
    let mut octet = [0];
    open.read_exact_at(&mut octet, at).expect("readable");
    open.write_all_at(&[octet[0] ^ 8], at).expect("written");
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_is_never_served() {
    let dir = tempfile::tempdir().expect("a directory");
    sealed(dir.path(), small(), 3_000).await.close().await.expect("closed");
    let file = damage(dir.path());
    let lake = open(dir.path());
    let name = file.file_name().expect("a name").to_string_lossy().into_owned();
    let top = TopQuery {
        from: None,
        to: None,
        filter: minamo_filter::Expr::All,
        keys: vec![Key::named("src_ip").expect("a column")],
        by: By::Bytes,
        limit: 5,
    };
    let error = lake.top(top).await.expect_err("damaged").to_string();
    assert!(error.contains(&name) && error.contains("not what was written"), "{error}");
    let page = FlowsQuery { from: None, to: None, filter: minamo_filter::Expr::All, limit: 10_000, cursor: None };
    assert!(lake.flows(page).await.is_err());
    let wrong = lake.verify(|_| {});
    assert_eq!(wrong.len(), 1);
    assert!(wrong[0].to_string().contains(&name), "{}", wrong[0]);
    assert!(counter(&lake, "minamo_lake_damaged_total") >= 1);
    // Merging it is refused as well: the damage does not spread.
    assert!(lake.seal().await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_catalog_is_made_anew_from_the_segments() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    for part in 0..4_u64 {
        append(&lake, &flows(part * 300..part * 300 + 300)).await;
        lake.seal().await.expect("sealed");
    }
    lake.compact().await.expect("merged");
    append(&lake, &flows(1_200..1_300)).await;
    lake.seal().await.expect("sealed");
    append(&lake, &flows(1_300..1_350)).await;
    drop(lake);
    for file in ["catalog.db", "catalog.db-wal", "catalog.db-shm"] {
        drop(fs::remove_file(dir.path().join(file)));
    }
    let found = Lake::rebuild(dir.path()).expect("made anew");
    assert_eq!((found.rows, found.damaged.len()), (1_300, 0));
    let lake = open(dir.path());
    assert_eq!(ids(&lake).await, ids_of(&flows(0..1_350)), "segments and log, each row once");
    assert!(lake.verify(|_| {}).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn rebuilding_moves_unreadable_files_aside_and_names_them() {
    let dir = tempfile::tempdir().expect("a directory");
    sealed(dir.path(), small(), 500).await.close().await.expect("closed");
    let file = files(&dir.path().join("segments")).remove(0);
    fs::write(&file, b"PAR1 nonsense").expect("written");
    let found = Lake::rebuild(dir.path()).expect("made anew");
    assert_eq!(found.damaged.len(), 1);
    assert!(found.damaged[0].to_string().contains(&file.file_name().expect("a name").to_string_lossy().into_owned()));
    assert!(dir.path().join("damaged").join(file.file_name().expect("a name")).is_file());
    assert!(dir.path().join("catalog.db.old").is_file());
    let rows = found.rows;
    assert_eq!(ids(&open(dir.path())).await.len() as u64, rows);
}
