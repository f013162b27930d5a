// SPDX-License-Identifier: Apache-2.0
//! Rollups: a chart from them is what a chart from the rows is, whatever happened in between.

use std::fs;
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use minamo_base::Time;
use minamo_model::FLOWS;
use minamo_store::{
    By, Cell, Dim, EVER, Key, Lake, MINUTE, RollupChart, RollupLine, RollupPart, RollupQuery, SeriesQuery, Settings,
    Wanted, minute,
};

use crate::rows::*;

const FILTERS: [&str; 4] = ["any", "dst_port = 443", "src net 192.0.2.0/28 and not app = DNS", "tls_sni ~ \"*.org\""];

fn wanted(filters: &[&str]) -> Vec<Wanted> {
    let canonical = |filter: &&str| minamo_filter::parse(filter).expect("a filter").to_string();
    filters.iter().map(|filter| Wanted { filter: canonical(filter), scope: EVER }).collect()
}

fn part(filter: &str, minutes: Range<i64>) -> RollupPart {
    RollupPart { minutes, filter: minamo_filter::parse(filter).expect("a filter") }
}

/// All minutes that the rows of the tests touch.
fn day() -> Range<i64> {
    minute(DAY)..minute(DAY + 9 * HOUR)
}

async fn chart(lake: &Lake, filter: &str, minutes: Range<i64>, step: i64, dim: Dim) -> RollupChart {
    let lines = vec![RollupLine { parts: vec![part(filter, minutes.clone())] }];
    lake.chart(RollupQuery { lines, minutes, step, dim, limit: 50 }).await.expect("a chart")
}

/// The same from the rows: octets or packets per step.
async fn series(
    lake: &Lake,
    filter: &str,
    minutes: Range<i64>,
    step: i64,
    by: By,
    split: Option<Key>,
) -> Vec<(String, Vec<u64>)> {
    let at = |minute: i64| Some(Time(minute * MINUTE));
    let query = SeriesQuery {
        from: at(minutes.start),
        to: at(minutes.end),
        filter: minamo_filter::parse(filter).expect("a filter"),
        split,
        by,
        limit: 50,
        step: Some(Duration::from_nanos((step * MINUTE).unsigned_abs())),
    };
    let found = lake.series(query).await.expect("a series");
    found.lines.into_iter().map(|(name, cells)| (name.map(|n| text(&n)).unwrap_or_default(), cells)).collect()
}

async fn agrees(lake: &Lake, filters: &[&str]) {
    for filter in filters {
        for (minutes, step) in [(day(), 1), (day(), 60), (day().start + 37..day().start + 211, 7)] {
            let found = chart(lake, filter, minutes.clone(), step, Dim::Total).await;
            assert_eq!(found.missing, [], "{filter}");
            let (_, _, cells) = found.lines.first().expect("a line");
            for by in [By::Bytes, By::Packets] {
                let got: Vec<u64> =
                    cells.iter().map(|c| if by == By::Bytes { c.bytes() } else { c.packets() }).collect();
                let rows = series(lake, filter, minutes.clone(), step, by, None).await;
                assert_eq!(got, rows[0].1, "{filter}, {minutes:?} by {step}, {}", by.name());
            }
        }
        let found = chart(lake, filter, day(), 60, Dim::Total).await;
        let got: Vec<u64> = found.lines[0].2.iter().map(|cell| cell.flows).collect();
        assert_eq!(got, series(lake, filter, day(), 60, By::Flows, None).await[0].1, "{filter}, flows");
        for (dim, column) in [(Dim::App, "app"), (Dim::Protocol, "proto")] {
            let found = chart(lake, filter, day(), 30, dim).await;
            let mut got: Vec<(String, Vec<u64>)> = found
                .lines
                .iter()
                .map(|(_, key, cells)| (key.clone(), cells.iter().map(|c| c.bytes()).collect()))
                .collect();
            let mut rows =
                series(lake, filter, day(), 30, By::Bytes, Some(Key::named(column).expect("a column"))).await;
            rows.retain(|(_, cells)| cells.iter().any(|n| *n > 0));
            got.sort();
            rows.sort();
            assert_eq!(got, rows, "{filter}, {column}");
        }
    }
}

