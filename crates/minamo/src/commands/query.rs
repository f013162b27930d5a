// SPDX-License-Identifier: Apache-2.0
//! `minamo query`: the newest flows that pass a filter, or the largest groups of them.

use std::io::{self, BufWriter};

use anyhow::{Context as _, bail};
use minamo_base::Time;
use minamo_model::{FLOWS, json_value, text_value};
use minamo_store::{FlowsQuery, Key, Lake, TopQuery};

use crate::cli::{By, Query};
use crate::clock;
use crate::commands::export;
use crate::commands::place::{open_to_read, say};
use crate::commands::sql::aligned;

pub(crate) async fn run(args: Query) -> anyhow::Result<()> {
    let filter = minamo_filter::parse(&args.filter).map_err(|e| anyhow::anyhow!("filter: {e}"))?;
    let lake = open_to_read(&args.place)?;
    let from = args.last.map(|length| clock::now() - length).or(args.from);
    if let Some(export) = export::open(&args.export)? {
        return send(&lake, filter, from, &args, export).await;
    }
    if args.top.is_empty() { flows(&lake, filter, from, &args).await } else { top(&lake, filter, from, &args).await }
}

async fn flows(lake: &Lake, filter: minamo_filter::Expr, from: Option<Time>, args: &Query) -> anyhow::Result<()> {
    let format = minamo_sinks::format(&args.format).context("no such format")?;
    let query = FlowsQuery { from, to: args.to, filter, limit: args.limit, cursor: None };
    let page = lake.flows(query).await?;
    let mut sink = (format.open)(Box::new(BufWriter::new(io::stdout())), &FLOWS)?;
    match sink.write(&page.batch).and_then(|()| sink.finish()) {
        Err(error) if !error.is_broken_pipe() => Err(error.into()),
        _ => Ok(()),
    }
}

/// Rows that are asked for and sent together.
const PAGE: usize = 8_192;

/// All flows that pass, the newest first, to a collector.
async fn send(
    lake: &Lake,
    filter: minamo_filter::Expr,
    from: Option<Time>,
    args: &Query,
    mut export: export::Open,
) -> anyhow::Result<()> {
    let mut cursor = None;
    loop {
        let query = FlowsQuery { from, to: args.to, filter: filter.clone(), limit: PAGE, cursor };
        let page = lake.flows(query).await?;
        export.sink.write(&page.batch)?;
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    export.sink.finish()?;
    export.told.tell();
    Ok(())
}

async fn top(lake: &Lake, filter: minamo_filter::Expr, from: Option<Time>, args: &Query) -> anyhow::Result<()> {
    let keys = args.top.iter().map(|name| Key::named(name)).collect::<Result<Vec<_>, _>>().context("--top")?;
    let by = match args.by {
        By::Bytes => minamo_store::By::Bytes,
        By::Packets => minamo_store::By::Packets,
        By::Flows => minamo_store::By::Flows,
    };
    let filter = if args.duplicates { minamo_store::with_duplicates(filter) } else { filter };
    let found = lake.top(TopQuery { from, to: args.to, filter, keys, by, limit: args.limit }).await?;
    let mut names = args.top.clone();
    names.extend(["bytes", "packets", "flows"].map(str::to_owned));
    match args.format.as_str() {
        "table" => {
            let sums = |t: &minamo_store::Totals| [t.bytes, t.packets, t.flows].map(|n| n.to_string());
            let mut rows: Vec<Vec<String>> = Vec::new();
            for (key, totals) in &found.rows {
                rows.push(key.iter().map(text_value).chain(sums(totals)).collect());
            }
            let total = std::iter::repeat_n(String::new(), args.top.len().saturating_sub(1));
            rows.push(std::iter::once("total".to_owned()).chain(total).chain(sums(&found.total)).collect());
            say(&aligned(&names, &rows));
        }
        "jsonl" => {
            for (key, totals) in &found.rows {
                let cells =
                    key.iter().map(json_value).chain([totals.bytes, totals.packets, totals.flows].map(Into::into));
                let row: serde_json::Map<_, _> = names.iter().cloned().zip(cells).collect();
                say(&format!("{}\n", serde_json::Value::from(row)));
            }
        }
        other => bail!("--format {other}: groups come as table or jsonl"),
    }
    Ok(())
}
