// SPDX-License-Identifier: Apache-2.0
//! TCP of one flow: order of each side's octets (RFC 9293 §3.4), what was sent again, round trips, the end.
//! Reassembly holds a few segments that came early; it reports a gap when there are too many, of this flow or of all, when
//! the receiver acknowledges them, or at the end of the flow.

mod packed;
mod unseen;

use std::cmp::Reverse;

use minamo_base::Time;
use minamo_dissect::{Classifier, Input, Side};
use minamo_model::flow::Npm;
use minamo_model::{Flow, FlowGroup};
use minamo_packet::{Packet, TcpHeader, tcp_flags};

use unseen::{Count, Moment};

/// Segments of one side that wait for an earlier one.
const HELD_SEGMENTS: usize = 16;
/// Octets that the smallest Ethernet frame holds.
const SMALLEST_FRAME: u64 = 46;
/// Octets of one side that wait for earlier ones.
const HELD_OCTETS: usize = 65_536;

/// Who listens to a flow: the classifier, what it found so far, and the row that all flows share, which it writes into.
pub(crate) struct Listener<'a> {
    pub(crate) classifier: &'a mut Classifier,
    pub(crate) groups: &'a mut Vec<FlowGroup>,
    pub(crate) scratch: &'a mut Flow,
}

impl Listener<'_> {
    /// Has the classifier take a piece of a stream.
    pub(crate) fn hear(&mut self, side: Side, input: Input<'_>) {
        self.facts(|classifier, facts| classifier.stream(side, input, facts));
    }

    /// Has the classifier look, with what was found so far in the row.
    pub(crate) fn facts(&mut self, look: impl FnOnce(&mut Classifier, &mut Flow)) {
        self.groups.drain(..).for_each(|group| self.scratch.put_group(group));
        look(self.classifier, self.scratch);
        self.scratch.take_groups(self.groups);
    }
}

/// TCP state of a flow.
#[derive(Default)]
pub(crate) struct TcpState {
    sides: [TcpSide; 2],
    /// The SYN; once it was answered, the answer.
    opened: Moment,
    answered: bool,
    last_request: Moment,
    src_rtt: Count,
    dst_rtt: Count,
    response: Count,
}

/// One side's stream.
#[derive(Default)]
struct TcpSide {
    /// True once a segment was seen; what follows means nothing before.
    begun: bool,
    zero_window: bool,
    /// Window of the last segment.
    window: u16,
    /// Acknowledgement of the last segment.
    acknowledged: u32,
    /// The next octet in order.
    next: u32,
    /// Highest octet seen, plus one; before the side has begun the first octet that the other one waits for, 0 where nobody
    /// knows it.
    end: u32,
    /// Nothing while all goes well.
    trouble: Option<Box<Trouble>>,
}

/// What few connections have.
#[derive(Default)]
struct Trouble {
    /// Segments that came early.
    held: Vec<(u32, Vec<u8>)>,
    retransmits: Count,
    out_of_order: Count,
    zero_windows: Count,
    duplicate_acks: Count,
    conflicts: Count,
    after_reset: Count,
    /// Octets below the highest that were not seen.
    missing: Count,
}

/// Where a side's latest segment is, and what it begins with.
#[derive(Default)]
pub(crate) struct Latest {
    start: u32,
    beginning: Beginning,
}

impl Latest {
    /// True where a segment is of the same place and begins otherwise.
    pub(crate) fn contradicts(&mut self, tcp: &TcpHeader, data: &[u8]) -> bool {
        let (start, beginning) = (first_octet(tcp), Beginning::of(data));
        let contradicts = start == self.start && beginning.contradicts(self.beginning);
        let newer = distance(start, self.start) >= 0 || self.beginning == Beginning::default();
        if newer && !contradicts {
            *self = Self { start, beginning };
        }
        contradicts
    }
}

/// What a segment begins with: how many octets were looked at (7 bits), a sum over them (13) and one over the first few of them (12).
#[derive(Clone, Copy, Default, PartialEq)]
struct Beginning(u32);

impl Beginning {
    /// Octets that are looked at: answers of one protocol begin with the same few.
    const LOOK: usize = 64;
    /// Octets that two of different lengths are compared by.
    const FEW: usize = 32;
    /// Shorter ones say too little.
    const LEAST: usize = 8;

