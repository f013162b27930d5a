// SPDX-License-Identifier: Apache-2.0
//! The flow table: a bounded map from endpoints to flows, with lists in the order of the last packet, one for each
//! length of silence that ends flows, so that expiry looks at the front only.

use std::hash::{BuildHasher, Hash, Hasher};

use hashbrown::HashTable;
use minamo_base::{FiveTuple, Ip, Time};
use minamo_packet::{FrameKind, Glance, LinkFrame, Packet};
use rapidhash::fast::RandomState;

use crate::pages::Pages;
use crate::sampling::{STEP, mix};
use crate::state::FlowState;

/// Endpoints in a fixed order, so that both directions have one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    low: (Ip, u16),
    high: (Ip, u16),
    proto: u8,
    /// Outermost tag, or [`UNTAGGED`].
    vlan: u16,
    /// Address space that a tunnel separates.
    space: u64,
}

/// More than the twelve bits of a VLAN id.
const UNTAGGED: u16 = u16::MAX;

impl Key {
    /// The key, and true where the packet's source is the higher endpoint.
    pub(crate) fn of(tuple: FiveTuple, packet: &Packet<'_>) -> (Self, bool) {
        Self::of_ends(tuple, packet.vlans[0], packet.tunnels.space())
    }

    /// The same of a packet with this tag, in this address space.
    pub(crate) fn of_ends(tuple: FiveTuple, vlan: Option<u16>, space: u64) -> (Self, bool) {
        let (src, dst) = ((tuple.src, tuple.src_port), (tuple.dst, tuple.dst_port));
        let flipped = src > dst;
        let (low, high) = if flipped { (dst, src) } else { (src, dst) };
        (Self { low, high, proto: tuple.proto, vlan: vlan.unwrap_or(UNTAGGED), space }, flipped)
    }

    /// The key of a frame without IP between these endpoints, and true where its source is the higher one. `number`
    /// tells its conversations apart from others of the same type.
    pub(crate) fn of_frame(frame: &LinkFrame<'_>, ends: (Ip, Ip), number: Option<u16>) -> (Self, bool) {
        let (src, dst) = ((ends.0, 0), (ends.1, 0));
        let flipped = src > dst;
        let (low, high) = if flipped { (dst, src) } else { (src, dst) };
        let kind = match frame.kind {
            FrameKind::Ethertype(kind) => 1 << 40 | u64::from(kind),
            FrameKind::Llc(access_point) => 2 << 40 | u64::from(access_point),
            FrameKind::Snap([a, b, c], kind) => u64::from_be_bytes([0, 0, 3, a, b, c, 0, 0]) | u64::from(kind),
        };
        // Together with protocol 0 no packet has such a key.
        let space = 1 << 63 | kind << 17 | number.map_or(0, |number| 1 << 16 | u64::from(number));
        (Self { low, high, proto: 0, vlan: frame.vlans[0].unwrap_or(UNTAGGED), space }, flipped)
    }
}

impl Key {
    /// Endpoints and protocol of a packet whose source is the higher endpoint, or is not.
    pub(crate) fn tuple(&self, flipped: bool) -> FiveTuple {
        let ((src, src_port), (dst, dst_port)) = if flipped { (self.high, self.low) } else { (self.low, self.high) };
        FiveTuple { src, dst, src_port, dst_port, proto: self.proto }
    }

    /// Number of the protocol above IP.
    pub(crate) fn proto(&self) -> u8 {
        self.proto
    }

    /// Address space, or type of a frame without IP.
    pub(crate) fn space(&self) -> u64 {
        self.space
    }

    /// An evenly spread number of it, the same on every machine.
    pub(crate) fn spread(&self) -> u64 {
        let halves = |ip: Ip| (ip.to_u128() >> 64, ip.to_u128());
        let ((low_net, low_host), (high_net, high_host)) = (halves(self.low.0), halves(self.high.0));
        let words = [low_net, low_host, high_net, high_host].map(|half| half as u64);
        let ends = words.into_iter().fold(mix(self.numbers()), |hash, word| mix(hash ^ word));
        mix(ends ^ self.space)
    }

    /// A number that is spread well enough to share flows out, of the same ends in either order.
    pub(crate) fn share(&self) -> u64 {
        share(
            (self.low.0.to_u128(), self.low.1),
            (self.high.0.to_u128(), self.high.1),
            self.proto,
            self.vlan,
            self.space,
        )
    }

