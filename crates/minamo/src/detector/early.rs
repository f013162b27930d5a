// SPDX-License-Identifier: Apache-2.0
//! Rules for which one direction is enough look at records before they have waited for their other one: a flood is told that
//! much sooner. What the lake has and what waits is asked together, each record once; when a record is stored, alone or
//! joined, the rules look again as they always do.

use std::time::Duration;

use minamo_base::Time;
use minamo_detect::Rule;
use minamo_store::AsOf;

use super::left::{Span, joined};
use super::{Detector, TICK, is_quick};
use crate::ingest::Fresh;

/// The tables of a moment, and what waited then.
pub(super) struct Early {
    pub(super) tables: AsOf,
    /// First and last start of what waited.
    pub(super) span: Span,
}

impl Detector {
    /// How long to wait for flows before the next look: until a rule that sees what waits is due again, as what waits does not
    /// tell anew that it is there.
    pub(super) fn patience(&self, fresh: &Fresh, now: Time) -> Duration {
        let rules = self.rules.now();
        let rests = |rule: &Rule| self.waiting.get(&rule.name).map(|waiting| waiting.rests_until.since(now));
        let resting =
            rules.iter().filter(|rule| rule.one_sided && is_quick(rule)).filter_map(rests).filter(|rest| *rest > 0);
        let soonest = resting.min().and_then(|nanos| u64::try_from(nanos).ok()).map(Duration::from_nanos);
        soonest.filter(|_| fresh.waiting.is_paired()).map_or(TICK, |soonest| soonest.min(TICK))
    }

    /// What waits, where a rule is about to look that wants to see it.
    pub(super) async fn early(&self, rules: &[Rule], fresh: &Fresh, now: Time) -> Option<Early> {
        let looks = |rule: &&Rule| {
            let rests = self.waiting.get(&rule.name).is_some_and(|waiting| now < waiting.rests_until);
            rule.one_sided && is_quick(rule) && !rests
        };
        let asks = |rule: &Rule| format!("{} {}", rule.sql, rule.only.as_deref().unwrap_or_default());
        let wanted: Vec<String> = rules.iter().filter(looks).map(asks).collect();
        if wanted.is_empty() {
            return None;
        }
        // The tables first: what is stored meanwhile is seen there the next time, and nothing is seen twice.
        let mut tables = self.lake.as_of_now();
        let mut span = None;
        for batch in fresh.waiting.rows(wanted.concat()).await {
            match tables.add_flows(batch) {
                Ok(of) => span = joined(span, Some(of)),
                Err(error) => tracing::error!(%error, "records that wait cannot be looked at"),
            }
        }
        Some(Early { tables, span: span? })
    }
}