    fn of(data: &[u8]) -> Self {
        let data = data.get(..Self::LOOK).unwrap_or(data);
        let add = |sum: u64, octets: &[u8]| {
            let word = octets.iter().rev().fold(0, |word: u64, octet| word << 8 | u64::from(*octet));
            (sum ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
        };
        let (few, more) = data.split_at_checked(Self::FEW).unwrap_or((data, &[]));
        let first = few.chunks(8).fold(0, add);
        let all = more.chunks(8).fold(first, add);
        let bits = |sum: u64, count: u32| u32::try_from(sum >> (64 - count)).unwrap_or(0);
        Self(bits(first, 12) << 20 | bits(all, 13) << 7 | u32::try_from(data.len()).unwrap_or(0))
    }

    fn length(self) -> usize {
        (self.0 & 0x7f) as usize
    }

    /// True where both are long enough and begin differently: in all that was looked at where they are as long, in the first few
    /// octets otherwise.
    fn contradicts(self, other: Self) -> bool {
        let shorter = self.length().min(other.length());
        match self.length() == other.length() {
            true => shorter >= Self::LEAST && self != other,
            false => shorter >= Self::FEW && self.0 >> 20 != other.0 >> 20,
        }
    }
}

/// Octets that a side may have sent before anything of it was seen: what is under way at once. More is no gap but another
/// numbering.
const MOST_UNSEEN: i32 = 1 << 20;

/// Octets that all flows together may hold of segments that came early.
pub(crate) struct Budget {
    left: usize,
    /// Segments that were not held because nothing was left.
    pub(crate) refused: u64,
}

impl Budget {
    pub(crate) fn new(octets: usize) -> Self {
        Self { left: octets, refused: 0 }
    }

    fn take(&mut self, octets: usize) -> bool {
        let Some(left) = self.left.checked_sub(octets) else {
            self.refused += 1;
            return false;
        };
        self.left = left;
        true
    }

    fn give_back(&mut self, octets: usize) {
        self.left = self.left.saturating_add(octets);
    }
}

/// Position of `a` after `b` on the circle of sequence numbers; negative where it is before.
pub(crate) fn distance(a: u32, b: u32) -> i32 {
    a.wrapping_sub(b).cast_signed()
}

impl TcpState {
    /// Measures and feeds one segment; returns true where it was sent before, and the gaps that were reported.
    pub(crate) fn segment(
        &mut self,
        time: Time,
        side: Side,
        tcp: &TcpHeader,
        packet: &Packet<'_>,
        listener: Option<&mut Listener<'_>>,
        budget: &mut Budget,
    ) -> (bool, u64) {
        self.window(side, tcp);
        let probe = self.sides.get(side.index()).is_some_and(|state| !state.begun) && is_keep_alive(tcp, packet);
        let padding = probe || is_padding(tcp, packet);
        let octets = if padding { 0 } else { packet.payload_len };
        self.round_trips(time, side, tcp, octets);
        self.repeated(side, tcp, octets);
        let again = self.count_order(side, tcp, octets);
        let listener = listener.filter(|listener| !listener.classifier.is_done());
        let gaps = match listener {
            _ if probe => {
                self.kept_alive(side, tcp);
                return (true, 0);
            }
            _ if padding => {
                self.set_aside(side, tcp, packet, listener.is_some(), budget);
                return (true, 0);
            }
            Some(listener) => {
                self.acknowledged(side, tcp, listener, budget) + self.reassemble(side, tcp, packet, listener, budget)
            }
            None => {
                self.forget(budget);
                0
            }
        };
        (again, gaps)
    }

    /// A segment of this side came again with other octets.
    pub(crate) fn contradicted(&mut self, side: Side) {
        if let Some(state) = self.sides.get_mut(side.index()) {
            state.trouble().conflicts.add();
        }
    }

    /// This side sent new data after its own reset.
    pub(crate) fn went_on(&mut self, side: Side) {
        if let Some(state) = self.sides.get_mut(side.index()) {
            state.trouble().after_reset.add();
        }
    }

    /// What was measured, where anything was.
    pub(crate) fn tell(&self) -> Option<Box<Npm>> {
        let none = Trouble::default();
        let [src, dst] = self.sides.each_ref().map(|side| side.trouble.as_deref().unwrap_or(&none));
        let npm = Npm {
            src_rtt_micros: self.src_rtt.get(),
            dst_rtt_micros: self.dst_rtt.get(),
            response_micros: self.response.get(),
            src_retransmits: src.retransmits.get(),
            dst_retransmits: dst.retransmits.get(),
            src_out_of_order: src.out_of_order.get(),
            dst_out_of_order: dst.out_of_order.get(),
            src_zero_windows: src.zero_windows.get(),
            dst_zero_windows: dst.zero_windows.get(),
            src_duplicate_acks: src.duplicate_acks.get(),
            dst_duplicate_acks: dst.duplicate_acks.get(),
            src_conflicts: src.conflicts.get(),
            dst_conflicts: dst.conflicts.get(),
            src_after_reset: src.after_reset.get(),
            dst_after_reset: dst.after_reset.get(),
            src_missing_bytes: src.missing.get(),
            dst_missing_bytes: dst.missing.get(),
            ..Npm::default()
        };
        (npm != Npm::default()).then(|| Box::new(npm))
    }

