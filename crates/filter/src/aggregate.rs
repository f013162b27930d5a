// SPDX-License-Identifier: Apache-2.0
//! Numbers over the flows of a group, and conditions on them: the `having` of a ranking. What they mean and how they
//! print; [`crate::having`] reads them.

use std::collections::BTreeSet;
use std::fmt;

use minamo_schema::{CellType, Column, Kind};

use crate::ast::{CompareOp, Literal, Measure, Subject};
use crate::check::{Sort, Target};
use crate::value::Written;

/// A number over the flows of a group. Prints as it is typed: `bytes`, `flows`, `distinct(dst_port)`, `avg(duration)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aggregate {
    /// How many flows there are.
    Flows,
    /// A function over a value of each flow; flows without that value do not count.
    Of(Function, Subject),
}

/// How the values of many flows become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Function {
    /// They are added up.
    Sum,
    /// Their mean.
    Avg,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// How many different ones there are.
    Distinct,
    /// The value below which so many per cent of them lie, 1 to 99. Not exact where there are many values.
    Percentile(u8),
}

/// A condition on the numbers of a group. Two-valued as a filter is: a comparison with a number that is missing is false.
#[derive(Debug, Clone, PartialEq)]
pub enum Having {
    /// Every group.
    All,
    /// All parts hold.
    And(Vec<Having>),
    /// At least one part holds.
    Or(Vec<Having>),
    /// The part does not hold.
    Not(Box<Having>),
    /// The number compares so with the literal, which is `Uint`, `Real` or `Time`: see [`Aggregate::is_real`].
    Test(Aggregate, CompareOp, Literal),
}

impl Function {
    /// Those that are proposed.
    pub(crate) const COMMON: [Self; 8] = [
        Self::Sum,
        Self::Avg,
        Self::Min,
        Self::Max,
        Self::Distinct,
        Self::Percentile(50),
        Self::Percentile(95),
        Self::Percentile(99),
    ];

    /// The function of that name, in any letter case; `median` is `p50`.
    pub(crate) fn named(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        let percent = word.strip_prefix('p').filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
        if let Some(percent) = percent.and_then(|digits| digits.parse().ok()).filter(|p| (1..100).contains(p)) {
            return Some(Self::Percentile(percent));
        }
        if word == "median" {
            return Some(Self::Percentile(50));
        }
        Self::COMMON.into_iter().find(|function| function.to_string() == word)
    }

    /// True where it makes sense of that value.
    pub(crate) fn takes(self, subject: Subject) -> bool {
        let list = matches!(subject, Subject::Column(column) if is_list(column));
        let number = matches!(Target::One(subject).sort(), Sort::Uint { .. } | Sort::Real | Sort::Seconds);
        match self {
            Self::Distinct => matches!(subject, Subject::Column(_)) && !list,
            Self::Min | Self::Max => !list && (number || Target::One(subject).sort() == Sort::Time),
            Self::Sum | Self::Avg | Self::Percentile(_) => !list && number,
        }
    }
}

fn is_list(column: &Column) -> bool {
    matches!(column.cell, CellType::U16List | CellType::U32List | CellType::I32List | CellType::TextList)
}

impl Aggregate {
    /// Octets of both sides.
    pub const BYTES: Self = Self::Of(Function::Sum, Subject::Measure(Measure::Bytes));
    /// Packets of both sides.
    pub const PACKETS: Self = Self::Of(Function::Sum, Subject::Measure(Measure::Packets));

    /// What its value compares with.
    pub(crate) fn sort(self) -> Sort {
        let Self::Of(function, subject) = self else { return Sort::Uint { max: u64::MAX, nanos: 0 } };
        let own = Target::One(subject).sort();
        match (function, own) {
            (Function::Distinct, _) => Sort::Uint { max: u64::MAX, nanos: 0 },
            (Function::Sum, Sort::Uint { nanos, .. }) => Sort::Uint { max: u64::MAX, nanos },
            (Function::Avg | Function::Percentile(_), Sort::Uint { nanos, .. }) => Sort::Mean { nanos },
            _ => own,
        }
    }

    /// True where its value is a real number; otherwise it is a whole one, or of `min` and `max` of instants a time.
    pub fn is_real(self) -> bool {
        matches!(self.sort(), Sort::Mean { .. } | Sort::Real | Sort::Seconds)
    }

    /// The value that it is about, or `flows`.
    pub(crate) fn subject(self) -> &'static str {
        match self {
            Self::Flows => "flows",
            Self::Of(_, subject) => Target::One(subject).name(),
        }
    }

    /// Names of the flow columns that it is computed from.
    pub fn columns(self) -> BTreeSet<&'static str> {
        match self {
            Self::Flows => BTreeSet::new(),
            Self::Of(_, Subject::Column(column)) => [column.name].into(),
            Self::Of(_, Subject::Measure(measure)) => measure.columns().iter().copied().collect(),
        }
    }
}

/// True where the bare name of that value means its sum.
pub(crate) fn sums_bare(subject: Subject) -> bool {
    match subject {
        Subject::Column(column) => column.kind == Kind::Counter && Function::Sum.takes(subject),
        Subject::Measure(measure) => matches!(measure, Measure::Bytes | Measure::Packets),
    }
}

impl Having {
    /// The numbers that it asks for, each once, in the order of the text.
    pub fn aggregates(&self) -> Vec<Aggregate> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    /// How many composites stand around the innermost test.
    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::All | Self::Test(..) => 0,
            Self::And(parts) | Self::Or(parts) => 1 + parts.iter().map(Self::depth).max().unwrap_or(0),
            Self::Not(part) => 1 + part.depth(),
        }
    }

    fn collect(&self, found: &mut Vec<Aggregate>) {
        match self {
            Self::All => {}
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.collect(found)),
            Self::Not(part) => part.collect(found),
            Self::Test(aggregate, ..) if found.contains(aggregate) => {}
            Self::Test(aggregate, ..) => found.push(*aggregate),
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sum => f.write_str("sum"),
            Self::Avg => f.write_str("avg"),
            Self::Min => f.write_str("min"),
            Self::Max => f.write_str("max"),
            Self::Distinct => f.write_str("distinct"),
            Self::Percentile(percent) => write!(f, "p{percent}"),
        }
    }
}

impl fmt::Display for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flows => f.write_str("flows"),
            Self::Of(Function::Sum, subject) if sums_bare(*subject) => f.write_str(Target::One(*subject).name()),
            Self::Of(function, subject) => write!(f, "{function}({})", Target::One(*subject).name()),
        }
    }
}

impl fmt::Display for Having {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, parts: &[Self], by: &str| {
            for (at, part) in parts.iter().enumerate() {
                f.write_str(if at == 0 { "" } else { by })?;
                inner(f, part)?;
            }
            Ok(())
        };
        match self {
            Self::All => f.write_str("any"),
            Self::And(parts) => joined(f, parts, " and "),
            Self::Or(parts) => joined(f, parts, " or "),
            Self::Not(part) => {
                f.write_str("not ")?;
                inner(f, part)
            }
            Self::Test(aggregate, op, literal) => {
                write!(f, "{aggregate} {} {}", op.symbol(), Written(aggregate.sort(), literal))
            }
        }
    }
}

fn inner(f: &mut fmt::Formatter<'_>, part: &Having) -> fmt::Result {
    match part {
        Having::And(_) | Having::Or(_) => write!(f, "({part})"),
        _ => write!(f, "{part}"),
    }
}
