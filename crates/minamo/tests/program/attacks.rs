// SPDX-License-Identifier: Apache-2.0
//! The attacks in the demo (`fixtures/demo/attacks.jsonl`): each is found by the rules that its label names, nothing else is
//! found, and what belongs to one story is one incident.

use std::collections::BTreeSet;
use std::time::UNIX_EPOCH;

use minamo_base::{Ip, Prefix, Time};
use minamo_detect::{Rule, Seen, incidents, shipped_rules};
use serde_json::Value;

use super::{expected, flows, minamo, root, stderr, stdout};

/// Nanoseconds of a day.
const DAY: i64 = 86_400_000_000_000;

/// What somebody did in a capture.
struct Label {
    attack: String,
    src: Option<Ip>,
    dst: Option<Ip>,
    from: Time,
    to: Time,
    /// Rules that must find it, of those that there are.
    rules: Vec<String>,
    /// Rules that may find it, too.
    may: Vec<String>,
}

impl Label {
    /// All labels, with their times shifted by so many nanoseconds.
    fn all(shift: i64) -> Vec<Self> {
        let text = std::fs::read_to_string(root().join("fixtures/demo/attacks.jsonl")).expect("in the repository");
        let texts = |value: &Value| -> Vec<String> {
            value.as_array().expect("a list").iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
        };
        let label = |line: &str| {
            let row: Value = serde_json::from_str(line).expect("JSON");
            let address = |name: &str| row[name].as_str().map(|text| text.parse().expect("an address"));
            let time = |name: &str| row[name].as_str().and_then(Time::parse).expect("a time");
            Self {
                attack: row["attack"].as_str().expect("a text").to_owned(),
                src: address("src_ip"),
                dst: address("dst_ip"),
                from: Time(time("from").0 + shift),
                to: Time(time("to").0 + shift),
                rules: texts(&row["rules"]),
                may: texts(&row["may"]),
            }
        };
        text.lines().map(label).collect()
    }

    /// True where the event can be of this attack: the time, and the hosts as far as both name them.
    fn is_of(&self, event: &Seen) -> bool {
        let same = |a: Option<Ip>, b: Option<Ip>| a.is_none() || b.is_none() || a == b;
        event.span.0 <= self.to && event.span.1 >= self.from && same(self.src, event.src) && same(self.dst, event.dst)
    }
}

/// When the recordings end, in whole seconds.
fn recorded_end() -> Time {
    let facts = expected("fixtures/demo");
    let ends = facts["files"].as_object().expect("an object").values().map(|file| {
        let (seconds, _) = file["last_packet"].as_str().and_then(|text| text.split_once('.')).expect("a time");
        seconds.parse::<i64>().expect("a number")
    });
    Time::from_millis(ends.max().expect("recordings") * 1_000)
}

