// SPDX-License-Identifier: Apache-2.0
//! Conversations that change their endpoints on the way: a record that tells the translated addresses (elements 225 to
//! 228, RFC 8158) belongs to two conversations, the one that it was metered in and the one that it became. Records of the
//! other direction that know only one of them are found by either.

use std::collections::HashMap;

use crate::pairer::Waiting;
use crate::records::Number;

/// The conversations that waiting records became, by the hash that a record metered in them has.
#[derive(Default)]
pub(crate) struct Translations {
    by_hash: HashMap<u64, Vec<(Number, Waiting)>>,
    hashes: HashMap<Number, u64>,
}

impl Translations {
    pub(crate) fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Notes that a waiting record became `translated`.
    pub(crate) fn insert(&mut self, number: Number, translated: Waiting) {
        self.hashes.insert(number, translated.hash);
        self.by_hash.entry(translated.hash).or_default().push((number, translated));
    }

    /// Forgets a record that waits no more.
    pub(crate) fn remove(&mut self, number: Number) {
        let Some(hash) = self.hashes.remove(&number) else { return };
        if let Some(list) = self.by_hash.get_mut(&hash) {
            list.retain(|(known, _)| *known != number);
            if list.is_empty() {
                self.by_hash.remove(&hash);
            }
        }
    }

    /// What a waiting record became.
    pub(crate) fn of(&self, number: Number) -> Option<Waiting> {
        let list = self.by_hash.get(self.hashes.get(&number)?)?;
        list.iter().find(|(known, _)| *known == number).map(|(_, translated)| *translated)
    }

    /// Waiting records that became a conversation with this hash, as of that conversation.
    pub(crate) fn with_hash(&self, hash: u64) -> impl Iterator<Item = (Number, Waiting)> {
        self.by_hash.get(&hash).into_iter().flatten().copied()
    }
}
