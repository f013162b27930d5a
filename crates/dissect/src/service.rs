// SPDX-License-Identifier: Apache-2.0
//! Services by names: patterns of host names (`data/services.tsv`) and attributes of certificates
//! (`data/certificates.tsv`), what each service is for (`data/categories.tsv`), and a person's own patterns, which stand
//! before ours where they say as much. Addresses never make a service.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use minamo_base::Time;

use crate::{Category, PROTOCOLS};

/// Most patterns in a person's file: one that is longer is a mistake.
pub const MAX_PATTERNS: usize = 100_000;
/// Most patterns of all versions in time together, each of which is kept whole.
const MAX_VERSIONED: usize = 1_000_000;
/// Longest name of a service, in characters.
const MAX_NAME: usize = 64;
/// Longest host name (RFC 1035 §2.3.4), and pattern of one.
const MAX_HOST: usize = 253;

/// A pattern of a label: the labels in front of it, and what stands before and behind its `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct LabelPattern {
    front: Cow<'static, str>,
    start: Cow<'static, str>,
    end: Cow<'static, str>,
    service: Cow<'static, str>,
}

impl LabelPattern {
    /// Whether it is that of a label that has `front` in front of it, with the dot.
    fn fits(&self, front: &str, label: &str) -> bool {
        let before = front.strip_suffix('.').and_then(|front| front.strip_suffix(&*self.front));
        (self.front.is_empty() || before.is_some_and(|before| before.is_empty() || before.ends_with('.')))
            && label.len() >= self.start.len() + self.end.len()
            && label.starts_with(&*self.start)
            && label.ends_with(&*self.end)
    }
}

/// The parts of a pattern: the label with the `*`, or else the first one, and what is round it.
struct Parts<'a> {
    front: &'a str,
    label: &'a str,
    behind: &'a str,
}

impl<'a> Parts<'a> {
    fn of(pattern: &'a str) -> Self {
        let (before, _) = pattern.split_once('*').unwrap_or_default();
        let at = before.rfind('.').map_or(0, |dot| dot + 1);
        let (front, rest) = pattern.split_at(at);
        let (label, behind) = rest.split_once('.').unwrap_or((rest, ""));
        Self { front: front.trim_end_matches('.'), label, behind }
    }
}

/// Patterns of host names with their services.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Services {
    /// Suffixes that stand at borders of labels.
    suffixes: HashMap<Cow<'static, str>, Cow<'static, str>>,
    /// By what stands behind the label with the `*`: patterns of that label.
    labels: HashMap<Cow<'static, str>, Vec<LabelPattern>>,
    /// What services are for, where the file says it.
    categories: HashMap<String, Category>,
    /// What is in force from a time on, in the order of time, each whole.
    later: Vec<(Time, Services)>,
}

/// What is wrong with a line of a file of services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadServices {
    /// Line, from 1 on.
    pub line: usize,
    /// What was given and what is wanted.
    pub what: String,
}

impl std::fmt::Display for BadServices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for BadServices {}

impl Services {
    /// Reads lines of `pattern service [category]`, divided by blanks or tabs; `#` starts a comment. A pattern is a
    /// host name, which stands for everything below it too, with at most one `*`, which stands for a part of a label or
    /// for a whole one that has others in front of it.
    ///
    /// A line `from 2026-04-01` begins what is in force from that day on (UTC): all that stood before, but for what the lines
    /// below name otherwise, or give up with `-` in the place of the service.
    pub fn read(text: &str) -> Result<Self, BadServices> {
        let (mut first, mut services): (Option<Self>, Self) = (None, Self::default());
        let (mut since, mut named, mut count) = (None, HashSet::new(), 0);
        for (line, content) in (1..).zip(text.lines()) {
            let bad = |what: String| BadServices { line, what };
            let words: Vec<&str> = content.split('#').next().unwrap_or_default().split_whitespace().collect();
            let (pattern, name, category) = match words[..] {
                [] => continue,
                ["from", day] => {
                    let from =
                        Time::parse(&format!("{day}T00:00")).filter(|from| since.is_none_or(|since| since < *from));
                    let from = from
                        .ok_or_else(|| bad(format!("from: got {day:?}, want a day behind the last, as 2026-04-01")))?;
                    let before = services.clone();
                    match (&mut first, since.replace(from)) {
                        (Some(first), Some(since)) => first.later.push((since, before)),
                        _ => first = Some(before),
                    }
                    named.clear();
                    continue;
                }
                [pattern, name] => (pattern, name, None),
                [pattern, name, category] => (pattern, name, Some(category)),
                _ => return Err(bad(format!("got {} word(s), want: pattern service [category]", words.len()))),
            };
            // What a day names anew is not what an earlier one said.
            let known = since.is_some() && named.insert(pattern.to_owned()) && services.remove(pattern);
            if name == "-" && !known {
                return Err(bad(format!("pattern: got {pattern:?} to give up, which is not there")));
            }
            count += 1;
            if count > MAX_PATTERNS || count * (1 + first.as_ref().map_or(0, |first| first.later.len())) > MAX_VERSIONED
            {
                return Err(bad(format!("got more than {MAX_PATTERNS} patterns, or {MAX_VERSIONED} in all versions")));
            }
            if name == "-" {
                continue;
            }
            services.add(pattern, name).map_err(bad)?;
            if let Some(word) = category {
                services.categorise(name, word).map_err(bad)?;
            }
        }
        match (first, since) {
            (Some(mut first), Some(since)) => {
                first.later.push((since, services));
                Ok(first)
            }
            _ => Ok(services),
        }
    }

