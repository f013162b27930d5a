// SPDX-License-Identifier: Apache-2.0
//! The questions about flows: sums, groups, courses, paths, bills; and the list of what is being asked. Each parses
//! its request, asks the lake and shapes the answer.

pub mod types;

use std::time::Duration;

use arrow::array::RecordBatch;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use minamo_base::{Prefix, Time};
use minamo_model::{CellReader, json_value, text_value};
use minamo_schema::Value;
use minamo_store::{
    BillingQuery, By, Counting, GroupRow, GroupsQuery, Key, PathsQuery, SeriesQuery, Sides, SummaryQuery,
};
use serde::de::DeserializeOwned;

use crate::api::{Answer, Body, Scope, elapsed, limited};
use crate::types::{AsKnown, Measure};
use crate::{ApiError, Deps};
use types::*;

/// Groups of one answer at most.
const MAX_ROWS: usize = 1_000;
/// Groups of a file at most.
const MAX_ROWS_OF_FILE: usize = 100_000;
/// Lines of a course at most.
const MAX_LINES: usize = 50;
/// Steps of a course at most.
const MAX_STEPS: i64 = 5_000;
/// Networks of a bill at most.
const MAX_NETWORKS: usize = 1_000;

fn by(measure: Measure) -> By {
    match measure {
        Measure::Bytes => By::Bytes,
        Measure::Packets => By::Packets,
        Measure::Flows => By::Flows,
    }
}

fn sum(measure: Measure) -> minamo_store::Measure {
    match measure {
        Measure::Bytes => minamo_store::Measure::Bytes,
        Measure::Packets => minamo_store::Measure::Packets,
        Measure::Flows => minamo_store::Measure::Flows,
    }
}

/// The length of `compare`.
fn compare(text: Option<&str>) -> Result<Option<Duration>, ApiError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    minamo_detect::parse_length(text).filter(|length| !length.is_zero()).map(Some).ok_or_else(|| {
        let en = format!("compare: got {text:?}, want a length such as 1h, 1d or 7d");
        let ja = format!("compare: {text:?} は長さではありません（例 1h、1d、7d）");
        ApiError::bad("compare", en, ja)
    })
}

fn keys(names: &[String], as_known: AsKnown) -> Result<Vec<Key>, ApiError> {
    let known = |key: Key| if as_known == AsKnown::Then { key.as_known_then() } else { key };
    let key = |name: &String| Key::named(name).map(known).map_err(|error| ApiError::from(error).at_path("keys"));
    names.iter().map(key).collect()
}

/// Sums over a range.
#[utoipa::path(post, path = "/api/v1/query/summary", request_body = SummaryRequest,
    responses((status = 200, body = Summary), (status = 400, body = ApiError)))]
pub(crate) async fn summary(State(deps): State<Deps>, body: Body<SummaryRequest>) -> Answer<Summary> {
    let Json(request) = body?;
    let start = (deps.clock)();
    let Scope { from, to, filter } = request.scope(&deps)?;
    let earlier = compare(request.compare.as_deref())?;
    let query = SummaryQuery { from: Some(from), to: Some(to), filter };
    let found = deps.lake.summary_as(query.clone(), request.scaled).await?;
    let before = match earlier {
        Some(length) => {
            let query = SummaryQuery { from: Some(from - length), to: Some(to - length), ..query };
            let found = deps.lake.summary_as(query, request.scaled).await?;
            let minamo_store::Summary { bytes, packets, flows, hosts, encrypted_bytes, .. } = found;
            Some(Earlier { bytes, packets, flows, hosts, encrypted_bytes })
        }
        None => None,
    };
    let intervals = found.sampled.map(|of| Intervals {
        bytes: of.bytes.into(),
        packets: of.packets.into(),
        flows: of.flows.into(),
    });
    Ok(Json(Summary {
        bytes: found.bytes,
        packets: found.packets,
        flows: found.flows,
        hosts: found.hosts,
        encrypted_bytes: found.encrypted_bytes,
        events: events(&deps, from, to).await?,
        first: found.first.map(|t| t.to_string()),
        last: found.last.map(|t| t.to_string()),
        intervals,
        before,
        elapsed_ms: elapsed(&deps, start),
    }))
}

