// SPDX-License-Identifier: Apache-2.0
//! The records that wait, in the order in which they came. Those of a conversation are linked with each other, and an
//! index knows the newest of them: a record that never meets another one costs a single look into the index.

use std::collections::VecDeque;
use std::num::NonZero;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::pairer::Waiting;

/// Number of a waiting record: they are numbered as they come, and the numbers begin anew after the last one.
pub(crate) type Number = u32;

/// What records share that may belong together: two hashes of it with seeds of their own. That others have both is less
/// likely than that memory errs, so that what was hashed is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    pub(crate) hash: u64,
    pub(crate) proof: u64,
}

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

/// Steps from a record to a neighbour of its.
type Steps = NonZero<u32>;

/// A record, and its neighbours among those with the same mark.
#[derive(Clone, Copy)]
struct Linked {
    record: Waiting,
    before: Option<Steps>,
    after: Option<Steps>,
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

fn mark(identity: Identity) -> u32 {
    u32::try_from(identity.hash >> 32).unwrap_or_default()
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

    /// True where the first number is of an earlier record than the second.
    pub(crate) fn is_before(&self, one: Number, other: Number) -> bool {
        one.wrapping_sub(self.first) < other.wrapping_sub(self.first)
    }

    /// Waiting records of an identity, with their numbers, from the newest to the oldest.
    pub(crate) fn alike(&self, identity: Identity) -> impl Iterator<Item = (Number, &Waiting)> {
        let wanted = mark(identity);
        let newest = self.index.find(spread(wanted), |known| known.mark == wanted).map(|known| known.number);
        self.chain(newest, identity)
    }

    /// Waiting records of the identity of this one that came before it, from the newest to the oldest.
    pub(crate) fn before(&self, own: Number) -> impl Iterator<Item = (Number, &Waiting)> {
        let linked = self.all.get(self.place(own));
        let newest = linked.and_then(|linked| Some(own.wrapping_sub(linked.before?.get())));
        linked.into_iter().flat_map(move |linked| self.chain(newest, linked.record.identity))
    }

    /// From a record back through all with its mark: those of an identity that wait.
    fn chain(&self, newest: Option<Number>, identity: Identity) -> impl Iterator<Item = (Number, &Waiting)> {
        let linked = |number: Number| Some((number, self.all.get(self.place(number))?));
        let chain = std::iter::successors(newest.and_then(linked), move |(number, found)| {
            linked(number.wrapping_sub(found.before?.get()))
        });
        let waiting = chain.filter(move |(_, found)| !found.taken && found.record.identity == identity);
        waiting.map(|(number, found)| (number, &found.record))
    }

    /// Adds a record, which nobody finds before it is linked.
    pub(crate) fn push(&mut self, record: Waiting) {
        self.all.push_back(Linked { record, before: None, after: None, taken: false });
    }

    /// Links the records from this number on, which were added last. Asked one after the other, the processor fetches
    /// many places of the index at a time.
    pub(crate) fn link(&mut self, first: Number) {
        let mut number = first;
        for at in self.place(first)..self.all.len() {
            self.link_one(at, number);
            number = number.wrapping_add(1);
        }
    }

    fn link_one(&mut self, at: usize, number: Number) {
        let Some(own) = self.all.get(at) else { return };
        let newest = Newest { mark: mark(own.record.identity), number };
        let before = match self.index.entry(newest.hash(), |known| known.mark == newest.mark, Newest::hash) {
            Entry::Occupied(mut known) => std::mem::replace(known.get_mut(), newest).number,
            Entry::Vacant(place) => {
                place.insert(newest);
                return;
            }
        };
        // What the index knew may have left long ago, and its number may be another record's now.
        let (steps, place) = (Steps::new(number.wrapping_sub(before)), self.place(before));
        let known = self.all.get_mut(place).filter(|known| mark(known.record.identity) == newest.mark);
        let Some(known) = known else { return };
        known.after = steps;
        if let Some(own) = self.all.get_mut(at) {
            own.before = steps;
        }
    }

    /// Takes a record out of those that wait; nothing where it was out already.
    pub(crate) fn take(&mut self, number: Number) -> Option<Waiting> {
        let at = self.place(number);
        let linked = self.all.get_mut(at).filter(|linked| !linked.taken)?;
        linked.taken = true;
        let Linked { record, before, after, .. } = *linked;
        let older = before.map(|steps| number.wrapping_sub(steps.get()));
        let newer = after.map(|steps| number.wrapping_add(steps.get()));
        // From the older neighbour to the newer one, where there are both.
        let both = before.zip(after).and_then(|(before, after)| before.checked_add(after.get()));
        let older = older.filter(|older| self.link_to(*older, |linked| &mut linked.after, both));
        if newer.is_some_and(|newer| self.link_to(newer, |linked| &mut linked.before, both.filter(|_| older.is_some())))
        {
            return Some(record);
        }
        let wanted = mark(record.identity);
        if let Ok(mut known) = self.index.find_entry(spread(wanted), |known| known.number == number) {
            match older {
                Some(older) => known.get_mut().number = older,
                None => drop(known.remove()),
            }
        }
        Some(record)
    }

    /// Sets a link of a record; false where it is there no more.
    fn link_to(&mut self, number: Number, link: fn(&mut Linked) -> &mut Option<Steps>, steps: Option<Steps>) -> bool {
        let place = self.place(number);
        self.all.get_mut(place).map(|linked| *link(linked) = steps).is_some()
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

    /// Identities of which three have the same mark, and two of these the same hash.
    const IDENTITIES: [Identity; 5] = [
        Identity { hash: 1 << 32, proof: 0 },
        Identity { hash: 2 << 32, proof: 0 },
        Identity { hash: 2 << 32 | 7, proof: 0 },
        Identity { hash: 2 << 32 | 7, proof: 1 },
        Identity { hash: 4 << 32, proof: 0 },
    ];

    /// What waits, by number and identity, beside a list that is searched from one end to the other.
    #[test]
    fn records_are_found_by_identity_until_they_leave_whatever_comes_between() {
        let mut records = Records::default();
        let mut waiting: VecDeque<Option<Identity>> = VecDeque::new();
        let mut random = 12_345_u64;
        let mut next = |below: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(random >> 33).expect("31 bits") % below
        };
        records.first = Number::MAX - 500;
        for step in 0..20_000 {
            match next(5) {
                0..=2 => {
                    let first = records.next();
                    for _ in 0..=next(3) {
                        let identity = IDENTITIES[next(IDENTITIES.len())];
                        records.push(Waiting::of(identity));
                        waiting.push_back(Some(identity));
                    }
                    records.link(first);
                }
                3 if !waiting.is_empty() => {
                    let at = next(waiting.len());
                    let number = records.first.wrapping_add(Number::try_from(at).expect("few"));
                    assert_eq!(records.take(number).map(|record| record.identity), waiting[at].take(), "step {step}");
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
            for identity in IDENTITIES {
                let place = |(number, _): (Number, &Waiting)| number.wrapping_sub(records.first);
                let found: Vec<_> = records.alike(identity).map(place).collect();
                let newest_first = (0..waiting.len()).rev().filter(|at| waiting[*at] == Some(identity));
                let want: Vec<_> = newest_first.map(|at| Number::try_from(at).expect("few")).collect();
                assert_eq!(found, want, "step {step}");
                let Some((newest, older)) = want.split_first() else { continue };
                let before = records.before(records.first.wrapping_add(*newest));
                assert_eq!(before.map(place).collect::<Vec<_>>(), older, "step {step}");
            }
        }
    }
}
