// SPDX-License-Identifier: Apache-2.0
//! Incidents: events that belong to one story. Events of one source belong together, and those of a host that was a
//! target before it acted itself; what lies too far apart in time does not. Made of the events anew each time, so that
//! the same events always give the same incidents, live or replayed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use minamo_base::{Ip, Time};

use crate::{Severity, Tactic, Text};

/// Longest silence within a story.
const GAP: Duration = Duration::from_secs(6 * 3_600);
/// Longest time between two events that have only their target in common.
const SAME_TARGET: Duration = Duration::from_secs(3_600);
/// A quiet event that begins so long after a loud one may have been covered by it.
const COVERED: Duration = Duration::from_secs(2 * 3_600);
/// Sentences of a narrative.
const SENTENCES: usize = 12;

/// An event as a story sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Its identity.
    pub id: String,
    /// The rule that gave it.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// Its first and last moment.
    pub span: (Time, Time),
    /// Who did it.
    pub src: Option<Ip>,
    /// To whom, where it is one host.
    pub dst: Option<Ip>,
    /// Techniques.
    pub attack: Vec<String>,
    /// What happened, in a sentence.
    pub text: Text,
}

/// A story.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// Identity: that of its first event.
    pub id: String,
    /// The host that it is about.
    pub host: Option<Ip>,
    /// How bad it is: as its worst event, and one more where the attack has come far.
    pub severity: Severity,
    /// 0 to 100: severity, tactics and number of different rules.
    pub score: u8,
    /// First and last moment.
    pub span: (Time, Time),
    /// Tactics in the order of an attack, with the first moment of each.
    pub tactics: Vec<(Tactic, Time)>,
    /// Its events, the first one first.
    pub events: Vec<String>,
    /// All hosts of its events.
    pub hosts: Vec<Ip>,
    /// The story, sentence by sentence.
    pub narrative: Vec<Sentence>,
}

/// A sentence of a story.
#[derive(Debug, Clone, PartialEq)]
pub struct Sentence {
    /// When what it tells began; nothing where it is about the whole.
    pub at: Option<Time>,
    /// What it says.
    pub text: Text,
}

/// The incidents of some events, the latest first. `is_local` tells own addresses.
pub fn incidents(events: &[Seen], is_local: impl Fn(Ip) -> bool) -> Vec<Incident> {
    let mut order: Vec<&Seen> = events.iter().collect();
    order.sort_by(|a, b| (a.span.0, &a.id).cmp(&(b.span.0, &b.id)));
    let mut stories: Vec<Vec<&Seen>> = groups(&order).into_values().collect();
    stories.iter_mut().for_each(|story| story.sort_by(|a, b| (a.span.0, &a.id).cmp(&(b.span.0, &b.id))));
    let mut incidents: Vec<_> = stories.iter().filter_map(|story| incident(story, &is_local)).collect();
    incidents.sort_by(|a, b| (b.span.1, &b.id).cmp(&(a.span.1, &a.id)));
    incidents
}

/// Which events belong together: by the number of the first event of each story.
fn groups<'a>(order: &[&'a Seen]) -> BTreeMap<usize, Vec<&'a Seen>> {
    let mut parent: Vec<usize> = (0..order.len()).collect();
    let mut acted: HashMap<Ip, usize> = HashMap::new();
    let mut suffered: HashMap<Ip, usize> = HashMap::new();
    for (at, event) in order.iter().enumerate() {
        let near =
            |other: &usize, gap: Duration| order.get(*other).is_some_and(|other| event.span.0 <= other.span.1 + gap);
        let mut same = Vec::new();
        if let Some(src) = event.src {
            same.extend(acted.get(&src).filter(|other| near(other, GAP)));
            same.extend(suffered.get(&src).filter(|other| near(other, GAP)));
        }
        if let Some(dst) = event.dst {
            same.extend(suffered.get(&dst).filter(|other| near(other, SAME_TARGET)));
            // Windows are as long as an hour: of what begins in one hour the order is not known.
            let together = |other: &&usize| {
                order
                    .get(**other)
                    .is_some_and(|other| other.span.1 >= event.span.0 && event.span.0 <= other.span.0 + SAME_TARGET)
            };
            same.extend(acted.get(&dst).filter(together));
            // An event begins with its window: which of two in windows that overlap came first is not known.
            same.extend(acted.get(&dst).filter(|other| near(other, Duration::ZERO)));
        }
        same.into_iter().copied().for_each(|other| join(&mut parent, other, at));
        // Of two events of one host the one that lasts longer is what the next is near to.
        let latest = |of: &mut HashMap<Ip, usize>, ip: Option<Ip>| {
            let Some(ip) = ip else { return };
            let other = of.entry(ip).or_insert(at);
            if order.get(*other).is_none_or(|other| other.span.1 <= event.span.1) {
                *other = at;
            }
        };
        latest(&mut acted, event.src);
        latest(&mut suffered, event.dst);
    }
    let mut groups: BTreeMap<usize, Vec<&Seen>> = BTreeMap::new();
    for (at, event) in order.iter().enumerate() {
        groups.entry(root(&parent, at)).or_default().push(event);
    }
    groups
}

