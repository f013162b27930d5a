// SPDX-License-Identifier: Apache-2.0
//! Packets in fragments (RFC 791 §3.2, RFC 8200 §4.5): the first one has the ports, the others share its identification;
//! what they carry is put together, so that dissectors and tunnels see it whole.
//!
//! Of octets that came twice the first stay, whatever a receiver would do; where the two differ, somebody may want
//! to show us another packet than the receiver, and the packet is marked. Bounded by the number of packets, by
//! the octets that are held of all of them, and by the time that a packet's fragments may take.

use std::collections::VecDeque;

use hashbrown::HashMap;
use minamo_base::{FiveTuple, Ip, Time};
use minamo_packet::{Fragment, Packet};
use rapidhash::fast::RandomState;

use crate::Counters;

/// Packets in fragments that are remembered at a time.
const BOUND: usize = 4_096;
/// Octets that are held of all of them.
const HELD: usize = 16 << 20;
/// Pieces of one packet that are held: the smallest link of IPv4 (68 octets of MTU, RFC 791 §3.2) needs more for the
/// largest packet, but who sends such fragments wants to exhaust receivers.
const PIECES: usize = 128;
/// Later fragments of one packet that wait for the first one.
const WAITING: usize = 64;
/// Octets of the largest packet.
const LARGEST: u32 = 65_535;
/// Longest that the octets of a packet wait for the rest: RFC 791 §3.2 lets receivers wait for at least 15
/// seconds, Linux waits for 30.
const WAIT: i64 = 30_000_000_000;
/// Longest time between fragments of a packet, in nanoseconds; identifications are used again (RFC 8200 §4.5).
const AGE: i64 = 60_000_000_000;

