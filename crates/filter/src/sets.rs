// SPDX-License-Identifier: Apache-2.0
//! Named sets and tags: `src in @guests`, `tag guest-upload`. A filter keeps the name; what it stands for is looked up when the filter is asked, by
//! the sets as they are known now or, for each row, as they were when the row's flow started. This crate does no I/O:
//! whoever has sets says so by [`Sets`].

use std::collections::{BTreeMap, BTreeSet};

use minamo_base::{Prefix, Time};
use minamo_schema::{CellType, Column};

use crate::ast::{CompareOp, Expr, Literal, Predicate, Subject, Test};
use crate::check::Sort;
use crate::error::FilterError;
use crate::parse::{parse_with, single_or};

/// Most members that the sets of one filter may have together, all versions of all of them.
pub const MAX_MEMBERS: usize = 200_000;
/// Most tests that the tags of one filter may have together, written out.
const MAX_TESTS: usize = 20_000;
/// Tags in each other.
const MAX_LEVELS: usize = 8;
/// Most members of a set that are no addresses.
const MAX_VALUES: usize = 20_000;

/// Named sets and tags, and their versions in time.
pub trait Sets {
    /// What the members of the set are; nothing where there never was a set of that name.
    fn kind(&self, name: &str) -> Option<SetKind>;

    /// All versions of a set, in any order; empty where there never was a set of that name. Beyond [`MAX_MEMBERS`]
    /// members in all of them the rest may be left out: such a set is refused.
    fn versions(&self, name: &str) -> Vec<SetVersion>;

    /// The names of today with what their members are: for completion and for the name that was probably meant.
    fn names(&self) -> BTreeMap<String, SetKind>;

    /// All versions of a tag, in any order; nothing where there never was a tag of that name.
    fn tag(&self, _name: &str) -> Option<Vec<TagVersion>> {
        None
    }

    /// The names of the tags of today, in order.
    fn tags(&self) -> Vec<String> {
        Vec::new()
    }

    /// The names of all tags that there are or were, in order.
    fn tags_ever(&self) -> Vec<String> {
        self.tags()
    }
}

/// Which flows have a tag for some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagVersion {
    /// First instant; from ever where absent.
    pub from: Option<Time>,
    /// First instant at which it no longer holds; open where absent.
    pub to: Option<Time>,
    /// The filter that its flows pass, as text.
    pub filter: String,
}

/// True where the text of a filter may ask for a named set or a tag: others need nobody to look them up.
pub fn asks_for_names(filter: &str) -> bool {
    filter.contains('@') || filter.as_bytes().windows(3).any(|word| word.eq_ignore_ascii_case(b"tag"))
}

/// No sets at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSets;

impl Sets for NoSets {
    fn kind(&self, _: &str) -> Option<SetKind> {
        None
    }

    fn versions(&self, _: &str) -> Vec<SetVersion> {
        Vec::new()
    }

    fn names(&self) -> BTreeMap<String, SetKind> {
        BTreeMap::new()
    }
}

/// What the members of a set are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SetKind {
    /// Addresses and networks.
    Addresses,
    /// Numbers, such as ports.
    Numbers,
    /// Texts, such as names of applications.
    Texts,
}

/// What a set holds for some time. Versions may overlap: a row belongs to the set where one of them says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetVersion {
    /// First instant; from ever where absent.
    pub from: Option<Time>,
    /// First instant at which it no longer holds; open where absent.
    pub to: Option<Time>,
    /// The members.
    pub members: Members,
}

/// The members of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Members {
    /// Networks; one address is one of full length.
    Addresses(Vec<Prefix>),
    /// Ranges of numbers, both ends in them.
    Numbers(Vec<(u64, u64)>),
    /// Texts; letter case counts.
    Texts(Vec<String>),
}

/// By which versions of sets a filter goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// Those in force at one instant, for all rows.
    At(Time),
    /// For each row those in force when its flow started.
    Then,
}

