// SPDX-License-Identifier: Apache-2.0
//! The file of signatures: TOML, checked as a whole before any of it is used. Errors name line and column.
//!
//! ```toml
//! [[signature]]
//! name = "acme-agent"
//! application = "AcmeAgent"
//! category = "remote_access"
//! transport = "tcp"
//! ports = [7070]
//! all = [{ text = "ACME/", at = 0 }, { regex = '^ACME/\d+\.\d+ ' }]
//! any = [{ host = "agent.example.com" }, { octets = "0d 0a", from = "server" }]
//! ```

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use regex::bytes::{RegexBuilder, RegexSetBuilder};
use serde::Deserialize;
use toml::Spanned;

use super::{LOOK, Lens, MAX_SEARCHED, MAX_SIGNATURES, MAX_TERMS, MESSAGES, Signature, Signatures, Term};
use crate::{Category, Side};

/// Longest name of a signature or application, in characters.
const MAX_NAME: usize = 64;
/// Longest expression, in characters.
const MAX_EXPRESSION: usize = 512;
/// Most octets of memory of one compiled expression: repetitions of repetitions have more.
const EXPRESSION_SIZE: usize = 64 << 10;
/// Most octets of memory of all expressions of a transport and side.
const SET_SIZE: usize = 8 << 20;
/// Longest host name (RFC 1035 §2.3.4).
const MAX_HOST: usize = 253;
/// Characters of a condition that evidence shows.
const SHOWN: usize = 48;

/// What is wrong with a file of signatures, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadSignatures {
    /// Line, from 1 on.
    pub line: usize,
    /// Column in characters, from 1 on.
    pub column: usize,
    /// Field, what was given and what is wanted.
    pub what: String,
}

impl std::fmt::Display for BadSignatures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.what)
    }
}

impl std::error::Error for BadSignatures {}

/// A fault at a place of the text.
struct Fault {
    at: usize,
    what: String,
}

