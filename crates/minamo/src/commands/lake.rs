// SPDX-License-Identifier: Apache-2.0
//! `minamo lake`: what a lake is made of, whether it is whole, how long its history gets, and its upkeep.

use anyhow::Context as _;
use indicatif::ProgressBar;
use minamo_store::{Forecast, HoldKind, Lake, NewHold, StoreError};

use crate::cli::{LakeArgs, LakeCommand};
use crate::clock;
use crate::commands::place::{open_to_read, place, say};
use crate::commands::sql::aligned;

pub(crate) async fn run(args: LakeArgs) -> anyhow::Result<()> {
    match &args.command {
        None => show(&open_to_read(&args.place)?),
        Some(LakeCommand::Segments) => segments(&open_to_read(&args.place)?),
        Some(LakeCommand::Columns) => columns(&open_to_read(&args.place)?)?,
        Some(LakeCommand::Verify) => verify(&open_to_read(&args.place)?)?,
        Some(LakeCommand::Rebuild) => rebuild(&args)?,
        Some(LakeCommand::Compact) => {
            let lake = open_to_write(&args)?;
            let rows = lake.compact().await?;
            lake.close().await?;
            say(&format!("{rows} rows were merged\n"));
        }
        Some(LakeCommand::Retain) => {
            let lake = open_to_write(&args)?;
            let rows = lake.retain().await?;
            lake.close().await?;
            say(&format!("{rows} rows were deleted\n"));
        }
        Some(LakeCommand::Hold { from, to, kind, owner, reason }) => {
            let lake = open_to_write(&args)?;
            let (kind, owner) = ((*kind).into(), owner.clone());
            let id = lake.hold(NewHold { from: *from, to: *to, kind, owner, reason: reason.clone() }).await?;
            lake.close().await?;
            say(&format!("hold {id}: nothing is deleted from {from} to {to}\n"));
        }
        Some(LakeCommand::Release { id }) => {
            let lake = open_to_write(&args)?;
            let found = lake.release(*id).await?;
            lake.close().await?;
            anyhow::ensure!(found, "there is no hold {id}; `minamo lake` lists those that are");
            say(&format!("hold {id} has ended\n"));
        }
    }
    Ok(())
}

/// Opens the lake to change it. Where a server has it, the error says how that server is asked for the same.
fn open_to_write(args: &LakeArgs) -> anyhow::Result<Lake> {
    let (settings, folder) = place(&args.place)?;
    let lake = folder.join("lake");
    anyhow::ensure!(
        lake.is_dir(),
        "{}: there is no lake in it; name the data folder with --data or the configuration with --config",
        folder.display()
    );
    match Lake::open(&lake, settings.lake()?, clock::now) {
        Err(StoreError::InUse(_)) => {
            let server = settings.listen().map_or_else(|_| "SERVER".to_owned(), |address| address.to_string());
            anyhow::bail!(
                "{}: a running server has it open: do that on the console's page Lake (http://{server}/lake), or by\n  {}",
                folder.display(),
                request(args.command.as_ref(), &server)
            )
        }
        opened => Ok(opened?),
    }
}

/// The request to the server that does what the command says.
fn request(command: Option<&LakeCommand>, server: &str) -> String {
    let (method, path, body) = match command {
        Some(LakeCommand::Hold { from, to, kind, owner, reason }) => {
            let kind = HoldKind::from(*kind).word();
            let (from, to) = (from.to_string(), to.to_string());
            let body = serde_json::json!({"from": from, "to": to, "kind": kind, "owner": owner, "reason": reason});
            ("POST", "holds".to_owned(), Some(body))
        }
        Some(LakeCommand::Release { id }) => ("DELETE", format!("holds/{id}"), None),
        Some(LakeCommand::Compact) => ("POST", "jobs".to_owned(), Some(serde_json::json!({"kind": "compact"}))),
        _ => ("POST", "jobs".to_owned(), Some(serde_json::json!({"kind": "retain"}))),
    };
    let quoted = |body: serde_json::Value| body.to_string().replace('\'', r"'\''");
    let body = body.map_or_else(String::new, |b| format!(" -H 'Content-Type: application/json' -d '{}'", quoted(b)));
    format!("curl -X {method} -H 'Authorization: Bearer TOKEN'{body} http://{server}/api/v1/lake/{path}")
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
    let mut out = format!("flows take {} of {} that they may, {:.1} days\n", size(bytes), size(capacity), days_held);
    match forecast.days_of_history {
        Some(days) => {
            out.push_str(&format!("{} come in per day: {days:.1} days of history fit\n", size(per_day as u64)))
        }
        None => out.push_str("nothing came in over the last week\n"),
    }
    if let Some(days) = forecast.days_left {
        out.push_str(&format!("in {days:.1} days the oldest flows begin to go for space\n"));
    }
    out
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

fn verify(lake: &Lake) -> anyhow::Result<()> {
    let all = lake.segments().len();
    let bar = ProgressBar::new(all as u64);
    let wrong = lake.verify(|_| bar.inc(1));
    bar.finish_and_clear();
    for error in &wrong {
        eprintln!("minamo: {error}");
    }
    anyhow::ensure!(wrong.is_empty(), "{} of {all} segments are not what was written", wrong.len());
    say(&format!("{all} segments are what was written\n"));
    Ok(())
}

fn rebuild(args: &LakeArgs) -> anyhow::Result<()> {
    let (_, folder) = place(&args.place)?;
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
    fn what_a_server_is_asked_for_can_be_pasted_into_a_shell() {
        let (from, to, reason) = (minamo_base::Time(0), minamo_base::Time(1_000_000_000), "it's".to_owned());
        let owner = String::new();
        let hold = LakeCommand::Hold { from, to, kind: crate::cli::Held::Legal, owner, reason };
        let text = request(Some(&hold), "127.0.0.1:8470");
        assert!(text.contains(r#""reason":"it'\''s""#) && text.contains(r#""kind":"legal""#), "{text}");
        assert!(text.ends_with("http://127.0.0.1:8470/api/v1/lake/holds"), "{text}");
        let release = request(Some(&LakeCommand::Release { id: 7 }), "h");
        assert_eq!(release, "curl -X DELETE -H 'Authorization: Bearer TOKEN' http://h/api/v1/lake/holds/7");
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!([size(0), size(1_023), size(1_536), size(5 << 40)], ["0 B", "1023 B", "1.5 KiB", "5.0 TiB"]);
    }
}
