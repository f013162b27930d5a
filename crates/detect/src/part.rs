// SPDX-License-Identifier: Apache-2.0
//! Parts of queries that several rules share: files `rules/parts/NAME.sql`, each a query, a condition or another expression,
//! which stands in the query of a rule as `$part.NAME`. A part that says `$all` (the time of all windows that are asked
//! together) is a query of its own that is computed once for them; any other stands in its place, in brackets. A part that
//! says `$1`, `$2` and so on takes as many expressions, in brackets behind its name and parted by commas.

use std::collections::BTreeMap;

use crate::Shipped;

/// What comes before the name of a part.
const PLACE: &str = "$part.";
/// Parts in parts.
const DEEPEST: usize = 4;
/// Expressions that a part takes.
const MOST_TAKEN: usize = 9;

/// The query with its parts in it, and those that are computed once, by their names in the query.
pub(crate) fn with_parts(sql: &str) -> Result<(String, BTreeMap<String, String>), String> {
    let mut once = BTreeMap::new();
    let sql = expanded(sql, DEEPEST, &mut once)?;
    Ok((sql, once))
}

fn expanded(sql: &str, depth: usize, once: &mut BTreeMap<String, String>) -> Result<String, String> {
    let mut pieces = sql.split(PLACE);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(piece.len());
        let (name, rest) = piece.split_at(end);
        let text = text_of(name).ok_or_else(|| format!("{PLACE}{name}: there is no such part in rules/parts"))?;
        let (text, rest) = filled(&text, rest).map_err(|what| format!("{PLACE}{name}: {what}"))?;
        let Some(depth) = depth.checked_sub(1) else {
            return Err(format!("{PLACE}{name}: more than {DEEPEST} parts in one another"));
        };
        let mut inner = BTreeMap::new();
        let text = expanded(text.trim(), depth, &mut inner)?;
        match text.contains("$all") {
            true if !inner.is_empty() => {
                return Err(format!("{PLACE}{name}: a part with $all in another one with $all"));
            }
            true => {
                let named = format!("part_{name}");
                out.push_str(&named);
                once.insert(named, text);
            }
            false => {
                out.push_str(&format!("({text})"));
                once.extend(inner);
            }
        }
        out.push_str(rest);
    }
    Ok(out)
}

/// The text of a part with the expressions that it takes, and what follows them.
fn filled<'a>(text: &str, rest: &'a str) -> Result<(String, &'a str), String> {
    let place = |number: usize| format!("${number}");
    let wanted = (1..=MOST_TAKEN).take_while(|number| text.contains(&place(*number))).count();
    if wanted == 0 {
        return Ok((text.to_owned(), rest));
    }
    let (taken, rest) = expressions(rest).ok_or_else(|| format!("want {wanted} expression(s) in brackets"))?;
    if taken.len() != wanted {
        return Err(format!("got {} expression(s), want {wanted}", taken.len()));
    }
    let fill = |text: String, (at, taken): (usize, &&str)| text.replace(&place(at + 1), taken.trim());
    Ok((taken.iter().enumerate().fold(text.to_owned(), fill), rest))
}

/// The expressions in brackets that a text begins with, and what follows them.
fn expressions(text: &str) -> Option<(Vec<&str>, &str)> {
    let inside = text.strip_prefix('(')?;
    let (mut open, mut is_text, mut begin, mut taken) = (0_usize, false, 0, Vec::new());
    for (at, c) in inside.char_indices() {
        match c {
            '\'' => is_text = !is_text,
            _ if is_text => {}
            '(' => open += 1,
            ')' if open > 0 => open -= 1,
            ',' | ')' if open == 0 => {
                taken.push(inside.get(begin..at)?);
                begin = at + 1;
                if c == ')' {
                    return Some((taken, inside.get(begin..)?));
                }
            }
            _ => {}
        }
    }
    None
}

fn text_of(name: &str) -> Option<String> {
    Some(String::from_utf8_lossy(&Shipped::get(&format!("parts/{name}.sql"))?.data).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_takes_expressions() {
        let part = "SELECT $1 FROM flows WHERE $2 HAVING $1 > 3";
        let (text, rest) = filled(part, "(COUNT(DISTINCT a, b), app = ')x,') AS c").expect("two");
        assert_eq!(text, "SELECT COUNT(DISTINCT a, b) FROM flows WHERE app = ')x,' HAVING COUNT(DISTINCT a, b) > 3");
        assert_eq!(rest, " AS c");
        assert_eq!(filled(part, "(1) AS c").expect_err("one"), "got 1 expression(s), want 2");
        assert_eq!(filled(part, " AS c").expect_err("none"), "want 2 expression(s) in brackets");
        assert_eq!(filled("a OR b", "(c)").expect("takes none"), ("a OR b".to_owned(), "(c)"));
    }

    #[test]
    fn a_part_stands_in_its_place_or_is_computed_once() {
        let (sql, once) =
            with_parts("SELECT $part.login_service AS s FROM $part.beacon_flows AS b").expect("both are there");
        assert!(sql.starts_with("SELECT (") && sql.ends_with(" AS s FROM part_beacon_flows AS b"), "{sql}");
        assert!(once.len() == 1 && once["part_beacon_flows"].contains("$all"), "{once:?}");
        assert!(!sql.contains(PLACE));
        let none = with_parts("SELECT * FROM $part.nothing").expect_err("no such part");
        assert_eq!(none, "$part.nothing: there is no such part in rules/parts");
    }
}
