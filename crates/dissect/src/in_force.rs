// SPDX-License-Identifier: Apache-2.0
//! What a person has written down and may change while the program runs: shared by all that meter, replaced as a whole.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// The version that is in force.
#[derive(Debug, Default)]
pub struct InForce<T> {
    generation: AtomicU64,
    current: RwLock<Arc<T>>,
}

impl<T> InForce<T> {
    /// Puts another version in force.
    pub fn replace(&self, version: T) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(version);
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// The version in force.
    pub fn current(&self) -> Arc<T> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Rises whenever it changes.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }
}

/// A version that one thread works with, and looks after.
#[derive(Debug)]
pub struct Held<T> {
    home: Arc<InForce<T>>,
    generation: u64,
    held: Arc<T>,
}

impl<T> Held<T> {
    /// The version in force.
    pub fn new(home: Arc<InForce<T>>) -> Self {
        let (generation, held) = (home.generation(), home.current());
        Self { home, generation, held }
    }

    /// Takes the version that is in force now.
    pub fn renew(&mut self) {
        let generation = self.home.generation();
        if generation != self.generation {
            (self.generation, self.held) = (generation, self.home.current());
        }
    }

    /// The version that was taken last.
    pub fn get(&self) -> &Arc<T> {
        &self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_holds_until_it_is_renewed() {
        let home = Arc::new(InForce::<u8>::default());
        let mut held = Held::new(Arc::clone(&home));
        home.replace(7);
        assert_eq!((**held.get(), *home.current()), (0, 7));
        held.renew();
        assert_eq!(**held.get(), 7);
    }
}
