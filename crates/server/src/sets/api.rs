// SPDX-License-Identifier: Apache-2.0
//! The operations on named sets and tags.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use minamo_base::Time;
use minamo_filter::SetKind;
use minamo_state::{Called, NamedSets, SetBody, SetDefinition, SetFault, TagBody, TagDefinition};

use super::types::*;
use crate::api::{Answer, Body, parse_time};
use crate::{ApiError, Deps};

impl From<SetFault> for ApiError {
    fn from(fault: SetFault) -> Self {
        let (en, ja) = (fault.to_string(), fault.message_ja());
        let bad = |path: &str| Self::bad(path, en.clone(), ja.clone());
        match &fault {
            SetFault::Name(_) => bad("name"),
            SetFault::Exists(_) => Self::new(StatusCode::CONFLICT, "exists", en, ja).at_path("name"),
            SetFault::Missing(_) => Self::new(StatusCode::NOT_FOUND, "not_found", en, ja).at_path("name"),
            SetFault::Used(_) | SetFault::Tagging(_) | SetFault::Asked { .. } => {
                Self::new(StatusCode::CONFLICT, "in_use", en, ja).at_path("name")
            }
            SetFault::Filter { error, .. } => {
                let base = Self::new(StatusCode::BAD_REQUEST, "bad_filter", en, ja).at_path("filter");
                Self { at: Some(error.at), ..base }
            }
            SetFault::Unwritable { .. } | SetFault::TooLong(_) | SetFault::TagCycle { .. } => bad("filter"),
            SetFault::Begin(..) => bad("valid_from"),
            SetFault::State(_) => Self::internal(fault),
            _ => bad("members"),
        }
    }
}

/// When a version begins: where something is given then, and what time it is.
fn when(deps: &Deps, text: Option<&str>) -> Result<(Option<Time>, Time), ApiError> {
    let from = text.map(|text| parse_time(text, "valid_from")).transpose()?;
    Ok((from, (deps.clock)()))
}

fn at(deps: &Deps, text: Option<&str>) -> Result<Time, ApiError> {
    Ok(text.map(|text| parse_time(text, "at")).transpose()?.unwrap_or_else(deps.clock))
}

/// Tells the lake: channels of profiles may ask for what was written.
async fn sync(deps: &Deps) -> Result<(), ApiError> {
    let synced = crate::profiles::sync(&deps.lake, &deps.definitions, &*deps.networks, (deps.clock)()).await;
    synced.map(|_| ()).map_err(ApiError::internal)
}

fn kind(of: SetOf) -> SetKind {
    match of {
        SetOf::Addresses => SetKind::Addresses,
        SetOf::Ports => SetKind::Numbers,
        SetOf::Names => SetKind::Texts,
    }
}

fn set_info(set: &SetDefinition) -> SetInfo {
    SetInfo {
        name: set.name.clone(),
        of: match set.kind {
            SetKind::Addresses => SetOf::Addresses,
            SetKind::Numbers => SetOf::Ports,
            SetKind::Texts => SetOf::Names,
        },
        version: set.version,
        ended: set.body.is_none(),
        members: set.body.as_ref().map(|body| body.members.clone()).unwrap_or_default(),
        note: set.body.as_ref().and_then(|body| body.note.clone()),
        valid_from: set.valid_from.to_string(),
        valid_to: set.valid_to.map(|at| at.to_string()),
    }
}

fn tag_info(tag: &TagDefinition) -> TagInfo {
    TagInfo {
        name: tag.name.clone(),
        version: tag.version,
        filter: tag.body.as_ref().map(|body| body.filter.clone()),
        note: tag.body.as_ref().and_then(|body| body.note.clone()),
        valid_from: tag.valid_from.to_string(),
        valid_to: tag.valid_to.map(|at| at.to_string()),
    }
}

fn set_list(deps: &Deps, sets: Vec<SetInfo>) -> Json<SetList> {
    Json(SetList { sets, networks: deps.networks.names().into_keys().collect() })
}

