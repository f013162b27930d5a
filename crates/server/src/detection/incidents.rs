// SPDX-License-Identifier: Apache-2.0
//! Incidents: events that belong to one story, told from its beginning.

use std::collections::{BTreeSet, HashSet};

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use minamo_base::Ip;
use minamo_detect::{Incident, Seen, Sentence, Severity, Tactic, incidents as stories};
use minamo_model::event::Finding;

use super::events::{Narrowed, read, text_of, title_of, triage};
use super::types::*;
use crate::api::{Answer, limited, parse_time};
use crate::{ApiError, Deps};

/// Incidents of one answer at most.
const MAX_INCIDENTS: usize = 500;

/// Incidents, the latest first.
#[utoipa::path(get, path = "/api/v1/incidents", params(EventsParams), responses((status = 200, body = Incidents), (status = 400, body = ApiError)))]
pub(crate) async fn incidents(
    State(deps): State<Deps>,
    query: Result<Query<EventsParams>, QueryRejection>,
) -> Answer<Incidents> {
    let Query(params) = query?;
    let limit = limited(params.limit.unwrap_or(100), MAX_INCIDENTS)?;
    let time = |text: &Option<String>, path| text.as_ref().map(|text| parse_time(text, path)).transpose();
    let narrowed = Narrowed::parse(&params)?;
    let events = read(&deps, time(&params.from, "from")?, time(&params.to, "to")?).await?;
    let shown = events.iter().filter(|event| params.suppressed || event.suppressed_by.is_none());
    let seen: Vec<Seen> = shown.map(|event| seen(&deps, event)).collect();
    let found = stories(&seen, |ip: Ip| (deps.own)(ip));
    let meant: HashSet<&str> =
        events.iter().filter(|event| narrowed.fits(event)).map(|event| event.event_id.as_str()).collect();
    let found = found.iter().filter(|incident| incident.events.iter().any(|id| meant.contains(id.as_str())));
    let rows = found.take(limit).map(|incident| row(&deps, incident, &events)).collect::<Result<_, _>>()?;
    Ok(Json(Incidents { rows }))
}

pub(crate) fn seen(deps: &Deps, event: &Finding) -> Seen {
    Seen {
        id: event.event_id.clone(),
        rule: event.rule.clone(),
        severity: Severity::parse(&event.severity).unwrap_or(Severity::Low),
        span: (event.time_start, event.time_end),
        src: event.src_ip,
        dst: event.dst_ip,
        attack: event.attack.clone(),
        text: text_of(deps, event),
    }
}

/// Words of the tactics of an event, in the order of an attack.
fn tactics(event: &Finding) -> Vec<String> {
    let found: BTreeSet<Tactic> = event.attack.iter().filter_map(|id| Tactic::of(id)).collect();
    found.into_iter().map(|tactic| tactic.word().to_owned()).collect()
}

fn row(deps: &Deps, incident: &Incident, events: &[Finding]) -> Result<IncidentRow, ApiError> {
    let told = |event: &Finding| IncidentEvent {
        event_id: event.event_id.clone(),
        rule: event.rule.clone(),
        title: title_of(deps, &event.rule),
        severity: event.severity.to_string(),
        first: event.time_start.to_string(),
        last: event.time_end.to_string(),
        src_ip: event.src_ip.map(|ip| ip.to_string()),
        dst_ip: event.dst_ip.map(|ip| ip.to_string()),
        tactics: tactics(event),
    };
    let host = |ip: &Ip| IncidentHost { address: ip.to_string(), own: (deps.own)(*ip) };
    let sentence = |one: &Sentence| StorySentence { at: one.at.map(|at| at.to_string()), text: (&one.text).into() };
    let stage = |(tactic, at): &(Tactic, minamo_base::Time)| Stage {
        tactic: tactic.word().to_owned(),
        name: (&tactic.name()).into(),
        at: at.to_string(),
    };
    Ok(IncidentRow {
        incident_id: incident.id.clone(),
        host: incident.host.map(|ip| ip.to_string()),
        severity: incident.severity.name().to_owned(),
        score: incident.score,
        first: incident.span.0.to_string(),
        last: incident.span.1.to_string(),
        stages: incident.tactics.iter().map(stage).collect(),
        events: incident
            .events
            .iter()
            .filter_map(|id| events.iter().find(|event| event.event_id == *id))
            .map(told)
            .collect(),
        hosts: incident.hosts.iter().map(host).collect(),
        narrative: incident.narrative.iter().map(sentence).collect(),
        triage: triage(deps, &incident.id)?,
    })
}
