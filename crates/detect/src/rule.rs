// SPDX-License-Identifier: Apache-2.0
//! A rule file: front matter in TOML between `+++` lines, then one query. See `rules/README.md`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::method::{self, Method};
use crate::{Count, norikra, parse_length, part};

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// English.
    pub en: String,
    /// Japanese.
    pub ja: String,
}

/// How bad an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// Worth a look today.
    Medium,
    /// Worth a look now.
    High,
    /// Somebody is inside.
    Critical,
}

impl Severity {
    /// The one with this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Low, Self::Medium, Self::High, Self::Critical].into_iter().find(|severity| severity.name() == name)
    }

    /// The next worse one.
    pub(crate) fn worse(self) -> Self {
        match self {
            Self::Low => Self::Medium,
            Self::Medium => Self::High,
            Self::High | Self::Critical => Self::Critical,
        }
    }

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// A number that a user may want to change.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// The number.
    pub default: u64,
    /// Why it is that number.
    pub reason: Text,
}

/// Sessions in place of windows of the clock: what follows each other closely belongs together, however long it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Longest time between the beginnings of two flows of a session.
    pub gap: Duration,
    /// Columns that flows of a session have in common.
    pub by: Vec<String>,
    /// Condition of the flows, in SQL, with `$parameter`.
    pub condition: String,
}

/// Names in a query that no parameter can have.
const RESERVED: [&str; 7] = ["window", "range", "history", "sessions", "span", "all", "part"];
/// Most windows that a flow falls into where they overlap.
const MOST_OVERLAP: u64 = 12;
/// Most columns that a session goes by.
const MOST_BY: usize = 6;

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Name: the file's name without its ending.
    pub name: String,
    /// Short title.
    pub title: Text,
    /// The question that it answers.
    pub question: Text,
    /// How bad its events are.
    pub severity: Severity,
    /// Identifiers of MITRE ATT&CK.
    pub attack: Vec<String>,
    /// Length of the window; of a session the longest that is looked at.
    pub window: Duration,
    /// Time between the starts of two windows, which then overlap; without, each begins where the one before ends.
    pub hop: Option<Duration>,
    /// Sessions in place of windows.
    pub session: Option<Session>,
    /// Shortest time between two looks at the windows that new flows fall into; without, it looks whenever flows came.
    pub every: Option<Duration>,
    /// Longest silence between two windows of the same event: a later one is another event.
    pub quiet: Duration,
    /// How far back before its window the query looks, by `$history`.
    pub history: Option<Duration>,
    /// True where the query limits the past of each window itself, so that several windows are asked together.
    pub together: bool,
    /// True where one direction of a conversation is enough for it: it looks also at records that wait for the other one.
    pub one_sided: bool,
    /// False where it runs only for those who turn it on, because it needs to know the network.
    pub enabled: bool,
    /// Columns of the result that tell one event from another.
    pub key: Vec<String>,
    /// Text of the event, with `{column}` for values.
    pub text: Text,
    /// Filter that shows the flows, with `{column}` for values.
    pub filter: String,
    /// Numbers in the query.
    pub parameters: BTreeMap<String, Parameter>,
    /// A condition in SQL that narrows the flows, of an instance that has one.
    pub only: Option<String>,
    /// What the query counts, where the rule says so: its rows are then counted as they come.
    pub count: Option<Count>,
    /// What judges the rows of the query, where SQL is not enough.
    pub method: Option<&'static Method>,
    /// True where its rows come from `[[alerts]]`: there is no query.
    pub alerts: bool,
    /// Causes that are no attack.
    pub benign: Vec<Text>,
    /// The query, with `$window`, `$range`, `$span` (the length of the window in seconds) and `$parameter`.
    pub sql: String,
    /// Line of its file in which the query begins, from 1; nothing where the query is not in the file as it is.
    pub begins: Option<u64>,
    /// Parts of the query that are computed once for all windows that are asked together, by the names that they have in it.
    pub once: BTreeMap<String, String>,
}

