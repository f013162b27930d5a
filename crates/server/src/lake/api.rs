// SPDX-License-Identifier: Apache-2.0
//! State, holds and upkeep of the lake.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use minamo_base::Time;
use minamo_model::FLOWS;
use minamo_store::{Hold, HoldKind, Lake, NewHold, StoreError};

use super::jobs::Jobs;
use super::types::*;
use crate::api::{Answer, Body, parse_time};
use crate::auth::User;
use crate::{ApiError, Deps};

/// Days that the state tells of.
const MAX_DAYS: usize = 400;
/// Segments of one answer.
const MAX_SEGMENTS: usize = 10_000;
/// Runs of retention that the state tells of.
const MAX_RETAINED: usize = 100;
/// Characters of a hold's reason, and of its owner.
const MAX_REASON: usize = 500;

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::internal(error)
    }
}

/// What the lake holds, how long, and what is being done with it.
#[utoipa::path(get, path = "/api/v1/lake", responses((status = 200, body = LakeState)))]
pub(crate) async fn state(State(deps): State<Deps>, Extension(jobs): Extension<Arc<Jobs>>) -> Json<LakeState> {
    let lake = &deps.lake;
    let forecast = lake.forecast();
    let text = |at: Option<Time>| at.map(|at| at.to_string());
    let tables = lake.stats().tables.into_iter().map(|table| LakeTable {
        name: table.table.to_owned(),
        rows: table.rows,
        hot_rows: table.hot_rows,
        hot_bytes: table.hot_bytes,
        segments: table.segments,
        bytes: table.bytes,
        first: text(table.first),
        last: text(table.last),
    });
    let retained = lake.retained().into_iter().take(MAX_RETAINED).map(|run| LakeRetained {
        at: run.at.to_string(),
        rule: run.rule.to_owned(),
        segments: run.segments,
        rows: run.rows,
        bytes: run.bytes,
    });
    Json(LakeState {
        tables: tables.collect(),
        forecast: LakeForecast {
            bytes: forecast.bytes,
            capacity: forecast.capacity,
            bytes_per_day: forecast.per_day,
            days_held: forecast.days_held,
            days_of_history: forecast.days_of_history,
            days_left: forecast.days_left,
        },
        retention: retention(lake),
        days: days(lake),
        holds: lake.holds().iter().map(hold).collect(),
        retained: retained.collect(),
        jobs: jobs.list(),
    })
}

fn retention(lake: &Lake) -> LakeRetention {
    let settings = lake.settings();
    let secs = |length: Option<std::time::Duration>| length.map(|length| length.as_secs());
    let mut sizes: BTreeMap<String, (u64, u64)> =
        lake.classes().into_iter().map(|class| (class.name, (class.rows, class.bytes))).collect();
    let mut classes = Vec::new();
    for class in &settings.classes {
        let (rows, bytes) = sizes.remove(&class.name).unwrap_or_default();
        classes.push(LakeClass {
            name: class.name.clone(),
            filter: class.filter.to_string(),
            keep_secs: secs(class.keep.or(settings.keep)),
            max_bytes: class.max_bytes,
            rows,
            bytes,
        });
    }
    sizes.entry(String::new()).or_default();
    // Classes that are not configured any more keep their name and fall under the rule for all; the rest comes last.
    let rest = |(name, (rows, bytes)): (String, (u64, u64))| LakeClass {
        name,
        filter: String::new(),
        keep_secs: secs(settings.keep),
        max_bytes: settings.max_bytes,
        rows,
        bytes,
    };
    classes.extend(sizes.into_iter().rev().map(rest));
    LakeRetention {
        keep_secs: secs(settings.keep),
        keep_events_secs: secs(settings.keep_events),
        max_bytes: settings.max_bytes,
        min_free_bytes: settings.min_free,
        classes,
    }
}

