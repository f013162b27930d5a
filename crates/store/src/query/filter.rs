// SPDX-License-Identifier: Apache-2.0
//! A filter as a DataFusion expression. The filter knows true and false only, SQL also null; a test of a
//! missing value is null here, which a `WHERE` takes as false, and `not` is `IS NOT TRUE`, which takes null
//! to true. Tests stay plain comparisons, so that statistics and bloom filters can prune with them.

use arrow::datatypes::DataType;
use datafusion::functions::core::expr_fn::nullif;
use datafusion::logical_expr::{BinaryExpr, Expr, Like, Operator, cast, ident, lit, when};
use datafusion::scalar::ScalarValue;
use minamo_filter::{CompareOp, Expr as Filter, Literal, Measure, Predicate, Subject, Test};
use minamo_schema::CellType;

use super::functions::{ip_literal, mac_literal};
use super::{list_any, ranges, time};
use crate::QueryError;

/// The filter as an expression over the columns of its table; it is true, false or null, and null is false.
pub fn compile(filter: &Filter) -> Result<Expr, QueryError> {
    let all = |parts: &[Filter]| parts.iter().map(compile).collect::<Result<Vec<_>, _>>();
    Ok(match filter {
        Filter::All => lit(true),
        Filter::And(parts) => all(parts)?.into_iter().reduce(Expr::and).unwrap_or_else(|| lit(true)),
        Filter::Or(parts) => ranges::any(all(parts)?),
        Filter::Not(part) => Expr::IsNotTrue(Box::new(compile(part)?)),
        Filter::Tag(name) => {
            return Err(QueryError::Bad(format!("the tag {name} was not looked up before the question")));
        }
        Filter::Test(Test { subject: Subject::Column(column), predicate }) => {
            let subject = ident(column.name);
            match item(column.cell) {
                Some(item) if *predicate != Predicate::Present => {
                    let test = test(ident(list_any::ITEM), item, predicate)?;
                    list_any::call(subject, item.data_type(), &test)?
                }
                _ => test(subject, column.cell, predicate)?,
            }
        }
        Filter::Test(Test { subject: Subject::Measure(measure), predicate }) => {
            let cell = match measure {
                Measure::Bytes | Measure::Packets => CellType::U64,
                _ => CellType::F64,
            };
            test(self::measure(*measure), cell, predicate)?
        }
    })
}

/// Type of a list's items; signed numbers have no cell of their own, so theirs is told by the literal.
fn item(cell: CellType) -> Option<Item> {
    match cell {
        CellType::U16List => Some(Item::Cell(CellType::U16)),
        CellType::U32List => Some(Item::Cell(CellType::U32)),
        CellType::I32List => Some(Item::Int),
        CellType::TextList => Some(Item::Cell(CellType::Text)),
        _ => None,
    }
}

#[derive(Clone, Copy)]
enum Item {
    Cell(CellType),
    Int,
}

impl From<CellType> for Item {
    fn from(cell: CellType) -> Self {
        Self::Cell(cell)
    }
}

impl Item {
    fn data_type(self) -> DataType {
        match self {
            Self::Cell(cell) => cell.data_type(),
            Self::Int => DataType::Int32,
        }
    }
}

fn test(subject: Expr, cell: impl Into<Item>, predicate: &Predicate) -> Result<Expr, QueryError> {
    let cell = cell.into();
    Ok(match predicate {
        Predicate::Compare(op, literal) => compare(subject, *op, value(cell, literal)?),
        Predicate::OneOf(list) => {
            let list = list.iter().map(|literal| value(cell, literal)).collect::<Result<Vec<_>, _>>()?;
            subject.in_list(list, false)
        }
        Predicate::InPrefixes(prefixes) => ranges::in_prefixes(&subject, prefixes),
        Predicate::InRanges(list) => in_numbers(&subject, cell, list)?,
        Predicate::InSet(name) => {
            return Err(QueryError::Bad(format!("the set @{name} was not looked up before the question")));
        }
        Predicate::Glob(pattern) => {
            let pattern = Expr::Literal(ScalarValue::Utf8View(Some(like(pattern))), None);
            Expr::Like(Like::new(false, Box::new(subject), Box::new(pattern), None, true))
        }
        Predicate::Regex(pattern) => {
            let pattern = Expr::Literal(ScalarValue::Utf8View(Some(pattern.clone())), None);
            binary(subject, Operator::RegexMatch, pattern)
        }
        Predicate::Flags { set, clear } => {
            let both = binary(subject, Operator::BitwiseAnd, lit(set | clear));
            both.eq(lit(*set))
        }
        Predicate::Present => subject.is_not_null(),
    })
}

fn binary(left: Expr, op: Operator, right: Expr) -> Expr {
    Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)))
}

