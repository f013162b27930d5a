// SPDX-License-Identifier: Apache-2.0
//! The networks file: definitions that a person writes, as TOML or as CSV. Errors name line and field.
//!
//! ```toml
//! [[network]]
//! prefix = "192.0.2.0/24"
//! name = "office"
//! tags = ["staff"]
//! ```
//!
//! ```csv
//! prefix,name,tags
//! 192.0.2.0/24,office,staff wired
//! ```

use minamo_base::{Prefix, Time};
use serde::Deserialize;
use toml::Spanned;

use crate::{Definitions, Entry, Fault};

/// How a networks file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A list of tables `[[network]]`.
    Toml,
    /// A line per prefix; the first line names the fields.
    Csv,
}

/// What is wrong with a networks file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{what}", line.map_or(String::new(), |line| format!("line {line}: ")))]
pub struct BadNetworks {
    /// Line, from 1 on, where it belongs to one.
    pub line: Option<usize>,
    /// Field, what was given and what is wanted.
    pub what: String,
}

impl Format {
    /// The format of a file by its name: CSV where it ends in `.csv`.
    pub fn of(path: &str) -> Self {
        if path.to_ascii_lowercase().ends_with(".csv") { Self::Csv } else { Self::Toml }
    }

    /// The definitions in a text.
    pub fn read(self, text: &str) -> Result<Definitions, BadNetworks> {
        let lines = match self {
            Self::Toml => toml_lines(text)?,
            Self::Csv => csv_lines(text)?,
        };
        let mut dated = Vec::with_capacity(lines.len());
        for line in &lines {
            dated.push(line.dated()?);
        }
        Definitions::of_dated(dated)
            .map_err(|fault| BadNetworks { line: line_of(&fault, &lines), what: fault.to_string() })
    }
}

/// The fields of one definition as they are written.
struct Line {
    number: usize,
    prefix: String,
    name: Option<String>,
    tags: Vec<String>,
    note: Option<String>,
    local: Option<bool>,
    valid_from: Option<String>,
    valid_to: Option<String>,
}

impl Line {
    fn dated(&self) -> Result<(Entry, Option<Time>, Option<Time>), BadNetworks> {
        let prefix = self.prefix.parse().map_err(|error| self.bad(&format!("prefix: {error}")))?;
        let entry = Entry {
            prefix,
            name: self.name.clone(),
            tags: self.tags.clone(),
            note: self.note.clone(),
            local: self.local,
        };
        entry.check().map_err(|fault| self.bad(&fault.to_string()))?;
        let from = self.time("valid_from", self.valid_from.as_deref())?;
        let to = self.time("valid_to", self.valid_to.as_deref())?;
        if let Some((from, to)) = from.zip(to).filter(|(from, to)| from >= to) {
            return Err(self.bad(&format!("valid_to: got {to}, want a time after valid_from ({from})")));
        }
        Ok((entry, from, to))
    }

    /// A time, or a day, which starts at midnight UTC.
    fn time(&self, field: &str, text: Option<&str>) -> Result<Option<Time>, BadNetworks> {
        let Some(text) = text else { return Ok(None) };
        let want =
            || self.bad(&format!("{field}: got {text:?}, want a time such as 2026-01-31T09:00:00Z or 2026-01-31"));
        Time::parse(text).or_else(|| Time::parse(&format!("{text}T00:00"))).map(Some).ok_or_else(want)
    }

    fn bad(&self, what: &str) -> BadNetworks {
        BadNetworks { line: Some(self.number), what: what.to_owned() }
    }
}

/// Where a contradiction between lines is: the last line of the prefix.
fn line_of(fault: &Fault, lines: &[Line]) -> Option<usize> {
    let Fault::TwoNames { prefix, .. } = fault else { return None };
    lines.iter().rev().find(|line| line.prefix.parse::<Prefix>().as_ref() == Ok(prefix)).map(|line| line.number)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    network: Vec<Network>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Network {
    prefix: Spanned<String>,
    name: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    note: Option<String>,
    local: Option<bool>,
    valid_from: Option<When>,
    valid_to: Option<When>,
}

/// A time in quotes or as TOML's own.
#[derive(Deserialize)]
#[serde(untagged)]
enum When {
    Text(String),
    Own(toml::value::Datetime),
}

impl When {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Own(time) => time.to_string(),
        }
    }
}

