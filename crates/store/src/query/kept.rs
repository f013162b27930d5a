// SPDX-License-Identifier: Apache-2.0
//! `WITH name AS MATERIALIZED (…)`, as PostgreSQL has it: the query of that name is computed once and kept while the
//! statement runs, however often it is named. The query engine puts the text of such a query in each place where its name
//! stands, so that a statement of several steps reads its rows again for every one of them. What is kept counts as memory of
//! the query (`lake.query_memory`).

use std::sync::Arc;

use datafusion::datasource::MemTable;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{Cte, Query, SetExpr, Statement as Ast, TableFactor};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use futures::StreamExt as _;

use super::running::stream;
use super::sql::{checked_plan, parsed};
use crate::QueryError;

/// Begin of the names of tables that hold what is kept.
const KEPT: &str = "minamo_kept_";

/// The statement without the word, and the names that are to be kept.
pub(super) fn without_word(text: &str) -> (String, Vec<String>) {
    // What cannot be taken apart is for the parser to complain of.
    let Ok(tokens) = Tokenizer::new(&GenericDialect {}, text).tokenize() else { return (text.to_owned(), Vec::new()) };
    let is_word = |token: &Token, keyword| matches!(token, Token::Word(word) if word.keyword == keyword);
    let (mut out, mut names) = (String::with_capacity(text.len()), Vec::new());
    let mut before: [Option<&Token>; 2] = [None, None];
    for token in &tokens {
        let [name, last] = before;
        if let (true, Some(Token::Word(name)), Some(last)) = (is_word(token, Keyword::MATERIALIZED), name, last)
            && is_word(last, Keyword::AS)
        {
            names.push(name.value.clone());
            // The places of errors stay those of the text.
            out.extend(std::iter::repeat_n(' ', token.to_string().len()));
            continue;
        }
        out.push_str(&token.to_string());
        if !matches!(token, Token::Whitespace(_)) {
            before = [last, Some(token)];
        }
    }
    if names.is_empty() { (text.to_owned(), names) } else { (out, names) }
}

/// A plan, and the memory that is taken by what was kept for it: to be held until the answer is read.
pub(super) struct Kept {
    pub(super) plan: LogicalPlan,
    pub(super) memory: MemoryReservation,
}

/// The plan of a statement of which the named queries are computed now, and kept in the session.
pub(super) async fn plan_keeping(session: &SessionContext, text: &str, names: &[String]) -> Result<Kept, QueryError> {
    let mut statement = parsed(session, text)?;
    let memory = MemoryConsumer::new("WITH … AS MATERIALIZED").register(&session.runtime_env().memory_pool);
    let mut number = 0;
    loop {
        number += 1;
        let table = format!("{KEPT}{number}");
        let in_its_place = query(parsed(session, &format!("SELECT * FROM {table}"))?);
        let whole = in_its_place.and_then(|place| first(query_mut(&mut statement)?, names, &[], &place));
        let Some(asked) = whole else { break };
        let plan = checked_plan(session, Statement::Statement(Box::new(Ast::Query(asked)))).await?;
        let mut rows = stream(session.execute_logical_plan(plan).await?).await?;
        let (schema, mut batches) = (rows.schema(), Vec::new());
        while let Some(batch) = rows.next().await {
            let batch = batch?;
            memory.try_grow(batch.get_array_memory_size())?;
            batches.push(batch);
        }
        session.register_table(&table, Arc::new(MemTable::try_new(schema, vec![batches])?))?;
    }
    Ok(Kept { plan: checked_plan(session, statement).await?, memory })
}

fn query(statement: Statement) -> Option<Box<Query>> {
    match statement {
        Statement::Statement(ast) => {
            if let Ast::Query(query) = *ast {
                Some(query)
            } else {
                None
            }
        }
        _ => None,
    }
}

fn query_mut(statement: &mut Statement) -> Option<&mut Query> {
    match statement {
        Statement::Statement(ast) => {
            if let Ast::Query(query) = &mut **ast {
                Some(query)
            } else {
                None
            }
        }
        _ => None,
    }
}

/// The first query that is to be kept and is not yet, with those before it that it may name; `place` takes its place. Looked
/// for in the statement itself, in the parts of a union, and in queries that stand for tables.
fn first(within: &mut Query, names: &[String], outer: &[Cte], place: &Query) -> Option<Box<Query>> {
    let mut known = outer.to_vec();
    if let Some(with) = &mut within.with {
        for cte in &mut with.cte_tables {
            if names.contains(&cte.alias.name.value) && !cte.query.to_string().contains(KEPT) {
                let mut asked = std::mem::replace(&mut cte.query, Box::new(place.clone()));
                if !known.is_empty() && asked.with.is_none() {
                    let mut before = with.clone();
                    before.cte_tables = known;
                    asked.with = Some(before);
                }
                return Some(asked);
            }
            known.push(cte.clone());
        }
    }
    first_of(&mut within.body, names, &known, place)
}

fn first_of(body: &mut SetExpr, names: &[String], known: &[Cte], place: &Query) -> Option<Box<Query>> {
    match body {
        SetExpr::Query(query) => first(query, names, known, place),
        SetExpr::SetOperation { left, right, .. } => {
            first_of(left, names, known, place).or_else(|| first_of(right, names, known, place))
        }
        SetExpr::Select(select) => select.from.iter_mut().find_map(|table| match &mut table.relation {
            TableFactor::Derived { subquery, .. } => first(subquery, names, known, place),
            _ => None,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_found_where_it_belongs() {
        let text =
            "WITH a AS MATERIALIZED (SELECT 1), b AS (SELECT 'x AS MATERIALIZED' AS materialized) SELECT * FROM a, b";
        let (without, names) = without_word(text);
        assert_eq!(names, ["a"]);
        assert_eq!(
            without,
            "WITH a AS              (SELECT 1), b AS (SELECT 'x AS MATERIALIZED' AS materialized) SELECT * FROM a, b"
        );
        let plain = "SELECT materialized FROM flows -- AS MATERIALIZED";
        assert_eq!(without_word(plain), (plain.to_owned(), Vec::new()));
    }
}
