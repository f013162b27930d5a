// SPDX-License-Identifier: Apache-2.0
//! `in_set(src_ip, 'guests')` in SQL: true where the value is a member of the named set as it is when the statement is
//! planned; `in_set(src_ip, 'guests', 'then')` as it was when the row's flow started. It is planned as the comparisons that its members stand for, so that it prunes as they do.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::plan_datafusion_err;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility, cast,
    ident, lit,
};
use datafusion::scalar::ScalarValue;
use minamo_filter::{AsOf, MAX_MEMBERS, Members, SetKind, SetVersion, Sets, members_in_force, nearest_set};

use super::functions::IP;
use super::known::{Known, in_place, then};
use super::ranges::{any, in_prefixes, joined};
use super::time;

/// Most members that are no addresses: each is a comparison.
const MAX_VALUES: usize = 2_000;

/// The function, with the sets that it knows.
pub(super) fn function(known: &Known) -> Arc<ScalarUDF> {
    // Volatile: it is never computed from constants, but always planned anew.
    let signature = Signature::one_of(vec![TypeSignature::Any(2), TypeSignature::Any(3)], Volatility::Volatile);
    Arc::new(ScalarUDF::from(InSet { known: known.clone(), signature }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct InSet {
    known: Known,
    signature: Signature,
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
        let [value, Expr::Literal(name, _), rest @ ..] = args.as_slice() else { return Err(name_wanted()) };
        let name = name.try_as_str().flatten().ok_or_else(name_wanted)?;
        let name = name.strip_prefix('@').unwrap_or(name);
        let sets = &*self.known.sets;
        let known = sets.kind(name).ok_or_else(|| unknown(name, sets))?;
        let of = context.get_data_type(value)?;
        if let Some(want) = kind_of(&of).filter(|want| *want != known) {
            let (holds, want) = (known.name(), want.name());
            return Err(plan_datafusion_err!("in_set: @{name} holds {holds}, and the column wants {want}"));
        }
        let as_of = self.known.as_of(then("in_set", rest.first())?);
        Ok(ExprSimplifyResult::Simplified(self.test(value, name, as_of, context)?))
    }
}

impl InSet {
    fn test(&self, value: &Expr, name: &str, as_of: AsOf, context: &SimplifyContext) -> Result<Expr> {
        let versions = members_in_force(self.known.sets.versions(name), as_of);
        let got: usize = versions.iter().map(|version| version.members.len()).sum();
        let addresses = |version: &SetVersion| version.members.kind() == SetKind::Addresses;
        let max = if versions.iter().any(addresses) { MAX_MEMBERS } else { MAX_VALUES };
        if got > max {
            return Err(plan_datafusion_err!("in_set: @{name} has {got} members, want at most {max}"));
        }
        let mut tests = Vec::new();
        for SetVersion { from, to, members } in versions.into_iter().filter(|version| !version.members.is_empty()) {
            let found = match members {
                Members::Addresses(prefixes) => in_prefixes(value, &prefixes),
                Members::Numbers(ranges) => among(value, &ranges, Vec::new()),
                Members::Texts(texts) => among(value, &[], texts),
            };
            let start = || in_place("in_set", ident("time_start"), context);
            let from = from.map(|at| Ok::<_, DataFusionError>(start()?.gt_eq(time(at)))).transpose()?;
            let to = to.map(|at| Ok::<_, DataFusionError>(start()?.lt(time(at)))).transpose()?;
            tests.push([from, to].into_iter().flatten().fold(found, |found, bound| bound.and(found)));
        }
        // Of null it is null, also where the set has no members.
        let nothing = || value.clone().is_null().and(lit(ScalarValue::Boolean(None)));
        Ok(if tests.is_empty() { nothing() } else { any(tests) })
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

fn name_wanted() -> DataFusionError {
    plan_datafusion_err!("in_set: want the name of a set in quotes, as in in_set(src_ip, 'guests')")
}

fn unknown(name: &str, sets: &dyn Sets) -> DataFusionError {
    match nearest_set(name, sets) {
        Some(near) => plan_datafusion_err!("in_set: there is no set @{name}; did you mean @{near}?"),
        None => plan_datafusion_err!("in_set: there is no set @{name}; `minamo set list` shows all"),
    }
}