/// The sets in force.
#[utoipa::path(get, path = "/api/v1/sets", params(NamesParams),
    responses((status = 200, body = SetList), (status = 400, body = ApiError)))]
pub(crate) async fn sets(
    State(deps): State<Deps>,
    query: Result<Query<NamesParams>, QueryRejection>,
) -> Answer<SetList> {
    let Query(params) = query?;
    let (at, all) = (at(&deps, params.at.as_deref())?, NamedSets::load(&deps.definitions)?);
    Ok(set_list(&deps, all.list(at).into_iter().map(set_info).collect()))
}

/// All versions of a set.
#[utoipa::path(get, path = "/api/v1/sets/{name}", params(("name" = String, Path, description = "Name of the set, without @")),
    responses((status = 200, body = SetList), (status = 404, body = ApiError)))]
pub(crate) async fn set_versions(State(deps): State<Deps>, Path(name): Path<String>) -> Answer<SetList> {
    let all = NamedSets::load(&deps.definitions)?;
    let versions = all.history(&name).ok_or_else(|| SetFault::Missing(Called::Set(name.clone())))?;
    Ok(set_list(&deps, versions.iter().map(set_info).collect()))
}

/// Makes a set.
#[utoipa::path(post, path = "/api/v1/sets", request_body = SetCreate,
    responses((status = 201, body = SetInfo), (status = 400, body = ApiError), (status = 409, body = ApiError)))]
pub(crate) async fn create_set(
    State(deps): State<Deps>,
    body: Body<SetCreate>,
) -> Result<(StatusCode, Json<SetInfo>), ApiError> {
    let Json(SetCreate { name, of, members, note, valid_from }) = body?;
    let (when, body) = (when(&deps, valid_from.as_deref())?, SetBody { members, note });
    let made = NamedSets::create(&deps.definitions, &name, kind(of), &body, when, &*deps.networks)?;
    sync(&deps).await?;
    Ok((StatusCode::CREATED, Json(set_info(&made))))
}

/// Changes a set: a new version, in force from some time on.
#[utoipa::path(put, path = "/api/v1/sets/{name}", request_body = SetChange,
    params(("name" = String, Path, description = "Name of the set, without @")),
    responses((status = 200, body = SetInfo), (status = 400, body = ApiError), (status = 404, body = ApiError)))]
pub(crate) async fn change_set(
    State(deps): State<Deps>,
    Path(name): Path<String>,
    body: Body<SetChange>,
) -> Answer<SetInfo> {
    let Json(SetChange { members, note, valid_from }) = body?;
    let (when, body) = (when(&deps, valid_from.as_deref())?, SetBody { members, note });
    let made = NamedSets::change(&deps.definitions, &name, &body, when, &*deps.networks)?;
    sync(&deps).await?;
    Ok(Json(set_info(&made)))
}

/// Ends a set. What it was can still be asked for "as known then".
#[utoipa::path(delete, path = "/api/v1/sets/{name}",
    params(("name" = String, Path, description = "Name of the set, without @"), NameDeleteParams),
    responses((status = 204), (status = 400, body = ApiError), (status = 404, body = ApiError), (status = 409, body = ApiError)))]
pub(crate) async fn delete_set(
    State(deps): State<Deps>,
    Path(name): Path<String>,
    query: Result<Query<NameDeleteParams>, QueryRejection>,
) -> Result<StatusCode, ApiError> {
    let when = when(&deps, query?.0.valid_from.as_deref())?;
    NamedSets::delete(&deps.definitions, &name, when, &*deps.networks)?;
    sync(&deps).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The tags in force.
#[utoipa::path(get, path = "/api/v1/tags", params(NamesParams),
    responses((status = 200, body = TagList), (status = 400, body = ApiError)))]
