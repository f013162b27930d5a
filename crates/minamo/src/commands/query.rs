// SPDX-License-Identifier: Apache-2.0
//! `minamo query`: the newest flows that pass a filter, groups of them, paths, or a bill.

use anyhow::{Context as _, bail};
use arrow::array::RecordBatch;
use minamo_base::Time;
use minamo_filter::{Expr, parse_having};
use minamo_model::{CellReader, json_value, text_value};
use minamo_schema::Value;
use minamo_store::{
    BillingQuery, Figure, FlowsQuery, GroupRow, Groups, GroupsQuery, Key, Lake, Measure, Paths, PathsQuery,
    Prevalences, RowsQuery, Stop,
};
use serde_json::{Map, json};

use crate::cli::{By, Query};
use crate::clock;
use crate::commands::export;
use crate::commands::output::Output;
use crate::commands::place::{open_to_read, say};
use crate::commands::set::{all_sets, filter};
use crate::commands::sql::aligned;

/// Rows where nobody says how many, and they are for reading.
const LIMIT: usize = 20;

pub(crate) async fn run(args: Query) -> anyhow::Result<()> {
    let filter = filter(&args.filter, &args.place, args.then)?;
    let lake = open_to_read(&args.place)?;
    let range = match args.last {
        // Both ends: an earlier range lies as long before either.
        Some(length) => (Some(clock::now() - length), Some(clock::now())),
        None => (args.from, args.to),
    };
    fits(&args, range)?;
    if let Some(export) = export::open(&args.export)? {
        return send(&lake, filter, range, export).await;
    }
    let filter = if args.duplicates { minamo_store::with_duplicates(filter) } else { filter };
    match (&args.top, &args.paths, args.billing) {
        (Some(keys), ..) => top(&lake, filter, range, keys, &args).await,
        (_, Some(keys), _) => paths(&lake, filter, range, keys, &args).await,
        (.., Some(percent)) => bill(&lake, filter, range, percent, &args).await,
        _ => match args.prevalence {
            Some(days) => prevalence(&lake, filter, range, days, &args).await,
            None => flows(&lake, filter, range, &args).await,
        },
    }
}

type Range = (Option<Time>, Option<Time>);

/// What the options do not say together: a range that ends before it begins, a form that an answer does not have.
fn fits(args: &Query, range: Range) -> anyhow::Result<()> {
    if let (Some(from), Some(to)) = range
        && from >= to
    {
        bail!("--to: got {to}, want a time after the start of the range, {from}");
    }
    if args.compare.is_some() && !matches!(range, (Some(_), Some(_))) {
        bail!("--compare: want a range with both ends: --last, or --from and --to");
    }
    let what = match (&args.paths, args.billing) {
        (Some(_), _) => Some("paths"),
        (_, Some(_)) => Some("a bill"),
        _ => args.prevalence.map(|_| "prevalence"),
    };
    if let Some(what) = what {
        anyhow::ensure!(args.format != "joy", "--format joy: it is for flows; {what} as table, csv, jsonl or parquet");
    }
    if args.top.is_some() || what.is_some() {
        let wanted = args.output.is_none() || args.format != "table";
        anyhow::ensure!(wanted, "--output: want --format csv, jsonl or parquet with it");
    }
    Ok(())
}

/// Rows that are asked for together: the most of a page.
const PAGE: usize = 10_000;

