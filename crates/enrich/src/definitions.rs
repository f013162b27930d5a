// SPDX-License-Identifier: Apache-2.0
//! Definitions of networks and tags, versioned in time: what is written into a row is what was valid when its flow
//! started. The types are kept as JSON by whoever stores them: prefixes and times are texts there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::str::FromStr;

use minamo_base::{Prefix, Time};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Most entries of all versions together: about 1 GiB of memory, far beyond the routes of the Internet.
const MAX_ENTRIES: usize = 4_000_000;
/// Most versions that are kept ready: a file that changes every day is remembered for years.
const MAX_VERSIONS: usize = 1_000;
/// Most entries of all versions that are kept ready, besides the newest one: a few hundred megabytes.
const MAX_READY: usize = 1_000_000;
/// Most octets of a name or a tag.
const MAX_NAME: usize = 128;

/// What is said of the addresses of one prefix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The addresses.
    #[serde(serialize_with = "as_text", deserialize_with = "from_text")]
    pub prefix: Prefix,
    /// Name of the network; an entry without one only gives tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Tags; addresses of more specific prefixes have them too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// A remark for people; it reaches no row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether the addresses are ours; where absent the wider prefix decides, and then whether they are private.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<bool>,
}

impl Entry {
    /// An entry that says nothing yet.
    pub fn new(prefix: Prefix) -> Self {
        Self { prefix, name: None, tags: Vec::new(), note: None, local: None }
    }

    /// Whether it is the network of that name or has that tag.
    pub fn is_called(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name) || self.tags.iter().any(|tag| tag == name)
    }

    /// What is wrong with it: names and tags are not empty, not long, and of printable characters; tags have no blanks,
    /// so that they can be written in a list.
    pub fn check(&self) -> Result<(), Fault> {
        if let Some(name) = self.name.as_ref().filter(|name| !is_name(name) || name.trim() != *name) {
            return Err(Fault::Name { field: "name", got: name.clone() });
        }
        match self.tags.iter().find(|tag| !is_name(tag) || tag.contains([' ', '\u{3000}', ',', ';', '|'])) {
            Some(tag) => Err(Fault::Name { field: "tags", got: tag.clone() }),
            None => Ok(()),
        }
    }
}

fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// Entries and the time in which they are valid: from `valid_from` on, up to and without `valid_to`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// First instant; absent: since ever.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "time_text", deserialize_with = "time")]
    pub valid_from: Option<Time>,
    /// First instant at which it is no longer valid; absent: until further notice.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "time_text", deserialize_with = "time")]
    pub valid_to: Option<Time>,
    /// What is defined.
    pub entries: Vec<Entry>,
}

impl Version {
    /// True where `at` lies in it.
    pub fn covers(&self, at: Time) -> bool {
        self.start() <= at.0 && at.0 < self.end()
    }

    fn start(&self) -> i64 {
        self.valid_from.map_or(i64::MIN, |t| t.0)
    }

    fn end(&self) -> i64 {
        self.valid_to.map_or(i64::MAX, |t| t.0)
    }
}

/// All versions in the order of time, none overlapping another. There may be gaps in which nothing is defined.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Draft")]
pub struct Definitions {
    versions: Vec<Version>,
}

/// Versions that nobody has checked yet.
#[derive(Deserialize)]
struct Draft {
    versions: Vec<Version>,
}

impl TryFrom<Draft> for Definitions {
    type Error = Fault;

    fn try_from(draft: Draft) -> Result<Self, Fault> {
        Self::new(draft.versions)
    }
}

impl Definitions {
    /// Definitions of checked versions, in any order.
    pub fn new(mut versions: Vec<Version>) -> Result<Self, Fault> {
        versions.sort_by_key(Version::start);
        let mut end = i64::MIN;
        let mut entries = 0_usize;
        for version in &versions {
            if version.start() < end || version.end() <= version.start() {
                return Err(Fault::Overlap { at: version.valid_from });
            }
            end = version.end();
            entries = entries.saturating_add(version.entries.len());
            check_entries(&version.entries)?;
        }
        if entries > MAX_ENTRIES {
            return Err(Fault::TooMany { got: entries, max: MAX_ENTRIES });
        }
        Ok(Self { versions })
    }

    /// Definitions that are valid since ever.
    pub fn always(entries: Vec<Entry>) -> Result<Self, Fault> {
        Self::new(vec![Version { valid_from: None, valid_to: None, entries }])
    }

