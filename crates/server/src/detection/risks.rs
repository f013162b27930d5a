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

use super::events::{read, title_of};
use super::incidents::seen;
use super::types::*;
use crate::api::{Answer, limited, parse_time};
use crate::{ApiError, Deps};

/// Hosts of one answer at most.
const MAX_HOSTS: usize = 1_000;
/// Instants of one answer at most, and where nothing is said.
const MAX_POINTS: usize = 1_000;
const POINTS: usize = 168;
/// Length of the range where nothing is said.
const RANGE: Duration = Duration::from_secs(7 * 86_400);

/// Own hosts that are at risk, the highest score first.
#[utoipa::path(get, path = "/api/v1/hosts/risk", params(HostRisksParams), responses((status = 200, body = HostRisks), (status = 400, body = ApiError)))]
pub(crate) async fn hosts(
    State(deps): State<Deps>,
    query: Result<Query<HostRisksParams>, QueryRejection>,
) -> Answer<HostRisks> {
    let Query(params) = query?;
    let limit = limited(params.limit.unwrap_or(100), MAX_HOSTS)?;
    let at = params.at.as_ref().map_or_else(|| Ok((deps.clock)()), |text| parse_time(text, "at"))?;
    let events = counting(&deps, at, at).await?;
    let found = risks(&events, &[at], |ip: Ip| ip.is_private());
    let at_risk = found.iter().filter(|risk| risk.scores.last().is_some_and(|score| *score > 0));
    let rows = at_risk.take(limit).map(|risk| row(&deps, risk, &events)).collect();
    Ok(Json(HostRisks { at: at.to_string(), rows }))
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
    let host: Ip = address.parse().map_err(|_| {
        let en = format!("address: got {address:?}, want an address such as 192.0.2.1");
        ApiError::bad("address", en, format!("address: {address:?} はアドレスではありません（例 192.0.2.1）"))
    })?;
    let count = params.points.unwrap_or(POINTS);
    if !(1..=MAX_POINTS).contains(&count) {
        let en = format!("points: got {count}, want 1 to {MAX_POINTS}");
        return Err(ApiError::bad("points", en, format!("points: {count} は 1～{MAX_POINTS} の範囲外です")));
    }
    let time = |text: &Option<String>, path| text.as_ref().map(|text| parse_time(text, path)).transpose();
    let to = time(&params.to, "to")?.unwrap_or_else(|| (deps.clock)());
    let from = time(&params.from, "from")?.unwrap_or(to - RANGE);
    if from >= to {
        return Err(ApiError::bad("to", "the range ends before it begins", "期間の終わりが始まりより前です"));
    }
    let instants = instants(from, to, count);
    let events = counting(&deps, from, to).await?;
    let found = risks(&events, &instants, |ip: Ip| ip == host).into_iter().next();
    let risk = found.unwrap_or_else(|| Risk { host, scores: vec![0; instants.len()], events: 0, parts: Vec::new() });
    let over = instants.iter().zip(&risk.scores).map(|(at, score)| RiskPoint { at: at.to_string(), score: *score });
    Ok(Json(HostRiskOverTime { points: over.collect(), end: row(&deps, &risk, &events) }))
}

/// So many instants, the last of which is the end of the range.
fn instants(from: Time, to: Time, count: usize) -> Vec<Time> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let step = to.since(from) / count;
    (0..count).rev().map(|back| Time(to.0 - back * step)).collect()
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
        events: risk.events,
        parts: risk.parts.iter().map(part).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_end_with_the_range() {
        assert_eq!(instants(Time(0), Time(100), 4), [Time(25), Time(50), Time(75), Time(100)]);
    }
}