fn root(parent: &[usize], mut at: usize) -> usize {
    while let Some(up) = parent.get(at).filter(|up| **up != at) {
        at = *up;
    }
    at
}

fn join(parent: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(parent, a), root(parent, b));
    if let Some(slot) = parent.get_mut(a.max(b)) {
        *slot = a.min(b);
    }
}

fn incident(story: &[&Seen], is_local: &impl Fn(Ip) -> bool) -> Option<Incident> {
    let first = story.first()?;
    let end = story.iter().map(|event| event.span.1).max()?;
    let mut begun: BTreeMap<Tactic, Time> = BTreeMap::new();
    for (tactic, at) in story.iter().flat_map(|e| e.attack.iter().filter_map(|id| Some((Tactic::of(id)?, e.span.0)))) {
        begun.entry(tactic).or_insert(at);
    }
    let worst = story.iter().map(|event| event.severity).max()?;
    let far = [Tactic::LateralMovement, Tactic::CommandAndControl, Tactic::Exfiltration, Tactic::Impact];
    let severity =
        if begun.len() >= 3 && far.iter().any(|tactic| begun.contains_key(tactic)) { worst.worse() } else { worst };
    let rules: BTreeSet<&str> = story.iter().map(|event| &*event.rule).collect();
    let points = 20 * severity as usize + 5 * begun.len() + 5 * rules.len();
    let hosts: BTreeSet<Ip> = story.iter().flat_map(|event| [event.src, event.dst]).flatten().collect();
    Some(Incident {
        id: first.id.clone(),
        host: subject(story, is_local),
        severity,
        score: u8::try_from(points.min(100)).unwrap_or(100),
        span: (first.span.0, end),
        tactics: begun.into_iter().collect(),
        events: story.iter().map(|event| event.id.clone()).collect(),
        hosts: hosts.into_iter().collect(),
        narrative: narrative(story),
    })
}

/// The host that a story is about: an own one that suffered and then acted; else an own one that acted; else one that
/// acted; else one that suffered. Among equals the one of most events.
fn subject(story: &[&Seen], is_local: &impl Fn(Ip) -> bool) -> Option<Ip> {
    let mut roles: BTreeMap<Ip, (usize, usize)> = BTreeMap::new();
    for event in story {
        event.src.into_iter().for_each(|ip| roles.entry(ip).or_default().0 += 1);
        event.dst.into_iter().for_each(|ip| roles.entry(ip).or_default().1 += 1);
    }
    let rank = |(ip, (acted, suffered)): &(&Ip, &(usize, usize))| {
        let (own, did, was) = (is_local(**ip), *acted > 0, *suffered > 0);
        (own && did && was, own && did, did, acted + suffered)
    };
    roles.iter().max_by_key(|role| rank(role)).map(|(ip, _)| *ip)
}

fn narrative(story: &[&Seen]) -> Vec<Sentence> {
    let mut sentences: Vec<Sentence> = Vec::new();
    // Of a rule that fired again and again the first event tells, and how often it was.
    let mut told: Vec<(&str, &Seen, usize)> = Vec::new();
    for event in story {
        match told.iter_mut().find(|(rule, of, _)| *rule == event.rule && of.src == event.src) {
            Some((.., count)) => *count += 1,
            None => told.push((&event.rule, event, 1)),
        }
    }
    for (_, event, count) in told.iter().take(SENTENCES) {
        let more = |one: &str, text: String| if *count > 1 { format!("{text}{one}") } else { text };
        let text = Text {
            en: more(&format!(" ({count} events of this kind)"), event.text.en.clone()),
            ja: more(&format!("（同種のイベント {count} 件）"), event.text.ja.clone()),
        };
        sentences.push(Sentence { at: Some(event.span.0), text });
    }
    if let Some(left) = told.len().checked_sub(SENTENCES).filter(|left| *left > 0) {
        let text = Text {
            en: format!("Events of {left} more kinds belong to it."),
            ja: format!("ほかに {left} 種類のイベントが含まれます。"),
        };
        sentences.push(Sentence { at: None, text });
    }
    sentences.extend(cover(story).map(|text| Sentence { at: None, text }));
    sentences
}