    /// Definitions of entries that each have their own time: from the first instant on, up to and without the second. A
    /// version ends wherever an entry begins or ends.
    pub fn of_dated(dated: Vec<(Entry, Option<Time>, Option<Time>)>) -> Result<Self, Fault> {
        let instants: BTreeSet<Time> = dated.iter().flat_map(|(_, from, to)| [*from, *to]).flatten().collect();
        let starts = std::iter::once(None).chain(instants.iter().copied().map(Some));
        let ends = instants.iter().copied().map(Some).chain(std::iter::once(None));
        let mut versions = Vec::new();
        let mut total = 0_usize;
        for (valid_from, valid_to) in starts.zip(ends) {
            let mut version = Version { valid_from, valid_to, entries: Vec::new() };
            let valid = |(_, from, to): &&(Entry, Option<Time>, Option<Time>)| {
                from.is_none_or(|t| t.0 <= version.start()) && to.is_none_or(|t| t.0 >= version.end())
            };
            let entries: Vec<Entry> = dated.iter().filter(valid).map(|(entry, ..)| entry.clone()).collect();
            total = total.saturating_add(entries.len());
            if total > MAX_ENTRIES {
                return Err(Fault::TooMany { got: total, max: MAX_ENTRIES });
            }
            version.entries = entries;
            if !version.entries.is_empty() {
                versions.push(version);
            }
        }
        Self::new(versions)
    }

    /// The versions, earliest first.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// What was valid at `at`.
    pub fn at(&self, at: Time) -> Option<&Version> {
        let after = self.versions.partition_point(|version| version.start() <= at.0);
        self.versions.get(after.checked_sub(1)?).filter(|version| version.covers(at))
    }

    /// From `at` on `later` is valid, and what was valid before stays what it was. What is the same as before makes no new
    /// version, so that definitions can be read again and again.
    pub fn supersede(&mut self, at: Time, later: Self) {
        self.versions.retain(|version| version.start() < at.0);
        if let Some(last) = self.versions.last_mut().filter(|last| last.end() > at.0) {
            last.valid_to = Some(at);
        }
        for mut version in later.versions.into_iter().filter(|version| version.end() > at.0) {
            if version.start() < at.0 {
                version.valid_from = Some(at);
            }
            match self.versions.last_mut() {
                Some(last) if last.valid_to == version.valid_from && last.entries == version.entries => {
                    last.valid_to = version.valid_to;
                }
                _ => self.versions.push(version),
            }
        }
    }

    /// Keeps as many of the newest versions as can be kept ready; returns how many were dropped.
    pub fn keep_newest(&mut self) -> usize {
        self.keep(MAX_VERSIONS, MAX_READY)
    }

    /// Keeps the newest versions: at most `max`, and where there are several, of at most `entries` entries together;
    /// returns how many were dropped.
    pub fn keep(&mut self, max: usize, entries: usize) -> usize {
        let mut total = 0_usize;
        let fits = |version: &&Version| {
            total = total.saturating_add(version.entries.len());
            total <= entries
        };
        let kept = self.versions.iter().rev().take(max).take_while(fits).count().max(1);
        let drop = self.versions.len().saturating_sub(kept);
        self.versions.drain(..drop);
        drop
    }
}

/// Refuses entries that contradict each other.
fn check_entries(entries: &[Entry]) -> Result<(), Fault> {
    let mut names: BTreeMap<Prefix, &str> = BTreeMap::new();
    for entry in entries {
        entry.check()?;
        let Some(name) = &entry.name else { continue };
        match names.insert(entry.prefix, name) {
            Some(other) if other != name => {
                return Err(Fault::TwoNames { prefix: entry.prefix, names: [other.to_owned(), name.clone()] });
            }
            _ => {}
        }
    }
    Ok(())
}

/// What is wrong with definitions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A name or tag that could not be written anywhere.
    #[error(
        "{field}: got {got:?}, want 1 to {MAX_NAME} octets of printable characters, without blanks around a name and without blanks, commas, semicolons or bars in a tag"
    )]
    Name {
        /// `name` or `tags`.
        field: &'static str,
        /// What was given.
        got: String,
    },
    /// One prefix has two names at the same time.
    #[error("prefix: {prefix} has the names {:?} and {:?} at the same time, want one", names[0], names[1])]
    TwoNames {
        /// The prefix.
        prefix: Prefix,
        /// The names.
        names: [String; 2],
    },
    /// Versions overlap, or one ends before it starts.
    #[error("valid_from: the version of {} overlaps another or ends before it starts", at.map_or("ever".to_owned(), |t| t.to_string()))]
    Overlap {
        /// Where the version starts.
        at: Option<Time>,
    },
    /// More than fits in memory.
    #[error("got {got} entries in all versions together, want at most {max}")]
    TooMany {
        /// What was given.
        got: usize,
        /// The bound.
        max: usize,
    },
}

fn as_text<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn from_text<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

fn time_text<S: Serializer>(value: &Option<Time>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(time) => serializer.collect_str(time),
        None => serializer.serialize_none(),
    }
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Time>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let want = || D::Error::custom(format!("got {text:?}, want a time such as 2026-01-31T09:00:00Z"));
    Time::parse(&text).map(Some).ok_or_else(want)
}
