// SPDX-License-Identifier: Apache-2.0
//! The meter: packets in, bidirectional flow rows out. Sans-I/O; time comes with the packets. Memory is
//! bounded by [`Settings::max_flows`], and steady-state packets of known flows allocate nothing.
//!
//! [`Meter`] does all of it. Where several threads share the work, one [`Intake`] takes the frames in their order, and
//! several [`Flows`] meter what it gives.

mod facts;
mod flows;
mod fragments;
mod groups;
mod intake;
mod names;
mod npm;
mod pace;
mod pages;
mod progress;
mod resumed;
mod sampling;
mod state;
mod table;
mod tcp;
mod telemetry;

use std::sync::Arc;
use std::time::Duration;

use minamo_base::Time;
use minamo_dissect::{InForce, Services, Signatures};
use minamo_model::Flow;
use minamo_packet::{LinkFrame, LinkType, Packet, Skip};

pub use flows::{Done, Flows};
pub use groups::Groups;
pub use intake::{Dealt, Detached, Intake, Unit};
pub use names::{Forgotten, Learnt, Names};
pub use sampling::{Choice, Sampling};

/// Most packets of a flow whose lengths and times may be kept: a row has them all, so that nothing else bounds a row.
pub const MAX_SPLT_PACKETS: u16 = 200;

/// What the meter is asked to do.
#[derive(Debug, Clone)]
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
    /// Packets with payload in the sequence of lengths and times, and messages and TLS records in theirs; at most
    /// [`MAX_SPLT_PACKETS`].
    pub splt_packets: usize,
    /// Octets of each side's payload whose values are counted, where the group `bd` is filled.
    pub byte_octets: u16,
    /// Memory for messages, TLS records, counts of octet values and first packets of all flows together; beyond it
    /// flows go without.
    pub telemetry_bytes: usize,
    /// Which packets or flows are metered; all without.
    pub sampling: Option<Sampling>,
    /// Groups of columns that are filled.
    pub groups: Groups,
    /// Octets of TCP segments that came early, of all flows together; beyond it gaps are not waited for.
    pub held_bytes: usize,
    /// Most addresses for which the names are kept that hosts asked DNS for; about 200 octets each.
    pub dns_names: usize,
    /// A person's services by host name, which may be replaced while the meter runs: a row has those that are in force when
    /// it is made.
    pub services: Arc<InForce<Services>>,
    /// A person's signatures, which may be replaced while the meter runs: a flow is looked at for those that are in force
    /// when it begins.
    pub signatures: Arc<InForce<Signatures>>,
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
            byte_octets: 4_096,
            telemetry_bytes: 64 << 20,
            sampling: None,
            groups: Groups::ALL,
            held_bytes: 64 << 20,
            dns_names: 65_536,
            services: Arc::default(),
            signatures: Arc::default(),
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
    /// Of these, flows of which only a SYN was seen, while such flows were more than half of the table.
    pub evicted_opening: u64,
    /// TCP segments that came early and were not held because all flows together hold too much.
    pub refused_segments: u64,
    /// Later fragments whose first fragment was not seen: metered without ports.
    pub orphan_fragments: u64,
    /// Packets in fragments given up because too many, or too many of their octets, were held.
    pub forgotten_fragments: u64,
    /// Packets put together from their fragments.
    pub joined_packets: u64,
    /// Packets of which fragments were missing: their octets up to the first gap were looked into.
    pub incomplete_packets: u64,
    /// Packets whose fragments contradicted each other.
    pub overlapping_fragments: u64,
    /// Packets, or frames, that sampling left out.
    pub unsampled: u64,
    /// Packets put together when their flow had ended.
    pub late_packets: u64,
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
    /// Addresses whose names from DNS were forgotten because their table was full.
    pub forgotten_names: u64,
    /// Endpoints that a conversation announced and that were forgotten because their table was full.
    pub forgotten_ends: u64,
    /// Conversations whose label was forgotten, for the flow that may follow, because too many fell silent.
    pub forgotten_labels: u64,
    /// Flows, or sides of them, without messages, TLS records, counts of octet values or first packets because those of
    /// all flows together take too much memory.
    pub refused_telemetry: u64,
    /// Sides whose TLS records could not be followed any further: octets are missing, or are no records.
    pub lost_records: u64,
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
            evicted_opening,
            refused_segments,
            orphan_fragments,
            forgotten_fragments,
            joined_packets,
            incomplete_packets,
            overlapping_fragments,
            unsampled,
            late_packets,
            stream_gaps,
            tunnelled,
            closed_deep,
            closed_not_ip,
            closed_unreadable,
            forgotten_names,
            forgotten_ends,
            forgotten_labels,
            refused_telemetry,
            lost_records,
        } = other;
        self.packets += packets;
        self.octets += octets;
        self.frames += frames;
        self.rows += rows;
        self.evicted += evicted;
        self.evicted_opening += evicted_opening;
        self.refused_segments += refused_segments;
        self.orphan_fragments += orphan_fragments;
        self.forgotten_fragments += forgotten_fragments;
        self.joined_packets += joined_packets;
        self.incomplete_packets += incomplete_packets;
        self.overlapping_fragments += overlapping_fragments;
        self.unsampled += unsampled;
        self.late_packets += late_packets;
        self.stream_gaps += stream_gaps;
        self.tunnelled += tunnelled;
        self.closed_deep += closed_deep;
        self.closed_not_ip += closed_not_ip;
        self.closed_unreadable += closed_unreadable;
        self.forgotten_names += forgotten_names;
        self.forgotten_ends += forgotten_ends;
        self.forgotten_labels += forgotten_labels;
        self.refused_telemetry += refused_telemetry;
        self.lost_records += lost_records;
    }
}

