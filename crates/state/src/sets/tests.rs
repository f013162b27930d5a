// SPDX-License-Identifier: Apache-2.0
//! Sets: what is refused, and what a set was when.

use minamo_filter::{AsOf, NoSets};
use minamo_model::FLOWS;

use super::*;

struct Case {
    definitions: Definitions,
    _dir: tempfile::TempDir,
}

impl Case {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let definitions = Definitions::open(&dir.path().join("state.db")).expect("opens");
        Self { definitions, _dir: dir }
    }

    fn create(&self, name: &str, kind: SetKind, members: &[&str], at: i64) -> Result<u32, String> {
        let made = NamedSets::create(&self.definitions, name, kind, &body(members), (None, Time(at)), &File);
        made.map(|set| set.version).map_err(|fault| fault.to_string())
    }

    fn change(&self, name: &str, members: &[&str], from: i64, now: i64) -> Result<u32, String> {
        let made = NamedSets::change(&self.definitions, name, &body(members), (Some(Time(from)), Time(now)), &File);
        made.map(|set| set.version).map_err(|fault| fault.to_string())
    }

    fn resolve(&self, filter: &str, as_of: AsOf) -> String {
        let own = NamedSets::load(&self.definitions).expect("read");
        let sets = SetsWith { own: &own, outer: &File };
        let parsed =
            minamo_filter::parse_with(filter, &FLOWS, &sets).unwrap_or_else(|error| panic!("{filter}: {error}"));
        parsed.resolve(&sets, as_of).expect("resolved").to_string()
    }
}

fn body(members: &[&str]) -> SetBody {
    SetBody { members: members.iter().map(|m| (*m).to_owned()).collect(), note: None }
}

/// A network `office` that is known elsewhere.
struct File;

impl Sets for File {
    fn kind(&self, name: &str) -> Option<SetKind> {
        (name == "office").then_some(SetKind::Addresses)
    }

    fn versions(&self, name: &str) -> Vec<SetVersion> {
        let members = || Members::Addresses(vec!["192.0.2.0/24".parse().expect("a prefix")]);
        self.kind(name).map(|_| SetVersion { from: Some(Time(15)), to: None, members: members() }).into_iter().collect()
    }

    fn names(&self) -> BTreeMap<String, SetKind> {
        [("office".to_owned(), SetKind::Addresses)].into()
    }
}

