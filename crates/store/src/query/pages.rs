// SPDX-License-Identifier: Apache-2.0
//! Flows themselves: pages of them, newest first, and one by its identity.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{SchemaRef, TimestampNanosecondType};
use datafusion::dataframe::DataFrame;
use datafusion::logical_expr::{ident, lit};
use minamo_base::{Time, hex};
use minamo_filter::Expr as Filter;
use minamo_model::FLOWS;

use super::{flows, running, time};
use crate::{Lake, QueryError};

/// Rows that a page holds at most.
const MOST: usize = 10_000;

/// A question for a page of flows.
#[derive(Debug, Clone)]
pub struct FlowsQuery {
    /// Flows that ended before are left out.
    pub from: Option<Time>,
    /// Flows that started here or later are left out.
    pub to: Option<Time>,
    /// Flows that do not pass are left out.
    pub filter: Filter,
    /// Rows to give, at most 10,000.
    pub limit: usize,
    /// [`FlowPage::next`] of the page before.
    pub cursor: Option<String>,
}

/// A page of flows.
#[derive(Debug, Clone)]
pub struct FlowPage {
    /// The rows, newest first, with the columns that any of them has.
    pub batch: RecordBatch,
    /// What to ask for the next page; nothing at the end.
    pub next: Option<String>,
}

/// Where a page ended: key of its last row and how many rows with that key were given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) at: i64,
    pub(crate) id: String,
    given: usize,
}

/// What pages are sorted by, highest first; rows of one identity are told apart by their end and their counters.
pub(crate) const KEYS: [&str; 7] =
    ["time_start", "flow_id", "time_end", "src_bytes", "dst_bytes", "src_packets", "dst_packets"];

impl Cursor {
    fn encode(&self) -> String {
        hex(format!("{} {} {}", self.at, self.given, self.id).as_bytes())
    }

    fn decode(text: &str) -> Option<Self> {
        let octets = (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok());
        let plain = String::from_utf8(octets.collect::<Option<Vec<u8>>>()?).ok()?;
        let mut parts = plain.splitn(3, ' ');
        let (at, given) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Self { at, given, id: parts.next()?.to_owned() })
    }
}

impl Lake {
    /// A page of flows, newest start first. Pages follow each other without gaps or repetitions as long as
    /// nothing is added; flows added later appear where their start belongs.
    pub async fn flows(&self, query: FlowsQuery) -> Result<FlowPage, QueryError> {
        self.limited(Box::pin(self.run_flows(query))).await
    }

    async fn run_flows(&self, query: FlowsQuery) -> Result<FlowPage, QueryError> {
        let bad = || QueryError::Bad("the cursor is not one that was given out".to_owned());
        let cursor = query.cursor.as_deref().map(|text| Cursor::decode(text).ok_or_else(bad)).transpose()?;
        let limit = query.limit.clamp(1, MOST);
        let skip = cursor.as_ref().map_or(0, |c| c.given);
        let rows = match self.few(&query, cursor.as_ref(), skip + limit + 1).await? {
            Some(rows) => rows.slice(skip.min(rows.num_rows()), rows.num_rows().saturating_sub(skip)),
            None => self.newest(&query, cursor.as_ref(), skip, limit + 1).await?,
        };
        let page = rows.slice(0, rows.num_rows().min(limit));
        let next = if rows.num_rows() > limit { end_of(&page, cursor.as_ref()) } else { None };
        Ok(FlowPage { batch: with_values(&page)?, next: next.map(|cursor| cursor.encode()) })
    }

    /// The rows from the cursor on, by the SQL engine.
    async fn newest(
        &self,
        query: &FlowsQuery,
        cursor: Option<&Cursor>,
        skip: usize,
        count: usize,
    ) -> Result<RecordBatch, QueryError> {
        let session = self.session()?;
        let mut frame = flows(&session, query.from, query.to, &query.filter).await?;
        if let Some(Cursor { at, id, .. }) = cursor {
            let same = ident("time_start").eq(time(Time(*at))).and(ident("flow_id").lt_eq(lit(id.clone())));
            frame = frame.filter(ident("time_start").lt_eq(time(Time(*at))))?;
            frame = frame.filter(ident("time_start").lt(time(Time(*at))).or(same))?;
        }
        collect(newest_first(frame)?.limit(skip, Some(count))?).await
    }

    /// The rows of the flow with that identity, newest first; nothing where there is none.
    pub async fn flow(&self, id: &str) -> Result<Option<RecordBatch>, QueryError> {
        self.limited(Box::pin(async {
            let frame = self.session()?.table(FLOWS.name).await?.filter(ident("flow_id").eq(lit(id)))?;
            let rows = collect(newest_first(frame)?.limit(0, Some(MOST))?).await?;
            if rows.num_rows() == 0 { Ok(None) } else { with_values(&rows).map(Some) }
        }))
        .await
    }
}

/// The order of pages.
pub(super) fn newest_first(frame: DataFrame) -> Result<DataFrame, QueryError> {
    Ok(frame.sort(KEYS.into_iter().map(|key| ident(key).sort(false, false)).collect())?)
}

async fn collect(frame: DataFrame) -> Result<RecordBatch, QueryError> {
    let schema: SchemaRef = Arc::clone(frame.schema().inner());
    let batches = running::collect(frame).await?;
    let schema = batches.first().map_or(schema, RecordBatch::schema);
    Ok(concat_batches(&schema, &batches)?)
}

fn end_of(page: &RecordBatch, before: Option<&Cursor>) -> Option<Cursor> {
    let times = page.column_by_name("time_start")?.as_primitive_opt::<TimestampNanosecondType>()?;
    let ids = page.column_by_name("flow_id")?.as_string_view_opt()?;
    let last = page.num_rows().checked_sub(1)?;
    let (at, id) = (times.value(last), ids.value(last).to_owned());
    let same = (0..page.num_rows()).rev().take_while(|row| times.value(*row) == at && ids.value(*row) == id).count();
    let mut given = same;
    if let Some(before) = before.filter(|b| same == page.num_rows() && b.at == at && b.id == id) {
        given += before.given;
    }
    Some(Cursor { at, id, given })
}

fn with_values(rows: &RecordBatch) -> Result<RecordBatch, QueryError> {
    let columns: Vec<usize> = (rows.columns().iter().enumerate())
        .filter(|(_, column)| column.null_count() < column.len())
        .map(|(at, _)| at)
        .collect();
    Ok(rows.project(&columns)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back_and_nonsense_is_refused() {
        let cursor = Cursor { at: -5, id: "a b".to_owned(), given: 3 };
        assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        for text in ["", "zz", "00", "é", "3120"] {
            assert_eq!(Cursor::decode(text), None, "{text}");
        }
    }
}
