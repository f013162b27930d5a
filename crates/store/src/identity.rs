// SPDX-License-Identifier: Apache-2.0
//! The lake keeps `flow_id` only where it does not follow from the rest of the row: eight incompressible
//! octets per flow would be the largest column. Reading puts it together again.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StringViewBuilder};
use arrow::datatypes::{DataType, Schema};
use datafusion::common::{ScalarValue, exec_datafusion_err};
use datafusion::error::Result;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, Operator, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use minamo_base::FlowId;
use minamo_model::{FLOWS, IDENTITY, identities};

use crate::StoreError;

/// The column.
pub(crate) const FLOW_ID: &str = "flow_id";

/// The batch without the identities that follow from its rows.
pub(crate) fn strip(batch: RecordBatch) -> std::result::Result<RecordBatch, StoreError> {
    let Some((at, _)) = batch.schema_ref().column_with_name(FLOW_ID) else { return Ok(batch) };
    let Some(given) = batch.column(at).as_string_view_opt() else { return Ok(batch) };
    let Some(found) = identities(&batch) else { return Ok(batch) };
    let mut own = StringViewBuilder::with_capacity(0);
    let mut any = false;
    for (given, found) in given.iter().zip(found) {
        let kept = given.filter(|given| given.as_bytes() != found.digits());
        any |= kept.is_some();
        own.append_option(kept);
    }
    let mut columns = batch.columns().to_vec();
    let mut fields = batch.schema_ref().fields().to_vec();
    if any {
        if let Some(place) = columns.get_mut(at) {
            *place = Arc::new(own.finish());
        }
    } else {
        columns.remove(at);
        fields.remove(at);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)?)
}

/// The function that puts it together: what is kept, or what follows from the columns of [`IDENTITY`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    signature: Signature,
}

impl Identity {
    /// The function.
    pub(crate) fn function() -> Arc<ScalarUDF> {
        let signature = Signature::any(IDENTITY.len() + 1, Volatility::Immutable);
        Arc::new(ScalarUDF::from(Self { signature }))
    }
}

impl Hash for Identity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        FLOW_ID.hash(state);
    }
}

impl ScalarUDFImpl for Identity {
    fn name(&self) -> &str {
        "flow_identity"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let bad = || exec_datafusion_err!("flow_identity: want the columns of a flow");
        let (kept, inputs) = arrays.split_first().ok_or_else(bad)?;
        let named = IDENTITY.iter().zip(inputs).map(|((name, _), array)| (*name, Arc::clone(array)));
        let batch = RecordBatch::try_from_iter(named)?;
        let kept = kept.as_string_view_opt().ok_or_else(bad)?;
        let mut out = StringViewBuilder::with_capacity(args.number_rows);
        for (row, found) in identities(&batch).ok_or_else(bad)?.enumerate() {
            if kept.is_valid(row) {
                out.append_value(kept.value(row));
            } else {
                out.append_value(std::str::from_utf8(&found.digits()).unwrap_or_default());
            }
        }
        Ok(ColumnarValue::Array(Arc::new(out.finish()) as ArrayRef))
    }
}

/// Places of the columns that the identity is made of in the table of flows: the kept one first.
pub(crate) fn inputs() -> impl Iterator<Item = usize> {
    let schema = FLOWS.schema();
    let names = std::iter::once(FLOW_ID).chain(IDENTITY.iter().map(|(name, _)| *name));
    names.filter_map(move |name| schema.index_of(name).ok()).collect::<Vec<_>>().into_iter()
}

/// The identity that the filters ask for, where they ask for exactly one.
pub(crate) fn asked(filters: &[Expr]) -> Option<&str> {
    filters.iter().flat_map(split_conjunction).find_map(|expr| {
        let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = expr else { return None };
        let literal = match (&**left, &**right) {
            (Expr::Column(column), Expr::Literal(value, _)) | (Expr::Literal(value, _), Expr::Column(column))
                if column.name == FLOW_ID =>
            {
                value
            }
            _ => return None,
        };
        ScalarValue::try_as_str(literal).flatten()
    })
}

/// What a row with the identity `id` must fulfil by what is kept of it: the identity itself, or the start.
pub(crate) fn condition(id: &str) -> Expr {
    use datafusion::logical_expr::{ident, lit};
    let kept = ident(FLOW_ID).eq(lit(ScalarValue::Utf8View(Some(id.to_owned()))));
    let Some((first, last)) = FlowId::parse(id).map(FlowId::start) else { return kept };
    let (start, time) = (ident(FLOWS.time), crate::query::time);
    kept.or(start.clone().gt_eq(time(first)).and(start.lt_eq(time(last))))
}

#[cfg(test)]
mod tests {
    use minamo_base::{Ip, Time};
    use minamo_model::{Flow, FlowBuilder};

    use super::*;

    fn batch(ids: &[Option<&str>]) -> RecordBatch {
        let mut builder = FlowBuilder::default();
        for (n, id) in (0..).zip(ids) {
            let mut flow = Flow::default();
            flow.core.time_start = Time(n);
            flow.core.src_ip = Ip::v4([10, 0, 0, 1]);
            flow.core.flow_id = Some(id.map_or_else(|| flow.identity().to_string(), str::to_owned));
            builder.append(&flow);
        }
        builder.finish().expect("a batch")
    }

    #[test]
    fn only_identities_that_do_not_follow_are_kept() {
        let all = batch(&[None, None]);
        let stripped = strip(all.clone()).expect("a batch");
        assert_eq!(stripped.num_columns(), all.num_columns() - 1);
        assert!(stripped.column_by_name(FLOW_ID).is_none());
        let some = strip(batch(&[None, Some("a part"), None])).expect("a batch");
        let kept = some.column_by_name(FLOW_ID).expect("kept").as_string_view();
        assert_eq!(kept.iter().collect::<Vec<_>>(), [None, Some("a part"), None]);
    }
}