    fn numbers(&self) -> u64 {
        let ports = u64::from(self.low.1) << 16 | u64::from(self.high.1);
        u64::from(self.proto) << 48 | u64::from(self.vlan) << 32 | ports
    }
}

/// [`Key::share`] of a packet with this tag that came through no tunnel, without making its key.
#[inline]
pub(crate) fn share_of(told: &Glance) -> u64 {
    share(told.src, told.dst, told.proto, told.vlan.unwrap_or(UNTAGGED), 0)
}

/// The ends are mixed apart, at the same time, and added: their order says nothing.
#[inline]
fn share(a: (u128, u16), b: (u128, u16), proto: u8, vlan: u16, space: u64) -> u64 {
    let end = |(ip, port): (u128, u16)| {
        let (net, host) = ((ip >> 64) as u64, ip as u64);
        mix(host ^ net.wrapping_mul(STEP) ^ u64::from(port) << 48)
    };
    mix(end(a).wrapping_add(end(b)) ^ space ^ u64::from(proto) << 48 ^ u64::from(vlan) << 32)
}

impl Hash for Key {
    /// In whole words: what a derived hash does octet by octet costs more than the look-up.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(self.low.0.to_u128());
        state.write_u128(self.high.0.to_u128());
        state.write_u128(u128::from(self.space) << 64 | u128::from(self.numbers()));
    }
}

/// How long a silence ends a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// The idle timeout.
    Idle,
    /// TCP that has ended: only stragglers follow.
    Linger,
    /// DNS over UDP whose questions are answered.
    Answered,
    /// TCP of which only one side's SYN was seen. As long as the idle timeout.
    Opening,
}

/// The lists of waits.
const WAITS: usize = 4;

/// No entry.
const NONE: u32 = u32::MAX;

/// A hash of twice as many bits: the table of places looks at the lowest and at the highest.
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}

struct Entry {
    key: Key,
    /// Nothing in a free entry.
    state: Option<FlowState>,
    seen: Time,
    /// Number of the unit that touched it last.
    order: u64,
    wait: Wait,
    before: u32,
    after: u32,
}

#[derive(Clone, Copy)]
struct List {
    first: u32,
    last: u32,
    count: usize,
    /// The first that was not put to sleep.
    awake: u32,
}

pub(crate) struct FlowTable {
    /// Places in `entries` by key: the keys are there. With half of the key's hash, so that no other entry is looked at.
    places: HashTable<(u32, u32)>,
    hasher: RandomState,
    entries: Pages<Entry>,
    free: Vec<u32>,
    /// By [`Wait`].
    lists: [List; WAITS],
    max: usize,
}

impl FlowTable {
    pub(crate) fn new(max: usize) -> Self {
        let max = max.clamp(1, NONE as usize - 1);
        let empty = List { first: NONE, last: NONE, count: 0, awake: NONE };
        let (places, hasher) = (HashTable::new(), RandomState::default());
        Self { places, hasher, entries: Pages::new(), free: Vec::new(), lists: [empty; WAITS], max }
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len() >= self.max
    }

    pub(crate) fn find(&self, key: &Key) -> Option<usize> {
        let hash = self.hash(key);
        let same = |(of, at): &(u32, u32)| {
            *of == hash && self.entries.get(*at as usize).is_some_and(|entry| entry.key == *key)
        };
        self.places.find(spread(hash), same).map(|(_, at)| *at as usize)
    }

    fn hash(&self, key: &Key) -> u32 {
        u32::try_from(self.hasher.hash_one(key) >> 32).unwrap_or(0)
    }

    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut FlowState> {
        self.entries.get_mut(at)?.state.as_mut()
    }

    /// A flow with its key.
    pub(crate) fn keyed_mut(&mut self, at: usize) -> Option<(&Key, &mut FlowState)> {
        let entry = self.entries.get_mut(at)?;
        Some((&entry.key, entry.state.as_mut()?))
    }

    /// Flows that wait like this.
    pub(crate) fn count(&self, wait: Wait) -> usize {
        self.lists.get(wait as usize).map_or(0, |list| list.count)
    }

