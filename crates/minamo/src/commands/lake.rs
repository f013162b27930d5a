// SPDX-License-Identifier: Apache-2.0
//! `minamo lake`: what a lake is made of, whether it is whole, how long its history gets, and its upkeep.

use std::time::Duration;

use anyhow::Context as _;
use indicatif::ProgressBar;
use minamo_server::lake::types::{LakeHold, LakeHoldCreate, LakeHoldKind, LakeJob, LakeJobCreate, LakeJobKind};
use minamo_server::local::{Client, ClientError};
use minamo_server::query::types::Queries;
use minamo_state::Imports;
use minamo_store::{Forecast, Lake, NewHold};

use crate::cli::{Held, LakeArgs, LakeCommand, Place};
use crate::commands::place::{Access, open_to_read, open_to_write, place, say};
use crate::commands::sql::aligned;

/// Wait between two looks at what a server does.
const LOOK: Duration = Duration::from_millis(300);
/// Files of imports that are listed.
const MAX_IMPORTS: u32 = 1_000;

pub(crate) async fn run(args: LakeArgs) -> anyhow::Result<()> {
    let at = &args.place;
    match args.command {
        None => show(&open_to_read(at)?),
        Some(LakeCommand::Segments) => segments(&open_to_read(at)?),
        Some(LakeCommand::Columns) => columns(&open_to_read(at)?)?,
        Some(LakeCommand::Verify) => verify(at).await?,
        Some(LakeCommand::Rebuild) => rebuild(at)?,
        Some(LakeCommand::Compact) => upkeep(at, LakeJobKind::Compact).await?,
        Some(LakeCommand::Retain) => upkeep(at, LakeJobKind::Retain).await?,
        Some(LakeCommand::Seal) => upkeep(at, LakeJobKind::Seal).await?,
        Some(LakeCommand::Hold { from, to, kind, owner, reason }) => {
            let id = hold(at, NewHold { from, to, kind: kind.into(), owner, reason }, kind).await?;
            say(&format!("hold {id}: nothing is deleted from {from} to {to}\n"));
        }
        Some(LakeCommand::Release { id }) => {
            anyhow::ensure!(release(at, id).await?, "there is no hold {id}; `minamo lake` lists those that are");
            say(&format!("hold {id} has ended\n"));
        }
        Some(LakeCommand::Retained) => retained(&open_to_read(at)?),
        Some(LakeCommand::Imports) => imports(at)?,
        Some(LakeCommand::Jobs) => jobs(&server(at).await?).await?,
        Some(LakeCommand::Queries) => queries(&server(at).await?).await?,
        Some(LakeCommand::Stop { id }) => {
            match server(at).await?.delete(&format!("/queries/{id}")).await {
                Err(error) if error.is_missing() => {
                    anyhow::bail!("there is no query {id}; `minamo lake queries` lists those that are")
                }
                stopped => stopped?,
            }
            say(&format!("query {id} was stopped\n"));
        }
    }
    Ok(())
}

/// The lake to change, or the server that has it.
async fn access(args: &Place) -> anyhow::Result<Access> {
    let (settings, folder) = place(args)?;
    anyhow::ensure!(
        folder.join("lake").is_dir(),
        "{}: there is no lake in it; name the data folder with --data or the configuration with --config",
        folder.display()
    );
    open_to_write(&folder, &settings).await
}

/// The server that has the lake.
async fn server(args: &Place) -> anyhow::Result<Client> {
    let folder = place(args)?.1;
    let found = Client::find(&folder).await?;
    found.with_context(|| format!("{}: no server runs on it", folder.display()))
}

