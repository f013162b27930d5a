// SPDX-License-Identifier: Apache-2.0
//! What was said before. An event goes on while windows with its keys follow each other closely: a later window makes
//! it longer and does not give another one, and a window that says the same as before gives nothing.

use std::collections::HashMap;
use std::time::Duration;

use minamo_base::{Time, hex};
use sha1::{Digest as _, Sha1};

/// Events that are remembered to tell news from repetition.
pub(crate) const REMEMBERED: usize = 100_000;

/// Events of one rule and key that are remembered; the oldest goes.
const OF_A_KEY: usize = 64;

/// One window in which a rule fired for some keys.
pub(crate) struct Sight<'a> {
    /// Name of the rule and its keys.
    pub key: String,
    /// Start of the window.
    pub start: Time,
    /// Its end.
    pub end: Time,
    /// From its first flow to its last one; where that is not known, from the window's start to its end.
    pub flows: (Time, Time),
    /// True where that is known.
    pub timed: bool,
    /// Longest silence between two windows of one event.
    pub quiet: Duration,
    /// The values, as JSON.
    pub facts: &'a str,
    /// True where a new event shall not be given.
    pub mute: bool,
}

/// An event as it stands after a window that says something new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Identity: a hash of rule, keys and the start of the window that gave it first.
    pub id: String,
    /// Start of its first window.
    pub start: Time,
    /// End of its last one.
    pub end: Time,
    /// From its first flow to its last one.
    pub flows: (Time, Time),
    /// Start of the window that its facts are of.
    newest: Time,
    /// These facts.
    facts: String,
    /// True where it is not given, because its rule gives too many.
    pub muted: bool,
}

/// The events of the past by their keys.
#[derive(Debug, Default)]
pub(crate) struct Said {
    events: HashMap<String, Vec<Standing>>,
    count: usize,
}

impl Said {
    /// Takes in an event that was given before.
    pub(crate) fn remember(&mut self, id: String, sight: &Sight<'_>, window: Duration) {
        let newest = (sight.end - window).max(sight.start);
        let (start, end, flows, facts) = (sight.start, sight.end, sight.flows, sight.facts.to_owned());
        let standing = Standing { id, start, end, flows, newest, facts, muted: false };
        let of_key = self.events.entry(sight.key.clone()).or_default();
        match of_key.iter_mut().find(|known| known.id == standing.id) {
            Some(known) => *known = standing,
            None if self.count < REMEMBERED => {
                of_key.push(standing);
                self.count += 1;
            }
            None => {}
        }
    }

    /// The event that this window begins or changes; nothing where it says nothing new.
    pub(crate) fn see(&mut self, sight: &Sight<'_>) -> Option<&Standing> {
        let of_key = self.events.entry(sight.key.clone()).or_default();
        let near = |known: &Standing| sight.start <= known.end + sight.quiet && known.start <= sight.end + sight.quiet;
        let Some(at) = of_key.iter().position(near) else {
            if of_key.len() >= OF_A_KEY {
                of_key.remove(0);
                self.count -= 1;
            }
            let id = identity(&sight.key, sight.start);
            let (start, end, facts) = (sight.start, sight.end, sight.facts.to_owned());
            of_key.push(Standing { id, start, end, flows: sight.flows, newest: start, facts, muted: sight.mute });
            self.count += 1;
            return of_key.last();
        };
        let known = of_key.get_mut(at)?;
        let before = known.clone();
        // That there were more flows of the same is no news, but is told with the next.
        if sight.timed {
            known.flows = (known.flows.0.min(sight.flows.0), known.flows.1.max(sight.flows.1));
        }
        known.start = known.start.min(sight.start);
        known.end = known.end.max(sight.end);
        if sight.start >= known.newest {
            known.newest = sight.start;
            sight.facts.clone_into(&mut known.facts);
        }
        (*known != Standing { flows: known.flows, ..before }).then_some(&*known)
    }

    /// True where a window of these keys with these values would say nothing new.
    pub(crate) fn knows(&self, key: &str, (start, end): (Time, Time), facts: &str) -> bool {
        let Some(of_key) = self.events.get(key) else { return false };
        let mut around = of_key.iter().filter(|known| known.start <= start && end <= known.end);
        around.any(|known| start < known.newest || start == known.newest && known.facts == facts)
    }

