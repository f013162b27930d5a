// SPDX-License-Identifier: Apache-2.0
//! How long charts of a month take from rollups. Made-up traffic: every minute of 30 days has flows of 60
//! applications and 2 protocols, on 5 channels.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use minamo_base::Time;
use minamo_model::{Flow, FlowBuilder};
use minamo_rollup::{Ask, Cube, Db, Dim, EVER, Facts, Grid, MINUTE, Names, Wanted};

const DAYS: i64 = 30;
const CHANNELS: usize = 5;
const APPS: i64 = 60;

/// Fills a database in `dir`, asks it, and prints the median of 15 times for each chart.
pub(crate) fn measure(dir: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir)?;
    let path = dir.join("rollups.db");
    ensure!(!path.exists(), "{}: is there already", path.display());
    let mut db = Db::open(&path)?;
    let change = db.change()?;
    let wanted: Vec<_> = (0..CHANNELS).map(|n| Wanted { filter: format!("dst_port = {n}"), scope: EVER }).collect();
    change.sync(&wanted, 0, None)?;
    let channels: Vec<i64> = change.channels()?.iter().map(|channel| channel.id).collect();
    change.commit()?;
    let begun = Instant::now();
    let mut flows = 0;
    for hour in 0..DAYS * 24 {
        flows += roll(&mut db, &channels, hour)?;
    }
    let bytes: u64 = std::fs::read_dir(dir)?.flatten().filter_map(|f| f.metadata().ok()).map(|m| m.len()).sum();
    println!("written {flows} flows, {} MB, {:.1} s", bytes / 1_000_000, begun.elapsed().as_secs_f64());
    for (what, dim, step) in [
        ("5 channels by minute", Dim::Total, 1),
        ("5 channels by 5 minutes", Dim::Total, 5),
        ("5 channels by hour", Dim::Total, 60),
        ("1 channel by hour and protocol", Dim::Protocol, 60),
        ("1 channel by hour and application", Dim::App, 60),
        ("1 channel by minute and protocol", Dim::Protocol, 1),
        ("1 channel by 5 minutes and application", Dim::App, 5),
    ] {
        let lines = if dim == Dim::Total { CHANNELS } else { 1 };
        let of = channels.get(..lines).context("channels")?;
        let mut times = (0..15).map(|_| read(&db, of, dim, step)).collect::<anyhow::Result<Vec<_>>>()?;
        times.sort_by(f64::total_cmp);
        println!("{:.2} ms: {what}", times.get(7).context("times")?);
    }
    drop(db);
    Ok(std::fs::remove_dir_all(dir)?)
}

fn roll(db: &mut Db, channels: &[i64], hour: i64) -> anyhow::Result<usize> {
    let mut builder = FlowBuilder::default();
    for minute in hour * 60..hour * 60 + 60 {
        for app in 0..APPS {
            let mut flow = Flow::default();
            let start = minute * MINUTE + app * 1_000_000;
            (flow.core.time_start, flow.core.time_end) = (Time(start), Time(start + (app % 4) * 20_000_000_000));
            (flow.core.src_bytes, flow.core.dst_bytes) = (1_000 * app.unsigned_abs(), 50_000 + minute.unsigned_abs());
            (flow.core.src_packets, flow.core.dst_packets) = (10, 40);
            flow.core.proto = if app % 4 == 0 { 17 } else { 6 };
            flow.core.app = format!("App{app}").into();
            builder.append(&flow);
        }
    }
    let mut names = Names::default();
    let facts = Facts::of(&builder.finish()?, &mut names)?;
    let mut change = db.change()?;
    for channel in channels {
        let mut cube = Cube::new(EVER);
        (0..facts.rows()).for_each(|row| cube.add(&facts, row));
        change.add(*channel, &cube, &names)?;
    }
    change.commit()?;
    Ok(facts.rows())
}

/// Milliseconds that it took.
fn read(db: &Db, channels: &[i64], dim: Dim, step: i64) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let minutes = 0..DAYS * 1_440;
    let mut grid = Grid::new(minutes.clone(), step).context("a grid")?;
    let snapshot = db.snapshot()?;
    for (line, channel) in channels.iter().enumerate() {
        snapshot.read(*channel, &Ask { line, dim, minutes: minutes.clone() }, &mut grid)?;
    }
    ensure!(grid.lines().count() >= channels.len(), "lines are missing");
    Ok(begun.elapsed().as_secs_f64() * 1_000.0)
}