#[test]
fn a_set_is_what_it_was_at_each_time() {
    let case = Case::new();
    assert_eq!(case.create("web", SetKind::Numbers, &["80", "8000-8100"], 10), Ok(1));
    assert_eq!(case.change("web", &["443"], 20, 30), Ok(2));
    assert_eq!(case.create("chat", SetKind::Texts, &["Slack", "Teams"], 10), Ok(1));
    let now = AsOf::At(Time(30));
    assert_eq!(case.resolve("port in @web", now), "port in [443]");
    assert_eq!(case.resolve("port in @web", AsOf::At(Time(19))), "port in [80 8000-8100]");
    assert_eq!(case.resolve("app in @chat", now), r#"app in ["Slack" "Teams"]"#);
    let then = "(time_start >= 1970-01-01T00:00:00.000000010Z and time_start < 1970-01-01T00:00:00.000000020Z and \
                dst_port in [80 8000-8100]) or (time_start >= 1970-01-01T00:00:00.000000020Z and dst_port in [443])";
    assert_eq!(case.resolve("dst port in @web", AsOf::Then), then);
    NamedSets::delete(&case.definitions, "web", (None, Time(40)), &File).expect("deleted");
    let own = NamedSets::load(&case.definitions).expect("read");
    let names: Vec<String> = SetsWith { own: &own, outer: &File }.names().into_keys().collect();
    assert_eq!(names, ["chat", "office"]);
    assert_eq!(own.history("web").map(<[_]>::len), Some(3));
    assert!(own.at("web", Time(50)).is_none() && own.at("web", Time(15)).is_some());
    assert_eq!(
        case.create("web", SetKind::Addresses, &["192.0.2.1"], 50),
        Err("@web holds ports, want addresses".to_owned())
    );
}

#[test]
fn sets_contain_sets_for_the_time_that_both_hold() {
    let case = Case::new();
    assert_eq!(case.create("guests", SetKind::Addresses, &["198.51.100.0/24"], 5), Ok(1));
    assert_eq!(case.create("ours", SetKind::Addresses, &["2001:db8::1", "@guests", "@office"], 10), Ok(1));
    assert_eq!(case.resolve("src in @ours", AsOf::At(Time(12))), "src_ip in [198.51.100.0/24 2001:db8::1/128]");
    assert_eq!(
        case.resolve("src in @ours", AsOf::At(Time(15))),
        "src_ip in [198.51.100.0/24 192.0.2.0/24 2001:db8::1/128]"
    );
    let then = case.resolve("src in @ours", AsOf::Then);
    assert!(then.contains("time_start >= 1970-01-01T00:00:00.000000015Z and src_ip in [192.0.2.0/24]"), "{then}");
    assert_eq!(
        case.change("guests", &["@ours"], 20, 20),
        Err("@ours contains this set, or there are more than 4 levels".to_owned())
    );
    let used = NamedSets::delete(&case.definitions, "guests", (None, Time(20)), &File).expect_err("refused");
    assert_eq!(used, SetFault::Used("ours".to_owned()));
}

#[test]
fn what_is_no_set_is_refused() {
    let case = Case::new();
    for (name, kind, members, want) in [
        ("a\"b", SetKind::Texts, vec!["x"], "name: got"),
        ("", SetKind::Texts, vec!["x"], "name: got"),
        ("x", SetKind::Texts, vec![], "got 0 members, want 1 to 20000"),
        (
            "x",
            SetKind::Addresses,
            vec!["192.0.2.0/24", "192.0.2.0/33"],
            "member 2: got \"192.0.2.0/33\", want an address",
        ),
        ("x", SetKind::Numbers, vec!["90-80"], "member 1: got \"90-80\", want a port"),
        ("x", SetKind::Numbers, vec!["70000"], "member 1: got \"70000\""),
        ("x", SetKind::Addresses, vec!["@nobody"], "there is no set @nobody"),
        ("x", SetKind::Numbers, vec!["@office"], "@office holds addresses, want ports"),
        ("x", SetKind::Numbers, vec!["@x"], "there is no set @x"),
    ] {
        let error = case.create(name, kind, &members, 10).expect_err(want);
        assert!(error.starts_with(want), "{error}");
    }
    assert_eq!(case.change("x", &["80"], 10, 10), Err("there is no set @x".to_owned()));
    assert_eq!(case.create("x", SetKind::Numbers, &["80"], 10), Ok(1));
    assert_eq!(
        case.change("x", &["@x"], 10, 10),
        Err("@x contains this set, or there are more than 4 levels".to_owned())
    );
    assert_eq!(
        case.create("x", SetKind::Numbers, &["80"], 10),
        Err("there is a set @x already: change it, or choose another name".to_owned())
    );
    assert!(case.change("x", &["80"], 11, 10).expect_err("refused").starts_with("valid_from: got "));
    assert!(minamo_filter::parse_with("port in @x", &FLOWS, &NoSets).is_err());
}

fn tag(filter: &str) -> TagBody {
    TagBody { filter: filter.to_owned(), note: None }
}

impl Case {
    fn create_tag(&self, name: &str, filter: &str, at: i64) -> Result<u32, String> {
        let made = NamedSets::create_tag(&self.definitions, name, &tag(filter), (None, Time(at)), &File);
        made.map(|tag| tag.version).map_err(|fault| fault.to_string())
    }

    fn change_tag(&self, name: &str, filter: &str, from: i64, now: i64) -> Result<u32, String> {
        let made = NamedSets::change_tag(&self.definitions, name, &tag(filter), (Some(Time(from)), Time(now)), &File);
        made.map(|tag| tag.version).map_err(|fault| fault.to_string())
    }
}

#[test]
fn a_tag_is_what_it_was_at_each_time() {
    let case = Case::new();
    assert_eq!(case.create("guests", SetKind::Addresses, &["198.51.100.0/24"], 5), Ok(1));
    assert_eq!(case.create_tag("guests", "src in @guests", 10), Ok(1), "a set and a tag may have the same name");
    assert_eq!(case.change_tag("guests", "src in @guests and tcp", 20, 30), Ok(2));
    assert_eq!(case.create_tag("heavy", "tag guests and bytes > 1M", 30), Ok(1));
    assert_eq!(case.resolve("tag guests", AsOf::At(Time(19))), "src_ip in [198.51.100.0/24]");
    assert_eq!(case.resolve("tag guests", AsOf::At(Time(30))), "src_ip in [198.51.100.0/24] and proto = tcp");
    let heavy = case.resolve("tag heavy", AsOf::At(Time(30)));
    assert_eq!(heavy, "(src_ip in [198.51.100.0/24] and proto = tcp) and bytes > 1000000");
    NamedSets::delete_tag(&case.definitions, "heavy", (None, Time(40)), &File).expect("deleted");
    assert_eq!(case.resolve("tag heavy", AsOf::At(Time(40))), "not any");
    let own = NamedSets::load(&case.definitions).expect("read");
    assert_eq!(SetsWith { own: &own, outer: &File }.tags(), ["guests"]);
    assert_eq!(own.tag_history("heavy").map(<[_]>::len), Some(2));
    assert_eq!(own.tag_list(Time(35)).len(), 2);
    assert!(own.tag_at("heavy", Time(50)).is_none() && own.tag_at("heavy", Time(35)).is_some());
}

#[test]
fn what_is_no_tag_is_refused_and_named() {
    let case = Case::new();
    assert_eq!(case.create("guests", SetKind::Addresses, &["198.51.100.0/24"], 5), Ok(1));
    assert_eq!(case.create_tag("a", "src in @guests", 10), Ok(1));
    assert_eq!(case.create_tag("b", "tag a or udp", 10), Ok(1));
    for (name, filter, want) in [
        ("", "tcp", "name: got"),
        ("a", "tcp", "there is a tag a already: change it"),
        ("x", "tcp and prt 80", "filter of tag x: character 9: `prt` is no column or word; did you mean port?"),
        ("x", "src in @nobody", "filter of tag x: character 8: there is no set `@nobody`"),
        ("x", "tag x", "filter of tag x: character 5: there is no tag `x`"),
    ] {
        let error = case.create_tag(name, filter, 10).expect_err(want);
        assert!(error.starts_with(want), "{error}");
    }
    for (filter, other) in [("tag a", "a"), ("tcp and tag b", "b")] {
        let want = format!("filter of tag a: tag {other} asks for this tag, or there are more than 4 levels");
        assert_eq!(case.change_tag("a", filter, 20, 20), Err(want));
    }
    assert!(case.change_tag("a", "tcp", 21, 20).expect_err("refused").starts_with("valid_from: got "));
    assert_eq!(case.change_tag("x", "tcp", 20, 20), Err("there is no tag x".to_owned()));
    let used = NamedSets::delete_tag(&case.definitions, "a", (None, Time(20)), &File).expect_err("refused");
    assert_eq!(used, SetFault::Tagging("b".to_owned()));
    let used = NamedSets::delete(&case.definitions, "guests", (None, Time(20)), &File).expect_err("refused");
    assert_eq!(used, SetFault::Tagging("a".to_owned()));
    for at in 2..MAX_TAGS {
        assert_eq!(case.create_tag(&format!("t{at}"), "tcp", 10), Ok(1));
    }
    assert_eq!(case.create_tag("more", "tcp", 10), Err("got 201 tags, want 1 to 200".to_owned()));
}

#[test]
fn each_fault_is_told_in_japanese() {
    let case = Case::new();
    let fault = NamedSets::create_tag(&case.definitions, "x", &tag("prt 80"), (None, Time(1)), &File).expect_err("bad");
    assert!(fault.message_ja().starts_with("タグ x のフィルター："), "{}", fault.message_ja());
    let fault = NamedSets::delete(&case.definitions, "x", (None, Time(1)), &File).expect_err("missing");
    assert_eq!(fault.message_ja(), "集合 @x はありません");
}