/// Events of a range.
async fn events(deps: &Deps, from: Time, to: Time) -> Result<u64, ApiError> {
    let count = format!(
        "SELECT COUNT(DISTINCT event_id) AS events FROM events WHERE time_start < TIMESTAMP '{to}' AND time_end >= TIMESTAMP '{from}'"
    );
    let answer = deps.lake.sql(&count, 1).await?;
    Ok(answer.batches.first().map_or(0, |batch| match CellReader::all(batch).first().map(|r| r.value(0)) {
        Some(Value::Int(n)) => u64::try_from(n).unwrap_or(0),
        _ => 0,
    }))
}

/// The groups that are the largest, or the smallest, by any measure.
#[utoipa::path(post, path = "/api/v1/query/top", request_body = TopRequest,
    responses((status = 200, body = Top), (status = 400, body = ApiError)))]
pub(crate) async fn top(State(deps): State<Deps>, body: Body<TopRequest>) -> Answer<Top> {
    let Json(request) = body?;
    let start = (deps.clock)();
    let shown = shown(&request)?;
    // The three sums are part of every answer.
    let sums = [Measure::Bytes, Measure::Packets, Measure::Flows].map(sum);
    let query = groups_query(&deps, &request, shown.iter().chain(&sums).copied(), MAX_ROWS)?;
    let place = |of| query.measures.iter().position(|one| *one == of).unwrap_or(0);
    let sums = sums.map(place);
    let found = deps.lake.groups(query).await?;
    let measured = if shown.is_empty() { 3 } else { shown.len() };
    let places: Vec<usize> = if shown.is_empty() { sums.to_vec() } else { (0..measured).collect() };
    let totals = |row: &GroupRow| totals(row, &places, sums);
    let row = |row: &GroupRow| {
        let TopTotals { bytes, packets, flows, values, intervals, before } = totals(row);
        let key = row.key.iter().map(json_value).collect();
        TopRow { key, bytes, packets, flows, values, intervals, before, is_new: !row.known }
    };
    let names =
        if shown.is_empty() { [Measure::Bytes, Measure::Packets, Measure::Flows].map(sum).to_vec() } else { shown };
    let gone = |group: &GroupRow| TopRow { is_new: false, ..row(group) };
    Ok(Json(Top {
        rows: found.rows.iter().map(row).collect(),
        total: totals(&found.total),
        gone: found.gone.iter().map(gone).collect(),
        measures: names.iter().map(ToString::to_string).collect(),
        overlapping: found.overlapping,
        elapsed_ms: elapsed(&deps, start),
    }))
}

/// The measures that are asked for by name.
fn shown(request: &TopRequest) -> Result<Vec<minamo_store::Measure>, ApiError> {
    request.measures.iter().map(|text| measure(text, "measures")).collect()
}

/// The question for groups with these measures and the one that orders them.
fn groups_query(
    deps: &Deps,
    request: &TopRequest,
    wanted: impl Iterator<Item = minamo_store::Measure>,
    most: usize,
) -> Result<GroupsQuery, ApiError> {
    let Scope { from, to, filter } = request.scope(deps)?;
    let order = match &request.order {
        Some(text) => measure(text, "order")?,
        None => sum(request.by),
    };
    let mut measures = Vec::new();
    for one in wanted.chain([order]) {
        if !measures.contains(&one) {
            measures.push(one);
        }
    }
    Ok(GroupsQuery {
        from: Some(from),
        to: Some(to),
        filter,
        keys: keys(&request.keys, request.as_known)?,
        order: measures.iter().position(|one| *one == order).unwrap_or(0),
        ascending: request.ascending,
        having: minamo_filter::parse_having(&request.having).map_err(|e| ApiError::from(e).at_path("having"))?,
        limit: limited(request.limit, most)?,
        directions: request.directions,
        scaled: request.scaled,
        compare: compare(request.compare.as_deref())?,
        measures,
    })
}

