// SPDX-License-Identifier: Apache-2.0
//! Versions, what was valid when, named sets, and the form in which they are kept.

use super::{entry, prefix, time};
use crate::{Definitions, Entry, Fault, Period, Version};

fn version(from: Option<&str>, to: Option<&str>, entries: Vec<Entry>) -> Version {
    Version { valid_from: from.map(time), valid_to: to.map(time), entries }
}

const JUNE: &str = "2026-06-01T00:00:00Z";
const JULY: &str = "2026-07-01T00:00:00Z";
const AUGUST: &str = "2026-08-01T00:00:00Z";

fn sample() -> Definitions {
    let june = vec![entry("192.0.2.0/24", "guests", &[]), entry("198.51.100.0/24", "lab", &["wired"])];
    let july = vec![entry("192.0.2.0/25", "guests", &[]), entry("198.51.100.0/24", "lab", &["wired"])];
    Definitions::new(vec![
        version(Some(JULY), Some(AUGUST), july),
        version(Some(JUNE), Some(JULY), june),
        version(Some("2026-09-01T00:00:00Z"), None, vec![entry("198.51.100.0/24", "", &["wired"])]),
    ])
    .expect("good definitions")
}

#[test]
fn each_instant_has_the_version_that_was_valid_then() {
    let definitions = sample();
    let first = |at| definitions.at(time(at)).map(|v| v.entries[0].prefix.to_string());
    assert_eq!(first("2026-05-31T23:59:59Z"), None);
    assert_eq!(first(JUNE).as_deref(), Some("192.0.2.0/24"));
    assert_eq!(first("2026-06-30T23:59:59.999999999Z").as_deref(), Some("192.0.2.0/24"));
    assert_eq!(first(JULY).as_deref(), Some("192.0.2.0/25"), "the end does not belong to it");
    assert_eq!(first(AUGUST), None, "a gap");
    assert_eq!(first("2200-01-01T00:00:00Z").as_deref(), Some("198.51.100.0/24"));
}

#[test]
fn a_set_is_known_at_an_instant_and_over_all_time() {
    let definitions = sample();
    assert_eq!(definitions.set("guests", time(JUNE)), Some(vec![prefix("192.0.2.0/24")]));
    assert_eq!(definitions.set("guests", time(JULY)), Some(vec![prefix("192.0.2.0/25")]));
    assert_eq!(definitions.set("guests", time(AUGUST)), None);
    assert_eq!(definitions.set("wired", time(JULY)), Some(vec![prefix("198.51.100.0/24")]), "a tag");
    let period = |from: &str, to: Option<&str>, p: &str| Period {
        valid_from: Some(time(from)),
        valid_to: to.map(time),
        prefix: prefix(p),
    };
    let guests = vec![period(JUNE, Some(JULY), "192.0.2.0/24"), period(JULY, Some(AUGUST), "192.0.2.0/25")];
    assert_eq!(definitions.set_over_time("guests"), Some(guests));
    let wired =
        vec![period(JUNE, Some(AUGUST), "198.51.100.0/24"), period("2026-09-01T00:00:00Z", None, "198.51.100.0/24")];
    assert_eq!(definitions.set_over_time("wired"), Some(wired), "what goes on is one period, a gap makes two");
    assert_eq!(definitions.set_over_time("nobody"), None);
    assert_eq!(definitions.names(time(JUNE)).into_iter().collect::<Vec<_>>(), ["guests", "lab", "wired"]);
}

#[test]
fn a_set_has_no_prefix_inside_another() {
    let entries = ["10.1.0.0/16", "10.1.2.0/24", "10.2.0.0/16", "10.0.0.0/16", "2001:db8::/32", "2001:db8:1::/48"];
    let definitions =
        Definitions::always(entries.iter().map(|p| entry(p, "", &["office"])).collect()).expect("good definitions");
    let set = definitions.set("office", time(JUNE)).expect("a set");
    let texts: Vec<_> = set.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["10.0.0.0/16", "10.1.0.0/16", "10.2.0.0/16", "2001:db8::/32"]);
}

