// SPDX-License-Identifier: Apache-2.0
//! SQL from people and rules: read-only, cut at a number of rows.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{SQLOptions, SessionContext};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::Statement as Ast;
use futures::StreamExt;

use super::kept::{plan_keeping, without_word};
use super::running::stream;
use crate::{Lake, QueryError};

/// The answer to an SQL query.
#[derive(Debug, Clone)]
pub struct SqlAnswer {
    /// Columns of the answer, also where there are no rows.
    pub schema: SchemaRef,
    /// The rows.
    pub batches: Vec<RecordBatch>,
    /// True where there were more rows than asked for.
    pub truncated: bool,
}

impl SqlAnswer {
    /// Number of rows.
    pub fn num_rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

impl Lake {
    /// Runs an SQL query over `flows` and `events` and gives at most `limit_rows` rows. Only statements
    /// that read are run. Addresses compare with texts: `src_ip = '192.0.2.1'`; besides DataFusion's
    /// functions there are those for addresses and `in_set`, which asks for the sets of [`Lake::know_sets`]. A query of
    /// `WITH name AS MATERIALIZED (…)` is computed once, however often it is named.
    pub async fn sql(&self, text: &str, limit_rows: usize) -> Result<SqlAnswer, QueryError> {
        self.limited(Box::pin(async { Self::answer_of(self.session()?, text, limit_rows).await })).await
    }

    /// The answer of a session.
    pub(super) async fn answer_of(
        session: SessionContext,
        text: &str,
        limit_rows: usize,
    ) -> Result<SqlAnswer, QueryError> {
        let (text, kept) = without_word(text);
        let kept = plan_keeping(&session, &text, &kept).await?;
        let mut stream = stream(session.execute_logical_plan(kept.plan).await?).await?;
        let mut answer = SqlAnswer { schema: stream.schema(), batches: Vec::new(), truncated: false };
        let mut room = limit_rows;
        while let Some(batch) = stream.next().await {
            let batch = batch?;
            if batch.num_rows() > room {
                answer.truncated = true;
                if room > 0 {
                    answer.batches.push(batch.slice(0, room));
                }
                break;
            }
            room -= batch.num_rows();
            if batch.num_rows() > 0 {
                answer.batches.push(batch);
            }
        }
        drop(kept.memory);
        Ok(answer)
    }
}

/// The statement of a text.
pub(super) fn parsed(session: &SessionContext, text: &str) -> Result<Statement, QueryError> {
    let state = session.state();
    Ok(state.sql_to_statement(text, &state.config().options().sql_parser.dialect)?)
}

/// The plan of a statement, which must only read.
pub(super) async fn checked_plan(session: &SessionContext, statement: Statement) -> Result<LogicalPlan, QueryError> {
    check(&statement)?;
    let plan = session.state().statement_to_plan(statement).await?;
    let only_read = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    only_read.verify_plan(&plan).map_err(|_| QueryError::ReadOnly("a statement that changes something".to_owned()))?;
    Ok(plan)
}

/// Refuses what does not only read.
fn check(statement: &Statement) -> Result<(), QueryError> {
    let refused = |text: &str| {
        let word = text.split_whitespace().next().unwrap_or("nothing").to_uppercase();
        Err(QueryError::ReadOnly(word))
    };
    match statement {
        Statement::Statement(ast) => match &**ast {
            Ast::Query(_)
            | Ast::ShowTables { .. }
            | Ast::ShowColumns { .. }
            | Ast::ShowFunctions { .. }
            | Ast::ShowVariable { .. }
            | Ast::ExplainTable { .. } => Ok(()),
            other => refused(&other.to_string()),
        },
        Statement::Explain(explain) => check(&explain.statement),
        other => refused(&other.to_string()),
    }
}
