// SPDX-License-Identifier: Apache-2.0
//! The suppressions in force, between `state.db`, the operations that change them, and detection that asks them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use minamo_base::Time;
use minamo_detect::{Scope, Suppression, Verdict, verdict};
use minamo_model::Event;
use minamo_state::{StateError, StoredSuppression, Suppressions};

/// Suppressions, and which of them are in force.
pub struct Suppressing {
    pub(crate) stored: Suppressions,
    live: RwLock<Arc<Vec<Suppression>>>,
}

impl Suppressing {
    /// Those of this `state.db`.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let suppressing = Self { stored: Suppressions::open(path)?, live: RwLock::default() };
        suppressing.refresh()?;
        Ok(suppressing)
    }

    /// Reads them again, after one was made or ended.
    pub(crate) fn refresh(&self) -> Result<(), StateError> {
        let live: Vec<Suppression> = self.stored.all()?.iter().filter_map(read).collect();
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(live);
        Ok(())
    }

    /// Marks the events that are hidden, and those that would have been; counts both.
    pub fn judge(&self, events: &mut [Event], now: Time) -> Result<(), StateError> {
        let live = Arc::clone(&self.live.read().unwrap_or_else(PoisonError::into_inner));
        let mut counts: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
        for event in events {
            match verdict(&live, &event.finding) {
                Verdict::Shown => {}
                Verdict::Hidden(id) => {
                    event.finding.suppressed_by = Some(id);
                    counts.entry(id).or_default().0 += 1;
                }
                Verdict::Broken(id, fact) => {
                    event.finding.suppression_broken = Some(format!("{id}: {fact}"));
                    counts.entry(id).or_default().1 += 1;
                }
            }
        }
        counts.into_iter().try_for_each(|(id, (hidden, broken))| self.stored.count(id, hidden, broken, now))
    }
}

/// A stored suppression as detection asks it; nothing where what is stored cannot be read.
fn read(stored: &StoredSuppression) -> Option<Suppression> {
    let scope: Scope = serde_json::from_str(&stored.scope).ok()?;
    let usual = serde_json::from_str(&stored.usual).ok()?;
    scope.suppression(stored.id, (stored.valid_from, stored.valid_to), usual)
}
