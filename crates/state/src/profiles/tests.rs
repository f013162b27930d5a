// SPDX-License-Identifier: Apache-2.0
//! Profiles in time: what a channel stands for when, and what is refused.

use std::collections::BTreeMap;

use minamo_filter::{Members, NoSets, SetKind, SetVersion};

use super::*;
use crate::SetBody;

struct Case {
    _dir: tempfile::TempDir,
    definitions: Definitions,
}

/// The start of a minute.
fn t(minute: i64) -> Time {
    Time(minute * MINUTE)
}

fn profile(parent: &str, channels: &[(&str, &str)]) -> Profile {
    let channel = |(name, filter): &(&str, &str)| ChannelDef { name: (*name).to_owned(), filter: (*filter).to_owned() };
    Profile { parent: parent.to_owned(), channels: channels.iter().map(channel).collect(), granularity_secs: 300 }
}

impl Case {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let definitions = Definitions::open(&dir.path().join("state.db")).expect("opens");
        Self { _dir: dir, definitions }
    }

    fn create(&self, name: &str, of: &Profile, now: i64) -> Result<ProfileVersion, ProfileError> {
        Profiles::create(&self.definitions, name, of, (None, t(now)), &NoSets)
    }

    fn change(&self, name: &str, of: &Profile, from: i64, now: i64) -> Result<ProfileVersion, ProfileError> {
        Profiles::change(&self.definitions, name, of, (Some(t(from)), t(now)), &NoSets)
    }

    fn all(&self) -> Profiles {
        Profiles::load(&self.definitions, &NoSets).expect("loads")
    }

    fn lines(&self, name: &str, minutes: Range<i64>, as_known: AsKnown, now: i64) -> Vec<String> {
        let lines = self.all().lines(name, &[], minutes, as_known, t(now)).expect("lines");
        let part = |part: &Part| format!("{}-{} {}", part.minutes.start, part.minutes.end, part.filter);
        let line =
            |line: &Line| format!("{}: {}", line.channel, line.parts.iter().map(part).collect::<Vec<_>>().join("; "));
        lines.iter().map(line).collect()
    }
}

fn path(error: &ProfileError) -> (&str, Option<usize>) {
    match error {
        ProfileError::Bad { path, at, .. } => (path, *at),
        other => panic!("{other}"),
    }
}

#[test]
fn a_profile_changed_in_the_middle_is_read_both_ways() {
    let case = Case::new();
    case.create("web", &profile("live", &[("plain", "dst_port = 80"), ("tls", "dst_port = 443")]), 10).expect("made");
    case.change("web", &profile("live", &[("tls", "dst_port in [443 8443]"), ("quic", "dst_port = 17")]), 50, 60)
        .expect("changed");
    assert_eq!(
        case.lines("web", 0..100, AsKnown::Then, 70),
        [
            "tls: 10-50 dst_port = 443; 50-100 dst_port in [443 8443]",
            "quic: 50-100 dst_port = 17",
            "plain: 10-50 dst_port = 80",
        ]
    );
    assert_eq!(
        case.lines("web", 0..100, AsKnown::Now, 70),
        ["tls: 0-100 dst_port in [443 8443]", "quic: 0-100 dst_port = 17",]
    );
    assert_eq!(case.lines("web", 20..30, AsKnown::Then, 70).len(), 2);
    let only = case.all().lines("web", &["quic".to_owned()], 0..100, AsKnown::Then, t(70)).expect("lines");
    assert_eq!(only.len(), 1);
    let error = case.all().lines("web", &["udp".to_owned()], 0..100, AsKnown::Now, t(70)).expect_err("refused");
    assert_eq!(path(&error), ("channels", None));
}

#[test]
fn what_is_in_force_as_a_minute_begins_holds_for_all_of_it() {
    let case = Case::new();
    case.create("a", &profile("live", &[("c", "dst_port = 6")]), 0).expect("made");
    let second = profile("live", &[("c", "dst_port = 17")]);
    Profiles::change(&case.definitions, "a", &second, (Some(Time(5 * MINUTE + 1)), t(9)), &NoSets).expect("changed");
    assert_eq!(case.lines("a", 0..9, AsKnown::Then, 9), ["c: 0-6 dst_port = 6; 6-9 dst_port = 17"]);
}