/// Why the sets of a filter could not be looked up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetError {
    /// There is no set of that name any more.
    #[error("there is no set @{0}")]
    Unknown(String),
    /// Its members are not what the column has.
    #[error("the set @{name} holds {}, want {}", kind.name(), want.name())]
    Kind {
        /// Name of the set.
        name: String,
        /// What it holds.
        kind: SetKind,
        /// What the column has.
        want: SetKind,
    },
    /// There is no tag of that name any more.
    #[error("there is no tag {0}")]
    UnknownTag(String),
    /// The filter of a tag cannot be read, as when a set that it asks for is gone.
    #[error("tag {name}: {error}")]
    Tag {
        /// The tag.
        name: String,
        /// What is wrong with its filter, and where.
        error: Box<FilterError>,
    },
    /// Tags contain each other.
    #[error("tag {0} contains itself, or there are more than {MAX_LEVELS} levels")]
    Levels(String),
    /// More tests than the tags of one filter may have.
    #[error("the tags of the filter have more than {0} tests, want at most that")]
    TooManyTests(usize),
    /// More members than one filter may have.
    #[error("the sets of the filter have more than {0} members, want at most that")]
    TooLarge(usize),
}

impl SetKind {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Addresses => "addresses",
            Self::Numbers => "ports",
            Self::Texts => "names",
        }
    }

    /// The word for it, in Japanese.
    pub fn name_ja(self) -> &'static str {
        match self {
            Self::Addresses => "アドレス",
            Self::Numbers => "ポート",
            Self::Texts => "名前",
        }
    }

    /// What a set must hold for values of that sort.
    pub(crate) fn of(sort: Sort) -> Option<Self> {
        match sort {
            Sort::Ip => Some(Self::Addresses),
            Sort::Uint { .. } | Sort::Protocol => Some(Self::Numbers),
            Sort::Text => Some(Self::Texts),
            _ => None,
        }
    }
}

impl Members {
    /// What they are.
    pub fn kind(&self) -> SetKind {
        match self {
            Self::Addresses(_) => SetKind::Addresses,
            Self::Numbers(_) => SetKind::Numbers,
            Self::Texts(_) => SetKind::Texts,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Addresses(list) => list.len(),
            Self::Numbers(list) => list.len(),
            Self::Texts(list) => list.len(),
        }
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds the members of another one, where they are of the same kind.
    fn extend(&mut self, other: Self) {
        match (self, other) {
            (Self::Addresses(mine), Self::Addresses(more)) => mine.extend(more),
            (Self::Numbers(mine), Self::Numbers(more)) => mine.extend(more),
            (Self::Texts(mine), Self::Texts(more)) => mine.extend(more),
            _ => {}
        }
    }

    fn predicate(self, subject: Subject) -> Predicate {
        match self {
            Self::Addresses(prefixes) => Predicate::InPrefixes(prefixes),
            Self::Texts(texts) => Predicate::OneOf(texts.into_iter().map(Literal::Text).collect()),
            Self::Numbers(ranges) => {
                let max = match subject {
                    Subject::Column(column) => largest(column),
                    Subject::Measure(_) => u64::MAX,
                };
                // What no cell can hold is in no range.
                let known = ranges.into_iter().filter(|(low, high)| *low <= max && low <= high);
                Predicate::InRanges(known.map(|(low, high)| (low, high.min(max))).collect())
            }
        }
    }
}

fn largest(column: &Column) -> u64 {
    match column.cell {
        CellType::U8 => u8::MAX.into(),
        CellType::U16 | CellType::U16List => u16::MAX.into(),
        CellType::U32 | CellType::U32List => u32::MAX.into(),
        _ => u64::MAX,
    }
}

impl Expr {
    /// True where it asks for a named set or a tag.
    pub fn has_names(&self) -> bool {
        match self {
            Self::All => false,
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::has_names),
            Self::Not(part) => part.has_names(),
            Self::Test(test) => matches!(test.predicate, Predicate::InSet(_)),
            Self::Tag(_) => true,
        }
    }