    /// True where every octet up to the highest was handed on.
    pub(crate) fn is_whole(&self) -> bool {
        self.sides.iter().all(|side| side.held().is_empty() && side.begun && side.next == side.end)
    }

    /// Counters begin again, for the next part of the flow.
    pub(crate) fn begin_again(&mut self) {
        for trouble in self.sides.iter_mut().filter_map(|side| side.trouble.as_deref_mut()) {
            *trouble = Trouble { held: std::mem::take(&mut trouble.held), ..Trouble::default() };
        }
    }

    fn round_trips(&mut self, time: Time, side: Side, tcp: &TcpHeader, octets: u32) {
        let syn = tcp.flags & tcp_flags::SYN != 0;
        let ack = tcp.flags & tcp_flags::ACK != 0;
        let took = match (side, syn, ack) {
            (Side::Src, true, false) if !self.answered => {
                self.opened = Moment(time.0);
                None
            }
            (Side::Dst, true, true) if !self.answered => {
                self.answered = true;
                let opened = std::mem::replace(&mut self.opened, Moment(time.0));
                opened.until(time).map(|took| (&mut self.dst_rtt, took))
            }
            (Side::Src, false, true) if self.answered => self.opened.until(time).map(|took| (&mut self.src_rtt, took)),
            _ => None,
        };
        if let Some((trip, took)) = took {
            trip.set_once(took);
        }
        match side {
            Side::Src if octets > 0 && self.response.get().is_none() => self.last_request = Moment(time.0),
            Side::Dst if octets > 0 => {
                if let Some(took) = std::mem::take(&mut self.last_request).until(time) {
                    self.response.set_once(took);
                }
            }
            Side::Src | Side::Dst => {}
        }
    }

    fn window(&mut self, side: Side, tcp: &TcpHeader) {
        let Some(state) = self.sides.get_mut(side.index()) else { return };
        let zero = tcp.window == 0 && tcp.flags & (tcp_flags::RST | tcp_flags::SYN | tcp_flags::FIN) == 0;
        if zero && !state.zero_window {
            state.trouble().zero_windows.add();
        }
        state.zero_window = zero;
    }

    /// Counts acknowledgements that say the same again while data of the other side is missing (RFC 5681 §2), and keeps the first
    /// one until the other side is seen.
    fn repeated(&mut self, side: Side, tcp: &TcpHeader, octets: u32) {
        let others_end = self.sides.get(side.other().index()).filter(|other| other.begun).map(|other| other.end);
        let Some(state) = self.sides.get_mut(side.index()) else { return };
        let plain = tcp.flags & (tcp_flags::SYN | tcp_flags::FIN | tcp_flags::RST | tcp_flags::ACK) == tcp_flags::ACK;
        let same = state.begun && (state.acknowledged, state.window) == (tcp.ack, tcp.window);
        (state.acknowledged, state.window) = (tcp.ack, tcp.window);
        let missing = others_end.is_some_and(|end| distance(end, tcp.ack) > 0);
        if plain && same && missing && octets == 0 {
            state.trouble().duplicate_acks.add();
        }
        if let Some(other) = self.sides.get_mut(side.other().index())
            && !other.begun
            && other.end == 0
            && tcp.flags & tcp_flags::ACK != 0
        {
            other.end = tcp.ack;
        }
    }

    /// Counts segments that were sent again or came late; true for one sent again. A segment that lies wholly below
    /// the highest octet seen came late where octets before it are missing, and was sent again otherwise.
    fn count_order(&mut self, side: Side, tcp: &TcpHeader, octets: u32) -> bool {
        let Some(state) = self.sides.get_mut(side.index()) else { return false };
        let start = first_octet(tcp);
        let end = start.wrapping_add(octets);
        if !std::mem::replace(&mut state.begun, true) {
            let awaited = std::mem::replace(&mut state.end, start);
            state.next = start;
            // A side that is first seen behind what the other waits for was not seen from its beginning on.
            let unseen = if awaited == 0 { 0 } else { distance(start, awaited) };
            if tcp.flags & tcp_flags::RST == 0 && (1..=MOST_UNSEEN).contains(&unseen) {
                state.trouble().missing.add_octets(unseen.unsigned_abs());
            }
        }
        let below = octets > 0 && distance(end, state.end) <= 0;
        if distance(end, state.end) > 0 {
            let skipped = distance(start, state.end);
            if skipped > 0 && octets > 0 {
                state.trouble().missing.add_octets(skipped.unsigned_abs());
            }
            state.end = end;
        }
        if !below {
            return false;
        }
        if let Some(trouble) = state.trouble.as_deref_mut() {
            trouble.missing.take_off(octets);
        }
        let late = distance(start, state.next) >= 0 && state.next != state.end;
        if late {
            state.trouble().out_of_order.add();
        } else {
            state.trouble().retransmits.add();
        }
        !late
    }

