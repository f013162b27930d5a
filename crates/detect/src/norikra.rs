// SPDX-License-Identifier: Apache-2.0
//! Queries as Norikra has them (Esper's EPL, of which one window over one stream): they become rules as they are.
//!
//! ```text
//! SELECT ipv4_src_addr, COUNT(distinct l4_dst_port) AS uniq_dport FROM ext.win:time_batch(1 min)
//! WHERE ipv4_src_addr LIKE '192.0.2.%' GROUP BY ipv4_src_addr HAVING COUNT(distinct l4_dst_port) > 100
//! ```
//!
//! Names of fields are nProbe's or those of our columns. Lines of comment before the query may say `-- title: …`,
//! `-- severity: high` and `-- attack: T1046`. What is grouped by tells one event from another.

use std::time::Duration;

use minamo_model::FLOWS;
use minamo_schema::{CellType, Column, Source};

use crate::{Rule, RuleError, Severity, Text};

/// Longest query, in octets.
const LONGEST: usize = 65_536;
/// True for a text that is such a query and no rule file: it has no front matter and names a window as Esper does.
pub(crate) fn is_query(text: &str) -> bool {
    !text.starts_with("+++") && text.to_ascii_lowercase().contains(".win:")
}

/// Words that stand for themselves.
const WORDS: [&str; 34] = [
    "select", "from", "where", "group", "by", "having", "as", "and", "or", "not", "in", "like", "between", "is",
    "null", "true", "false", "distinct", "count", "sum", "min", "max", "avg", "stddev", "median", "case", "when",
    "then", "else", "end", "cast", "bigint", "double", "varchar",
];

/// A piece of a query and where it begins, in characters.
#[derive(Debug, Clone, PartialEq)]
struct Token {
    at: usize,
    text: String,
    /// True for names and words.
    word: bool,
}

impl Token {
    fn is(&self, word: &str) -> bool {
        self.word && self.text.eq_ignore_ascii_case(word)
    }
}

/// The rule that a query stands for.
pub fn rule(name: &str, text: &str) -> Result<Rule, RuleError> {
    translate(name, text).map_err(|what| RuleError { rule: name.to_owned(), what })
}

fn translate(name: &str, text: &str) -> Result<Rule, String> {
    if text.len() > LONGEST {
        return Err(format!("{} octets, want at most {LONGEST}", text.len()));
    }
    let notes = Notes::of(text)?;
    let tokens = tokens(text)?;
    let mut parts = Parts::of(&tokens)?;
    let window = window(&mut parts.from)?;
    let grouped = grouped(&parts.group)?;
    let sql =
        |tokens: &[Token]| tokens.iter().map(column_or_word).collect::<Result<Vec<_>, _>>().map(|list| list.join(" "));
    let selected = select(&parts.select)?;
    let mut query = format!("SELECT $window AS window_start, {} FROM flows WHERE $range", selected.join(", "));
    if !parts.condition.is_empty() {
        query.push_str(&format!(" AND ({})", sql(&parts.condition)?));
    }
    let keys: Vec<&str> = grouped.iter().map(|column| column.name).collect();
    query.push_str(&format!(" GROUP BY {}", ["$window"].iter().chain(&keys).copied().collect::<Vec<_>>().join(", ")));
    if !parts.having.is_empty() {
        query.push_str(&format!(" HAVING {}", sql(&parts.having)?));
    }
    let shown = |list: &[&str]| list.iter().map(|name| format!("{name} {{{name}}}")).collect::<Vec<_>>().join(", ");
    let names: Vec<&str> = selected.iter().map(|item| item.rsplit(" AS ").next().unwrap_or(item)).collect();
    let said = format!("{}: {}", notes.title.as_deref().unwrap_or(name), shown(&names));
    let both = |text: &str| Text { en: text.to_owned(), ja: text.to_owned() };
    Ok(Rule {
        name: name.to_owned(),
        title: both(notes.title.as_deref().unwrap_or(name)),
        question: both(text.trim()),
        severity: notes.severity,
        attack: notes.attack,
        window,
        hop: None,
        session: None,
        method: None,
        alerts: false,
        every: None,
        quiet: window.max(Duration::from_secs(600)),
        history: None,
        together: false,
        one_sided: false,
        begins: None,
        enabled: true,
        key: keys.iter().map(|name| (*name).to_owned()).collect(),
        text: both(&said),
        filter: grouped.iter().map(|column| test(column)).collect::<Vec<_>>().join(" and "),
        parameters: Default::default(),
        only: None,
        count: None,
        benign: vec![Text {
            en: "What the query means to find may be work: who wrote it knows.".to_owned(),
            ja: "クエリの対象が通常の業務である場合もあります。作成者に確認してください。".to_owned(),
        }],
        sql: query,
        once: Default::default(),
    })
}

