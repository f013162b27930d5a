// SPDX-License-Identifier: Apache-2.0
//! Checks of passwords, for people who are not known yet: a check takes 19 MiB and a time on purpose, so that one runs
//! after the other, few wait, and more are turned away and counted. An address that was wrong too often waits.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use minamo_base::{Sample, Time};
use tokio::sync::Semaphore;

use crate::{State, StateError};

/// Checks that run or wait.
const MOST: usize = 16;
/// Wrong passwords of one address, within so many seconds of its first one.
const MOST_WRONG: u32 = 10;
/// See [`MOST_WRONG`].
const WRONG_SECS: i64 = 300;
/// Addresses that are remembered; where there are more, all are forgotten.
const ADDRESSES: usize = 10_000;
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
        /// Logins that were turned away unchecked, as too many passwords of their address were wrong.
        too_often: AtomicU64 = "minamo_logins_total" [result = "too_often"],
            "Someone guesses; the log has the addresses.";
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
    /// Nobody looked: the address was wrong too often.
    TooOften,
}

/// A login that is tried.
pub(crate) struct Tried<'a> {
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    /// The address that it comes from, where that is known.
    pub(crate) from: Option<IpAddr>,
    pub(crate) now: Time,
}

/// Wrong passwords of an address.
struct Wrong {
    count: u32,
    since: Time,
}

/// Who is looked at, and what came of it.
pub(crate) struct Logins {
    /// Places for those that are looked at or wait.
    places: Arc<Semaphore>,
    /// The turn to be looked at.
    turn: Arc<Semaphore>,
    wrong: Mutex<HashMap<IpAddr, Wrong>>,
    counters: Counters,
}

impl Default for Logins {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(MOST)),
            turn: Arc::new(Semaphore::new(1)),
            wrong: Mutex::default(),
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
    pub(crate) async fn check(&self, state: &Arc<State>, tried: &Tried<'_>) -> Result<Checked, StateError> {
        let checked = match self.was_wrong_too_often(tried) {
            true => Checked::TooOften,
            false => self.look(state, tried.user, tried.password).await?,
        };
        self.remember(tried, checked);
        let counter = match checked {
            Checked::Right => &self.counters.right,
            Checked::Wrong => &self.counters.wrong,
            Checked::Busy => &self.counters.busy,
            Checked::TooOften => &self.counters.too_often,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(checked)
    }

    fn was_wrong_too_often(&self, tried: &Tried<'_>) -> bool {
        let wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        let known = tried.from.and_then(|from| wrong.get(&from));
        known.is_some_and(|known| known.count >= MOST_WRONG && tried.now.secs() < known.since.secs() + WRONG_SECS)
    }

    fn remember(&self, tried: &Tried<'_>, checked: Checked) {
        let Some(from) = tried.from else { return };
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        match checked {
            Checked::Right => drop(wrong.remove(&from)),
            Checked::Wrong => {
                if wrong.len() >= ADDRESSES {
                    wrong.clear();
                }
                let known = wrong.entry(from).or_insert(Wrong { count: 0, since: tried.now });
                if tried.now.secs() >= known.since.secs() + WRONG_SECS {
                    *known = Wrong { count: 0, since: tried.now };
                }
                known.count += 1;
            }
            Checked::Busy | Checked::TooOften => {}
        }
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

    fn tried(password: &str) -> Tried<'_> {
        Tried { user: "admin", password, from: None, now: Time::default() }
    }

    #[tokio::test]
    async fn an_address_that_is_wrong_too_often_waits() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = Arc::new(State::open(&folder.path().join("state.db")).expect("opened"));
        state.set_user("admin", "secret").expect("set");
        let logins = Logins::default();
        let of = |host: u8, password, secs| Tried {
            from: Some(IpAddr::from([192, 0, 2, host])),
            now: Time::from_secs_nanos(secs, 0),
            ..tried(password)
        };
        // Longer than any password: nobody has to be asked.
        let long = "x".repeat(2_000);
        for secs in 0..i64::from(MOST_WRONG) {
            assert_eq!(logins.check(&state, &of(1, &long, secs)).await.expect("looked"), Checked::Wrong);
        }
        assert_eq!(logins.check(&state, &of(1, "secret", 20)).await.expect("looked"), Checked::TooOften);
        assert_eq!(logins.check(&state, &of(2, "secret", 20)).await.expect("looked"), Checked::Right, "others may");
        assert_eq!(logins.check(&state, &of(1, "secret", WRONG_SECS)).await.expect("looked"), Checked::Right);
        assert_eq!(logins.check(&state, &of(1, &long, WRONG_SECS)).await.expect("looked"), Checked::Wrong);
    }

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
                tokio::spawn(async move { logins.check(&state, &tried("wrong")).await.expect("looked") })
            })
            .collect();
        while logins.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(logins.check(&state, &tried("secret")).await.expect("looked"), Checked::Busy);
        drop(turn);
        for login in waiting {
            assert_eq!(login.await.expect("ended"), Checked::Wrong);
        }
        assert_eq!(logins.check(&state, &tried("secret")).await.expect("looked"), Checked::Right);
        assert_eq!(logins.check(&state, &tried(&"x".repeat(2_000))).await.expect("looked"), Checked::Wrong);
        let told: Vec<u64> = logins.samples().iter().map(|sample| sample.value).collect();
        assert_eq!(told, [1, 17, 0, 1]);
    }
}
