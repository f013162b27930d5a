// SPDX-License-Identifier: Apache-2.0
//! DataFusion's errors in one sentence, with the place in the text where it is known.

use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;

use crate::{Position, QueryError, StoreError};

/// What a person needs to know of an error.
pub(crate) fn explain_error(error: &DataFusionError) -> QueryError {
    if let Some(damage) = damage(error) {
        return QueryError::Damaged(damage);
    }
    let position = error
        .diagnostic()
        .and_then(|d| d.span)
        .map(|span| Position { line: span.start.line, column: span.start.column });
    let root = error.find_root();
    match root {
        DataFusionError::ResourcesExhausted(_) => QueryError::Memory,
        // The engine wraps this one in an input/output error.
        other if other.to_string().contains("max_temp_directory_size") => QueryError::Spill,
        DataFusionError::SQL(parser, _) => syntax(&parser.to_string()),
        DataFusionError::SchemaError(schema, _) => QueryError::Sql { message: missing(schema), position },
        DataFusionError::Plan(_) | DataFusionError::NotImplemented(_) | DataFusionError::Execution(_) => {
            QueryError::Sql { message: sentence(&root.message()), position }
        }
        DataFusionError::ArrowError(arrow, _) => QueryError::Sql { message: sentence(&arrow.to_string()), position },
        other => QueryError::Failed(sentence(&other.strip_backtrace())),
    }
}

/// What the lake itself said of a file, where that is what went wrong.
fn damage(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        match error.downcast_ref::<StoreError>() {
            Some(damaged @ StoreError::Damaged { .. }) => return Some(damaged.to_string()),
            Some(_) => return None,
            None => next = error.source(),
        }
    }
    None
}

fn missing(error: &SchemaError) -> String {
    let SchemaError::FieldNotFound { field, valid_fields } = error else { return sentence(&error.to_string()) };
    let near = |name: &str| {
        let (name, wanted) = (name.to_lowercase(), field.name.to_lowercase());
        name.contains(&wanted) || wanted.contains(&name)
    };
    let mut like: Vec<&str> = valid_fields.iter().map(|f| f.name.as_str()).filter(|name| near(name)).collect();
    like.truncate(5);
    if like.is_empty() {
        let nearest = minamo_filter::nearest_column(&field.name, &minamo_model::FLOWS);
        like.extend(nearest.filter(|near| valid_fields.iter().any(|field| field.name == *near)));
    }
    if like.is_empty() {
        format!("there is no column {}", field.name)
    } else {
        format!("there is no column {}; there is {}", field.name, like.join(", "))
    }
}

/// Turns "… at Line: 1, Column: 8" into a position.
fn syntax(text: &str) -> QueryError {
    let text = text.trim_start_matches("sql parser error: ");
    let place = text.rsplit_once(" at Line: ").and_then(|(message, place)| {
        let (line, column) = place.split_once(", Column: ")?;
        Some((message, Position { line: line.trim().parse().ok()?, column: column.trim().parse().ok()? }))
    });
    match place {
        Some((message, position)) => QueryError::Sql { message: sentence(message), position: Some(position) },
        None => QueryError::Sql { message: sentence(text), position: None },
    }
}

/// The first sentence, without the engine's own prefixes and hints.
fn sentence(text: &str) -> String {
    let mut text = text.trim();
    for prefix in [
        "Error during planning: ",
        "This feature is not implemented: ",
        "Execution error: ",
        "Arrow error: ",
        "Parser error: ",
        "External error: ",
    ] {
        text = text.strip_prefix(prefix).unwrap_or(text);
    }
    if let Some(table) = text.strip_prefix("table 'minamo.lake.").and_then(|rest| rest.strip_suffix("' not found")) {
        return format!("there is no table {table}; there are flows and events");
    }
    let end = ["\n", "\u{a0}", " Candidate functions", "\tCandidate functions", "This issue was likely caused"];
    let end = end.iter().filter_map(|mark| text.find(mark)).min().unwrap_or(text.len());
    text.get(..end).unwrap_or(text).trim_end_matches(['.', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found() {
        let error = syntax("sql parser error: Expected: an expression, found: EOF at Line: 2, Column: 14");
        assert_eq!(error.to_string(), "Expected: an expression, found: EOF (line 2, column 14)");
    }
}