fn days(lake: &Lake) -> Vec<LakeDay> {
    let holds = lake.holds();
    let mut days: BTreeMap<String, LakeDay> = BTreeMap::new();
    for segment in lake.segments().into_iter().filter(|segment| segment.table == FLOWS.name) {
        let day: String = segment.first.to_string().chars().take_while(|c| *c != 'T').collect();
        let held = holds.iter().any(|hold| segment.first < hold.to && segment.last >= hold.from);
        let new = || LakeDay { day: day.clone(), segments: 0, rows: 0, bytes: 0, held: false };
        let sum = days.entry(day.clone()).or_insert_with(new);
        sum.segments += 1;
        sum.rows += segment.rows;
        sum.bytes += segment.bytes;
        sum.held |= held;
    }
    days.into_values().rev().take(MAX_DAYS).collect()
}

fn hold(hold: &Hold) -> LakeHold {
    LakeHold {
        id: hold.id,
        from: hold.from.to_string(),
        to: hold.to.to_string(),
        kind: match hold.kind {
            HoldKind::Legal => LakeHoldKind::Legal,
            HoldKind::Incident => LakeHoldKind::Incident,
            HoldKind::Other => LakeHoldKind::Other,
        },
        owner: hold.owner.clone(),
        reason: hold.reason.clone(),
        made: hold.made.to_string(),
    }
}

/// What each column takes, largest first.
#[utoipa::path(get, path = "/api/v1/lake/columns", responses((status = 200, body = [LakeColumn])))]
pub(crate) async fn columns(State(deps): State<Deps>) -> Answer<Vec<LakeColumn>> {
    let lake = Arc::clone(&deps.lake);
    // It reads the footers of all segments.
    let found = tokio::task::spawn_blocking(move || lake.columns()).await.map_err(ApiError::internal)??;
    let column = |column: minamo_store::ColumnSize| LakeColumn {
        table: column.table.to_owned(),
        column: column.column,
        stored: column.stored,
        encoded: column.encoded,
        rows: column.rows,
    };
    Ok(Json(found.into_iter().map(column).collect()))
}

/// The files of the lake, by table and earliest row; at most 10,000.
#[utoipa::path(get, path = "/api/v1/lake/segments", params(LakeSegmentsParams),
    responses((status = 200, body = [LakeSegment]), (status = 400, body = ApiError)))]
pub(crate) async fn segments(
    State(deps): State<Deps>,
    query: Result<Query<LakeSegmentsParams>, QueryRejection>,
) -> Answer<Vec<LakeSegment>> {
    let Query(params) = query?;
    let bound = |text: &Option<String>, path| text.as_deref().map(|text| parse_time(text, path)).transpose();
    let (from, to) = (bound(&params.from, "from")?, bound(&params.to, "to")?);
    let segments = deps.lake.segments().into_iter();
    let wanted = segments.filter(|s| from.is_none_or(|from| s.last >= from) && to.is_none_or(|to| s.first < to));
    let segment = |segment: minamo_store::SegmentInfo| LakeSegment {
        table: segment.table.to_owned(),
        id: segment.id,
        path: segment.path,
        class: segment.class,
        rows: segment.rows,
        bytes: segment.bytes,
        first: segment.first.to_string(),
        last: segment.last.to_string(),
    };
    Ok(Json(wanted.take(MAX_SEGMENTS).map(segment).collect()))
}

/// The ranges from which nothing is deleted.
#[utoipa::path(get, path = "/api/v1/lake/holds", responses((status = 200, body = [LakeHold])))]
pub(crate) async fn holds(State(deps): State<Deps>) -> Json<Vec<LakeHold>> {
    Json(deps.lake.holds().iter().map(hold).collect())
}

/// Exempt a range from every deletion.
#[utoipa::path(post, path = "/api/v1/lake/holds", request_body = LakeHoldCreate,
    responses((status = 201, body = LakeHold), (status = 400, body = ApiError)))]