    /// A side that was silent is seen first by a keep-alive, whose octet is the last one that it sent (RFC 9293 §3.8.4).
    fn kept_alive(&mut self, side: Side, tcp: &TcpHeader) {
        if let Some(state) = self.sides.get_mut(side.index()) {
            state.next = first_octet(tcp).wrapping_add(1);
            state.end = state.next;
        }
    }

    /// Holds what is probably no data: where the next segment starts behind it, it was data after all.
    fn set_aside(&mut self, side: Side, tcp: &TcpHeader, packet: &Packet<'_>, heard: bool, budget: &mut Budget) {
        let Some(state) = self.sides.get_mut(side.index()) else { return };
        let start = first_octet(tcp);
        let ahead = distance(start, state.next) >= 0;
        let new = !state.held().iter().any(|(held, _)| *held == start);
        if ahead && new && heard && state.held().len() < HELD_SEGMENTS {
            state.hold(start, packet.payload, budget);
        }
    }

    /// Nothing listens any more: no octet is held, and order is only counted.
    fn forget(&mut self, budget: &mut Budget) {
        for side in &mut self.sides {
            side.let_go(budget);
            side.next = side.end;
        }
    }

    /// Lets go of what is held.
    pub(crate) fn let_go(&mut self, budget: &mut Budget) {
        self.sides.iter_mut().for_each(|side| side.let_go(budget));
    }

    /// The receiver has what lies before a held segment that it acknowledges: here it was lost and will not come.
    fn acknowledged(&mut self, side: Side, tcp: &TcpHeader, listener: &mut Listener<'_>, budget: &mut Budget) -> u64 {
        let sender = side.other();
        let Some(state) = self.sides.get_mut(sender.index()).filter(|state| !state.held().is_empty()) else { return 0 };
        let end = |(start, data): &(u32, Vec<u8>)| start.wrapping_add(u32::try_from(data.len()).unwrap_or(0));
        let acknowledged = state.held().iter().any(|held| distance(tcp.ack, end(held)) >= 0);
        if tcp.flags & tcp_flags::ACK == 0 || !acknowledged {
            return 0;
        }
        state.release(sender, true, listener, budget)
    }

    /// Hands on everything that is held, with the gaps in it: nothing more will come. Returns the gaps.
    pub(crate) fn drain(&mut self, listener: &mut Listener<'_>, budget: &mut Budget) -> u64 {
        let mut gaps = 0;
        for (side, state) in [Side::Src, Side::Dst].into_iter().zip(&mut self.sides) {
            while !state.held().is_empty() && !listener.classifier.is_done() {
                gaps += state.release(side, true, listener, budget);
            }
        }
        gaps
    }

    fn reassemble(
        &mut self,
        side: Side,
        tcp: &TcpHeader,
        packet: &Packet<'_>,
        listener: &mut Listener<'_>,
        budget: &mut Budget,
    ) -> u64 {
        let Some(state) = self.sides.get_mut(side.index()) else { return 0 };
        if packet.payload_len == 0 {
            return 0;
        }
        let start = first_octet(tcp);
        if distance(start, state.next) <= 0 {
            let missing = u64::from(packet.payload_len).saturating_sub(packet.payload.len() as u64);
            state.deliver(side, start, packet.payload, missing, listener);
            return state.release(side, false, listener, budget);
        }
        if packet.payload.is_empty() {
            return 0;
        }
        if !state.hold(start, packet.payload, budget) {
            return state.skip_to(side, start, packet.payload, listener, budget);
        }
        let octets: usize = state.held().iter().map(|(_, data)| data.len()).sum();
        let full = state.held().len() >= HELD_SEGMENTS || octets >= HELD_OCTETS;
        state.release(side, full, listener, budget)
    }
}

impl TcpSide {
    fn trouble(&mut self) -> &mut Trouble {
        self.trouble.get_or_insert_default()
    }

    fn held(&self) -> &[(u32, Vec<u8>)] {
        self.trouble.as_deref().map_or(&[][..], |trouble| &trouble.held)
    }