/// The test of a filter that shows the flows with a value of a column.
fn test(column: &Column) -> String {
    let quoted = matches!(column.cell, CellType::Text);
    let name = column.name;
    if quoted { format!("{name} = \"{{{name}}}\"") } else { format!("{name} = {{{name}}}") }
}

/// What comments before the query say.
struct Notes {
    title: Option<String>,
    severity: Severity,
    attack: Vec<String>,
}

impl Notes {
    fn of(text: &str) -> Result<Self, String> {
        let mut notes = Self { title: None, severity: Severity::Medium, attack: Vec::new() };
        for line in text.lines().map_while(|line| line.trim().strip_prefix("--")) {
            let Some((key, value)) = line.split_once(':') else { continue };
            match (key.trim(), value.trim()) {
                ("title", title) => notes.title = Some(title.to_owned()),
                ("severity", name) => {
                    let severity = Severity::parse(name);
                    notes.severity = severity
                        .ok_or_else(|| format!("severity: got {name:?}, want low, medium, high or critical"))?;
                }
                ("attack", ids) => {
                    notes.attack = ids.split([',', ' ']).filter(|id| !id.is_empty()).map(str::to_owned).collect()
                }
                _ => {}
            }
        }
        Ok(notes)
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let letters: Vec<char> = text.chars().collect();
    let (mut at, mut out) = (0, Vec::new());
    while let Some(letter) = letters.get(at).copied() {
        let begin = at;
        let while_ = |mut at: usize, good: fn(char) -> bool| {
            while letters.get(at).copied().is_some_and(good) {
                at += 1;
            }
            at
        };
        if letter.is_whitespace() {
            at += 1;
            continue;
        }
        if letter == '-' && letters.get(at + 1) == Some(&'-') {
            at = while_(at, |c| c != '\n');
            continue;
        }
        let word = letter.is_ascii_alphabetic() || letter == '_';
        if word {
            at = while_(at, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':'));
        } else if letter.is_ascii_digit() {
            at = while_(at, |c| c.is_ascii_digit() || c == '.');
        } else if letter == '\'' {
            let end = (at + 1..letters.len()).find(|end| letters.get(*end) == Some(&'\''));
            at = end.ok_or_else(|| format!("character {}: the text has no closing '", begin + 1))? + 1;
        } else if matches!(letter, '<' | '>' | '!') && matches!(letters.get(at + 1), Some('=' | '>')) {
            at += 2;
        } else if "()+-*/%,<>=".contains(letter) {
            at += 1;
        } else if letter == ';' && letters.get(at + 1..).is_some_and(|rest| rest.iter().all(|c| c.is_whitespace())) {
            break;
        } else {
            return Err(format!("character {}: {letter:?} has no meaning here", begin + 1));
        }
        let text = letters.get(begin..at).unwrap_or_default().iter().collect();
        out.push(Token { at: begin, text, word });
    }
    Ok(out)
}

/// The clauses of a query.
#[derive(Default)]
struct Parts {
    select: Vec<Token>,
    from: Vec<Token>,
    condition: Vec<Token>,
    group: Vec<Token>,
    having: Vec<Token>,
}

