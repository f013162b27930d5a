// SPDX-License-Identifier: Apache-2.0
//! What rules were not asked before the program ended: kept in `state.db`, and asked after the next start. So that this holds too
//! where the program is killed, it notes from time to time what waits and when it last looked; what came later is in the lake.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use minamo_base::Time;
use minamo_server::detection::Ruling;

/// From the first to the last of the flows that a rule has to look at.
pub(super) type Span = (Time, Time);

/// The row of what no rule may have been asked: no rule has an empty name.
const ALL: &str = "";
/// Shortest pause between two notes of how far the rules were asked; that older flows wait is noted at once.
const PAUSE: Duration = Duration::from_secs(30);

/// How far the rules were asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// Start of the oldest flow that waits; the time of the look where none does.
    pub(super) waits: Time,
    /// When the rules last looked: what was received later they have not seen.
    pub(super) looked: Time,
}

/// The shortest span that has both in it.
pub(super) fn joined(one: Option<Span>, other: Option<Span>) -> Option<Span> {
    match (one, other) {
        (Some((from, to)), Some((more_from, more_to))) => Some((from.min(more_from), to.max(more_to))),
        (one, other) => one.or(other),
    }
}

/// The spans, by name of the rule.
pub(super) struct Left {
    spans: HashMap<String, Span>,
    mark: Option<Mark>,
    home: Option<Arc<Ruling>>,
}

impl Left {
    /// What was left by the program before.
    pub(super) fn new(home: Option<Arc<Ruling>>) -> anyhow::Result<Self> {
        let spans = home.as_ref().map(|home| home.stored.left()).transpose()?.unwrap_or_default();
        let mut spans: HashMap<_, _> = spans.into_iter().map(|(rule, from, to)| (rule, (from, to))).collect();
        let mark = spans.remove(ALL).map(|(waits, looked)| Mark { waits, looked });
        Ok(Self { spans, mark, home })
    }

    /// How far the program before had asked, where it did not come to its end.
    pub(super) fn killed(&self) -> Option<Mark> {
        self.mark
    }

    /// A rule may not have been asked over this span by a program that was killed.
    pub(super) fn owe(&mut self, rule: &str, span: Span) {
        let owed = joined(self.of(rule), Some(span)).unwrap_or(span);
        self.spans.insert(rule.to_owned(), owed);
    }

    /// Start of the oldest flow that a rule was not asked about.
    pub(super) fn oldest(&self) -> Option<Time> {
        self.spans.values().map(|(from, _)| *from).min()
    }

    /// Notes how far the rules were asked, where that is news.
    pub(super) fn note(&mut self, mark: Mark) -> anyhow::Result<()> {
        let news = self.mark.is_none_or(|old| mark.waits < old.waits || mark.looked - PAUSE >= old.looked);
        match &self.home {
            Some(home) if news => {
                self.mark = Some(mark);
                Ok(home.stored.set_left(ALL, Some((mark.waits, mark.looked)))?)
            }
            _ => Ok(()),
        }
    }

    /// The program comes to its end: what was not asked is noted rule by rule.
    pub(super) fn end(&mut self) -> anyhow::Result<()> {
        match (self.mark.take(), &self.home) {
            (Some(_), Some(home)) => Ok(home.stored.set_left(ALL, None)?),
            _ => Ok(()),
        }
    }

    /// What this rule was not asked.
    pub(super) fn of(&self, rule: &str) -> Option<Span> {
        self.spans.get(rule).copied()
    }

    /// The rule was asked.
    pub(super) fn asked(&mut self, rule: &str) -> anyhow::Result<()> {
        match (self.spans.remove(rule), &self.home) {
            (Some(_), Some(home)) => Ok(home.stored.set_left(rule, None)?),
            _ => Ok(()),
        }
    }

    /// The rule was not asked over this span.
    pub(super) fn leave(&mut self, rule: &str, span: Span) -> anyhow::Result<()> {
        self.spans.insert(rule.to_owned(), span);
        match &self.home {
            Some(home) => Ok(home.stored.set_left(rule, Some(span))?),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_is_left_is_there_after_the_next_start_until_it_was_asked() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = || {
            let home = Ruling::open(&folder.path().join("state.db"), BTreeSet::new()).expect("opens");
            Left::new(Some(Arc::new(home))).expect("read")
        };
        let span = joined(Some((Time(5), Time(9))), Some((Time(7), Time(20))));
        assert_eq!(span, Some((Time(5), Time(20))));
        open().leave("beacon", (Time(5), Time(20))).expect("kept");
        let mut next = open();
        assert_eq!((next.of("beacon"), next.of("scan_ports")), (span, None));
        next.asked("beacon").expect("forgotten");
        assert_eq!((next.of("beacon"), open().of("beacon")), (None, None));
    }

    #[test]
    fn how_far_the_rules_were_asked_is_noted_where_it_is_news() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = || {
            let home = Ruling::open(&folder.path().join("state.db"), BTreeSet::new()).expect("opens");
            Left::new(Some(Arc::new(home))).expect("read")
        };
        let second = |n: i64| Time(n * 1_000_000_000);
        let mut left = open();
        assert_eq!(left.killed(), None);
        let mut noted = |waits, looked| {
            left.note(Mark { waits: second(waits), looked: second(looked) }).expect("noted");
            let mark = open().killed().expect("a mark");
            (mark.waits == second(waits), mark.looked == second(looked))
        };
        assert_eq!(noted(100, 100), (true, true), "the first");
        assert_eq!(noted(105, 105), (false, false), "soon after");
        assert_eq!(noted(40, 110), (true, true), "older flows wait");
        assert_eq!(noted(140, 140), (true, true), "half a minute later");
        left.end().expect("forgotten");
        assert_eq!(open().killed(), None);
    }
}