fn fault<T>(at: &Spanned<T>, what: String) -> Fault {
    Fault { at: at.span().start, what }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    signature: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Spanned<String>,
    application: Spanned<String>,
    category: Option<Spanned<String>>,
    transport: Option<Spanned<String>>,
    #[serde(default)]
    ports: Vec<Spanned<u16>>,
    #[serde(default)]
    replace: bool,
    #[serde(default)]
    all: Vec<Spanned<Condition>>,
    #[serde(default)]
    any: Vec<Spanned<Condition>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Condition {
    octets: Option<Spanned<String>>,
    text: Option<Spanned<String>>,
    regex: Option<Spanned<String>>,
    host: Option<Spanned<String>>,
    at: Option<Spanned<usize>>,
    from: Option<Spanned<String>>,
    message: Option<Spanned<usize>>,
}

impl Signatures {
    /// Reads a file. Everything in it is checked; the first fault is the error.
    pub fn read(text: &str) -> Result<Self, BadSignatures> {
        let placed = |at: usize, what: String| {
            let before = text.get(..at.min(text.len())).unwrap_or(text);
            let line_start = before.rfind('\n').map_or(0, |end| end + 1);
            let column = before.get(line_start..).map_or(0, |part| part.chars().count()) + 1;
            BadSignatures { line: before.matches('\n').count() + 1, column, what }
        };
        let file: File = toml::from_str(text).map_err(|error| {
            let Range { start, .. } = error.span().unwrap_or_default();
            placed(start, error.message().trim_end().to_owned())
        })?;
        let mut reading = Reading::default();
        file.signature.iter().try_for_each(|entry| reading.add(entry)).map_err(|fault| placed(fault.at, fault.what))?;
        reading.finish().map_err(|what| placed(0, what))
    }
}

/// Expressions and their conditions, by message.
type Searched = [Vec<(String, u16)>; MESSAGES];

/// What was read so far.
#[derive(Default)]
struct Reading {
    out: Signatures,
    names: HashSet<String>,
    /// Expressions and their conditions, by transport, side and message.
    searched: [[Searched; 2]; 2],
    count: usize,
}

impl Reading {
    fn add(&mut self, entry: &Spanned<Entry>) -> Result<(), Fault> {
        let here = entry;
        let entry = entry.get_ref();
        if self.out.signatures.len() >= MAX_SIGNATURES {
            return Err(fault(here, format!("got more than {MAX_SIGNATURES} signatures")));
        }
        checked_name("name", &entry.name)?;
        checked_name("application", &entry.application)?;
        if !self.names.insert(entry.name.get_ref().clone()) {
            return Err(fault(&entry.name, format!("name: {:?} stands twice", entry.name.get_ref())));
        }
        if entry.all.len() + entry.any.len() > MAX_TERMS {
            return Err(fault(here, format!("got more than {MAX_TERMS} conditions")));
        }
        if entry.all.is_empty() && entry.any.is_empty() {
            return Err(fault(here, "all, any: got none, want a condition; a port alone tells nothing".to_owned()));
        }
        let category = entry.category.as_ref().map(category).transpose()?;
        let stream = entry.transport.as_ref().map(transport).transpose()?;
        let owner = u16::try_from(self.out.signatures.len()).unwrap_or(u16::MAX);
        let mut terms = |conditions: &[Spanned<Condition>]| -> Result<Vec<u16>, Fault> {
            conditions.iter().map(|condition| self.condition(owner, stream, condition)).collect()
        };
        let (all, any) = (terms(&entry.all)?, terms(&entry.any)?);
        self.out.signatures.push(Signature {
            name: entry.name.get_ref().clone(),
            application: entry.application.get_ref().clone(),
            category,
            stream,
            ports: entry.ports.iter().map(|port| *port.get_ref()).collect(),
            replace: entry.replace,
            all,
            any,
        });
        Ok(())
    }

    /// Takes one condition; gives its number.
    fn condition(&mut self, owner: u16, stream: Option<bool>, here: &Spanned<Condition>) -> Result<u16, Fault> {
        let condition = here.get_ref();
        let kinds = [&condition.octets, &condition.text, &condition.regex, &condition.host];
        if kinds.iter().filter(|kind| kind.is_some()).count() != 1 {
            return Err(fault(here, "want one of octets, text, regex, host in a condition".to_owned()));
        }
        let number = u16::try_from(self.out.terms.len()).map_err(|_| fault(here, "too many conditions".to_owned()))?;
        let mut term = Term { owner, fixed: None, shown: String::new() };
        if let Some(host) = &condition.host {
            let numbers = [&condition.at, &condition.message].into_iter().flatten().map(|number| number.span());
            if let Some(span) = condition.from.iter().map(|from| from.span()).chain(numbers).next() {
                let what = "host: want no at, from or message beside it".to_owned();
                return Err(Fault { at: span.start, what });
            }
            let name = checked_host(host)?;
            term.shown = shown("host", &name, None, &[], 0);
            self.out.hosts.entry(name).or_default().push(number);
            self.out.terms.push(term);
            return Ok(number);
        }
        let (sides, message) = (sides(condition.from.as_ref())?, message(condition.message.as_ref())?);
        let (word, value, octets) = match (&condition.octets, &condition.text, &condition.regex) {
            (Some(text), ..) => ("octets", text, Some(hexadecimal(text)?)),
            (_, Some(text), _) => ("text", text, Some(text.get_ref().as_bytes().to_vec())),
            (_, _, Some(text)) => ("regex", text, None),
            _ => return Err(fault(here, "want one of octets, text, regex, host in a condition".to_owned())),
        };
        if octets.as_ref().is_some_and(Vec::is_empty) {
            return Err(fault(value, format!("{word}: got nothing, want at least one octet")));
        }
        let at = condition.at.as_ref().map(|at| place(at, octets.as_deref())).transpose()?;
        let told = match &octets {
            Some(octets) if word == "octets" => octets.iter().map(|octet| format!("{octet:02x}")).collect(),
            _ => value.get_ref().clone(),
        };
        term.shown = shown(word, &told, at, &sides, message);
        match (octets, at) {
            (Some(octets), Some(at)) => {
                let first = octets.first().copied().unwrap_or_default();
                term.fixed = Some((at, octets));
                self.each_lens(stream, &sides, |reading, lens, side| {
                    let Some(lens) = reading.out.lenses[lens][side.index()].get_mut(message) else { return };
                    let fixed = &mut lens.fixed;
                    let same = fixed.iter().position(|(place, _)| *place == at);
                    if same.is_none() {
                        fixed.push((at, HashMap::new()));
                    }
                    let last = fixed.len().saturating_sub(1);
                    if let Some((_, by_octet)) = fixed.get_mut(same.unwrap_or(last)) {
                        by_octet.entry(first).or_default().push(number);
                    }
                });
            }
            (octets, _) => {
                let expression = match octets {
                    Some(octets) => octets.iter().map(|octet| format!("\\x{octet:02x}")).collect(),
                    None => checked_expression(value)?,
                };
                self.count += 1;
                if self.count > MAX_SEARCHED {
                    return Err(fault(value, format!("{word}: got more than {MAX_SEARCHED} conditions without at")));
                }
                self.each_lens(stream, &sides, |reading, lens, side| {
                    let searched = reading.searched[lens][side.index()].get_mut(message);
                    searched.into_iter().for_each(|searched| searched.push((expression.clone(), number)));
                });
            }
        }
        self.out.terms.push(term);
        Ok(number)
    }

    fn each_lens(&mut self, stream: Option<bool>, sides: &[Side], mut each: impl FnMut(&mut Self, usize, Side)) {
        for lens in [false, true].into_iter().filter(|lens| stream.is_none_or(|wanted| wanted == *lens)) {
            sides.iter().for_each(|side| each(self, usize::from(lens), *side));
        }
    }

    fn finish(mut self) -> Result<Signatures, String> {
        let searched = self.searched.iter().flatten().flatten();
        for (lens, expressions) in self.out.lenses.iter_mut().flatten().flatten().zip(searched) {
            search(lens, expressions)?;
        }
        Ok(self.out)
    }
}

/// Compiles the expressions of a lens.
fn search(lens: &mut Lens, expressions: &[(String, u16)]) -> Result<(), String> {
    if expressions.is_empty() {
        return Ok(());
    }
    let set = RegexSetBuilder::new(expressions.iter().map(|(expression, _)| expression))
        .unicode(false)
        .size_limit(SET_SIZE)
        .build()
        .map_err(|error| format!("regex: all together: {}", reason(&error)))?;
    lens.searched = Some(set);
    lens.members = expressions.iter().map(|(_, number)| *number).collect();
    Ok(())
}

fn checked_name(field: &str, name: &Spanned<String>) -> Result<(), Fault> {
    let text = name.get_ref();
    let good = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '+');
    if text.is_empty() || text.chars().count() > MAX_NAME || !text.chars().all(good) {
        return Err(fault(name, format!("{field}: got {text:?}, want at most {MAX_NAME} letters, digits, - _ +")));
    }
    Ok(())
}

