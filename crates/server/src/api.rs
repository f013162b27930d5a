// SPDX-License-Identifier: Apache-2.0
//! The operations on data: each parses its request, asks the lake and shapes the answer.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use minamo_base::Time;
use minamo_filter::{AsOf, ItemKind};
use minamo_model::{CellReader, FLOWS, json_value};
use minamo_state::{NamedSets, SetsWith};
use minamo_store::FlowsQuery;
use utoipa::OpenApi;

use crate::detection::{attack, events as detection, incidents, own_rules, risks, rules, suppressions};
use crate::exporters::api as exporters;
use crate::lake::{api as lake, export, imports};
use crate::profiles::api as profiles;
use crate::query::types::Question as _;
use crate::sets::api as sets;
use crate::types::*;
use crate::{ApiError, Deps, auth, figures, find, fingerprints, metrics, packets, query, similar, tokens, verdict};

/// Rows of one page, groups of one answer, rows of one SQL answer at most.
const MAX_ROWS: usize = 1_000;

pub(crate) type Body<T> = Result<Json<T>, JsonRejection>;
pub(crate) type Answer<T> = Result<Json<T>, ApiError>;

/// The description of the API.
#[derive(OpenApi)]
#[openapi(
    info(title = "Minamo", description = "Network visibility and threat detection. Times are RFC 3339 in UTC."),
    paths(
        auth::login,
        auth::session,
        auth::logout,
        status,
        columns,
        query::summary,
        query::top,
        query::series,
        query::paths,
        query::billing,
        figures::figures,
        find::find,
        query::queries,
        query::stop_query,
        flows,
        flow,
        similar::similar,
        fingerprints::fingerprints,
        verdict::verdict,
        packets::of_flow,
        packets::of_event,
        packets::of_filter,
        packets::recorder,
        complete,
        detection::events,
        detection::event,
        detection::set_triage,
        incidents::incidents,
        attack::attack,
        risks::hosts,
        risks::host,
        suppressions::suppressions,
        suppressions::preview,
        suppressions::create_suppression,
        suppressions::end_suppression,
        rules::rules,
        rules::try_out,
        own_rules::rule_text,
        own_rules::put_rule,
        own_rules::delete_rule,
        own_rules::set_rule,
        own_rules::reset_rule,
        sql,
        profiles::profiles,
        profiles::create_profile,
        profiles::profile_versions,
        profiles::change_profile,
        profiles::delete_profile,
        profiles::profile_chart,
        sets::sets,
        sets::create_set,
        sets::set_versions,
        sets::change_set,
        sets::delete_set,
        sets::tags,
        sets::create_tag,
        sets::tag_versions,
        sets::change_tag,
        sets::delete_tag,
        sets::flow_tags,
        lake::state,
        lake::columns,
        lake::segments,
        lake::holds,
        lake::create_hold,
        lake::release_hold,
        lake::jobs,
        lake::create_job,
        imports::imports,
        imports::import,
        imports::take_import,
        export::flows,
        export::sql,
        export::answer,
        exporters::exporters,
        exporters::exporter,
        exporters::decide_exporter,
        tokens::tokens,
        tokens::create_token,
        tokens::revoke_token,
        metrics::metrics
    )
)]
struct Description;

/// The OpenAPI document as JSON text.
pub fn openapi() -> String {
    Description::openapi().to_pretty_json().unwrap_or_default()
}