    /// Forgets the older half where there are too many; gives how many.
    pub(crate) fn forget(&mut self) -> u64 {
        if self.count < REMEMBERED {
            return 0;
        }
        let mut ends: Vec<Time> = self.events.values().flatten().map(|known| known.end).collect();
        let middle = ends.len() / 2;
        let oldest_kept = *ends.select_nth_unstable(middle).1;
        let before = self.count;
        self.events.retain(|_, known| {
            known.retain(|known| known.end > oldest_kept);
            !known.is_empty()
        });
        self.count = self.events.values().map(Vec::len).sum();
        (before - self.count) as u64
    }
}

fn identity(key: &str, start: Time) -> String {
    let mut hash = Sha1::new();
    hash.update(format!("{}\n{key}", start.0));
    hex(hash.finalize().get(..8).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn sight(minute: i64, facts: &str) -> Sight<'_> {
        Sight {
            key: "scan\n192.0.2.1".to_owned(),
            start: Time::from_millis(minute * MINUTE),
            end: Time::from_millis((minute + 1) * MINUTE),
            flows: (Time::from_millis(minute * MINUTE + 7), Time::from_millis(minute * MINUTE + 9)),
            timed: true,
            quiet: Duration::from_secs(300),
            facts,
            mute: false,
        }
    }

    #[test]
    fn what_says_nothing_new_is_known_before_and_windows_do_not_lengthen_what_flows_told() {
        let mut said = Said::default();
        let knows = |said: &Said, minute: i64, facts| {
            let of = sight(minute, facts);
            said.knows(&of.key, (of.start, of.end), facts)
        };
        assert!(!knows(&said, 10, "1"));
        let first = said.see(&sight(10, "1")).cloned().expect("an event");
        assert!(knows(&said, 10, "1") && !knows(&said, 10, "2") && !knows(&said, 11, "1"));
        let window = |minute, facts| Sight {
            flows: (sight(minute, "").start, sight(minute, "").end),
            timed: false,
            ..sight(minute, facts)
        };
        assert_eq!(said.see(&window(10, "1")), None);
        assert_eq!(said.see(&window(10, "2")).expect("an update").flows, first.flows);
    }

    #[test]
    fn windows_that_follow_each_other_are_one_event() {
        let mut said = Said::default();
        let first = said.see(&sight(10, "1")).cloned().expect("an event");
        assert_eq!(said.see(&sight(10, "1")), None, "the same again says nothing");
        let longer = said.see(&sight(15, "2")).cloned().expect("an update");
        assert_eq!((&longer.id, longer.start, longer.end), (&first.id, first.start, Time::from_millis(16 * MINUTE)));
        let flows = (Time::from_millis(10 * MINUTE + 7), Time::from_millis(15 * MINUTE + 9));
        assert_eq!(longer.flows, flows, "from the first flow to the last one");
        assert_eq!(said.see(&sight(12, "7")), None, "a window in the middle neither lengthens it nor is the newest");
        let earlier = said.see(&sight(8, "9")).cloned().expect("an update");
        assert_eq!((&earlier.id, &*earlier.facts), (&first.id, "2"));
        let other = said.see(&sight(60, "1")).cloned().expect("another event");
        assert_ne!(other.id, first.id);
        assert_eq!(said.see(&sight(15, "2")), None, "the first one is still known");
    }

    #[test]
    fn what_was_remembered_goes_on() {
        let mut said = Said::default();
        let first = said.see(&sight(10, "1")).cloned().expect("an event");
        let mut again = Said::default();
        again.remember(first.id.clone(), &sight(10, "1"), Duration::from_secs(60));
        assert_eq!(again.see(&sight(10, "1")), None);
        assert_eq!(again.see(&sight(11, "1")).expect("an update").id, first.id);
    }

    #[test]
    fn the_older_half_is_forgotten_when_there_are_too_many() {
        let mut said = Said::default();
        let of = |at: i64| Sight { key: at.to_string(), ..sight(at, "1") };
        let all = i64::try_from(REMEMBERED).expect("fits");
        (0..all).for_each(|at| assert!(said.see(&of(at)).is_some()));
        assert_eq!(said.forget(), REMEMBERED as u64 / 2 + 1);
        assert_eq!(said.see(&of(all - 1)), None, "the newest is known");
        assert_eq!(said.forget(), 0);
    }
}