fn category(word: &Spanned<String>) -> Result<Category, Fault> {
    let words = || Category::ALL.iter().map(|category| category.name()).collect::<Vec<_>>().join(", ");
    Category::of(word.get_ref())
        .ok_or_else(|| fault(word, format!("category: got {:?}, want one of {}", word.get_ref(), words())))
}

fn transport(word: &Spanned<String>) -> Result<bool, Fault> {
    match word.get_ref().as_str() {
        "tcp" => Ok(true),
        "udp" => Ok(false),
        other => Err(fault(word, format!("transport: got {other:?}, want tcp or udp"))),
    }
}

fn sides(from: Option<&Spanned<String>>) -> Result<Vec<Side>, Fault> {
    let Some(word) = from else { return Ok(vec![Side::Src]) };
    match word.get_ref().as_str() {
        "client" => Ok(vec![Side::Src]),
        "server" => Ok(vec![Side::Dst]),
        "either" => Ok(vec![Side::Src, Side::Dst]),
        other => Err(fault(word, format!("from: got {other:?}, want client, server or either"))),
    }
}

/// The message that is looked at, of which the first is 0.
fn message(number: Option<&Spanned<usize>>) -> Result<usize, Fault> {
    let Some(number) = number else { return Ok(0) };
    match *number.get_ref() {
        from_one @ 1..=MESSAGES => Ok(from_one - 1),
        other => Err(fault(number, format!("message: got {other}, want 1 to {MESSAGES}"))),
    }
}