pub(crate) async fn tags(
    State(deps): State<Deps>,
    query: Result<Query<NamesParams>, QueryRejection>,
) -> Answer<TagList> {
    let Query(params) = query?;
    let (at, all) = (at(&deps, params.at.as_deref())?, NamedSets::load(&deps.definitions)?);
    Ok(Json(TagList { tags: all.tag_list(at).into_iter().map(tag_info).collect() }))
}

/// All versions of a tag.
#[utoipa::path(get, path = "/api/v1/tags/{name}", params(("name" = String, Path, description = "Name of the tag")),
    responses((status = 200, body = TagList), (status = 404, body = ApiError)))]
pub(crate) async fn tag_versions(State(deps): State<Deps>, Path(name): Path<String>) -> Answer<TagList> {
    let all = NamedSets::load(&deps.definitions)?;
    let versions = all.tag_history(&name).ok_or_else(|| SetFault::Missing(Called::Tag(name.clone())))?;
    Ok(Json(TagList { tags: versions.iter().map(tag_info).collect() }))
}

/// Makes a tag.
#[utoipa::path(post, path = "/api/v1/tags", request_body = TagCreate,
    responses((status = 201, body = TagInfo), (status = 400, body = ApiError), (status = 409, body = ApiError)))]
pub(crate) async fn create_tag(
    State(deps): State<Deps>,
    body: Body<TagCreate>,
) -> Result<(StatusCode, Json<TagInfo>), ApiError> {
    let Json(TagCreate { name, filter, note, valid_from }) = body?;
    let (when, body) = (when(&deps, valid_from.as_deref())?, TagBody { filter, note });
    let made = NamedSets::create_tag(&deps.definitions, &name, &body, when, &*deps.networks)?;
    sync(&deps).await?;
    Ok((StatusCode::CREATED, Json(tag_info(&made))))
}

/// Changes a tag: a new version, in force from some time on.
#[utoipa::path(put, path = "/api/v1/tags/{name}", request_body = TagChange,
    params(("name" = String, Path, description = "Name of the tag")),
    responses((status = 200, body = TagInfo), (status = 400, body = ApiError), (status = 404, body = ApiError)))]
pub(crate) async fn change_tag(
    State(deps): State<Deps>,
    Path(name): Path<String>,
    body: Body<TagChange>,
) -> Answer<TagInfo> {
    let Json(TagChange { filter, note, valid_from }) = body?;
    let (when, body) = (when(&deps, valid_from.as_deref())?, TagBody { filter, note });
    let made = NamedSets::change_tag(&deps.definitions, &name, &body, when, &*deps.networks)?;
    sync(&deps).await?;
    Ok(Json(tag_info(&made)))
}

/// Ends a tag. What it was can still be asked for "as known then".
#[utoipa::path(delete, path = "/api/v1/tags/{name}",
    params(("name" = String, Path, description = "Name of the tag"), NameDeleteParams),
    responses((status = 204), (status = 400, body = ApiError), (status = 404, body = ApiError), (status = 409, body = ApiError)))]
pub(crate) async fn delete_tag(
    State(deps): State<Deps>,
    Path(name): Path<String>,
    query: Result<Query<NameDeleteParams>, QueryRejection>,
) -> Result<StatusCode, ApiError> {
    let when = when(&deps, query?.0.valid_from.as_deref())?;
    NamedSets::delete_tag(&deps.definitions, &name, when, &*deps.networks)?;
    sync(&deps).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The tags of a flow.
#[utoipa::path(get, path = "/api/v1/flows/{flow_id}/tags", params(("flow_id" = String, Path, description = "Identity of the flow")),
    responses((status = 200, body = FlowTags), (status = 404, body = ApiError)))]
pub(crate) async fn flow_tags(State(deps): State<Deps>, Path(flow_id): Path<String>) -> Answer<FlowTags> {
    let found = deps.lake.flow_tags(&flow_id).await?.ok_or_else(|| crate::api::no_flow(&flow_id))?;
    Ok(Json(FlowTags { now: found.now, then: found.then }))
}