pub(crate) async fn create_hold(
    State(deps): State<Deps>,
    Extension(User(user)): Extension<User>,
    body: Body<LakeHoldCreate>,
) -> Result<(StatusCode, Json<LakeHold>), ApiError> {
    let Json(request) = body?;
    let (from, to) = (parse_time(&request.from, "from")?, parse_time(&request.to, "to")?);
    if from >= to {
        return Err(ApiError::bad("to", "the range ends before it begins", "期間の終わりが始まりより前です"));
    }
    let reason = request.reason.trim();
    if !(1..=MAX_REASON).contains(&reason.chars().count()) {
        let en = format!("reason: want 1 to {MAX_REASON} characters");
        return Err(ApiError::bad("reason", en, format!("理由は 1～{MAX_REASON} 文字で入力してください")));
    }
    let owner = request.owner.map(|owner| owner.trim().to_owned()).filter(|owner| !owner.is_empty()).unwrap_or(user);
    if owner.chars().count() > MAX_REASON {
        let en = format!("owner: want at most {MAX_REASON} characters");
        return Err(ApiError::bad("owner", en, format!("責任者は {MAX_REASON} 文字以内で入力してください")));
    }
    let kind = match request.kind {
        LakeHoldKind::Legal => HoldKind::Legal,
        LakeHoldKind::Incident => HoldKind::Incident,
        LakeHoldKind::Other => HoldKind::Other,
    };
    let new = NewHold { from, to, kind, owner, reason: reason.to_owned() };
    let id = deps.lake.hold(new).await?;
    let made = deps.lake.holds().into_iter().find(|hold| hold.id == id);
    let made = made.ok_or_else(|| ApiError::internal(format!("hold {id} was made and has ended already")))?;
    tracing::info!(id, owner = made.owner, %from, %to, "a hold was made");
    Ok((StatusCode::CREATED, Json(hold(&made))))
}

/// End a hold.
#[utoipa::path(delete, path = "/api/v1/lake/holds/{id}", params(("id" = i64, Path, description = "Number of the hold")),
    responses((status = 204), (status = 404, body = ApiError)))]
pub(crate) async fn release_hold(
    State(deps): State<Deps>,
    Extension(User(user)): Extension<User>,
    Path(id): Path<i64>,
) -> Result<StatusCode, ApiError> {
    if deps.lake.release(id).await? {
        tracing::info!(id, user, "a hold was ended");
        return Ok(StatusCode::NO_CONTENT);
    }
    let (en, ja) = (format!("there is no hold {id}"), format!("保全 {id} はありません"));
    Err(ApiError::new(StatusCode::NOT_FOUND, "not_found", en, ja).at_path("id"))
}

/// What is being done with the lake, and what was done last.
#[utoipa::path(get, path = "/api/v1/lake/jobs", responses((status = 200, body = [LakeJob])))]
pub(crate) async fn jobs(Extension(jobs): Extension<Arc<Jobs>>) -> Json<Vec<LakeJob>> {
    Json(jobs.list())
}

/// Start to verify, merge, seal, or apply retention; how it goes is told by the list of jobs.
#[utoipa::path(post, path = "/api/v1/lake/jobs", request_body = LakeJobCreate,
    responses((status = 202, body = LakeJob), (status = 409, body = ApiError)))]
pub(crate) async fn create_job(
    State(deps): State<Deps>,
    Extension(jobs): Extension<Arc<Jobs>>,
    body: Body<LakeJobCreate>,
) -> Result<(StatusCode, Json<LakeJob>), ApiError> {
    let Json(LakeJobCreate { kind }) = body?;
    match jobs.start(kind, Arc::clone(&deps.lake), deps.clock) {
        Some(job) => Ok((StatusCode::ACCEPTED, Json(job))),
        None => {
            let (en, ja) = ("that is being done already", "同じ処理がすでに実行中です");
            Err(ApiError::new(StatusCode::CONFLICT, "busy", en, ja).at_path("kind"))
        }
    }
}
