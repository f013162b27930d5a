// SPDX-License-Identifier: Apache-2.0
//! DataFusion's functions whose answer may be far larger than what they are given, with a bound: `repeat('x', 2000000000)`
//! takes memory that no pool of a query knows of, and cannot be stopped while it is computed.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, IntervalMonthDayNanoArray};
use arrow::compute::cast;
use arrow::compute::kernels::length::length;
use arrow::datatypes::{DataType, FieldRef, Int64Type, IntervalUnit, TimeUnit};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

/// Most octets of one value.
const MOST_OF_ONE: u64 = 1 << 20;
/// Most octets of all values that are computed in one go (8,192 rows).
const MOST: u64 = 256 << 20;

/// An upper estimate of the octets of the answer for one row.
type Estimate = fn(&[Argument], usize) -> u64;

/// Nanoseconds of a day.
const DAY: i128 = 86_400_000_000_000;

/// The functions, and how large their answers get.
const GROWING: [(&str, Estimate); 9] = [
    ("array_repeat", |a, row| of(a, 0).weight(row).saturating_mul(of(a, 1).number(row))),
    ("array_resize", |a, row| 8u64.saturating_mul(of(a, 1).number(row))),
    ("generate_series", |a, row| steps(a, row).saturating_mul(8)),
    ("lpad", |a, row| 4u64.saturating_mul(of(a, 1).number(row))),
    ("range", |a, row| steps(a, row).saturating_mul(8)),
    // Each octet may be a match, and each two octets of what is put there may stand for all of a match.
    ("regexp_replace", |a, row| (of(a, 0).weight(row) + 1).saturating_mul(2 * of(a, 2).weight(row) + 1)),
    ("repeat", |a, row| of(a, 0).weight(row).saturating_mul(of(a, 1).number(row))),
    ("replace", |a, row| {
        let (text, from, to) = (of(a, 0).weight(row), of(a, 1).weight(row), of(a, 2).weight(row));
        text.saturating_add((text / from.max(1) + 1).saturating_mul(to))
    }),
    ("rpad", |a, row| 4u64.saturating_mul(of(a, 1).number(row))),
];

/// The function, with a bound where it needs one.
pub(super) fn bounded(function: Arc<ScalarUDF>) -> Arc<ScalarUDF> {
    match GROWING.iter().find(|(name, _)| *name == function.name()) {
        Some((_, estimate)) => Arc::new(ScalarUDF::from(Bounded { inner: function, estimate: *estimate })),
        None => function,
    }
}

/// What is known of an argument, for each row or once for all.
struct Argument {
    /// Value of numbers; nanoseconds of times and of intervals, these at least. 0 for others.
    numbers: Vec<i128>,
    /// Octets of a value.
    weights: Vec<i128>,
}

/// What stands for an argument that is not given.
static NONE: std::sync::LazyLock<Argument> =
    std::sync::LazyLock::new(|| Argument { numbers: vec![0], weights: vec![0] });

fn of(arguments: &[Argument], index: usize) -> &Argument {
    arguments.get(index).unwrap_or(&NONE)
}

fn at(values: &[i128], row: usize) -> i128 {
    values.get(if values.len() == 1 { 0 } else { row }).copied().unwrap_or(0)
}

impl Argument {
    fn new(value: &ColumnarValue) -> Result<Self> {
        let array = match value {
            ColumnarValue::Array(array) => Arc::clone(array),
            ColumnarValue::Scalar(scalar) => scalar.to_array_of_size(1)?,
        };
        Ok(Self { numbers: numbers(&array)?, weights: weights(&array)? })
    }

    /// The number, and 0 for what is below.
    fn number(&self, row: usize) -> u64 {
        u64::try_from(at(&self.numbers, row).max(0)).unwrap_or(u64::MAX)
    }

    fn weight(&self, row: usize) -> u64 {
        u64::try_from(at(&self.weights, row).max(0)).unwrap_or(u64::MAX)
    }
}

/// The numbers of an array, times a factor; 0 for what is missing.
fn scaled(array: &dyn Array, factor: i128) -> Result<Vec<i128>> {
    let numbers = cast(array, &DataType::Int64)?;
    Ok(numbers.as_primitive::<Int64Type>().iter().map(|number| i128::from(number.unwrap_or(0)) * factor).collect())
}

fn numbers(array: &ArrayRef) -> Result<Vec<i128>> {
    match array.data_type() {
        kind if kind.is_integer() => scaled(array, 1),
        // Not by a cast to nanoseconds, which has no value for far years.
        DataType::Date32 => scaled(array, DAY),
        DataType::Date64 | DataType::Timestamp(TimeUnit::Millisecond, _) => scaled(array, 1_000_000),
        DataType::Timestamp(TimeUnit::Second, _) => scaled(array, 1_000_000_000),
        DataType::Timestamp(TimeUnit::Microsecond, _) => scaled(array, 1_000),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => scaled(array, 1),
        DataType::Interval(_) => {
            let intervals = cast(array, &DataType::Interval(IntervalUnit::MonthDayNano))?;
            let intervals: &IntervalMonthDayNanoArray = intervals.as_primitive();
            let days = |months: i32, days: i32| i128::from(months) * 28 + i128::from(days);
            let nanos = intervals
                .iter()
                .map(|interval| interval.map_or(0, |i| days(i.months, i.days) * DAY + i128::from(i.nanoseconds)));
            Ok(nanos.collect())
        }
        _ => Ok(vec![0; array.len()]),
    }
}

/// Octets of each value: of texts what they have, of values of one width that width. Of others all that the array takes.
fn weights(array: &ArrayRef) -> Result<Vec<i128>> {
    match array.data_type() {
        kind if kind.is_string() => scaled(&length(array)?, 1),
        kind => Ok(vec![kind.primitive_width().unwrap_or_else(|| array.get_array_memory_size()) as i128]),
    }
}

/// Values of `range(stop)`, `range(start, stop)` and `range(start, stop, step)`.
fn steps(arguments: &[Argument], row: usize) -> u64 {
    let number = |index: usize| at(&of(arguments, index).numbers, row);
    let (start, stop) = if arguments.len() == 1 { (0, number(0)) } else { (number(0), number(1)) };
    let step = if arguments.len() < 3 { 1 } else { number(2) };
    let span = stop - start;
    // A step of nothing is an error of its own, and one that leads away gives nothing.
    let steps = span.checked_div(step).unwrap_or(0).max(-1) + 1;
    u64::try_from(steps).unwrap_or(u64::MAX)
}

#[derive(Debug)]
struct Bounded {
    inner: Arc<ScalarUDF>,
    estimate: Estimate,
}

impl PartialEq for Bounded {
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner
    }
}

impl Eq for Bounded {}

impl Hash for Bounded {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arguments)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.inner.return_field_from_args(args)
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(arguments)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arguments = args.args.iter().map(Argument::new).collect::<Result<Vec<_>>>()?;
        let constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let mut all = 0u64;
        for row in 0..rows {
            let octets = (self.estimate)(&arguments, row);
            all = all.saturating_add(octets);
            if octets > MOST_OF_ONE || all > MOST {
                return Err(DataFusionError::Execution(format!(
                    "{}: the answer may get too large: at most {MOST_OF_ONE} octets a value, and {MOST} for {rows} row(s) together",
                    self.name()
                )));
            }
        }
        self.inner.invoke_with_args(args)
    }
}
