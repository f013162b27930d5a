// SPDX-License-Identifier: Apache-2.0
//! Profiles in time: what a channel stands for when, and what is refused.

use super::*;

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
        Profiles::create(&self.definitions, name, of, None, t(now))
    }

    fn change(&self, name: &str, of: &Profile, from: i64, now: i64) -> Result<ProfileVersion, ProfileError> {
        Profiles::change(&self.definitions, name, of, Some(t(from)), t(now))
    }

    fn all(&self) -> Profiles {
        Profiles::load(&self.definitions).expect("loads")
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
    Profiles::change(&case.definitions, "a", &second, Some(Time(5 * MINUTE + 1)), t(9)).expect("changed");
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
    let found: BTreeMap<_, _> = case.all().filters(t(60), i64::MIN);
    let all = ("any", ever.clone());
    assert_eq!(
        found,
        want(&[all.clone(), ("dst_port = 1", ever.clone()), ("dst_port = 17", ever.clone()), ("dst_port = 6", 10..50)])
    );
    assert!(!case.all().filters(t(60), 50).contains_key("dst_port = 6"));
    Profiles::delete(&case.definitions, "a", None, t(80)).expect("deleted");
    let found = case.all().filters(t(90), i64::MIN);
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
    let error = Profiles::delete(&case.definitions, "a", None, t(5)).expect_err("refused");
    assert_eq!(
        (path(&error), error.to_string().as_str()),
        (("name", None), "name: it is the parent of b: delete these first")
    );
    assert_eq!(path(&Profiles::delete(&case.definitions, "live", None, t(5)).expect_err("refused")), ("name", None));
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
    let early = Profiles::create(&case.definitions, "b", &child, Some(t(5)), t(20)).expect_err("refused");
    assert_eq!(path(&early), ("parent", None));
    Profiles::delete(&case.definitions, "a", Some(t(15)), t(20)).expect("deleted");
    let early = Profiles::create(&case.definitions, "b", &child, Some(t(12)), t(20)).expect_err("refused");
    assert_eq!(path(&early), ("parent", None));
}
