// SPDX-License-Identifier: Apache-2.0
//! The lake keeps `flow_id` only where it does not follow from the rest of the row: eight incompressible
//! octets per flow would be the largest column. Reading puts it together again. `community_id` always follows, and is
//! never kept.

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
use minamo_model::{COMMUNITY, COMMUNITY_ID, FLOWS, IDENTITY, community_ids, identities, with_community_ids};

use crate::StoreError;

/// The column.
pub(crate) const FLOW_ID: &str = "flow_id";

/// The batch without the identities that follow from its rows.
pub(crate) fn strip(mut batch: RecordBatch) -> std::result::Result<RecordBatch, StoreError> {
    if let Some((at, _)) = batch.schema_ref().column_with_name(COMMUNITY_ID) {
        batch.remove_column(at);
    }
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

/// A column that is put together from others when it is read.
#[derive(Debug)]
pub(crate) struct Derived {
    pub(crate) name: &'static str,
    pub(crate) function: Arc<ScalarUDF>,
    /// Places of what it is made of in the table of flows, in the order of the function's arguments.
    pub(crate) inputs: Vec<usize>,
}

/// Names of the columns that are put together: what segments have of them is not all.
pub(crate) const DERIVED: [&str; 2] = [FLOW_ID, COMMUNITY_ID];

/// The columns that are put together.
pub(crate) fn derived(community_seed: u16) -> [Derived; 2] {
    let schema = FLOWS.schema();
    let places = |names: &[&str]| names.iter().filter_map(|name| schema.index_of(name).ok()).collect();
    let kept_first: Vec<&str> = std::iter::once(FLOW_ID).chain(IDENTITY.iter().map(|(name, _)| *name)).collect();
    let conversation: Vec<&str> = COMMUNITY.iter().map(|(name, _)| *name).collect();
    [
        Derived { name: FLOW_ID, function: Identity::function(), inputs: places(&kept_first) },
        Derived { name: COMMUNITY_ID, function: Community::function(community_seed), inputs: places(&conversation) },
    ]
}

/// The batch with the community ids of its rows.
pub(crate) fn with_community(batch: &RecordBatch, seed: u16) -> std::result::Result<RecordBatch, StoreError> {
    Ok(with_community_ids(batch, seed)?)
}

/// The function that computes community ids from the columns of [`COMMUNITY`].
#[derive(Debug, PartialEq, Eq, Hash)]
struct Community {
    signature: Signature,
    seed: u16,
}

impl Community {
    fn function(seed: u16) -> Arc<ScalarUDF> {
        let signature = Signature::any(COMMUNITY.len(), Volatility::Immutable);
        Arc::new(ScalarUDF::from(Self { signature, seed }))
    }
}

impl ScalarUDFImpl for Community {
    fn name(&self) -> &str {
        "flow_community"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let bad = || exec_datafusion_err!("flow_community: want the columns of a flow");
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let named = COMMUNITY.iter().zip(arrays).map(|((name, _), array)| (*name, array));
        let batch = RecordBatch::try_from_iter(named)?;
        let ids = community_ids(&batch, self.seed).ok_or_else(bad)?;
        Ok(ColumnarValue::Array(Arc::new(ids) as ArrayRef))
    }
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
