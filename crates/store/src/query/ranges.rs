// SPDX-License-Identifier: Apache-2.0
//! Many networks at once: a few become comparisons, which prune by themselves; many become one search in sorted ranges
//! behind the comparison with the lowest and highest address.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanBuilder};
use arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, lit,
};
use minamo_base::{Ip, Prefix};

use super::functions::ip_literal;

/// Most ranges that are compared one by one.
const FEW: usize = 16;

/// True where the address lies in one of the prefixes.
pub(crate) fn in_prefixes(address: &Expr, prefixes: &[Prefix]) -> Expr {
    let ends: Vec<([u8; 16], [u8; 16])> = prefixes.iter().map(|p| (p.first().0, p.last().0)).collect();
    let ranges = joined(&ends, |last| u128::from_be_bytes(last).checked_add(1).map(u128::to_be_bytes));
    let between = |low: [u8; 16], high: [u8; 16]| {
        address.clone().gt_eq(ip_literal(Ip(low))).and(address.clone().lt_eq(ip_literal(Ip(high))))
    };
    match (ranges.first(), ranges.last()) {
        (Some((low, _)), Some((_, high))) if ranges.len() > FEW => {
            let guard = between(*low, *high);
            guard.and(ScalarUDF::from(InRanges::new(ranges)).call(vec![address.clone()]))
        }
        _ => any(ranges.into_iter().map(|(low, high)| between(low, high)).collect()),
    }
}

/// The same values in ranges that are sorted, apart from each other and not empty.
pub(crate) fn joined<T: Copy + Ord>(ranges: &[(T, T)], next: impl Fn(T) -> Option<T>) -> Vec<(T, T)> {
    let mut sorted: Vec<(T, T)> = ranges.iter().copied().filter(|(low, high)| low <= high).collect();
    sorted.sort_unstable();
    let mut out: Vec<(T, T)> = Vec::new();
    for (low, high) in sorted {
        match out.last_mut() {
            Some((_, end)) if low <= *end || next(*end) == Some(low) => *end = high.max(*end),
            _ => out.push((low, high)),
        }
    }
    out
}

/// At least one of them holds, as a tree that is not deep.
pub(crate) fn any(mut parts: Vec<Expr>) -> Expr {
    match (parts.len(), parts.pop()) {
        (_, None) => lit(false),
        (1, Some(only)) => only,
        (n, Some(last)) => {
            parts.push(last);
            let right = parts.split_off(n / 2);
            any(parts).or(any(right))
        }
    }
}

/// The search.
#[derive(Debug)]
struct InRanges {
    /// Sorted, apart from each other.
    ranges: Arc<[([u8; 16], [u8; 16])]>,
    signature: Signature,
}

impl InRanges {
    fn new(ranges: Vec<([u8; 16], [u8; 16])>) -> Self {
        Self { ranges: ranges.into(), signature: Signature::any(1, Volatility::Immutable) }
    }

    fn has(&self, octets: &[u8]) -> bool {
        let after = self.ranges.partition_point(|(low, _)| low.as_slice() <= octets);
        let before = after.checked_sub(1).and_then(|at| self.ranges.get(at));
        before.is_some_and(|(_, high)| octets <= high.as_slice())
    }
}

impl PartialEq for InRanges {
    fn eq(&self, other: &Self) -> bool {
        self.ranges == other.ranges
    }
}

impl Eq for InRanges {}

impl Hash for InRanges {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.ranges.hash(state);
    }
}

impl ScalarUDFImpl for InRanges {
    fn name(&self) -> &str {
        "in_ranges"
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        // Two lists of the same length are told apart by what is in them.
        let mut hasher = std::hash::DefaultHasher::new();
        self.ranges.hash(&mut hasher);
        let of = args.first().map(Expr::to_string).unwrap_or_default();
        Ok(format!("in_ranges({of}, {} ranges, {:016x})", self.ranges.len(), hasher.finish()))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let addresses = arrays.first().and_then(|array| array.as_fixed_size_binary_opt());
        let want = || DataFusionError::Execution("in_ranges: want addresses".to_owned());
        let addresses = addresses.ok_or_else(want)?;
        let mut out = BooleanBuilder::with_capacity(addresses.len());
        for octets in addresses {
            out.append_option(octets.map(|octets| self.has(octets)));
        }
        Ok(ColumnarValue::Array(Arc::new(out.finish())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_joined_where_they_touch() {
        let next = |n: u64| n.checked_add(1);
        assert_eq!(joined(&[(5, 9), (1, 2), (3, 4), (20, 30), (25, 26), (9, 8)], next), [(1, 9), (20, 30)]);
        assert_eq!(joined(&[(0, u64::MAX), (3, 4)], next), [(0, u64::MAX)]);
    }

    #[test]
    fn a_search_finds_what_comparisons_find() {
        let prefixes: Vec<Prefix> = (0..40_u8)
            .map(|n| format!("10.{}.{}.0/{}", n % 7, n * 5, 20 + n % 9).parse().expect("a prefix"))
            .chain(["2001:db8::/33".parse().expect("a prefix")])
            .collect();
        let ends: Vec<_> = prefixes.iter().map(|p| (p.first().0, p.last().0)).collect();
        let search = InRanges::new(joined(&ends, |_| None));
        for n in 0..20_000_u32 {
            let mixed = n.wrapping_mul(2_654_435_761);
            let ip = if n % 5 == 0 {
                let mut octets = [0_u8; 16];
                octets[..5].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8, mixed.to_be_bytes()[0]]);
                Ip(octets)
            } else {
                let [a, b, c, _] = mixed.to_be_bytes();
                Ip::v4([10, a % 8, b, c])
            };
            assert_eq!(search.has(&ip.0), prefixes.iter().any(|prefix| prefix.contains(ip)), "{ip}");
        }
        assert!(!search.has(&[0; 16]) && !search.has(&[255; 16]));
    }
}
