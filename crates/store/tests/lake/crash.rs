// SPDX-License-Identifier: Apache-2.0
//! Crashes: a copy of the directory at some instant is what a crash at that instant leaves behind.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write as _};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use minamo_model::FLOWS;
use minamo_store::{Lake, Settings, StoreError};

use crate::rows::*;

fn logs(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(dir.join("wal")).expect("readable").map(|e| e.expect("an entry").path()).collect();
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_at_any_step_has_every_acknowledged_row_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let copies = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    let mut step = 0_u64;
    let mut taken = Vec::new();
    for round in 0..5_u64 {
        for part in 0..3 {
            let from = round * 300 + part * 100;
            append(&lake, &flows(from..from + 100)).await;
            let copy_to = copies.path().join(step.to_string());
            copy(dir.path(), &copy_to);
            taken.push((copy_to, from + 100));
            step += 1;
        }
        lake.seal().await.expect("sealed");
        // Nothing moves while the copy is made, or it would be no image of one instant.
        lake.compact().await.expect("compacted");
        let copy_to = copies.path().join(step.to_string());
        copy(dir.path(), &copy_to);
        taken.push((copy_to, (round + 1) * 300));
        step += 1;
    }
    for (copy, rows) in taken {
        let lake = open(&copy);
        assert_eq!(ids(&lake).await, ids_of(&flows(0..rows)), "{}", copy.display());
        drop(lake);
        let again = open(&copy);
        again.seal().await.expect("sealed");
        assert_eq!(ids(&again).await.len() as u64, rows);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_segment_and_catalog_or_catalog_and_release_changes_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    append(&lake, &flows(0..400)).await;
    let unsealed = tempfile::tempdir().expect("a directory");
    copy(dir.path(), unsealed.path());
    lake.seal().await.expect("sealed");
    drop(lake);
    // Segments written, the catalog does not know them: they are orphans, the log has the rows.
    let early = tempfile::tempdir().expect("a directory");
    copy(unsealed.path(), early.path());
    copy(&dir.path().join("segments"), &early.path().join("segments"));
    fs::write(early.path().join("segments/flows/half.tmp"), b"half").expect("written");
    let lake = open(early.path());
    assert_eq!(ids(&lake).await, ids_of(&flows(0..400)));
    assert_eq!(counter(&lake, "minamo_lake_recovered_rows_total"), 400);
    assert!(counter(&lake, "minamo_lake_deleted_files_total") >= 7);
    drop(lake);
    // The catalog knows the segments, the log is still there: its frames are skipped.
    let late = tempfile::tempdir().expect("a directory");
    copy(dir.path(), late.path());
    copy(&unsealed.path().join("wal"), &late.path().join("wal"));
    let lake = open(late.path());
    assert_eq!(counter(&lake, "minamo_lake_recovered_rows_total"), 0);
    assert_eq!(ids(&lake).await, ids_of(&flows(0..400)));
    assert!(logs(late.path()).is_empty(), "the log is released at start");
    append(&lake, &flows(400..500)).await;
    drop(lake);
    assert_eq!(ids(&open(late.path())).await, ids_of(&flows(0..500)), "numbers go on where they were");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_end_is_cut_and_counted() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    for n in 0..5 {
        append(&lake, &flows(n * 10..n * 10 + 10)).await;
    }
    drop(lake);
    let log = logs(dir.path()).pop().expect("a log file");
    let whole = fs::read(&log).expect("readable");
    for (cut, rows) in [(whole.len() - 1, 40), (whole.len() - 900, 40), (24, 0), (10, 0), (0, 0)] {
        let copied = tempfile::tempdir().expect("a directory");
        copy(dir.path(), copied.path());
        fs::write(logs(copied.path()).pop().expect("a log file"), &whole[..cut]).expect("written");
        let lake = open(copied.path());
        assert_eq!(ids(&lake).await, ids_of(&flows(0..rows)), "cut at {cut}");
        assert_eq!(counter(&lake, "minamo_lake_wal_cut_total"), u64::from(cut != 24), "cut at {cut}");
        append(&lake, &flows(rows..rows + 5)).await;
        drop(lake);
        let lake = open(copied.path());
        assert_eq!(ids(&lake).await, ids_of(&flows(0..rows + 5)));
        assert_eq!(counter(&lake, "minamo_lake_wal_cut_total"), 0, "it is cut once");
    }
    // Zeros after the end, as a file system leaves them, and a flipped bit in the last frame.
    OpenOptions::new().append(true).open(&log).and_then(|mut f| f.write_all(&[0; 4096])).expect("written");
    let lake = open(dir.path());
    assert_eq!(ids(&lake).await, ids_of(&flows(0..50)));
    assert_eq!(counter(&lake, "minamo_lake_wal_cut_bytes_total"), 4_096);
    drop(lake);
    let file = OpenOptions::new().write(true).open(&log).expect("opens");
    file.write_all_at(&[whole[whole.len() - 100] ^ 1], whole.len() as u64 - 100).expect("written");
    assert_eq!(ids(&open(dir.path())).await, ids_of(&flows(0..40)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_in_the_middle_of_the_log_costs_one_batch_and_is_counted() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    for n in 0..5 {
        append(&lake, &flows(n * 10..n * 10 + 10)).await;
    }
    drop(lake);
    let log = logs(dir.path()).pop().expect("a log file");
    let mut octets = fs::read(&log).expect("readable");
    // In the third of five batches of about one size.
    let middle = octets.len() / 2;
    octets[middle] ^= 4;
    fs::write(&log, octets).expect("written");
    let want = ids_of(&[flows(0..20), flows(30..50)].concat());
    for _ in 0..2 {
        let lake = open(dir.path());
        assert_eq!(ids(&lake).await, want);
        assert_eq!(counter(&lake, "minamo_lake_wal_skipped_total"), 1);
        lake.close().await.expect("closed");
        assert!(log.is_file(), "kept for whoever can read it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn newer_and_foreign_files_are_refused_with_their_name() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    append(&lake, &flows(0..5)).await;
    drop(lake);
    let log = logs(dir.path()).pop().expect("a log file");
    let mut octets = fs::read(&log).expect("readable");
    octets[8] = 9;
    fs::write(&log, octets).expect("written");
    let error = Lake::open(dir.path(), small(), clock).err().expect("refused");
    let want = format!("{} has format version 9, want at most 2: it was written by a newer version", log.display());
    assert_eq!(error.to_string(), want);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_write_is_refused_with_its_path_and_the_lake_goes_on() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    append(&lake, &flows(0..50)).await;
    lake.seal().await.expect("sealed");
    // Nobody can make a file where the directory is not one: the same path as a full disk.
    fs::remove_dir(dir.path().join("wal")).expect("empty");
    fs::write(dir.path().join("wal"), b"").expect("written");
    let error = lake.append(&FLOWS, batch(&flows(50..60))).await.expect_err("refused");
    assert!(matches!(&error, StoreError::Io { path, .. } if path.starts_with(dir.path().join("wal"))), "{error}");
    assert_eq!(ids(&lake).await, ids_of(&flows(0..50)), "what was refused is not there");
    fs::remove_file(dir.path().join("wal")).expect("removed");
    fs::create_dir(dir.path().join("wal")).expect("made");
    append(&lake, &flows(50..70)).await;
    drop(lake);
    assert_eq!(ids(&open(dir.path())).await, ids_of(&flows(0..70)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_seal_keeps_the_rows_and_succeeds_later() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    append(&lake, &flows(0..300)).await;
    let segments = dir.path().join("segments");
    fs::remove_dir_all(&segments).expect("removed");
    fs::write(&segments, b"").expect("written");
    let error = lake.seal().await.expect_err("no place for segments");
    assert!(error.to_string().contains("segments/flows"), "{error}");
    assert_eq!(counter(&lake, "minamo_lake_seal_errors_total"), 1);
    assert_eq!(ids(&lake).await, ids_of(&flows(0..300)));
    fs::remove_file(&segments).expect("removed");
    append(&lake, &flows(300..310)).await;
    assert_eq!(lake.seal().await.expect("sealed"), 310);
    drop(lake);
    assert_eq!(ids(&open(dir.path())).await, ids_of(&flows(0..310)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buffer_that_cannot_be_sealed_fills_up_and_then_refuses() {
    let dir = tempfile::tempdir().expect("a directory");
    let settings = Settings { seal_rows: 100, stall_factor: 3, ..small() };
    let lake = Lake::open(dir.path(), settings, clock).expect("opens");
    let segments = dir.path().join("segments");
    fs::remove_dir(&segments).expect("empty");
    fs::write(&segments, b"").expect("written");
    let mut taken = 0;
    let refused = loop {
        match lake.append(&FLOWS, batch(&flows(taken..taken + 50))).await {
            Ok(()) => taken += 50,
            Err(error) => break error,
        }
        assert!(taken <= 1_000, "the buffer has a bound");
    };
    assert!(matches!(refused, StoreError::Stalled(_)), "{refused}");
    assert!(refused.to_string().contains("segments/flows"), "{refused}");
    assert_eq!(ids(&lake).await, ids_of(&flows(0..taken)), "what was acknowledged is there");
    fs::remove_file(&segments).expect("removed");
    append(&lake, &flows(taken..taken + 200)).await;
    drop(lake);
    assert_eq!(ids(&open(dir.path())).await, ids_of(&flows(0..taken + 200)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_catalog_is_not_taken_for_an_empty_lake() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    append(&lake, &flows(0..10)).await;
    lake.close().await.expect("closed");
    fs::remove_file(dir.path().join("catalog.db")).expect("removed");
    let error = Lake::open(dir.path(), small(), clock).err().expect("refused").to_string();
    assert!(
        error.ends_with(
            "catalog.db: is missing or empty, but there are segments: bring it back from a backup, or run `minamo lake \
             rebuild`"
        ),
        "{error}"
    );
}

/// The child of the next test: appends and tells what was acknowledged, until it is killed.
#[tokio::test(flavor = "multi_thread")]
async fn child_that_appends() {
    let Ok(dir) = std::env::var("MINAMO_LAKE_TEST_DIR") else { return };
    let settings = Settings { seal_rows: 700, compact_segments: 2, wal_file_bytes: 32 << 10, ..small() };
    let lake = Lake::open(Path::new(&dir), settings, clock).expect("opens");
    let start = ids(&lake).await.len() as u64;
    for n in 0..10_000 {
        let from = start + n * 20;
        lake.append(&FLOWS, batch(&flows(from..from + 20))).await.expect("appended");
        println!("acknowledged {}", from + 20);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_kills_lose_nothing_that_was_acknowledged() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut known = 0;
    for round in 0..200_u64 {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "crash::child_that_appends", "--nocapture"])
            .env("MINAMO_LAKE_TEST_DIR", dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        // In the middle of recovery, appends, seals and merges, each time somewhere else.
        let stop_at = known + mix(round) % 1_200;
        // Kept until the end: the child goes on telling, and would otherwise end by itself.
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        for line in lines.by_ref() {
            let Some(rows) =
                line.expect("text").rsplit_once("acknowledged ").map(|(_, n)| n.parse::<u64>().expect("a number"))
            else {
                continue;
            };
            known = rows;
            if rows >= stop_at {
                break;
            }
        }
        std::thread::sleep(std::time::Duration::from_micros(mix(round + 1_000) % 9_000));
        child.kill().expect("killed");
        child.wait().expect("ended");
        let lake = open(dir.path());
        assert_eq!(counter(&lake, "minamo_lake_missing_files_total"), 0);
        // More may be there than was told: acknowledged between the last line read and the kill.
        let counts = ask(&lake, "SELECT count(*), count(DISTINCT flow_id) FROM flows").await;
        let counts: Vec<u64> = counts.concat().split('|').map(|n| n.trim().parse().expect("a number")).collect();
        assert!(counts[0] >= known, "round {round}: {counts:?}, {known} were acknowledged");
        assert_eq!(counts[0], counts[1], "round {round}: a row is there twice");
        known = counts[0];
        if round % 20 == 19 {
            assert_eq!(ids(&lake).await, ids_of(&flows(0..known)), "round {round}: each row once");
        }
    }
    assert!(known > 50_000, "{known} rows only");
}

/// A closed lake of two seals, with rows in its log.
async fn two_segments(dir: &Path) -> Vec<String> {
    let lake = open(dir);
    for part in 0..2 {
        append(&lake, &flows(part * 300..part * 300 + 300)).await;
        lake.seal().await.expect("sealed");
    }
    // No merge is at work, and no file is left that the catalog does not name.
    lake.compact().await.expect("merged");
    append(&lake, &flows(600..650)).await;
    drop(lake);
    ids_of(&flows(0..650))
}

fn segment_files(dir: &Path) -> usize {
    let hours = fs::read_dir(dir).expect("readable").map(|entry| entry.expect("an entry").path());
    hours.map(|path| if path.is_dir() { segment_files(&path) } else { usize::from(is_segment(&path)) }).sum()
}

fn is_segment(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "parquet")
}

/// What must hold whatever became of a catalog: an error that names it, or all rows and nothing else; and the segments
/// are all there still, so that it can be made anew.
async fn refused_or_right(dir: &Path, want: &[String], what: &str) -> bool {
    let before = segment_files(dir);
    match Lake::open(dir, small(), clock) {
        Err(error) => {
            assert!(error.to_string().contains("catalog.db"), "{what}: {error}");
            assert_eq!(segment_files(dir), before, "{what}");
        }
        Ok(lake) => match lake.sql("SELECT flow_id FROM flows ORDER BY flow_id", 10_000).await {
            Ok(answer) => {
                assert_eq!(answer.batches.iter().flat_map(texts).collect::<Vec<_>>(), want, "{what}");
                return false;
            }
            Err(error) => println!("{what}: {error}"),
        },
    }
    Lake::rebuild(dir).expect(what);
    assert_eq!(ids(&open(dir)).await, want, "{what}, made anew");
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_that_was_cut_off_is_refused_and_made_anew() {
    let (dir, copies) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let want = two_segments(dir.path()).await;
    let whole = fs::metadata(dir.path().join("catalog.db")).expect("a catalog").len();
    for length in [0, 1, 100, 4_096, whole / 2, whole - 4_096] {
        let copy_to = copies.path().join(length.to_string());
        copy(dir.path(), &copy_to);
        let file = OpenOptions::new().write(true).open(copy_to.join("catalog.db")).expect("opens");
        file.set_len(length).expect("cut");
        assert!(refused_or_right(&copy_to, &want, &format!("cut to {length}")).await, "cut to {length}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn flipped_bits_of_a_catalog_delete_and_change_nothing() {
    let (dir, copies) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let want = two_segments(dir.path()).await;
    let whole = fs::read(dir.path().join("catalog.db")).expect("a catalog");
    let used: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] != 0).collect();
    let mut refused = 0;
    for round in 0..60_u64 {
        let place = used[usize::try_from(mix(round)).expect("64 bits") % used.len()];
        let copy_to = copies.path().join(round.to_string());
        copy(dir.path(), &copy_to);
        let mut spoilt = whole.clone();
        spoilt[place] ^= 1 << (mix(round + 100) % 8);
        fs::write(copy_to.join("catalog.db"), spoilt).expect("written");
        refused += usize::from(refused_or_right(&copy_to, &want, &format!("octet {place}")).await);
    }
    assert!(refused > 10, "most of what a catalog says is told from what it does not: {refused}");
}
