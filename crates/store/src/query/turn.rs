// SPDX-License-Identifier: Apache-2.0
//! Whose turn it is: so many queries run at the same time, the others wait in one line per user, and the lines take
//! turns. Who asks much waits for himself only. All lines together are bounded.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// The lines.
#[derive(Debug)]
pub(crate) struct Turns {
    state: Mutex<State>,
    room: usize,
}

#[derive(Debug)]
struct State {
    free: usize,
    /// Users who wait, the next one first, each with a line of his own.
    lines: VecDeque<(String, VecDeque<oneshot::Sender<Slot>>)>,
}

/// The right to run; dropping it gives it to the next.
#[derive(Debug)]
pub(crate) struct Slot {
    turns: Option<Arc<Turns>>,
}

impl Turns {
    /// So many at the same time, and `room` that wait.
    pub(crate) fn new(slots: usize, room: usize) -> Arc<Self> {
        Arc::new(Self { state: Mutex::new(State { free: slots, lines: VecDeque::new() }), room })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn; nothing where too many wait already.
    pub(crate) async fn take(self: &Arc<Self>, user: &str) -> Option<Slot> {
        let waiting = {
            let mut state = self.state();
            if state.free > 0 {
                state.free -= 1;
                return Some(Slot { turns: Some(Arc::clone(self)) });
            }
            state.leave();
            if state.lines.iter().map(|(_, line)| line.len()).sum::<usize>() >= self.room {
                return None;
            }
            let (sender, waiting) = oneshot::channel();
            match state.lines.iter_mut().find(|(of, _)| of == user) {
                Some((_, line)) => line.push_back(sender),
                None => state.lines.push_back((user.to_owned(), VecDeque::from([sender]))),
            }
            waiting
        };
        waiting.await.ok()
    }

    fn give_back(self: Arc<Self>) {
        loop {
            let next = {
                let mut state = self.state();
                let Some(next) = state.next() else {
                    state.free += 1;
                    return;
                };
                next
            };
            match next.send(Slot { turns: Some(Arc::clone(&self)) }) {
                Ok(()) => return,
                // He went away meanwhile: the next one then.
                Err(mut slot) => slot.turns = None,
            }
        }
    }
}

impl State {
    /// Forgets those who went away.
    fn leave(&mut self) {
        self.lines.iter_mut().for_each(|(_, line)| line.retain(|waiting| !waiting.is_closed()));
        self.lines.retain(|(_, line)| !line.is_empty());
    }

    /// The first of the first line, which then stands last.
    fn next(&mut self) -> Option<oneshot::Sender<Slot>> {
        let (user, mut line) = self.lines.pop_front()?;
        let next = line.pop_front();
        if !line.is_empty() {
            self.lines.push_back((user, line));
        }
        next
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(turns) = self.turns.take() {
            turns.give_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn users_take_turns_and_too_many_are_refused() {
        let turns = Turns::new(1, 4);
        let first = turns.take("ann").await.expect("free");
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for user in ["ann", "ann", "ann", "bob"] {
            let (turns, order) = (Arc::clone(&turns), Arc::clone(&order));
            tasks.push(tokio::spawn(async move {
                let slot = turns.take(user).await.expect("a turn");
                order.lock().expect("no panic").push(user);
                drop(slot);
            }));
            tokio::task::yield_now().await;
        }
        assert!(turns.take("bob").await.is_none(), "four wait already");
        drop(first);
        for task in tasks {
            task.await.expect("no panic");
        }
        assert_eq!(*order.lock().expect("no panic"), ["ann", "bob", "ann", "ann"]);
        assert!(turns.take("bob").await.is_some(), "free again");
    }

    #[tokio::test]
    async fn who_goes_away_takes_no_turn_and_no_room() {
        let turns = Turns::new(1, 1);
        let first = turns.take("ann").await.expect("free");
        assert!(tokio::time::timeout(Duration::from_millis(1), turns.take("bob")).await.is_err(), "waits");
        assert!(tokio::time::timeout(Duration::from_millis(1), turns.take("bob")).await.is_err(), "waits, not refused");
        drop(first);
        assert!(turns.take("cid").await.is_some());
    }
}