fn measure(text: &str, path: &str) -> Result<minamo_store::Measure, ApiError> {
    minamo_store::Measure::parse(text).map_err(|error| ApiError::from(error).at_path(path))
}

fn totals(row: &GroupRow, places: &[usize], sums: [usize; 3]) -> TopTotals {
    let figure = |at: usize| row.figures.get(at);
    let [bytes, packets, flows] = sums.map(|at| match figure(at).map(|figure| &figure.value) {
        Some(Value::Uint(n)) => *n,
        _ => 0,
    });
    let intervals = places.iter().map(|at| figure(*at).and_then(|f| f.interval).map(Interval::from));
    let intervals: Vec<Option<Interval>> = intervals.collect();
    TopTotals {
        bytes,
        packets,
        flows,
        values: places.iter().filter_map(|at| figure(*at)).map(|figure| json_value(&figure.value)).collect(),
        intervals: if intervals.iter().any(Option::is_some) { intervals } else { Vec::new() },
        before: places.iter().filter_map(|at| row.before.get(*at)).map(json_value).collect(),
    }
}

/// The step of a course; an error where it gives too many.
fn step(secs: Option<u64>, from: Time, to: Time) -> Result<Option<Duration>, ApiError> {
    let Some(secs) = secs else { return Ok(None) };
    let steps = to.since(from) / 1_000_000_000 / i64::try_from(secs).unwrap_or(i64::MAX).max(1);
    if secs == 0 || steps > MAX_STEPS {
        let en = format!("step_secs: got {secs}, want a step that gives at most {MAX_STEPS} of them");
        let ja = format!("step_secs: {secs} では区間の数が {MAX_STEPS} を超えます");
        return Err(ApiError::bad("step_secs", en, ja));
    }
    Ok(Some(Duration::from_secs(secs)))
}

fn percentile(percent: u8) -> Result<u8, ApiError> {
    if (1..=100).contains(&percent) {
        return Ok(percent);
    }
    let (en, ja) =
        (format!("percentile: got {percent}, want 1 to 100"), format!("percentile: {percent} は 1～100 の範囲外です"));
    Err(ApiError::bad("percentile", en, ja))
}

/// The course over time.
#[utoipa::path(post, path = "/api/v1/query/series", request_body = SeriesRequest,
    responses((status = 200, body = Series), (status = 400, body = ApiError)))]
pub(crate) async fn series(State(deps): State<Deps>, body: Body<SeriesRequest>) -> Answer<Series> {
    let Json(request) = body?;
    let start = (deps.clock)();
    let percent = request.percentile.map(percentile).transpose()?;
    let earlier = compare(request.compare.as_deref())?;
    let (query, counting) = series_query(&deps, &request)?;
    let (from, to, one_line) = (query.from, query.to, query.split.is_none());
    let found = deps.lake.series_as(query.clone(), counting).await?;
    let before = match earlier {
        Some(length) => {
            let (from, to) = (from.map(|from| from - length), to.map(|to| to - length));
            // The same number of steps, also where the length is no multiple of them.
            let query = SeriesQuery { from, to, split: None, limit: 0, step: Some(found.step), ..query };
            lines(deps.lake.series_as(query, counting).await?, true, percent).pop()
        }
        None => None,
    };
    let (start_at, step) = (found.start, found.step);
    Ok(Json(Series {
        start: start_at.to_string(),
        step_secs: step.as_secs(),
        series: lines(found, one_line, percent),
        before,
        elapsed_ms: elapsed(&deps, start),
    }))
}

/// The question for a course.
fn series_query(deps: &Deps, request: &SeriesRequest) -> Result<(SeriesQuery, Counting), ApiError> {
    let Scope { from, to, filter } = request.scope(deps)?;
    let split = request.split.as_deref().map(Key::named).transpose()?;
    let limit = limited(request.limit, MAX_LINES)?;
    let step = step(request.step_secs, from, to)?;
    let sides = match request.side {
        Side::Src => Sides::Src,
        Side::Dst => Sides::Dst,
        Side::Both => Sides::Both,
    };
    let counting = Counting { sides, spread: request.spread, scaled: request.scaled };
    Ok((SeriesQuery { from: Some(from), to: Some(to), filter, split, by: by(request.by), limit, step }, counting))
}

