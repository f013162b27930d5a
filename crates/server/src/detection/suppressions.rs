// SPDX-License-Identifier: Apache-2.0
//! Suppressions: made after a look at what they would have hidden, ended, listed with what they did hide.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use minamo_base::Time;
use minamo_detect::{Hours, Scope, ScopeError, usual};
use minamo_model::event::Finding;
use minamo_state::StoredSuppression;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::events::{event_row, read};
use super::types::EventRow;
use crate::api::{Answer, Body, parse_time};
use crate::auth::User;
use crate::types::Scalar;
use crate::{ApiError, Deps};

/// How far back a preview looks.
const LOOK_BACK_SECS: u64 = 7 * 86_400;
/// Events that a preview shows.
const SHOWN: usize = 100;

/// Which events a suppression hides: those that satisfy all that is said.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuppressionScope {
    /// Name of the rule.
    #[serde(default)]
    #[schema(required)]
    pub rule: Option<String>,
    /// Addresses and prefixes that hold the source.
    #[serde(default)]
    pub src: Vec<String>,
    /// Likewise of the destination.
    #[serde(default)]
    pub dst: Vec<String>,
    /// Values that facts have, by name.
    #[serde(default)]
    #[schema(value_type = HashMap<String, Scalar>)]
    pub facts: HashMap<String, Value>,
    /// Hours of the day in which they begin.
    pub hours: Option<SuppressionHours>,
}

/// Hours of each day, such as those of a backup.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuppressionHours {
    /// Their start, `22:00`.
    pub from: String,
    /// Their end, `06:00`; that of the next day where it is before the start.
    pub to: String,
    /// Minutes that the clock is ahead of UTC.
    pub offset_minutes: i32,
}

impl From<Hours> for SuppressionHours {
    fn from(hours: Hours) -> Self {
        Self { from: hours.from, to: hours.to, offset_minutes: hours.offset_minutes }
    }
}

impl From<SuppressionHours> for Hours {
    fn from(hours: SuppressionHours) -> Self {
        Self { from: hours.from, to: hours.to, offset_minutes: hours.offset_minutes }
    }
}

/// A suppression to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuppressionCreate {
    /// Which events it hides.
    pub scope: SuppressionScope,
    /// Why.
    pub reason: String,
    /// Until when; without an end where nothing is given.
    pub valid_to: Option<String>,
}

/// A suppression.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuppressionInfo {
    /// Its number.
    pub id: u32,
    /// Which events it hides.
    pub scope: SuppressionScope,
    /// Why.
    pub reason: String,
    /// Who made it.
    pub owner: String,
    /// It hides events from then …
    pub valid_from: String,
    /// … to then; absent where it has no end.
    #[schema(required)]
    pub valid_to: Option<String>,
    /// True where it hides events now.
    pub in_force: bool,
    /// Events that it hid.
    pub hits: u64,
    /// When it hid one last.
    #[schema(required)]
    pub last_hit: Option<String>,
    /// Events that it would have hidden, had they been as usual.
    pub broken: u64,
}

/// All suppressions.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuppressionList {
    /// The newest first.
    pub suppressions: Vec<SuppressionInfo>,
}

/// What a suppression would have hidden.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuppressionPreview {
    /// How many events.
    pub events: usize,
    /// In how many days up to now.
    pub days: u64,
    /// The latest of them.
    pub rows: Vec<EventRow>,
}

impl From<ScopeError> for ApiError {
    fn from(error: ScopeError) -> Self {
        let en = error.to_string();
        Self::bad(error.member, en.clone(), format!("抑止の条件が正しくありません: {en}"))
    }
}

fn scope(wanted: &SuppressionScope) -> Scope {
    Scope {
        rule: wanted.rule.clone().filter(|rule| !rule.is_empty()),
        src: wanted.src.clone(),
        dst: wanted.dst.clone(),
        facts: wanted.facts.clone().into_iter().collect(),
        hours: wanted.hours.clone().map(Into::into),
    }
}

fn info(stored: &StoredSuppression, now: Time) -> SuppressionInfo {
    let scope: Scope = serde_json::from_str(&stored.scope).unwrap_or_default();
    SuppressionInfo {
        id: stored.id,
        scope: SuppressionScope {
            rule: scope.rule,
            src: scope.src,
            dst: scope.dst,
            facts: scope.facts.into_iter().collect(),
            hours: scope.hours.map(Into::into),
        },
        reason: stored.reason.clone(),
        owner: stored.owner.clone(),
        valid_from: stored.valid_from.to_string(),
        valid_to: (stored.valid_to != StoredSuppression::FOREVER).then(|| stored.valid_to.to_string()),
        in_force: stored.valid_to > now,
        hits: stored.hits,
        last_hit: stored.last_hit.map(|at| at.to_string()),
        broken: stored.broken,
    }
}

