// SPDX-License-Identifier: Apache-2.0
//! A filter that is evaluated on batches, without a query around it: which rows pass.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::DFSchema;
use datafusion::execution::session_state::SessionState;
use datafusion::physical_expr::PhysicalExpr;
use minamo_filter::Expr as Filter;
use minamo_model::FLOWS;

use crate::counters::{Counters, add};
use crate::query::{compile, without_duplicates};
use crate::segment::fit;
use crate::{Lake, QueryError, StoreError};

/// A filter, ready to be asked.
#[derive(Debug)]
pub(crate) struct Selector {
    /// Nothing where every row passes.
    test: Option<Arc<dyn PhysicalExpr>>,
    /// The columns that it looks at.
    schema: SchemaRef,
}

impl Selector {
    /// Of a filter's text.
    pub(crate) fn parse(state: &SessionState, text: &str) -> Result<Self, StoreError> {
        let read = minamo_filter::parse_written_out(text);
        let filter = read.map_err(|e| StoreError::Settings(format!("filter {text:?}: {e}")))?;
        Self::new(state, &filter).map_err(|e| StoreError::Engine(e.to_string()))
    }

    /// Of a filter, for totals: rows that another exporter's count for do not pass.
    pub(crate) fn new(state: &SessionState, filter: &Filter) -> Result<Self, QueryError> {
        Self::exact(state, &without_duplicates(filter))
    }

    /// Of a filter that is asked as it stands.
    pub(crate) fn exact(state: &SessionState, filter: &Filter) -> Result<Self, QueryError> {
        if *filter == Filter::All {
            return Ok(Self { test: None, schema: Arc::new(Schema::empty()) });
        }
        let (all, wanted) = (FLOWS.schema(), filter.columns());
        let fields = all.fields().iter().filter(|field| wanted.contains(field.name().as_str())).cloned();
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let known = DFSchema::try_from(Arc::clone(&schema))?;
        let test = state.create_physical_expr(compile(filter)?, &known)?;
        Ok(Self { test: Some(test), schema })
    }

    /// Of a condition in SQL over the columns of flows. Nothing is left out: duplicates pass as well.
    fn sql(state: &SessionState, text: &str) -> Result<Self, QueryError> {
        let all = DFSchema::try_from(FLOWS.schema())?;
        let condition = state.create_logical_expr(text, &all)?;
        let wanted = condition.column_refs();
        let fields = FLOWS
            .schema()
            .fields()
            .iter()
            .filter(|field| wanted.iter().any(|column| column.name == *field.name()))
            .cloned()
            .collect::<Vec<_>>();
        let schema = Arc::new(Schema::new(fields));
        let test = state.create_physical_expr(condition, &DFSchema::try_from(Arc::clone(&schema))?)?;
        Ok(Self { test: Some(test), schema })
    }

    /// Names of the columns that it looks at.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        self.schema.fields().iter().map(|field| field.name().as_str())
    }

    /// The columns that it looks at.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The rows that pass, in order.
    pub(crate) fn rows(&self, batch: &RecordBatch) -> Result<Vec<usize>, QueryError> {
        if self.test.is_none() {
            return Ok((0..batch.num_rows()).collect());
        }
        Ok(self.mask(batch)?.set_indices().collect())
    }

    /// For each row whether it passes.
    pub(crate) fn mask(&self, batch: &RecordBatch) -> Result<BooleanBuffer, QueryError> {
        let Some(test) = &self.test else { return Ok(BooleanBuffer::new_set(batch.num_rows())) };
        let seen = fit(batch, &self.schema)?;
        let passes = test.evaluate(&seen)?.into_array(batch.num_rows())?;
        let passes =
            passes.as_boolean_opt().ok_or_else(|| QueryError::Failed("a filter that is no truth value".to_owned()))?;
        // A test of a missing value is null, which counts as false.
        Ok(match passes.nulls() {
            Some(there) => passes.values() & there.inner(),
            None => passes.values().clone(),
        })
    }

    /// The rows that pass; where that cannot be told, none, and it is counted.
    pub(crate) fn rows_or_count(&self, batch: &RecordBatch, counters: &Counters) -> Option<Vec<usize>> {
        self.rows(batch)
            .inspect_err(|error| {
                tracing::error!(%error, rows = batch.num_rows(), "rows are left out of a rollup");
                add(&counters.rollup_skipped, batch.num_rows());
            })
            .ok()
    }
}

/// A condition, in SQL or of a filter, that is evaluated on batches as they come, without a query around it.
#[derive(Debug)]
pub struct Condition(Selector);

impl Condition {
    /// For each row of a batch of flows whether the condition holds; where it cannot be told, it does not.
    pub fn mask(&self, batch: &RecordBatch) -> Result<BooleanBuffer, QueryError> {
        self.0.mask(batch)
    }
}

impl Lake {
    /// A condition over the columns of flows, such as the `WHERE` of a query has one; of the functions those that
    /// need no lake.
    pub fn condition(&self, text: &str) -> Result<Condition, QueryError> {
        Selector::sql(self.engine.state(), text).map(Condition)
    }

    /// A filter as a condition, as it stands: duplicates pass as well. It must ask for no names: see
    /// [`Filter::resolve`].
    pub fn filter(&self, filter: &Filter) -> Result<Condition, QueryError> {
        Selector::exact(self.engine.state(), filter).map(Condition)
    }
}