#[test]
fn a_channel_lies_within_the_profiles_above_as_they_were() {
    let case = Case::new();
    case.create("office", &profile("live", &[("a", "src_port = 1"), ("b", "src_port = 2")]), 0).expect("made");
    case.create("web", &profile("office", &[("tls", "dst_port = 443")]), 0).expect("made");
    case.create("same", &profile("web", &[]), 0).expect("made");
    case.change("office", &profile("live", &[("a", "src_port = 1")]), 40, 50).expect("changed");
    let want = "0-40 (src_port = 1 or src_port = 2) and dst_port = 443; 40-100 src_port = 1 and dst_port = 443";
    assert_eq!(case.lines("web", 0..100, AsKnown::Then, 60), [format!("tls: {want}")]);
    assert_eq!(case.lines("same", 0..100, AsKnown::Then, 60), [format!("all: {want}")]);
    assert_eq!(case.lines("web", 0..100, AsKnown::Now, 60), ["tls: 0-100 src_port = 1 and dst_port = 443"]);
    assert_eq!(case.lines("live", 0..100, AsKnown::Then, 60), ["all: 0-100 any"]);
    case.create("all", &profile("live", &[("x", ""), ("y", "dst_port = 6")]), 0).expect("made");
    case.create("below", &profile("all", &[]), 0).expect("made");
    assert_eq!(case.lines("below", 0..1, AsKnown::Now, 60), ["all: 0-1 any"]);
}

#[test]
fn filters_are_wanted_for_as_long_as_they_can_be_asked_for() {
    let case = Case::new();
    case.create("a", &profile("live", &[("x", "dst_port = 6"), ("y", "dst_port = 1")]), 10).expect("made");
    case.change("a", &profile("live", &[("x", "dst_port = 17"), ("y", "dst_port = 1")]), 50, 60).expect("changed");
    let ever = i64::MIN..i64::MAX;
    let want = |list: &[(&str, Range<i64>)]| list.iter().map(|(f, s)| ((*f).to_owned(), s.clone())).collect();
    let found: BTreeMap<_, _> = case.all().filters(t(60), i64::MIN).scopes;
    let all = ("any", ever.clone());
    assert_eq!(
        found,
        want(&[all.clone(), ("dst_port = 1", ever.clone()), ("dst_port = 17", ever.clone()), ("dst_port = 6", 10..50)])
    );
    assert!(!case.all().filters(t(60), 50).scopes.contains_key("dst_port = 6"));
    Profiles::delete(&case.definitions, "a", (None, t(80)), &NoSets).expect("deleted");
    let found = case.all().filters(t(90), i64::MIN).scopes;
    assert_eq!(found, want(&[all, ("dst_port = 1", 10..80), ("dst_port = 17", 50..80), ("dst_port = 6", 10..50)]));
    assert_eq!(
        case.lines("a", 0..100, AsKnown::Then, 90),
        ["x: 10-50 dst_port = 6; 50-80 dst_port = 17", "y: 10-80 dst_port = 1"]
    );
    assert!(matches!(case.all().lines("a", &[], 0..9, AsKnown::Now, t(90)), Err(ProfileError::Missing { .. })));
    case.create("a", &profile("live", &[]), 95).expect("made again");
    assert_eq!(case.all().history("a").expect("known").len(), 4);
}

