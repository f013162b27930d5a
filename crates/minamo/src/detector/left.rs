// SPDX-License-Identifier: Apache-2.0
//! What rules were not asked before the program ended: kept in `state.db`, and asked after the next start.

use std::collections::HashMap;
use std::sync::Arc;

use minamo_base::Time;
use minamo_server::detection::Ruling;

/// From the first to the last of the flows that a rule has to look at.
pub(super) type Span = (Time, Time);

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
    home: Option<Arc<Ruling>>,
}

impl Left {
    /// What was left by the program before.
    pub(super) fn new(home: Option<Arc<Ruling>>) -> anyhow::Result<Self> {
        let spans = home.as_ref().map(|home| home.stored.left()).transpose()?.unwrap_or_default();
        Ok(Self { spans: spans.into_iter().map(|(rule, from, to)| (rule, (from, to))).collect(), home })
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
}