    /// What is in force at a time.
    pub fn at(&self, time: Time) -> &Self {
        let later = self.later.iter().rev().find(|(from, _)| *from <= time);
        later.map_or(self, |(_, services)| services)
    }

    /// Gives a pattern up; false where there is none.
    fn remove(&mut self, pattern: &str) -> bool {
        let pattern = written(pattern);
        let Parts { front, label, behind } = Parts::of(&pattern);
        let Some((start, end)) = label.split_once('*') else {
            return self.suffixes.remove(pattern.as_str()).is_some();
        };
        let Some(labels) = self.labels.get_mut(behind) else { return false };
        let count = labels.len();
        labels.retain(|other| (&*other.front, &*other.start, &*other.end) != (front, start, end));
        labels.len() < count
    }

    fn add(&mut self, pattern: &str, name: &str) -> Result<(), String> {
        let pattern = written(pattern);
        let Parts { front, label, behind } = Parts::of(&pattern);
        let wrong =
            |part: &str| part.is_empty() || !part.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
        let stars = pattern.matches('*').count();
        let empty = label == "*" && front.is_empty();
        let rest = label.replace('*', "");
        let label_wrong = empty || !rest.is_empty() && wrong(&rest);
        if pattern.len() > MAX_HOST || stars > 1 || label_wrong || !front.is_empty() && front.split('.').any(wrong) {
            return Err(format!("pattern: got {pattern:?}, want a host name with at most one * in one of its labels"));
        }
        if behind.split('.').any(wrong) || !front.is_empty() && !behind.contains('.') {
            return Err(format!("pattern: got {pattern:?}, want at least two labels of letters, digits and -"));
        }
        let good = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '+');
        if name.chars().count() > MAX_NAME || !name.chars().all(good) {
            return Err(format!("service: got {name:?}, want at most {MAX_NAME} letters, digits, - _ +"));
        }
        let twice = match label.split_once('*') {
            None => self.suffixes.insert(pattern.clone().into(), name.to_owned().into()),
            Some((start, end)) => self.add_label(
                behind.to_owned().into(),
                LabelPattern {
                    front: front.to_owned().into(),
                    start: start.to_owned().into(),
                    end: end.to_owned().into(),
                    service: name.to_owned().into(),
                },
            ),
        };
        let twice = twice.filter(|before| before != name);
        twice.map_or(Ok(()), |before| Err(format!("pattern: {pattern:?} is {before} already, and {name} here")))
    }

    /// Adds a pattern of a label; gives the service that the same one had before.
    fn add_label(&mut self, behind: Cow<'static, str>, pattern: LabelPattern) -> Option<Cow<'static, str>> {
        let labels = self.labels.entry(behind).or_default();
        let told = |pattern: &LabelPattern| (pattern.front.clone(), pattern.start.clone(), pattern.end.clone());
        let same = |other: &&LabelPattern| told(other) == told(&pattern);
        let before = labels.iter().find(same).map(|other| other.service.clone());
        labels.push(pattern);
        before
    }

    fn categorise(&mut self, name: &str, word: &str) -> Result<(), String> {
        let words = || Category::ALL.iter().map(|category| category.name()).collect::<Vec<_>>().join(", ");
        let category = Category::of(word).ok_or_else(|| format!("category: got {word:?}, want one of {}", words()))?;
        match self.categories.insert(name.into(), category) {
            Some(before) if before != category => {
                Err(format!("category: {name} is {} already, and {word} here", before.name()))
            }
            _ => Ok(()),
        }
    }

    /// How many patterns there are.
    pub fn len(&self) -> usize {
        self.suffixes.len() + self.labels.values().map(Vec::len).sum::<usize>()
    }

    /// True where there is no pattern.
    pub fn is_empty(&self) -> bool {
        self.suffixes.is_empty() && self.labels.is_empty()
    }

    /// The service behind a host name, and how many octets of the name say so: those of the longest pattern.
    fn find(&self, host: &str) -> Option<(usize, &str)> {
        let mut rest = host;
        loop {
            if let Some(service) = self.suffixes.get(rest) {
                return Some((rest.len(), service));
            }
            let (label, behind) = rest.split_once('.')?;
            if let Some(labels) = self.labels.get(behind) {
                let front = host.get(..host.len() - rest.len()).unwrap_or_default();
                if let Some(pattern) = labels.iter().find(|pattern| pattern.fits(front, label)) {
                    return Some((pattern.front.len() + rest.len(), &pattern.service));
                }
            }
            rest = behind;
        }
    }
}

