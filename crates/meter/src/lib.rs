// SPDX-License-Identifier: Apache-2.0
//! The meter: packets in, bidirectional flow rows out. Sans-I/O; time comes with the packets. Memory is
//! bounded by [`Settings::max_flows`], and steady-state packets of known flows allocate nothing.

mod fragments;
mod npm;
mod state;
mod table;
mod tcp;

use std::sync::Arc;
use std::time::Duration;

use minamo_base::{FiveTuple, Ip, Mac, Time};
use minamo_dissect::{OwnServices, Services, link_protocol};
use minamo_model::Flow;
use minamo_packet::{Closed, Fragment, LinkFrame, Packet, Transport, tcp_flags};

use fragments::Fragments;
use state::FlowState;
use table::{FlowTable, Key, Wait};

/// What the meter is asked to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// A flow without a packet for this long has ended.
    pub idle_timeout: Duration,
    /// A flow that lasts longer is reported in parts of this length.
    pub active_timeout: Duration,
    /// After its end a TCP flow still takes stragglers for this long.
    pub linger: Duration,
    /// A DNS flow over UDP whose questions are all answered has ended after this long without a packet, so that the names
    /// are known before the connections to them are reported.
    pub answered: Duration,
    /// Most flows at a time; beyond it the one idle for longest is reported early.
    pub max_flows: usize,
    /// Packets with payload in the sequence of lengths and times.
    pub splt_packets: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            idle_timeout: Duration::from_secs(60),
            active_timeout: Duration::from_secs(300),
            linger: Duration::from_secs(5),
            answered: Duration::from_secs(1),
            max_flows: 400_000,
            splt_packets: 50,
        }
    }
}

/// What happened, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets metered.
    pub packets: u64,
    /// Octets metered, from the IP header on.
    pub octets: u64,
    /// Frames without IP metered.
    pub frames: u64,
    /// Rows reported.
    pub rows: u64,
    /// Rows reported early because the table was full.
    pub evicted: u64,
    /// Later fragments whose first fragment was not seen: metered without ports.
    pub orphan_fragments: u64,
    /// First fragments forgotten because the table of fragments was full.
    pub forgotten_fragments: u64,
    /// Segments that reassembly gave up waiting for.
    pub stream_gaps: u64,
    /// Packets that came in a tunnel: metered as the conversation inside.
    pub tunnelled: u64,
    /// Packets of tunnels nested too deeply: metered as the innermost tunnel that was opened.
    pub closed_deep: u64,
    /// Packets of tunnels without IP inside: metered as the tunnel.
    pub closed_not_ip: u64,
    /// Packets of tunnels whose inside is cut or impossible: metered as the tunnel.
    pub closed_unreadable: u64,
}

impl std::ops::AddAssign for Counters {
    fn add_assign(&mut self, other: Self) {
        // Each by name: one that is new is not forgotten here.
        let Self {
            packets,
            octets,
            frames,
            rows,
            evicted,
            orphan_fragments,
            forgotten_fragments,
            stream_gaps,
            tunnelled,
            closed_deep,
            closed_not_ip,
            closed_unreadable,
        } = other;
        self.packets += packets;
        self.octets += octets;
        self.frames += frames;
        self.rows += rows;
        self.evicted += evicted;
        self.orphan_fragments += orphan_fragments;
        self.forgotten_fragments += forgotten_fragments;
        self.stream_gaps += stream_gaps;
        self.tunnelled += tunnelled;
        self.closed_deep += closed_deep;
        self.closed_not_ip += closed_not_ip;
        self.closed_unreadable += closed_unreadable;
    }
}

/// Turns packets into flow rows.
pub struct Meter {
    settings: Settings,
    table: FlowTable,
    fragments: Fragments,
    now: Time,
    counters: Counters,
    services: Known,
}

/// A person's services, as this meter knows them.
struct Known {
    own: Arc<OwnServices>,
    generation: u64,
    current: Arc<Services>,
}

