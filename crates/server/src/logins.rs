// SPDX-License-Identifier: Apache-2.0
//! Checks of passwords, for people who are not known yet: a check takes 19 MiB and a time on purpose, so that one runs
//! after the other, few wait, and more are turned away and counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use minamo_base::Sample;
use tokio::sync::Semaphore;

use crate::{State, StateError};

/// Checks that run or wait.
const MOST: usize = 16;
/// Octets of a name or a password that can be right.
const LONGEST: usize = 1_024;

minamo_base::counters! {
    /// Counters of logins.
    pub(crate) struct Counters, pub static METRICS {
        /// Logins with the right password.
        right: AtomicU64 = "minamo_logins_total" [result = "right"], "";
        /// Logins with a wrong name or password.
        wrong: AtomicU64 = "minamo_logins_total" [result = "wrong"],
            "Many of them: someone guesses; the log has the names.";
        /// Logins that were turned away unchecked, as too many others waited.
        busy: AtomicU64 = "minamo_logins_total" [result = "busy"],
            "Someone floods the login: let the proxy in front limit requests to /api/v1/session.";
    }
}

/// What became of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checked {
    /// Name and password belong together.
    Right,
    /// They do not.
    Wrong,
    /// Nobody looked: too many others wait.
    Busy,
}

/// Who is looked at, and what came of it.
pub(crate) struct Logins {
    /// Places for those that are looked at or wait.
    places: Arc<Semaphore>,
    /// The turn to be looked at.
    turn: Arc<Semaphore>,
    counters: Counters,
}

impl Default for Logins {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(MOST)),
            turn: Arc::new(Semaphore::new(1)),
            counters: Counters::default(),
        }
    }
}

impl Logins {
    /// The counters.
    pub(crate) fn samples(&self) -> Vec<Sample> {
        self.counters.samples(&[])
    }

    /// Says whether name and password belong together.
    pub(crate) async fn check(&self, state: &Arc<State>, user: &str, password: &str) -> Result<Checked, StateError> {
        let checked = self.look(state, user, password).await?;
        let counter = match checked {
            Checked::Right => &self.counters.right,
            Checked::Wrong => &self.counters.wrong,
            Checked::Busy => &self.counters.busy,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(checked)
    }

    async fn look(&self, state: &Arc<State>, user: &str, password: &str) -> Result<Checked, StateError> {
        if user.len().max(password.len()) > LONGEST {
            return Ok(Checked::Wrong);
        }
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { return Ok(Checked::Busy) };
        let Ok(turn) = Arc::clone(&self.turn).acquire_owned().await else { return Ok(Checked::Busy) };
        let (state, user, password) = (Arc::clone(state), user.to_owned(), password.to_owned());
        // Not on a thread that serves others; and who goes away does not make room before the work is done.
        let work = tokio::task::spawn_blocking(move || {
            let right = state.check_password(&user, &password);
            drop((place, turn));
            right
        });
        match work.await {
            Ok(right) => Ok(if right? { Checked::Right } else { Checked::Wrong }),
            Err(failed) => Err(StateError::Hash(failed.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn more_than_may_wait_are_turned_away() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = Arc::new(State::open(&folder.path().join("state.db")).expect("opened"));
        state.set_user("admin", "secret").expect("set");
        let logins = Arc::new(Logins::default());
        // Nobody gets a turn until all have come.
        let turn = Arc::clone(&logins.turn).acquire_owned().await.expect("open");
        let waiting: Vec<_> = (0..MOST)
            .map(|_| {
                let (logins, state) = (Arc::clone(&logins), Arc::clone(&state));
                tokio::spawn(async move { logins.check(&state, "admin", "wrong").await.expect("looked") })
            })
            .collect();
        while logins.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(logins.check(&state, "admin", "secret").await.expect("looked"), Checked::Busy);
        drop(turn);
        for login in waiting {
            assert_eq!(login.await.expect("ended"), Checked::Wrong);
        }
        assert_eq!(logins.check(&state, "admin", "secret").await.expect("looked"), Checked::Right);
        assert_eq!(logins.check(&state, "admin", &"x".repeat(2_000)).await.expect("looked"), Checked::Wrong);
        let told: Vec<u64> = logins.samples().iter().map(|sample| sample.value).collect();
        assert_eq!(told, [1, 17, 1]);
    }
}