/// All flows that pass, the newest first, to a collector.
async fn send(lake: &Lake, filter: Expr, (from, to): Range, mut export: export::Open) -> anyhow::Result<()> {
    let mut cursor = None;
    loop {
        let query = FlowsQuery { from, to, filter: filter.clone(), limit: PAGE, cursor };
        let page = lake.flows(query).await?;
        export.exporter.send(&page.batch)?;
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    export.told.tell();
    Ok(())
}

async fn flows(lake: &Lake, filter: Expr, (from, to): Range, args: &Query) -> anyhow::Result<()> {
    let limit = args.limit.or(args.output.is_none().then_some(LIMIT));
    let output = Output::flows(&args.format, args.output.as_deref())?;
    let count = match limit.filter(|limit| *limit <= PAGE) {
        // A page is found without a plan where the filter leaves few flows; what has no end is streamed.
        Some(limit) => {
            let page = lake.flows(FlowsQuery { from, to, filter, limit, cursor: None }).await?;
            output.one(&page.batch)?;
            page.batch.num_rows() as u64
        }
        None => output.all(lake.flow_rows(RowsQuery { from, to, filter, limit }).await?).await?,
    };
    if let Some(path) = &args.output {
        eprintln!("minamo: {count} flows are in {}", path.display());
    }
    Ok(())
}

/// How known the fingerprints of the newest flows are that pass.
async fn prevalence(lake: &Lake, filter: Expr, (from, to): Range, days: u16, args: &Query) -> anyhow::Result<()> {
    let limit = args.limit.unwrap_or(LIMIT).min(PAGE);
    let page = lake.flows(FlowsQuery { from, to, filter, limit, cursor: None }).await?;
    let ids = CellReader::all(&page.batch).into_iter().find(|reader| reader.name() == "flow_id");
    let mut known = Vec::new();
    for at in 0..page.batch.num_rows() {
        let id = ids.as_ref().map(|ids| text_value(&ids.value(at))).unwrap_or_default();
        if let Some(found) = lake.prevalence(&id, days.into()).await? {
            known.push((id, found));
        }
    }
    let batch = Prevalences::batch(&known)?;
    if args.format == "table" {
        show(&batch);
        return Ok(());
    }
    write(&batch, "rows", args)
}

/// The parts of a list that commas divide, but for commas in parentheses.
fn parts(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    let divides = |c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    };
    text.split(divides).map(str::trim).filter(|part| !part.is_empty()).collect()
}

fn keys(text: &str, option: &'static str) -> anyhow::Result<Vec<Key>> {
    parts(text).into_iter().map(|name| Key::named(name).context(option)).collect()
}

fn as_known(key: Key, then: bool) -> Key {
    if then { key.as_known_then() } else { key }
}

fn measure(by: By) -> Measure {
    match by {
        By::Bytes => Measure::Bytes,
        By::Packets => Measure::Packets,
        By::Flows => Measure::Flows,
    }
}

async fn top(lake: &Lake, filter: Expr, (from, to): Range, names: &str, args: &Query) -> anyhow::Result<()> {
    let keys: Vec<Key> = keys(names, "--top")?.into_iter().map(|key| as_known(key, args.then)).collect();
    if keys.iter().any(|key| matches!(key, Key::Tag { .. })) {
        lake.know_sets(all_sets(&args.place)?);
    }
    let parse = |text: &str, option: &'static str| Measure::parse(text).context(option);
    let mut measures = match &args.measures {
        Some(list) => parts(list).into_iter().map(|text| parse(text, "--measures")).collect::<Result<Vec<_>, _>>()?,
        None => vec![Measure::Bytes, Measure::Packets, Measure::Flows],
    };
    let order = match (&args.order, measures.first()) {
        (Some(text), _) => parse(text, "--order")?,
        // The first of those that were asked for.
        (None, Some(first)) if args.measures.is_some() => *first,
        _ => measure(args.by),
    };
    if !measures.contains(&order) {
        measures.push(order);
    }
    let query = GroupsQuery {
        from,
        to,
        filter,
        keys,
        order: measures.iter().position(|one| *one == order).unwrap_or(0),
        measures,
        ascending: args.ascending,
        having: parse_having(args.having.as_deref().unwrap_or_default())
            .map_err(|e| anyhow::anyhow!("--having: {e}"))?,
        limit: args.limit.unwrap_or(LIMIT),
        directions: args.directions,
        scaled: !args.raw,
        compare: args.compare,
    };
    let found = lake.groups(query.clone()).await?;
    match args.format.as_str() {
        "table" => table(&query, &found),
        "jsonl" if args.output.is_none() => lines(&query, &found),
        _ => write(&found.batch(&query)?, "groups", args)?,
    }
    Ok(())
}