/// Why a rule file is not one.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("rule {rule}: {what}")]
pub struct RuleError {
    /// Name of the rule.
    pub rule: String,
    /// What is wrong, and what was expected.
    pub what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    title: Text,
    question: Text,
    severity: Severity,
    #[serde(default)]
    attack: Vec<String>,
    window: String,
    hop: Option<String>,
    session: Option<SessionFront>,
    method: Option<String>,
    #[serde(default)]
    alerts: bool,
    every: Option<String>,
    quiet: Option<String>,
    history: Option<String>,
    #[serde(default)]
    together: bool,
    #[serde(default)]
    one_sided: bool,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default = "usual_key")]
    key: Vec<String>,
    text: Text,
    filter: String,
    #[serde(default)]
    parameters: BTreeMap<String, Parameter>,
    count: Option<Count>,
    /// A rule that comes with the product, whose query this one asks too.
    query: Option<String>,
    /// Texts that stand in the query by name, so that rules which differ by them alone share one query.
    #[serde(default)]
    texts: BTreeMap<String, String>,
    benign: Vec<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionFront {
    gap: String,
    by: Vec<String>,
    #[serde(rename = "where", default = "always")]
    condition: String,
}

fn always() -> String {
    "true".to_owned()
}

fn yes() -> bool {
    true
}

/// Columns that tell events apart where a rule does not say which do.
fn usual_key() -> Vec<String> {
    ["src_ip", "dst_ip", "dst_port", "proto"].map(str::to_owned).into()
}

/// Front matter and query of the text of a rule file.
fn parts(text: &str) -> Result<(&str, &str), &'static str> {
    let body = text.strip_prefix("+++\n").ok_or("want a front matter that begins with a line +++")?;
    let (front, sql) = body.split_once("\n+++\n").ok_or("the front matter has no closing line +++")?;
    Ok((front, sql.trim()))
}

/// The query of a rule that comes with the product, where it has one of its own.
fn query_of(name: &str) -> Option<String> {
    let text = crate::shipped_text(name)?;
    let (_, sql) = parts(&text).ok()?;
    Some(sql.to_owned()).filter(|sql| !sql.is_empty())
}

/// The query with its texts in it, each as a constant of SQL.
fn with_texts(sql: String, texts: &BTreeMap<String, String>) -> Result<String, String> {
    // `$operation` is no part of `$operations`.
    let mut longest_first: Vec<_> = texts.iter().collect();
    longest_first.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    longest_first.into_iter().try_fold(sql, |sql, (name, text)| {
        let place = format!("${name}");
        match sql.contains(&place) {
            true => Ok(sql.replace(&place, &format!("'{}'", text.replace('\'', "''")))),
            false => Err(format!("texts.{name}: the query does not use {place}")),
        }
    })
}

/// The shortest silence after which a rule that does not say so gives another event.
const QUIET: Duration = Duration::from_secs(600);

