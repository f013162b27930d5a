// SPDX-License-Identifier: Apache-2.0
//! When an event began and ended. Queries of several steps do not say when the flows of a row were; the filter of the event
//! shows them, and the lake is asked when the first one began and the last one ended.

use minamo_detect::{Fired, Rule};

use super::Detector;

/// Events of one answer that are asked about; those beyond begin and end with their window.
const MOST: usize = 50;

impl Detector {
    /// Says of what is news when its flows were, where its rule's query did not.
    pub(super) async fn time(&self, rule: &Rule, fired: &mut [Fired]) {
        // The instance's own condition is not in the filter: its flows may be fewer.
        if rule.only.is_some() {
            return;
        }
        for fired in fired.iter_mut().filter(|fired| self.engine.wants_times(fired)).take(MOST) {
            let (filter, window) = fired.flows();
            let Ok(filter) = minamo_filter::parse(filter) else { continue };
            match self.lake.flow_times(window, &filter).await {
                Ok(times) => times.into_iter().for_each(|times| fired.set_times(times)),
                // The event matters more than its times.
                Err(error) => return self.failed(rule, &error.into()),
            }
        }
    }
}
