// SPDX-License-Identifier: Apache-2.0
//! The flow table: a bounded map from endpoints to flows, with lists in the order of the last packet, one for each
//! length of silence that ends flows, so that expiry looks at the front only.

use std::hash::{Hash, Hasher};

use hashbrown::HashMap;
use minamo_base::{FiveTuple, Ip, Time};
use minamo_packet::{FrameKind, LinkFrame, Packet};
use rapidhash::fast::RandomState;

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
        let (src, dst) = ((tuple.src, tuple.src_port), (tuple.dst, tuple.dst_port));
        let flipped = src > dst;
        let (low, high) = if flipped { (dst, src) } else { (src, dst) };
        let vlan = packet.vlans[0].unwrap_or(UNTAGGED);
        (Self { low, high, proto: tuple.proto, vlan, space: packet.tunnels.space() }, flipped)
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
    /// Address space, or type of a frame without IP.
    pub(crate) fn space(&self) -> u64 {
        self.space
    }
}

impl Hash for Key {
    /// In whole words: what a derived hash does octet by octet costs more than the look-up.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(self.low.0.to_u128());
        state.write_u128(self.high.0.to_u128());
        let ports = u64::from(self.low.1) << 16 | u64::from(self.high.1);
        let ends = u64::from(self.proto) << 48 | u64::from(self.vlan) << 32 | ports;
        state.write_u128(u128::from(self.space) << 64 | u128::from(ends));
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
}

/// No entry.
const NONE: u32 = u32::MAX;

struct Entry {
    key: Key,
    /// Nothing in a free entry.
    state: Option<Box<FlowState>>,
    seen: Time,
    wait: Wait,
    before: u32,
    after: u32,
}

#[derive(Clone, Copy)]
struct List {
    first: u32,
    last: u32,
}

pub(crate) struct FlowTable {
    places: HashMap<Key, u32, RandomState>,
    entries: Vec<Entry>,
    free: Vec<u32>,
    /// By [`Wait`].
    lists: [List; 3],
    max: usize,
}

impl FlowTable {
    pub(crate) fn new(max: usize) -> Self {
        let max = max.clamp(1, NONE as usize - 1);
        let empty = List { first: NONE, last: NONE };
        Self { places: HashMap::default(), entries: Vec::new(), free: Vec::new(), lists: [empty; 3], max }
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len() >= self.max
    }

    pub(crate) fn find(&self, key: &Key) -> Option<usize> {
        self.places.get(key).map(|at| *at as usize)
    }

    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut FlowState> {
        self.entries.get_mut(at)?.state.as_deref_mut()
    }

    pub(crate) fn insert(&mut self, key: Key, state: FlowState, seen: Time) -> usize {
        let entry = Entry { key, state: Some(Box::new(state)), seen, wait: Wait::Idle, before: NONE, after: NONE };
        let at = match self.free.pop() {
            Some(at) => {
                if let Some(place) = self.entries.get_mut(at as usize) {
                    *place = entry;
                }
                at
            }
            None => {
                self.entries.push(entry);
                u32::try_from(self.entries.len() - 1).unwrap_or(NONE)
            }
        };
        self.places.insert(key, at);
        self.link(at);
        at as usize
    }

    /// Moves a flow to the end of its list.
    pub(crate) fn touch(&mut self, at: usize, now: Time, wait: Wait) {
        let Ok(at) = u32::try_from(at) else { return };
        self.unlink(at);
        if let Some(entry) = self.entries.get_mut(at as usize) {
            entry.seen = now;
            entry.wait = wait;
        }
        self.link(at);
    }

    pub(crate) fn remove(&mut self, at: usize) -> Option<Box<FlowState>> {
        let place = u32::try_from(at).ok()?;
        let state = self.entries.get_mut(at)?.state.take()?;
        self.unlink(place);
        let key = self.entries.get(at)?.key;
        self.places.remove(&key);
        self.free.push(place);
        Some(state)
    }

    /// The flow at the front of a list, and when it was last seen.
    pub(crate) fn oldest(&self, wait: Wait) -> Option<(usize, Time)> {
        let first = self.lists.get(wait as usize)?.first as usize;
        self.entries.get(first).map(|entry| (first, entry.seen))
    }

    fn unlink(&mut self, at: u32) {
        let Some(entry) = self.entries.get(at as usize) else { return };
        let (before, after, wait) = (entry.before, entry.after, entry.wait);
        let Some(list) = self.lists.get_mut(wait as usize) else { return };
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
        let last = std::mem::replace(&mut list.last, at);
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