fn lines(found: minamo_store::Series, one_line: bool, percent: Option<u8>) -> Vec<SeriesLine> {
    let percentiles: Vec<_> = (0..found.lines.len()).map(|at| found.percentile(at, percent?)).collect();
    let mut intervals = found.intervals.unwrap_or_default().into_iter();
    let line = |((name, values), percentile): ((Option<Value<'_>>, Vec<u64>), Option<u64>)| SeriesLine {
        name: name.filter(|_| !one_line).map(|name| text_value(&name)),
        values,
        intervals: intervals.next().unwrap_or_default().into_iter().map(Interval::from).collect(),
        percentile,
    };
    found.lines.into_iter().zip(percentiles).map(line).collect()
}

/// What goes where: sums over paths through several keys.
#[utoipa::path(post, path = "/api/v1/query/paths", request_body = PathsRequest,
    responses((status = 200, body = Paths), (status = 400, body = ApiError)))]
pub(crate) async fn paths(State(deps): State<Deps>, body: Body<PathsRequest>) -> Answer<Paths> {
    let Json(request) = body?;
    let start = (deps.clock)();
    let query = paths_query(&deps, &request)?;
    let found = deps.lake.paths(query).await?;
    let stop = |stop: &minamo_store::Stop| Stop {
        value: stop.as_ref().map_or(serde_json::Value::Null, json_value),
        other: stop.is_none(),
    };
    let path = |(stops, value): &(Vec<minamo_store::Stop>, u64)| PathRow {
        stops: stops.iter().map(stop).collect(),
        value: *value,
    };
    let link = |(level, source, target, value): &(usize, minamo_store::Stop, minamo_store::Stop, u64)| PathLink {
        level: *level,
        source: stop(source),
        target: stop(target),
        value: *value,
    };
    Ok(Json(Paths {
        paths: found.paths.iter().map(path).collect(),
        links: found.links.iter().map(link).collect(),
        elapsed_ms: elapsed(&deps, start),
    }))
}

/// The question for paths.
fn paths_query(deps: &Deps, request: &PathsRequest) -> Result<PathsQuery, ApiError> {
    let Scope { from, to, filter } = request.scope(deps)?;
    let (keys, by) = (keys(&request.keys, request.as_known)?, sum(request.by));
    let limit = limited(request.limit, MAX_ROWS)?;
    Ok(PathsQuery { from: Some(from), to: Some(to), filter, keys, by, limit, scaled: request.scaled })
}

/// Traffic into and out of networks by percentile.
#[utoipa::path(post, path = "/api/v1/query/billing", request_body = BillingRequest,
    responses((status = 200, body = Billing), (status = 400, body = ApiError)))]
pub(crate) async fn billing(State(deps): State<Deps>, body: Body<BillingRequest>) -> Answer<Billing> {
    let Json(request) = body?;
    let start = (deps.clock)();
    let query = billing_query(&deps, &request)?;
    let found = deps.lake.billing(query).await?;
    Ok(Json(Billing {
        start: found.start.to_string(),
        step_secs: found.step.as_secs(),
        inward_bps: found.bits_per_second(found.inward_percentile),
        outward_bps: found.bits_per_second(found.outward_percentile),
        larger_bps: found.bits_per_second(found.larger_percentile),
        inward: found.inward,
        outward: found.outward,
        elapsed_ms: elapsed(&deps, start),
    }))
}