#[test]
fn wrong_profiles_are_refused_by_member_and_place() {
    let case = Case::new();
    case.create("a", &profile("live", &[]), 0).expect("made");
    case.create("b", &profile("a", &[]), 0).expect("made");
    let refused = |name: &str, of: &Profile| case.create(name, of, 5).expect_err("refused");
    let bad = |channels: &[(&str, &str)]| refused("c", &profile("live", channels));
    assert_eq!(path(&bad(&[("x", ""), ("y", "src_port = 6 and nothing = 1")])), ("channels[1].filter", Some(17)));
    assert_eq!(path(&bad(&[("x", ""), ("x", "")])), ("channels[1].name", None));
    assert_eq!(path(&bad(&[("x/y", "")])), ("channels[0].name", None));
    assert_eq!(path(&bad(&vec![("x", ""); MAX_CHANNELS + 1])), ("channels", None));
    for name in ["", " a", "x/y", "a\n", &"x".repeat(65), "live"] {
        assert_eq!(path(&refused(name, &Profile::default())), ("name", None), "{name:?}");
    }
    assert_eq!(path(&refused("c", &profile("nobody", &[]))), ("parent", None));
    assert_eq!(
        path(&refused("c", &Profile { granularity_secs: 90, ..Profile::default() })),
        ("granularity_secs", None)
    );
    assert!(matches!(refused("a", &Profile::default()), ProfileError::Exists { .. }));
    assert_eq!(path(&case.change("a", &profile("b", &[]), 5, 5).expect_err("refused")), ("parent", None));
    assert_eq!(path(&case.change("a", &profile("a", &[]), 5, 5).expect_err("refused")), ("parent", None));
    assert_eq!(path(&case.change("a", &profile("live", &[]), 6, 5).expect_err("refused")), ("valid_from", None));
    let error = Profiles::delete(&case.definitions, "a", (None, t(5)), &NoSets).expect_err("refused");
    assert_eq!(
        (path(&error), error.to_string().as_str()),
        (("name", None), "name: it is the parent of b: delete these first")
    );
    assert_eq!(
        path(&Profiles::delete(&case.definitions, "live", (None, t(5)), &NoSets).expect_err("refused")),
        ("name", None)
    );
    assert!(matches!(case.change("zzz", &profile("live", &[]), 5, 5), Err(ProfileError::Missing { .. })));
    for depth in 0..MAX_DEPTH {
        let parent = if depth == 0 { "b".to_owned() } else { format!("d{}", depth - 1) };
        let made = case.create(&format!("d{depth}"), &profile(&parent, &[]), 5);
        assert_eq!(made.is_ok(), depth + 3 <= MAX_DEPTH, "level {depth}");
    }
    assert_eq!(case.all().list(t(5)).first().map(|v| v.name.as_str()), Some(LIVE));
    assert!(case.create("社内 Web", &profile("live", &[("サーバー", "dst_port = 80")]), 5).is_ok());
}

#[test]
fn a_filter_must_stay_readable_together_with_those_above() {
    let case = Case::new();
    let long: Vec<String> = (0..900).map(|n| format!("src_port = {n}")).collect();
    let long = long.join(" or ");
    case.create("a", &profile("live", &[("x", &long)]), 0).expect("made");
    let error = case.create("b", &profile("a", &[("y", ""), ("z", &long)]), 0).expect_err("refused");
    assert_eq!(path(&error), ("channels[1].filter", None));
    assert!(error.to_string().contains("profiles above"), "{error}");
}

#[test]
fn a_child_cannot_reach_into_a_time_without_its_parent() {
    let case = Case::new();
    case.create("a", &profile("live", &[]), 10).expect("made");
    let child = profile("a", &[]);
    let early = Profiles::create(&case.definitions, "b", &child, (Some(t(5)), t(20)), &NoSets).expect_err("refused");
    assert_eq!(path(&early), ("parent", None));
    Profiles::delete(&case.definitions, "a", (Some(t(15)), t(20)), &NoSets).expect("deleted");
    let early = Profiles::create(&case.definitions, "b", &child, (Some(t(12)), t(20)), &NoSets).expect_err("refused");
    assert_eq!(path(&early), ("parent", None));
}

/// Makes and changes the set `guests`, in force from a minute on.
fn guests(case: &Case, members: &[&str], from: i64, now: i64) {
    let body = SetBody { members: members.iter().map(|m| (*m).to_owned()).collect(), note: None };
    let when = (Some(t(from)), t(now));
    let written = match NamedSets::load(&case.definitions).expect("loads").at("guests", t(now)) {
        None => NamedSets::create(&case.definitions, "guests", SetKind::Addresses, &body, when, &NoSets),
        Some(_) => NamedSets::change(&case.definitions, "guests", &body, when, &NoSets),
    };
    written.expect("written");
}