pub(crate) async fn openapi_json() -> ([(axum::http::HeaderName, &'static str); 1], String) {
    ([(axum::http::header::CONTENT_TYPE, "application/json")], openapi())
}

/// A range and a filter, as every query has them.
pub(crate) struct Scope {
    pub(crate) from: Time,
    pub(crate) to: Time,
    pub(crate) filter: minamo_filter::Expr,
}

impl Scope {
    pub(crate) fn parse(deps: &Deps, from: &str, to: &str, filter: &str, as_known: AsKnown) -> Result<Self, ApiError> {
        let filter = self::filter(deps, filter, as_known)?;
        let scope = Self { from: parse_time(from, "from")?, to: parse_time(to, "to")?, filter };
        if scope.from >= scope.to {
            return Err(ApiError::bad("to", "the range ends before it begins", "期間の終わりが始まりより前です"));
        }
        Ok(scope)
    }
}

/// A filter with its named sets and tags looked up; they are read where it may have a name in it.
pub(crate) fn filter(deps: &Deps, text: &str, as_known: AsKnown) -> Result<minamo_filter::Expr, ApiError> {
    if !minamo_filter::asks_for_names(text) {
        return Ok(minamo_filter::parse(text)?);
    }
    let own = NamedSets::load(&deps.definitions).map_err(ApiError::internal)?;
    let sets = SetsWith { own: &own, outer: &*deps.networks };
    let as_of = match as_known {
        AsKnown::Now => AsOf::At((deps.clock)()),
        AsKnown::Then => AsOf::Then,
    };
    minamo_filter::parse_with(text, &FLOWS, &sets)?.resolve(&sets, as_of).map_err(|error| {
        let ja = format!("フィルターの集合やタグを展開できません: {error}");
        ApiError::bad("filter", error.to_string(), ja)
    })
}

pub(crate) fn parse_time(text: &str, path: &str) -> Result<Time, ApiError> {
    Time::parse(text).ok_or_else(|| {
        let en = format!("{path}: got {text:?}, want a time such as 2026-01-31T09:00:00Z");
        let ja = format!("{path}: {text:?} は時刻ではありません（例 2026-01-31T09:00:00Z）");
        ApiError::bad(path, en, ja)
    })
}

pub(crate) fn limited(limit: usize, max: usize) -> Result<usize, ApiError> {
    if (1..=max).contains(&limit) {
        return Ok(limit);
    }
    let (en, ja) = (format!("limit: got {limit}, want 1 to {max}"), format!("limit: {limit} は 1～{max} の範囲外です"));
    Err(ApiError::bad("limit", en, ja))
}

/// Milliseconds since a start, by the injected clock.
pub(crate) fn elapsed(deps: &Deps, start: Time) -> u64 {
    u64::try_from((deps.clock)().since(start) / 1_000_000).unwrap_or(0)
}

/// State of the program.
#[utoipa::path(get, path = "/api/v1/status", responses((status = 200, body = Status)))]
pub(crate) async fn status(State(deps): State<Deps>) -> Json<Status> {
    let stats = deps.lake.stats();
    let flows = stats.tables.iter().find(|t| t.table == FLOWS.name);
    let sum = |f: fn(&minamo_store::TableStats) -> u64| flows.map_or(0, f);
    let counter = |sample: &minamo_base::Sample| Counter {
        name: sample.metric.name.to_owned(),
        labels: sample.label_text(),
        value: sample.value,
    };
    Json(Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: deps.started_at.to_string(),
        flows: sum(|t| t.rows),
        hot_rows: sum(|t| t.hot_rows),
        segments: sum(|t| t.segments),
        stored_bytes: sum(|t| t.bytes),
        first: flows.and_then(|t| t.first).map(|t| t.to_string()),
        last: flows.and_then(|t| t.last).map(|t| t.to_string()),
        counters: metrics::samples(&deps).iter().map(counter).collect(),
    })
}

/// The columns of the flows.
#[utoipa::path(get, path = "/api/v1/columns", responses((status = 200, body = [ColumnInfo])))]
pub(crate) async fn columns() -> Json<Vec<ColumnInfo>> {
    let info = |column: &'static minamo_schema::Column| ColumnInfo {
        name: column.name.to_owned(),
        group: column.group.to_owned(),
        cell: column.cell.name().to_owned(),
        unit: column.unit.name().to_owned(),
        kind: column.kind.name().to_owned(),
        doc: column.doc.trim().to_owned(),
        doc_ja: column.doc_ja.to_owned(),
        operators: minamo_filter::operators_of(column).into_iter().map(str::to_owned).collect(),
    };
    Json(FLOWS.columns().map(info).collect())
}

pub(crate) fn flow_rows(batch: &arrow::array::RecordBatch) -> Vec<FlowRow> {
    let readers = CellReader::all(batch);
    let row = |at| {
        let cells = readers.iter().map(|r| (r.name().to_owned(), json_value(&r.value(at))));
        FlowRow(cells.filter(|(_, value)| !value.is_null()).collect())
    };
    (0..batch.num_rows()).map(row).collect()
}