/// The events that the rules find where the recordings end at the same time of yesterday as they did: the windows of the
/// rules then always lie alike. Also by how many nanoseconds the recordings were shifted.
fn events(rules: &[Rule]) -> (Vec<Seen>, i64) {
    let since_1970 = UNIX_EPOCH.elapsed().expect("later");
    let today = i64::try_from(since_1970.as_nanos()).expect("before 2262").div_euclid(DAY);
    let recorded = recorded_end();
    let shift = (today - 1 - recorded.0.div_euclid(DAY)) * DAY;
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    let end = Time(recorded.0 + shift).to_string();
    let output = minamo(&["demo", "--once", "--end", &end, "--listen", "127.0.0.1:0", "--data", &data]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text =
        "SELECT event_id, rule, time_start, time_end, src_ip, dst_ip, facts FROM events ORDER BY time_start, event_id";
    let rows = stdout(&["sql", "--json", "--data", &data, text]);
    let seen = |line: &str| {
        let row: Value = serde_json::from_str(line).expect("JSON");
        let word = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let time = |name: &str| Time::parse(&word(name)).expect("a time");
        let rule = rules.iter().find(|rule| rule.name == row["rule"]).expect("a shipped rule");
        Seen {
            id: word("event_id"),
            rule: word("rule"),
            severity: rule.severity,
            span: (time("time_start"), time("time_end")),
            src: word("src_ip").parse().ok(),
            dst: word("dst_ip").parse().ok(),
            attack: rule.attack.clone(),
            text: rule.text_of(&word("facts")),
        }
    };
    (rows.lines().map(seen).collect(), shift)
}

#[test]
fn the_demo_shows_the_incidents_expected() {
    let rules = shipped_rules().expect("they parse");
    let (events, shift) = events(&rules);
    let labels = Label::all(shift);
    let mut missed = Vec::new();
    for label in &labels {
        for name in &label.rules {
            if !rules.iter().any(|rule| rule.name == *name && rule.enabled) {
                println!("skipped: {} is for the rule {name}, which there is not yet", label.attack);
            } else if !events.iter().any(|event| event.rule == *name && label.is_of(event)) {
                missed.push(format!("{} of {:?} was not found by {name}", label.attack, label.src.or(label.dst)));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
    // A rule that finds more: it is wrong, or fixtures/record/attacks.txt names too few.
    let is_expected = |event: &&Seen| {
        labels
            .iter()
            .any(|label| label.is_of(event) && label.rules.iter().chain(&label.may).any(|name| *name == event.rule))
    };
    let more: Vec<_> =
        events.iter().filter(|event| !is_expected(event)).map(|event| (&event.rule, &event.text.en)).collect();
    assert!(more.is_empty(), "{more:#?}");

    let inside: Prefix = "192.0.2.0/24".parse().expect("a prefix");
    let found = incidents(&events, |ip| inside.contains(ip));
    let scanner = found.iter().find(|incident| incident.host == "192.0.2.34".parse().ok()).expect("the scan is one");
    let kinds: BTreeSet<&str> = events.iter().filter(|e| scanner.events.contains(&e.id)).map(|e| &*e.rule).collect();
    assert!(kinds.is_superset(&BTreeSet::from(["scan_hosts", "scan_ports"])), "{kinds:?}");
    the_flood_was_cover(&found, &events);
}

/// A flood, guessing and mining at one host are one story, which says that the loud part may be cover.
fn the_flood_was_cover(found: &[minamo_detect::Incident], events: &[Seen]) {
    let victim: Ip = "192.0.2.7".parse().expect("an address");
    let rules_at = |rule: &str| events.iter().any(|e| e.rule == rule && [e.src, e.dst].contains(&Some(victim)));
    if !(rules_at("flood_syn") && (rules_at("guess_success") || rules_at("miner"))) {
        println!("skipped: the story of the miner needs the rules flood_syn and guess_success or miner");
        return;
    }
    let stories: Vec<_> = found.iter().filter(|incident| incident.hosts.contains(&victim)).collect();
    assert_eq!(stories.len(), 1, "{stories:#?}");
    let last = &stories[0].narrative.last().expect("a sentence").text;
    assert!(last.en.contains("may have been cover") && last.ja.contains("隠すため"), "{:#?}", stories[0].narrative);
}

#[test]
fn applications_of_the_attacks_are_named_though_their_packets_are_cut() {
    let of = |capture: &str| flows(&[&format!("fixtures/demo/attack-{capture}.pcap.zst")]);
    for (capture, port, app, conversations) in
        [("ssh", 22, "SSH", 61), ("rdp", 3_389, "RDP", 61), ("miner", 3_333, "Mining", 1), ("beacon", 443, "TLS", 146)]
    {
        let rows = of(capture);
        let served: Vec<_> = rows.iter().filter(|row| row["dst_port"] == port).collect();
        // The parts of a conversation that lasts have the same identity.
        let begun: BTreeSet<_> = served.iter().filter_map(|row| row["flow_id"].as_str()).collect();
        assert_eq!(begun.len(), conversations, "{capture}");
        let other: Vec<_> = served.iter().filter(|row| row["app"] != app).collect();
        assert!(other.is_empty(), "{capture}: {other:?}");
    }
    let tunnel = of("tunnel");
    assert!(tunnel.iter().any(|row| row["src_ip"] == "192.0.2.33" && row["src_packets"].as_u64() > Some(100)));
    let dns = tunnel.iter().filter(|row| row["dst_port"] == 53);
    assert!(dns.clone().count() > 100 && dns.clone().all(|row| row["app"] == "DNS"), "{:?}", dns.collect::<Vec<_>>());
    let upload = of("upload");
    let share: Vec<_> = upload.iter().filter(|row| row["tls_sni"] == "share.example.org").collect();
    let octets: u64 = share.iter().filter_map(|row| row["src_bytes"].as_u64()).sum();
    assert!(octets > 560_000_000 && octets < 600_000_000, "{octets}: lengths are those that packets had");
}
