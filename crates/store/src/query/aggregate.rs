// SPDX-License-Identifier: Apache-2.0
//! Aggregates of the filter language and conditions on them as DataFusion expressions.

#[cfg(test)]
use datafusion::functions::core::expr_fn::coalesce;
#[cfg(test)]
use datafusion::functions_aggregate::expr_fn::{approx_percentile_cont, avg, count, count_distinct, max, min, sum};
use datafusion::logical_expr::{Expr, ident, lit};
use datafusion::scalar::ScalarValue;
#[cfg(test)]
use minamo_filter::Subject;
use minamo_filter::{Aggregate, Function, Having, Literal};

use super::filter::compare;
#[cfg(test)]
use super::filter::measure;
use super::time;

/// The aggregate over the columns of a table, named by its canonical text (`aggregate.to_string()`). Nothing to add up
/// is 0 for columns that every row has, and null for others.
#[cfg(test)]
pub(crate) fn aggregate_expr(aggregate: &Aggregate) -> Expr {
    let expr = match *aggregate {
        Aggregate::Flows => count(lit(1)),
        Aggregate::Of(function, subject) => {
            let of = value(subject);
            match function {
                Function::Sum if is_everywhere(subject) => coalesce(vec![sum(of), lit(0_u64)]),
                Function::Sum => sum(of),
                Function::Avg => avg(of),
                Function::Min => min(of),
                Function::Max => max(of),
                Function::Distinct => count_distinct(of),
                Function::Percentile(percent) => {
                    // Of whole numbers it would be a whole one: a real one lies between two of them.
                    let real = datafusion::logical_expr::cast(of, arrow::datatypes::DataType::Float64);
                    approx_percentile_cont(real.sort(true, false), lit(f64::from(percent) / 100.0), None)
                }
            }
        }
    };
    expr.alias(aggregate.to_string())
}

/// The condition over the columns named by the canonical text of each of [`Having::aggregates`]; it is true, false or
/// null, and null is false.
pub(crate) fn having_expr(having: &Having) -> Expr {
    let all = |parts: &[Having]| parts.iter().map(having_expr).collect::<Vec<_>>().into_iter();
    match having {
        Having::All => lit(true),
        Having::And(parts) => all(parts).reduce(Expr::and).unwrap_or_else(|| lit(true)),
        Having::Or(parts) => all(parts).reduce(Expr::or).unwrap_or_else(|| lit(false)),
        Having::Not(part) => Expr::IsNotTrue(Box::new(having_expr(part))),
        Having::Test(aggregate, op, literal) => compare(ident(aggregate.to_string()), *op, number(aggregate, literal)),
    }
}

#[cfg(test)]
fn value(subject: Subject) -> Expr {
    match subject {
        Subject::Column(column) => ident(column.name),
        Subject::Measure(of) => measure(of),
    }
}

/// True where every row has that value.
#[cfg(test)]
fn is_everywhere(subject: Subject) -> bool {
    match subject {
        Subject::Column(column) => !column.nullable,
        Subject::Measure(_) => true,
    }
}

/// The literal in the type of the aggregate: counts are signed in SQL.
fn number(aggregate: &Aggregate, literal: &Literal) -> Expr {
    let is_count = matches!(aggregate, Aggregate::Flows | Aggregate::Of(Function::Distinct, _));
    match literal {
        Literal::Uint(n) if is_count => lit(i64::try_from(*n).unwrap_or(i64::MAX)),
        Literal::Uint(n) => lit(*n),
        Literal::Real(n) => lit(*n),
        Literal::Time(at) => time(*at),
        // The parser gives no others.
        _ => Expr::Literal(ScalarValue::Null, None),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{RecordBatch, StringArray, TimestampNanosecondArray, UInt16Array, UInt32Array, UInt64Array};
    use datafusion::prelude::SessionContext;

    use super::*;

    /// Six flows of two applications: of `b` none has an answer time.
    fn flows() -> RecordBatch {
        let times = |secs: [i64; 6]| {
            let nanos = secs.map(|s| s * 1_000_000_000).to_vec();
            Arc::new(TimestampNanosecondArray::from(nanos).with_timezone("UTC"))
        };
        RecordBatch::try_from_iter([
            ("app", Arc::new(StringArray::from(vec!["a", "a", "a", "a", "b", "b"])) as _),
            ("src_bytes", Arc::new(UInt64Array::from(vec![10, 20, 30, 40, 5, 5])) as _),
            ("dst_bytes", Arc::new(UInt64Array::from(vec![0, 0, 0, 100, 0, 0])) as _),
            ("src_packets", Arc::new(UInt64Array::from(vec![1, 1, 1, 1, 0, 0])) as _),
            ("dst_packets", Arc::new(UInt64Array::from(vec![0, 0, 0, 1, 0, 0])) as _),
            ("dst_port", Arc::new(UInt16Array::from(vec![80, 81, 82, 80, 80, 80])) as _),
            (
                "npm_response_micros",
                Arc::new(UInt32Array::from(vec![Some(1_000), Some(3_000), None, None, None, None])) as _,
            ),
            ("time_start", times([0, 0, 0, 0, 10, 20]) as _),
            ("time_end", times([1, 2, 3, 4, 10, 20]) as _),
        ])
        .expect("a batch")
    }

    /// The applications whose flows pass.
    async fn passing(text: &str) -> String {
        let having = minamo_filter::parse_having(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let aggregates = having.aggregates().iter().map(aggregate_expr).collect();
        let frame = SessionContext::new().read_batch(flows()).expect("a frame");
        let found = frame
            .aggregate(vec![ident("app")], aggregates)
            .and_then(|groups| groups.filter(having_expr(&having)))
            .and_then(|groups| groups.select(vec![ident("app")]))
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        let batches = found.collect().await.unwrap_or_else(|error| panic!("{text}: {error}"));
        let mut apps: Vec<String> = batches
            .iter()
            .flat_map(|batch| arrow::compute::cast(batch.column(0), &arrow::datatypes::DataType::Utf8))
            .flat_map(|column| {
                let texts = arrow::array::AsArray::as_string::<i32>(&column);
                texts.iter().flatten().map(str::to_owned).collect::<Vec<_>>()
            })
            .collect();
        apps.sort();
        apps.concat()
    }

    #[tokio::test]
    async fn conditions_pass_the_groups_that_they_describe() {
        for (text, want) in [
            ("", "ab"),
            ("flows > 3", "a"),
            ("flows != 4", "b"),
            ("bytes = 200", "a"),
            ("src_bytes = 100 and dst_bytes >= 100 and packets = 5", "a"),
            ("distinct(dst_port) >= 3", "a"),
            ("distinct(dst_port) < 3", "b"),
            ("min(dst_port) = 80 and max(dst_port) = 82", "a"),
            ("avg(src_bytes) = 25", "a"),
            ("avg(duration) = 2500 and max(duration) = 4s and sum(duration) = 10s", "a"),
            ("avg(npm_response_micros) = 2ms", "a"),
            ("avg(npm_response_micros) != 5ms", "a"),
            ("not avg(npm_response_micros) = 2ms", "b"),
            ("sum(npm_response_micros) = 0", ""),
            ("p50(src_bytes) = 25", "a"),
            ("median(src_bytes) < 20 or p95(src_bytes) > 39", "ab"),
            ("min(time_start) >= 1970-01-01T00:00:10Z", "b"),
            ("max(bpp) >= 70 or max(bps) > 200", "a"),
            ("(flows > 3 or bytes > 0) and not (flows > 3 and bytes > 0)", "b"),
        ] {
            assert_eq!(passing(text).await, want, "{text}");
        }
    }
}
