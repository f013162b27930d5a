// SPDX-License-Identifier: Apache-2.0
//! Risks of hosts: now, and over time. They follow from the events in the lake, so that the past can be asked for at any
//! time; events that a suppression hides, and those that somebody called a false positive, do not count.

use std::collections::HashMap;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use minamo_base::{Ip, Time};
use minamo_detect::{RISK_MEMORY, Risk, Seen, risks};
use minamo_state::Standing;
use serde::Serialize;
use utoipa::ToSchema;

use super::events::{parse_address, read, title_of};
use super::incidents::seen;
use super::types::{HostRiskParams, HostRisksParams};
use crate::api::{Answer, limited, parse_time};
use crate::types::Text2;
use crate::{ApiError, Deps};

/// Hosts of one answer at most.
const MAX_HOSTS: usize = 1_000;
/// Instants of one answer at most, and where nothing is said.
const MAX_POINTS: usize = 1_000;
const POINTS: usize = 168;
/// Likewise for each host of a list.
const MAX_LIST_POINTS: usize = 200;
const LIST_POINTS: usize = 28;
/// Length of the range where nothing is said.
const RANGE: Duration = Duration::from_secs(7 * 86_400);

/// What one rule adds to the risk of a host.
#[derive(Debug, Serialize, ToSchema)]
pub struct RiskPart {
    /// The rule.
    pub rule: String,
    /// Its title.
    pub title: Text2,
    /// Its event that counts: the worst of the moment.
    pub event_id: String,
    /// What that event says.
    pub text: Text2,
    /// Points.
    pub points: u8,
}

/// The risk of a host at an instant.
#[derive(Debug, Serialize, ToSchema)]
pub struct HostRisk {
    /// The host.
    pub host: String,
    /// 0 to 100: the sum of its parts, as far as that.
    pub score: u8,
    /// Its scores over time at equal distances, of which the last is this one.
    pub scores: Vec<u8>,
    /// Events of the days before that it is in.
    pub events: usize,
    /// What makes up the score, the most first.
    pub parts: Vec<RiskPart>,
}

/// Risks of hosts.
#[derive(Debug, Serialize, ToSchema)]
pub struct HostRisks {
    /// Where the scores over time begin.
    pub from: String,
    /// The instant.
    pub at: String,
    /// Own hosts whose score is not 0, the highest first.
    pub rows: Vec<HostRisk>,
}

/// The score of a host at an instant.
#[derive(Debug, Serialize, ToSchema)]
pub struct RiskPoint {
    /// The instant.
    pub at: String,
    /// 0 to 100.
    pub score: u8,
}

/// The risk of a host over time.
#[derive(Debug, Serialize, ToSchema)]
pub struct HostRiskOverTime {
    /// Its score over the range, which ends with the last one.
    pub points: Vec<RiskPoint>,
    /// Its risk at the end of the range, with its reasons.
    pub end: HostRisk,
}

/// Own hosts that are at risk, the highest score first.
#[utoipa::path(get, path = "/api/v1/hosts/risk", params(HostRisksParams), responses((status = 200, body = HostRisks), (status = 400, body = ApiError)))]
pub(crate) async fn hosts(
    State(deps): State<Deps>,
    query: Result<Query<HostRisksParams>, QueryRejection>,
) -> Answer<HostRisks> {
    let Query(params) = query?;
    let limit = limited(params.limit.unwrap_or(100), MAX_HOSTS)?;
    let at = params.at.as_ref().map_or_else(|| Ok((deps.clock)()), |text| parse_time(text, "at"))?;
    let from = params.from.as_ref().map_or_else(|| Ok(at - RANGE), |text| parse_time(text, "from"))?;
    let instants = instants(from, at, pointed(params.points.unwrap_or(LIST_POINTS), MAX_LIST_POINTS)?)?;
    let events = counting(&deps, from, at).await?;
    let found = risks(&events, &instants, |ip: Ip| (deps.own)(ip));
    let at_risk = found.iter().filter(|risk| risk.scores.last().is_some_and(|score| *score > 0));
    let rows = at_risk.take(limit).map(|risk| row(&deps, risk, &events)).collect();
    Ok(Json(HostRisks { from: from.to_string(), at: at.to_string(), rows }))
}

