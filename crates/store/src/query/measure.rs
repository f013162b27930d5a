// SPDX-License-Identifier: Apache-2.0
//! What groups of flows are measured by: sums, rates, distinct counts, minima, maxima, means and percentiles of
//! columns. Sums of sampled flows are scaled and come with their variance: see [`super::sampling`].

use std::fmt;

use arrow::datatypes::DataType;
use datafusion::functions::core::expr_fn::{coalesce, nullif};
use datafusion::functions_aggregate::expr_fn::{
    approx_distinct, approx_percentile_cont, avg, count, count_distinct, max, min, sum,
};
use datafusion::functions_aggregate::percentile_cont::percentile_cont;
use datafusion::logical_expr::{Expr, ExprFunctionExt, cast, ident, lit, when};
use minamo_filter::{Aggregate, Function as Aggregating, Measure as Derived, Subject};
use minamo_schema::{CellType, Column, Kind};

use super::filter::measure as derived;
use super::key::flow_column;
use super::sampling::{Amount, COUNTERS, METHOD, RATE, Sides, counted, scaled, variance};
use crate::QueryError;

/// What a group is measured by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measure {
    /// Octets of both sides.
    Bytes,
    /// Packets of both sides.
    Packets,
    /// Flows.
    Flows,
    /// Octets from initiators.
    SrcBytes,
    /// Octets from responders.
    DstBytes,
    /// Packets from initiators.
    SrcPackets,
    /// Packets from responders.
    DstPackets,
    /// Bits per second from the group's first start to its last end.
    Bps,
    /// Packets per second, likewise.
    Pps,
    /// Octets per packet.
    Bpp,
    /// A function of one number or column of each flow.
    Of(Function, Operand),
}

/// How the values of a group become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// How many different ones there are, exactly.
    Distinct,
    /// How many different ones there are, by HyperLogLog: off by about 1.6 % (one standard deviation).
    AboutDistinct,
    /// The lowest.
    Min,
    /// The highest.
    Max,
    /// The mean.
    Avg,
    /// The sum.
    Sum,
    /// The value below which so many of a hundred lie, exactly: interpolated between neighbours.
    Percentile(u8),
    /// Likewise, by t-digest: takes little memory.
    AboutPercentile(u8),
}

/// A value of a flow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Operand {
    /// A column.
    Column(&'static Column),
    /// A number computed from the columns of a flow.
    Derived(Derived),
}

const DERIVED: [(&str, Derived); 6] = [
    ("bytes", Derived::Bytes),
    ("packets", Derived::Packets),
    ("duration", Derived::Duration),
    ("bps", Derived::Bps),
    ("pps", Derived::Pps),
    ("bpp", Derived::Bpp),
];

const WORDS: [(&str, Measure); 10] = [
    ("bytes", Measure::Bytes),
    ("packets", Measure::Packets),
    ("flows", Measure::Flows),
    ("src_bytes", Measure::SrcBytes),
    ("dst_bytes", Measure::DstBytes),
    ("src_packets", Measure::SrcPackets),
    ("dst_packets", Measure::DstPackets),
    ("bps", Measure::Bps),
    ("pps", Measure::Pps),
    ("bpp", Measure::Bpp),
];

