// SPDX-License-Identifier: Apache-2.0
//! The canonical text of a filter: it reads back to the same expression.

use std::fmt;

use minamo_schema::Column;

use crate::ast::{CompareOp, Expr, Predicate, Subject, Test};
use crate::check::{Join, Sort, Target};
use crate::lex::{quoted, set_name, tag_name};
use crate::value::Written;
use crate::words::{flag_letters, pair_word};

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((word, src, predicate)) = as_pair(self) {
            return phrase(f, word, Sort::of(src), predicate);
        }
        match self {
            Self::All => f.write_str("any"),
            Self::And(parts) if parts.is_empty() => f.write_str("any"),
            Self::Or(parts) if parts.is_empty() => f.write_str("not any"),
            Self::And(parts) => joined(f, parts, " and "),
            Self::Or(parts) => joined(f, parts, " or "),
            Self::Not(part) => {
                f.write_str("not ")?;
                inner(f, part)
            }
            Self::Test(test) => write!(f, "{test}"),
            Self::Tag(name) => write!(f, "tag = {}", tag_name(name)),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = Target::One(self.subject);
        phrase(f, target.name(), target.sort(), &self.predicate)
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Expr], by: &str) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        f.write_str(if at == 0 { "" } else { by })?;
        inner(f, part)?;
    }
    Ok(())
}

/// A part inside another one: in parentheses, unless it is a phrase of its own.
fn inner(f: &mut fmt::Formatter<'_>, part: &Expr) -> fmt::Result {
    match part {
        Expr::And(parts) | Expr::Or(parts) if !parts.is_empty() && as_pair(part).is_none() => write!(f, "({part})"),
        _ => write!(f, "{part}"),
    }
}

/// Word, first column and predicate, where the two parts are one test of both sides as [`Target::test`]
/// makes it of a word such as `ip`.
fn as_pair(expr: &Expr) -> Option<(&'static str, &'static Column, &Predicate)> {
    let (Expr::And(parts) | Expr::Or(parts)) = expr else { return None };
    let [Expr::Test(one), Expr::Test(other)] = parts.as_slice() else { return None };
    let (Subject::Column(src), Subject::Column(dst)) = (one.subject, other.subject) else { return None };
    let word = pair_word(src.name, dst.name)?;
    let pair = Target::Pair { src, dst, join: Join::Either };
    (pair.test(one.predicate.clone()) == *expr).then_some((word, src, &one.predicate))
}

fn phrase(f: &mut fmt::Formatter<'_>, name: &str, sort: Sort, predicate: &Predicate) -> fmt::Result {
    match predicate {
        Predicate::Compare(op, literal) => write!(f, "{name} {} {}", CompareOp::symbol(*op), Written(sort, literal)),
        Predicate::OneOf(items) => set(f, name, items.iter().map(|item| Written(sort, item))),
        Predicate::InRanges(items) => set(f, name, items.iter().map(|(low, high)| Range(*low, *high))),
        Predicate::InSet(of) => write!(f, "{name} in {}", set_name(of)),
        Predicate::InPrefixes(items) => set(f, name, items.iter()),
        Predicate::Glob(pattern) => write!(f, "{name} ~ {}", quoted(pattern)),
        Predicate::Regex(pattern) => write!(f, "{name} =~ {}", quoted(pattern)),
        Predicate::Flags { set, clear } => {
            f.write_str(name)?;
            f.write_str(if name == "flags" { " " } else { " flags " })?;
            f.write_str(&flag_letters(*set))?;
            // With a mask, `not` in front means the plain opposite; without, "none of them".
            if set.count_ones() == 1 && *clear == 0 { Ok(()) } else { write!(f, "/{}", flag_letters(set | clear)) }
        }
        Predicate::Present => write!(f, "{name} present"),
    }
}

/// A range of numbers; one number where both ends are the same.
struct Range(u64, u64);

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(low, high) if low == high => write!(f, "{low}"),
            Self(low, high) => write!(f, "{low}-{high}"),
        }
    }
}

fn set<T: fmt::Display>(f: &mut fmt::Formatter<'_>, name: &str, items: impl Iterator<Item = T>) -> fmt::Result {
    write!(f, "{name} in [")?;
    for (at, item) in items.enumerate() {
        f.write_str(if at == 0 { "" } else { " " })?;
        write!(f, "{item}")?;
    }
    f.write_str("]")
}
