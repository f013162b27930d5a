// SPDX-License-Identifier: Apache-2.0
//! Events: the list, one of them, and what people say of it.

use std::collections::{BTreeMap, HashSet};

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::StatusCode;
use minamo_base::{Ip, Time};
use minamo_model::event::Finding;
use minamo_model::{CellReader, EVENTS, Row, text_value};
use minamo_schema::Value;
use minamo_state::{Comment, Deed, Happened, Standing};

use super::types::*;
use crate::api::{Answer, Body, limited, parse_time};
use crate::auth::User;
use crate::types::Text2;
use crate::{ApiError, Deps};

/// Events of one answer at most.
const MAX_EVENTS: usize = 1_000;
/// Versions of events that are read for one answer.
const MAX_READ: usize = 20_000;
/// Longest comment, in octets.
const LONGEST_COMMENT: usize = 4_096;

/// Events of a range in their newest versions, the latest first.
pub(crate) async fn read(deps: &Deps, from: Option<Time>, to: Option<Time>) -> Result<Vec<Finding>, ApiError> {
    let mut condition = String::from("true");
    if let Some(from) = from {
        condition.push_str(&format!(" AND time_end >= TIMESTAMP '{from}'"));
    }
    if let Some(to) = to {
        condition.push_str(&format!(" AND time_start < TIMESTAMP '{to}'"));
    }
    select(deps, &condition).await
}

/// What a list of events or incidents is narrowed to.
pub(crate) struct Narrowed {
    attack: Option<String>,
    host: Option<Ip>,
}

impl Narrowed {
    pub(crate) fn parse(params: &EventsParams) -> Result<Self, ApiError> {
        let is_technique = |id: &str| {
            id.len() <= 10 && id.starts_with('T') && id.chars().skip(1).all(|c| c.is_ascii_digit() || c == '.')
        };
        if let Some(id) = params.attack.as_ref().filter(|id| !is_technique(id)) {
            let en = format!("attack: got {id:?}, want a technique such as T1110");
            return Err(ApiError::bad("attack", en, format!("attack: {id:?} は技術の番号ではありません（例 T1110）")));
        }
        let host = params.host.as_deref().map(|text| parse_address(text, "host")).transpose()?;
        Ok(Self { attack: params.attack.clone(), host })
    }

    /// True for an event that is meant.
    pub(crate) fn fits(&self, event: &Finding) -> bool {
        let of = |wanted: &String| event.attack.iter().any(|id| is_of(id, wanted));
        let ends = [event.src_ip, event.dst_ip];
        self.attack.as_ref().is_none_or(of) && self.host.is_none_or(|host| ends.contains(&Some(host)))
    }
}