#[test]
fn contradictions_are_refused() {
    let one = vec![entry("192.0.2.0/24", "a", &[])];
    let overlap =
        Definitions::new(vec![version(None, Some(JULY), one.clone()), version(Some(JUNE), None, one.clone())]);
    assert_eq!(overlap, Err(Fault::Overlap { at: Some(time(JUNE)) }));
    let backwards = Definitions::new(vec![version(Some(JULY), Some(JUNE), one.clone())]);
    assert_eq!(backwards, Err(Fault::Overlap { at: Some(time(JULY)) }));
    let two = Definitions::always(vec![entry("192.0.2.0/24", "a", &[]), entry("192.0.2.0/24", "b", &[])]);
    let names = ["a".to_owned(), "b".to_owned()];
    assert_eq!(two, Err(Fault::TwoNames { prefix: prefix("192.0.2.0/24"), names }));
    assert!(Definitions::always(vec![entry("192.0.2.0/24", "a", &[]), entry("192.0.2.0/24", "", &["t"])]).is_ok());
    for (name, tags) in
        [("a\nb", vec![]), (" a", vec![]), ("a", vec!["two words"]), ("a", vec![""]), ("a", vec!["a,b"])]
    {
        assert!(Definitions::always(vec![entry("192.0.2.0/24", name, &tags)]).is_err(), "{name:?} {tags:?}");
    }
    assert!(Definitions::always(vec![entry("192.0.2.0/24", "本社 2 階", &["来客"])]).is_ok());
}

#[test]
fn entries_with_times_of_their_own_become_versions() {
    let dated = vec![
        (entry("192.0.2.0/24", "old", &[]), None, Some(time(JULY))),
        (entry("192.0.2.0/24", "new", &[]), Some(time(JULY)), None),
        (entry("198.51.100.0/24", "lab", &[]), Some(time(JUNE)), Some(time(AUGUST))),
    ];
    let definitions = Definitions::of_dated(dated).expect("good definitions");
    let names: Vec<_> = ["2000-01-01T00:00:00Z", JUNE, JULY, AUGUST]
        .iter()
        .map(|at| definitions.names(time(at)).into_iter().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(names, ["old", "lab old", "lab new", "new"]);
    assert_eq!(definitions.versions().len(), 4);
    assert_eq!(Definitions::of_dated(vec![]).expect("nothing").versions().len(), 0);
}

#[test]
fn later_definitions_leave_the_past_as_it_was() {
    let mut definitions = Definitions::always(vec![entry("192.0.2.0/24", "a", &[])]).expect("good");
    let later = Definitions::always(vec![entry("192.0.2.0/24", "b", &[])]).expect("good");
    definitions.supersede(time(JULY), later.clone());
    assert!(definitions.set("a", time(JUNE)).is_some() && definitions.set("b", time(JULY)).is_some());
    assert_eq!(definitions.versions().len(), 2);
    definitions.supersede(time(AUGUST), later);
    assert_eq!(definitions.versions().len(), 2, "the same again is no new version");
    assert_eq!(definitions.versions()[1].valid_to, None);
    definitions.supersede(time(JUNE), Definitions::default());
    assert_eq!((definitions.versions().len(), definitions.versions()[0].valid_to), (1, Some(time(JUNE))));
    let mut checked = sample();
    checked.supersede(time("2026-07-10T00:00:00Z"), sample());
    assert_eq!(checked, sample(), "cut and continued alike");
    assert_eq!((checked.keep(2, 100), checked.versions().len()), (1, 2));
    assert_eq!(checked.at(time(JUNE)), None);
    assert_eq!((checked.keep(2, 3), checked.keep(2, 2), checked.keep(2, 0)), (0, 1, 0), "the newest one always stays");
}

#[test]
fn json_keeps_everything_and_is_checked_when_read() {
    let text = serde_json::to_string(&sample()).expect("JSON");
    assert_eq!(serde_json::from_str::<Definitions>(&text).expect("its own JSON"), sample());
    let short = r#"{"versions":[{"entries":[{"prefix":"192.0.2.0/24","name":"a"}]}]}"#;
    let read: Definitions = serde_json::from_str(short).expect("JSON");
    assert_eq!(serde_json::to_string(&read).expect("JSON"), short, "what is absent is not written");
    for (bad, want) in [
        (r#"{"versions":[{"entries":[{"prefix":"192.0.2.0/33"}]}]}"#, "got prefix length 33, want at most 32"),
        (r#"{"versions":[{"entries":[{"prefix":"192.0.2.0/24","nmae":"a"}]}]}"#, "unknown field `nmae`"),
        (r#"{"versions":[{"valid_from":"soon","entries":[]}]}"#, "got \"soon\", want a time such as"),
        (r#"{"versions":[{"entries":[]},{"entries":[]}]}"#, "the version of ever overlaps another"),
    ] {
        let error = serde_json::from_str::<Definitions>(bad).expect_err(bad).to_string();
        assert!(error.contains(want), "{error}");
    }
}