    /// Number of the unit that touched a flow last.
    pub(crate) fn order(&self, at: usize) -> u64 {
        self.entries.get(at).map_or(0, |entry| entry.order)
    }

    /// How a flow waits, and since when.
    #[inline]
    pub(crate) fn waits(&self, at: usize) -> Option<(Wait, Time)> {
        self.entries.get(at).map(|entry| (entry.wait, entry.seen))
    }

    pub(crate) fn insert(&mut self, key: Key, state: FlowState, seen: Time, order: u64) -> usize {
        let state = Some(state);
        let entry = Entry { key, state, seen, order, wait: Wait::Idle, before: NONE, after: NONE };
        let at = match self.free.pop() {
            Some(at) => {
                if let Some(place) = self.entries.get_mut(at as usize) {
                    *place = entry;
                }
                at
            }
            None => u32::try_from(self.entries.push(entry)).unwrap_or(NONE),
        };
        let hash = self.hash(&key);
        self.places.insert_unique(spread(hash), (hash, at), |(hash, _)| spread(*hash));
        self.link(at);
        at as usize
    }

    /// Moves a flow to the end of its list.
    pub(crate) fn touch(&mut self, at: usize, now: Time, wait: Wait, order: u64) {
        let Ok(at) = u32::try_from(at) else { return };
        let Some(entry) = self.entries.get_mut(at as usize) else { return };
        // The latest of its list stays where it is, as packets often come in groups.
        if entry.after == NONE && entry.wait == wait {
            (entry.seen, entry.order) = (now, order);
            if let Some(list) = self.lists.get_mut(wait as usize).filter(|list| list.awake == NONE) {
                list.awake = at;
            }
            return;
        }
        self.unlink(at);
        if let Some(entry) = self.entries.get_mut(at as usize) {
            (entry.seen, entry.order) = (now, order);
            entry.wait = wait;
        }
        self.link(at);
    }

    pub(crate) fn remove(&mut self, at: usize) -> Option<(Key, FlowState)> {
        let place = u32::try_from(at).ok()?;
        let entry = self.entries.get_mut(at)?;
        let (key, state) = (entry.key, entry.state.take()?);
        self.unlink(place);
        if let Ok(found) = self.places.find_entry(spread(self.hash(&key)), |(_, at)| *at == place) {
            found.remove();
        }
        self.free.push(place);
        Some((key, state))
    }

    /// The flow at the front of a list, and when it was last seen.
    pub(crate) fn oldest(&self, wait: Wait) -> Option<(usize, Time)> {
        let first = self.lists.get(wait as usize)?.first as usize;
        self.entries.get(first).map(|entry| (first, entry.seen))
    }

    /// The flow that is awake and silent for longest, where it was last seen before this time and its end is far: it goes to
    /// sleep, until it is touched.
    pub(crate) fn put_to_sleep(&mut self, before: Time) -> Option<&mut FlowState> {
        let list = self.lists.get_mut(Wait::Idle as usize)?;
        let entry = self.entries.get_mut(list.awake as usize).filter(|entry| entry.seen < before)?;
        list.awake = entry.after;
        entry.state.as_mut()
    }

    fn unlink(&mut self, at: u32) {
        let Some(entry) = self.entries.get(at as usize) else { return };
        let (before, after, wait) = (entry.before, entry.after, entry.wait);
        let Some(list) = self.lists.get_mut(wait as usize) else { return };
        list.count -= 1;
        if list.awake == at {
            list.awake = after;
        }
        match self.entries.get_mut(before as usize) {
            Some(entry) => entry.after = after,
            None => list.first = after,
        }
        match self.entries.get_mut(after as usize) {
            Some(entry) => entry.before = before,
            None => list.last = before,
        }
    }

    fn link(&mut self, at: u32) {
        let Some(wait) = self.entries.get(at as usize).map(|entry| entry.wait) else { return };
        let Some(list) = self.lists.get_mut(wait as usize) else { return };
        list.count += 1;
        let last = std::mem::replace(&mut list.last, at);
        if list.awake == NONE {
            list.awake = at;
        }
        match self.entries.get_mut(last as usize) {
            Some(entry) => entry.after = at,
            None => list.first = at,
        }
        if let Some(entry) = self.entries.get_mut(at as usize) {
            entry.before = last;
            entry.after = NONE;
        }
    }
}