/// All suppressions, the newest first, those that are over too.
#[utoipa::path(get, path = "/api/v1/suppressions", responses((status = 200, body = SuppressionList)))]
pub(crate) async fn suppressions(State(deps): State<Deps>) -> Answer<SuppressionList> {
    let (all, now) = (deps.suppressing.stored.all().map_err(ApiError::internal)?, (deps.clock)());
    Ok(Json(SuppressionList { suppressions: all.iter().map(|stored| info(stored, now)).collect() }))
}

/// Events of the last days that a scope means.
async fn meant(deps: &Deps, scope: &Scope) -> Result<Vec<Finding>, ApiError> {
    let now = (deps.clock)();
    let ever = (Time(i64::MIN), Time(i64::MAX));
    let Some(of) = scope.suppression(0, ever, Default::default()) else { return Ok(Vec::new()) };
    let from = now - std::time::Duration::from_secs(LOOK_BACK_SECS);
    Ok(read(deps, Some(from), None).await?.into_iter().filter(|event| of.covers(event)).collect())
}

/// What a suppression would have hidden in the last seven days.
#[utoipa::path(post, path = "/api/v1/suppressions/preview", request_body = SuppressionScope,
    responses((status = 200, body = SuppressionPreview), (status = 400, body = ApiError)))]
pub(crate) async fn preview(State(deps): State<Deps>, body: Body<SuppressionScope>) -> Answer<SuppressionPreview> {
    let Json(wanted) = body?;
    let scope = scope(&wanted);
    scope.check("preview")?;
    let found = meant(&deps, &scope).await?;
    let rows = found.iter().take(SHOWN).map(|event| event_row(&deps, event)).collect::<Result<_, _>>()?;
    Ok(Json(SuppressionPreview { events: found.len(), days: LOOK_BACK_SECS / 86_400, rows }))
}

/// Makes a suppression: it hides events from now on, until it ends or what it hides behaves otherwise than in the last
/// seven days.
#[utoipa::path(post, path = "/api/v1/suppressions", request_body = SuppressionCreate,
    responses((status = 201, body = SuppressionInfo), (status = 400, body = ApiError)))]
pub(crate) async fn create_suppression(
    State(deps): State<Deps>,
    Extension(User(owner)): Extension<User>,
    body: Body<SuppressionCreate>,
) -> Result<(StatusCode, Json<SuppressionInfo>), ApiError> {
    let Json(wanted) = body?;
    let (scope, now) = (scope(&wanted.scope), (deps.clock)());
    scope.check(&wanted.reason)?;
    let valid_to = match wanted.valid_to.as_deref() {
        None => StoredSuppression::FOREVER,
        Some(text) => parse_time(text, "valid_to")?,
    };
    if valid_to <= now {
        let (en, ja) = ("valid_to: want a time to come", "valid_to: これからの時刻を指定してください");
        return Err(ApiError::bad("valid_to", en, ja));
    }
    let found = meant(&deps, &scope).await?;
    let new = StoredSuppression {
        id: 0,
        scope: serde_json::to_string(&scope).map_err(ApiError::internal)?,
        usual: serde_json::to_string(&usual(&found)).map_err(ApiError::internal)?,
        reason: wanted.reason.trim().to_owned(),
        owner,
        valid_from: now,
        valid_to,
        hits: 0,
        last_hit: None,
        broken: 0,
    };
    let made = deps.suppressing.stored.add(&new).map_err(ApiError::internal)?;
    deps.suppressing.refresh().map_err(ApiError::internal)?;
    Ok((StatusCode::CREATED, Json(info(&made, now))))
}

/// Ends a suppression. What it hid stays hidden, and stays in the lake.
#[utoipa::path(delete, path = "/api/v1/suppressions/{id}", params(("id" = u32, Path, description = "Number of the suppression")),
    responses((status = 204), (status = 404, body = ApiError)))]
pub(crate) async fn end_suppression(State(deps): State<Deps>, Path(id): Path<u32>) -> Result<StatusCode, ApiError> {
    if !deps.suppressing.stored.end(id, (deps.clock)()).map_err(ApiError::internal)? {
        let (en, ja) = (format!("there is no suppression {id} in force"), format!("有効な抑止 {id} はありません"));
        return Err(ApiError::new(StatusCode::NOT_FOUND, "not_found", en, ja).at_path("id"));
    }
    deps.suppressing.refresh().map_err(ApiError::internal)?;
    Ok(StatusCode::NO_CONTENT)
}
