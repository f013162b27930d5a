// SPDX-License-Identifier: Apache-2.0
//! What the lake knows of the fingerprints of a session: on how many hosts, and since when.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::{Answer, elapsed, no_flow};
use crate::types::FingerprintsParams;
use crate::{ApiError, Deps};

/// Days before the session at most.
const MAX_DAYS: u64 = 90;
/// Days before the session where nobody says how many.
const DAYS: u64 = 30;

/// How known a fingerprint of the client is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Fingerprint {
    /// The column that it stands in: `tls_ja4`, `tls_ja3` or `ssh_hassh`.
    pub column: String,
    /// The fingerprint.
    pub value: String,
    /// Hosts with it, this one among them.
    pub hosts: u64,
    /// Hosts with any value in the column.
    pub of_hosts: u64,
    /// Sessions with it, this one among them.
    pub sessions: u64,
    /// Start of the first session with it.
    pub first: String,
    /// Start of the first session with it of this host.
    pub first_on_host: String,
    /// True where that is this session: the host had not used it before.
    pub new_on_host: bool,
}

/// How known the fingerprints of a session are, as of its start.
#[derive(Debug, Serialize, ToSchema)]
pub struct Fingerprints {
    /// Each fingerprint of the session, the more telling first.
    pub rows: Vec<Fingerprint>,
    /// Since when flows were looked at: where the lake does not reach back far, much is new.
    pub since: String,
    /// True where hosts of one's own network are counted, false where the client is of elsewhere and such ones are.
    pub own: bool,
    /// Milliseconds that the query took.
    pub elapsed_ms: u64,
}

/// On how many hosts the fingerprints of a flow were seen up to then, and since when.
#[utoipa::path(get, path = "/api/v1/flows/{flow_id}/fingerprints",
    params(("flow_id" = String, Path, description = "Identity of the flow"), FingerprintsParams),
    responses((status = 200, body = Fingerprints), (status = 400, body = ApiError), (status = 404, body = ApiError)))]
pub(crate) async fn fingerprints(
    State(deps): State<Deps>,
    Path(flow_id): Path<String>,
    query: Result<Query<FingerprintsParams>, QueryRejection>,
) -> Answer<Fingerprints> {
    let Query(params) = query?;
    let start = (deps.clock)();
    let days = params.days.unwrap_or(DAYS);
    if !(1..=MAX_DAYS).contains(&days) {
        let en = format!("days: got {days}, want 1 to {MAX_DAYS}");
        return Err(ApiError::bad("days", en, format!("days: {days} は 1～{MAX_DAYS} の範囲外です")));
    }
    let known = deps.lake.prevalence(&flow_id, days).await?.ok_or_else(|| no_flow(&flow_id))?;
    let row = |row: &minamo_store::Prevalence| Fingerprint {
        column: row.column.to_owned(),
        value: row.value.clone(),
        hosts: row.hosts,
        of_hosts: row.of_hosts,
        sessions: row.sessions,
        first: row.first.to_string(),
        first_on_host: row.first_on_host.to_string(),
        new_on_host: row.first_on_host >= known.at,
    };
    Ok(Json(Fingerprints {
        rows: known.rows.iter().map(row).collect(),
        since: known.since.to_string(),
        own: known.own,
        elapsed_ms: elapsed(&deps, start),
    }))
}