fn table(query: &GroupsQuery, found: &Groups) {
    let mut names: Vec<String> = query.keys.iter().map(Key::to_string).collect();
    for measure in &query.measures {
        names.push(measure.to_string());
        if found.sampled && measure.is_sum() {
            names.push("±".to_owned());
        }
        if query.compare.is_some() {
            names.extend(["before".to_owned(), "%".to_owned()]);
        }
    }
    let cells = |row: &GroupRow| {
        let mut cells = Vec::new();
        for (at, (figure, measure)) in row.figures.iter().zip(&query.measures).enumerate() {
            cells.push(shown(&figure.value));
            if found.sampled && measure.is_sum() {
                cells.push(figure.interval.map_or_else(String::new, |interval| interval.half().to_string()));
            }
            if let Some(before) = row.before.get(at) {
                cells.extend([shown(before), change(&figure.value, before, row.known)]);
            }
        }
        cells
    };
    let row = |row: &GroupRow| row.key.iter().map(shown).chain(cells(row)).collect::<Vec<_>>();
    let mut rows: Vec<Vec<String>> = found.rows.iter().map(row).collect();
    let total = std::iter::repeat_n(String::new(), query.keys.len().saturating_sub(1));
    rows.push(std::iter::once("total".to_owned()).chain(total).chain(cells(&found.total)).collect());
    say(&aligned(&names, &rows));
    if !found.gone.is_empty() {
        let rows: Vec<Vec<String>> = found.gone.iter().map(row).collect();
        say(&format!("\nOnly in the earlier range:\n{}", aligned(&names, &rows)));
    }
    if found.overlapping {
        eprintln!("minamo: a flow may count in several groups: together they may be more than the total");
    }
    if found.sampled {
        eprintln!(
            "minamo: flows were sampled: sums are scaled, ± is half of a 95 % interval; --raw shows what was counted"
        );
    }
}

/// A value for people: means and rates with three digits behind the point.
fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Real(n) => format!("{n:.3}"),
        other => text_value(other),
    }
}

fn number(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Uint(n) => Some(*n as f64),
        Value::Int(n) => Some(*n as f64),
        Value::Real(n) => Some(*n),
        _ => None,
    }
}

/// The change since the earlier range, in per cent.
fn change(now: &Value<'_>, before: &Value<'_>, known: bool) -> String {
    match (number(now), number(before)) {
        _ if !known => "new".to_owned(),
        (Some(now), Some(before)) if before != 0.0 => format!("{:+.1}", (now - before) / before * 100.0),
        _ => String::new(),
    }
}

/// Rows in a format for programs.
fn write(batch: &RecordBatch, what: &str, args: &Query) -> anyhow::Result<()> {
    Output::answer(&args.format, args.output.as_deref(), batch.schema())?.one(batch)?;
    if let Some(path) = &args.output {
        eprintln!("minamo: {} {what} are in {}", batch.num_rows(), path.display());
    }
    Ok(())
}

/// Rows as a table for people.
fn show(batch: &RecordBatch) {
    let names: Vec<String> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
    let readers = CellReader::all(batch);
    let row = |at| readers.iter().map(|reader| shown(&reader.value(at))).collect::<Vec<_>>();
    say(&aligned(&names, &(0..batch.num_rows()).map(row).collect::<Vec<_>>()));
}

fn lines(query: &GroupsQuery, found: &Groups) {
    for (row, state) in found.rows.iter().map(|row| (row, None)).chain(found.gone.iter().map(|row| (row, Some("gone"))))
    {
        let mut line = Map::new();
        for (key, value) in query.keys.iter().zip(&row.key) {
            line.insert(key.to_string(), json_value(value));
        }
        for (at, (Figure { value, interval }, measure)) in row.figures.iter().zip(&query.measures).enumerate() {
            let name = measure.to_string();
            if let Some(interval) = interval {
                line.insert(format!("{name}_low"), interval.low.into());
                line.insert(format!("{name}_high"), interval.high.into());
            }
            if let Some(before) = row.before.get(at) {
                line.insert(format!("{name}_before"), json_value(before));
            }
            line.insert(name, json_value(value));
        }
        if let Some(state) = state.or(if row.known { None } else { Some("new") }) {
            line.insert("compared".to_owned(), state.into());
        }
        say(&format!("{}\n", serde_json::Value::from(line)));
    }
}