impl Rule {
    /// Reads the text of a rule file, or a query as Norikra has it.
    pub fn parse(name: &str, text: &str) -> Result<Self, RuleError> {
        if norikra::is_query(text) {
            return norikra::rule(name, text);
        }
        let bad = |what: String| RuleError { rule: name.to_owned(), what };
        let (front, sql) = parts(text).map_err(|what| bad(what.to_owned()))?;
        let front: FrontMatter = toml::from_str(front).map_err(|e| bad(e.to_string().trim_end().replace('\n', " ")))?;
        let sql = match &front.query {
            Some(_) if !sql.is_empty() => return Err(bad("query: such a rule has no query of its own".to_owned())),
            Some(other) => query_of(other)
                .ok_or_else(|| bad(format!("query: got {other:?}, want a shipped rule that has a query")))?,
            None => sql.to_owned(),
        };
        let written = sql.clone();
        let (sql, once) = part::with_parts(&sql).map_err(bad)?;
        let sql = with_texts(sql, &front.texts).map_err(bad)?;
        let begins = text.find(&*written).filter(|_| sql == written && !sql.is_empty());
        let begins = begins.and_then(|at| u64::try_from(text.get(..at)?.matches('\n').count() + 1).ok());
        let length = |key: &str, text: &str| {
            parse_length(text).ok_or_else(|| bad(format!("{key}: got {text:?}, want a length such as 1m")))
        };
        let maybe = |key: &str, text: Option<&String>| text.map(|text| length(key, text)).transpose();
        let window = length("window", &front.window)?;
        let hop = maybe("hop", front.hop.as_ref())?;
        let session = front.session.map(|said| {
            let gap = length("session.gap", &said.gap)?;
            Ok::<_, RuleError>(Session { gap, by: said.by, condition: said.condition })
        });
        let session = session.transpose()?;
        let method = front.method.map(|name| method::of(&name).ok_or_else(|| bad(method::unknown(&name))));
        let method = method.transpose()?;
        // Two sessions are two events.
        let usual = session.as_ref().map_or(QUIET.max(window), |session| session.gap);
        let quiet = maybe("quiet", front.quiet.as_ref())?.unwrap_or(usual);
        let (every, history) = (maybe("every", front.every.as_ref())?, maybe("history", front.history.as_ref())?);
        let rule = Self {
            name: name.to_owned(),
            title: front.title,
            question: front.question,
            severity: front.severity,
            attack: front.attack,
            window,
            hop,
            session,
            method,
            alerts: front.alerts,
            every,
            quiet,
            history,
            together: front.together,
            one_sided: front.one_sided,
            enabled: front.enabled,
            key: front.key,
            text: front.text,
            filter: front.filter,
            parameters: front.parameters,
            only: None,
            count: front.count,
            benign: front.benign,
            sql,
            begins,
            once,
        };
        rule.check().map_err(bad)?;
        Ok(rule)
    }

    fn check(&self) -> Result<(), String> {
        self.check_query()?;
        self.check_windows()?;
        if self.history.is_some() != self.sql.contains("$history") {
            return Err(
                "history: a rule that says how far it looks back uses $history, and the other way round".to_owned()
            );
        }
        if self.together && self.history.is_none() {
            return Err("together: is for rules that say how far they look back (history)".to_owned());
        }
        if let Some(column) = self.key.iter().find(|column| self.key.len() > 4 || column.is_empty()) {
            return Err(format!("key: got {} columns, among them {column:?}; want at most 4 names", self.key.len()));
        }
        self.check_count()?;
        if self.one_sided && self.count.is_some() {
            return Err("one_sided: does not go with count, which counts rows once they are stored".to_owned());
        }
        if self.benign.is_empty() {
            return Err("benign: want at least one cause that is no attack".to_owned());
        }
        let is_technique =
            |id: &String| id.strip_prefix('T').is_some_and(|n| n.split('.').all(|p| p.parse::<u16>().is_ok()));
        match self.attack.iter().find(|id| !is_technique(id)) {
            Some(id) => Err(format!("attack: got {id:?}, want identifiers such as T1046")),
            None => Ok(()),
        }
    }
}

