// SPDX-License-Identifier: Apache-2.0
//! A page of flows where the filter leaves few of them: all that pass are read by [`super::scan`] and sorted here.
//! Where they are many, the SQL engine keeps only the newest while it reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::{SortColumn, SortOptions, filter_record_batch, lexsort_to_indices, take_record_batch};
use arrow::datatypes::TimestampNanosecondType;
use minamo_base::Time;
use minamo_model::{FLOWS, identified};

use super::pages::{Cursor, FlowsQuery, KEYS};
use super::scan::{self, Question};
use super::top::is_selective;
use crate::segment::concat;
use crate::{Lake, QueryError, identity};

/// Rows that are sorted in memory: a few hundred octets each.
const MOST: usize = 65_536;

impl Lake {
    /// The first `count` rows from the cursor on, newest first; nothing where the filter may leave many.
    pub(crate) async fn few(
        &self,
        query: &FlowsQuery,
        cursor: Option<&Cursor>,
        count: usize,
    ) -> Result<Option<RecordBatch>, QueryError> {
        if !is_selective(&query.filter) || !scan::can_read(&query.filter, [].into_iter()) {
            return Ok(None);
        }
        // Nothing of a later page started after the last row of this one.
        let past = cursor.and_then(|cursor| cursor.at.checked_add(1)).map(Time);
        let to = [query.to, past].into_iter().flatten().min();
        let question = Question { from: query.from, to, filter: query.filter.clone(), columns: None };
        let rows = Arc::new(AtomicUsize::new(0));
        let keep = move |found: &mut Vec<RecordBatch>, batch: &RecordBatch, mask: Option<&BooleanArray>| {
            let batch = match mask {
                Some(mask) => filter_record_batch(batch, mask).map_err(QueryError::from)?,
                None => batch.clone(),
            };
            found.push(batch.clone());
            Ok::<_, QueryError>(rows.fetch_add(batch.num_rows(), Ordering::Relaxed) + batch.num_rows() <= MOST)
        };
        let Some(found) = self.scan(question, Vec::new, keep).await? else { return Ok(None) };
        let found: Vec<RecordBatch> = found.into_iter().flatten().collect();
        if found.is_empty() {
            return Ok(Some(RecordBatch::new_empty(FLOWS.schema())));
        }
        let rows = identified(&concat(&FLOWS, &found.iter().collect::<Vec<_>>())?)?;
        let rows = match cursor {
            Some(cursor) => from_cursor(&rows, cursor)?,
            None => rows,
        };
        // A column that no row has does not change the order.
        let columns = KEYS.iter().filter_map(|key| rows.column_by_name(key)).map(|values| SortColumn {
            values: Arc::clone(values),
            options: Some(SortOptions { descending: true, nulls_first: false }),
        });
        let columns: Vec<SortColumn> = columns.collect();
        let order = lexsort_to_indices(&columns, Some(count))?;
        let rows = take_record_batch(&rows, &order)?;
        Ok(Some(identity::with_community(&rows, self.engine.community_seed())?))
    }
}

/// The rows that do not come before the cursor's.
fn from_cursor(rows: &RecordBatch, cursor: &Cursor) -> Result<RecordBatch, QueryError> {
    let failed = || QueryError::Failed("flows without their keys".to_owned());
    let times = rows.column_by_name("time_start").and_then(|c| c.as_primitive_opt::<TimestampNanosecondType>());
    let ids = rows.column_by_name(identity::FLOW_ID).and_then(|c| c.as_string_view_opt());
    let (times, ids) = (times.ok_or_else(failed)?, ids.ok_or_else(failed)?);
    let after = |row: usize| {
        let at = times.value(row);
        at < cursor.at || (at == cursor.at && ids.value(row) <= cursor.id.as_str())
    };
    let after: BooleanArray = (0..rows.num_rows()).map(|row| Some(after(row))).collect();
    Ok(filter_record_batch(rows, &after)?)
}
