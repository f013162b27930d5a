// SPDX-License-Identifier: Apache-2.0
//! The rules that people write and how they want rules to run, between `state.db`, the operations that change them, and
//! detection that puts them in force.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use minamo_state::{OwnRules, StateError};
use tokio::sync::watch;

/// How long an operation waits until a change is in force.
const PATIENCE: Duration = Duration::from_secs(10);

/// What people say of rules.
#[derive(Debug)]
pub struct Ruling {
    /// What they keep.
    pub stored: OwnRules,
    /// Rules of which the configuration says how they run.
    pub configured: BTreeSet<String>,
    /// Counts the changes.
    asked: watch::Sender<u64>,
    /// The last change that is in force.
    done: watch::Sender<u64>,
}

impl Ruling {
    /// What is said in this `state.db`, but for the rules of which the configuration says how they run.
    pub fn open(path: &Path, configured: BTreeSet<String>) -> Result<Self, StateError> {
        let (asked, done) = (watch::Sender::new(0), watch::Sender::new(0));
        Ok(Self { stored: OwnRules::open(path)?, configured, asked, done })
    }

    /// Tells detection of changes; it says by [`Ruling::in_force`] when one is in force.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.asked.subscribe()
    }

    /// The changes up to this one are in force.
    pub fn in_force(&self, change: u64) {
        self.done.send_replace(change);
    }

    /// Waits until what was changed is in force; false where it is not yet.
    pub(crate) async fn changed(&self) -> bool {
        let mut wanted = 0;
        self.asked.send_modify(|count| {
            *count += 1;
            wanted = *count;
        });
        if self.asked.receiver_count() == 0 {
            return false;
        }
        let mut done = self.done.subscribe();
        tokio::time::timeout(PATIENCE, done.wait_for(|change| *change >= wanted)).await.is_ok_and(|seen| seen.is_ok())
    }
}
