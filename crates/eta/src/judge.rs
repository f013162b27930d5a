// SPDX-License-Identifier: Apache-2.0
//! Verdicts on rows as they come: fills `eta_score`, `eta_class` and `eta_model`.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use minamo_model::flow::Flow;

use crate::dataset::is_session;
use crate::explain::Evidence;
use crate::features::Source;
use crate::measure::{Scratch, extract, extract_but_octets};
use crate::model::{Class, Model};
use crate::pairs::Pairs;

/// The model in force, which several threads share: another one counts from the next session on.
#[derive(Debug)]
pub struct InForce {
    model: RwLock<Arc<Model>>,
    changes: AtomicU64,
}

impl InForce {
    /// A model in force.
    pub fn new(model: Arc<Model>) -> Self {
        Self { model: RwLock::new(model), changes: AtomicU64::new(0) }
    }

    /// Another model.
    pub fn set(&self, model: Arc<Model>) {
        *self.model.write().unwrap_or_else(PoisonError::into_inner) = model;
        self.changes.fetch_add(1, Ordering::Release);
    }

    /// The model.
    pub fn get(&self) -> Arc<Model> {
        Arc::clone(&self.model.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Judges the rows of one thread.
#[derive(Debug)]
pub struct Judge {
    in_force: Arc<InForce>,
    /// Changes of the model in force that were seen.
    changes: u64,
    model: Arc<Model>,
    label: String,
    /// The model asks for counts of octets.
    octets: bool,
    pairs: Pairs,
    scratch: Scratch,
    judged: u64,
    unknown: u64,
}

impl Judge {
    /// A judge that has seen nothing yet.
    pub fn new(model: Arc<Model>) -> Self {
        Self::following(Arc::new(InForce::new(model)))
    }

    /// A judge that has seen nothing yet, by whatever model is in force.
    pub fn following(in_force: Arc<InForce>) -> Self {
        let changes = in_force.changes.load(Ordering::Acquire);
        let model = in_force.get();
        let (label, octets) = (model.label(), model.asks().contains(&Source::Octets));
        let (pairs, scratch) = (Pairs::default(), Scratch::default());
        Self { in_force, changes, model, label, octets, pairs, scratch, judged: 0, unknown: 0 }
    }

    /// Takes the model in force, where that is another one.
    fn keep_up(&mut self) {
        let changes = self.in_force.changes.load(Ordering::Acquire);
        if changes != self.changes {
            self.changes = changes;
            self.model = self.in_force.get();
            self.label = self.model.label();
            self.octets = self.model.asks().contains(&Source::Octets);
        }
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Judges the row if it is a TLS session ([`is_session`]), in the light of earlier ones of the same hosts; fills its columns and
    /// returns what moved the verdict.
    pub fn judge(&mut self, flow: &mut Flow) -> Option<Evidence> {
        if !is_session(flow) {
            return None;
        }
        self.keep_up();
        let measure = if self.octets { extract } else { extract_but_octets };
        let earlier = self.pairs.of_session(flow);
        let values = measure(flow, earlier.context, &mut self.scratch);
        let evidence = Evidence { values, told: earlier.told };
        let verdict = self.model.judge(&evidence.values, evidence.told);
        if matches!(verdict.class, Class::Benign | Class::MalwareC2) {
            earlier.tell(verdict.probability);
        }
        self.judged += 1;
        self.unknown += u64::from(verdict.class == Class::Unknown);
        let eta = flow.eta.get_or_insert_default();
        // Four places: more would be noise.
        eta.score = Some((verdict.probability * 10_000.0).round() / 10_000.0);
        eta.class = Some(Cow::Borrowed(verdict.class.name()));
        eta.model = Some(Cow::Owned(self.label.clone()));
        Some(evidence)
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
    fn another_model_in_force_judges_the_next_session() {
        let in_force = Arc::new(InForce::new(Arc::new(small())));
        let mut judge = Judge::following(Arc::clone(&in_force));
        let mut session = simulate::sessions(1, 3).remove(0).flow;
        judge.judge(&mut session);
        let mut body = small().body().clone();
        body.name = "other".to_owned();
        in_force.set(Arc::new(Model::new(body).expect("sound")));
        judge.judge(&mut session);
        assert!(session.eta.and_then(|eta| eta.model).is_some_and(|model| model.starts_with("other@")));
    }

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
