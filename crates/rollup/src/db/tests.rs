// SPDX-License-Identifier: Apache-2.0
//! The database of rollups: what it keeps, what goes, what it refuses.

use minamo_base::Time;
use minamo_model::{Flow, FlowBuilder};

use super::*;
use crate::change::MAX_APPS;
use crate::cube::{Cube, Dim, Facts, Names};
use crate::spread::MINUTE;

fn cube(flows: &[(i64, i64, u64, String)]) -> (Cube, Names) {
    let mut builder = FlowBuilder::default();
    for (start, end, bytes, app) in flows {
        let mut flow = Flow::default();
        (flow.core.time_start, flow.core.time_end) = (Time(start * MINUTE), Time(end * MINUTE));
        (flow.core.src_bytes, flow.core.proto, flow.core.app) = (*bytes, 6, app.clone().into());
        builder.append(&flow);
    }
    let mut names = Names::default();
    let facts = Facts::of(&builder.finish().expect("a batch"), &mut names).expect("facts");
    let mut cube = Cube::new(EVER);
    (0..facts.rows()).for_each(|row| cube.add(&facts, row));
    (cube, names)
}

fn wanted(filters: &[(&str, Range<i64>)]) -> Vec<Wanted> {
    filters.iter().map(|(filter, scope)| Wanted { filter: (*filter).to_owned(), scope: scope.clone() }).collect()
}

fn sync(db: &mut Db, filters: &[(&str, Range<i64>)], base: u64) -> Vec<Channel> {
    let change = db.change().expect("a change");
    change.sync(&wanted(filters), base, Some(0)).expect("synced");
    let channels = change.channels().expect("channels");
    change.commit().expect("committed");
    channels
}

fn add(db: &mut Db, channel: i64, flows: &[(i64, i64, u64, String)]) -> u64 {
    let (cube, names) = cube(flows);
    let mut change = db.change().expect("a change");
    change.add(channel, &cube, &names).expect("added");
    let crowded = change.crowded();
    change.commit().expect("committed");
    crowded
}

fn sums(db: &Db, channel: i64, dim: Dim, minutes: Range<i64>, step: i64) -> Vec<(String, Vec<u64>)> {
    let mut grid = Grid::new(minutes.clone(), step).expect("a grid");
    db.snapshot().expect("a snapshot").read(channel, &Ask { line: 0, dim, minutes }, &mut grid).expect("read");
    grid.into_lines().map(|((_, key), cells)| (key, cells.iter().map(Cell::bytes).collect())).collect()
}

fn tls() -> String {
    "TLS".to_owned()
}

#[test]
fn all_tables_say_the_same_whatever_the_range() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut db = Db::open(&dir.path().join("rollups.db")).expect("opens");
    let id = sync(&mut db, &[("any", EVER)], 0)[0].id;
    for n in 0..40 {
        add(&mut db, id, &[(n * 37 - 500, n * 37 - 500 + n * 3, 1_000 + n.unsigned_abs(), tls())]);
    }
    for (from, to) in [(-600, 1_200), (-59, 61), (-60, 60), (0, 60), (1, 59), (1, 61), (-1_441, 1_441), (7, 8)] {
        let minutes: u64 = sums(&db, id, Dim::Total, from..to, 1).iter().flat_map(|(_, line)| line).sum();
        for step in [60, 120, 1_440, 7, 5, 15] {
            let steps: u64 = sums(&db, id, Dim::Total, from..to, step).iter().flat_map(|(_, line)| line).sum();
            assert_eq!(steps, minutes, "{from} to {to} by {step}");
        }
        let whole = from.div_euclid(5) * 5..(to + 4).div_euclid(5) * 5;
        let by_fives: Vec<_> = sums(&db, id, Dim::App, whole.clone(), 5).into_iter().map(|(_, line)| line).collect();
        let by_minutes = sums(&db, id, Dim::App, whole, 1).into_iter();
        let by_minutes = by_minutes.map(|(_, line)| line.chunks(5).map(|c| c.iter().sum()).collect());
        assert_eq!(by_fives, by_minutes.collect::<Vec<Vec<u64>>>(), "{from} to {to}, step by step");
        let apps: u64 = sums(&db, id, Dim::App, from..to, 60).iter().flat_map(|(_, line)| line).sum();
        assert_eq!(apps, minutes);
    }
    let all: u64 = sums(&db, id, Dim::Total, -2_000..3_000, 5).iter().flat_map(|(_, line)| line).sum();
    assert_eq!(all, (0..40).map(|n| 1_000 + n).sum::<u64>());
}

#[test]
fn a_change_that_is_not_committed_did_not_happen() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("rollups.db");
    let mut db = Db::open(&path).expect("opens");
    let id = sync(&mut db, &[("any", EVER)], 7)[0].id;
    let (cube, names) = cube(&[(0, 1, 50, tls())]);
    let mut change = db.change().expect("a change");
    change.add(id, &cube, &names).expect("added");
    change.rolled(id, 9).expect("rolled");
    drop(change);
    drop(db);
    let db = Db::open(&path).expect("opens again");
    assert!(sums(&db, id, Dim::Total, 0..10, 1).is_empty());
    let channel = db.snapshot().expect("a snapshot").channels().expect("channels").remove(0);
    assert_eq!((channel.through, channel.base, channel.filled, channel.since), (7, 7, false, Some(0)));
    let other = Db::open_beside(&path).expect("opens beside");
    assert_eq!(other.snapshot().expect("a snapshot").channels().expect("channels"), vec![channel]);
}

