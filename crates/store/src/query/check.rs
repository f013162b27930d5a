// SPDX-License-Identifier: Apache-2.0
//! What can be said of a statement before it runs: whether it can, which columns its answer has, and whether it reads all
//! flows there are.

use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::LogicalPlan;
use minamo_model::FLOWS;

use super::kept::without_word;
use super::provider::begins_somewhere;
use super::sql::{checked_plan, parsed};
use crate::{Lake, QueryError};

/// A statement that can run.
#[derive(Debug, Clone)]
pub struct CheckedSql {
    /// Columns of its answer.
    pub schema: SchemaRef,
    /// True where it reads flows without saying from which time on.
    pub reads_all: bool,
}

impl Lake {
    /// Plans a statement as [`Lake::sql`] would run it, and does not run it: an unknown column or a wrong type is an error.
    pub async fn check_sql(&self, text: &str) -> Result<CheckedSql, QueryError> {
        let session = self.session()?;
        let (text, _) = without_word(text);
        let plan = checked_plan(&session, parsed(&session, &text)?).await?;
        let state = session.state();
        let plan = state.optimize(&plan)?;
        let mut reads_all = false;
        plan.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node {
                reads_all |= scan.table_name.table() == FLOWS.name && !begins_somewhere(&FLOWS, &scan.filters);
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        let schema = state.create_physical_plan(&plan).await?.schema();
        Ok(CheckedSql { schema, reads_all })
    }
}
