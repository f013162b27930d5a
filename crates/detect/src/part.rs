// SPDX-License-Identifier: Apache-2.0
//! Parts of queries that several rules share: files `rules/parts/NAME.sql`, each a query, a condition or another expression,
//! which stands in the query of a rule as `$part.NAME`. A part that says `$all` (the time of all windows that are asked
//! together) is a query of its own that is computed once for them; any other stands in its place, in brackets.

use std::collections::BTreeMap;

use crate::Shipped;

/// What comes before the name of a part.
const PLACE: &str = "$part.";
/// Parts in parts.
const DEEPEST: usize = 4;

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

fn text_of(name: &str) -> Option<String> {
    Some(String::from_utf8_lossy(&Shipped::get(&format!("parts/{name}.sql"))?.data).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

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