#[test]
fn what_nobody_wants_goes_and_what_grew_begins_anew() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut db = Db::open(&dir.path().join("rollups.db")).expect("opens");
    let first = sync(&mut db, &[("a", EVER), ("b", EVER)], 3);
    for channel in &first {
        add(&mut db, channel.id, &[(0, 2_800, 2_800, tls())]);
    }
    // `a` was replaced at minute 600, `b` is gone, `c` is new.
    let second = sync(&mut db, &[("a", 0..600), ("c", EVER)], 5);
    assert_eq!(second.iter().map(|c| (c.filter.as_str(), c.base)).collect::<Vec<_>>(), [("a", 3), ("c", 5)]);
    assert_eq!(second[0].id, first[0].id);
    assert_eq!(sums(&db, first[0].id, Dim::Total, 0..3_000, 3_000), vec![(String::new(), vec![1_440])], "whole days");
    assert_eq!(sums(&db, first[0].id, Dim::Total, 0..3_000, 1_500)[0].1.len(), 2);
    assert!(sums(&db, first[1].id, Dim::Total, 0..3_000, 60).is_empty());
    let third = sync(&mut db, &[("a", EVER)], 8);
    assert!(third[0].id > second[1].id, "a number of its own");
    assert!(sums(&db, third[0].id, Dim::Total, 0..3_000, 60).is_empty() && third[0].base == 8 && !third[0].filled);
}

#[test]
fn applications_beyond_the_bound_share_a_line() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut db = Db::open(&dir.path().join("rollups.db")).expect("opens");
    let id = sync(&mut db, &[("any", EVER)], 0)[0].id;
    let flow = |n: usize| (5, 5, 1, format!("app{n:04}"));
    assert_eq!(add(&mut db, id, &(0..MAX_APPS).map(flow).collect::<Vec<_>>()), 0);
    assert_eq!(add(&mut db, id, &(MAX_APPS - 1..MAX_APPS + 10).map(flow).collect::<Vec<_>>()), 10);
    let lines = sums(&db, id, Dim::App, 0..60, 60);
    assert_eq!(lines.len(), MAX_APPS + 1);
    assert_eq!(lines[0], (String::new(), vec![10]));
    assert_eq!(lines[MAX_APPS], (format!("app{:04}", MAX_APPS - 1), vec![2]), "one that has a line keeps it");
}

#[test]
fn old_days_go_and_are_counted() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut db = Db::open(&dir.path().join("rollups.db")).expect("opens");
    let id = sync(&mut db, &[("any", EVER)], 0)[0].id;
    add(&mut db, id, &[(0, 0, 1, tls()), (1_439, 1_439, 2, tls()), (1_440, 1_440, 4, tls())]);
    let change = db.change().expect("a change");
    assert_eq!(change.expire(2_000).expect("expired"), 3 * (2 + 2 + 1), "hours, half days, days");
    assert_eq!(change.expire(2_100).expect("expired"), 0);
    assert_eq!(change.kept_from().expect("known"), 1_440);
    change.commit().expect("committed");
    assert_eq!(
        sums(&db, id, Dim::Total, 0..2_880, 1),
        sums(&db, id, Dim::Total, 1_440..2_880, 1)
            .iter()
            .map(|(k, v)| (k.clone(), [vec![0; 1_440], v.clone()].concat()))
            .collect::<Vec<_>>()
    );
    assert_eq!(sums(&db, id, Dim::Total, 0..2_880, 60)[0].1.iter().sum::<u64>(), 4);
}

#[test]
fn foreign_and_newer_files_are_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("rollups.db");
    std::fs::write(&path, [7; 4_096]).expect("written");
    let error = Db::open(&path).expect_err("refused");
    assert!(error.is_damaged(), "{error}");
    std::fs::remove_file(&path).expect("removed");
    let mut db = Db::open(&path).expect("opens");
    let id = sync(&mut db, &[("any", EVER)], 0)[0].id;
    add(&mut db, id, &[(0, 0, 1, tls())]);
    db.connection.execute("UPDATE minutes SET cells = x'ff'", []).expect("changed");
    let mut grid = Grid::new(0..60, 1).expect("a grid");
    let ask = Ask { line: 0, dim: Dim::Total, minutes: 0..60 };
    let error = db.snapshot().expect("a snapshot").read(id, &ask, &mut grid).expect_err("refused");
    assert!(error.is_damaged() && error.to_string().contains("channel 1 at 0"), "{error}");
    db.connection.pragma_update(None, "user_version", 99).expect("set");
    drop(db);
    assert!(Db::open(&path).expect_err("refused").to_string().contains("format version 99, want at most 3"));
}

#[test]
fn a_database_of_the_first_version_is_read_as_it_is_and_gets_its_five_minutes_when_opened() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("rollups.db");
    let mut db = Db::open(&path).expect("opens");
    let id = sync(&mut db, &[("any", EVER)], 0)[0].id;
    for n in 0..90 {
        let app = format!("app{}", n % 3);
        add(&mut db, id, &[(n * 37 - 1_500, n * 37 - 1_500 + n, 1_000 + n.unsigned_abs(), app)]);
    }
    let of = |db: &Db| [Dim::Total, Dim::App].map(|dim| sums(db, id, dim, -2_003..4_001, 15));
    let want = of(&db);
    db.connection.execute_batch("DROP TABLE fives; PRAGMA user_version = 1;").expect("as it was");
    drop(db);
    assert_eq!(of(&Db::open_read_only(&path).expect("opens as it is")), want);
    let db = Db::open(&path).expect("brought to the newest version");
    assert_eq!(of(&db), want);
    let rows: i64 = db.connection.query_row("SELECT count(*) FROM fives", [], |row| row.get(0)).expect("counted");
    assert!(rows > 20, "got {rows}");
}