/// A pattern as it is kept: in small letters, without `*.` in front and a dot behind.
fn written(pattern: &str) -> String {
    pattern.strip_prefix("*.").unwrap_or(pattern).trim_end_matches('.').to_ascii_lowercase()
}

/// The table that is part of the program. A test reads it as it reads a person's file; here nothing is checked or copied.
static BUILT_IN: LazyLock<Services> = LazyLock::new(|| {
    let mut services = Services::default();
    let lines = include_str!("../data/services.tsv").lines().filter(|line| !line.starts_with('#'));
    services.suffixes.reserve(6_144);
    for (pattern, service) in lines.filter_map(|line| line.split_once('\t')) {
        let Parts { front, label, behind } = Parts::of(pattern);
        match label.split_once('*') {
            None => drop(services.suffixes.insert(pattern.into(), service.into())),
            Some((start, end)) => {
                let service = service.into();
                let pattern = LabelPattern { front: front.into(), start: start.into(), end: end.into(), service };
                drop(services.add_label(behind.into(), pattern));
            }
        }
    }
    services
});

/// What services are for.
static CATEGORIES: LazyLock<HashMap<&'static str, Category>> = LazyLock::new(|| {
    let lines = include_str!("../data/categories.tsv").lines().filter(|line| !line.starts_with('#'));
    let services =
        lines.filter_map(|line| line.split_once('\t')).filter_map(|(name, word)| Some((name, Category::of(word)?)));
    let protocols = PROTOCOLS.iter().map(|protocol| (protocol.name, protocol.category));
    protocols.chain(services).collect()
});

/// Attributes of certificates and their services.
static CERTIFICATES: LazyLock<Vec<(&'static str, &'static str)>> = LazyLock::new(|| {
    let lines = include_str!("../data/certificates.tsv").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once('\t')).collect()
});

/// The service behind a host name: that of the longest pattern in a person's table and in ours, the person's where both
/// are as long.
pub fn service_of<'a>(own: &'a Services, host: &str) -> Option<&'a str> {
    let own = if own.is_empty() { None } else { own.find(host) };
    match (own, BUILT_IN.find(host)) {
        (Some(own), Some(ours)) => Some(if own.0 >= ours.0 { own.1 } else { ours.1 }),
        (own, ours) => own.or(ours).map(|(_, service)| service),
    }
}

/// The service that an attribute of a certificate's subject or issuer tells.
pub(crate) fn service_of_certificate(name: &str) -> Option<&'static str> {
    let attribute = |part: &str| {
        let start = name.find(part)?;
        let (before, after) = (name.get(..start)?, name.get(start + part.len()..)?);
        let bordered = before.is_empty() || before.ends_with(", ") || before.ends_with(',');
        (bordered && (after.is_empty() || after.starts_with(','))).then_some(())
    };
    CERTIFICATES.iter().find(|(part, _)| attribute(part).is_some()).map(|(_, service)| *service)
}

