// SPDX-License-Identifier: Apache-2.0
//! `in_set(src_ip, 'guests')` in SQL: true where the value is a member of the named set as it is when the statement is
//! planned. It is planned as the comparisons that its members stand for, so that it prunes as they do.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::plan_datafusion_err;
use datafusion::error::Result;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, cast, lit,
};
use datafusion::scalar::ScalarValue;
use minamo_base::Time;
use minamo_filter::{MAX_MEMBERS, Members, SetKind, Sets, nearest_set};

use super::functions::IP;
use super::ranges::{any, in_prefixes, joined};

/// Most members that are no addresses: each is a comparison.
const MAX_VALUES: usize = 2_000;

/// The function, with the sets that it knows as of an instant.
pub(super) fn function(sets: Arc<dyn Sets + Send + Sync>, now: Time) -> Arc<ScalarUDF> {
    // Volatile: it is never computed from constants, but always planned anew.
    let signature = Signature::any(2, Volatility::Volatile);
    Arc::new(ScalarUDF::from(InSet { sets, now, signature }))
}

struct InSet {
    sets: Arc<dyn Sets + Send + Sync>,
    now: Time,
    signature: Signature,
}

impl std::fmt::Debug for InSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InSet").field("now", &self.now).finish_non_exhaustive()
    }
}

impl PartialEq for InSet {
    fn eq(&self, other: &Self) -> bool {
        self.now == other.now
    }
}

impl Eq for InSet {}

impl Hash for InSet {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.now.0.hash(state);
    }
}

impl ScalarUDFImpl for InSet {
    fn name(&self) -> &'static str {
        "in_set"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let of = arguments.first().unwrap_or(&DataType::Null);
        match kind_of(of) {
            Some(_) => Ok(DataType::Boolean),
            None => Err(plan_datafusion_err!("in_set: got {of}, want a column of addresses, numbers or texts")),
        }
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Err(name_wanted())
    }

    fn simplify(&self, args: Vec<Expr>, context: &SimplifyContext) -> Result<ExprSimplifyResult> {
        let [value, Expr::Literal(name, _)] = args.as_slice() else { return Err(name_wanted()) };
        let name = name.try_as_str().flatten().ok_or_else(name_wanted)?;
        let name = name.strip_prefix('@').unwrap_or(name);
        let known = self.sets.kind(name).ok_or_else(|| unknown(name, &*self.sets))?;
        let of = context.get_data_type(value)?;
        if let Some(want) = kind_of(&of).filter(|want| *want != known) {
            let (holds, want) = (known.name(), want.name());
            return Err(plan_datafusion_err!("in_set: @{name} holds {holds}, and the column wants {want}"));
        }
        Ok(ExprSimplifyResult::Simplified(self.test(value, name)?))
    }
}

impl InSet {
    fn test(&self, value: &Expr, name: &str) -> Result<Expr> {
        let (mut prefixes, mut ranges, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        let holds = |version: &minamo_filter::SetVersion| {
            version.from.is_none_or(|from| from <= self.now) && version.to.is_none_or(|to| self.now < to)
        };
        for version in self.sets.versions(name).into_iter().filter(holds) {
            match version.members {
                Members::Addresses(members) => prefixes.extend(members),
                Members::Numbers(members) => ranges.extend(members),
                Members::Texts(members) => texts.extend(members),
            }
        }
        let max = if prefixes.is_empty() { MAX_VALUES } else { MAX_MEMBERS };
        let got = prefixes.len() + ranges.len() + texts.len();
        if got > max {
            return Err(plan_datafusion_err!("in_set: @{name} has {got} members, want at most {max}"));
        }
        let found = if prefixes.is_empty() { among(value, &ranges, texts) } else { in_prefixes(value, &prefixes) };
        // Of null it is null, also where the set has no members now.
        Ok(if got == 0 { value.clone().is_null().and(lit(ScalarValue::Boolean(None))) } else { found })
    }
}

/// Numbers in ranges, or texts in a list.
fn among(value: &Expr, ranges: &[(u64, u64)], texts: Vec<String>) -> Expr {
    if !texts.is_empty() {
        return value.clone().in_list(texts.into_iter().map(lit).collect(), false);
    }
    let number = || cast(value.clone(), DataType::UInt64);
    let between = |(low, high)| number().gt_eq(lit::<u64>(low)).and(number().lt_eq(lit::<u64>(high)));
    any(joined(ranges, |last: u64| last.checked_add(1)).into_iter().map(between).collect())
}

/// What members of a set can be compared with values of a type.
fn kind_of(of: &DataType) -> Option<SetKind> {
    match of {
        of if *of == IP => Some(SetKind::Addresses),
        of if of.is_unsigned_integer() => Some(SetKind::Numbers),
        of if of.is_string() => Some(SetKind::Texts),
        DataType::Dictionary(_, values) if values.is_string() => Some(SetKind::Texts),
        _ => None,
    }
}

fn name_wanted() -> datafusion::error::DataFusionError {
    plan_datafusion_err!("in_set: want the name of a set in quotes, as in in_set(src_ip, 'guests')")
}

fn unknown(name: &str, sets: &dyn Sets) -> datafusion::error::DataFusionError {
    match nearest_set(name, sets) {
        Some(near) => plan_datafusion_err!("in_set: there is no set @{name}; did you mean @{near}?"),
        None => plan_datafusion_err!("in_set: there is no set @{name}; `minamo set list` shows all"),
    }
}