/// True for a technique itself and for its sub-techniques.
fn is_of(id: &str, technique: &str) -> bool {
    id.strip_prefix(technique).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

pub(crate) fn parse_address(text: &str, path: &str) -> Result<Ip, ApiError> {
    text.parse().map_err(|_| {
        let en = format!("{path}: got {text:?}, want an address such as 192.0.2.1");
        ApiError::bad(path, en, format!("{path}: {text:?} はアドレスではありません（例 192.0.2.1）"))
    })
}

/// Events that satisfy a condition in SQL.
async fn select(deps: &Deps, condition: &str) -> Result<Vec<Finding>, ApiError> {
    let sql = format!("SELECT * FROM {} WHERE {condition} ORDER BY time_found DESC", EVENTS.name);
    let answer = deps.lake.sql(&sql, MAX_READ).await?;
    // An event that was found again says more the second time: the latest version of each stands.
    let mut seen = HashSet::new();
    let mut events = Vec::new();
    for batch in &answer.batches {
        let readers = CellReader::all(batch);
        let found = (0..batch.num_rows()).map(|at| finding(&Row::new(&readers, at)));
        events.extend(found.filter(|event| seen.insert(event.event_id.clone())));
    }
    events.sort_by(|a, b| (b.time_start, &b.event_id).cmp(&(a.time_start, &a.event_id)));
    Ok(events)
}

/// The event with that identity.
pub(crate) async fn one(deps: &Deps, id: &str) -> Result<Finding, ApiError> {
    let known = id.len() <= 32 && id.chars().all(|c| c.is_ascii_hexdigit());
    let found = if known { select(deps, &format!("event_id = '{id}'")).await?.into_iter().next() } else { None };
    found.ok_or_else(|| {
        let (en, ja) = (format!("there is no event {id}"), format!("イベント {id} はありません"));
        ApiError::new(StatusCode::NOT_FOUND, "not_found", en, ja).at_path("event_id")
    })
}

fn finding(row: &Row<'_>) -> Finding {
    let text = |name| text_value(&row.get(name));
    let some = |name| Some(text(name)).filter(|text| !text.is_empty());
    let time = |name| match row.get(name) {
        Value::Time(at) => at,
        _ => Time::default(),
    };
    let address = |name| match row.get(name) {
        Value::Ip(ip) => Some(ip),
        _ => None,
    };
    Finding {
        event_id: text("event_id"),
        rule: text("rule"),
        severity: text("severity").into(),
        time_start: time("time_start"),
        time_end: time("time_end"),
        time_found: time("time_found"),
        src_ip: address("src_ip"),
        dst_ip: address("dst_ip"),
        facts: text("facts"),
        filter: text("filter"),
        attack: match row.get("attack") {
            Value::Texts(ids) => ids.to_vec(),
            _ => Vec::new(),
        },
        perspective: some("perspective"),
        suppressed_by: match row.get("suppressed_by") {
            Value::Uint(id) => u32::try_from(id).ok(),
            _ => None,
        },
        suppression_broken: some("suppression_broken"),
    }
}

/// What happened, in both languages; the rule's name where it is not in force any more.
pub(crate) fn text_of(deps: &Deps, event: &Finding) -> minamo_detect::Text {
    let gone = || minamo_detect::Text { en: event.rule.clone(), ja: event.rule.clone() };
    deps.rules.get(&event.rule).map_or_else(gone, |rule| rule.text_of(&event.facts))
}

/// Title of a rule; its name where it is not in force any more.
pub(crate) fn title_of(deps: &Deps, rule: &str) -> Text2 {
    deps.rules.get(rule).map_or_else(|| Text2 { en: rule.to_owned(), ja: rule.to_owned() }, |rule| (&rule.title).into())
}

/// What people made of an event or incident, and what was done about it.
pub(crate) fn triage(deps: &Deps, id: &str) -> Result<TriageInfo, ApiError> {
    let triage = deps.triages.get(id).map_err(ApiError::internal)?;
    Ok(TriageInfo::new(triage, deps.history.of(id).map_err(ApiError::internal)?))
}

pub(crate) fn event_row(deps: &Deps, event: &Finding) -> Result<EventRow, ApiError> {
    let rule = deps.rules.get(&event.rule);
    let name = Text2 { en: event.rule.clone(), ja: event.rule.clone() };
    Ok(EventRow {
        event_id: event.event_id.clone(),
        rule: event.rule.clone(),
        severity: event.severity.to_string(),
        title: rule.as_ref().map_or(name, |rule| (&rule.title).into()),
        text: (&text_of(deps, event)).into(),
        question: rule.as_ref().map(|rule| (&rule.question).into()).unwrap_or_default(),
        benign: rule.map(|rule| rule.benign.iter().map(Text2::from).collect()).unwrap_or_default(),
        first: event.time_start.to_string(),
        last: event.time_end.to_string(),
        src_ip: event.src_ip.map(|ip| ip.to_string()),
        dst_ip: event.dst_ip.map(|ip| ip.to_string()),
        values: serde_json::from_str::<BTreeMap<_, _>>(&event.facts).unwrap_or_default().into_iter().collect(),
        filter: event.filter.clone(),
        attack: event.attack.clone(),
        perspective: event.perspective.clone(),
        suppressed_by: event.suppressed_by,
        suppression_broken: event.suppression_broken.clone(),
        triage: triage(deps, &event.event_id)?,
    })
}

/// Events, newest first.
#[utoipa::path(get, path = "/api/v1/events", params(EventsParams), responses((status = 200, body = Events), (status = 400, body = ApiError)))]
pub(crate) async fn events(
    State(deps): State<Deps>,
    query: Result<Query<EventsParams>, QueryRejection>,
) -> Answer<Events> {
    let Query(params) = query?;
    let limit = limited(params.limit.unwrap_or(200), MAX_EVENTS)?;
    let time = |text: &Option<String>, path| text.as_ref().map(|text| parse_time(text, path)).transpose();
    let narrowed = Narrowed::parse(&params)?;
    let mut found = read(&deps, time(&params.from, "from")?, time(&params.to, "to")?).await?;
    found.retain(|event| narrowed.fits(event));
    let hidden = found.iter().filter(|event| event.suppressed_by.is_some()).count();
    let shown = found.iter().filter(|event| params.suppressed || event.suppressed_by.is_none()).take(limit);
    let rows = shown.map(|event| event_row(&deps, event)).collect::<Result<_, _>>()?;
    Ok(Json(Events { rows, hidden }))
}

/// One event.
#[utoipa::path(get, path = "/api/v1/events/{event_id}", params(("event_id" = String, Path, description = "Identity of the event")),
    responses((status = 200, body = EventRow), (status = 404, body = ApiError)))]