/// The risk of a host over time, and what makes it up at the end.
#[utoipa::path(get, path = "/api/v1/hosts/{address}/risk", params(("address" = String, Path, description = "Address of the host"), HostRiskParams),
    responses((status = 200, body = HostRiskOverTime), (status = 400, body = ApiError)))]
pub(crate) async fn host(
    State(deps): State<Deps>,
    Path(address): Path<String>,
    query: Result<Query<HostRiskParams>, QueryRejection>,
) -> Answer<HostRiskOverTime> {
    let Query(params) = query?;
    let host = parse_address(&address, "address")?;
    let count = pointed(params.points.unwrap_or(POINTS), MAX_POINTS)?;
    let time = |text: &Option<String>, path| text.as_ref().map(|text| parse_time(text, path)).transpose();
    let to = time(&params.to, "to")?.unwrap_or_else(|| (deps.clock)());
    let from = time(&params.from, "from")?.unwrap_or(to - RANGE);
    let instants = instants(from, to, count)?;
    let events = counting(&deps, from, to).await?;
    let found = risks(&events, &instants, |ip: Ip| ip == host).into_iter().next();
    let risk = found.unwrap_or_else(|| Risk { host, scores: vec![0; instants.len()], events: 0, parts: Vec::new() });
    let over = instants.iter().zip(&risk.scores).map(|(at, score)| RiskPoint { at: at.to_string(), score: *score });
    Ok(Json(HostRiskOverTime { points: over.collect(), end: row(&deps, &risk, &events) }))
}

/// A number of instants, as far as there may be so many.
fn pointed(count: usize, most: usize) -> Result<usize, ApiError> {
    if (1..=most).contains(&count) {
        return Ok(count);
    }
    let (en, ja) =
        (format!("points: got {count}, want 1 to {most}"), format!("points: {count} は 1～{most} の範囲外です"));
    Err(ApiError::bad("points", en, ja))
}

/// So many instants, the last of which is the end of the range.
fn instants(from: Time, to: Time, count: usize) -> Result<Vec<Time>, ApiError> {
    if from >= to {
        return Err(ApiError::bad("to", "the range ends before it begins", "期間の終わりが始まりより前です"));
    }
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let step = to.since(from) / count;
    Ok((0..count).rev().map(|back| Time(to.0 - back * step)).collect())
}

/// Events that count in a range.
async fn counting(deps: &Deps, from: Time, to: Time) -> Result<Vec<Seen>, ApiError> {
    let wrong = deps.triages.of(Standing::FalsePositive).map_err(ApiError::internal)?;
    let events = read(deps, Some(from - RISK_MEMORY), Some(to)).await?;
    let counts = events.iter().filter(|event| event.suppressed_by.is_none() && !wrong.contains(&event.event_id));
    Ok(counts.map(|event| seen(deps, event)).collect())
}

fn row(deps: &Deps, risk: &Risk, events: &[Seen]) -> HostRisk {
    let texts: HashMap<&str, &minamo_detect::Text> = events.iter().map(|event| (&*event.id, &event.text)).collect();
    let part = |part: &minamo_detect::Part| RiskPart {
        rule: part.rule.clone(),
        title: title_of(deps, &part.rule),
        event_id: part.event_id.clone(),
        text: texts.get(&*part.event_id).map(|text| (*text).into()).unwrap_or_default(),
        points: part.points.round().clamp(0.0, 255.0) as u8,
    };
    HostRisk {
        host: risk.host.to_string(),
        score: risk.scores.last().copied().unwrap_or_default(),
        scores: risk.scores.clone(),
        events: risk.events,
        parts: risk.parts.iter().map(part).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_end_with_the_range() {
        assert_eq!(instants(Time(0), Time(100), 4).expect("a range"), [Time(25), Time(50), Time(75), Time(100)]);
    }
}