#[test]
fn a_channel_means_what_its_sets_hold_at_each_minute() {
    let case = Case::new();
    guests(&case, &["192.0.2.1"], 10, 10);
    case.create("a", &profile("live", &[("in", "dst in @guests"), ("web", "port 80")]), 20).expect("made");
    case.create("below", &profile("a", &[("tls", "dst port 443")]), 30).expect("made");
    guests(&case, &["192.0.2.2", "192.0.2.3"], 40, 70);
    let web = "web: 20-100 port = 80";
    assert_eq!(
        case.lines("a", 0..100, AsKnown::Then, 70),
        ["in: 20-40 dst_ip in [192.0.2.1/32]; 40-100 dst_ip in [192.0.2.2/32 192.0.2.3/32]", web]
    );
    assert_eq!(
        case.lines("a", 0..100, AsKnown::Now, 70),
        ["in: 0-100 dst_ip in [192.0.2.2/32 192.0.2.3/32]", "web: 0-100 port = 80"]
    );
    // What lies below changes with it, and each filter is wanted for the time in which it was in force.
    let below = case.lines("below", 0..100, AsKnown::Then, 70);
    assert!(below[0].contains("30-40 (dst_ip in [192.0.2.1/32]") && below[0].contains("; 40-100 "), "{below:?}");
    let wanted = case.all().filters(t(70), i64::MIN);
    assert_eq!(wanted.scopes.get("dst_ip in [192.0.2.1/32]"), Some(&(20..40)));
    assert_eq!(wanted.scopes.get("dst_ip in [192.0.2.2/32 192.0.2.3/32]"), Some(&(i64::MIN..i64::MAX)));
    assert!(wanted.faults.is_empty() && wanted.left_out == 0);
    assert_eq!((case.all().next_change(t(0)), case.all().next_change(t(40))), (Some(t(10)), None));
    // A set that is asked for cannot be ended; without the channel it can, and its past stays.
    let fault = NamedSets::delete(&case.definitions, "guests", (None, t(80)), &NoSets).expect_err("refused");
    assert_eq!(fault.to_string(), "channel in of profile a asks for it: change that first");
    case.change("a", &profile("live", &[("web", "port 80")]), 80, 80).expect("changed");
    NamedSets::delete(&case.definitions, "guests", (None, t(90)), &NoSets).expect("ended");
    let lines = case.lines("a", 0..100, AsKnown::Then, 95);
    assert_eq!(lines[1], "in: 20-40 dst_ip in [192.0.2.1/32]; 40-80 dst_ip in [192.0.2.2/32 192.0.2.3/32]");
}

#[test]
fn a_set_without_a_version_holds_nobody_and_one_that_is_gone_is_an_error() {
    struct File(bool);
    impl Sets for File {
        fn kind(&self, name: &str) -> Option<SetKind> {
            (self.0 && name == "office").then_some(SetKind::Addresses)
        }
        fn versions(&self, name: &str) -> Vec<SetVersion> {
            let members = || Members::Addresses(vec!["192.0.2.0/24".parse().expect("a prefix")]);
            let version = |_| SetVersion { from: Some(t(50)), to: None, members: members() };
            self.kind(name).map(version).into_iter().collect()
        }
        fn names(&self) -> BTreeMap<String, SetKind> {
            BTreeMap::new()
        }
    }
    let case = Case::new();
    let of = profile("live", &[("in", "src in @office"), ("out", "not src in @office")]);
    Profiles::create(&case.definitions, "a", &of, (None, t(10)), &File(true)).expect("made");
    let all = Profiles::load(&case.definitions, &File(true)).expect("loads");
    let lines = all.lines("a", &[], 40..60, AsKnown::Then, t(60)).expect("lines");
    let texts: Vec<_> = lines.iter().flat_map(|line| &line.parts).map(|part| part.filter.to_string()).collect();
    assert_eq!(texts, ["not any", "src_ip in [192.0.2.0/24]", "not not any", "not src_ip in [192.0.2.0/24]"]);
    assert_eq!(all.next_change(t(10)), Some(t(50)));
    let all = Profiles::load(&case.definitions, &File(false)).expect("loads");
    let error = all.lines("a", &[], 40..60, AsKnown::Now, t(60)).expect_err("refused");
    assert_eq!(error.to_string(), "channel in of profile a: character 8: there is no set `@office`");
    assert_eq!(all.filters(t(60), i64::MIN).faults.len(), 1);
    let error = case.create("b", &profile("live", &[("x", "tcp and src in @ofice")]), 60).expect_err("refused");
    assert_eq!(path(&error), ("channels[0].filter", Some(15)));
}

#[test]
fn filters_beyond_the_room_for_rollups_are_left_out_the_oldest_first() {
    let case = Case::new();
    guests(&case, &["192.0.2.1"], 0, 0);
    case.create("a", &profile("live", &[("x", "src in @guests")]), 1).expect("made");
    for minute in 2..9 {
        guests(&case, &[&format!("192.0.2.{minute}")], minute, minute);
    }
    let one = "src_ip in [192.0.2.1/32]".len();
    let wanted = case.all().filters_within(t(20), i64::MIN, "any".len() + 3 * one);
    let scopes: Vec<_> = wanted.scopes.iter().map(|(text, scope)| (text.as_str(), scope.start)).collect();
    let want = [
        ("any", i64::MIN),
        ("src_ip in [192.0.2.6/32]", 6),
        ("src_ip in [192.0.2.7/32]", 7),
        ("src_ip in [192.0.2.8/32]", i64::MIN),
    ];
    assert_eq!((scopes.as_slice(), wanted.left_out), (&want[..], 5));
}