fn place(at: &Spanned<usize>, octets: Option<&[u8]>) -> Result<usize, Fault> {
    let Some(octets) = octets else {
        return Err(fault(at, "at: want none beside regex; ^ stands for the beginning".to_owned()));
    };
    let place = *at.get_ref();
    if place.saturating_add(octets.len()) > LOOK {
        return Err(fault(at, format!("at: got {place}, want octets that end within the first {LOOK}")));
    }
    Ok(place)
}

fn hexadecimal(text: &Spanned<String>) -> Result<Vec<u8>, Fault> {
    let digits: Vec<char> = text.get_ref().chars().filter(|c| !c.is_whitespace()).collect();
    let octet = |pair: &[char]| {
        let value = |at: usize| pair.get(at)?.to_digit(16);
        u8::try_from(value(0)? * 16 + value(1)?).ok()
    };
    digits.chunks(2).map(octet).collect::<Option<_>>().ok_or_else(|| {
        fault(
            text,
            format!("octets: got {:?}, want pairs of hexadecimal digits, as in \"de ad be ef\"", text.get_ref()),
        )
    })
}

fn checked_host(host: &Spanned<String>) -> Result<String, Fault> {
    let text = host.get_ref();
    let name = text.strip_prefix("*.").unwrap_or(text).trim_end_matches('.').to_lowercase();
    let good =
        |label: &str| !label.is_empty() && label.chars().all(|c: char| c.is_alphanumeric() || matches!(c, '-' | '_'));
    if name.len() > MAX_HOST || !name.contains('.') || !name.split('.').all(good) {
        return Err(fault(
            host,
            format!("host: got {text:?}, want a name of at least two labels of letters, digits and -"),
        ));
    }
    Ok(name)
}

/// An expression that is no longer and no more costly than it may be, and does not hold for nothing at all.
fn checked_expression(text: &Spanned<String>) -> Result<String, Fault> {
    let expression = text.get_ref();
    if expression.chars().count() > MAX_EXPRESSION {
        return Err(fault(text, format!("regex: want at most {MAX_EXPRESSION} characters")));
    }
    let compiled = RegexBuilder::new(expression)
        .unicode(false)
        .size_limit(EXPRESSION_SIZE)
        .build()
        .map_err(|error| fault(text, format!("regex: {}", reason(&error))))?;
    if compiled.is_match(b"") {
        return Err(fault(text, "regex: holds for an empty payload, want one that needs an octet".to_owned()));
    }
    Ok(expression.clone())
}

/// The sentence of an error, without the picture of the expression around it.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().rev().find_map(|line| line.strip_prefix("error: ")).unwrap_or(text.trim()).to_owned()
}

