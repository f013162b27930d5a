// SPDX-License-Identifier: Apache-2.0
//! What questions know of the names that people define: named sets and tags, as of the instant of asking or, where a
//! question says so, of each flow's start.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::common::plan_datafusion_err;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::simplify::SimplifyContext;
use minamo_base::Time;
use minamo_filter::{AsOf, Expr as Filter, Sets};

use super::filter::compile;
use crate::QueryError;

/// Tags of all times that a question can ask for at once.
const MAX_TAGS: usize = 1_000;

/// The names that a question may ask for, and when it is asked.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) sets: Arc<dyn Sets + Send + Sync>,
    pub(super) now: Time,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known").field("now", &self.now).finish_non_exhaustive()
    }
}

impl PartialEq for Known {
    fn eq(&self, other: &Self) -> bool {
        self.now == other.now
    }
}

impl Eq for Known {}

impl Hash for Known {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.now.0.hash(state);
    }
}

impl Known {
    /// By which versions a question goes.
    pub(super) fn as_of(&self, then: bool) -> AsOf {
        if then { AsOf::Then } else { AsOf::At(self.now) }
    }

    /// The filter that the flows of a tag pass.
    pub(super) fn tag(&self, name: &str, then: bool) -> Result<Filter, QueryError> {
        let meant = Filter::Tag(name.to_owned()).resolve(&*self.sets, self.as_of(then));
        meant.map_err(|error| QueryError::Bad(error.to_string()))
    }

    /// The tags of today, or of all times, with what each asks of a flow.
    pub(super) fn tags(&self, then: bool) -> Result<Vec<(String, Expr)>, QueryError> {
        let names = if then { self.sets.tags_ever() } else { self.sets.tags() };
        if names.len() > MAX_TAGS {
            return Err(QueryError::Bad(format!("tags: there were {} of them, want at most {MAX_TAGS}", names.len())));
        }
        let asked = |name: String| {
            let asks = compile(&self.tag(&name, then)?)?;
            Ok((name, asks))
        };
        names.into_iter().map(asked).collect()
    }
}

/// The word behind the arguments of a function that says by which versions it goes: `then` (true) or `now`.
pub(super) fn then(function: &str, word: Option<&Expr>) -> Result<bool> {
    let Some(word) = word else { return Ok(false) };
    let text = match word {
        Expr::Literal(text, _) => text.try_as_str().flatten(),
        _ => None,
    };
    match text {
        Some("then") => Ok(true),
        Some("now") => Ok(false),
        _ => Err(plan_datafusion_err!("{function}: want 'then' or 'now' as the last argument")),
    }
}

/// The expression over the columns of flows with each column as it is known where the function stands.
pub(super) fn in_place(function: &str, expr: Expr, context: &SimplifyContext) -> Result<Expr> {
    let schema = context.schema();
    let qualified = expr.transform(|expr| match expr {
        Expr::Column(column) if column.relation.is_none() => {
            let found = schema.qualified_field_with_unqualified_name(&column.name).map_err(|_| {
                let name = &column.name;
                plan_datafusion_err!("{function}: it needs the column {name} of flows there, once and under its name")
            })?;
            Ok(Transformed::yes(Expr::Column(found.into())))
        }
        other => Ok(Transformed::no(other)),
    });
    Ok(qualified?.data)
}

/// A question's error as one of planning.
pub(super) fn planning(error: QueryError) -> DataFusionError {
    plan_datafusion_err!("{error}")
}