    /// The names of the sets that it asks for, not those behind tags.
    pub fn sets(&self) -> BTreeSet<&str> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::sets).collect(),
            Self::Not(part) => part.sets(),
            Self::Test(Test { predicate: Predicate::InSet(name), .. }) => BTreeSet::from([name.as_str()]),
            Self::All | Self::Test(_) | Self::Tag(_) => BTreeSet::new(),
        }
    }

    /// The names of the tags that it asks for, not those behind tags.
    pub fn tags(&self) -> BTreeSet<&str> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::tags).collect(),
            Self::Not(part) => part.tags(),
            Self::Tag(name) => BTreeSet::from([name.as_str()]),
            Self::All | Self::Test(_) => BTreeSet::new(),
        }
    }

    /// The filter with its sets and tags written out. By [`AsOf::Then`] each version is asked for the rows of its time
    /// only.
    pub fn resolve(&self, sets: &dyn Sets, as_of: AsOf) -> Result<Self, SetError> {
        Writer { sets, as_of, members: 0, tests: 0, levels: 0 }.written_out(self)
    }
}

/// Writes a filter out, and keeps count of what that takes.
struct Writer<'a> {
    sets: &'a dyn Sets,
    as_of: AsOf,
    members: usize,
    /// Tests behind tags.
    tests: usize,
    /// Tags around the present place.
    levels: usize,
}

impl Writer<'_> {
    fn written_out(&mut self, expr: &Expr) -> Result<Expr, SetError> {
        let mut all = |parts: &[Expr]| parts.iter().map(|part| self.written_out(part)).collect::<Result<Vec<_>, _>>();
        Ok(match expr {
            Expr::And(parts) => Expr::And(all(parts)?),
            Expr::Or(parts) => Expr::Or(all(parts)?),
            Expr::Not(part) => Expr::Not(Box::new(self.written_out(part)?)),
            Expr::Tag(name) => self.tag(name)?,
            other => {
                self.tests += usize::from(self.levels > 0);
                if self.tests > MAX_TESTS {
                    return Err(SetError::TooManyTests(MAX_TESTS));
                }
                match other {
                    Expr::Test(Test { subject, predicate: Predicate::InSet(name) }) => self.set(name, *subject)?,
                    other => other.clone(),
                }
            }
        })
    }

    fn set(&mut self, name: &str, subject: Subject) -> Result<Expr, SetError> {
        let (versions, count) = looked_up(self.sets, name, subject, self.as_of)?;
        self.members += count;
        let values = |version: &SetVersion| version.members.kind() != SetKind::Addresses;
        if versions.iter().any(|version| values(version) && version.members.len() > MAX_VALUES) {
            return Err(SetError::TooLarge(MAX_VALUES));
        }
        if self.members > MAX_MEMBERS {
            return Err(SetError::TooLarge(MAX_MEMBERS));
        }
        let test = |members: Members| Expr::Test(Test { subject, predicate: members.predicate(subject) });
        Ok(any_version(versions.into_iter().map(|v| (v.from, v.to, test(v.members))).collect()))
    }

    fn tag(&mut self, name: &str) -> Result<Expr, SetError> {
        if self.levels >= MAX_LEVELS {
            return Err(SetError::Levels(name.to_owned()));
        }
        let mut found = Vec::new();
        self.levels += 1;
        for version in self.sets.tag(name).ok_or_else(|| SetError::UnknownTag(name.to_owned()))? {
            let TagVersion { mut from, mut to, filter } = version;
            if let AsOf::At(at) = self.as_of {
                if !holds(from, to, at) {
                    continue;
                }
                (from, to) = (None, None);
            }
            let bad = |error| SetError::Tag { name: name.to_owned(), error: Box::new(error) };
            let filter = parse_with(&filter, &minamo_model::FLOWS, self.sets).map_err(bad)?;
            found.push((from, to, self.written_out(&filter)?));
        }
        self.levels -= 1;
        Ok(any_version(found))
    }
}

/// True where an instant lies between two others, the first one included.
fn holds(from: Option<Time>, to: Option<Time>, at: Time) -> bool {
    from.is_none_or(|from| from <= at) && to.is_none_or(|to| at < to)
}

