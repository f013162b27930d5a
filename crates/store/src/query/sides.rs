// SPDX-License-Identifier: Apache-2.0
//! A question for an address on either side becomes two, one per side: each then prunes by its own column,
//! where the two together would read every row.

use minamo_filter::{CompareOp, Expr, Predicate, Subject, Test};

/// Most addresses for which two questions are quicker than one.
const FEW: usize = 16;

/// The filter as two that together pass the same rows, each row by exactly one of them; nothing where it asks
/// for no address on either side.
pub(crate) fn split(filter: &Expr) -> Option<(Expr, Expr)> {
    let parts: &[Expr] = match filter {
        Expr::And(parts) => parts,
        one => std::slice::from_ref(one),
    };
    let at = parts.iter().position(|part| either(part).is_some())?;
    let (a, b) = either(parts.get(at)?)?;
    let rest = || parts.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, part)| part.clone());
    let with = |first: Expr| rest().fold(first, Expr::and);
    Some((with(a.clone()), with(b.clone().and(Expr::Not(Box::new(a.clone()))))))
}

/// The two tests of an alternative of both sides.
fn either(expr: &Expr) -> Option<(&Expr, &Expr)> {
    let Expr::Or(parts) = expr else { return None };
    let [a, b] = parts.as_slice() else { return None };
    (side(a)? != side(b)?).then_some((a, b))
}

/// The address column that a test asks for a few addresses.
fn side(expr: &Expr) -> Option<&'static str> {
    let Expr::Test(Test { subject: Subject::Column(column), predicate }) = expr else { return None };
    let few = match predicate {
        Predicate::Compare(CompareOp::Eq, _) => true,
        Predicate::OneOf(list) => list.len() <= FEW,
        Predicate::InPrefixes(list) => list.len() <= FEW && list.iter().all(|prefix| prefix.first() == prefix.last()),
        _ => false,
    };
    (few && matches!(column.name, "src_ip" | "dst_ip")).then_some(column.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_on_either_side_is_two_questions() {
        let filter = minamo_filter::parse("ip 192.0.2.1 and proto tcp").expect("a filter");
        let (a, b) = split(&filter).expect("two");
        assert_eq!(a.to_string(), "src_ip = 192.0.2.1 and proto = tcp");
        assert_eq!(b.to_string(), "dst_ip = 192.0.2.1 and not src_ip = 192.0.2.1 and proto = tcp");
        for text in ["src ip 192.0.2.1", "net 10.0.0.0/8", "port 80", "not ip 192.0.2.1", "ip 192.0.2.1 or port 80"] {
            assert!(split(&minamo_filter::parse(text).expect("a filter")).is_none(), "{text}");
        }
    }
}