pub(super) fn compare(left: Expr, op: CompareOp, right: Expr) -> Expr {
    match op {
        CompareOp::Eq => left.eq(right),
        CompareOp::Ne => left.not_eq(right),
        CompareOp::Lt => left.lt(right),
        CompareOp::Le => left.lt_eq(right),
        CompareOp::Gt => left.gt(right),
        CompareOp::Ge => left.gt_eq(right),
    }
}

/// True where the number lies in one of the ranges.
fn in_numbers(subject: &Expr, cell: Item, ranges: &[(u64, u64)]) -> Result<Expr, QueryError> {
    let number = |n: u64| value(cell, &Literal::Uint(n));
    let (ones, wide): (Vec<_>, Vec<_>) =
        ranges::joined(ranges, |n| n.checked_add(1)).into_iter().partition(|(low, high)| low == high);
    let mut tests = Vec::new();
    if !ones.is_empty() {
        let ones = ones.into_iter().map(|(n, _)| number(n)).collect::<Result<Vec<_>, _>>()?;
        tests.push(subject.clone().in_list(ones, false));
    }
    for (low, high) in wide {
        tests.push(subject.clone().gt_eq(number(low)?).and(subject.clone().lt_eq(number(high)?)));
    }
    Ok(ranges::any(tests))
}

/// A literal in the type of its column, so that nothing is cast row by row.
fn value(cell: Item, literal: &Literal) -> Result<Expr, QueryError> {
    let bad = || QueryError::Bad(format!("got {literal:?}, want a value of type {}", cell.data_type()));
    let scalar = match (cell, literal) {
        (Item::Cell(CellType::U8), Literal::Uint(n)) => ScalarValue::UInt8(Some(u8::try_from(*n).map_err(|_| bad())?)),
        (Item::Cell(CellType::U16), Literal::Uint(n)) => {
            ScalarValue::UInt16(Some(u16::try_from(*n).map_err(|_| bad())?))
        }
        (Item::Cell(CellType::U32), Literal::Uint(n)) => {
            ScalarValue::UInt32(Some(u32::try_from(*n).map_err(|_| bad())?))
        }
        (Item::Cell(CellType::U64), Literal::Uint(n)) => ScalarValue::UInt64(Some(*n)),
        (Item::Int, Literal::Int(n)) => ScalarValue::Int32(Some(i32::try_from(*n).map_err(|_| bad())?)),
        (Item::Cell(CellType::F64), Literal::Real(n)) => ScalarValue::Float64(Some(*n)),
        (Item::Cell(CellType::Text), Literal::Text(text)) => ScalarValue::Utf8View(Some(text.clone())),
        (Item::Cell(CellType::Bool), Literal::Bool(b)) => ScalarValue::Boolean(Some(*b)),
        (Item::Cell(CellType::Ip), Literal::Ip(ip)) => return Ok(ip_literal(*ip)),
        (Item::Cell(CellType::Mac), Literal::Mac(mac)) => return Ok(mac_literal(*mac)),
        (Item::Cell(CellType::Time), Literal::Time(at)) => return Ok(time(*at)),
        _ => return Err(bad()),
    };
    Ok(Expr::Literal(scalar, None))
}

/// A pattern of `*` and `?` as one of `%` and `_`.
fn like(glob: &str) -> String {
    let mut out = String::with_capacity(glob.len() + 4);
    for c in glob.chars() {
        match c {
            '*' => out.push('%'),
            '?' => out.push('_'),
            '%' | '_' | '\\' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// A measure of a flow; nothing where its divisor is 0.
pub(super) fn measure(measure: Measure) -> Expr {
    let sum = |a: &str, b: &str| ident(a) + ident(b);
    let real = |expr: Expr| cast(expr, DataType::Float64);
    let bytes = || sum("src_bytes", "dst_bytes");
    let packets = || sum("src_packets", "dst_packets");
    let per = |count: Expr, of: Expr| real(count) / nullif(of, lit(0.0));
    match measure {
        Measure::Bytes => bytes(),
        Measure::Packets => packets(),
        Measure::Duration => duration(),
        Measure::Pps => per(packets(), duration()),
        Measure::Bps => real(bytes()) * lit(8.0) / nullif(duration(), lit(0.0)),
        Measure::Bpp => per(bytes(), real(packets())),
    }
}

/// Seconds from the first packet to the last; 0 where a row ends before it starts.
fn duration() -> Expr {
    let nanos = |name: &str| cast(ident(name), DataType::Int64);
    let length = cast(nanos("time_end") - nanos("time_start"), DataType::Float64) / lit(1e9);
    let forward = ident("time_end").gt(ident("time_start"));
    when(forward, length).otherwise(lit(0.0)).unwrap_or_else(|_| lit(ScalarValue::Float64(None)))
}