/// The versions that count, those of the same time as one, and how many members all versions have.
fn looked_up(sets: &dyn Sets, name: &str, subject: Subject, as_of: AsOf) -> Result<(Vec<SetVersion>, usize), SetError> {
    let kind = sets.kind(name).ok_or_else(|| SetError::Unknown(name.to_owned()))?;
    if let Some(want) = SetKind::of(sort(subject)).filter(|want| *want != kind) {
        return Err(SetError::Kind { name: name.to_owned(), kind, want });
    }
    let versions = sets.versions(name);
    let count = versions.iter().map(|version| version.members.len()).sum();
    Ok((members_in_force(versions, as_of), count))
}

/// The versions of a set that count, those of the same time as one. Where they count at one instant, they have no bounds.
pub fn members_in_force(versions: Vec<SetVersion>, as_of: AsOf) -> Vec<SetVersion> {
    let mut found: Vec<SetVersion> = Vec::new();
    let mut places: std::collections::HashMap<(Option<Time>, Option<Time>), usize> = std::collections::HashMap::new();
    for mut version in versions {
        if let AsOf::At(at) = as_of {
            if !holds(version.from, version.to, at) {
                continue;
            }
            (version.from, version.to) = (None, None);
        }
        let place = places.entry((version.from, version.to)).or_insert(found.len());
        match found.get_mut(*place) {
            Some(same) => same.members.extend(version.members),
            None => found.push(version),
        }
    }
    found
}

fn sort(subject: Subject) -> Sort {
    crate::check::Target::One(subject).sort()
}

