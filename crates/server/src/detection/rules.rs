// SPDX-License-Identifier: Apache-2.0
//! The rules in force, and trying one on the past before it is put in force.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use minamo_base::Time;
use minamo_detect::{Decided, Engine, Known, Rule, most_rows};
use minamo_model::Event;
use minamo_store::{Lake, QueryError};

use super::events::event_row;
use super::own_rules::origin;
use super::types::*;
use crate::api::{Answer, Body, parse_time};
use crate::types::Text2;
use crate::{ApiError, Deps};

/// Events that an answer shows.
const SHOWN: usize = 100;

/// What a rule would have found.
#[derive(Debug, Default)]
pub struct Tried {
    /// Its events, the first one first.
    pub events: Vec<Event>,
    /// True where a statement gave more rows than are looked at.
    pub cut: bool,
    /// Windows that were left out because there are too many.
    pub left_out: u64,
}

/// Runs a rule over the past, as if it had been in force. Nothing is stored.
pub async fn try_rule(lake: &Lake, rule: &Rule, from: Time, to: Time) -> Result<Tried, QueryError> {
    let asked = Engine::questions(rule, from, Time(to.0.saturating_sub(1)).max(from));
    let (mut engine, mut tried) = (Engine::default(), Tried { left_out: asked.left_out, ..Tried::default() });
    for sql in asked.sql {
        let answer = lake.sql(&sql, most_rows(rule)).await?;
        tried.cut |= answer.truncated;
        for event in engine.events(rule, &answer.batches, to).events {
            let known = tried.events.iter_mut().find(|known| known.finding.event_id == event.finding.event_id);
            match known {
                Some(known) => *known = event,
                None => tried.events.push(event),
            }
        }
    }
    tried.events.sort_by_key(|event| event.finding.time_start);
    Ok(tried)
}

/// There is no rule of that name.
pub(crate) fn no_rule(name: &str) -> ApiError {
    let (en, ja) = (format!("there is no rule {name}"), format!("ルール {name} はありません"));
    ApiError::new(axum::http::StatusCode::NOT_FOUND, "not_found", en, ja).at_path("name")
}

pub(crate) fn info(known: &Known) -> RuleInfo {
    let rule = &known.rule;
    let parameter = |(name, parameter): (&String, &minamo_detect::Parameter)| RuleParameter {
        name: name.clone(),
        value: parameter.default,
        reason: (&parameter.reason).into(),
    };
    let decided_by = match known.decided {
        Decided::Rule => "rule",
        Decided::Configuration => "configuration",
        Decided::Console => "console",
    };
    RuleInfo {
        name: rule.name.clone(),
        title: (&rule.title).into(),
        question: (&rule.question).into(),
        severity: rule.severity.name().to_owned(),
        attack: rule.attack.clone(),
        window_secs: rule.window.as_secs(),
        every_secs: rule.every.map(|every| every.as_secs()),
        history_secs: rule.history.map(|history| history.as_secs()),
        only: rule.only.clone(),
        parameters: rule.parameters.iter().map(parameter).collect(),
        benign: rule.benign.iter().map(Text2::from).collect(),
        sql: rule.sql.clone(),
        enabled: known.runs,
        origin: origin(known.origin),
        decided_by: decided_by.to_owned(),
    }
}

/// All rules, those too that do not run, and those that cannot.
#[utoipa::path(get, path = "/api/v1/rules", responses((status = 200, body = RuleList)))]
pub(crate) async fn rules(State(deps): State<Deps>) -> Answer<RuleList> {
    let refused = deps.rules.wrong();
    let refused =
        refused.iter().map(|error| RefusedRule { name: error.rule.clone(), why: error.what.clone() }).collect();
    Ok(Json(RuleList { rules: deps.rules.known().iter().map(info).collect(), refused }))
}

/// What a rule would have found between two times.
#[utoipa::path(post, path = "/api/v1/rules/try", request_body = RuleTry,
    responses((status = 200, body = RuleTried), (status = 400, body = ApiError), (status = 404, body = ApiError)))]
pub(crate) async fn try_out(State(deps): State<Deps>, body: Body<RuleTry>) -> Answer<RuleTried> {
    let Json(wanted) = body?;
    let mut rule = match &wanted.text {
        Some(text) => Rule::parse(&wanted.name, text)
            .map_err(|error| ApiError::bad("text", error.to_string(), format!("ルールが正しくありません: {error}")))?,
        // Also one that does not run.
        None => {
            let known = deps.rules.known().iter().find(|known| known.rule.name == wanted.name).cloned();
            known.ok_or_else(|| no_rule(&wanted.name))?.rule
        }
    };
    for (name, value) in &wanted.parameters {
        let Some(parameter) = rule.parameters.get_mut(name) else {
            let (en, ja) = (format!("parameters: there is no {name}"), format!("parameters: {name} はありません"));
            return Err(ApiError::bad("parameters", en, ja));
        };
        parameter.default = *value;
    }
    let (from, to) = (parse_time(&wanted.from, "from")?, parse_time(&wanted.to, "to")?);
    let tried = try_rule(&deps.lake, &rule, from, to).await?;
    let pairs: BTreeSet<_> = tried.events.iter().map(|e| (e.finding.src_ip, e.finding.dst_ip)).collect();
    // Texts come from the rule that was tried, which may not be in force.
    let shown = tried.events.iter().rev().take(SHOWN).map(|event| {
        let row = event_row(&deps, &event.finding)?;
        let text = (&rule.text_of(&event.finding.facts)).into();
        Ok(EventRow { title: (&rule.title).into(), text, question: (&rule.question).into(), ..row })
    });
    let rows = shown.collect::<Result<_, ApiError>>()?;
    Ok(Json(RuleTried {
        events: tried.events.len(),
        pairs: pairs.len(),
        cut: tried.cut,
        left_out: tried.left_out,
        rows,
    }))
}
