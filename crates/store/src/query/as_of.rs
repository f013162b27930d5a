// SPDX-License-Identifier: Apache-2.0
//! Questions over the tables as they were a moment ago, with rows beside them that are not stored yet.

use std::sync::Arc;

use arrow::array::RecordBatch;
use minamo_base::Time;
use minamo_model::FLOWS;

use crate::shared::{HotBatch, View};
use crate::span::Span;
use crate::tables::{PerTable, tables};
use crate::{Lake, QueryError, SqlAnswer, StoreError};

/// The tables of one moment. It keeps what it sees: hold it for a question, not longer.
#[derive(Debug)]
pub struct AsOf {
    views: PerTable<View>,
}

impl AsOf {
    /// Has the flows of a batch seen as if they were stored, columns that it lacks as null; gives their first start and their
    /// last one. Rows that are on their way to the lake are to be read after the moment was taken, so that none is seen twice.
    pub fn add_flows(&mut self, batch: RecordBatch) -> Result<(Time, Time), StoreError> {
        let span = Span::of(&FLOWS, &batch)?;
        let hot = Arc::new(HotBatch::new(0, batch, span));
        let named = tables().into_iter().zip(&mut self.views);
        named.filter(|(table, _)| table.name == FLOWS.name).for_each(|(_, view)| view.hot.push(Arc::clone(&hot)));
        Ok((span.min_start, span.max_start))
    }
}

impl Lake {
    /// The tables as they are now.
    pub fn as_of_now(&self) -> AsOf {
        AsOf { views: self.shared.views() }
    }

    /// [`Lake::sql`] over the tables of a moment.
    pub async fn sql_as_of(&self, then: &AsOf, text: &str, limit_rows: usize) -> Result<SqlAnswer, QueryError> {
        let session = self.engine.session(then.views.clone(), (self.shared.clock)())?;
        self.limited(Box::pin(Self::answer_of(session, text, limit_rows))).await
    }
}
