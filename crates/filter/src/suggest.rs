// SPDX-License-Identifier: Apache-2.0
//! The name that was probably meant.

use minamo_model::Table;
use minamo_schema::Source;

use crate::sets::Sets;
use crate::words::KEYWORDS;

/// Longest word for which a neighbour is looked for.
const MAX_WORD: usize = 40;

/// The column or keyword that `word` probably stands for.
pub(crate) fn suggest(word: &str, table: &Table) -> Option<String> {
    if word.chars().count() > MAX_WORD {
        return None;
    }
    let word = word.to_ascii_lowercase();
    by_other_name(&word, table).or_else(|| nearest(&word, table)).map(str::to_owned)
}

/// The column that `word` probably stands for, where it is none.
pub fn nearest_column(word: &str, table: &Table) -> Option<&'static str> {
    if word.chars().count() > MAX_WORD {
        return None;
    }
    let word = word.to_ascii_lowercase();
    by_other_name(&word, table).or_else(|| closest(&word, table.columns().map(|c| c.name)))
}

/// The column whose nProbe name this is, or whose name lacks only the group in front.
fn by_other_name(word: &str, table: &Table) -> Option<&'static str> {
    let is_nprobe = |source: &Source| match source {
        Source::Nprobe(name) | Source::Nprobe6(name) => name.eq_ignore_ascii_case(word),
        _ => false,
    };
    let lacks_group = |name: &str| name.strip_suffix(word).is_some_and(|group| group.ends_with('_'));
    let by_source = table.columns().find(|c| c.sources.iter().any(is_nprobe));
    by_source.or_else(|| table.columns().find(|c| lacks_group(c.name))).map(|c| c.name)
}

/// The name with the fewest edits, where a third of the letters or fewer are wrong.
fn nearest(word: &str, table: &Table) -> Option<&'static str> {
    let keywords = KEYWORDS.iter().filter(|k| k.meaning.is_for(table)).map(|k| k.word);
    closest(word, table.columns().map(|c| c.name).chain(keywords))
}

fn closest(word: &str, names: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let max = (word.chars().count() / 3).clamp(1, 3);
    let (edits, name) = names.map(|name| (distance(word, name), name)).min_by_key(|(edits, _)| *edits)?;
    (edits <= max && edits < word.chars().count()).then_some(name)
}

/// The name of a set that `word` probably stands for.
pub fn nearest_set(word: &str, sets: &dyn Sets) -> Option<String> {
    nearest_of(word, sets.names().into_keys())
}

/// The name of a tag that `word` probably stands for.
pub fn nearest_tag(word: &str, sets: &dyn Sets) -> Option<String> {
    nearest_of(word, sets.tags().into_iter())
}

fn nearest_of(word: &str, names: impl Iterator<Item = String>) -> Option<String> {
    if word.chars().count() > MAX_WORD {
        return None;
    }
    let word = word.to_lowercase();
    let max = (word.chars().count() / 3).clamp(1, 3);
    let names = names.filter(|name| name.chars().count() <= 2 * MAX_WORD);
    let (edits, name) =
        names.map(|name| (distance(&word, &name.to_lowercase()), name)).min_by_key(|(edits, _)| *edits)?;
    // Two letters in each other's place are two edits.
    (edits <= max.max(2) && edits < word.chars().count()).then_some(name)
}

/// Insertions, deletions and replacements between two words (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (at, a) in one.chars().enumerate() {
        let mut left = at + 1;
        let mut diagonal = at;
        for (cell, b) in row.iter_mut().skip(1).zip(other.chars()) {
            let cost = (diagonal + usize::from(a != b)).min(left + 1).min(*cell + 1);
            diagonal = *cell;
            *cell = cost;
            left = cost;
        }
        if let Some(first) = row.first_mut() {
            *first = at + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use minamo_model::{EVENTS, FLOWS};

    use super::*;

    #[test]
    fn edits_are_counted() {
        let cases = [("", "abc", 3), ("abc", "abc", 0), ("kitten", "sitting", 3), ("tls_sn", "tls_sni", 1)];
        for (one, other, want) in cases {
            assert_eq!(distance(one, other), want, "{one} {other}");
        }
    }

    #[test]
    fn the_meant_name_is_found() {
        let cases = [
            ("tls_snii", Some("tls_sni")),
            ("TLS_SIN", Some("tls_sni")),
            ("sni", Some("tls_sni")),
            ("L4_DST_PORT", Some("dst_port")),
            ("prt", Some("port")),
            ("qqqqqq", None),
            ("x", None),
        ];
        for (word, want) in cases {
            assert_eq!(suggest(word, &FLOWS).as_deref(), want, "{word}");
        }
        assert_eq!(suggest("severty", &EVENTS).as_deref(), Some("severity"));
    }
}