impl Parts {
    fn of(tokens: &[Token]) -> Result<Self, String> {
        let mut parts = Self::default();
        let (mut depth, mut place, mut rest) = (0_i32, 0, tokens.iter().peekable());
        while let Some(token) = rest.next() {
            depth += match &*token.text {
                "(" => 1,
                ")" => -1,
                _ => 0,
            };
            let clause = ["select", "from", "where", "group", "having"].iter().position(|word| token.is(word));
            if let Some(clause) = clause.filter(|_| depth == 0) {
                if clause < place {
                    return Err(format!("character {}: {} does not stand here", token.at + 1, token.text));
                }
                if clause == 3 && !rest.next().is_some_and(|next| next.is("by")) {
                    return Err(format!("character {}: want GROUP BY", token.at + 1));
                }
                place = clause + 1;
                continue;
            }
            let into = match place {
                1 => &mut parts.select,
                2 => &mut parts.from,
                3 => &mut parts.condition,
                4 => &mut parts.group,
                5 => &mut parts.having,
                _ => return Err(format!("character {}: want SELECT", token.at + 1)),
            };
            into.push(token.clone());
        }
        if parts.select.is_empty() || parts.from.is_empty() {
            return Err("want SELECT … FROM name.win:time_batch(1 min)".to_owned());
        }
        Ok(parts)
    }
}

/// The length of the window that FROM names.
fn window(from: &mut Vec<Token>) -> Result<Duration, String> {
    let want = || "FROM: want one stream with a window, such as ext.win:time_batch(1 min)".to_owned();
    let [stream, open, number, unit, close] = from.as_slice() else { return Err(want()) };
    let (_, view) = stream.text.split_once('.').ok_or_else(want)?;
    if !view.eq_ignore_ascii_case("win:time_batch") || open.text != "(" || close.text != ")" {
        return Err(want());
    }
    let number: u64 = number.text.parse().map_err(|_| want())?;
    let unit = match &*unit.text.to_lowercase() {
        "sec" | "second" | "seconds" => 1,
        "min" | "minute" | "minutes" => 60,
        "hour" | "hours" => 3_600,
        "day" | "days" => 86_400,
        _ => return Err(want()),
    };
    let length = number.checked_mul(unit).filter(|secs| (1..=86_400).contains(secs));
    length.map(Duration::from_secs).ok_or_else(|| "FROM: want a window of one second to one day".to_owned())
}

/// A column by nProbe's name or its own.
fn column(name: &str) -> Option<&'static Column> {
    let of_nprobe = |source: &Source| matches!(source, Source::Nprobe(label) | Source::Nprobe6(label) if label.eq_ignore_ascii_case(name));
    let all = || FLOWS.places().map(|(_, column)| column);
    all().find(|column| column.name == name).or_else(|| all().find(|column| column.sources.iter().any(of_nprobe)))
}

/// A piece as SQL has it: names become columns.
fn column_or_word(token: &Token) -> Result<String, String> {
    if !token.word || WORDS.iter().any(|word| token.is(word)) {
        return Ok(token.text.clone());
    }
    column(&token.text).map(|column| column.name.to_owned()).ok_or_else(|| {
        format!(
            "character {}: there is no field {}: want a name of nProbe's or a column of flows",
            token.at + 1,
            token.text
        )
    })
}

/// Columns that are grouped by.
fn grouped(group: &[Token]) -> Result<Vec<&'static Column>, String> {
    group
        .split(|token| token.text == ",")
        .filter(|item| !item.is_empty() || !group.is_empty())
        .map(|item| match item {
            [token] => column(&token.text)
                .ok_or_else(|| format!("character {}: GROUP BY: there is no field {}", token.at + 1, token.text)),
            _ => Err("GROUP BY: want names of fields".to_owned()),
        })
        .collect()
}