impl std::ops::AddAssign<Forgotten> for Counters {
    fn add_assign(&mut self, Forgotten { names, ends }: Forgotten) {
        self.forgotten_names += names;
        self.forgotten_ends += ends;
    }
}

/// Turns packets into flow rows.
pub struct Meter {
    intake: Intake,
    flows: Flows,
    names: Names,
    forgotten: Forgotten,
}

impl Meter {
    /// A meter without flows.
    pub fn new(settings: Settings) -> Self {
        let names = Names::new(settings.dns_names);
        Self::with_names(settings, names)
    }

    /// A meter without flows that knows names together with others.
    pub fn with_names(settings: Settings, names: Names) -> Self {
        Self { intake: Intake::new(&settings), flows: Flows::new(settings), names, forgotten: Forgotten::default() }
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        let mut counters = self.intake.counters();
        counters += self.flows.counters();
        counters += self.forgotten;
        counters
    }

    /// Flows that are open.
    pub fn open_flows(&self) -> usize {
        self.flows.open()
    }

    /// Takes one frame; rows that are complete go to `out`. An error where it is not metered, and why.
    #[inline]
    pub fn take(&mut self, time: Time, link: LinkType, data: &[u8], out: &mut dyn FnMut(Flow)) -> Result<(), Skip> {
        let Self { intake, flows, names, forgotten } = self;
        intake.frame(time, link, data, &mut |unit| *forgotten += take(flows, names, unit, out))
    }

    /// Takes one packet that was decoded elsewhere, as far as the first fragment
    /// ([`decode_parts`](minamo_packet::decode_parts)).
    pub fn packet(&mut self, time: Time, packet: &Packet<'_>, out: &mut dyn FnMut(Flow)) {
        let Self { intake, flows, names, forgotten } = self;
        intake.packet(time, packet, &mut |unit| *forgotten += take(flows, names, unit, out));
    }

    /// Takes one frame without IP that was decoded elsewhere.
    pub fn frame(&mut self, time: Time, frame: &LinkFrame<'_>, out: &mut dyn FnMut(Flow)) {
        let Self { intake, flows, names, forgotten } = self;
        intake.link_frame(time, frame, &mut |unit| *forgotten += take(flows, names, unit, out));
    }

    /// Reports flows that have ended by `now` although no packet says so.
    pub fn advance(&mut self, now: Time, out: &mut dyn FnMut(Flow)) {
        let Self { intake, flows, names, forgotten } = self;
        intake.advance(now, &mut |unit| *forgotten += take(flows, names, unit, out));
        flows.advance(now, &mut |done| out(names.complete(done)));
    }

    /// Reports everything that is open, oldest first.
    pub fn finish(&mut self, out: &mut dyn FnMut(Flow)) {
        let Self { intake, flows, names, forgotten } = self;
        intake.finish(&mut |unit| *forgotten += take(flows, names, unit, out));
        flows.finish(usize::MAX, &mut |done| out(names.complete(done)));
    }
}

/// Takes one unit; returns what was forgotten.
fn take(flows: &mut Flows, names: &Names, unit: &Unit<'_>, out: &mut dyn FnMut(Flow)) -> Forgotten {
    flows.take(unit, &mut |done| out(names.complete(done)));
    names.learn(flows.learnt())
}

#[cfg(test)]
mod tests;
