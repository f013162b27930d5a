// SPDX-License-Identifier: Apache-2.0
//! The operations on exporters.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use minamo_base::Ip;
use minamo_collect::{Decision, Exporters};

use super::types::*;
use crate::api::Body;
use crate::{ApiError, Deps};

/// The exporters that were seen, with their quality.
#[utoipa::path(get, path = "/api/v1/exporters", responses((status = 200, body = ExporterList)))]
pub(crate) async fn exporters(State(deps): State<Deps>) -> Json<ExporterList> {
    let now = (deps.clock)();
    let list = deps.exporters.iter().flat_map(|exporters| exporters.list(now));
    Json(ExporterList { collecting: deps.exporters.is_some(), exporters: list.map(|view| (&view).into()).collect() })
}

/// One exporter with its templates, a recent record of each, and what is missing.
#[utoipa::path(get, path = "/api/v1/exporters/{address}", params(("address" = String, Path, description = "Address of the exporter")), responses((status = 200, body = ExporterDetail), (status = 404, body = ApiError)))]
pub(crate) async fn exporter(
    State(deps): State<Deps>,
    Path(address): Path<String>,
) -> Result<Json<ExporterDetail>, ApiError> {
    let (exporters, address) = find(&deps, &address)?;
    let view = exporters.one(address, (deps.clock)()).ok_or_else(|| missing(address))?;
    Ok(Json((&view).into()))
}

/// Allows or denies an exporter, or takes that back; it survives a restart.
#[utoipa::path(put, path = "/api/v1/exporters/{address}/decision", params(("address" = String, Path, description = "Address of the exporter")), request_body = ExporterDecision, responses((status = 204), (status = 400, body = ApiError), (status = 404, body = ApiError)))]
pub(crate) async fn decide_exporter(
    State(deps): State<Deps>,
    Path(address): Path<String>,
    body: Body<ExporterDecision>,
) -> Result<StatusCode, ApiError> {
    let (exporters, address) = find(&deps, &address)?;
    let Json(body) = body?;
    let decision = match body.decision.as_str() {
        "allow" => Some(Decision::Allow),
        "deny" => Some(Decision::Deny),
        "undecided" => None,
        other => {
            let en = format!("decision: got {other:?}, want \"allow\", \"deny\" or \"undecided\"");
            let ja = format!("decision: {other:?} は使えません。allow・deny・undecided のいずれかにしてください");
            return Err(ApiError::bad("decision", en, ja));
        }
    };
    let exporters = exporters.clone();
    let kept = tokio::task::spawn_blocking(move || exporters.decide(address, decision)).await;
    kept.map_err(ApiError::internal)?.map_err(ApiError::internal)?;
    Ok(StatusCode::NO_CONTENT)
}

fn find<'a>(deps: &'a Deps, address: &str) -> Result<(&'a Exporters, Ip), ApiError> {
    let parsed: Ip = address.parse().map_err(|_| {
        let en = format!("address: got {address:?}, want an address such as 192.0.2.1");
        ApiError::bad("address", en, format!("address: {address:?} はアドレスではありません"))
    })?;
    Ok((deps.exporters.as_ref().ok_or_else(|| missing(parsed))?, parsed))
}

fn missing(address: Ip) -> ApiError {
    let en = format!("{address} has sent nothing");
    let ja = format!("{address} からは何も届いていません");
    ApiError::new(StatusCode::NOT_FOUND, "not_found", en, ja).at_path("address")
}
