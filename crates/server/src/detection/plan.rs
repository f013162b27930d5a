// SPDX-License-Identifier: Apache-2.0
//! Whether a rule can run, asked before it does. Its query is planned and not run; a mistake is told with its place in the
//! rule's file. A query that reads all flows there are is refused: it would take longer every day.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use minamo_base::Time;
use minamo_detect::{Engine, Rule, in_place};
use minamo_store::{Lake, Position, QueryError};

/// Columns of a result that the engine reads itself.
const OWN: [&str; 6] = ["window_start", "window_end", "event_severity", "event_attack", "flow_first", "flow_last"];

/// Plans the query of a rule: an unknown column, a wrong type, or a text or filter that names what the result does not have is an
/// error.
pub async fn plan(lake: &Lake, rule: &Rule) -> Result<(), QueryError> {
    for sql in Engine::questions(rule, Time::default(), Time::default()).sql {
        let checked = match lake.check_sql(&sql).await {
            Ok(checked) => checked,
            Err(error) => return Err(placed(lake, rule, error).await),
        };
        if checked.reads_all {
            let what =
                "the query reads all flows that there are: each FROM flows wants $range, or $history, in its condition";
            return Err(QueryError::Bad(what.to_owned()));
        }
        // What a method gives has columns of its own.
        if rule.method.is_none() {
            names(rule, &checked.schema).map_err(QueryError::Bad)?;
        }
    }
    rule.counted().map_or(Ok(()), |condition| lake.condition(&condition).map(drop))
}

/// The error with its place in the file of the rule; without one where that cannot be told.
async fn placed(lake: &Lake, rule: &Rule, error: QueryError) -> QueryError {
    let QueryError::Sql { message, .. } = error else { return error };
    let asked = match in_place(rule) {
        Some(sql) => lake.check_sql(&sql).await.err(),
        None => None,
    };
    match (asked, rule.begins) {
        (Some(QueryError::Sql { message, position: Some(at) }), Some(begins)) => {
            let line = at.line.saturating_add(begins).saturating_sub(1);
            QueryError::Sql { message, position: Some(Position { line, ..at }) }
        }
        _ => QueryError::Sql { message, position: None },
    }
}

/// Whether text and filter of a rule name columns of its result, and the filter is one.
fn names(rule: &Rule, result: &Schema) -> Result<(), String> {
    for (what, template) in [("text", &rule.text.en), ("text", &rule.text.ja), ("filter", &rule.filter)] {
        let unknown = places(template).find(|name| result.field_with_name(name).is_err());
        if let Some(name) = unknown {
            let fields = result.fields().iter().map(|field| field.name().as_str());
            let known: Vec<_> = fields.filter(|name| !OWN.contains(name)).collect();
            return Err(format!("{what}: the result has no column {name}; it has {}", known.join(", ")));
        }
    }
    let filled = |filter: Option<String>, field: &Arc<Field>| {
        let (filter, place) = (filter?, format!("{{{}}}", field.name()));
        if filter.contains(&place) { Some(filter.replace(&place, example(field.data_type())?)) } else { Some(filter) }
    };
    match result.fields().iter().fold(Some(rule.filter.clone()), filled) {
        Some(filter) => {
            minamo_filter::parse(&filter).map(drop).map_err(|error| format!("filter: {error}, as in {filter}"))
        }
        // It depends on the texts.
        None => Ok(()),
    }
}

/// The names in braces.
fn places(template: &str) -> impl Iterator<Item = &str> {
    let inside = template.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    inside.map(|(name, _)| name).filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

/// A value of a type, as an event would have it; nothing for texts, which may be names, addresses or whatever else.
fn example(kind: &DataType) -> Option<&'static str> {
    Some(match kind {
        DataType::FixedSizeBinary(16) => "192.0.2.1",
        DataType::FixedSizeBinary(6) => "02:00:00:00:00:01",
        DataType::Boolean => "true",
        DataType::Timestamp(..) => "2026-01-01T00:00:00Z",
        kind if kind.is_numeric() => "1",
        _ => return None,
    })
}