/// What comes of fragments.
pub(crate) enum Part<'a> {
    /// A fragment as a packet of its flow: counted and not looked into.
    Counted(Time, FiveTuple, Packet<'a>),
    /// The packet whose fragments were counted: looked into and not counted.
    Joined(Time, FiveTuple, Packet<'a>),
    /// A packet of a tunnel whose fragments were not counted, its tunnels not yet opened.
    Carrier(Time, Packet<'a>),
}

/// Packets of which fragments were seen.
#[derive(Default)]
pub(crate) struct Fragments {
    packets: HashMap<Whole, Pieces, RandomState>,
    /// By the time of their first fragment here.
    ages: VecDeque<(Time, u64, Whole)>,
    /// Number of the next entry: one that took another's place is not ended with it.
    next: u64,
    held: usize,
}

/// What the fragments of a packet share, and its address space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Whole {
    src: Ip,
    dst: Ip,
    /// Protocol of IPv4; fragments of IPv6 may differ in it.
    proto: u8,
    id: u32,
    space: u64,
}

/// The fragments of one packet.
struct Pieces {
    number: u64,
    seen: Time,
    last: Time,
    /// Headers and endpoints of the first fragment.
    first: Option<(Packet<'static>, FiveTuple)>,
    /// True where the first fragment is one of a tunnel: its fragments are nobody's packets.
    carrier: bool,
    /// True once it was put together or given up: only the endpoints are of use.
    over: bool,
    waiting: Vec<(Time, Packet<'static>)>,
    /// In order, without overlap.
    pieces: Vec<Piece>,
    /// Octets of the whole, once the last fragment was seen.
    total: Option<u32>,
    overlapped: bool,
}

struct Piece {
    start: u32,
    /// Octets sent; those captured may be fewer.
    length: u32,
    octets: Vec<u8>,
}

impl Fragments {
    /// True where something has waited for too long by `now`.
    #[inline]
    pub(crate) fn is_due(&self, now: Time) -> bool {
        self.ages.front().is_some_and(|(seen, ..)| now.since(*seen) > WAIT)
    }

    /// Takes a fragment.
    pub(crate) fn take(
        &mut self,
        time: Time,
        packet: &Packet<'_>,
        counters: &mut Counters,
        out: &mut dyn FnMut(Part<'_>, bool),
    ) {
        let (id, offset, more) = match packet.ip.fragment {
            Fragment::Whole => return,
            Fragment::First { id, .. } => (id, 0, true),
            Fragment::Later { id, offset, more, .. } => (id, u32::from(offset), more),
        };
        let key = Whole::of(packet, id);
        self.make_room(&key, counters, out);
        let number = self.next;
        let ages = &mut self.ages;
        let pieces = self.packets.entry(key).or_insert_with(|| {
            ages.push_back((time, number, key));
            Pieces::new(number, time)
        });
        if pieces.number == number {
            self.next += 1;
        }
        pieces.last = pieces.last.max(time);
        if offset == 0 {
            if pieces.over {
                // The identification is used again.
                pieces.begin_again();
            }
            pieces.begin(time, packet, out);
        } else {
            pieces.later(time, packet, counters, out);
        }
        if pieces.over || !pieces.hold(offset, more, packet, &mut self.held) {
            return;
        }
        pieces.complete(time, counters, out);
        self.held -= pieces.release();
    }

    /// Ends what has waited for too long by `now`.
    #[inline]
    pub(crate) fn advance(&mut self, now: Time, counters: &mut Counters, out: &mut dyn FnMut(Part<'_>, bool)) {
        while let Some((seen, number, key)) = self.ages.front().copied() {
            if now.since(seen) <= WAIT {
                return;
            }
            self.ages.pop_front();
            self.end(&key, number, now.since(seen) > AGE, counters, out);
        }
    }

    /// Ends everything.
    pub(crate) fn finish(&mut self, counters: &mut Counters, out: &mut dyn FnMut(Part<'_>, bool)) {
        while let Some((_, number, key)) = self.ages.pop_front() {
            self.end(&key, number, true, counters, out);
        }
    }

    /// Gives up the oldest packets until there is room for one more.
    fn make_room(&mut self, key: &Whole, counters: &mut Counters, out: &mut dyn FnMut(Part<'_>, bool)) {
        while self.held > HELD || (self.packets.len() >= BOUND && !self.packets.contains_key(key)) {
            let Some((_, number, key)) = self.ages.pop_front() else { return };
            counters.forgotten_fragments += 1;
            self.end(&key, number, true, counters, out);
        }
    }

    /// Hands on what there is of a packet; its endpoints are kept for fragments that come late unless it is `gone`.
    fn end(
        &mut self,
        key: &Whole,
        number: u64,
        gone: bool,
        counters: &mut Counters,
        out: &mut dyn FnMut(Part<'_>, bool),
    ) {
        let Some(pieces) = self.packets.get_mut(key).filter(|pieces| pieces.number == number) else { return };
        pieces.give_up(counters, out);
        self.held -= pieces.release();
        if gone {
            self.packets.remove(key);
        } else {
            self.ages.push_back((Time(pieces.seen.0.saturating_add(AGE - WAIT)), number, *key));
        }
    }
}

impl Whole {
    fn of(packet: &Packet<'_>, id: u32) -> Self {
        let ip = &packet.ip;
        let proto = if ip.src.is_v4() { ip.proto } else { 0 };
        Self { src: ip.src, dst: ip.dst, proto, id, space: packet.tunnels.space() }
    }
}

impl Pieces {
    fn new(number: u64, time: Time) -> Self {
        let (waiting, pieces) = (Vec::new(), Vec::new());
        Self {
            number,
            seen: time,
            last: time,
            first: None,
            carrier: false,
            over: false,
            waiting,
            pieces,
            total: None,
            overlapped: false,
        }
    }

    fn begin_again(&mut self) {
        (self.over, self.total, self.overlapped) = (false, None, false);
    }

    /// Takes the first fragment, and counts those that waited for it.
    fn begin(&mut self, time: Time, packet: &Packet<'_>, out: &mut dyn FnMut(Part<'_>, bool)) {
        let tuple = crate::intake::endpoints(packet);
        let mut inside = *packet;
        inside.open();
        self.carrier = inside.tunnels != packet.tunnels;
        self.first = Some((packet.headers(), tuple));
        let waiting = std::mem::take(&mut self.waiting);
        if self.carrier {
            return;
        }
        out(Part::Counted(time, tuple, *packet), false);
        for (time, packet) in waiting {
            out(Part::Counted(time, with_ports(&packet, tuple), packet), false);
        }
    }

    /// Takes a later one.
    fn later(&mut self, time: Time, packet: &Packet<'_>, counters: &mut Counters, out: &mut dyn FnMut(Part<'_>, bool)) {
        match self.first {
            Some(_) if self.carrier => {}
            Some((_, tuple)) => out(Part::Counted(time, with_ports(packet, tuple), *packet), false),
            None if self.waiting.len() < WAITING && !self.over => self.waiting.push((time, packet.headers())),
            None => {
                counters.orphan_fragments += 1;
                out(Part::Counted(time, packet.tuple(), *packet), false);
            }
        }
    }

    /// Holds what a fragment carries; true where everything is there.
    fn hold(&mut self, offset: u32, more: bool, packet: &Packet<'_>, held: &mut usize) -> bool {
        let end = offset.saturating_add(packet.part_len);
        if end > LARGEST || self.pieces.len() >= PIECES {
            return false;
        }
        if !more {
            // Two different ends are an attack like different octets.
            self.overlapped |= self.total.is_some_and(|total| total != end);
            self.total = self.total.or(Some(end));
        }
        *held += self.insert(offset, packet.part_len, packet.part);
        self.first.is_some() && self.total.is_some_and(|total| self.reach() >= total)
    }

    /// Adds the octets that are new; gives their number. Compares the others with what is there.
    fn insert(&mut self, start: u32, length: u32, octets: &[u8]) -> usize {
        let end = start + length;
        let (mut from, mut at, mut added) = (start, 0, 0);
        while from < end {
            let Some(piece) = self.pieces.get(at) else {
                added += self.put(at, from, end, start, octets);
                return added;
            };
            let (first, last) = (piece.start, piece.start + piece.length);
            if last <= from {
                at += 1;
                continue;
            }
            if first > from {
                added += self.put(at, from, end.min(first), start, octets);
                from = end.min(first);
                at += 1;
                continue;
            }
            let both = last.min(end) - from;
            let ours = piece.octets.get((from - first) as usize..).unwrap_or_default();
            let theirs = octets.get((from - start) as usize..).unwrap_or_default();
            let differ = ours.iter().zip(theirs).take(both as usize).any(|(ours, theirs)| ours != theirs);
            self.overlapped |= differ;
            from += both;
            at += 1;
        }
        added
    }

    fn put(&mut self, at: usize, from: u32, to: u32, start: u32, octets: &[u8]) -> usize {
        if self.pieces.len() >= PIECES {
            return 0;
        }
        let (first, last) = ((from - start) as usize, (to - start) as usize);
        let octets = octets.get(first..last.min(octets.len())).unwrap_or_default().to_vec();
        let count = octets.len();
        self.pieces.insert(at, Piece { start: from, length: to - from, octets });
        count
    }

    /// Octets from the start on without a hole.
    fn reach(&self) -> u32 {
        let next = |reach: u32, piece: &Piece| (piece.start <= reach).then(|| piece.start + piece.length);
        self.pieces.iter().try_fold(0, |reach, piece| next(reach, piece).ok_or(reach)).unwrap_or_else(|reach| reach)
    }

    /// The octets up to the first that are missing, or were not captured.
    fn joined(&self) -> Vec<u8> {
        let mut joined = Vec::new();
        for piece in &self.pieces {
            if piece.start as usize != joined.len() {
                break;
            }
            joined.extend_from_slice(&piece.octets);
        }
        joined
    }

    fn complete(&mut self, time: Time, counters: &mut Counters, out: &mut dyn FnMut(Part<'_>, bool)) {
        let (Some((first, tuple)), Some(total)) = (self.first, self.total) else { return };
        counters.joined_packets += 1;
        counters.overlapping_fragments += u64::from(self.overlapped);
        let joined = self.joined();
        if let Ok(packet) = first.join(&joined, total) {
            let part = if self.carrier { Part::Carrier(time, packet) } else { Part::Joined(time, tuple, packet) };
            out(part, self.overlapped);
        }
    }

    /// Counts what waited in vain, and hands on the octets before the first hole.
    fn give_up(&mut self, counters: &mut Counters, out: &mut dyn FnMut(Part<'_>, bool)) {
        for (time, packet) in std::mem::take(&mut self.waiting) {
            counters.orphan_fragments += 1;
            out(Part::Counted(time, packet.tuple(), packet), false);
        }
        if self.over || self.pieces.is_empty() {
            return;
        }
        counters.incomplete_packets += 1;
        counters.overlapping_fragments += u64::from(self.overlapped);
        let Some((first, tuple)) = self.first else { return };
        let (joined, sent) = (self.joined(), self.total.unwrap_or_else(|| self.reach()));
        let Ok(mut packet) = first.join(&joined, sent) else { return };
        if self.carrier {
            // Lengths say nothing where the end is missing.
            packet.ip.fragment = first.ip.fragment;
            packet.open();
            out(Part::Carrier(self.last, packet), self.overlapped);
        } else {
            out(Part::Joined(self.last, tuple, packet), self.overlapped);
        }
    }

    /// Lets go of the octets; gives their number.
    fn release(&mut self) -> usize {
        self.over = true;
        let count = self.pieces.iter().map(|piece| piece.octets.len()).sum();
        self.pieces = Vec::new();
        count
    }
}

/// Endpoints of a later fragment.
fn with_ports(packet: &Packet<'_>, first: FiveTuple) -> FiveTuple {
    FiveTuple { src_port: first.src_port, dst_port: first.dst_port, ..packet.tuple() }
}