/// The question for a bill.
fn billing_query(deps: &Deps, request: &BillingRequest) -> Result<BillingQuery, ApiError> {
    let Scope { from, to, filter } = request.scope(deps)?;
    let network = |text: &String| {
        text.parse::<Prefix>().map_err(|error| {
            let ja = format!("inside: {text:?} はネットワークではありません（例 192.0.2.0/24）");
            ApiError::bad("inside", format!("inside: {error}"), ja)
        })
    };
    if request.inside.len() > MAX_NETWORKS {
        let en = format!("inside: got {} networks, want at most {MAX_NETWORKS}", request.inside.len());
        return Err(ApiError::bad("inside", en, format!("inside: ネットワークは {MAX_NETWORKS} 個までです")));
    }
    let inside = request.inside.iter().map(network).collect::<Result<Vec<_>, _>>()?;
    let step = step(Some(request.step_secs), from, to)?.unwrap_or_default();
    let percent = percentile(request.percentile)?;
    let scaled = request.scaled;
    Ok(BillingQuery { from: Some(from), to: Some(to), filter, inside, step, percent, scaled })
}

/// The answer to a question as rows: `question` is the last word of its address, or `billing_steps` for the steps of a
/// bill; `ask` is its request.
pub(crate) async fn rows(deps: &Deps, question: &str, ask: &str) -> Result<RecordBatch, ApiError> {
    let lake = &deps.lake;
    let found = match question {
        "top" => {
            let request: TopRequest = asked(ask)?;
            let shown = shown(&request)?;
            let sums = [Measure::Bytes, Measure::Packets, Measure::Flows].map(sum);
            let wanted = if shown.is_empty() { sums.to_vec() } else { shown };
            let query = groups_query(deps, &request, wanted.into_iter(), MAX_ROWS_OF_FILE)?;
            lake.groups(query.clone()).await?.batch(&query)
        }
        "series" => {
            let request: SeriesRequest = asked(ask)?;
            let (query, counting) = series_query(deps, &request)?;
            lake.series_as(query.clone(), counting).await?.batch(query.split.as_ref(), query.by)
        }
        "paths" => {
            let query = paths_query(deps, &asked(ask)?)?;
            lake.paths(query.clone()).await?.batch(&query.keys, query.by)
        }
        "billing" => {
            let query = billing_query(deps, &asked(ask)?)?;
            let percent = query.percent;
            lake.billing(query).await?.batch(percent)
        }
        "billing_steps" => lake.billing(billing_query(deps, &asked(ask)?)?).await?.steps_batch(),
        other => {
            let en = format!("question: got {other:?}, want top, series, paths, billing or billing_steps");
            let ja =
                format!("question: {other:?} は使えません（使えるのは top、series、paths、billing、billing_steps）");
            return Err(ApiError::bad("question", en, ja));
        }
    };
    Ok(found?)
}

/// A request that came as text.
fn asked<T: DeserializeOwned>(ask: &str) -> Result<T, ApiError> {
    serde_json::from_str(ask)
        .map_err(|error| ApiError::bad("ask", format!("ask: {error}"), format!("ask: 要求を読めません: {error}")))
}

/// The queries that wait or run.
#[utoipa::path(get, path = "/api/v1/queries", responses((status = 200, body = Queries)))]
pub(crate) async fn queries(State(deps): State<Deps>) -> Json<Queries> {
    let state = |query: minamo_store::RunningQuery| QueryState {
        id: query.id,
        user: query.asker.user,
        what: query.asker.what,
        since: query.since.to_string(),
        waiting: query.waiting,
        rows_read: query.rows_read,
        rows_total: query.rows_total,
    };
    Json(Queries { queries: deps.lake.running().into_iter().map(state).collect() })
}

/// Stops a query; who asked it gets an error that says so.
#[utoipa::path(delete, path = "/api/v1/queries/{id}", params(("id" = u64, Path, description = "Number of the query")),
    responses((status = 204), (status = 404, body = ApiError)))]
pub(crate) async fn stop_query(State(deps): State<Deps>, Path(id): Path<u64>) -> Result<StatusCode, ApiError> {
    if deps.lake.stop_query(id) {
        return Ok(StatusCode::NO_CONTENT);
    }
    let (en, ja) = (
        format!("there is no query {id}; it may have ended"),
        format!("問い合わせ {id} はありません（終わった可能性があります）"),
    );
    Err(ApiError::new(StatusCode::NOT_FOUND, "not_found", en, ja).at_path("id"))
}
