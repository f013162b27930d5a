// SPDX-License-Identifier: Apache-2.0
//! What least and greatest values say of a filter before a row is read: it may hold for no row of a page, for
//! all of them, or for some; of those only a part of the filter is left to be asked. Everything here may be
//! undecided, nothing may be wrong.

use std::cmp::Ordering;

use arrow::datatypes::TimeUnit;
use minamo_base::Ip;
use minamo_filter::{CompareOp, Expr, Literal, Predicate, Subject, Test};
use minamo_schema::{CellType, Column};

/// A value with an order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Point {
    Uint(u64),
    Ip(Ip),
    /// Nanoseconds.
    Time(i64),
    Text(String),
}

/// What is known of a column's values in some rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fact {
    /// All are missing.
    Absent,
    /// None is below `low` or above `high`, which need not be there themselves.
    Range { low: Point, high: Point, nulls: bool },
    /// Nothing.
    Unknown,
}

/// What the rows of one place are known to hold.
pub(crate) trait Evidence {
    /// What is known of a column.
    fn fact(&self, column: &Column) -> Fact;
    /// True where no row has that value.
    fn excludes(&self, column: &Column, literal: &Literal) -> bool;
}

/// What is left of a filter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Left {
    /// It holds for no row.
    Nothing,
    /// It holds for all rows.
    Everything,
    /// It holds where this does.
    Part(Expr),
}

/// What is left of a filter for rows of which so much is known.
pub(crate) fn simplify(filter: &Expr, evidence: &dyn Evidence) -> Left {
    match filter {
        Expr::All => Left::Everything,
        Expr::And(parts) => {
            let mut rest = Vec::new();
            for part in parts {
                match simplify(part, evidence) {
                    Left::Nothing => return Left::Nothing,
                    Left::Everything => {}
                    Left::Part(part) => rest.push(part),
                }
            }
            join(rest, Left::Everything, Expr::And)
        }
        Expr::Or(parts) => {
            let mut rest = Vec::new();
            for part in parts {
                match simplify(part, evidence) {
                    Left::Nothing => {}
                    Left::Everything => return Left::Everything,
                    Left::Part(part) => rest.push(part),
                }
            }
            join(rest, Left::Nothing, Expr::Or)
        }
        // A test of a missing value is false, and its opposite true: what never holds is what `not` always does.
        Expr::Not(part) => match simplify(part, evidence) {
            Left::Nothing => Left::Everything,
            Left::Everything => Left::Nothing,
            Left::Part(part) => Left::Part(Expr::Not(Box::new(part))),
        },
        // It was looked up before.
        Expr::Tag(_) => Left::Part(filter.clone()),
        Expr::Test(test) => match decide(test, evidence) {
            Some(true) => Left::Everything,
            Some(false) => Left::Nothing,
            None => Left::Part(filter.clone()),
        },
    }
}

fn join(mut parts: Vec<Expr>, none: Left, of: fn(Vec<Expr>) -> Expr) -> Left {
    match parts.len() {
        0 => none,
        1 => parts.pop().map_or(none, Left::Part),
        _ => Left::Part(of(parts)),
    }
}

/// Whether a test holds for all rows or for none, where that is known.
fn decide(test: &Test, evidence: &dyn Evidence) -> Option<bool> {
    let Subject::Column(column) = test.subject else { return None };
    let fact = evidence.fact(column);
    if fact == Fact::Absent {
        return Some(false);
    }
    let excluded = |literal: &Literal| evidence.excludes(column, literal);
    match &test.predicate {
        Predicate::Compare(CompareOp::Eq, literal) if excluded(literal) => return Some(false),
        Predicate::OneOf(list) if list.iter().all(excluded) => return Some(false),
        _ => {}
    }
    let Fact::Range { low, high, nulls } = &fact else { return None };
    let place = |literal: &Literal| {
        let at = point(literal)?;
        Some((order(low, &at)?, order(high, &at)?))
    };
    let (never, always) = match &test.predicate {
        Predicate::Compare(op, literal) => compare(*op, place(literal)?),
        Predicate::OneOf(list) => {
            let places = list.iter().map(place).collect::<Option<Vec<_>>>()?;
            let of = |each: fn((bool, bool)) -> bool| places.iter().map(move |at| each(compare(CompareOp::Eq, *at)));
            (of(|(never, _)| never).all(|never| never), of(|(_, always)| always).any(|always| always))
        }
        Predicate::InPrefixes(prefixes) => {
            let (Point::Ip(low), Point::Ip(high)) = (low, high) else { return None };
            let never = prefixes.iter().all(|prefix| *high < prefix.first() || prefix.last() < *low);
            (never, prefixes.iter().any(|prefix| prefix.first() <= *low && *high <= prefix.last()))
        }
        Predicate::Present => (false, true),
        _ => return None,
    };
    if never {
        Some(false)
    } else if always && !nulls {
        Some(true)
    } else {
        None
    }
}

/// Whether a comparison holds for no and for every value, by where the least and the greatest lie beside the
/// literal.
fn compare(op: CompareOp, (low, high): (Ordering, Ordering)) -> (bool, bool) {
    use Ordering::{Equal, Greater, Less};
    let outside = low == Greater || high == Less;
    let same = low == Equal && high == Equal;
    match op {
        CompareOp::Eq => (outside, same),
        CompareOp::Ne => (same, outside),
        CompareOp::Lt => (low != Less, high == Less),
        CompareOp::Le => (low == Greater, high != Greater),
        CompareOp::Gt => (high != Greater, low == Greater),
        CompareOp::Ge => (high == Less, low != Less),
    }
}