/// A flood or a scan that everybody sees, and then something that nobody shall see.
fn cover(story: &[&Seen]) -> Option<Text> {
    let is_loud = |event: &Seen| event.rule.starts_with("flood_") || event.rule.starts_with("reflection");
    let is_quiet = |event: &Seen| {
        ["guess_success", "miner", "beacon", "tunnel_", "remote_tool", "upload_"]
            .iter()
            .any(|name| event.rule.starts_with(name))
    };
    let loud = story.iter().find(|event| is_loud(event))?;
    let quiet = story
        .iter()
        .find(|event| is_quiet(event) && event.span.1 > loud.span.0 && event.span.0 <= loud.span.1 + COVERED)?;
    Some(Text {
        en: format!(
            "The loud part ({}) may have been cover for the quiet one ({}): look at the quiet one first.",
            loud.rule, quiet.rule
        ),
        ja: format!(
            "目立つ部分（{}）は、目立たない部分（{}）を隠すためのものかもしれません。目立たない方から調べてください。",
            loud.rule, quiet.rule
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(id: &str, rule: &str, minute: i64, src: &str, dst: &str, attack: &str) -> Seen {
        let text = |text: &str| Text { en: text.to_owned(), ja: text.to_owned() };
        Seen {
            id: id.to_owned(),
            rule: rule.to_owned(),
            severity: Severity::High,
            span: (Time::from_millis(minute * 60_000), Time::from_millis((minute + 1) * 60_000)),
            src: src.parse().ok(),
            dst: dst.parse().ok(),
            attack: vec![attack.to_owned()],
            text: text(&format!("{rule} from {src}")),
        }
    }

    fn own(ip: Ip) -> bool {
        "10.0.0.0/8".parse::<minamo_base::Prefix>().is_ok_and(|net| net.contains(ip))
    }

    #[test]
    fn the_miner_behind_a_flood_is_one_incident_that_says_so() {
        let events = [
            seen("c", "miner", 40, "10.0.0.5", "203.0.113.9", "T1496"),
            seen("a", "flood_syn", 0, "198.51.100.1", "10.0.0.5", "T1498.001"),
            seen("b", "guess_success", 10, "198.51.100.2", "10.0.0.5", "T1110.001"),
            seen("z", "scan_ports", 12, "10.0.0.9", "", "T1046"),
        ];
        let found = incidents(&events, own);
        assert_eq!(found.len(), 2);
        let story = &found[0];
        assert_eq!(story.events, ["a", "b", "c"]);
        assert_eq!((story.host, story.id.as_str()), ("10.0.0.5".parse().ok(), "a"));
        assert!(
            story.narrative.last().expect("sentences").text.en.contains("may have been cover"),
            "{:?}",
            story.narrative
        );
        let order: Vec<_> = story.tactics.iter().map(|(tactic, _)| *tactic).collect();
        assert_eq!(order, [Tactic::CredentialAccess, Tactic::Impact]);
        assert_eq!(found[1].events, ["z"]);
    }

    #[test]
    fn windows_that_begin_before_the_attack_do_not_tear_its_story_apart() {
        let mut events = [
            seen("a", "miner", 0, "10.0.0.5", "203.0.113.9", "T1496"),
            seen("b", "guess_success", 0, "198.51.100.2", "10.0.0.5", "T1110.001"),
            seen("c", "flood_syn", 17, "", "10.0.0.5", "T1498.001"),
        ];
        for event in &mut events[..2] {
            event.span.1 = Time::from_millis(60 * 60_000);
        }
        let found = incidents(&events, own);
        assert_eq!(found.len(), 1, "{found:?}");
        let last = found[0].narrative.last().expect("sentences");
        assert!(last.text.en.contains("may have been cover"), "{last:?}");
    }

    #[test]
    fn what_begins_in_the_same_window_is_one_story_whatever_its_order() {
        let miner = Seen {
            span: (Time::from_millis(0), Time::from_millis(3_600_000)),
            ..seen("a", "miner", 0, "10.0.0.5", "203.0.113.9", "T1496")
        };
        let guess = Seen { span: miner.span, ..seen("b", "guess_success", 0, "198.51.100.2", "10.0.0.5", "T1110.001") };
        let found = incidents(&[miner, guess], own);
        assert_eq!((found.len(), found[0].host), (1, "10.0.0.5".parse().ok()));
    }

    #[test]
    fn what_lies_far_apart_is_not_one_story() {
        let late = 8 * 60;
        let events = [
            seen("a", "scan_ports", 0, "10.0.0.5", "", "T1046"),
            seen("b", "scan_ports", late, "10.0.0.5", "", "T1046"),
            // Two attackers of one host, hours apart.
            seen("c", "guess_password", 0, "198.51.100.1", "10.0.0.7", "T1110"),
            seen("d", "guess_password", 90, "198.51.100.2", "10.0.0.7", "T1110"),
        ];
        assert_eq!(incidents(&events, own).len(), 4);
        assert_eq!(incidents(&[], own), []);
    }

    #[test]
    fn an_attack_that_has_come_far_is_worse_than_its_parts() {
        let events = [
            seen("a", "scan_ports", 0, "10.0.0.5", "", "T1046"),
            seen("b", "guess_password", 1, "10.0.0.5", "10.0.0.7", "T1110"),
            seen("c", "upload_large", 2, "10.0.0.5", "203.0.113.9", "T1048"),
            seen("d", "upload_large", 3, "10.0.0.5", "203.0.113.9", "T1048"),
        ];
        let story = incidents(&events, own).remove(0);
        assert_eq!((story.severity, story.events.len()), (Severity::Critical, 4));
        assert!(story.narrative.iter().any(|sentence| sentence.text.en.contains("(2 events of this kind)")));
        let mut shuffled = events.to_vec();
        shuffled.reverse();
        assert_eq!(incidents(&shuffled, own)[0], story, "the order of arrival does not matter");
    }
}