/// A condition as evidence shows it: on one line, short, and without what stands between statements.
fn shown(word: &str, value: &str, at: Option<usize>, sides: &[Side], message: usize) -> String {
    let clean: String = value.chars().map(|c| if c.is_control() || c == ';' { '.' } else { c }).take(SHOWN).collect();
    let cut = if clean.chars().count() < value.chars().count() { "…" } else { "" };
    let place = at.map_or(String::new(), |at| format!(" at {at}"));
    let from = match sides {
        [Side::Dst] => " from server",
        [_, _] => " from either",
        _ => "",
    };
    let message = if message == 0 { String::new() } else { format!(" in message {}", message + 1) };
    format!("{word} {clean}{cut}{place}{from}{message}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Signatures::read(text).expect_err(text).to_string()
    }

    fn with(rest: &str) -> String {
        format!("[[signature]]\nname = \"a\"\napplication = \"A\"\n{rest}\n")
    }

    #[test]
    fn faults_have_a_line_and_a_column() {
        assert_eq!(
            error("[[signature]]\nname = 7\n"),
            "line 2, column 8: invalid type: integer `7`, expected a string"
        );
        assert_eq!(
            error(&with("all = [{ octets = \"0\" }]")),
            "line 4, column 19: octets: got \"0\", want pairs of hexadecimal digits, as in \"de ad be ef\""
        );
        assert_eq!(
            error(&with("all = [{ text = \"x\" },\n  { regex = 'a(b' }]")),
            "line 5, column 13: regex: unclosed group"
        );
        assert_eq!(
            error(&with("ports = [80]")),
            "line 1, column 1: all, any: got none, want a condition; a port alone tells nothing"
        );
        assert_eq!(
            error(&with("category = \"weeb\"\nall = [{ text = \"x\" }]")).split(", want").next(),
            Some("line 4, column 12: category: got \"weeb\"")
        );
        for (rest, want) in [
            ("transport = \"sctp\"\nall = [{ text = \"x\" }]", "transport: got \"sctp\", want tcp or udp"),
            ("all = [{ text = \"x\", from = \"me\" }]", "from: got \"me\", want client, server or either"),
            ("all = [{ text = \"\" }]", "text: got nothing, want at least one octet"),
            ("all = [{ text = \"x\", at = 1024 }]", "at: got 1024, want octets that end within the first 1024"),
            ("all = [{ regex = 'x', at = 3 }]", "at: want none beside regex; ^ stands for the beginning"),
            ("all = [{ regex = 'x*' }]", "regex: holds for an empty payload, want one that needs an octet"),
            ("all = [{ text = \"x\", regex = 'x' }]", "want one of octets, text, regex, host in a condition"),
            ("all = [{ host = \"com\" }]", "host: got \"com\", want a name of at least two labels"),
            ("all = [{ host = \"a.example\", at = 1 }]", "host: want no at, from or message beside it"),
            ("all = [{ text = \"x\", message = 5 }]", "message: got 5, want 1 to 4"),
            ("all = [{ regex = '((x{99}){99}){99}' }]", "regex: "),
            ("all = [{ word = \"x\" }]", "unknown field `word`"),
        ] {
            let got = error(&with(rest));
            assert!(got.contains(want), "{got}");
        }
        let twice = [with("all = [{ text = \"x\" }]"), with("all = [{ text = \"y\" }]")].concat();
        assert_eq!(error(&twice), "line 6, column 8: name: \"a\" stands twice");
    }

    #[test]
    fn what_a_file_may_hold_is_bounded() {
        let many = |n: usize, condition: &str| -> String {
            (0..n)
                .map(|at| format!("[[signature]]\nname = \"s{at}\"\napplication = \"A\"\nall = [{condition}]\n"))
                .collect()
        };
        assert_eq!(
            Signatures::read(&many(MAX_SIGNATURES, "{ text = \"x\", at = 0 }")).map(|read| read.len()),
            Ok(1_000)
        );
        assert!(error(&many(MAX_SIGNATURES + 1, "{ text = \"x\", at = 0 }")).contains("more than 1000 signatures"));
        assert!(error(&many(MAX_SEARCHED + 1, "{ text = \"x\" }")).contains("more than 256 conditions without at"));
        let terms = vec!["{ text = \"x\", at = 0 }"; MAX_TERMS + 1].join(", ");
        assert!(error(&many(1, &terms)).contains("more than 16 conditions"));
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_text_does_no_harm(text: String, value: String) {
            let _read = Signatures::read(&text);
            let _read = Signatures::read(&with(&format!("all = [{{ regex = {value:?} }}]")));
        }
    }
}
