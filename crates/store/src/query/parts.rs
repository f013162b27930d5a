// SPDX-License-Identifier: Apache-2.0
//! How much of some flows passes each of several filters: one pass over the flows, whatever the number of filters.

use datafusion::dataframe::DataFrame;
use datafusion::functions_aggregate::expr_fn::{max, sum};
use datafusion::logical_expr::{Expr, ident, lit, when};
use minamo_base::Time;
use minamo_filter::{Expr as Filter, Predicate, Test};
use minamo_model::{FLOWS, text_value};
use minamo_schema::{CellType, Column, Value};

use super::filter::compile;
use super::sampling::{Amount, Sides, counted, is_sampled, scaled};
use super::top::first_row;
use super::{Totals, flows, without_duplicates};
use crate::{Lake, QueryError};

/// Filters of one question at most.
const MOST_PARTS: usize = 400;
/// Aggregates of one pass: more are asked for in another, so that no plan grows too wide.
const PARTS_OF_PASS: usize = 100;

/// A question for the parts of some flows.
#[derive(Debug, Clone)]
pub struct PartsQuery {
    /// Flows that ended before are left out.
    pub from: Option<Time>,
    /// Flows that started here or later are left out.
    pub to: Option<Time>,
    /// Flows that do not pass are left out.
    pub filter: Filter,
    /// What the parts pass, at most 400.
    pub parts: Vec<Filter>,
}

/// A column in which a text was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The column.
    pub column: &'static Column,
    /// The filter that shows the flows.
    pub filter: Filter,
    /// How much they are.
    pub totals: Totals,
    /// One of the values; nothing for columns that are lists.
    pub example: Option<String>,
}

impl Lake {
    /// Sums of what passes each filter, in their order. Sampled flows count for what they stand for.
    pub async fn parts(&self, query: PartsQuery) -> Result<Vec<Totals>, QueryError> {
        if query.parts.len() > MOST_PARTS {
            return Err(QueryError::Bad(format!("got {} parts, want at most {MOST_PARTS}", query.parts.len())));
        }
        self.limited(Box::pin(async {
            let session = self.session()?;
            let scale = is_sampled(&self.shared, query.from, query.to)?;
            let frame = flows(&session, query.from, query.to, &without_duplicates(&query.filter)).await?;
            let mut found = Vec::with_capacity(query.parts.len());
            for parts in query.parts.chunks(PARTS_OF_PASS) {
                found.extend(totals(&frame, parts, scale).await?);
            }
            Ok(found)
        }))
        .await
    }

    /// The columns of text that have `text` somewhere in a value (letter case does not count), with how much they are, the
    /// most flows first. Columns for which `wanted` is false are not looked at.
    pub async fn find_text(
        &self,
        query: PartsQuery,
        text: &str,
        wanted: fn(&Column) -> bool,
    ) -> Result<Vec<Hit>, QueryError> {
        let of_text = |column: &&'static Column| matches!(column.cell, CellType::Text | CellType::TextList);
        let columns: Vec<&'static Column> = FLOWS.columns().filter(of_text).filter(|column| wanted(column)).collect();
        let holds = |column: &&'static Column| Filter::Test(Test::column(column, Predicate::Glob(format!("*{text}*"))));
        let filters: Vec<Filter> = columns.iter().map(holds).collect();
        let sums = self.parts(PartsQuery { parts: filters.clone(), ..query.clone() }).await?;
        let mut hits: Vec<Hit> = columns
            .into_iter()
            .zip(filters)
            .zip(sums)
            .filter(|(_, totals)| totals.flows > 0)
            .map(|((column, filter), totals)| Hit { column, filter, totals, example: None })
            .collect();
        hits.sort_by_key(|hit| (std::cmp::Reverse(hit.totals.flows), hit.column.name));
        self.limited(Box::pin(async {
            let session = self.session()?;
            let frame = flows(&session, query.from, query.to, &without_duplicates(&query.filter)).await?;
            with_examples(&frame, &mut hits).await
        }))
        .await?;
        Ok(hits)
    }
}

/// Each filter becomes a column of 1 and 0 first: as a part of the sums, DataFusion takes it out of them again where several
/// share it, and then finds that its plans differ in whether `IS TRUE` can be null.
async fn totals(frame: &DataFrame, parts: &[Filter], scale: bool) -> Result<Vec<Totals>, QueryError> {
    const AMOUNTS: [(Amount, &str); 3] = [(Amount::Bytes, "b"), (Amount::Packets, "p"), (Amount::Flows, "f")];
    let value = |amount| if scale { scaled(amount, Sides::Both) } else { counted(amount, Sides::Both) };
    let mut columns: Vec<Expr> = AMOUNTS.into_iter().map(|(amount, name)| value(amount).alias(name)).collect();
    let mut wanted: Vec<Expr> = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let passes = format!("passes{at}");
        columns.push(when(compile(part)?, lit(1_u64)).otherwise(lit(0_u64))?.alias(&passes));
        wanted.extend(AMOUNTS.map(|(_, name)| sum(ident(&passes) * ident(name)).alias(format!("{name}{at}"))));
    }
    let row = first_row(frame.clone().select(columns)?.aggregate(vec![], wanted)?).await?;
    let number = |at: usize| match row.get(at) {
        Some(Value::Uint(n)) => *n,
        _ => 0,
    };
    Ok((0..parts.len())
        .map(|at| Totals { bytes: number(3 * at), packets: number(3 * at + 1), flows: number(3 * at + 2) })
        .collect())
}

/// Gives each column that is no list one of the values that were found.
async fn with_examples(frame: &DataFrame, hits: &mut [Hit]) -> Result<(), QueryError> {
    let mut plain: Vec<&mut Hit> = hits.iter_mut().filter(|hit| hit.column.cell == CellType::Text).collect();
    let mut wanted = Vec::new();
    for (at, hit) in plain.iter().enumerate() {
        wanted.push(max(when(compile(&hit.filter)?, ident(hit.column.name)).end()?).alias(format!("e{at}")));
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let row = first_row(frame.clone().aggregate(vec![], wanted)?).await?;
    for (hit, value) in plain.iter_mut().zip(&row) {
        hit.example = Some(text_value(value)).filter(|text| !text.is_empty());
    }
    Ok(())
}
