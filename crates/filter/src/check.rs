// SPDX-License-Identifier: Apache-2.0
//! Types: what a column or word can be compared with, by which operators, and the tests that follow.

use minamo_schema::{CellType, Column, Kind, Unit};

use crate::ast::{CompareOp, Expr, Measure, Predicate, Subject, Test};

/// What the parser has read in front of an operator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Target {
    /// One value.
    One(Subject),
    /// The same property of both sides.
    Pair {
        /// Of the one side.
        src: &'static Column,
        /// Of the other side.
        dst: &'static Column,
        /// Which of them must pass.
        join: Join,
    },
}

/// Which of two sides must pass a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Join {
    /// Nothing was said: one side, but with `!=` both.
    Either,
    /// `src or dst`
    Or,
    /// `src and dst`
    And,
}

/// The kind of value that a subject is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// True or false.
    Bool,
    /// A whole number up to `max`; where `nanos` is not 0 it is a length of time in units of so many nanoseconds.
    Uint {
        /// Largest value.
        max: u64,
        /// Nanoseconds per unit.
        nanos: u64,
    },
    /// A protocol by name or number.
    Protocol,
    /// TCP flags.
    Flags,
    /// A whole number with a sign, of 32 bits.
    Int,
    /// A real number.
    Real,
    /// A mean of whole numbers; where `nanos` is not 0 of lengths of time in units of so many nanoseconds.
    Mean {
        /// Nanoseconds per unit.
        nanos: u64,
    },
    /// Seconds as a real number; typed in milliseconds or with a unit.
    Seconds,
    /// Text.
    Text,
    /// IP address.
    Ip,
    /// MAC address.
    Mac,
    /// Instant.
    Time,
}

impl Target {
    /// The target that is one column.
    pub(crate) fn column(column: &'static Column) -> Self {
        Self::One(Subject::Column(column))
    }

    /// Its subject, or that of the first side.
    pub(crate) fn subject(self) -> Subject {
        match self {
            Self::One(subject) => subject,
            Self::Pair { src, .. } => Subject::Column(src),
        }
    }

    /// Its name in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::One(Subject::Column(column)) => column.name,
            Self::One(Subject::Measure(measure)) => measure.name(),
            Self::Pair { src, dst, .. } => crate::words::pair_word(src.name, dst.name).unwrap_or(src.name),
        }
    }

    /// The name of its column, of the first side of two.
    pub(crate) fn subject_name(self) -> &'static str {
        Self::One(self.subject()).name()
    }

    /// What it is compared with.
    pub(crate) fn sort(self) -> Sort {
        match self.subject() {
            Subject::Column(column) => Sort::of(column),
            Subject::Measure(Measure::Bytes | Measure::Packets) => Sort::Uint { max: u64::MAX, nanos: 0 },
            Subject::Measure(Measure::Duration) => Sort::Seconds,
            Subject::Measure(_) => Sort::Real,
        }
    }

    /// True where it can be missing as a column can.
    pub(crate) fn is_column(self) -> bool {
        matches!(self.subject(), Subject::Column(_))
    }

    /// The filter that tests it.
    pub(crate) fn test(self, predicate: Predicate) -> Expr {
        let Self::Pair { src, dst, join } = self else {
            return Expr::Test(Test { subject: self.subject(), predicate });
        };
        let both = match join {
            Join::Either => matches!(predicate, Predicate::Compare(CompareOp::Ne, _)),
            Join::Or => false,
            Join::And => true,
        };
        let tests = vec![Expr::Test(Test::column(src, predicate.clone())), Expr::Test(Test::column(dst, predicate))];
        if both { Expr::And(tests) } else { Expr::Or(tests) }
    }

    /// The filter that holds where the sides that must pass fail that test.
    pub(crate) fn fails(self, predicate: Predicate) -> Expr {
        let opposite = match self {
            Self::Pair { src, dst, join: Join::Or } => Self::Pair { src, dst, join: Join::And },
            Self::Pair { src, dst, join: Join::And } => Self::Pair { src, dst, join: Join::Or },
            other => other,
        };
        Expr::Not(Box::new(opposite.test(predicate)))
    }
}

impl Sort {
    /// That of a column.
    pub(crate) fn of(column: &Column) -> Self {
        let nanos = match column.unit {
            Unit::Micros => 1_000,
            Unit::Seconds => 1_000_000_000,
            _ => 0,
        };
        match column.cell {
            CellType::Bool => Self::Bool,
            CellType::U8 if column.name == "proto" => Self::Protocol,
            CellType::U8 if column.kind == Kind::Flags => Self::Flags,
            CellType::U8 => Self::Uint { max: u8::MAX.into(), nanos },
            CellType::U16 | CellType::U16List => Self::Uint { max: u16::MAX.into(), nanos },
            CellType::U32 | CellType::U32List => Self::Uint { max: u32::MAX.into(), nanos },
            CellType::U64 => Self::Uint { max: u64::MAX, nanos },
            CellType::I32List => Self::Int,
            CellType::F64 => Self::Real,
            CellType::Ip => Self::Ip,
            CellType::Mac => Self::Mac,
            CellType::Time => Self::Time,
            _ => Self::Text,
        }
    }

    /// The operators that it knows, as they are typed; `present` is for columns only.
    pub(crate) fn operators(self) -> &'static [&'static str] {
        match self {
            Self::Bool => &["=", "!="],
            Self::Text => &["=", "!=", "~", "!~", "=~", "in"],
            Self::Ip | Self::Mac => &["=", "!=", "in"],
            Self::Flags => &["flags", "=", "!=", "<", "<=", ">", ">=", "in"],
            _ => &["=", "!=", "<", "<=", ">", ">=", "in"],
        }
    }

    /// What a value looks like, in English and Japanese.
    pub(crate) fn label(self) -> (String, String) {
        let (en, ja) = match self {
            Self::Bool => ("true or false", "true または false"),
            Self::Uint { nanos: 1.., .. } | Self::Mean { nanos: 1.. } => {
                ("a length of time such as 250ms", "時間の長さ（250ms など）")
            }
            Self::Uint { max: u64::MAX, .. } => ("a number such as 1500 or 10M", "数（1500、10M など）"),
            Self::Uint { max, .. } => return (format!("a number from 0 to {max}"), format!("0 から {max} までの数")),
            Self::Protocol => (
                "a protocol such as tcp, or a number from 0 to 255",
                "プロトコル（tcp など、または 0 から 255 までの数）",
            ),
            Self::Flags => ("flag letters of FSRPAUEC", "フラグの文字（FSRPAUEC）"),
            Self::Int => ("a number from -2147483648 to 2147483647", "-2147483648 から 2147483647 までの数"),
            Self::Real | Self::Mean { .. } => ("a number such as 1.5 or 10M", "数（1.5、10M など）"),
            Self::Seconds => ("milliseconds or a length such as 10s", "ミリ秒または長さ（10s など）"),
            Self::Text => ("text such as \"example.com\"", "文字列（\"example.com\" など）"),
            Self::Ip => {
                ("an address or prefix such as 192.0.2.0/24", "アドレスまたはプレフィックス（192.0.2.0/24 など）")
            }
            Self::Mac => ("a MAC address such as 00:1b:21:0a:0b:0c", "MAC アドレス（00:1b:21:0a:0b:0c など）"),
            Self::Time => ("an instant such as 2026-01-01T00:00:00Z", "時刻（2026-01-01T00:00:00Z など）"),
        };
        (en.to_owned(), ja.to_owned())
    }
}