/// A page of flows.
#[utoipa::path(post, path = "/api/v1/query/flows", request_body = FlowsRequest,
    responses((status = 200, body = Flows), (status = 400, body = ApiError)))]
pub(crate) async fn flows(State(deps): State<Deps>, body: Body<FlowsRequest>) -> Answer<Flows> {
    let Json(request) = body?;
    let start = (deps.clock)();
    let Scope { from, to, filter } = request.scope(&deps)?;
    let limit = limited(request.limit, MAX_ROWS)?;
    let query = FlowsQuery { from: Some(from), to: Some(to), filter, limit, cursor: request.cursor };
    let page = deps.lake.flows(query).await?;
    Ok(Json(Flows { rows: flow_rows(&page.batch), next: page.next, elapsed_ms: elapsed(&deps, start) }))
}

/// One flow.
#[utoipa::path(get, path = "/api/v1/flows/{flow_id}", params(("flow_id" = String, Path, description = "Identity of the flow")),
    responses((status = 200, body = FlowRow), (status = 404, body = ApiError)))]
pub(crate) async fn flow(State(deps): State<Deps>, Path(flow_id): Path<String>) -> Answer<FlowRow> {
    let found = deps.lake.flow(&flow_id).await?;
    let row = found.and_then(|batch| flow_rows(&batch).into_iter().next());
    row.map(Json).ok_or_else(|| no_flow(&flow_id))
}

pub(crate) fn no_flow(flow_id: &str) -> ApiError {
    let (en, ja) = (format!("there is no flow {flow_id}"), format!("フロー {flow_id} はありません"));
    ApiError::new(StatusCode::NOT_FOUND, "not_found", en, ja).at_path("flow_id")
}

/// Help while a filter is typed.
#[utoipa::path(get, path = "/api/v1/filter/complete", params(CompleteParams), responses((status = 200, body = Completion)))]
pub(crate) async fn complete(
    State(deps): State<Deps>,
    query: Result<Query<CompleteParams>, QueryRejection>,
) -> Answer<Completion> {
    let Query(params) = query?;
    let own = NamedSets::load(&deps.definitions).map_err(ApiError::internal)?;
    let sets = SetsWith { own: &own, outer: &*deps.networks };
    let found = minamo_filter::complete_with(&params.text, params.at, &FLOWS, &sets);
    let error = found.error.map(|e| FilterError { at: e.at, message: e.message_en(), message_ja: e.message_ja() });
    let item = |item: minamo_filter::Item| CompletionItem {
        text: item.text,
        kind: match item.kind {
            ItemKind::Column => CompletionKind::Column,
            ItemKind::Operator => CompletionKind::Operator,
            ItemKind::Value => CompletionKind::Value,
            _ => CompletionKind::Keyword,
        },
        doc: item.doc,
        doc_ja: item.doc_ja,
    };
    Ok(Json(Completion { error, from: found.start, items: found.items.into_iter().map(item).collect() }))
}

/// Runs one statement that reads; at most 1,000 rows are returned.
#[utoipa::path(post, path = "/api/v1/sql", request_body = SqlRequest, responses((status = 200, body = SqlAnswer), (status = 400, body = ApiError)))]
pub(crate) async fn sql(State(deps): State<Deps>, body: Body<SqlRequest>) -> Answer<SqlAnswer> {
    let Json(request) = body?;
    let start = (deps.clock)();
    let answer = deps.lake.sql(&request.sql, MAX_ROWS).await?;
    let columns = answer.schema.fields().iter();
    let columns = columns.map(|f| SqlColumn { name: f.name().clone(), cell: f.data_type().to_string() }).collect();
    let mut rows = Vec::new();
    for batch in &answer.batches {
        let readers = CellReader::all(batch);
        rows.extend(
            (0..batch.num_rows()).map(|at| readers.iter().map(|r| json_value(&r.value(at))).collect::<Vec<_>>()),
        );
    }
    Ok(Json(SqlAnswer { columns, rows, truncated: answer.truncated, elapsed_ms: elapsed(&deps, start) }))
}
