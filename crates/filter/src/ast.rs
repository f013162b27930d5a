// SPDX-License-Identifier: Apache-2.0
//! What a filter means, independent of how it was typed. Logic is two-valued: a test on a value that is
//! missing is false, and `not` turns that into true.

use std::collections::BTreeSet;

use minamo_base::{Ip, Mac, Prefix, Time};
use minamo_schema::Column;

/// A filter. `And` and `Or` of the parser hold two parts or more.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// Every row.
    All,
    /// All parts hold.
    And(Vec<Expr>),
    /// At least one part holds.
    Or(Vec<Expr>),
    /// The part does not hold.
    Not(Box<Expr>),
    /// One test of one value.
    Test(Test),
    /// The flow has the tag of that name: see [`Expr::resolve`].
    Tag(String),
}

/// One test of one value. On a list it holds where any item passes; `Present` asks for the list itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// What is looked at.
    pub subject: Subject,
    /// What must be true of it.
    pub predicate: Predicate,
}

/// What a test looks at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Subject {
    /// A column of the table.
    Column(&'static Column),
    /// A number computed from the columns of a flow.
    Measure(Measure),
}

/// A number computed from the columns of a flow, both directions together. Where the divisor is 0 there is
/// no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Octets of both sides; compared with `Uint`.
    Bytes,
    /// Packets of both sides; compared with `Uint`.
    Packets,
    /// Seconds from the first packet to the last; compared with `Real`.
    Duration,
    /// Packets per second of duration; compared with `Real`.
    Pps,
    /// Bits per second of duration; compared with `Real`.
    Bps,
    /// Octets per packet; compared with `Real`.
    Bpp,
}

/// What must be true of a value. Literals have the type of the subject: see [`Literal`].
#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    /// It compares so with the literal. Text, addresses and truth values know `Eq` and `Ne` only.
    Compare(CompareOp, Literal),
    /// It equals one of the literals.
    OneOf(Vec<Literal>),
    /// The number lies in one of the ranges, both ends in them.
    InRanges(Vec<(u64, u64)>),
    /// It is in the set of that name: see [`Expr::resolve`].
    InSet(String),
    /// The address lies in one of the prefixes.
    InPrefixes(Vec<Prefix>),
    /// The whole text fits the pattern, in which `*` is any run and `?` any one character; letter case does
    /// not count.
    Glob(String),
    /// The regular expression is found anywhere in the text; letter case counts.
    Regex(String),
    /// Of the TCP flags all of `set` are set and none of `clear`.
    Flags {
        /// Bits that are 1.
        set: u8,
        /// Bits that are 0.
        clear: u8,
    },
    /// The column has a value.
    Present,
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// Equal.
    Eq,
    /// There and different.
    Ne,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
}

/// A value in a filter. The parser gives `Uint` for unsigned columns and lists of them, `Int` for lists of
/// signed numbers, `Real` for real columns, `Text` for text and lists of text.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// An unsigned number, within the range of the column.
    Uint(u64),
    /// A signed number, within the range of the column.
    Int(i64),
    /// A real number, finite.
    Real(f64),
    /// Text.
    Text(String),
    /// IP address.
    Ip(Ip),
    /// MAC address.
    Mac(Mac),
    /// True or false.
    Bool(bool),
    /// Instant.
    Time(Time),
}

impl Expr {
    /// Both filters hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, one) | (one, Self::All) => one,
            (Self::And(mut parts), Self::And(more)) => {
                parts.extend(more);
                Self::And(parts)
            }
            (Self::And(mut parts), one) => {
                parts.push(one);
                Self::And(parts)
            }
            (one, Self::And(mut parts)) => {
                parts.insert(0, one);
                Self::And(parts)
            }
            (one, other) => Self::And(vec![one, other]),
        }
    }

    /// Names of the columns that it reads, those behind measures included; those of tags where they are written out.
    pub fn columns(&self) -> BTreeSet<&'static str> {
        let mut names = BTreeSet::new();
        self.collect(&mut names);
        names
    }

    fn collect(&self, names: &mut BTreeSet<&'static str>) {
        match self {
            Self::All | Self::Tag(_) => {}
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.collect(names)),
            Self::Not(part) => part.collect(names),
            Self::Test(test) => match test.subject {
                Subject::Column(column) => {
                    names.insert(column.name);
                }
                Subject::Measure(measure) => names.extend(measure.columns()),
            },
        }
    }

    /// How many composites stand around the innermost test.
    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::All | Self::Test(_) | Self::Tag(_) => 0,
            Self::And(parts) | Self::Or(parts) => 1 + parts.iter().map(Self::depth).max().unwrap_or(0),
            Self::Not(part) => 1 + part.depth(),
        }
    }
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Bytes, Self::Packets, Self::Duration, Self::Pps, Self::Bps, Self::Bpp];

    /// The word for it in the language.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Packets => "packets",
            Self::Duration => "duration",
            Self::Pps => "pps",
            Self::Bps => "bps",
            Self::Bpp => "bpp",
        }
    }

    /// Names of the flow columns that it is computed from.
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Bytes => &["src_bytes", "dst_bytes"],
            Self::Packets => &["src_packets", "dst_packets"],
            Self::Duration => &["time_start", "time_end"],
            Self::Pps => &["src_packets", "dst_packets", "time_start", "time_end"],
            Self::Bps => &["src_bytes", "dst_bytes", "time_start", "time_end"],
            Self::Bpp => &["src_bytes", "dst_bytes", "src_packets", "dst_packets"],
        }
    }
}

impl CompareOp {
    /// The operator as it is typed.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        }
    }
}

impl Test {
    /// A test of a column.
    pub fn column(column: &'static Column, predicate: Predicate) -> Self {
        Self { subject: Subject::Column(column), predicate }
    }
}
