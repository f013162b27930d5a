// SPDX-License-Identifier: Apache-2.0
//! The operations on profiles.

use std::collections::HashMap;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use minamo_base::Time;
use minamo_state::{AsKnown, ChannelDef, LIVE, Profile, ProfileError, ProfileVersion, Profiles, StateError};
use minamo_store::{Cell, Dim, MINUTE};

use super::types::*;
use super::{ChartAsk, ChartError};
use crate::api::{Answer, Body, elapsed, limited, parse_time};
use crate::query::types::Interval;
use crate::types::Measure;
use crate::{ApiError, Deps};

/// Lines of a divided channel at most.
const MAX_LINES: usize = 50;

impl From<ProfileError> for ApiError {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::Bad { path, at, en, ja } => {
                let code = if at.is_some() { "bad_filter" } else { "bad_request" };
                Self { at, ..Self::new(StatusCode::BAD_REQUEST, code, en, ja).at_path(&path) }
            }
            ProfileError::Missing { en, ja } => Self::new(StatusCode::NOT_FOUND, "not_found", en, ja).at_path("name"),
            ProfileError::Exists { en, ja } => Self::new(StatusCode::CONFLICT, "exists", en, ja).at_path("name"),
            other => Self::internal(other),
        }
    }
}

impl From<StateError> for ApiError {
    fn from(error: StateError) -> Self {
        Self::internal(error)
    }
}

impl From<ChartError> for ApiError {
    fn from(error: ChartError) -> Self {
        match error {
            ChartError::Profile(error) => error.into(),
            ChartError::Query(error) => error.into(),
            ChartError::Step(secs) => {
                let ja = format!("step_secs: {secs} は使えません。分単位（60 の倍数）にしてください");
                Self::bad("step_secs", error.to_string(), ja)
            }
        }
    }
}

/// Rows that each filter's rollup still waits for.
async fn rows_left(deps: &Deps) -> Result<HashMap<String, u64>, ApiError> {
    let status = deps.lake.rollups().await?;
    Ok(status.channels.into_iter().map(|channel| (channel.filter, channel.rows_left)).collect())
}

fn info(all: &Profiles, version: &ProfileVersion, left: &HashMap<String, u64>, now: Time) -> ProfileInfo {
    let profile = version.profile.clone();
    let is_live = version.name == LIVE;
    let lines = all.lines(&version.name, &[], 0..1, AsKnown::Now, now).unwrap_or_default();
    let filters = lines.iter().flat_map(|line| &line.parts).map(|part| part.filter.to_string());
    let time = |at: Option<Time>| at.map(|at| at.to_string());
    ProfileInfo {
        name: version.name.clone(),
        version: version.version,
        ended: profile.is_none(),
        rows_left: filters.filter_map(|filter| left.get(&filter)).sum(),
        valid_from: time(version.valid_from),
        valid_to: time(version.valid_to),
        created_at: time(version.created_at),
        granularity_secs: profile.as_ref().map_or(60, |profile| profile.granularity_secs),
        parent: profile.as_ref().filter(|_| !is_live).map(|profile| profile.parent.clone()),
        channels: (profile.into_iter().flat_map(|profile| profile.channels))
            .map(|ChannelDef { name, filter }| ProfileChannel { name, filter })
            .collect(),
    }
}

fn profile(parent: Option<String>, channels: Vec<ProfileChannel>, granularity_secs: Option<u32>) -> Profile {
    let channel = |ProfileChannel { name, filter }| ChannelDef { name, filter };
    let default = Profile::default();
    Profile {
        parent: parent.unwrap_or(default.parent),
        channels: channels.into_iter().map(channel).collect(),
        granularity_secs: granularity_secs.unwrap_or(default.granularity_secs),
    }
}

fn valid_from(text: Option<&str>) -> Result<Option<Time>, ApiError> {
    text.map(|text| parse_time(text, "valid_from")).transpose()
}

