// SPDX-License-Identifier: Apache-2.0
//! Groups of one width in hash tables: divided into parts, filled by several threads and put together.

use std::hash::{BuildHasher as _, Hash};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rapidhash::fast::RandomState;

use crate::query::top::{By, Totals};

/// Parts that a table is divided into: a part of a large one fits into the processor's cache, parts of several
/// threads are merged in parallel, and growth copies little.
const PARTS: usize = 256;
/// Groups that wait for their part, so that one part is at work at a time.
const WAITING: usize = 128;

/// A key and its totals.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group<K> {
    pub(super) key: K,
    pub(super) totals: Totals,
}

/// The groups of one width, in parts by their hash.
pub(super) struct Tables<K> {
    pub(super) parts: Vec<Share<K>>,
    /// The last group that was added to: its rows mostly come together.
    run: Option<Group<K>>,
}

/// A part of a table, and what waits to be added to it with its hash.
pub(super) struct Share<K> {
    table: HashTable<Group<K>>,
    waiting: Vec<(u64, Group<K>)>,
}

impl<K: Copy + Eq + Hash> Share<K> {
    fn flush(&mut self, hasher: &RandomState) {
        for (hash, group) in self.waiting.drain(..) {
            merge(&mut self.table, group, hash, hasher);
        }
    }
}

impl<K: Copy + Eq + Hash> Tables<K> {
    pub(super) fn new() -> Self {
        let parts = (0..PARTS).map(|_| Share { table: HashTable::new(), waiting: Vec::new() }).collect();
        Self { parts, run: None }
    }

    pub(super) fn add(&mut self, key: K, totals: Totals, hasher: &RandomState) {
        match &mut self.run {
            Some(run) if run.key == key => run.totals.add(totals),
            run => {
                if let Some(done) = run.replace(Group { key, totals }) {
                    put(&mut self.parts, done, hasher);
                }
            }
        }
    }

    /// Ends the run at hand.
    pub(super) fn end(&mut self, hasher: &RandomState) {
        if let Some(done) = self.run.take() {
            put(&mut self.parts, done, hasher);
        }
        self.parts.iter_mut().for_each(|part| part.flush(hasher));
    }

    pub(super) fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.table.allocation_size()).sum()
    }
}

fn put<K: Copy + Eq + Hash>(parts: &mut [Share<K>], group: Group<K>, hasher: &RandomState) {
    let hash = hasher.hash_one(group.key);
    // The table looks at the lowest and the highest bits.
    if let Some(part) = parts.get_mut((hash >> 40) as usize % PARTS) {
        part.waiting.push((hash, group));
        if part.waiting.len() >= WAITING {
            part.flush(hasher);
        }
    }
}

fn merge<K: Copy + Eq + Hash>(table: &mut HashTable<Group<K>>, group: Group<K>, hash: u64, hasher: &RandomState) {
    match table.entry(hash, |old| old.key == group.key, |old| hasher.hash_one(old.key)) {
        Entry::Occupied(mut old) => old.get_mut().totals.add(group.totals),
        Entry::Vacant(place) => {
            place.insert(group);
        }
    }
}

/// The first groups of the tables of all threads.
pub(super) fn first<K: Copy + Eq + Hash + Ord + Send>(
    found: Vec<Tables<K>>,
    by: By,
    limit: usize,
    hasher: &RandomState,
) -> Vec<Group<K>> {
    let mut by_part: Vec<Vec<HashTable<Group<K>>>> = (0..PARTS).map(|_| Vec::new()).collect();
    for tables in found {
        by_part.iter_mut().zip(tables.parts).for_each(|(part, share)| part.push(share.table));
    }
    let (left, right) = by_part.split_at_mut(PARTS / 2);
    let of = |parts: &mut [Vec<HashTable<Group<K>>>]| -> Vec<Group<K>> {
        parts
            .iter_mut()
            .flat_map(|tables| best(together(std::mem::take(tables), hasher).into_iter(), by, limit))
            .collect()
    };
    let small = left.iter().chain(&*right).flatten().map(HashTable::len).sum::<usize>() < 100_000;
    if small {
        let mut out = of(left);
        out.extend(of(right));
        return out;
    }
    std::thread::scope(|scope| {
        let half = scope.spawn(|| of(left));
        let mut out = of(right);
        out.extend(half.join().unwrap_or_default());
        out
    })
}

fn together<K: Copy + Eq + Hash>(mut tables: Vec<HashTable<Group<K>>>, hasher: &RandomState) -> HashTable<Group<K>> {
    tables.sort_by_key(HashTable::len);
    let mut all = tables.pop().unwrap_or_default();
    for group in tables.into_iter().flatten() {
        merge(&mut all, group, hasher.hash_one(group.key), hasher);
    }
    all
}

/// The first of some groups; among equals those with the lowest packed keys, which is their order as far as
/// texts do not count.
pub(super) fn best<K: Copy + Ord>(groups: impl Iterator<Item = Group<K>>, by: By, limit: usize) -> Vec<Group<K>> {
    let mut all: Vec<Group<K>> = groups.collect();
    let order = |group: &Group<K>| std::cmp::Reverse(group.totals.by(by));
    if all.len() > limit {
        // Everything that ties with the last one stays: texts are numbered in the order they came.
        let (_, last, _) = all.select_nth_unstable_by_key(limit.saturating_sub(1), order);
        let least = last.totals.by(by);
        all.retain(|group| group.totals.by(by) >= least);
    }
    all
}
