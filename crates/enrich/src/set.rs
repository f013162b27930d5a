// SPDX-License-Identifier: Apache-2.0
//! Named sets for filters (`src in @guests`): the addresses of the network or tag of a name, as known at one instant or
//! over all time.

use std::collections::{BTreeSet, HashMap};

use minamo_base::{Prefix, Time};

use crate::{Definitions, Entry};

/// A prefix of a set and the time in which it belonged to it: from `valid_from` on, up to and without `valid_to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First instant; absent: since ever.
    pub valid_from: Option<Time>,
    /// First instant at which it no longer belongs to it; absent: until further notice.
    pub valid_to: Option<Time>,
    /// The addresses.
    pub prefix: Prefix,
}

impl Definitions {
    /// The addresses of the network or tag `name` as known at `as_of`, in order and without prefixes that lie in another
    /// one; nothing where nobody has that name then. A network's more specific parts belong to it, whatever their name.
    pub fn set(&self, name: &str, as_of: Time) -> Option<Vec<Prefix>> {
        let found = members(&self.at(as_of)?.entries, name);
        if found.is_empty() { None } else { Some(found) }
    }

    /// The addresses of the network or tag `name` over all time, for "as known then": a flow belongs to it where one of
    /// the periods covers its start and holds its address. In the order of time; nothing where nobody ever had that name.
    pub fn set_over_time(&self, name: &str) -> Option<Vec<Period>> {
        let mut periods: Vec<Period> = Vec::new();
        let mut latest: HashMap<Prefix, usize> = HashMap::new();
        for version in self.versions() {
            for prefix in members(&version.entries, name) {
                let before = latest.get(&prefix).and_then(|at| periods.get_mut(*at));
                // One that ends where this version starts goes on in it.
                if let Some(period) = before.filter(|period| period.valid_to == version.valid_from) {
                    period.valid_to = version.valid_to;
                    continue;
                }
                latest.insert(prefix, periods.len());
                periods.push(Period { valid_from: version.valid_from, valid_to: version.valid_to, prefix });
            }
        }
        if periods.is_empty() { None } else { Some(periods) }
    }

    /// All names of networks and tags that are known at `as_of`, in order: for completion.
    pub fn names(&self, as_of: Time) -> BTreeSet<&str> {
        let entries = self.at(as_of).map(|version| version.entries.as_slice()).unwrap_or_default();
        entries.iter().flat_map(|entry| entry.name.iter().chain(&entry.tags)).map(String::as_str).collect()
    }
}

/// Prefixes of the entries of that name, in order, without those that lie in another one.
fn members(entries: &[Entry], name: &str) -> Vec<Prefix> {
    let mut prefixes: Vec<Prefix> = entries.iter().filter(|e| e.is_called(name)).map(|e| e.prefix).collect();
    // Order by first address, the wider one first: whatever lies in a prefix follows it directly.
    prefixes.sort_unstable();
    let mut last: Option<Prefix> = None;
    prefixes.retain(|prefix| {
        let inside = last.is_some_and(|wide| wide.contains(prefix.first()) && wide.last() >= prefix.last());
        if !inside {
            last = Some(*prefix);
        }
        !inside
    });
    prefixes
}