fn point(literal: &Literal) -> Option<Point> {
    Some(match literal {
        Literal::Uint(n) => Point::Uint(*n),
        Literal::Ip(ip) => Point::Ip(*ip),
        Literal::Time(at) => Point::Time(at.0),
        Literal::Text(text) => Point::Text(text.clone()),
        _ => return None,
    })
}

fn order(a: &Point, b: &Point) -> Option<Ordering> {
    match (a, b) {
        (Point::Uint(a), Point::Uint(b)) => Some(a.cmp(b)),
        (Point::Ip(a), Point::Ip(b)) => Some(a.cmp(b)),
        (Point::Time(a), Point::Time(b)) => Some(a.cmp(b)),
        (Point::Text(a), Point::Text(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// The value that Parquet's statistics have as these octets; `unit` is that of an instant.
pub(crate) fn stored(cell: CellType, unit: Option<TimeUnit>, octets: &[u8]) -> Option<Point> {
    Some(match cell {
        // Numbers of 64 bits may be kept in 32.
        CellType::U8 | CellType::U16 | CellType::U32 | CellType::U64 => Point::Uint(match octets.len() {
            4 => u64::from(u32::from_le_bytes(octets.try_into().ok()?)),
            _ => u64::from_le_bytes(octets.try_into().ok()?),
        }),
        CellType::Ip => Point::Ip(Ip(octets.try_into().ok()?)),
        CellType::Text => Point::Text(std::str::from_utf8(octets).ok()?.to_owned()),
        CellType::Time => {
            let nanos = match unit? {
                TimeUnit::Second => 1_000_000_000,
                TimeUnit::Millisecond => 1_000_000,
                TimeUnit::Microsecond => 1_000,
                TimeUnit::Nanosecond => 1,
            };
            Point::Time(i64::from_le_bytes(octets.try_into().ok()?).checked_mul(nanos)?)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use minamo_filter::parse;

    use super::*;

    /// Sources of 10.0.0.0 to 10.0.0.9, some of port 80 to 90 and some without, TCP only, no `vlan`.
    struct Rows;

    impl Evidence for Rows {
        fn fact(&self, column: &Column) -> Fact {
            let range = |low, high, nulls| Fact::Range { low, high, nulls };
            match column.name {
                "src_ip" => range(Point::Ip(Ip::v4([10, 0, 0, 0])), Point::Ip(Ip::v4([10, 0, 0, 9])), false),
                "dst_port" => range(Point::Uint(80), Point::Uint(90), true),
                "proto" => range(Point::Uint(6), Point::Uint(6), false),
                "l2_vlan" => Fact::Absent,
                _ => Fact::Unknown,
            }
        }

        fn excludes(&self, column: &Column, literal: &Literal) -> bool {
            column.name == "dst_ip" && *literal != Literal::Ip(Ip::v4([192, 0, 2, 1]))
        }
    }

    fn left(filter: &str) -> Left {
        simplify(&parse(filter).expect(filter), &Rows)
    }

    #[test]
    fn what_holds_for_all_or_for_no_row_is_told() {
        for filter in [
            "proto tcp",
            "proto = 6 and src net 10.0.0.0/28",
            "src_ip in [10.0.0.0/24] or dst_port = 80",
            "proto != 17",
            "not dst ip 192.0.2.2",
            "not l2_vlan = 5",
            "src_ip != 10.0.0.10",
            "proto in [6 17]",
        ] {
            assert_eq!(left(filter), Left::Everything, "{filter}");
        }
        for filter in [
            "proto udp",
            "src net 10.0.1.0/24",
            "dst_port < 80",
            "dst_port > 90",
            "dst_port = 443 and proto tcp",
            "dst ip 192.0.2.2",
            "l2_vlan = 5 or l2_vlan != 5",
            "src_ip in [10.0.0.10 10.0.0.11]",
            "not proto tcp",
        ] {
            assert_eq!(left(filter), Left::Nothing, "{filter}");
        }
    }

    #[test]
    fn of_the_rest_only_what_is_open_is_left() {
        let part = |text: &str| Left::Part(parse(text).expect(text));
        assert_eq!(left("proto tcp and dst_port = 80"), part("dst_port = 80"));
        assert_eq!(left("dst_port >= 80"), part("dst_port >= 80"), "some are missing");
        assert_eq!(left("src ip 10.0.0.3 or dst ip 192.0.2.2"), part("src ip 10.0.0.3"));
        assert_eq!(left("ip 192.0.2.1"), part("dst ip 192.0.2.1"));
        assert_eq!(left("not (proto tcp and dst_port = 80)"), part("not dst_port = 80"));
        assert_eq!(left("src net 10.0.0.0/30"), part("src net 10.0.0.0/30"));
        assert_eq!(left("app = TLS and bytes > 5"), part("app = TLS and bytes > 5"));
    }

    #[test]
    fn every_comparison_agrees_with_all_values_of_small_ranges() {
        for (low, high) in (0..4_u64).flat_map(|low| (low..4).map(move |high| (low, high))) {
            for literal in 0..5_u64 {
                for op in [CompareOp::Eq, CompareOp::Ne, CompareOp::Lt, CompareOp::Le, CompareOp::Gt, CompareOp::Ge] {
                    let holds = |value: u64| match op {
                        CompareOp::Eq => value == literal,
                        CompareOp::Ne => value != literal,
                        CompareOp::Lt => value < literal,
                        CompareOp::Le => value <= literal,
                        CompareOp::Gt => value > literal,
                        CompareOp::Ge => value >= literal,
                    };
                    let (never, always) = compare(op, (low.cmp(&literal), high.cmp(&literal)));
                    assert!(!never || (low..=high).all(|value| !holds(value)), "{low}..={high} {op:?} {literal}");
                    assert!(!always || (low..=high).all(holds), "{low}..={high} {op:?} {literal}");
                }
            }
        }
    }
}
