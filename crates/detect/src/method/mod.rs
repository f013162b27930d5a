// SPDX-License-Identifier: Apache-2.0
//! Methods: what judges the rows that a rule's query gathers, where SQL is not enough. The rule file says everything
//! that a rule says (question, windows, parameters, texts, causes); its query gathers, the method named in it judges. A
//! method keeps nothing between two windows: what it may hold is the rows of one answer, and live and replayed it says
//! the same.

mod dga;
mod nat;
mod ngram;
mod path;
mod pulse;

use std::collections::BTreeMap;
use std::fmt;

use minamo_base::{Ip, Time};
use minamo_model::Row;
use minamo_schema::Value;

use crate::Rule;

pub use dga::looks_made;
pub use ngram::{Labels, train};

/// A method.
pub struct Method {
    /// Its name in the front matter: `method = "dga"`.
    pub name: &'static str,
    /// Columns that the query gives it.
    pub columns: &'static [&'static str],
    /// Parameters of the rule that it uses; the query may use them, too.
    pub parameters: &'static [&'static str],
    /// Rows that it takes at most: its state.
    pub most_rows: usize,
    /// Where it is from.
    pub sources: &'static [&'static str],
    /// What comes of the rows of a query.
    pub judge: for<'a> fn(&Rule, &[Row<'a>]) -> Vec<Judged<'a>>,
}

/// All methods.
pub static METHODS: &[&Method] = &[&dga::METHOD, &nat::METHOD, &path::METHOD, &pulse::METHOD];

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Method {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// What a method, or a query without one, found in a window: its columns by name. `window_start` says which window;
/// `window_end`, `event_severity` and `event_attack` say where the event is otherwise than its rule has it.
#[derive(Debug, Default)]
pub struct Judged<'a> {
    /// The columns.
    pub values: BTreeMap<&'a str, Value<'a>>,
}

impl<'a> Judged<'a> {
    /// Columns of a list.
    fn of<const N: usize>(values: [(&'a str, Value<'a>); N]) -> Self {
        Self { values: values.into() }
    }
}

/// The method of that name.
pub(crate) fn of(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name).copied()
}

/// What is wrong with a name that is none.
pub(crate) fn unknown(name: &str) -> String {
    let known: Vec<_> = METHODS.iter().map(|method| method.name).collect();
    format!("method: got {name:?}, want one of {}", known.join(", "))
}

/// Value of a parameter; rules are checked to have it.
fn parameter(rule: &Rule, name: &str) -> u64 {
    rule.parameters.get(name).map_or(0, |parameter| parameter.default)
}

/// A whole number of a row.
fn number(row: &Row<'_>, name: &str) -> u64 {
    match row.get(name) {
        Value::Uint(number) => number,
        Value::Int(number) => u64::try_from(number).unwrap_or(0),
        _ => 0,
    }
}

fn flag(row: &Row<'_>, name: &str) -> bool {
    row.get(name) == Value::Bool(true)
}

fn time(row: &Row<'_>, name: &str) -> Time {
    match row.get(name) {
        Value::Time(at) => at,
        _ => Time::default(),
    }
}

fn address(row: &Row<'_>, name: &str) -> Option<Ip> {
    match row.get(name) {
        Value::Ip(ip) => Some(ip),
        _ => None,
    }
}

fn text<'a>(row: &Row<'a>, name: &str) -> Option<std::borrow::Cow<'a, str>> {
    match row.get(name) {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// A number of things.
fn count<'a>(number: usize) -> Value<'a> {
    Value::Uint(number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_used_and_says_where_it_is_from() {
        let rules = crate::shipped_rules().expect("they parse");
        for method in METHODS {
            assert!(rules.iter().any(|rule| rule.method == Some(method)), "no rule uses {method:?}");
            assert!(!method.sources.is_empty() && method.most_rows <= 1_000_000);
        }
        assert!(unknown("x").starts_with("method: got \"x\", want one of dga, "));
    }
}