impl Rule {
    fn check_query(&self) -> Result<(), String> {
        if self.alerts {
            return if self.sql.is_empty() { Ok(()) } else { Err("alerts: such a rule has no query".to_owned()) };
        }
        let method = self.method.map_or(&[] as &[&str], |method| method.columns);
        for wanted in ["$window", "$range", "window_start"].iter().chain(method) {
            if !self.sql.contains(wanted) {
                return Err(format!("the query does not use {wanted}"));
            }
        }
        if let Some(name) = self.parameters.keys().find(|name| RESERVED.contains(&name.as_str())) {
            return Err(format!("parameters.{name}: ${name} has a meaning of its own; want another name"));
        }
        let judged = |name: &str| self.method.is_some_and(|method| method.parameters.contains(&name));
        let asked = |name: &str| {
            let place = format!("${name}");
            self.sql.contains(&place) || self.once.values().any(|part| part.contains(&place))
        };
        let asked = |name: &str| {
            asked(name) || self.session.as_ref().is_some_and(|s| s.condition.contains(&format!("${name}")))
        };
        if let Some(parameter) = self.parameters.keys().find(|name| !judged(name) && !asked(name)) {
            return Err(format!("parameters.{parameter}: the query does not use ${parameter}"));
        }
        let missing = self.method.and_then(|m| m.parameters.iter().find(|name| !self.parameters.contains_key(**name)));
        match missing {
            Some(parameter) => Err(format!("parameters.{parameter}: the method wants it")),
            None => Ok(()),
        }
    }

    fn check_windows(&self) -> Result<(), String> {
        if self.session.is_some() != self.sql.contains("$sessions") {
            return Err("session: a rule that has sessions says FROM $sessions, and the other way round".to_owned());
        }
        if self.session.is_some() && (self.hop.is_some() || self.history.is_some() || self.count.is_some()) {
            return Err("session: goes neither with hop nor with history nor with count".to_owned());
        }
        if self.session.is_some() && !self.once.is_empty() {
            return Err("session: does not go with parts that say $all".to_owned());
        }
        if let Some(session) = &self.session {
            let known = |name: &String| minamo_model::FLOWS.places().any(|(_, column)| column.name == name);
            if !(1..=MOST_BY).contains(&session.by.len()) || !session.by.iter().all(known) {
                return Err(format!("session.by: got {:?}, want 1 to {MOST_BY} columns of flows", session.by));
            }
            if session.gap >= self.window {
                return Err("session.gap: want less than window, which is the longest session".to_owned());
            }
        }
        let Some(hop) = self.hop else { return Ok(()) };
        if self.history.is_some() {
            return Err("hop: does not go with history".to_owned());
        }
        let (window, hop) = (self.window.as_secs(), hop.as_secs());
        if hop >= window || !window.is_multiple_of(hop) || window / hop > MOST_OVERLAP {
            return Err(format!(
                "hop: got {hop} s, want a part of the window of {window} s: a half, a third, to 1/{MOST_OVERLAP}"
            ));
        }
        Ok(())
    }

    fn check_count(&self) -> Result<(), String> {
        let Some(count) = &self.count else { return Ok(()) };
        let most = crate::count::MOST_DISTINCT;
        if !(1..=most).contains(&count.distinct.len()) {
            return Err(format!("count.distinct: got {} columns, want 1 to {most}", count.distinct.len()));
        }
        if !count.distinct.contains_key(&count.more) || !self.parameters.contains_key(&count.more) {
            return Err(format!("count.more: got {:?}, want a name in count.distinct and in parameters", count.more));
        }
        let named = [&count.rows].into_iter().chain(count.distinct.keys());
        match count.key.iter().chain(count.distinct.values()).chain(named).find(|name| !self.sql.contains(*name)) {
            Some(name) => Err(format!("count: the query does not have {name:?}")),
            None => Ok(()),
        }
    }

    /// A text with the parameters' values in place of their names.
    pub(crate) fn with_parameters(&self, text: &str) -> String {
        // Longer names first, so that $packets does not hit $packets_max.
        let mut parameters: Vec<_> = self.parameters.iter().collect();
        parameters.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        parameters.into_iter().fold(text.to_owned(), |text, (name, parameter)| {
            text.replace(&format!("${name}"), &parameter.default.to_string())
        })
    }