impl Known {
    /// Those in force.
    fn current(&mut self) -> &Services {
        let generation = self.own.generation();
        if generation != self.generation {
            self.generation = generation;
            self.current = self.own.current();
        }
        &self.current
    }
}

impl Meter {
    /// A meter without flows, which knows the program's services.
    pub fn new(settings: Settings) -> Self {
        Self::with_services(settings, Arc::default())
    }

    /// The same with a person's services, which may be replaced while it runs: a row has those that are in force when it
    /// is made.
    pub fn with_services(settings: Settings, own: Arc<OwnServices>) -> Self {
        Self {
            table: FlowTable::new(settings.max_flows),
            settings,
            fragments: Fragments::default(),
            now: Time(i64::MIN),
            counters: Counters::default(),
            services: Known { generation: own.generation(), current: own.current(), own },
        }
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Flows that are open.
    pub fn open_flows(&self) -> usize {
        self.table.len()
    }

    /// Takes one packet; rows that are complete go to `out`.
    pub fn packet(&mut self, time: Time, packet: &Packet<'_>, out: &mut dyn FnMut(Flow)) {
        self.advance(time, out);
        self.counters.packets += 1;
        self.counters.octets += packet.ip_octets();
        self.counters.tunnelled += u64::from(!packet.tunnels.is_empty());
        match packet.closed {
            None => {}
            Some(Closed::Deep) => self.counters.closed_deep += 1,
            Some(Closed::NotIp) => self.counters.closed_not_ip += 1,
            Some(Closed::Unreadable) => self.counters.closed_unreadable += 1,
        }
        let tuple = self.tuple(time, packet);
        let (key, flipped) = Key::of(tuple, packet);
        let at = match self.known(&key, out, |state, idle| is_over(state, idle, time, packet)) {
            Some(at) => at,
            None => self.open(key, FlowState::new(time, tuple, flipped, packet), out),
        };
        self.part(at, time, out);
        let Some(state) = self.table.get_mut(at) else { return };
        let direction = state.direction(flipped);
        self.counters.stream_gaps += state.packet(time, direction, packet, self.settings.splt_packets);
        let wait = state.wait();
        self.table.touch(at, self.now, wait);
    }

    /// Takes one frame without IP; rows that are complete go to `out`. Its conversation is that of the two MAC
    /// addresses, of ARP that of the two hosts which it names; tag, type and the number behind it keep others apart.
    pub fn frame(&mut self, time: Time, frame: &LinkFrame<'_>, out: &mut dyn FnMut(Flow)) {
        self.advance(time, out);
        self.counters.frames += 1;
        let ends = frame.arp_addresses().unwrap_or_else(|| (mac_end(frame.macs.0), mac_end(frame.macs.1)));
        let number = link_protocol(frame.kind).and_then(|protocol| protocol.number(frame.payload));
        let (key, flipped) = Key::of_frame(frame, ends, number);
        let at = match self.known(&key, out, |state, idle| time.since(state.last()) > idle) {
            Some(at) => at,
            None => self.open(key, FlowState::of_frame(time, &key, ends, flipped, frame), out),
        };
        self.part(at, time, out);
        let Some(state) = self.table.get_mut(at) else { return };
        state.frame(time, state.direction(flipped), frame.payload.len() as u64);
        self.table.touch(at, self.now, Wait::Idle);
    }

    /// Reports flows that have ended by `now` although no packet says so.
    pub fn advance(&mut self, now: Time, out: &mut dyn FnMut(Flow)) {
        self.now = self.now.max(now);
        let Settings { idle_timeout, linger, answered, .. } = self.settings;
        for (wait, length) in [(Wait::Idle, idle_timeout), (Wait::Linger, linger), (Wait::Answered, answered)] {
            while let Some((at, seen)) = self.table.oldest(wait) {
                if self.now.since(seen) <= nanos(length) {
                    break;
                }
                self.report(at, "idle", out);
            }
        }
    }

    /// Reports everything that is open, oldest first.
    pub fn finish(&mut self, out: &mut dyn FnMut(Flow)) {
        for wait in ENDED_FIRST {
            while let Some((at, _)) = self.table.oldest(wait) {
                self.report(at, "end_of_input", out);
            }
        }
    }

    /// The open flow of this key; one that is over, where the next packet begins another, is reported.
    fn known(
        &mut self,
        key: &Key,
        out: &mut dyn FnMut(Flow),
        is_over: impl FnOnce(&FlowState, i64) -> bool,
    ) -> Option<usize> {
        let at = self.table.find(key)?;
        let idle = nanos(self.settings.idle_timeout);
        if self.table.get_mut(at).is_some_and(|state| !is_over(state, idle)) {
            return Some(at);
        }
        self.report(at, "idle", out);
        None
    }

    fn open(&mut self, key: Key, state: FlowState, out: &mut dyn FnMut(Flow)) -> usize {
        if self.table.is_full()
            && let Some((oldest, _)) = ENDED_FIRST.into_iter().find_map(|wait| self.table.oldest(wait))
        {
            self.counters.evicted += 1;
            self.report(oldest, "evicted", out);
        }
        self.table.insert(key, state, self.now)
    }

    /// Reports the part of a flow that has lasted long enough.
    fn part(&mut self, at: usize, time: Time, out: &mut dyn FnMut(Flow)) {
        let long = nanos(self.settings.active_timeout);
        if let Some(state) = self.table.get_mut(at).filter(|state| time.since(state.part_start()) >= long) {
            out(state.part(self.services.current()));
            self.counters.rows += 1;
        }
    }

    fn report(&mut self, at: usize, reason: &'static str, out: &mut dyn FnMut(Flow)) {
        if let Some(mut state) = self.table.remove(at) {
            self.counters.stream_gaps += state.drain();
            self.counters.rows += 1;
            out(state.into_row(reason, self.services.current()));
        }
    }

    /// Endpoints of the packet; a later fragment has the ports of its first.
    fn tuple(&mut self, time: Time, packet: &Packet<'_>) -> FiveTuple {
        let mut tuple = packet.tuple();
        match packet.ip.fragment {
            Fragment::Whole => {}
            Fragment::First { id } => {
                self.counters.forgotten_fragments += self.fragments.remember(time, packet, id, tuple);
            }
            Fragment::Later { id } => match self.fragments.ports(time, packet, id) {
                Some((src_port, dst_port)) => (tuple.src_port, tuple.dst_port) = (src_port, dst_port),
                None => self.counters.orphan_fragments += 1,
            },
        }
        if matches!(packet.transport, Transport::Icmp(..)) {
            // Request and answer differ in type: the flow is the pair of hosts.
            (tuple.src_port, tuple.dst_port) = (0, 0);
        }
        tuple
    }
}

/// Flows that have ended go before those that have not.
const ENDED_FIRST: [Wait; 3] = [Wait::Linger, Wait::Answered, Wait::Idle];

/// True where this packet belongs to a later flow with the same endpoints.
fn is_over(state: &FlowState, idle: i64, time: Time, packet: &Packet<'_>) -> bool {
    let reopened = state.is_closed()
        && matches!(packet.transport, Transport::Tcp(tcp) if tcp.flags & (tcp_flags::SYN | tcp_flags::ACK) == tcp_flags::SYN);
    reopened || time.since(state.last()) > idle
}

/// A MAC address as an end of a conversation.
fn mac_end(mac: Mac) -> Ip {
    let mut octets = [0; 16];
    octets.iter_mut().skip(10).zip(mac.0).for_each(|(to, from)| *to = from);
    Ip(octets)
}

fn nanos(length: Duration) -> i64 {
    i64::try_from(length.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
