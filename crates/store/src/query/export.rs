// SPDX-License-Identifier: Apache-2.0
//! Answers as streams, for exports: as long as the caller goes on asking, batch after batch, in the memory of one query.
//! They have no limit of time, because a download takes as long as its reader wants; instead only a few run at once.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::MemoryReservation;
use futures::StreamExt;
use minamo_base::Time;
use minamo_filter::Expr as Filter;
use tokio::sync::OwnedSemaphorePermit;

use super::flows;
use super::kept::{plan_keeping, without_word};
use super::pages::newest_first;
use crate::counters::add;
use crate::shared::Shared;
use crate::{Lake, QueryError};

/// A question for all flows of a range.
#[derive(Debug, Clone)]
pub struct RowsQuery {
    /// Flows that ended before are left out.
    pub from: Option<Time>,
    /// Flows that started here or later are left out.
    pub to: Option<Time>,
    /// Flows that do not pass are left out.
    pub filter: Filter,
    /// The newest so many, newest first; all, in the order in which they are stored, where absent.
    pub limit: Option<usize>,
}

/// An answer, batch by batch.
pub struct Rows {
    stream: SendableRecordBatchStream,
    shared: Arc<Shared>,
    /// Held while the answer is read, as is the turn.
    _kept: Option<MemoryReservation>,
    _turn: OwnedSemaphorePermit,
}

impl Rows {
    /// Its columns.
    pub fn schema(&self) -> SchemaRef {
        self.stream.schema()
    }

    /// The next rows; nothing at the end. After an error there is no more.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>, QueryError> {
        let next = self.stream.next().await.transpose().map_err(QueryError::from);
        match &next {
            Err(QueryError::Damaged(_)) => add(&self.shared.counters.damaged, 1),
            Err(QueryError::Memory) => add(&self.shared.counters.query_memory, 1),
            _ => {}
        }
        next
    }
}

impl Lake {
    /// The flows of a range as a stream.
    pub async fn flow_rows(&self, query: RowsQuery) -> Result<Rows, QueryError> {
        let turn = self.turn().await?;
        let session = self.session()?;
        let mut frame = flows(&session, query.from, query.to, &query.filter).await?;
        if query.limit.is_some() {
            frame = newest_first(frame)?.limit(0, query.limit)?;
        }
        let stream = frame.execute_stream().await?;
        Ok(Rows { stream, shared: Arc::clone(&self.shared), _kept: None, _turn: turn })
    }

    /// The answer to a statement that reads, whole and as a stream. See [`Lake::sql`].
    pub async fn sql_rows(&self, text: &str) -> Result<Rows, QueryError> {
        let turn = self.turn().await?;
        let session = self.session()?;
        let (text, kept) = without_word(text);
        let kept = plan_keeping(&session, &text, &kept).await?;
        let stream = session.execute_logical_plan(kept.plan).await?.execute_stream().await?;
        Ok(Rows { stream, shared: Arc::clone(&self.shared), _kept: Some(kept.memory), _turn: turn })
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, QueryError> {
        add(&self.shared.counters.queries, 1);
        let exports = Arc::clone(&self.shared.exports);
        let wait = self.shared.settings.query_time;
        match tokio::time::timeout(wait, exports.acquire_owned()).await {
            Ok(turn) => turn.map_err(|error| QueryError::Failed(error.to_string())),
            Err(_) => {
                add(&self.shared.counters.query_timeouts, 1);
                Err(QueryError::Timeout(wait.as_secs()))
            }
        }
    }
}