    /// The condition, in SQL, of the rows that [`crate::Counter`] counts.
    pub fn counted(&self) -> Option<String> {
        let condition = self.with_parameters(&self.count.as_ref()?.condition);
        Some(match &self.only {
            Some(only) => format!("({condition}) AND ({only})"),
            None => condition,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"+++
title = { en = "T", ja = "題" }
question = { en = "Q?", ja = "問" }
severity = "low"
attack = ["T1046"]
window = "1m"
text = { en = "{src_ip}", ja = "{src_ip}" }
filter = "src_ip = {src_ip}"
benign = [{ en = "b", ja = "無害" }]
+++
SELECT $window AS window_start FROM flows WHERE $range GROUP BY $window
"#;

    fn error(text: &str) -> String {
        Rule::parse("x", text).expect_err("must not parse").to_string()
    }

    #[test]
    fn a_rule_may_ask_the_query_of_a_shipped_one_with_numbers_of_its_own() {
        let rules = crate::shipped_rules().expect("they parse");
        let of = |name: &str| rules.iter().find(|rule| rule.name == name).expect("shipped");
        let (beacon, fast) = (of("beacon"), of("beacon_fast"));
        assert!(beacon.sql == fast.sql && beacon.window > fast.window);
        let (front, _) = GOOD.rsplit_once("+++\n").expect("a closing line");
        let asks = |other: &str, sql: &str| error(&format!("{front}query = \"{other}\"\n+++\n{sql}"));
        assert_eq!(asks("beacon", "SELECT 1\n"), "rule x: query: such a rule has no query of its own");
        let none = "want a shipped rule that has a query";
        assert_eq!(asks("nothing", ""), format!("rule x: query: got \"nothing\", {none}"));
        assert_eq!(asks("beacon_fast", ""), format!("rule x: query: got \"beacon_fast\", {none}"), "no chains");
    }

    #[test]
    fn texts_stand_in_the_query_as_constants() {
        let with = |texts: &str, query: &str| {
            let text = GOOD.replace("+++\nSELECT", &format!("texts = {texts}\n+++\nSELECT"));
            Rule::parse("x", &text.replace("WHERE $range", &format!("WHERE $range AND {query}")))
        };
        let rule = with("{ app = \"it's\", apps = \"b\" }", "app IN ($app, $apps)").expect("parses");
        assert!(rule.sql.contains("app IN ('it''s', 'b')"), "{}", rule.sql);
        let unused = with("{ app = \"a\" }", "true").expect_err("must not parse").to_string();
        assert_eq!(unused, "rule x: texts.app: the query does not use $app");
    }

    #[test]
    fn a_good_rule_parses() {
        let rule = Rule::parse("x", GOOD).expect("parses");
        assert_eq!((rule.window.as_secs(), rule.severity), (60, Severity::Low));
    }

    #[test]
    fn errors_name_the_key() {
        assert_eq!(error("SELECT 1"), "rule x: want a front matter that begins with a line +++");
        assert!(error(&GOOD.replace("severity = \"low\"", "severity = \"big\"")).contains("severity"));
        assert!(error(&GOOD.replace("\"1m\"", "\"soon\"")).contains("window: got \"soon\""));
        assert!(error(&GOOD.replace("$range", "true")).contains("does not use $range"));
        assert!(error(&GOOD.replace("T1046", "1046")).contains("attack: got \"1046\""));
        let parameter = "benign = []\n[parameters.sessions]\ndefault = 1\nreason = { en = \"r\", ja = \"理由\" }\n+++";
        let clash = GOOD.replace("benign = [{ en = \"b\", ja = \"無害\" }]\n+++", parameter);
        assert!(error(&clash).contains("parameters.sessions: $sessions has a meaning of its own"));
        assert!(error(&GOOD.replace("ja = \"題\"", "")).contains("ja"));
        let count = "[count]\nwhere = \"true\"\nkey = []\ndistinct = { n = \"src_ip\" }\nrows = \"n\"\nmore = \"n\"\n+++\nSELECT";
        let error = error(&GOOD.replace("+++\nSELECT", count));
        assert_eq!(error, "rule x: count.more: got \"n\", want a name in count.distinct and in parameters");
    }
}