    /// Keeps a segment that came early; false where nothing more may be kept.
    fn hold(&mut self, start: u32, data: &[u8], budget: &mut Budget) -> bool {
        let room = budget.take(data.len());
        if room {
            self.trouble().held.push((start, data.to_vec()));
        }
        room
    }

    fn let_go(&mut self, budget: &mut Budget) {
        if !self.held().is_empty() {
            let held = std::mem::take(&mut self.trouble().held);
            budget.give_back(held.iter().map(|(_, data)| data.len()).sum());
        }
    }

    /// Gives up what is missing before a segment that cannot be held, and hands it on.
    fn skip_to(
        &mut self,
        side: Side,
        start: u32,
        data: &[u8],
        listener: &mut Listener<'_>,
        budget: &mut Budget,
    ) -> u64 {
        let mut gaps = 0;
        while !self.held().is_empty() {
            gaps += self.release(side, true, listener, budget);
        }
        let ahead = distance(start, self.next);
        if ahead > 0 {
            gaps += 1;
            self.next = start;
            listener.hear(side, Input::Gap(u64::from(ahead.unsigned_abs())));
        }
        self.deliver(side, start, data, 0, listener);
        gaps
    }

    /// Hands on what is new of a segment that starts at or before the next octet.
    fn deliver(&mut self, side: Side, start: u32, data: &[u8], missing: u64, listener: &mut Listener<'_>) {
        let next = self.next;
        let known = usize::try_from(distance(next, start)).unwrap_or(0);
        let end = start.wrapping_add(u32::try_from(data.len() as u64 + missing).unwrap_or(u32::MAX));
        if distance(end, next) <= 0 {
            return;
        }
        self.next = end;
        if let Some(new) = data.get(known..).filter(|new| !new.is_empty()) {
            listener.hear(side, Input::Data(new));
        }
        if missing > 0 {
            listener.hear(side, Input::Gap(missing));
        }
    }

    /// Hands on held segments that are in order now; with `force` the octets before the first are given up.
    fn release(&mut self, side: Side, mut force: bool, listener: &mut Listener<'_>, budget: &mut Budget) -> u64 {
        let mut gaps = 0;
        if self.held().is_empty() {
            return 0;
        }
        let mut held = std::mem::take(&mut self.trouble().held);
        while !held.is_empty() {
            let next = self.next;
            // Of those that start together the longest: the others are part of it, or padding.
            let order = |(start, data): &(u32, Vec<u8>)| (distance(*start, next), Reverse(data.len()));
            let first = held.iter().enumerate().min_by_key(|(_, held)| order(held));
            let Some((at, start)) = first.map(|(at, (start, _))| (at, *start)) else { break };
            let ahead = distance(start, next);
            if ahead > 0 {
                if !std::mem::take(&mut force) {
                    break;
                }
                gaps += 1;
                self.next = start;
                listener.hear(side, Input::Gap(u64::from(ahead.unsigned_abs())));
            }
            let (start, data) = held.swap_remove(at);
            budget.give_back(data.len());
            self.deliver(side, start, &data, 0, listener);
        }
        self.trouble().held = held;
        gaps
    }
}

/// Number of the first octet that a segment carries: a SYN has one of its own (RFC 9293 §3.4).
pub(crate) fn first_octet(tcp: &TcpHeader) -> u32 {
    tcp.seq.wrapping_add(u32::from(tcp.flags & tcp_flags::SYN != 0))
}

/// True for an acknowledgement whose payload is the padding of a frame: some devices set the IP length to what the
/// smallest frame holds (46 octets, IEEE 802.3 §4A.4.2), and TCP then seems to carry a few zeros. Data would be
/// pushed (RFC 9293 §3.9.1.2), or not be zeros. The octet of a keep-alive (§3.8.4) is another of this kind.
fn is_padding(tcp: &TcpHeader, packet: &Packet<'_>) -> bool {
    tcp.flags & tcp_flags::PSH == 0
        && tcp.flags & tcp_flags::ACK != 0
        && (1..=6).contains(&packet.payload_len)
        && packet.payload.len() as u64 == u64::from(packet.payload_len)
        && packet.ip_octets() <= SMALLEST_FRAME
        && packet.payload.iter().all(|octet| *octet == 0)
}

/// True for what can be a keep-alive (RFC 9293 §3.8.4): the octet before the next one, as a zero.
fn is_keep_alive(tcp: &TcpHeader, packet: &Packet<'_>) -> bool {
    tcp.flags & (tcp_flags::PSH | tcp_flags::SYN | tcp_flags::ACK) == tcp_flags::ACK
        && packet.payload_len == 1
        && packet.payload == [0]
}
