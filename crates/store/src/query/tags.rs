// SPDX-License-Identifier: Apache-2.0
//! Tags in questions: `has_tag('guest-upload')` and `tags()` in SQL, and the key `tag` of groups. Each is planned as the
//! filters that the tags stand for; `'then'` as the last argument asks by the versions of each flow's time.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayBuilder, ArrayRef, AsArray, BooleanArray, ListBuilder, RecordBatch, StringViewBuilder};
use arrow::datatypes::{DataType, Field};
use datafusion::common::plan_datafusion_err;
use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility, ident, lit,
};
use datafusion::prelude::SessionContext;
use minamo_filter::nearest_tag;
use minamo_model::FLOWS;

use super::known::{Known, in_place, planning, then};
use super::{filter::compile, running};
use crate::{Lake, QueryError};

/// Rows of one identity that are looked at, at most.
const MOST: usize = 10_000;
/// Name of the column that has each tag of a flow in turn.
pub(super) const TAG: &str = "tag";

/// The functions, with the tags that they know.
pub(super) fn functions(known: &Known) -> [Arc<ScalarUDF>; 2] {
    // Volatile: they are never computed from constants, but always planned anew.
    let signature = |of| Signature::one_of(of, Volatility::Volatile);
    let has_tag =
        HasTag { known: known.clone(), signature: signature(vec![TypeSignature::Any(1), TypeSignature::Any(2)]) };
    let tags = Tags { known: known.clone(), signature: signature(vec![TypeSignature::Nullary, TypeSignature::Any(1)]) };
    [Arc::new(ScalarUDF::from(has_tag)), Arc::new(ScalarUDF::from(tags))]
}

/// Each flow once for each of its tags, in the column [`TAG`]; once without one where it has none.
pub(super) fn each_tag(session: &SessionContext, frame: DataFrame, then: bool) -> Result<DataFrame, QueryError> {
    let state = session.state();
    let known = state.config().get_extension::<Known>();
    let tags = known.map(|known| known.tags(then)).transpose()?.unwrap_or_default();
    Ok(frame.with_column(TAG, listed(tags, true))?.unnest_columns(&[TAG])?)
}

/// The names of those tags whose filter a flow passes; with `or_null` one null where there are none.
fn listed(tags: Vec<(String, Expr)>, or_null: bool) -> Expr {
    let (names, asks): (Vec<String>, Vec<Expr>) = tags.into_iter().unzip();
    let signature = if asks.is_empty() {
        Signature::nullary(Volatility::Volatile)
    } else {
        Signature::any(asks.len(), Volatility::Immutable)
    };
    ScalarUDF::from(Listed { names, or_null, signature }).call(asks)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct HasTag {
    known: Known,
    signature: Signature,
}

impl ScalarUDFImpl for HasTag {
    fn name(&self) -> &'static str {
        "has_tag"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Err(name_wanted())
    }

    fn simplify(&self, args: Vec<Expr>, context: &SimplifyContext) -> Result<ExprSimplifyResult> {
        let Some((Expr::Literal(name, _), rest)) = args.split_first() else { return Err(name_wanted()) };
        let name = name.try_as_str().flatten().ok_or_else(name_wanted)?;
        let sets = &*self.known.sets;
        if sets.tag(name).is_none() {
            return Err(match nearest_tag(name, sets) {
                Some(near) => plan_datafusion_err!("has_tag: there is no tag {name}; did you mean {near}?"),
                None => plan_datafusion_err!("has_tag: there is no tag {name}; `minamo tag list` shows all"),
            });
        }
        let meant = self.known.tag(name, then("has_tag", rest.first())?).map_err(planning)?;
        // A filter knows true and false only.
        let test = Expr::IsTrue(Box::new(compile(&meant).map_err(planning)?));
        Ok(ExprSimplifyResult::Simplified(in_place("has_tag", test, context)?))
    }
}

fn name_wanted() -> datafusion::error::DataFusionError {
    plan_datafusion_err!("has_tag: want the name of a tag in quotes, as in has_tag('guest-upload')")
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Tags {
    known: Known,
    signature: Signature,
}

impl ScalarUDFImpl for Tags {
    fn name(&self) -> &'static str {
        "tags"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(list_type())
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Err(plan_datafusion_err!("tags: want it as tags() or tags('then')"))
    }

    fn simplify(&self, args: Vec<Expr>, context: &SimplifyContext) -> Result<ExprSimplifyResult> {
        let tags = self.known.tags(then("tags", args.first())?).map_err(planning)?;
        Ok(ExprSimplifyResult::Simplified(in_place("tags", listed(tags, false), context)?))
    }
}

fn list_type() -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::Utf8View, true)))
}

/// Of as many names as there are arguments those whose argument is true.
#[derive(Debug)]
struct Listed {
    names: Vec<String>,
    or_null: bool,
    signature: Signature,
}

impl PartialEq for Listed {
    fn eq(&self, other: &Self) -> bool {
        self.names == other.names && self.or_null == other.or_null
    }
}

impl Eq for Listed {}

impl Hash for Listed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.names.hash(state);
    }
}

impl ScalarUDFImpl for Listed {
    fn name(&self) -> &'static str {
        "tag_names"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(list_type())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let passes: Vec<ArrayRef> = args.args.iter().map(|arg| arg.to_array(rows)).collect::<Result<_>>()?;
        let passes: Vec<&BooleanArray> = passes.iter().filter_map(|array| array.as_boolean_opt()).collect();
        if passes.len() != self.names.len() {
            return Err(plan_datafusion_err!("tag_names: want {} truth values", self.names.len()));
        }
        let mut out = ListBuilder::new(StringViewBuilder::new());
        for row in 0..rows {
            let before = out.values().len();
            for (name, passes) in self.names.iter().zip(&passes) {
                if !passes.is_null(row) && passes.value(row) {
                    out.values().append_value(name);
                }
            }
            if self.or_null && out.values().len() == before {
                out.values().append_null();
            }
            out.append(true);
        }
        Ok(ColumnarValue::Array(Arc::new(out.finish())))
    }
}

/// The tags of a flow, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FlowTags {
    /// By the tags of today.
    pub now: Vec<String>,
    /// By those that were in force when it started.
    pub then: Vec<String>,
}

impl Lake {
    /// The tags of the flow with that identity; nothing where there is none.
    pub async fn flow_tags(&self, id: &str) -> Result<Option<FlowTags>, QueryError> {
        self.limited(Box::pin(async {
            let session = self.session()?;
            let state = session.state();
            let Some(known) = state.config().get_extension::<Known>() else { return Ok(None) };
            let frame = session.table(FLOWS.name).await?.filter(ident("flow_id").eq(lit(id)))?;
            let (now, then) = (listed(known.tags(false)?, false), listed(known.tags(true)?, false));
            let frame = frame.select(vec![now.alias("now"), then.alias("then")])?.limit(0, Some(MOST))?;
            let batches = running::collect(frame).await?;
            if batches.iter().all(|batch| batch.num_rows() == 0) {
                return Ok(None);
            }
            Ok(Some(FlowTags { now: names(&batches, "now"), then: names(&batches, "then") }))
        }))
        .await
    }
}

/// All names in a column of lists, in order.
fn names(batches: &[RecordBatch], column: &str) -> Vec<String> {
    let lists = batches.iter().filter_map(|batch| batch.column_by_name(column)?.as_list_opt::<i32>());
    let texts = lists.filter_map(|lists| lists.values().as_string_view_opt());
    let found: BTreeSet<&str> = texts.flat_map(|texts| texts.iter().flatten()).collect();
    found.into_iter().map(str::to_owned).collect()
}
