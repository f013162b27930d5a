// SPDX-License-Identifier: Apache-2.0
//! The records that wait, in the order in which they came. Those of a conversation are linked with each other, and an
//! index knows the newest of them: a record that never meets another one costs a single look into the index.

use std::collections::VecDeque;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::pairer::Waiting;

/// Number of a waiting record: they are numbered as they come, and the numbers begin anew after the last one.
pub(crate) type Number = u32;

/// Entries of the index that are not worth a look for those which point nowhere.
const FEW: usize = 1_024;

/// Waiting records, and where those of a conversation are.
#[derive(Default)]
pub(crate) struct Records {
    all: VecDeque<Linked>,
    /// Number of the first of all.
    first: Number,
    /// The newest record of each mark. Records that left by age leave their entries behind.
    index: HashTable<Newest>,
}

/// A record, and its neighbours among those with the same mark.
#[derive(Clone, Copy)]
struct Linked {
    record: Waiting,
    before: Option<Number>,
    after: Option<Number>,
    /// True where it has left.
    taken: bool,
}

/// Half of a record's hash, from which its place in the index follows, and its number.
#[derive(Debug, Clone, Copy)]
struct Newest {
    mark: u32,
    number: Number,
}

impl Newest {
    /// What the index sorts by: growing it needs no look at the records.
    fn hash(&self) -> u64 {
        spread(self.mark)
    }
}

fn mark(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or_default()
}

