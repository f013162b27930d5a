// SPDX-License-Identifier: Apache-2.0
//! A bounded map that forgets what was not asked for lately. Two halves instead of a list: what is used moves to the
//! young half; when that is full, the old one is dropped as a whole. At least the last `max / 2` keys used are kept.

use std::hash::Hash;

use hashbrown::HashMap;
use rapidhash::fast::RandomState;

/// The map.
pub struct Recent<K, V> {
    young: HashMap<K, V, RandomState>,
    old: HashMap<K, V, RandomState>,
    half: usize,
    evicted: u64,
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    /// A map of at most `max` keys, at least 2.
    pub fn new(max: usize) -> Self {
        Self { young: HashMap::default(), old: HashMap::default(), half: (max / 2).max(1), evicted: 0 }
    }

    /// The value of a key, which counts as used.
    pub fn get(&mut self, key: &K) -> Option<V> {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = self.old.remove_entry(key)?;
        self.insert(key, value.clone());
        Some(value)
    }

    /// Sets the value of a key.
    pub fn insert(&mut self, key: K, value: V) {
        self.old.remove(&key);
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.evicted = self.evicted.saturating_add(self.old.len() as u64);
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    /// Keys in it.
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// True without keys.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keys dropped for want of room since the last call.
    pub fn take_evicted(&mut self) -> u64 {
        std::mem::take(&mut self.evicted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_rest_goes_and_is_counted() {
        let mut map = Recent::new(8);
        for key in 0..100_u32 {
            map.insert(key, key);
            assert_eq!(map.get(&0), Some(0), "used each time");
            assert!(map.len() <= 8);
        }
        assert_eq!(map.get(&99), Some(99));
        assert_eq!(map.get(&50), None);
        assert_eq!(map.take_evicted(), 100 - map.len() as u64);
        assert_eq!(map.take_evicted(), 0);
    }
}