/// What is selected, each with the name that it has in the result.
fn select(tokens: &[Token]) -> Result<Vec<String>, String> {
    let (mut items, mut depth) = (vec![Vec::new()], 0_i32);
    for token in tokens {
        depth += match &*token.text {
            "(" => 1,
            ")" => -1,
            _ => 0,
        };
        match items.last_mut() {
            Some(item) if token.text != "," || depth > 0 => item.push(token),
            _ => items.push(Vec::new()),
        }
    }
    let named = |(at, item): (usize, &Vec<&Token>)| {
        let (value, name) = match item.as_slice() {
            [] => return Err("SELECT: want something between the commas".to_owned()),
            [value @ .., as_, name] if as_.is("as") => (value, Some(name.text.to_lowercase())),
            value => (value, None),
        };
        let sql = value.iter().map(|token| column_or_word(token)).collect::<Result<Vec<_>, _>>()?.join(" ");
        let single = if let [only] = value { column(&only.text).map(|column| column.name.to_owned()) } else { None };
        let name = name.or(single).unwrap_or_else(|| format!("value_{}", at + 1));
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(format!("SELECT: {name:?}: want a name of letters, digits and _"));
        }
        Ok(if sql == name { sql } else { format!("{sql} AS {name}") })
    };
    items.iter().enumerate().map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: &str = "SELECT ipv4_src_addr, COUNT(distinct l4_dst_port) AS uniq_dport FROM ext.win:time_batch(1 min)
        WHERE ipv4_src_addr LIKE '192.0.2.%' GROUP BY ipv4_src_addr HAVING COUNT(distinct l4_dst_port) > 100";

    #[test]
    fn a_query_becomes_a_rule() {
        let rule = rule("ports", QUERY).expect("a rule");
        assert_eq!(rule.window, Duration::from_secs(60));
        assert_eq!(
            rule.sql,
            "SELECT $window AS window_start, src_ip, COUNT ( distinct dst_port ) AS uniq_dport FROM flows WHERE $range \
             AND (src_ip LIKE '192.0.2.%') GROUP BY $window, src_ip HAVING COUNT ( distinct dst_port ) > 100"
        );
        assert_eq!((rule.filter.as_str(), rule.key.join(",")), ("src_ip = {src_ip}", "src_ip".to_owned()));
        assert_eq!(rule.text.en, "ports: src_ip {src_ip}, uniq_dport {uniq_dport}");
    }

    #[test]
    fn a_rule_file_may_hold_a_query() {
        let commented = format!("-- severity: high\n{QUERY}");
        assert_eq!(Rule::parse("x", &commented).expect("a rule"), rule("x", &commented).expect("a rule"));
        assert!(Rule::parse("x", "SELECT 1 FROM flows").expect_err("no rule").what.contains("front matter"));
    }

    #[test]
    fn comments_say_what_the_query_does_not() {
        let text = format!("-- title: Many ports\n-- severity: high\n-- attack: T1046, T1595\n{QUERY};");
        let rule = rule("x", &text).expect("a rule");
        assert_eq!((&*rule.title.en, rule.severity, rule.attack.len()), ("Many ports", Severity::High, 2));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let wrong = |from: &str, to: &str| rule("x", &QUERY.replace(from, to)).expect_err("wrong").what;
        assert_eq!(
            wrong("SELECT ipv4_src_addr", "SELECT ipv4_scr_addr"),
            "character 8: there is no field ipv4_scr_addr: want a name of nProbe's or a column of flows"
        );
        assert!(wrong("time_batch(1 min)", "time_batch(1 month)").starts_with("FROM: want one stream with a window"));
        assert!(wrong("time_batch(1 min)", "time_batch(2 days)").contains("one second to one day"));
        assert!(wrong("'192.0.2.%'", "'192.0.2.%").ends_with("the text has no closing '"));
        assert!(wrong("> 100", "> 100 | 3").contains("'|' has no meaning here"));
        assert!(wrong("GROUP BY", "GROUP").contains("want GROUP BY"));
        assert!(rule("x", "DROP TABLE flows").is_err() && rule("x", "").is_err());
    }
}