/// Tells the lake and gives what was written.
async fn written(deps: &Deps, version: &ProfileVersion) -> Result<ProfileInfo, ApiError> {
    let now = (deps.clock)();
    super::sync(&deps.lake, &deps.definitions, &*deps.networks, now).await.map_err(ApiError::internal)?;
    Ok(info(&Profiles::load(&deps.definitions, &*deps.networks)?, version, &rows_left(deps).await?, now))
}

/// The profiles in force.
#[utoipa::path(get, path = "/api/v1/profiles", params(ProfilesParams),
    responses((status = 200, body = ProfileList), (status = 400, body = ApiError)))]
pub(crate) async fn profiles(
    State(deps): State<Deps>,
    query: Result<Query<ProfilesParams>, QueryRejection>,
) -> Answer<ProfileList> {
    let Query(params) = query?;
    let now = (deps.clock)();
    let at = params.at.as_deref().map(|at| parse_time(at, "at")).transpose()?.unwrap_or(now);
    let (all, left) = (Profiles::load(&deps.definitions, &*deps.networks)?, rows_left(&deps).await?);
    let profiles = all.list(at).into_iter().map(|version| info(&all, version, &left, now)).collect();
    Ok(Json(ProfileList { profiles }))
}

/// All versions of a profile.
#[utoipa::path(get, path = "/api/v1/profiles/{name}", params(("name" = String, Path, description = "Name of the profile")),
    responses((status = 200, body = ProfileList), (status = 404, body = ApiError)))]
pub(crate) async fn profile_versions(State(deps): State<Deps>, Path(name): Path<String>) -> Answer<ProfileList> {
    let now = (deps.clock)();
    let (all, left) = (Profiles::load(&deps.definitions, &*deps.networks)?, rows_left(&deps).await?);
    let versions = all.history(&name).ok_or_else(|| missing(&name))?;
    Ok(Json(ProfileList { profiles: versions.iter().map(|version| info(&all, version, &left, now)).collect() }))
}

fn missing(name: &str) -> ApiError {
    let (en, ja) = (format!("there is no profile {name}"), format!("プロファイル {name} はありません"));
    ApiError::new(StatusCode::NOT_FOUND, "not_found", en, ja).at_path("name")
}

/// Makes a profile.
#[utoipa::path(post, path = "/api/v1/profiles", request_body = ProfileCreate,
    responses((status = 201, body = ProfileInfo), (status = 400, body = ApiError), (status = 409, body = ApiError)))]
pub(crate) async fn create_profile(
    State(deps): State<Deps>,
    body: Body<ProfileCreate>,
) -> Result<(StatusCode, Json<ProfileInfo>), ApiError> {
    let Json(request) = body?;
    let from = valid_from(request.valid_from.as_deref())?;
    let profile = profile(request.parent, request.channels, request.granularity_secs);
    let made = Profiles::create(&deps.definitions, &request.name, &profile, (from, (deps.clock)()), &*deps.networks)?;
    Ok((StatusCode::CREATED, Json(written(&deps, &made).await?)))
}

/// Changes a profile: a new version, in force from some time on.
#[utoipa::path(put, path = "/api/v1/profiles/{name}", request_body = ProfileChange,
    params(("name" = String, Path, description = "Name of the profile")),
    responses((status = 200, body = ProfileInfo), (status = 400, body = ApiError), (status = 404, body = ApiError)))]
pub(crate) async fn change_profile(
    State(deps): State<Deps>,
    Path(name): Path<String>,
    body: Body<ProfileChange>,
) -> Answer<ProfileInfo> {
    let Json(request) = body?;
    let from = valid_from(request.valid_from.as_deref())?;
    let profile = profile(request.parent, request.channels, request.granularity_secs);
    let made = Profiles::change(&deps.definitions, &name, &profile, (from, (deps.clock)()), &*deps.networks)?;
    Ok(Json(written(&deps, &made).await?))
}