/// Has work done here or by the server, and says what came of it.
async fn upkeep(args: &Place, kind: LakeJobKind) -> anyhow::Result<()> {
    let rows = match access(args).await? {
        Access::Own(lake) => {
            let rows = match kind {
                LakeJobKind::Compact => lake.compact().await?,
                LakeJobKind::Retain => lake.retain().await?,
                _ => lake.seal().await?,
            };
            lake.close().await?;
            rows
        }
        Access::Server(server) => {
            let job = done(&server, kind).await?;
            job.problems.iter().for_each(|problem| eprintln!("minamo: {problem}"));
            job.rows.context("the server could not do it")?
        }
    };
    let what = match kind {
        LakeJobKind::Compact => "merged",
        LakeJobKind::Retain => "deleted",
        _ => "sealed",
    };
    say(&format!("{rows} rows were {what}\n"));
    Ok(())
}

/// Starts work of the server, or finds it running, and waits for its end.
async fn done(server: &Client, kind: LakeJobKind) -> anyhow::Result<LakeJob> {
    let began = match server.post::<LakeJob>("/lake/jobs", &LakeJobCreate { kind }).await {
        Err(ClientError::Refused { status: 409, .. }) => {
            eprintln!("minamo: the server does that already: waiting for its end");
            None
        }
        job => Some(job?.started_at),
    };
    let bar = ProgressBar::no_length();
    loop {
        let jobs: Vec<LakeJob> = server.get("/lake/jobs").await?;
        let ours = |job: &LakeJob| job.kind == kind && began.as_ref().is_none_or(|began| job.started_at >= *began);
        let job = jobs.into_iter().find(ours).context("the server was restarted meanwhile")?;
        if job.ended_at.is_some() {
            bar.finish_and_clear();
            return Ok(job);
        }
        if job.all > 0 {
            bar.set_length(job.all);
            bar.set_position(job.done);
        }
        bar.tick();
        tokio::time::sleep(LOOK).await;
    }
}

async fn hold(args: &Place, new: NewHold, kind: Held) -> anyhow::Result<i64> {
    match access(args).await? {
        Access::Own(lake) => {
            let id = lake.hold(new).await?;
            lake.close().await?;
            Ok(id)
        }
        Access::Server(server) => {
            let request = LakeHoldCreate {
                from: new.from.to_string(),
                to: new.to.to_string(),
                kind: match kind {
                    Held::Legal => LakeHoldKind::Legal,
                    Held::Incident => LakeHoldKind::Incident,
                    Held::Other => LakeHoldKind::Other,
                },
                owner: Some(new.owner).filter(|owner| !owner.is_empty()),
                reason: new.reason,
            };
            Ok(server.post::<LakeHold>("/lake/holds", &request).await?.id)
        }
    }
}

async fn release(args: &Place, id: i64) -> anyhow::Result<bool> {
    match access(args).await? {
        Access::Own(lake) => {
            let found = lake.release(id).await?;
            lake.close().await?;
            Ok(found)
        }
        Access::Server(server) => match server.delete(&format!("/lake/holds/{id}")).await {
            Err(error) if error.is_missing() => Ok(false),
            ended => Ok(ended.map(|()| true)?),
        },
    }
}

fn show(lake: &Lake) {
    let mut rows = Vec::new();
    for table in lake.stats().tables {
        let per_row = table.bytes as f64 / (table.rows - table.hot_rows).max(1) as f64;
        let time = |at: Option<minamo_base::Time>| at.map(|at| at.to_string()).unwrap_or_default();
        rows.push(vec![
            table.table.to_owned(),
            table.rows.to_string(),
            table.hot_rows.to_string(),
            table.segments.to_string(),
            size(table.bytes),
            format!("{per_row:.1}"),
            time(table.first),
            time(table.last),
        ]);
    }
    let names = ["table", "rows", "not sealed", "segments", "on disk", "bytes/row", "first", "last"];
    say(&aligned(&names.map(str::to_owned), &rows));
    say(&format!("\n{}", history(&lake.forecast())));
    for hold in lake.holds() {
        let owner = if hold.owner.is_empty() { String::new() } else { format!(" by {}", hold.owner) };
        let (id, from, to, made, kind) = (hold.id, hold.from, hold.to, hold.made, hold.kind.word());
        say(&format!("hold {id} ({kind}): {from} to {to}, since {made}{owner}: {}\n", hold.reason));
    }
}

