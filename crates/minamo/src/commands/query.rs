// SPDX-License-Identifier: Apache-2.0
//! `minamo query`: the newest flows that pass a filter, or the largest groups of them.

use std::sync::Arc;

use anyhow::Context as _;
use arrow::array::{Array as _, ArrayRef, RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::{Field, Fields, Schema};
use minamo_base::Time;
use minamo_model::text_value;
use minamo_schema::Value;
use minamo_store::{Key, Lake, RowsQuery, Top, TopQuery, Totals};

use crate::cli::{By, Query};
use crate::clock;
use crate::commands::output::Output;
use crate::commands::place::{open_to_read, say};
use crate::commands::sql::aligned;

/// Rows where nobody says how many, and they are for reading.
const LIMIT: usize = 20;

pub(crate) async fn run(args: Query) -> anyhow::Result<()> {
    let filter = minamo_filter::parse(&args.filter).map_err(|e| anyhow::anyhow!("filter: {e}"))?;
    let lake = open_to_read(&args.place)?;
    let from = args.last.map(|length| clock::now() - length).or(args.from);
    if args.top.is_empty() { flows(&lake, filter, from, &args).await } else { top(&lake, filter, from, &args).await }
}

async fn flows(lake: &Lake, filter: minamo_filter::Expr, from: Option<Time>, args: &Query) -> anyhow::Result<()> {
    let limit = args.limit.or(args.output.is_none().then_some(LIMIT));
    let output = Output::flows(&args.format, args.output.as_deref())?;
    let count = output.all(lake.flow_rows(RowsQuery { from, to: args.to, filter, limit }).await?).await?;
    if let Some(path) = &args.output {
        eprintln!("minamo: {count} flows are in {}", path.display());
    }
    Ok(())
}

async fn top(lake: &Lake, filter: minamo_filter::Expr, from: Option<Time>, args: &Query) -> anyhow::Result<()> {
    let keys = args.top.iter().map(|name| Key::named(name)).collect::<Result<Vec<_>, _>>().context("--top")?;
    let by = match args.by {
        By::Bytes => minamo_store::By::Bytes,
        By::Packets => minamo_store::By::Packets,
        By::Flows => minamo_store::By::Flows,
    };
    let found = lake.top(TopQuery { from, to: args.to, filter, keys, by, limit: args.limit.unwrap_or(LIMIT) }).await?;
    let mut names = args.top.clone();
    names.extend(["bytes", "packets", "flows"].map(str::to_owned));
    if args.format != "table" {
        return top_file(&names, &found, args);
    }
    anyhow::ensure!(args.output.is_none(), "--output: want --format csv, jsonl or parquet with it");
    let sums = |t: &Totals| [t.bytes, t.packets, t.flows].map(|n| n.to_string());
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (key, totals) in &found.rows {
        rows.push(key.iter().map(text_value).chain(sums(totals)).collect());
    }
    let total = std::iter::repeat_n(String::new(), args.top.len().saturating_sub(1));
    rows.push(std::iter::once("total".to_owned()).chain(total).chain(sums(&found.total)).collect());
    say(&aligned(&names, &rows));
    Ok(())
}

/// Groups in a format for programs. Keys that are numbers stay numbers, all others are texts.
fn top_file(names: &[String], found: &Top, args: &Query) -> anyhow::Result<()> {
    let mut columns: Vec<ArrayRef> = Vec::new();
    for at in 0..args.top.len() {
        let cells = || found.rows.iter().map(|(key, _)| key.get(at).unwrap_or(&Value::Null));
        if cells().all(|cell| matches!(cell, Value::Uint(_) | Value::Null)) {
            let number = |cell: &Value<'_>| if let Value::Uint(number) = cell { Some(*number) } else { None };
            columns.push(Arc::new(cells().map(number).collect::<UInt64Array>()));
        } else {
            let text = |cell: &Value<'_>| (*cell != Value::Null).then(|| text_value(cell));
            columns.push(Arc::new(cells().map(text).collect::<StringArray>()));
        }
    }
    for sum in [|t: &Totals| t.bytes, |t: &Totals| t.packets, |t: &Totals| t.flows] {
        columns.push(Arc::new(found.rows.iter().map(|(_, totals)| sum(totals)).collect::<UInt64Array>()));
    }
    let fields: Fields =
        (names.iter().zip(&columns)).map(|(name, column)| Field::new(name, column.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
    Output::answer(&args.format, args.output.as_deref(), schema)?.one(&batch)
}