/// Ends a profile. What it was can still be charted "as known then".
#[utoipa::path(delete, path = "/api/v1/profiles/{name}",
    params(("name" = String, Path, description = "Name of the profile"), ProfileDeleteParams),
    responses((status = 204), (status = 400, body = ApiError), (status = 404, body = ApiError)))]
pub(crate) async fn delete_profile(
    State(deps): State<Deps>,
    Path(name): Path<String>,
    query: Result<Query<ProfileDeleteParams>, QueryRejection>,
) -> Result<StatusCode, ApiError> {
    let Query(params) = query?;
    let from = valid_from(params.valid_from.as_deref())?;
    let ended = Profiles::delete(&deps.definitions, &name, (from, (deps.clock)()), &*deps.networks)?;
    written(&deps, &ended).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The course of a profile's channels over time, from rollups.
#[utoipa::path(post, path = "/api/v1/profiles/{name}/chart", request_body = ProfileChartRequest,
    params(("name" = String, Path, description = "Name of the profile")),
    responses((status = 200, body = ProfileChart), (status = 400, body = ApiError), (status = 404, body = ApiError)))]
pub(crate) async fn profile_chart(
    State(deps): State<Deps>,
    Path(name): Path<String>,
    body: Body<ProfileChartRequest>,
) -> Answer<ProfileChart> {
    let Json(request) = body?;
    let start = (deps.clock)();
    let (from, to) = (parse_time(&request.from, "from")?, parse_time(&request.to, "to")?);
    if from >= to {
        return Err(ApiError::bad("to", "the range ends before it begins", "期間の終わりが始まりより前です"));
    }
    let ask = ChartAsk {
        from,
        to,
        channels: request.channels,
        step_secs: request.step_secs,
        as_known: request.as_known.into(),
        dim: match request.split {
            None => Dim::Total,
            Some(ProfileSplit::Protocol) => Dim::Protocol,
            Some(ProfileSplit::App) => Dim::App,
        },
        limit: limited(request.limit.unwrap_or(10), MAX_LINES)?,
    };
    let found =
        super::chart(&deps.lake, &Profiles::load(&deps.definitions, &*deps.networks)?, &name, ask, start).await?;
    let channel = |at: usize| found.channels.get(at).map(|line| line.channel.clone()).unwrap_or_default();
    let minute = |at: i64| Time(at.saturating_mul(MINUTE)).to_string();
    let line = |(at, key, cells): (usize, String, Vec<Cell>)| ProfileLine {
        channel: channel(at),
        key: Some(key).filter(|key| !key.is_empty()),
        values: cells.iter().map(|cell| both(request.by, cell)).collect(),
        intervals: if found.chart.sampled {
            cells.iter().map(|c| interval(request.by, c)).collect()
        } else {
            Vec::new()
        },
        src_values: cells.iter().map(|cell| sent(request.by, cell)).collect(),
    };
    Ok(Json(ProfileChart {
        start: found.chart.start.to_string(),
        step_secs: found.chart.step.as_secs(),
        missing: (found.chart.missing.iter())
            .map(|(at, gap)| ProfileGap { channel: channel(*at), from: minute(gap.start), to: minute(gap.end) })
            .collect(),
        lines: found.chart.lines.into_iter().map(line).collect(),
        elapsed_ms: elapsed(&deps, start),
    }))
}

fn both(by: Measure, cell: &Cell) -> u64 {
    match by {
        Measure::Bytes => cell.bytes(),
        Measure::Packets => cell.packets(),
        Measure::Flows => cell.flows,
    }
}

fn interval(by: Measure, cell: &Cell) -> Option<Interval> {
    let of = minamo_store::Intervals::of_cell(cell)?;
    Some(Interval::from(match by {
        Measure::Bytes => of.bytes,
        Measure::Packets => of.packets,
        Measure::Flows => of.flows,
    }))
}

fn sent(by: Measure, cell: &Cell) -> Option<u64> {
    match by {
        Measure::Bytes => Some(cell.src_bytes),
        Measure::Packets => Some(cell.src_packets),
        Measure::Flows => None,
    }
}