/// What an application is for, by its label: its service where that is known, else its protocol.
pub fn category_of(own: &Services, label: &str) -> Category {
    let of = |name: &str| own.categories.get(name).or_else(|| CATEGORIES.get(name)).copied();
    let whole = CATEGORIES.get(label).copied();
    label.rsplit('.').find_map(of).or(whole).unwrap_or(Category::Unspecified)
}

/// Every service that the program knows by a name, in alphabetical order: its name, what it is for, and how many patterns
/// of host names and attributes of certificates tell it.
pub fn services() -> Vec<(&'static str, Category, usize)> {
    let mut counts: std::collections::BTreeMap<&'static str, usize> = std::collections::BTreeMap::new();
    let patterned = BUILT_IN.labels.values().flatten().map(|pattern| &*pattern.service);
    let told = BUILT_IN.suffixes.values().map(|service| &**service).chain(patterned);
    for service in told.chain(CERTIFICATES.iter().map(|(_, service)| *service)) {
        *counts.entry(service).or_default() += 1;
    }
    let none = Services::default();
    counts.into_iter().map(|(service, count)| (service, category_of(&none, service), count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(host: &str) -> Option<String> {
        service_of(&Services::default(), host).map(str::to_owned)
    }

    #[test]
    fn suffixes_match_at_label_borders() {
        assert_eq!(ours("www.youtube.com").as_deref(), Some("YouTube"));
        assert_eq!(ours("youtube.com").as_deref(), Some("YouTube"));
        assert_eq!(ours("notyoutube.com"), None);
        assert_eq!(ours(""), None);
    }

    #[test]
    fn a_star_stands_for_a_part_of_one_label() {
        assert_eq!(ours("igcdn-photos-h-a.akamaihd.net").as_deref(), Some("Instagram"));
        assert_eq!(ours("p53-buy.itunes.apple.com").as_deref(), Some("AppleStore"));
        assert_ne!(ours("a.igcdn.akamaihd.net").as_deref(), Some("Instagram"));
        assert_eq!(ours("instagram.fxyz1-1.fna.fbcdn.net").as_deref(), Some("Instagram"));
        assert_eq!(ours("scontent.fxyz1-1.fna.fbcdn.net").as_deref(), Some("Facebook"));
        assert_eq!(ours("myinstagram.fxyz1-1.fna.fbcdn.net").as_deref(), Some("Facebook"), "at the border of a label");
    }

    #[test]
    fn the_tables_are_well_formed() {
        let read = Services::read(include_str!("../data/services.tsv")).expect("the table");
        assert!(read.len() > 1_400 && read == *BUILT_IN);
        let lines = |text: &'static str| text.lines().filter(|line| !line.starts_with('#'));
        for table in [include_str!("../data/services.tsv"), include_str!("../data/categories.tsv")] {
            let names: Vec<_> = lines(table).map(|line| line.split('\t').next().expect("a name")).collect();
            assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "sorted, each once");
        }
        let categories: HashMap<_, _> =
            lines(include_str!("../data/categories.tsv")).map(|line| line.split_once('\t').expect("a tab")).collect();
        assert!(categories.values().all(|word| Category::of(word).is_some()));
        for line in lines(include_str!("../data/services.tsv")).chain(lines(include_str!("../data/certificates.tsv"))) {
            let (_, service) = line.split_once('\t').expect("a tab");
            assert!(categories.contains_key(service), "{service} has no category");
        }
    }

    #[test]
    fn every_service_has_a_category_and_something_that_tells_it() {
        let services = services();
        assert!(services.len() > 230, "{}", services.len());
        for (service, category, count) in services {
            assert!(category != Category::Unspecified && count > 0, "{service}");
        }
    }

    #[test]
    fn own_patterns_stand_before_ours_where_they_say_as_much() {
        let own = Services::read(
            "# ours\nerp.example.com  OurERP collaborative\nyoutube.com OurTube\nm*.example.com Mail\n*.example.org Wiki\n",
        )
        .expect("good lines");
        assert_eq!(own.len(), 4);
        let of = |host: &str| service_of(&own, host);
        assert_eq!(of("a.erp.example.com"), Some("OurERP"));
        assert_eq!(of("www.youtube.com"), Some("OurTube"));
        assert_eq!(
            (of("mx1.example.com"), of("x.example.com"), of("a.example.org")),
            (Some("Mail"), None, Some("Wiki"))
        );
        assert_eq!(of("www.google.com"), Some("Google"), "ours stay");
        assert_eq!(category_of(&own, "TLS.OurERP"), Category::Collaborative);
        assert_eq!(category_of(&own, "TLS.YouTube"), Category::Video);
        assert_eq!(category_of(&own, "SSH"), Category::RemoteAccess);
        assert_eq!(category_of(&own, "Unknown"), Category::Unspecified);
    }

    #[test]
    fn patterns_hold_from_a_day_on() {
        let text = "erp.example.com OldERP\nm*.example.com Mail\na.example.com A\n\
            from 2026-04-01\nERP.example.com. NewERP collaborative\nm*.example.com -\nfrom 2026-07-01 # closed\na.example.com -\n";
        let own = Services::read(text).expect("good lines");
        let at = |day: &str| own.at(Time::parse(&format!("{day}T00:00")).expect("a day"));
        let of = |day: &str| {
            ["erp.example.com", "mx.example.com", "a.example.com"]
                .map(|host| service_of(at(day), host).map(str::to_owned))
        };
        let some = |name: &str| Some(name.to_owned());
        assert_eq!(of("2026-03-31"), [some("OldERP"), some("Mail"), some("A")]);
        assert_eq!(of("2026-04-01"), [some("NewERP"), None, some("A")]);
        assert_eq!(of("2027-01-01"), [some("NewERP"), None, None]);
        assert_eq!(category_of(at("2026-05-01"), "TLS.NewERP"), Category::Collaborative);
        for (text, want) in [
            ("from 2026-13-01", "line 1: from: got \"2026-13-01\", want a day behind the last, as 2026-04-01"),
            (
                "from 2026-04-01\nfrom 2026-04-01",
                "line 2: from: got \"2026-04-01\", want a day behind the last, as 2026-04-01",
            ),
            (
                "from 2026-04-01\na.example.com -",
                "line 2: pattern: got \"a.example.com\" to give up, which is not there",
            ),
            (
                "from 2026-04-01\na.example.com A\na.example.com B",
                "line 3: pattern: \"a.example.com\" is A already, and B here",
            ),
        ] {
            assert_eq!(Services::read(text).expect_err("must be refused").to_string(), want);
        }
        let many: String = (1..=25).map(|day| format!("from 2026-01-{day:02}\n")).collect();
        let lines: String = (0..50_000).map(|n| format!("h{n}.example.com H\n")).collect();
        assert!(Services::read(&(many + &lines)).is_err(), "bounded in all versions");
    }

    #[test]
    fn errors_name_line_and_field() {
        for (text, want) in [
            ("a.example.com One\n\nexample", "line 3: got 1 word(s), want: pattern service [category]"),
            ("com Top", "line 1: pattern: got \"com\", want at least two labels of letters, digits and -"),
            (
                "a*b*.example.com X",
                "line 1: pattern: got \"a*b*.example.com\", want a host name with at most one * in one of its labels",
            ),
            ("a.*.com X", "line 1: pattern: got \"a.*.com\", want at least two labels of letters, digits and -"),
            ("a.example.com Two.Parts", "line 1: service: got \"Two.Parts\", want at most 64 letters, digits, - _ +"),
            ("a.example.com One\na.example.com Two", "line 2: pattern: \"a.example.com\" is One already, and Two here"),
        ] {
            assert_eq!(Services::read(text).expect_err("must be refused").to_string(), want);
        }
        let error = Services::read("a.example.com One toys").expect_err("must be refused").to_string();
        assert!(error.starts_with("line 1: category: got \"toys\", want one of advertisement, "), "{error}");
    }

    #[test]
    fn certificates_tell_by_whole_attributes() {
        let of = service_of_certificate;
        assert_eq!(of("C=US, O=Fortinet, OU=FortiGate, CN=FWF60E4Q16012050"), Some("FortiClient"));
        assert_eq!(of("CN=347E5CFFA26E, OU=Sonos Devices, O=Sonos, Inc, L=Santa Barbara"), Some("Sonos"));
        assert_eq!(of("CN=hangouts"), Some("GoogleCall"));
        assert_eq!((of("CN=hangouts of ours"), of("O=Kakaobank"), of("")), (None, None, None));
    }
}