fn toml_lines(text: &str) -> Result<Vec<Line>, BadNetworks> {
    let mut lines = LineNumbers::new(text);
    let file: File = toml::from_str(text).map_err(|error| BadNetworks {
        line: error.span().map(|span| LineNumbers::new(text).at(span.start)),
        what: error.message().trim_end().to_owned(),
    })?;
    let line = |network: Network| Line {
        number: lines.at(network.prefix.span().start),
        prefix: network.prefix.into_inner(),
        name: network.name,
        tags: network.tags,
        note: network.note,
        local: network.local,
        valid_from: network.valid_from.map(When::text),
        valid_to: network.valid_to.map(When::text),
    };
    Ok(file.network.into_iter().map(line).collect())
}

/// Counts lines up to places that come in rising order.
struct LineNumbers<'a> {
    text: &'a [u8],
    at: usize,
    line: usize,
}

impl<'a> LineNumbers<'a> {
    fn new(text: &'a str) -> Self {
        Self { text: text.as_bytes(), at: 0, line: 1 }
    }

    fn at(&mut self, place: usize) -> usize {
        let passed = self.text.get(self.at..place).unwrap_or_default();
        self.line += passed.iter().filter(|octet| **octet == b'\n').count();
        self.at = self.at.max(place);
        self.line
    }
}

/// The fields that a CSV file may have.
const FIELDS: [&str; 7] = ["prefix", "name", "tags", "note", "local", "valid_from", "valid_to"];

fn csv_lines(text: &str) -> Result<Vec<Line>, BadNetworks> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let headers = reader.headers().map_err(|error| csv_fault(&error))?.clone();
    if let Some(unknown) = headers.iter().find(|name| !FIELDS.contains(name)) {
        let what = format!("got the field {unknown:?}, want some of {}", FIELDS.join(", "));
        return Err(BadNetworks { line: Some(1), what });
    }
    let place = |field: &str| headers.iter().position(|name| name == field);
    let places = FIELDS.map(place);
    if place("prefix").is_none() {
        return Err(BadNetworks { line: Some(1), what: "want a field prefix in the first line".to_owned() });
    }
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| csv_fault(&error))?;
        let number = record.position().and_then(|p| usize::try_from(p.line()).ok()).unwrap_or_default();
        let [prefix, name, tags, note, local, valid_from, valid_to] =
            places.map(|place| place.and_then(|at| record.get(at)).filter(|cell| !cell.is_empty()));
        let local = match local {
            None => None,
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(other) => {
                return Err(BadNetworks {
                    line: Some(number),
                    what: format!("local: got {other:?}, want true or false"),
                });
            }
        };
        let owned = |cell: Option<&str>| cell.map(str::to_owned);
        lines.push(Line {
            number,
            prefix: prefix.unwrap_or_default().to_owned(),
            name: owned(name),
            tags: tags
                .unwrap_or_default()
                .split([' ', ';', '|'])
                .filter(|t| !t.is_empty())
                .map(str::to_owned)
                .collect(),
            note: owned(note),
            local,
            valid_from: owned(valid_from),
            valid_to: owned(valid_to),
        });
    }
    Ok(lines)
}

fn csv_fault(error: &csv::Error) -> BadNetworks {
    let line = error.position().and_then(|p| usize::try_from(p.line()).ok());
    let what = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("got {len} fields, want {expected_len} as in the first line")
        }
        csv::ErrorKind::Utf8 { .. } => "got octets that are no UTF-8, want text".to_owned(),
        _ => error.to_string(),
    };
    BadNetworks { line, what }
}
