// SPDX-License-Identifier: Apache-2.0
//! TCP of one flow: order of each side's octets (RFC 9293 §3.4), what was sent again, round trips, the end.
//! Reassembly holds a few segments that came early; it reports a gap when there are too many, when the receiver
//! acknowledges them, or at the end of the flow.

use std::cmp::Reverse;

use minamo_base::Time;
use minamo_dissect::{Classifier, Input, Side};
use minamo_model::Flow;
use minamo_packet::{Packet, TcpHeader, tcp_flags};

/// Segments of one side that wait for an earlier one.
const HELD_SEGMENTS: usize = 16;
/// Octets that the smallest Ethernet frame holds.
const SMALLEST_FRAME: u64 = 46;
/// Octets of one side that wait for earlier ones.
const HELD_OCTETS: usize = 65_536;

/// TCP state of a flow.
#[derive(Default)]
pub(crate) struct TcpState {
    sides: [TcpSide; 2],
    syn: Option<Time>,
    syn_ack: Option<Time>,
    last_request: Option<Time>,
    fins: [bool; 2],
    reset: bool,
}

/// One side's stream.
#[derive(Default)]
struct TcpSide {
    /// The next octet in order, once one is known.
    next: Option<u32>,
    /// Highest octet seen, plus one.
    end: u32,
    held: Vec<(u32, Vec<u8>)>,
    zero_window: bool,
    /// Acknowledgement and window of the last segment.
    acknowledged: Option<(u32, u16)>,
}

/// Position of `a` after `b` on the circle of sequence numbers; negative where it is before.
fn distance(a: u32, b: u32) -> i32 {
    a.wrapping_sub(b).cast_signed()
}

