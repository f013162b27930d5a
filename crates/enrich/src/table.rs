// SPDX-License-Identifier: Apache-2.0
//! The definitions of one version, ready to be asked: prefixes that lie in each other are cut into ranges that do not
//! overlap, and an address is found by binary search. Asked once per distinct address of a batch.
//!
//! Measured against a prefix trie, see `docs/decisions/0007-enrichment.md`.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use minamo_base::{Ip, Prefix};

use crate::Entry;

/// No label: the range belongs to no prefix.
const NONE: u32 = u32::MAX;

/// What is said of an address by all prefixes that hold it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Label {
    /// Name of the most specific network that has one.
    pub name: Option<Arc<str>>,
    /// Tags of all, those of the most specific one first, each once.
    pub tags: Vec<Arc<str>>,
    /// What the most specific one says that says whether it is local.
    pub local: Option<bool>,
}

/// Ranges in order; a range ends where the next one starts.
#[derive(Debug, Default)]
struct Ranges<T> {
    starts: Vec<T>,
    labels: Vec<u32>,
}

impl<T: Ord + Copy> Ranges<T> {
    fn find(&self, at: T) -> u32 {
        let after = self.starts.partition_point(|start| *start <= at);
        after.checked_sub(1).and_then(|range| self.labels.get(range)).copied().unwrap_or(NONE)
    }

    /// Ends the last range at `start` and begins one with that label.
    fn begin(&mut self, start: T, label: u32) {
        if self.starts.last() == Some(&start) {
            self.starts.pop();
            self.labels.pop();
        }
        if self.labels.last().copied().unwrap_or(NONE) != label {
            self.starts.push(start);
            self.labels.push(label);
        }
    }
}

/// Definitions by address.
#[derive(Debug, Default)]
pub struct Table {
    /// IPv4 on its own: a quarter of the memory, so that the search stays in the cache.
    v4: Ranges<u32>,
    all: Ranges<u128>,
    labels: Vec<Label>,
}

impl Table {
    /// The table of some entries. Of several names of one prefix the first is taken.
    pub fn new(entries: &[Entry]) -> Self {
        let mut prefixes: BTreeMap<Prefix, Label> = BTreeMap::new();
        let mut texts = Texts::default();
        for entry in entries {
            let label = prefixes.entry(entry.prefix).or_default();
            label.name = label.name.take().or_else(|| entry.name.as_deref().map(|name| texts.get(name)));
            label.local = label.local.or(entry.local);
            extend(&mut label.tags, entry.tags.iter().map(|tag| texts.get(tag)));
        }
        let mut table = Self::default();
        let mut ids: HashMap<Label, u32> = HashMap::new();
        // The prefixes that hold the one at hand, the widest first, each with its label.
        let mut around: Vec<(Prefix, u32)> = Vec::new();
        for (prefix, mut label) in prefixes {
            while let Some((inner, _)) = around.pop_if(|(outer, _)| outer.last() < prefix.first()) {
                table.end(inner, around.last());
            }
            if let Some(outer) = around.last().and_then(|(_, id)| table.label(*id)) {
                label.name = label.name.or_else(|| outer.name.clone());
                label.local = label.local.or(outer.local);
                extend(&mut label.tags, outer.tags.iter().cloned());
            }
            let next = u32::try_from(table.labels.len()).unwrap_or(NONE);
            let id = *ids.entry(label.clone()).or_insert(next);
            if id == next {
                table.labels.push(label);
            }
            table.all.begin(prefix.first().to_u128(), id);
            around.push((prefix, id));
        }
        while let Some((inner, _)) = around.pop() {
            table.end(inner, around.last());
        }
        table.split_v4();
        table
    }

    /// Goes back to the prefix around at the end of `inner`.
    fn end(&mut self, inner: Prefix, around: Option<&(Prefix, u32)>) {
        if let Some(next) = inner.last().to_u128().checked_add(1) {
            self.all.begin(next, around.map_or(NONE, |(_, id)| *id));
        }
    }

    fn split_v4(&mut self) {
        let first = Ip::v4([0; 4]).to_u128();
        self.v4.begin(0, self.all.find(first));
        for (start, label) in self.all.starts.iter().zip(&self.all.labels) {
            if let Some(start) = start.checked_sub(first).and_then(|offset| u32::try_from(offset).ok()) {
                self.v4.begin(start, *label);
            }
        }
    }

    /// Number of the label of an address.
    pub fn find(&self, ip: Ip) -> Option<u32> {
        let id = match ip.as_v4() {
            Some(octets) => self.v4.find(u32::from_be_bytes(octets)),
            None => self.all.find(ip.to_u128()),
        };
        if id == NONE { None } else { Some(id) }
    }

    /// The label of that number.
    pub fn label(&self, id: u32) -> Option<&Label> {
        self.labels.get(usize::try_from(id).ok()?)
    }

    /// What is said of an address.
    pub fn lookup(&self, ip: Ip) -> Option<&Label> {
        self.label(self.find(ip)?)
    }
}

/// Each text once.
#[derive(Default)]
struct Texts<'a>(HashMap<&'a str, Arc<str>>);

impl<'a> Texts<'a> {
    fn get(&mut self, text: &'a str) -> Arc<str> {
        Arc::clone(self.0.entry(text).or_insert_with(|| text.into()))
    }
}

fn extend(tags: &mut Vec<Arc<str>>, more: impl Iterator<Item = Arc<str>>) {
    for tag in more {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
}