impl Measure {
    /// The measure of that text: `bytes`, `bps`, `distinct(dst_port)`, `p95(duration)`, `about_p95(duration)`.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let text = text.trim();
        if let Some((_, measure)) = WORDS.iter().find(|(word, _)| *word == text) {
            return Ok(*measure);
        }
        let bad = || {
            let words = WORDS.map(|(word, _)| word).join(", ");
            QueryError::Bad(format!(
                "got the measure {text:?}, want one of {words}, or distinct, about_distinct, min, max, avg, sum, p1 to \
                 p99 or about_p1 to about_p99 of a column, bytes, packets or duration, such as p95(duration)"
            ))
        };
        let (function, operand) = text.strip_suffix(')').and_then(|text| text.split_once('(')).ok_or_else(bad)?;
        let percent = |text: &str| text.parse::<u8>().ok().filter(|p| (1..=99).contains(p));
        let function = match function.trim() {
            "distinct" => Function::Distinct,
            "about_distinct" => Function::AboutDistinct,
            "min" => Function::Min,
            "max" => Function::Max,
            "avg" => Function::Avg,
            "sum" => Function::Sum,
            other => match (other.strip_prefix("about_p").map(percent), other.strip_prefix('p').map(percent)) {
                (Some(Some(p)), _) => Function::AboutPercentile(p),
                (_, Some(Some(p))) => Function::Percentile(p),
                _ => return Err(bad()),
            },
        };
        let name = operand.trim();
        let operand = match DERIVED.iter().find(|(word, _)| *word == name) {
            Some((_, derived)) => Operand::Derived(*derived),
            None => Operand::Column(flow_column(name).map_err(|error| QueryError::Bad(format!("{text}: {error}")))?),
        };
        let measure = Self::Of(function, operand);
        measure.check().map(|()| measure)
    }

    /// Refuses functions that the operand's type does not have.
    fn check(self) -> Result<(), QueryError> {
        let Self::Of(function, Operand::Column(column)) = self else { return Ok(()) };
        let number =
            matches!(column.cell, CellType::U8 | CellType::U16 | CellType::U32 | CellType::U64 | CellType::F64);
        let fits = match function {
            Function::Distinct | Function::AboutDistinct => true,
            Function::Min | Function::Max => number || matches!(column.cell, CellType::Time | CellType::Text),
            _ => number,
        };
        if fits {
            return Ok(());
        }
        Err(QueryError::Bad(format!("{self}: {} is a column of type {}", column.name, column.cell.name())))
    }

    /// True where sampling adds to it, so that it is scaled and has an interval.
    pub fn is_sum(self) -> bool {
        self.sum().is_some()
    }

    fn sum(self) -> Option<(Amount, Sides)> {
        Some(match self {
            Self::Bytes => (Amount::Bytes, Sides::Both),
            Self::Packets => (Amount::Packets, Sides::Both),
            Self::Flows => (Amount::Flows, Sides::Both),
            Self::SrcBytes => (Amount::Bytes, Sides::Src),
            Self::DstBytes => (Amount::Bytes, Sides::Dst),
            Self::SrcPackets => (Amount::Packets, Sides::Src),
            Self::DstPackets => (Amount::Packets, Sides::Dst),
            _ => return None,
        })
    }

    /// True where it is told about.
    pub fn is_about(self) -> bool {
        matches!(self, Self::Of(Function::AboutDistinct | Function::AboutPercentile(_), _))
    }

    /// Adds the columns that it reads.
    pub(super) fn columns(self, to: &mut Vec<&'static str>) {
        let mut add = |names: &[&'static str]| {
            names.iter().for_each(|name| {
                if !to.contains(name) {
                    to.push(name);
                }
            });
        };
        match self {
            Self::Of(_, Operand::Column(column)) => add(&[column.name]),
            Self::Of(_, Operand::Derived(_)) | Self::Bps | Self::Pps => add(&["time_start", "time_end"]),
            _ => {}
        }
        add(&COUNTERS);
        add(&[RATE, METHOD]);
    }

    /// The measure of a group, made of plain aggregates that `sums` collects; `rows` says which rows count.
    pub(super) fn terms(self, sums: &mut Sums, scale: bool, rows: Option<&Expr>) -> Result<Terms, QueryError> {
        let value = |amount, sides| if scale { scaled(amount, sides) } else { counted(amount, sides) };
        if let Some((amount, sides)) = self.sum() {
            let of = sums.ask(sum(value(amount, sides)), rows)?;
            let mut terms = Terms { value: coalesce(vec![of, lit(0_u64)]), spread: None };
            if scale {
                let variance = sums.ask(sum(variance(amount, sides)?), rows)?;
                let seen = sums.ask(sum(counted(amount, sides)), rows)?;
                terms.spread = Some((coalesce(vec![variance, lit(0.0)]), coalesce(vec![seen, lit(0_u64)])));
            }
            return Ok(terms);
        }
        let real = |expr: Expr| cast(expr, DataType::Float64);
        let mut per_second = |amount, factor: f64| -> Result<Expr, QueryError> {
            let nanos = |expr: Expr| cast(cast(expr, DataType::Int64), DataType::Float64);
            let first = sums.ask(min(ident("time_start")), rows)?;
            let last = sums.ask(max(ident("time_end")), rows)?;
            let length = (nanos(last) - nanos(first)) / lit(1e9);
            let all = sums.ask(sum(value(amount, Sides::Both)), rows)?;
            Ok(real(all) * lit(factor) / nullif(length, lit(0.0)))
        };
        let value = match self {
            Self::Bps => per_second(Amount::Bytes, 8.0)?,
            Self::Pps => per_second(Amount::Packets, 1.0)?,
            Self::Bpp => {
                let bytes = sums.ask(sum(value(Amount::Bytes, Sides::Both)), rows)?;
                let packets = sums.ask(sum(value(Amount::Packets, Sides::Both)), rows)?;
                real(bytes) / nullif(real(packets), lit(0.0))
            }
            Self::Of(function, operand) => {
                let of = operand.value(scale)?;
                let percent = |p: u8| lit(f64::from(p) / 100.0);
                let aggregate = match function {
                    Function::Distinct => count_distinct(of),
                    Function::AboutDistinct => approx_distinct(of),
                    Function::Min => min(of),
                    Function::Max => max(of),
                    Function::Avg => avg(real(of)),
                    Function::Sum => sum(of),
                    Function::Percentile(p) => percentile_cont(real(of).sort(true, false), percent(p)),
                    Function::AboutPercentile(p) => {
                        approx_percentile_cont(real(of).sort(true, false), percent(p), None)
                    }
                };
                sums.ask(aggregate, rows)?
            }
            _ => sums.ask(count(lit(1)), rows)?,
        };
        Ok(Terms { value, spread: None })
    }
}