pub(crate) async fn event(State(deps): State<Deps>, Path(id): Path<String>) -> Answer<EventRow> {
    Ok(Json(event_row(&deps, &one(&deps, &id).await?)?))
}

/// Says where an event, or the incident that it begins, stands, who looks after it, and what there is to say.
#[utoipa::path(put, path = "/api/v1/events/{event_id}/triage", request_body = TriageChange,
    params(("event_id" = String, Path, description = "Identity of the event")),
    responses((status = 200, body = TriageInfo), (status = 400, body = ApiError), (status = 404, body = ApiError)))]
pub(crate) async fn set_triage(
    State(deps): State<Deps>,
    Extension(User(user)): Extension<User>,
    Path(id): Path<String>,
    body: Body<TriageChange>,
) -> Answer<TriageInfo> {
    let Json(change) = body?;
    let event = one(&deps, &id).await?;
    let old = deps.triages.get(&event.event_id).map_err(ApiError::internal)?;
    let now = (deps.clock)();
    let standing = change.standing.map_or(old.standing, Standing::from);
    let before = (old.standing, old.owner.clone());
    let owner = change.owner.or(old.owner).filter(|owner| !owner.trim().is_empty());
    let comment = change.comment.as_deref().map(str::trim).filter(|text| !text.is_empty());
    if let Some(text) = comment {
        if text.len() > LONGEST_COMMENT {
            let (en, ja) = ("comment: want at most 4,096 octets", "comment: 4,096 オクテットまでです");
            return Err(ApiError::bad("comment", en, ja));
        }
        let comment = Comment { at: now, author: user.clone(), text: text.to_owned() };
        deps.triages.comment(&event.event_id, &comment).map_err(ApiError::internal)?;
    }
    deps.triages.set(&event.event_id, standing, owner.as_deref(), now).map_err(ApiError::internal)?;
    let done = |deed, detail: &str| {
        let one = Happened { at: now, who: user.clone(), deed, detail: detail.to_owned() };
        deps.history.add(&event.event_id, &one).map_err(ApiError::internal)
    };
    if standing != before.0 {
        done(Deed::Standing, standing.name())?;
    }
    if owner != before.1 {
        done(Deed::Owner, owner.as_deref().unwrap_or_default())?;
    }
    Ok(Json(triage(&deps, &event.event_id)?))
}
