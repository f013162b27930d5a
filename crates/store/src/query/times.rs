// SPDX-License-Identifier: Apache-2.0
//! When the first flow of those that a filter shows began, and when the last one ended.

use arrow::array::AsArray as _;
use arrow::datatypes::TimestampNanosecondType;
use datafusion::functions_aggregate::expr_fn::{max, min};
use datafusion::logical_expr::ident;
use minamo_base::Time;
use minamo_filter::Expr as Filter;

use super::{flows, time};
use crate::{Lake, QueryError};

impl Lake {
    /// Start of the first flow and end of the last one, of the flows that begin at `from` or later and before `to` and pass the
    /// filter; nothing where there are none.
    pub async fn flow_times(
        &self,
        (from, to): (Time, Time),
        filter: &Filter,
    ) -> Result<Option<(Time, Time)>, QueryError> {
        self.limited(Box::pin(async {
            let frame = flows(&self.session()?, None, Some(to), filter).await?;
            let frame = frame.filter(ident("time_start").gt_eq(time(from)))?;
            let ends = vec![min(ident("time_start")), max(ident("time_end"))];
            let batches = frame.aggregate(Vec::new(), ends)?.collect().await?;
            let value = |at: usize| {
                let column = batches.first()?.columns().get(at)?.as_primitive_opt::<TimestampNanosecondType>()?;
                column.iter().next().flatten().map(Time)
            };
            Ok(value(0).zip(value(1)))
        }))
        .await
    }
}
