// SPDX-License-Identifier: Apache-2.0
//! `WITH name AS MATERIALIZED (…)`, as PostgreSQL has it: the query of that name is computed once and kept while the
//! statement runs, however often it is named. The query engine puts the text of such a query in each place where its name
//! stands, so that a statement of several steps reads its rows again for every one of them.

use std::sync::Arc;

use datafusion::datasource::MemTable;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{Cte, Query, Statement as Ast};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use futures::StreamExt as _;

use super::running::stream;
use super::sql::{checked_plan, parsed};
use crate::QueryError;

/// Octets of memory that what one statement keeps may take.
const MOST_OCTETS: usize = 512 << 20;

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

/// The plan of a statement of which the named queries are computed now, and kept in the session.
pub(super) async fn plan_keeping(
    session: &SessionContext,
    text: &str,
    names: &[String],
) -> Result<LogicalPlan, QueryError> {
    let mut statement = parsed(session, text)?;
    let mut octets = 0;
    while let Some((query, name)) = first_kept(&mut statement, names) {
        let plan = checked_plan(session, Statement::Statement(Box::new(Ast::Query(query)))).await?;
        let mut rows = stream(session.execute_logical_plan(plan).await?).await?;
        let (schema, mut batches) = (rows.schema(), Vec::new());
        while let Some(batch) = rows.next().await {
            let batch = batch?;
            octets += batch.get_array_memory_size();
            if octets > MOST_OCTETS {
                return Err(QueryError::Memory);
            }
            batches.push(batch);
        }
        if session.table_exist(&name)? {
            return Err(QueryError::Bad(format!("WITH {name}: there is a table of that name")));
        }
        session.register_table(&name, Arc::new(MemTable::try_new(schema, vec![batches])?))?;
    }
    checked_plan(session, statement).await
}

/// Takes the first query that is to be kept out of the statement, with those before that it may name.
fn first_kept(statement: &mut Statement, names: &[String]) -> Option<(Box<Query>, String)> {
    let Statement::Statement(ast) = statement else { return None };
    let Ast::Query(whole) = &mut **ast else { return None };
    let with = whole.with.as_mut()?;
    let is_kept = |cte: &Cte| names.contains(&cte.alias.name.value) && cte.alias.columns.is_empty();
    let at = with.cte_tables.iter().position(is_kept)?;
    let kept = with.cte_tables.remove(at);
    let mut query = kept.query;
    if at > 0 && query.with.is_none() {
        let mut before = with.clone();
        before.cte_tables.truncate(at);
        query.with = Some(before);
    }
    if with.cte_tables.is_empty() {
        whole.with = None;
    }
    // As the query engine takes names: without quotes in small letters.
    let name = kept.alias.name;
    Some((query, if name.quote_style.is_some() { name.value } else { name.value.to_lowercase() }))
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