/// The forecast in words.
fn history(forecast: &Forecast) -> String {
    let Forecast { bytes, capacity, per_day, days_held, .. } = *forecast;
    let mut out = format!("flows take {} of {} that they may, {}\n", size(bytes), size(capacity), days(days_held));
    match forecast.days_of_history {
        Some(fit) => {
            out.push_str(&format!("{} come in per day: {} of history fit\n", size(per_day as u64), days(fit)));
        }
        None => out.push_str("nothing was sealed over the last week, so how much history fits is not known yet\n"),
    }
    match forecast.days_left {
        Some(left) if left > LONG => {
            out.push_str(&format!("it takes {} until the oldest flows begin to go for space\n", days(left)));
        }
        Some(left) => out.push_str(&format!("in {} the oldest flows begin to go for space\n", days(left))),
        None => {}
    }
    out
}

/// Days beyond which a forecast says nothing.
const LONG: f64 = 3_652.5;

/// A length for people.
fn days(days: f64) -> String {
    if days > LONG { "more than 10 years".to_owned() } else { format!("{days:.1} days") }
}

/// What retention deleted, the newest last.
fn retained(lake: &Lake) {
    let names = ["when", "because of", "segments", "rows", "on disk"].map(str::to_owned);
    let row = |run: &minamo_store::Retained| {
        vec![run.at.to_string(), run.rule.to_owned(), run.segments.to_string(), run.rows.to_string(), size(run.bytes)]
    };
    say(&aligned(&names, &lake.retained().iter().rev().map(row).collect::<Vec<_>>()));
}

/// The files that were imported, the newest last.
fn imports(args: &Place) -> anyhow::Result<()> {
    let file = place(args)?.1.join("state.db");
    anyhow::ensure!(file.is_file(), "{}: not there; name the data folder with --data or --config", file.display());
    let names = ["when", "rows", "size", "state", "file"].map(str::to_owned);
    let row = |import: &minamo_state::Import| {
        let state = if import.finished { "whole" } else { "interrupted" };
        vec![import.at.to_string(), import.rows.to_string(), size(import.bytes), state.to_owned(), import.name.clone()]
    };
    let latest = Imports::open(&file)?.latest(MAX_IMPORTS)?;
    say(&aligned(&names, &latest.iter().rev().map(row).collect::<Vec<_>>()));
    Ok(())
}

async fn jobs(server: &Client) -> anyhow::Result<()> {
    let names = ["work", "began", "ended", "rows", "problems"].map(str::to_owned);
    let row = |job: LakeJob| {
        let kind = match job.kind {
            LakeJobKind::Verify => "verify",
            LakeJobKind::Compact => "compact",
            LakeJobKind::Retain => "retain",
            LakeJobKind::Seal => "seal",
        };
        let ended = job
            .ended_at
            .unwrap_or_else(|| if job.all > 0 { format!("{} of {}", job.done, job.all) } else { "runs".to_owned() });
        let rows = job.rows.map(|rows| rows.to_string()).unwrap_or_default();
        vec![kind.to_owned(), job.started_at, ended, rows, job.problems.len().to_string()]
    };
    let jobs: Vec<LakeJob> = server.get("/lake/jobs").await?;
    say(&aligned(&names, &jobs.into_iter().map(row).collect::<Vec<_>>()));
    Ok(())
}

async fn queries(server: &Client) -> anyhow::Result<()> {
    let names = ["id", "since", "asked by", "what", "rows read", "of"].map(str::to_owned);
    let list: Queries = server.get("/queries").await?;
    let rows = list.queries.into_iter().map(|query| {
        let what = if query.waiting { format!("{} (waits)", query.what) } else { query.what };
        vec![
            query.id.to_string(),
            query.since,
            query.user,
            what,
            query.rows_read.to_string(),
            query.rows_total.to_string(),
        ]
    });
    say(&aligned(&names, &rows.collect::<Vec<_>>()));
    Ok(())
}