async fn paths(lake: &Lake, filter: Expr, (from, to): Range, names: &str, args: &Query) -> anyhow::Result<()> {
    let (keys, by) = (keys(names, "--paths")?, measure(args.by));
    anyhow::ensure!((2..=4).contains(&keys.len()), "--paths: got {} keys, want 2 to 4 joined by commas", keys.len());
    let limit = args.limit.unwrap_or(LIMIT);
    let query = PathsQuery { from, to, filter, keys, by, limit, scaled: !args.raw };
    let found = lake.paths(query.clone()).await?;
    match args.format.as_str() {
        "table" => path_table(&query, &found),
        "jsonl" if args.output.is_none() => path_object(&found),
        _ => write(&found.batch(&query.keys, by)?, "paths", args)?,
    }
    Ok(())
}

fn path_table(query: &PathsQuery, found: &Paths) {
    let mut names: Vec<String> = query.keys.iter().map(Key::to_string).collect();
    names.push(query.by.to_string());
    let stop = |stop: &Stop| stop.as_ref().map_or_else(|| "(others)".to_owned(), text_value);
    let row = |(stops, value): &(Vec<Stop>, u64)| stops.iter().map(stop).chain([value.to_string()]).collect::<Vec<_>>();
    say(&aligned(&names, &found.paths.iter().map(row).collect::<Vec<_>>()));
}

/// Paths and links as one JSON object, for a Sankey picture.
fn path_object(found: &Paths) {
    let stop = |stop: &Stop| match stop {
        Some(value) => json!({"value": json_value(value), "other": false}),
        None => json!({"value": null, "other": true}),
    };
    let path = |(stops, value): &(Vec<Stop>, u64)| json!({"stops": stops.iter().map(stop).collect::<Vec<_>>(), "value": value});
    let link = |(level, source, target, value): &(usize, Stop, Stop, u64)| json!({"level": level, "source": stop(source), "target": stop(target), "value": value});
    let answer = json!({
        "paths": found.paths.iter().map(path).collect::<Vec<_>>(),
        "links": found.links.iter().map(link).collect::<Vec<_>>(),
    });
    say(&format!("{answer}\n"));
}

async fn bill(lake: &Lake, filter: Expr, (from, to): Range, percent: u8, args: &Query) -> anyhow::Result<()> {
    let (inside, step, scaled) = (args.inside.clone(), args.step, !args.raw);
    let bill = lake.billing(BillingQuery { from, to, filter, inside, step, percent, scaled }).await?;
    let (steps, secs) = (bill.inward.len(), bill.step.as_secs());
    match args.format.as_str() {
        "table" if args.steps => show(&bill.steps_batch()?),
        "table" => {
            let names = ["traffic".to_owned(), format!("bit/s at {percent} %"), "bytes of the step".to_owned()];
            let row = |(name, octets): (&str, u64)| {
                let name = if name == "larger" { "larger of both" } else { name };
                vec![name.to_owned(), format!("{:.0}", bill.bits_per_second(octets)), octets.to_string()]
            };
            say(&aligned(&names, &bill.charged().map(row)));
            say(&format!("{steps} steps of {secs} s from {}\n", bill.start));
        }
        "jsonl" if args.output.is_none() && !args.steps => {
            let rates = bill.charged().map(|(_, octets)| bill.bits_per_second(octets));
            let answer = json!({
                "start": bill.start.to_string(), "step_secs": secs, "percentile": percent,
                "inward_bps": rates[0], "outward_bps": rates[1], "larger_bps": rates[2],
                "inward": bill.inward, "outward": bill.outward,
            });
            say(&format!("{answer}\n"));
        }
        _ if args.steps => write(&bill.steps_batch()?, "steps", args)?,
        _ => write(&bill.batch(percent)?, "rows", args)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_parentheses_divide_nothing() {
        assert_eq!(parts("net(src_ip,24,48), app,time(5m),"), ["net(src_ip,24,48)", "app", "time(5m)"]);
        assert!(parts("").is_empty());
    }

    #[test]
    fn changes_are_in_per_cent_and_what_is_new_has_none() {
        let (now, before) = (Value::Uint(150), Value::Uint(100));
        assert_eq!(change(&now, &before, true), "+50.0");
        assert_eq!(change(&before, &now, true), "-33.3");
        assert_eq!(
            (change(&now, &Value::Uint(0), true), change(&now, &before, false)),
            (String::new(), "new".to_owned())
        );
    }
}
