// SPDX-License-Identifier: Apache-2.0
//! The matrix of MITRE ATT&CK: which techniques the events of a range are of, and which rules look for which.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use minamo_detect::{Severity, TACTICS, Tactic, technique};
use serde::Serialize;
use utoipa::ToSchema;

use super::events::{Narrowed, read};
use super::types::EventsParams;
use crate::api::{Answer, parse_time};
use crate::types::Text2;
use crate::{ApiError, Deps};

/// A technique or sub-technique, with the events that are of it.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct TechniqueCount {
    /// Its identifier: `T1110`, `T1110.003`.
    pub id: String,
    /// Its name; the identifier where it is not known.
    pub name: Text2,
    /// Events of it.
    pub events: usize,
    /// Worst severity of these events: `low`, `medium`, `high` or `critical`.
    #[schema(required)]
    pub severity: Option<String>,
    /// Rules in force that look for it.
    pub rules: usize,
}

/// A technique with its sub-techniques.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttackTechnique {
    /// The technique; its numbers are also those of its sub-techniques, each event and each rule once.
    pub whole: TechniqueCount,
    /// Its sub-techniques that an event or a rule names.
    pub parts: Vec<TechniqueCount>,
}

/// A tactic with its techniques.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttackTactic {
    /// Word for programs: `credential_access`.
    pub tactic: String,
    /// Its name.
    pub name: Text2,
    /// Its techniques that an event or a rule names, by identifier.
    pub techniques: Vec<AttackTechnique>,
}

/// The matrix.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttackMatrix {
    /// All tactics, in the order of an attack.
    pub tactics: Vec<AttackTactic>,
    /// Events of the range.
    pub events: usize,
    /// Events of no technique.
    pub without: usize,
}

/// What names some techniques: an event with its severity, or a rule.
struct Named<'a> {
    ids: &'a [String],
    severity: Option<Severity>,
}

/// Which techniques the events of a range are of. A technique stands with the one tactic that network traffic shows.
#[utoipa::path(get, path = "/api/v1/attack", params(EventsParams), responses((status = 200, body = AttackMatrix), (status = 400, body = ApiError)))]
pub(crate) async fn attack(
    State(deps): State<Deps>,
    query: Result<Query<EventsParams>, QueryRejection>,
) -> Answer<AttackMatrix> {
    let Query(params) = query?;
    let narrowed = Narrowed::parse(&params)?;
    let time = |text: &Option<String>, path| text.as_ref().map(|text| parse_time(text, path)).transpose();
    let mut events = read(&deps, time(&params.from, "from")?, time(&params.to, "to")?).await?;
    events.retain(|event| narrowed.fits(event) && (params.suppressed || event.suppressed_by.is_none()));
    let known = deps.rules.known();
    let rules = known.iter().filter(|known| known.runs).map(|known| Named { ids: &known.rule.attack, severity: None });
    let severity = |text: &str| Some(Severity::parse(text).unwrap_or(Severity::Low));
    let of = events.iter().map(|event| Named { ids: &event.attack, severity: severity(&event.severity) });
    let without = events.iter().filter(|event| event.attack.is_empty()).count();
    Ok(Json(AttackMatrix { tactics: matrix(of.chain(rules)), events: events.len(), without }))
}

/// Numbers of a technique: events, the worst of them, rules.
type Numbers = (usize, Option<Severity>, usize);

fn matrix<'a>(all: impl Iterator<Item = Named<'a>>) -> Vec<AttackTactic> {
    let mut counts: BTreeMap<&str, Numbers> = BTreeMap::new();
    for named in all {
        let parents = named.ids.iter().filter_map(|id| id.split('.').next());
        let mut ids: Vec<&str> = named.ids.iter().map(String::as_str).chain(parents).collect();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            let (events, worst, rules) = counts.entry(id).or_default();
            match named.severity {
                Some(severity) => (*events, *worst) = (*events + 1, (*worst).max(Some(severity))),
                None => *rules += 1,
            }
        }
    }
    TACTICS.map(|tactic| column(tactic, &counts)).into()
}

fn column(tactic: Tactic, counts: &BTreeMap<&str, Numbers>) -> AttackTactic {
    let mut techniques: Vec<AttackTechnique> = Vec::new();
    for (id, numbers) in counts.iter().filter(|(id, _)| Tactic::of(id) == Some(tactic)) {
        match (id.contains('.'), techniques.last_mut()) {
            (true, Some(parent)) => parent.parts.push(count(id, numbers)),
            _ => techniques.push(AttackTechnique { whole: count(id, numbers), parts: Vec::new() }),
        }
    }
    AttackTactic { tactic: tactic.word().to_owned(), name: (&tactic.name()).into(), techniques }
}

fn count(id: &str, (events, worst, rules): &Numbers) -> TechniqueCount {
    let plain = || Text2 { en: id.to_owned(), ja: id.to_owned() };
    TechniqueCount {
        id: id.to_owned(),
        name: technique(id).map_or_else(plain, |name| (&name).into()),
        events: *events,
        severity: worst.map(|severity| severity.name().to_owned()),
        rules: *rules,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_counts_once_for_its_technique_and_for_each_part_of_it() {
        let ids = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let (two, one, rule) = (ids("T1110.001 T1110.003"), ids("T1110.001"), ids("T1046 T1110"));
        let named = [(&two, Some(Severity::Low)), (&one, Some(Severity::High)), (&rule, None)];
        let found = matrix(named.into_iter().map(|(ids, severity)| Named { ids, severity }));
        let of = |word: &str| found.iter().find(|column| column.tactic == word).expect("a tactic");
        let access = &of("credential_access").techniques;
        assert_eq!(access.len(), 1);
        let told = |one: &TechniqueCount| (one.id.clone(), one.events, one.severity.clone(), one.rules);
        assert_eq!(told(&access[0].whole), ("T1110".into(), 2, Some("high".into()), 1));
        let parts: Vec<_> = access[0].parts.iter().map(told).collect();
        let wanted = [("T1110.001", 2, "high"), ("T1110.003", 1, "low")];
        assert_eq!(parts, wanted.map(|(id, events, worst)| (id.to_owned(), events, Some(worst.to_owned()), 0)));
        let searched = &of("discovery").techniques[0].whole;
        assert_eq!((told(searched), &*searched.name.en), (("T1046".into(), 0, None, 1), "Network Service Discovery"));
        assert_eq!(found.len(), TACTICS.len());
    }
}