fn segments(lake: &Lake) {
    let names = ["table", "id", "class", "rows", "on disk", "first", "last", "file"].map(str::to_owned);
    let rows: Vec<Vec<String>> = lake
        .segments()
        .into_iter()
        .map(|s| {
            let (table, first, last) = (s.table.to_owned(), s.first.to_string(), s.last.to_string());
            vec![table, s.id.to_string(), s.class, s.rows.to_string(), size(s.bytes), first, last, s.path]
        })
        .collect();
    say(&aligned(&names, &rows));
}

fn columns(lake: &Lake) -> anyhow::Result<()> {
    let names = ["table", "column", "on disk", "bytes/row", "encoded", "ratio"].map(str::to_owned);
    let rows: Vec<Vec<String>> = lake
        .columns()?
        .into_iter()
        .map(|column| {
            let per_row = column.stored as f64 / column.rows.max(1) as f64;
            let ratio = column.encoded as f64 / column.stored.max(1) as f64;
            let (table, stored, encoded) = (column.table.to_owned(), size(column.stored), size(column.encoded));
            vec![table, column.column, stored, format!("{per_row:.2}"), encoded, format!("{ratio:.1}")]
        })
        .collect();
    say(&aligned(&names, &rows));
    Ok(())
}

/// Compares every octet; a server that runs does it itself, and its page Lake shows what came of it.
async fn verify(args: &Place) -> anyhow::Result<()> {
    let folder = place(args)?.1;
    let (all, wrong) = match Client::find(&folder).await? {
        Some(server) => {
            let job = done(&server, LakeJobKind::Verify).await?;
            (job.all, job.problems)
        }
        None => {
            let lake = open_to_read(args)?;
            let all = lake.segments().len() as u64;
            let bar = ProgressBar::new(all);
            let wrong = lake.verify(|_| bar.inc(1));
            bar.finish_and_clear();
            (all, wrong.iter().map(ToString::to_string).collect())
        }
    };
    for error in &wrong {
        eprintln!("minamo: {error}");
    }
    anyhow::ensure!(wrong.is_empty(), "{} of {all} segments are not what was written", wrong.len());
    say(&format!("{all} segments are what was written\n"));
    Ok(())
}

fn rebuild(args: &Place) -> anyhow::Result<()> {
    let folder = place(args)?.1;
    let found = Lake::rebuild(&folder.join("lake")).context("rebuild")?;
    for error in &found.damaged {
        eprintln!("minamo: {error} (moved to the folder `damaged`)");
    }
    let (segments, rows, passed) = (found.segments, found.rows, found.passed_over);
    say(&format!("the catalog names {segments} segments with {rows} rows; {passed} files are replaced by others\n"));
    Ok(())
}

/// A size with a unit.
fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if value < 1024.0 {
            return if unit == "B" { format!("{bytes} B") } else { format!("{value:.1} {unit}") };
        }
        value /= 1024.0;
    }
    format!("{value:.1} TiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forecast_beyond_what_can_be_foretold_says_so() {
        let told = |days: f64| {
            let of = (Some(days), Some(days));
            let mut forecast = Forecast::default();
            (forecast.days_of_history, forecast.days_left) = of;
            history(&forecast)
        };
        assert!(told(12.0).contains("12.0 days of history fit\nin 12.0 days the oldest"), "{}", told(12.0));
        let long = told(1_234_438.7);
        assert!(long.contains("more than 10 years of history fit\nit takes more than 10 years until"), "{long}");
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!([size(0), size(1_023), size(1_536), size(5 << 40)], ["0 B", "1023 B", "1.5 KiB", "5.0 TiB"]);
    }
}
