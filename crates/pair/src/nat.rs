// SPDX-License-Identifier: Apache-2.0
//! Conversations that change their endpoints on the way: a record that tells the translated addresses (elements 225 to
//! 228, RFC 8158) belongs to two conversations, the one that it was metered in and the one that it became. Records of the
//! other direction that know only one of them are found by either.

use std::collections::HashMap;

use crate::pairer::Waiting;
use crate::records::{Identity, Number};

/// The conversations that waiting records became, by the identity that a record metered in them has.
#[derive(Default)]
pub(crate) struct Translations {
    by_identity: HashMap<Identity, Vec<(Number, Waiting)>>,
    identities: HashMap<Number, Identity>,
}

impl Translations {
    pub(crate) fn is_empty(&self) -> bool {
        self.identities.is_empty()
    }

    /// Notes that a waiting record became `translated`.
    pub(crate) fn insert(&mut self, number: Number, translated: Waiting) {
        self.identities.insert(number, translated.identity);
        self.by_identity.entry(translated.identity).or_default().push((number, translated));
    }

    /// Forgets a record that waits no more.
    pub(crate) fn remove(&mut self, number: Number) {
        let Some(identity) = self.identities.remove(&number) else { return };
        if let Some(list) = self.by_identity.get_mut(&identity) {
            list.retain(|(known, _)| *known != number);
            if list.is_empty() {
                self.by_identity.remove(&identity);
            }
        }
    }

    /// What a waiting record became.
    pub(crate) fn of(&self, number: Number) -> Option<Waiting> {
        let list = self.by_identity.get(self.identities.get(&number)?)?;
        list.iter().find(|(known, _)| *known == number).map(|(_, translated)| *translated)
    }

    /// Waiting records that became a conversation of this identity, as of that conversation.
    pub(crate) fn alike(&self, identity: Identity) -> impl Iterator<Item = (Number, Waiting)> {
        self.by_identity.get(&identity).into_iter().flatten().copied()
    }
}