fn spread(mark: u32) -> u64 {
    u64::from(mark).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Records {
    /// Octets of a record besides its row.
    pub(crate) const ENTRY: usize = size_of::<Linked>() + 2 * size_of::<Newest>();

    /// Number of the oldest.
    pub(crate) fn first(&self) -> Number {
        self.first
    }

    /// The number that the next record gets.
    pub(crate) fn next(&self) -> Number {
        self.first.wrapping_add(Number::try_from(self.all.len()).unwrap_or(Number::MAX))
    }

    fn place(&self, number: Number) -> usize {
        usize::try_from(number.wrapping_sub(self.first)).unwrap_or(usize::MAX)
    }

    /// The record of a number, where it waits.
    pub(crate) fn get(&self, number: Number) -> Option<&Waiting> {
        self.all.get(self.place(number)).filter(|linked| !linked.taken).map(|linked| &linked.record)
    }

    /// The record of a number, and whether another one of its mark came after it.
    pub(crate) fn followed(&self, number: Number) -> Option<(&Waiting, bool)> {
        let linked = self.all.get(self.place(number)).filter(|linked| !linked.taken)?;
        Some((&linked.record, linked.after.is_some()))
    }

    /// Records with this hash, with their numbers, from the newest to the oldest.
    pub(crate) fn with_hash(&self, hash: u64) -> impl Iterator<Item = (Number, &Waiting)> {
        let wanted = mark(hash);
        let newest = self.index.find(spread(wanted), |known| known.mark == wanted).map(|known| known.number);
        let linked = |number: Number| Some((number, self.all.get(self.place(number))?));
        let chain = std::iter::successors(newest.and_then(linked), move |(_, found)| linked(found.before?));
        let waiting = chain.filter(move |(_, found)| !found.taken && found.record.hash == hash);
        waiting.map(|(number, found)| (number, &found.record))
    }

    /// Of how many of these records others of their marks may wait. What is found is near when it is looked up: asked
    /// one after the other, the processor fetches many places at a time.
    pub(crate) fn known(&self, records: &[Waiting]) -> usize {
        let waits = |record: &&Waiting| {
            let wanted = mark(record.hash);
            self.index.find(spread(wanted), |known| known.mark == wanted).is_some()
        };
        records.iter().filter(waits).count()
    }

    /// Adds a record.
    pub(crate) fn push(&mut self, record: Waiting) {
        let number = self.next();
        let newest = Newest { mark: mark(record.hash), number };
        let before = match self.index.entry(newest.hash(), |known| known.mark == newest.mark, Newest::hash) {
            Entry::Occupied(mut known) => Some(std::mem::replace(known.get_mut(), newest).number),
            Entry::Vacant(place) => {
                place.insert(newest);
                None
            }
        };
        // What the index knew may have left long ago, and its number may be another record's now.
        let at = before.map(|before| self.place(before));
        let known = at.and_then(|at| self.all.get_mut(at)).filter(|known| mark(known.record.hash) == newest.mark);
        let is_known = known.is_some();
        if let Some(known) = known {
            known.after = Some(number);
        }
        self.all.push_back(Linked { record, before: before.filter(|_| is_known), after: None, taken: false });
    }

    /// Takes a record out of those that wait; nothing where it was out already.
    pub(crate) fn take(&mut self, number: Number) -> Option<Waiting> {
        let at = self.place(number);
        let linked = self.all.get_mut(at).filter(|linked| !linked.taken)?;
        linked.taken = true;
        let Linked { record, before, after, .. } = *linked;
        let neighbour = |number: Option<Number>| number.map(|number| self.place(number));
        let (older, newer) = (neighbour(before), neighbour(after));
        let older = older.and_then(|at| self.all.get_mut(at));
        let before = before.filter(|_| older.is_some());
        if let Some(older) = older {
            older.after = after;
        }
        if let Some(newer) = newer.and_then(|at| self.all.get_mut(at)) {
            newer.before = before;
            return Some(record);
        }
        let wanted = mark(record.hash);
        if let Ok(mut known) = self.index.find_entry(spread(wanted), |known| known.number == number) {
            match before {
                Some(before) => known.get_mut().number = before,
                None => drop(known.remove()),
            }
        }
        Some(record)
    }

    /// Takes out one of the oldest batch that no other followed: nothing points to it but the index.
    pub(crate) fn leave(&mut self, number: Number) {
        let at = self.place(number);
        if let Some(linked) = self.all.get_mut(at) {
            linked.taken = true;
        }
    }

    /// The last so many that still wait.
    pub(crate) fn last(&self, records: usize) -> impl Iterator<Item = &Waiting> {
        let begin = self.all.len().saturating_sub(records);
        self.all.range(begin..).filter(|linked| !linked.taken).map(|linked| &linked.record)
    }

    /// The last so many that still wait, to change them.
    pub(crate) fn last_mut(&mut self, records: usize) -> impl Iterator<Item = &mut Waiting> {
        let begin = self.all.len().saturating_sub(records);
        self.all.range_mut(begin..).filter(|linked| !linked.taken).map(|linked| &mut linked.record)
    }

    /// Forgets the last so many, which have all been taken.
    pub(crate) fn forget_last(&mut self, records: usize) {
        self.all.truncate(self.all.len().saturating_sub(records));
    }

    /// Forgets the first so many, which have all left.
    pub(crate) fn forget_first(&mut self, records: usize) {
        self.all.drain(..records.min(self.all.len()));
        self.first = self.first.wrapping_add(Number::try_from(records).unwrap_or(Number::MAX));
        if self.index.len() > FEW.max(2 * self.all.len()) {
            let (first, len) = (self.first, self.all.len());
            self.index.retain(|known| usize::try_from(known.number.wrapping_sub(first)).is_ok_and(|at| at < len));
        }
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes of which two have the same mark.
    const HASHES: [u64; 5] = [1 << 32, 2 << 32, 2 << 32 | 7, 3 << 32, 4 << 32];

    /// What waits, by number and hash, beside a list that is searched from one end to the other.
    #[test]
    fn records_are_found_by_hash_until_they_leave_whatever_comes_between() {
        let mut records = Records::default();
        let mut waiting: VecDeque<Option<u64>> = VecDeque::new();
        let mut random = 12_345_u64;
        let mut next = |below: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(random >> 33).expect("31 bits") % below
        };
        records.first = Number::MAX - 500;
        for step in 0..20_000 {
            match next(5) {
                0..=2 => {
                    let hash = HASHES[next(HASHES.len())];
                    records.push(Waiting::of_hash(hash));
                    waiting.push_back(Some(hash));
                }
                3 if !waiting.is_empty() => {
                    let at = next(waiting.len());
                    let number = records.first.wrapping_add(Number::try_from(at).expect("few"));
                    assert_eq!(records.take(number).map(|record| record.hash), waiting[at].take(), "step {step}");
                }
                _ if waiting.len() > 40 => {
                    for at in 0..20 {
                        let number = records.first.wrapping_add(at);
                        match records.followed(number).map(|(_, is_followed)| is_followed) {
                            Some(true) => drop(records.take(number)),
                            Some(false) => records.leave(number),
                            None => {}
                        }
                    }
                    waiting.drain(..20);
                    records.forget_first(20);
                }
                _ => {}
            }
            for hash in HASHES {
                let found: Vec<_> =
                    records.with_hash(hash).map(|(number, _)| number.wrapping_sub(records.first)).collect();
                let newest_first = (0..waiting.len()).rev().filter(|at| waiting[*at] == Some(hash));
                let want: Vec<_> = newest_first.map(|at| Number::try_from(at).expect("few")).collect();
                assert_eq!(found, want, "step {step}");
            }
        }
    }
}