/// The filter that holds where one of the versions has the row; each has its time and what it asks.
fn any_version(versions: Vec<(Option<Time>, Option<Time>, Expr)>) -> Expr {
    let start = minamo_model::FLOWS.column("time_start");
    let when = |op, at| {
        let bound = |column| Expr::Test(Test::column(column, Predicate::Compare(op, Literal::Time(at))));
        start.map_or(Expr::All, bound)
    };
    let one = |(from, to, test): (Option<Time>, Option<Time>, Expr)| {
        let from = from.map_or(Expr::All, |at| when(CompareOp::Ge, at));
        let to = to.map_or(Expr::All, |at| when(CompareOp::Lt, at));
        from.and(to).and(test)
    };
    single_or(versions.into_iter().map(one).collect(), Expr::Or)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cause, complete_with, parse, parse_with};
    use minamo_model::FLOWS;

    /// `guests` moved at 100 s and ended at 200 s; the others are there for ever.
    pub(crate) struct Known;

    impl Sets for Known {
        fn kind(&self, name: &str) -> Option<SetKind> {
            match name {
                "guests" | "second floor" => Some(SetKind::Addresses),
                "web" => Some(SetKind::Numbers),
                "chat" => Some(SetKind::Texts),
                _ => None,
            }
        }

        fn versions(&self, name: &str) -> Vec<SetVersion> {
            let at = |secs: i64| Some(Time(secs * 1_000_000_000));
            let nets = |text: &str| Members::Addresses(text.split(' ').map(|p| p.parse().expect("a prefix")).collect());
            let ever = |members| vec![SetVersion { from: None, to: None, members }];
            match name {
                "guests" => vec![
                    SetVersion { from: None, to: at(100), members: nets("192.0.2.0/25") },
                    SetVersion { from: at(100), to: at(200), members: nets("192.0.2.128/25") },
                    SetVersion { from: at(100), to: at(200), members: nets("2001:db8::/64") },
                ],
                "second floor" => ever(nets("198.51.100.0/24")),
                "web" => ever(Members::Numbers(vec![(80, 80), (8_000, 8_100), (60_000, 70_000), (70_001, 70_002)])),
                "chat" => ever(Members::Texts(vec!["Slack".to_owned(), "Teams".to_owned()])),
                _ => Vec::new(),
            }
        }

        fn names(&self) -> BTreeMap<String, SetKind> {
            ["second floor", "web", "chat"].iter().filter_map(|n| Some(((*n).to_owned(), self.kind(n)?))).collect()
        }
    }

    fn filter(text: &str) -> Expr {
        parse_with(text, &FLOWS, &Known).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn names_stay_in_the_filter() {
        for (text, want) in [
            ("src in @guests", "src_ip in @guests"),
            ("@guests and not @web or @chat", "(ip in @guests and not port in @web) or app in @chat"),
            ("ip = @guests or port != @web", "ip in @guests or not port in @web"),
            ("dst_ip not in @\"second floor\"", "not dst_ip in @\"second floor\""),
            (
                "app in @chat and tls_alpn in @chat and proto in @web",
                "app in @chat and tls_alpn in @chat and proto in @web",
            ),
        ] {
            let expr = filter(text);
            assert_eq!(expr.to_string(), want, "{text}");
            assert_eq!(filter(want), expr, "{text}");
            assert!(expr.has_names() && !filter("tcp or not port 80").has_names());
        }
    }

    #[test]
    fn sets_are_written_out_as_known_now_or_then() {
        let now = AsOf::At(Time(150_000_000_000));
        let later = AsOf::At(Time(200_000_000_000));
        let then = "(time_start < 1970-01-01T00:01:40Z and src_ip in [192.0.2.0/25]) or (time_start >= 1970-01-01T00:01:40Z \
                    and time_start < 1970-01-01T00:03:20Z and src_ip in [192.0.2.128/25 2001:db8::/64])";
        for (text, as_of, want) in [
            ("src in @guests", now, "src_ip in [192.0.2.128/25 2001:db8::/64]"),
            ("src in @guests", AsOf::Then, then),
            ("port in @web", now, "port in [80 8000-8100 60000-65535]"),
            ("not app in @chat", AsOf::Then, "not app in [\"Slack\" \"Teams\"]"),
            ("tcp or port 80", now, "proto = tcp or port = 80"),
        ] {
            assert_eq!(filter(text).resolve(&Known, as_of).map(|e| e.to_string()).as_deref(), Ok(want), "{text}");
        }
        let gone = filter("src in @guests").resolve(&Known, later).expect("a set without members");
        assert_eq!(gone, Expr::Or(vec![]));
        // Written down it still means that no flow passes, alone and within others.
        for (expr, want) in [
            (gone.clone(), "not any"),
            (filter("tcp").and(gone.clone()), "proto = tcp and not any"),
            (Expr::Not(Box::new(gone)), "not not any"),
        ] {
            assert_eq!(expr.to_string(), want);
            assert_eq!(parse(want).map(|read| read.to_string()).as_deref(), Ok(want));
        }
        let error = filter("src in @guests").resolve(&NoSets, now);
        assert_eq!(error, Err(SetError::Unknown("guests".to_owned())));
    }

    #[test]
    fn errors_name_place_and_the_nearest_set() {
        for (text, at, len, part) in [
            ("src in @guest", 7, 6, "there is no set `@guest`; did you mean @guests?"),
            ("src in @wbe", 7, 4, "there is no set `@wbe`; did you mean @web?"),
            ("tcp and @nobody", 8, 7, "there is no set `@nobody`"),
            ("src in @web", 7, 4, "`@web` holds ports, and src_ip wants addresses"),
            ("app in @guests", 7, 7, "`@guests` holds addresses, and app wants names"),
            ("mac in @guests", 7, 7, "got `@guests`, want [ or a MAC address"),
            ("ip in [10/8 @guests]", 12, 7, "got `@guests`, want a comma, ] or an address or prefix"),
            ("src in @", 7, 1, "got `@`, want [ or an address or prefix"),
        ] {
            let error = parse_with(text, &FLOWS, &Past).expect_err(text);
            assert_eq!((error.at, error.len), (at, len), "{text}: {error}");
            assert!(error.message_en().contains(part), "{text}: {error}");
            assert!(!error.message_ja().is_empty());
        }
        assert!(matches!(parse("src in @guests").map_err(|e| e.cause), Err(Cause::UnknownSet { suggestion: None })));
    }

    /// As if `guests` were there today.
    struct Past;

    impl Sets for Past {
        fn kind(&self, name: &str) -> Option<SetKind> {
            Known.kind(name)
        }

        fn versions(&self, name: &str) -> Vec<SetVersion> {
            Known.versions(name)
        }

        fn names(&self) -> BTreeMap<String, SetKind> {
            let mut names = Known.names();
            names.insert("guests".to_owned(), SetKind::Addresses);
            names
        }
    }

    #[test]
    fn sets_are_proposed_where_they_fit() {
        for (text, want) in [
            ("src in ", vec!["@guests", "@\"second floor\"", "["]),
            ("src in @g", vec!["@guests"]),
            ("port in @", vec!["@web"]),
            ("app in ", vec!["@chat", "["]),
            ("tcp and @w", vec!["@web"]),
        ] {
            let found = complete_with(text, text.chars().count(), &FLOWS, &Past);
            let texts: Vec<_> = found.items.iter().map(|i| i.text.as_str()).collect();
            assert_eq!(texts, want, "{text}");
        }
    }

    #[test]
    fn what_is_written_out_is_read_back_although_it_is_long() {
        let expr = filter("not (src in @guests and port in @web) or dst in @guests");
        assert_eq!(expr.sets().into_iter().collect::<Vec<_>>(), ["guests", "web"]);
        let prefixes: Vec<String> = (0..5_000).map(|n| format!("10.{}.{}.0/24", n / 256, n % 256)).collect();
        let long = format!("src_ip in [{}]", prefixes.join(" "));
        assert!(matches!(parse(&long).map_err(|e| e.cause), Err(Cause::TooLong { .. })));
        assert_eq!(crate::parse_written_out(&long).map(|expr| expr.to_string()), Ok(long));
    }

    #[test]
    fn a_filter_has_no_more_members_than_its_bound() {
        struct Many;
        impl Sets for Many {
            fn kind(&self, _: &str) -> Option<SetKind> {
                Some(SetKind::Addresses)
            }
            fn versions(&self, _: &str) -> Vec<SetVersion> {
                let one = "192.0.2.0/24".parse().expect("a prefix");
                vec![SetVersion { from: None, to: None, members: Members::Addresses(vec![one; MAX_MEMBERS / 2]) }]
            }
            fn names(&self) -> BTreeMap<String, SetKind> {
                BTreeMap::new()
            }
        }
        let resolve = |text: &str| parse_with(text, &FLOWS, &Many).expect("a filter").resolve(&Many, AsOf::Then);
        assert!(resolve("src in @a and dst in @b").is_ok());
        assert_eq!(resolve("src in @a and ip in @b"), Err(SetError::TooLarge(MAX_MEMBERS)));
    }

    /// `upload` changed at 100 s and ended at 200 s; `big` asks for it; `round` for itself; `broken` for a set that is gone.
    struct Tagged;

    impl Sets for Tagged {
        fn kind(&self, name: &str) -> Option<SetKind> {
            Known.kind(name)
        }

        fn versions(&self, name: &str) -> Vec<SetVersion> {
            Known.versions(name)
        }

        fn names(&self) -> BTreeMap<String, SetKind> {
            Known.names()
        }

        fn tag(&self, name: &str) -> Option<Vec<TagVersion>> {
            let at = |secs: i64| Some(Time(secs * 1_000_000_000));
            let one = |from, to, filter: &str| TagVersion { from, to, filter: filter.to_owned() };
            Some(match name {
                "upload" => vec![
                    one(at(50), at(100), "src in @guests and dst_port = 80"),
                    one(at(100), at(200), "src in @guests or tcp"),
                ],
                "big" => vec![one(None, None, "tag upload and bytes > 1M")],
                "third floor" => vec![one(None, None, "udp")],
                "round" => vec![one(None, None, "tag round or tcp")],
                "broken" => vec![one(None, None, "tcp and src in @gone")],
                "wide" => vec![one(None, None, &vec!["tag many"; 500].join(" or "))],
                "many" => vec![one(None, None, &vec!["port 80"; 500].join(" or "))],
                _ => return None,
            })
        }

        fn tags(&self) -> Vec<String> {
            ["big", "third floor", "upload"].map(str::to_owned).to_vec()
        }
    }

    fn tagged(text: &str) -> Expr {
        parse_with(text, &FLOWS, &Tagged).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn tags_keep_their_names_in_one_form() {
        for (text, want) in [
            ("tag upload", "tag = upload"),
            ("TAG = 'third floor'", "tag = \"third floor\""),
            ("tag != upload and tcp", "not tag = upload and proto = tcp"),
            ("tag in [upload, big]", "tag = upload or tag = big"),
            ("tag not in [upload big]", "not (tag = upload or tag = big)"),
            ("not tag in big", "not tag = big"),
        ] {
            let expr = tagged(text);
            assert_eq!(expr.to_string(), want, "{text}");
            assert_eq!(tagged(want), expr, "{text}");
            assert!(expr.has_names() && asks_for_names(text) && !expr.tags().is_empty() && expr.sets().is_empty());
        }
        assert!(!asks_for_names("tcp and port 80"));
    }

    #[test]
    fn tags_are_written_out_as_known_now_or_then() {
        let secs = |secs: i64| Time(secs * 1_000_000_000);
        for (text, as_of, want) in [
            ("tag upload", AsOf::At(secs(150)), "src_ip in [192.0.2.128/25 2001:db8::/64] or proto = tcp"),
            ("tag upload", AsOf::At(secs(60)), "src_ip in [192.0.2.0/25] and dst_port = 80"),
            ("tag upload", AsOf::At(secs(200)), "not any"),
            ("tag big", AsOf::At(secs(60)), "(src_ip in [192.0.2.0/25] and dst_port = 80) and bytes > 1M"),
        ] {
            let meant = tagged(text).resolve(&Tagged, as_of).expect(text);
            assert!(!meant.has_names(), "{text}");
            assert_eq!(parse(&meant.to_string()).map(|e| e.to_string()), parse(want).map(|e| e.to_string()), "{text}");
        }
        let then = tagged("tag upload").resolve(&Tagged, AsOf::Then).expect("written out").to_string();
        for part in ["time_start >= 1970-01-01T00:00:50Z", "time_start < 1970-01-01T00:03:20Z", "dst_port = 80"] {
            assert!(then.contains(part), "{part}: {then}");
        }
        // The set within has its own time within the tag's.
        assert!(then.contains("time_start < 1970-01-01T00:01:40Z and src_ip in [192.0.2.0/25]"), "{then}");
    }

    #[test]
    fn wrong_tags_are_named_with_their_place() {
        for (text, at, part) in [
            ("tcp and tag uplod", 12, "there is no tag `uplod`; did you mean upload?"),
            ("tag", 3, "the filter ends, want the name of a tag"),
            ("tag in [upload", 14, "the filter ends, want"),
            ("tag > upload", 4, "got `>`"),
            ("tag @guests", 4, "got `@guests`, want the name of a tag"),
        ] {
            let error = parse_with(text, &FLOWS, &Tagged).expect_err(text);
            assert!(error.at == at && error.message_en().contains(part), "{text}: {error}");
            assert!(!error.message_ja().is_empty());
        }
        let now = AsOf::At(Time(0));
        let fault = |text: &str| tagged(text).resolve(&Tagged, now).expect_err(text).to_string();
        assert_eq!(fault("tag round"), "tag round contains itself, or there are more than 8 levels");
        assert_eq!(fault("tag broken"), "tag broken: character 16: there is no set `@gone`");
        assert_eq!(fault("tag wide"), "the tags of the filter have more than 20000 tests, want at most that");
        let gone = tagged("tag upload").resolve(&Known, now);
        assert_eq!(gone, Err(SetError::UnknownTag("upload".to_owned())));
    }

    #[test]
    fn tags_are_proposed_behind_their_word() {
        for (text, want) in [("tag u", vec!["upload"]), ("tag th", vec!["\"third floor\""]), ("tag in [b", vec!["big"])]
        {
            let found = complete_with(text, text.chars().count(), &FLOWS, &Tagged);
            assert_eq!(found.items.iter().map(|i| i.text.as_str()).collect::<Vec<_>>(), want, "{text}");
        }
    }
}
