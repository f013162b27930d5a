// SPDX-License-Identifier: Apache-2.0
//! Verdicts on rows as they come: fills `eta_score`, `eta_class` and `eta_model`.

use std::borrow::Cow;
use std::sync::Arc;

use minamo_model::flow::Flow;

use crate::dataset::is_session;
use crate::features::{Scratch, Values, extract};
use crate::model::{Class, Model};
use crate::pairs::Pairs;

/// Judges the rows of one thread.
#[derive(Debug)]
pub struct Judge {
    model: Arc<Model>,
    label: String,
    pairs: Pairs,
    scratch: Scratch,
    judged: u64,
    unknown: u64,
}

impl Judge {
    /// A judge that has seen nothing yet.
    pub fn new(model: Arc<Model>) -> Self {
        let label = model.label();
        Self { model, label, pairs: Pairs::default(), scratch: Scratch::default(), judged: 0, unknown: 0 }
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Judges the row if it is a TLS session ([`is_session`]); fills its columns and returns its features.
    pub fn judge(&mut self, flow: &mut Flow) -> Option<Values> {
        if !is_session(flow) {
            return None;
        }
        // What two exporters tell of one session is no repetition.
        let again = flow.merge.as_ref().is_some_and(|merge| merge.duplicate_of.is_some());
        let pair = if again { None } else { self.pairs.add(flow) };
        let values = extract(flow, pair, &mut self.scratch);
        let verdict = self.model.judge(&values);
        self.judged += 1;
        self.unknown += u64::from(verdict.class == Class::Unknown);
        let eta = flow.eta.get_or_insert_default();
        // Four places: more would be noise.
        eta.score = Some((verdict.probability * 10_000.0).round() / 10_000.0);
        eta.class = Some(Cow::Borrowed(verdict.class.name()));
        eta.model = Some(Cow::Owned(self.label.clone()));
        Some(values)
    }

    /// Sessions that were judged.
    pub fn judged(&self) -> u64 {
        self.judged
    }

    /// Of them, sessions that are unknown: outside of what the model was trained on.
    pub fn unknown(&self) -> u64 {
        self.unknown
    }

    /// Pairs of hosts that were forgotten because there were too many.
    pub fn forgotten(&self) -> u64 {
        self.pairs.forgotten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::small;
    use crate::simulate;

    #[test]
    fn tls_over_tcp_gets_a_verdict_and_nothing_else_does() {
        let mut judge = Judge::new(Arc::new(small()));
        for mut session in simulate::sessions(20, 3) {
            assert!(judge.judge(&mut session.flow).is_some());
            let eta = session.flow.eta.expect("a verdict");
            assert!(eta.score.is_some_and(|score| (0.0..=1.0).contains(&score)));
            assert!(eta.model.is_some_and(|model| model.starts_with("test@")));
        }
        let mut other = Flow::default();
        assert!(judge.judge(&mut other).is_none() && other.eta.is_none());
        assert_eq!(judge.judged(), 20);
        assert!(judge.unknown() <= 20);
    }
}