impl From<Aggregate> for Measure {
    fn from(aggregate: Aggregate) -> Self {
        let (function, subject) = match aggregate {
            Aggregate::Flows => return Self::Flows,
            Aggregate::Of(function, subject) => (function, subject),
        };
        let operand = match subject {
            Subject::Column(column) => Operand::Column(column),
            Subject::Measure(of) => Operand::Derived(of),
        };
        let function = match function {
            Aggregating::Sum => {
                let text = aggregate.to_string();
                if let Some((_, of)) = WORDS.iter().find(|(word, _)| *word == text) {
                    return *of;
                }
                Function::Sum
            }
            Aggregating::Avg => Function::Avg,
            Aggregating::Min => Function::Min,
            Aggregating::Max => Function::Max,
            Aggregating::Distinct => Function::Distinct,
            Aggregating::Percentile(p) => Function::Percentile(p),
        };
        Self::Of(function, operand)
    }
}

impl Operand {
    /// Its value of a row; counters of sampled rows as what they stand for.
    fn value(self, scale: bool) -> Result<Expr, QueryError> {
        let amount = |of| if scale { scaled(of, Sides::Both) } else { counted(of, Sides::Both) };
        let per_second = |of: Derived, by: Amount| {
            // The plain rate times how much more the counter stands for.
            let more = cast(amount(by), DataType::Float64)
                / nullif(cast(counted(by, Sides::Both), DataType::Float64), lit(0.0));
            if scale { derived(of) * more } else { derived(of) }
        };
        Ok(match self {
            Self::Derived(Derived::Bytes) => amount(Amount::Bytes),
            Self::Derived(Derived::Packets) => amount(Amount::Packets),
            Self::Derived(of @ Derived::Bps) => per_second(of, Amount::Bytes),
            Self::Derived(of @ Derived::Pps) => per_second(of, Amount::Packets),
            Self::Derived(of) => derived(of),
            Self::Column(column) if scale && column.kind == Kind::Counter && column.cell == CellType::U64 => {
                when(ident(RATE).gt(lit(1_u32)), ident(column.name) * cast(ident(RATE), DataType::UInt64))
                    .otherwise(ident(column.name))?
            }
            Self::Column(column) => ident(column.name),
        })
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Column(column) => column.name,
            Self::Derived(of) => DERIVED.iter().find(|(_, derived)| derived == of).map_or("", |(word, _)| word),
        })
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Of(function, operand) = self else {
            let word = WORDS.iter().find(|(_, measure)| measure == self).map_or("", |(word, _)| word);
            return f.write_str(word);
        };
        match function {
            Function::Distinct => write!(f, "distinct({operand})"),
            Function::AboutDistinct => write!(f, "about_distinct({operand})"),
            Function::Min => write!(f, "min({operand})"),
            Function::Max => write!(f, "max({operand})"),
            Function::Avg => write!(f, "avg({operand})"),
            Function::Sum => write!(f, "sum({operand})"),
            Function::Percentile(p) => write!(f, "p{p}({operand})"),
            Function::AboutPercentile(p) => write!(f, "about_p{p}({operand})"),
        }
    }
}