impl TcpState {
    /// How the flow ended so far.
    pub(crate) fn end_reason(&self) -> Option<&'static str> {
        match (self.reset, self.fins) {
            (true, _) => Some("tcp_rst"),
            (false, [true, true]) => Some("tcp_fin"),
            _ => None,
        }
    }

    /// Measures and feeds one segment; returns true where it was sent before, and the gaps that were reported.
    pub(crate) fn segment(
        &mut self,
        time: Time,
        side: Side,
        tcp: &TcpHeader,
        packet: &Packet<'_>,
        classifier: &mut Classifier,
        flow: &mut Flow,
    ) -> (bool, u64) {
        self.flags(side, tcp, flow);
        if tcp.flags & tcp_flags::SYN != 0 {
            offer(side, tcp, packet, flow);
        }
        self.window(side, tcp, flow);
        let padding = is_padding(tcp, packet);
        let octets = if padding { 0 } else { packet.payload_len };
        self.round_trips(time, side, tcp, octets, flow);
        self.repeated(side, tcp, octets, flow);
        let again = self.count_order(side, tcp, octets, flow);
        if padding {
            self.set_aside(side, tcp, packet, classifier.is_done());
            return (true, 0);
        }
        let gaps = if classifier.is_done() {
            self.forget();
            0
        } else {
            self.acknowledged(side, tcp, classifier, flow) + self.reassemble(side, tcp, packet, classifier, flow)
        };
        (again, gaps)
    }

    fn flags(&mut self, side: Side, tcp: &TcpHeader, flow: &mut Flow) {
        let group = flow.tcp.get_or_insert_default();
        let flags = match side {
            Side::Src => &mut group.src_flags,
            Side::Dst => &mut group.dst_flags,
        };
        *flags = Some(flags.unwrap_or(0) | tcp.flags);
        if tcp.flags & tcp_flags::FIN != 0
            && let Some(fin) = self.fins.get_mut(side.index())
        {
            *fin = true;
        }
        self.reset |= tcp.flags & tcp_flags::RST != 0;
    }

    fn round_trips(&mut self, time: Time, side: Side, tcp: &TcpHeader, octets: u32, flow: &mut Flow) {
        let syn = tcp.flags & tcp_flags::SYN != 0;
        let ack = tcp.flags & tcp_flags::ACK != 0;
        match (side, syn, ack) {
            (Side::Src, true, false) => self.syn = Some(time),
            (Side::Dst, true, true) if self.syn_ack.is_none() => {
                self.syn_ack = Some(time);
                if let Some(sent) = self.syn {
                    flow.npm.get_or_insert_default().dst_rtt_micros = Some(micros(time, sent));
                }
            }
            (Side::Src, false, true) => {
                if let Some(sent) = self.syn_ack
                    && flow.npm.as_ref().is_none_or(|npm| npm.src_rtt_micros.is_none())
                {
                    flow.npm.get_or_insert_default().src_rtt_micros = Some(micros(time, sent));
                }
            }
            _ => {}
        }
        if octets == 0 {
            return;
        }
        match side {
            Side::Src if flow.npm.as_ref().is_none_or(|npm| npm.response_micros.is_none()) => {
                self.last_request = Some(time);
            }
            Side::Dst => {
                if let Some(asked) = self.last_request.take() {
                    let npm = flow.npm.get_or_insert_default();
                    npm.response_micros = npm.response_micros.or(Some(micros(time, asked)));
                }
            }
            Side::Src => {}
        }
    }

    fn window(&mut self, side: Side, tcp: &TcpHeader, flow: &mut Flow) {
        let Some(state) = self.sides.get_mut(side.index()) else { return };
        let zero = tcp.window == 0 && tcp.flags & (tcp_flags::RST | tcp_flags::SYN | tcp_flags::FIN) == 0;
        if zero && !state.zero_window {
            let npm = flow.npm.get_or_insert_default();
            let count = match side {
                Side::Src => &mut npm.src_zero_windows,
                Side::Dst => &mut npm.dst_zero_windows,
            };
            *count = Some(count.unwrap_or(0).saturating_add(1));
        }
        state.zero_window = zero;
    }

    /// Counts acknowledgements that say the same again while data of the other side is missing (RFC 5681 §2).
    fn repeated(&mut self, side: Side, tcp: &TcpHeader, octets: u32, flow: &mut Flow) {
        let others_end =
            self.sides.get(side.other().index()).filter(|other| other.next.is_some()).map(|other| other.end);
        let Some(state) = self.sides.get_mut(side.index()) else { return };
        let plain = tcp.flags & (tcp_flags::SYN | tcp_flags::FIN | tcp_flags::RST | tcp_flags::ACK) == tcp_flags::ACK;
        let same = state.acknowledged.replace((tcp.ack, tcp.window)) == Some((tcp.ack, tcp.window));
        let missing = others_end.is_some_and(|end| distance(end, tcp.ack) > 0);
        if !(plain && same && missing && octets == 0) {
            return;
        }
        let npm = flow.npm.get_or_insert_default();
        let count = match side {
            Side::Src => &mut npm.src_duplicate_acks,
            Side::Dst => &mut npm.dst_duplicate_acks,
        };
        *count = Some(count.unwrap_or(0).saturating_add(1));
    }

    /// Counts segments that were sent again or came late; true for one sent again. A segment that lies wholly below
    /// the highest octet seen came late where octets before it are missing, and was sent again otherwise.
    fn count_order(&mut self, side: Side, tcp: &TcpHeader, octets: u32, flow: &mut Flow) -> bool {
        let Some(state) = self.sides.get_mut(side.index()) else { return false };
        let start = first_octet(tcp);
        let end = start.wrapping_add(octets);
        if state.next.is_none() {
            state.next = Some(start);
            state.end = start;
        }
        let below = octets > 0 && distance(end, state.end) <= 0;
        if distance(end, state.end) > 0 {
            state.end = end;
        }
        if !below {
            return false;
        }
        let late = state.next.is_some_and(|next| distance(start, next) >= 0 && next != state.end);
        let npm = flow.npm.get_or_insert_default();
        let count = match (late, side) {
            (true, Side::Src) => &mut npm.src_out_of_order,
            (true, Side::Dst) => &mut npm.dst_out_of_order,
            (false, Side::Src) => &mut npm.src_retransmits,
            (false, Side::Dst) => &mut npm.dst_retransmits,
        };
        *count = Some(count.unwrap_or(0).saturating_add(1));
        !late
    }

    /// Holds what is probably no data: where the next segment starts behind it, it was data after all.
    fn set_aside(&mut self, side: Side, tcp: &TcpHeader, packet: &Packet<'_>, done: bool) {
        let Some(state) = self.sides.get_mut(side.index()) else { return };
        let start = first_octet(tcp);
        let ahead = state.next.is_none_or(|next| distance(start, next) >= 0);
        let new = !state.held.iter().any(|(held, _)| *held == start);
        if ahead && new && !done && state.held.len() < HELD_SEGMENTS {
            state.held.push((start, packet.payload.to_vec()));
        }
    }

    /// Nothing listens any more: no octet is held, and order is only counted.
    fn forget(&mut self) {
        for side in &mut self.sides {
            side.held = Vec::new();
            side.next = Some(side.end);
        }
    }

    /// The receiver has what lies before a held segment that it acknowledges: here it was lost and will not come.
    fn acknowledged(&mut self, side: Side, tcp: &TcpHeader, classifier: &mut Classifier, flow: &mut Flow) -> u64 {
        let sender = side.other();
        let Some(state) = self.sides.get_mut(sender.index()).filter(|state| !state.held.is_empty()) else { return 0 };
        let end = |(start, data): &(u32, Vec<u8>)| start.wrapping_add(u32::try_from(data.len()).unwrap_or(0));
        let acknowledged = state.held.iter().any(|held| distance(tcp.ack, end(held)) >= 0);
        if tcp.flags & tcp_flags::ACK == 0 || !acknowledged {
            return 0;
        }
        state.release(sender, true, classifier, flow)
    }

    /// Hands on everything that is held, with the gaps in it: nothing more will come. Returns the gaps.
    pub(crate) fn drain(&mut self, classifier: &mut Classifier, flow: &mut Flow) -> u64 {
        let mut gaps = 0;
        for (side, state) in [Side::Src, Side::Dst].into_iter().zip(&mut self.sides) {
            while !state.held.is_empty() && !classifier.is_done() {
                gaps += state.release(side, true, classifier, flow);
            }
        }
        gaps
    }

    fn reassemble(
        &mut self,
        side: Side,
        tcp: &TcpHeader,
        packet: &Packet<'_>,
        classifier: &mut Classifier,
        flow: &mut Flow,
    ) -> u64 {
        let Some(state) = self.sides.get_mut(side.index()) else { return 0 };
        if packet.payload_len == 0 {
            return 0;
        }
        let start = first_octet(tcp);
        let next = state.next.unwrap_or(start);
        if distance(start, next) <= 0 {
            let missing = u64::from(packet.payload_len).saturating_sub(packet.payload.len() as u64);
            state.deliver(side, start, packet.payload, missing, classifier, flow);
            return state.release(side, false, classifier, flow);
        }
        if !packet.payload.is_empty() {
            state.held.push((start, packet.payload.to_vec()));
            let gaps = state.release(side, false, classifier, flow);
            if state.held.is_empty() {
                return gaps;
            }
        }
        let octets: usize = state.held.iter().map(|(_, data)| data.len()).sum();
        if state.held.len() >= HELD_SEGMENTS || octets >= HELD_OCTETS {
            return state.release(side, true, classifier, flow);
        }
        0
    }
}