async fn filled(lake: &Lake) {
    for _ in 0..6_000 {
        if lake.rollups().await.expect("a status").channels.iter().all(|channel| channel.filled) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the back-fill does not end: {:?}", lake.rollups().await);
}

fn label(lake: &Lake, name: &str, value: &str) -> u64 {
    let of =
        |sample: &&minamo_base::Sample| sample.metric.name == name && sample.labels().any(|(_, word)| word == value);
    lake.counters().iter().filter(of).map(|sample| sample.value).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_is_the_same_from_rollups_and_from_rows() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    append(&lake, &flows(0..900)).await;
    lake.seal().await.expect("sealed");
    append(&lake, &flows(900..1_300)).await;
    agrees(&lake, &FILTERS).await;
    // Of what comes now, some is back-filled, some rolled when it is sealed, some is still hot.
    lake.set_rollups(wanted(&FILTERS)).await.expect("set");
    filled(&lake).await;
    assert_eq!(label(&lake, "minamo_lake_rollup_rows_total", "segments"), 900);
    agrees(&lake, &FILTERS).await;
    lake.seal().await.expect("sealed");
    assert_eq!(label(&lake, "minamo_lake_rollup_rows_total", "seal"), 400);
    append(&lake, &flows(1_300..1_700)).await;
    agrees(&lake, &FILTERS).await;
    lake.compact().await.expect("compacted");
    drop(lake);
    let lake = open(dir.path());
    agrees(&lake, &FILTERS).await;
    assert_eq!(label(&lake, "minamo_lake_rollup_rows_total", "segments"), 0, "nothing is read again");
    // Now without the rows: the numbers come from the rollups.
    lake.seal().await.expect("sealed");
    let before = chart(&lake, "dst_port = 443", day(), 1, Dim::App).await;
    lake.expire(Time(i64::MAX)).await.expect("expired");
    assert_eq!(chart(&lake, "dst_port = 443", day(), 1, Dim::App).await, before);
    assert!(before.lines.iter().any(|(_, key, _)| key == "TLS"));
    let reader = Lake::open_read_only(dir.path(), small(), clock).expect("opens");
    assert_eq!(chart(&reader, "dst_port = 443", day(), 1, Dim::App).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_pass_the_same_rows_as_in_queries() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    append(&lake, &flows(0..1_000)).await;
    let filters = [
        "src ip 2001:db8::/64",
        "net 198.51.100.0/27",
        "port in [22 53]",
        "not tls_sni ~ \"host1*\"",
        "tls_alpn = h2",
        "flags S",
        "bytes > 100k",
        "duration > 30s",
        "bpp > 1000",
        "bps > 1M",
        "encrypted = true",
        "not encrypted = true",
        "splt_lengths < 0",
        "app ~ \"T*\" or proto udp",
        "time_start > 2026-11-22T03:00:00Z",
        "tls_sni =~ \"org$\"",
    ];
    let mut asked = 0;
    for filter in filters {
        // What this version of the language does not know is no matter here.
        let Ok(parsed) = minamo_filter::parse(filter) else { continue };
        asked += 1;
        let query = minamo_store::SummaryQuery { from: None, to: None, filter: parsed };
        let want = lake.summary(query).await.expect("a summary");
        let cells = chart(&lake, filter, day(), 600, Dim::Total).await.lines.remove(0).2;
        let got = (cells.iter().map(|c| c.bytes()).sum::<u64>(), cells.iter().map(|c| c.flows).sum::<u64>());
        assert_eq!(got, (want.bytes, want.flows), "{filter}");
    }
    assert!(asked >= 12, "only {asked} filters were asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_any_two_steps_counts_each_row_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    lake.set_rollups(wanted(&FILTERS)).await.expect("set");
    append(&lake, &flows(0..300)).await;
    lake.seal().await.expect("sealed");
    filled(&lake).await;
    append(&lake, &flows(300..700)).await;
    drop(lake);
    let before = tempfile::tempdir().expect("a directory");
    copy(dir.path(), before.path());
    let lake = open(dir.path());
    lake.seal().await.expect("sealed");
    drop(lake);
    let mixed = |rollups: &Path, rest: &Path| {
        let out = tempfile::tempdir().expect("a directory");
        copy(rest, out.path());
        for name in ["rollups.db", "rollups.db-wal", "rollups.db-shm"] {
            drop(fs::remove_file(out.path().join(name)));
            if rollups.join(name).exists() {
                fs::copy(rollups.join(name), out.path().join(name)).expect("copied");
            }
        }
        out
    };
    // Rolled, but the catalog does not know: the rows are hot and in already.
    let early = mixed(dir.path(), before.path());
    let lake = open(early.path());
    assert_eq!(counter(&lake, "minamo_lake_rollup_resets_total"), 0);
    agrees(&lake, &FILTERS).await;
    append(&lake, &flows(700..800)).await;
    lake.seal().await.expect("sealed");
    assert_eq!(counter(&lake, "minamo_lake_rollup_rows_total"), 100, "only what is new");
    agrees(&lake, &FILTERS).await;
    // A channel that begins in that state takes the hot rows that the others have already.
    let early = mixed(dir.path(), before.path());
    let lake = open(early.path());
    lake.set_rollups(wanted(&["any", "dst_port = 53"])).await.expect("set");
    lake.seal().await.expect("sealed");
    filled(&lake).await;
    agrees(&lake, &["any", "dst_port = 53"]).await;
    // The rollups are behind the catalog: they are not believed, and made anew.
    let late = mixed(before.path(), dir.path());
    let lake = open(late.path());
    assert_eq!(counter(&lake, "minamo_lake_rollup_resets_total"), 4);
    agrees(&lake, &FILTERS).await;
    filled(&lake).await;
    agrees(&lake, &FILTERS).await;
    // They are ahead of everything that is known: of another lake, or the log was lost.
    fs::remove_dir_all(before.path().join("wal")).expect("removed");
    let ahead = mixed(dir.path(), before.path());
    let lake = open(ahead.path());
    assert_eq!(counter(&lake, "minamo_lake_rollup_resets_total"), 4);
    filled(&lake).await;
    agrees(&lake, &FILTERS).await;
    // They are no database.
    fs::write(ahead.path().join("rollups.db"), [7; 9_000]).expect("written");
    drop(lake);
    fs::write(ahead.path().join("rollups.db"), [7; 9_000]).expect("written");
    let lake = open(ahead.path());
    assert_eq!(counter(&lake, "minamo_lake_rollup_errors_total"), 1);
    lake.set_rollups(wanted(&FILTERS)).await.expect("set");
    filled(&lake).await;
    agrees(&lake, &FILTERS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roll_that_fails_does_not_keep_rows_from_being_sealed() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    lake.set_rollups(wanted(&FILTERS)).await.expect("set");
    append(&lake, &flows(0..200)).await;
    lake.seal().await.expect("sealed");
    filled(&lake).await;
    // Another program holds the file for as long as a write waits.
    let other = rusqlite::Connection::open(dir.path().join("rollups.db")).expect("opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("held");
    append(&lake, &flows(200..400)).await;
    lake.seal().await.expect("sealed all the same");
    assert!(counter(&lake, "minamo_lake_rollup_errors_total") >= 1, "the back-fill may have tried as well");
    other.execute_batch("ROLLBACK").expect("let go");
    agrees(&lake, &FILTERS).await;
    for _ in 0..3_000 {
        if counter(&lake, "minamo_lake_rollup_resets_total") == 4 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    filled(&lake).await;
    agrees(&lake, &FILTERS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_with_different_filters_make_one_line() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    append(&lake, &flows(0..800)).await;
    lake.seal().await.expect("sealed");
    let cut = day().start + 150;
    let mut filters = wanted(&["any", "dst_port = 443"]);
    // The old filter is kept for its own time only.
    filters.push(Wanted { filter: wanted(&["proto = 17"])[0].filter.clone(), scope: EVER.start..cut });
    lake.set_rollups(filters).await.expect("set");
    filled(&lake).await;
    lake.expire(Time(i64::MAX)).await.expect("expired");
    let parts = vec![part("proto = 17", EVER.start..cut), part("dst_port = 443", cut..EVER.end)];
    let query = RollupQuery { lines: vec![RollupLine { parts }], minutes: day(), step: 1, dim: Dim::Total, limit: 0 };
    let cells = lake.chart(query).await.expect("a chart").lines.remove(0).2;
    let (old, new) = (
        chart(&lake, "proto = 17", day().start..cut, 1, Dim::Total).await.lines.remove(0).2,
        chart(&lake, "dst_port = 443", cut..day().end, 1, Dim::Total).await.lines.remove(0).2,
    );
    assert_eq!(cells, [old.clone(), new].concat());
    assert!(old.iter().any(|cell| cell.bytes() > 0));
    // Beyond its own time the old filter has no rollup, and there are no rows: nothing is made up.
    let beyond = chart(&lake, "proto = 17", cut..day().end, 1, Dim::Total).await;
    assert!(beyond.lines[0].2.iter().all(|cell| cell.flows == 0));
    // Wanted for ever again, it begins anew instead of claiming what it never counted.
    append(&lake, &flows(800..900)).await;
    lake.seal().await.expect("sealed");
    lake.set_rollups(wanted(&["proto = 17"])).await.expect("set");
    filled(&lake).await;
    agrees(&lake, &["proto = 17"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_days_go_are_counted_and_named_as_missing() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    lake.set_rollups(wanted(&["any"])).await.expect("set");
    append(&lake, &flows(0..300)).await;
    lake.seal().await.expect("sealed");
    filled(&lake).await;
    assert_eq!(lake.expire_rollups(Time(DAY + HOUR)).await.expect("expired"), 0, "the day is not over");
    let gone = lake.expire_rollups(Time(DAY + 24 * HOUR)).await.expect("expired");
    assert!(gone > 0);
    assert_eq!(counter(&lake, "minamo_lake_expired_rollups_total"), gone);
    let found = chart(&lake, "any", day(), 60, Dim::Total).await;
    assert_eq!(found.missing, [(0, day())]);
    assert!(found.lines[0].2.iter().all(|cell| *cell == Cell::ZERO));
    // What comes late for that day is not taken: half a day would look like a whole one.
    append(&lake, &flows(300..400)).await;
    lake.seal().await.expect("sealed");
    assert_eq!(chart(&lake, "any", day(), 60, Dim::Total).await, found);
}

/// The child of the next test: appends, seals, merges, and asks for other rollups than the last time.
#[tokio::test(flavor = "multi_thread")]
async fn child_that_rolls() {
    let Ok(dir) = std::env::var("MINAMO_ROLLUP_TEST_DIR") else { return };
    let round: usize = std::env::var("MINAMO_ROLLUP_TEST_ROUND").expect("set").parse().expect("a number");
    let settings = Settings { seal_rows: 300, compact_segments: 2, wal_file_bytes: 32 << 10, ..small() };
    let lake = Lake::open(Path::new(&dir), settings, clock).expect("opens");
    lake.set_rollups(wanted(&[FILTERS[0], FILTERS[1 + round % 3]])).await.expect("set");
    let start = ids(&lake).await.len() as u64;
    for n in 0..10_000 {
        let from = start + n * 20;
        lake.append(&FLOWS, batch(&flows(from..from + 20))).await.expect("appended");
        println!("acknowledged {}", from + 20);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_nine_leaves_every_row_counted_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut known = 0;
    for round in 0..6_u64 {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "rollups::child_that_rolls", "--nocapture"])
            .env("MINAMO_ROLLUP_TEST_DIR", dir.path())
            .env("MINAMO_ROLLUP_TEST_ROUND", round.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let stop_at = known + 300 + round * 370;
        for line in BufReader::new(child.stdout.take().expect("piped")).lines() {
            let rows = line.expect("text").rsplit_once("acknowledged ").map(|(_, n)| n.parse().expect("a number"));
            known = rows.unwrap_or(known);
            if known >= stop_at {
                break;
            }
        }
        child.kill().expect("killed");
        child.wait().expect("ended");
        let lake = open(dir.path());
        // As it was found, with a back-fill that is under way, and when it is over.
        agrees(&lake, &[FILTERS[0], FILTERS[1 + usize::try_from(round).expect("small") % 3]]).await;
        filled(&lake).await;
        agrees(&lake, &[FILTERS[0], FILTERS[1 + usize::try_from(round).expect("small") % 3]]).await;
        assert_eq!(counter(&lake, "minamo_lake_rollup_resets_total"), 0, "round {round}");
        known = ids(&lake).await.len() as u64;
    }
}