/// A measure over the columns of the aggregated frame.
pub(super) struct Terms {
    /// The measure itself.
    pub(super) value: Expr,
    /// Variance and what was seen, where sampling adds to it.
    pub(super) spread: Option<(Expr, Expr)>,
}

/// Plain aggregates, each once, with the names of their columns.
#[derive(Default)]
pub(super) struct Sums {
    list: Vec<Expr>,
}

impl Sums {
    /// The column of an aggregate over some rows.
    fn ask(&mut self, aggregate: Expr, rows: Option<&Expr>) -> Result<Expr, QueryError> {
        let aggregate = match rows {
            Some(rows) => aggregate.filter(rows.clone()).build()?,
            None => aggregate,
        };
        let at = match self.list.iter().position(|known| *known == aggregate) {
            Some(at) => at,
            None => {
                self.list.push(aggregate);
                self.list.len() - 1
            }
        };
        Ok(ident(format!("a{at}")))
    }

    /// How many rows count.
    pub(super) fn rows(&mut self, rows: Option<&Expr>) -> Result<Expr, QueryError> {
        self.ask(count(lit(1)), rows)
    }

    /// The aggregates under their names.
    pub(super) fn into_exprs(self) -> Vec<Expr> {
        self.list.into_iter().enumerate().map(|(at, expr)| expr.alias(format!("a{at}"))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_read_and_written_alike() {
        for text in [
            "bytes",
            "bpp",
            "distinct(dst_port)",
            "about_distinct(src_ip)",
            "max(duration)",
            "avg(bytes)",
            "p95(packets)",
            "about_p1(src_port)",
            "min(time_start)",
            "sum(tcp_src_retransmitted_packets)",
        ] {
            match Measure::parse(text) {
                Ok(measure) => assert_eq!(measure.to_string(), text),
                Err(error) => assert!(text.starts_with("sum(tcp"), "{text}: {error}"),
            }
        }
        for text in ["", "byte", "p0(bytes)", "p100(bytes)", "avg(src_ip)", "avg()", "distinct(nonsense)", "avg(bytes"]
        {
            assert!(Measure::parse(text).is_err(), "{text}");
        }
        assert_eq!(
            Measure::parse("avg(src_ip)").expect_err("refused").to_string(),
            "avg(src_ip): src_ip is a column of type ip"
        );
    }
}