impl TcpSide {
    /// Hands on what is new of a segment that starts at or before the next octet.
    fn deliver(
        &mut self,
        side: Side,
        start: u32,
        data: &[u8],
        missing: u64,
        classifier: &mut Classifier,
        flow: &mut Flow,
    ) {
        let next = self.next.unwrap_or(start);
        let known = usize::try_from(distance(next, start)).unwrap_or(0);
        let end = start.wrapping_add(u32::try_from(data.len() as u64 + missing).unwrap_or(u32::MAX));
        if distance(end, next) <= 0 {
            return;
        }
        self.next = Some(end);
        if let Some(new) = data.get(known..).filter(|new| !new.is_empty()) {
            classifier.stream(side, Input::Data(new), flow);
        }
        if missing > 0 {
            classifier.stream(side, Input::Gap(missing), flow);
        }
    }

    /// Hands on held segments that are in order now; with `force` the octets before the first are given up.
    fn release(&mut self, side: Side, mut force: bool, classifier: &mut Classifier, flow: &mut Flow) -> u64 {
        let mut gaps = 0;
        while !self.held.is_empty() {
            let next = self.next.unwrap_or(0);
            // Of those that start together the longest: the others are part of it, or padding.
            let order = |(start, data): &(u32, Vec<u8>)| (distance(*start, next), Reverse(data.len()));
            let first = self.held.iter().enumerate().min_by_key(|(_, held)| order(held));
            let Some((at, start)) = first.map(|(at, (start, _))| (at, *start)) else { break };
            let ahead = distance(start, next);
            if ahead > 0 {
                if !std::mem::take(&mut force) {
                    break;
                }
                gaps += 1;
                self.next = Some(start);
                classifier.stream(side, Input::Gap(u64::from(ahead.unsigned_abs())), flow);
            }
            let (start, data) = self.held.swap_remove(at);
            self.deliver(side, start, &data, 0, classifier, flow);
        }
        gaps
    }
}

/// What a SYN offers; of several the first counts.
fn offer(side: Side, tcp: &TcpHeader, packet: &Packet<'_>, flow: &mut Flow) {
    let group = flow.tcp.get_or_insert_default();
    let (mss, scale, window, octets) = match side {
        Side::Src => {
            (&mut group.src_mss, &mut group.src_window_scale, &mut group.src_syn_window, &mut group.src_syn_bytes)
        }
        Side::Dst => {
            (&mut group.dst_mss, &mut group.dst_window_scale, &mut group.dst_syn_window, &mut group.dst_syn_bytes)
        }
    };
    if window.is_none() {
        (*mss, *scale, *window) = (tcp.mss, tcp.window_scale, Some(tcp.window));
        *octets = u16::try_from(packet.ip_octets()).ok();
    }
}

/// Number of the first octet that a segment carries: a SYN has one of its own (RFC 9293 §3.4).
fn first_octet(tcp: &TcpHeader) -> u32 {
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

fn micros(later: Time, earlier: Time) -> u32 {
    u32::try_from(later.since(earlier) / 1_000).unwrap_or(u32::MAX)
}
