// SPDX-License-Identifier: Apache-2.0
//! "Any item of the list passes": a test of one item, run over the items of all rows at once.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanBuilder, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::DFSchema;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::context::ExecutionProps;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};

/// Name of the item in the test.
pub(crate) const ITEM: &str = "item";

/// True where an item of `list` passes `test`, a test of the column [`ITEM`]; null where there is no list.
pub(crate) fn call(list: Expr, item: DataType, test: &Expr) -> Result<Expr> {
    let schema = Arc::new(Schema::new(vec![Field::new(ITEM, item, true)]));
    let known = DFSchema::try_from(Arc::clone(&schema))?;
    let physical = create_physical_expr(test, &known, &ExecutionProps::new(), &PhysicalPlanningContext::default())?;
    let signature = Signature::any(1, Volatility::Immutable);
    let function = ListAny { text: test.to_string(), test: physical, schema, signature };
    Ok(ScalarUDF::from(function).call(vec![list]))
}

#[derive(Debug)]
struct ListAny {
    /// The test as text: what makes two of these functions the same.
    text: String,
    test: Arc<dyn PhysicalExpr>,
    schema: Arc<Schema>,
    signature: Signature,
}

impl PartialEq for ListAny {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.schema == other.schema
    }
}

impl Eq for ListAny {}

impl Hash for ListAny {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl ScalarUDFImpl for ListAny {
    fn name(&self) -> &str {
        "list_any"
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        let list = args.first().map(Expr::to_string).unwrap_or_default();
        Ok(format!("list_any({list}, {})", self.text))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let list = arrays.first().and_then(|a| a.as_list_opt::<i32>());
        let list = list.ok_or_else(|| DataFusionError::Execution("list_any: want a list".to_owned()))?;
        let items = RecordBatch::try_new(Arc::clone(&self.schema), vec![Arc::clone(list.values())])?;
        let passes = self.test.evaluate(&items)?.into_array(items.num_rows())?;
        let passes = passes.as_boolean();
        let mut out = BooleanBuilder::with_capacity(list.len());
        for (row, ends) in list.value_offsets().windows(2).enumerate() {
            let any = || {
                let [from, to] = ends else { return false };
                (*from..*to).filter_map(|at| usize::try_from(at).ok()).any(|at| passes.is_valid(at) && passes.value(at))
            };
            out.append_option(list.is_valid(row).then(any));
        }
        Ok(ColumnarValue::Array(Arc::new(out.finish())))
    }
}
