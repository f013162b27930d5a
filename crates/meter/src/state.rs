// SPDX-License-Identifier: Apache-2.0
//! One open flow: counters and facts, and how the row is made of them.

use minamo_base::{FiveTuple, FlowId, Ip, Time};
use minamo_dissect::{Classifier, Services, Side, label_of_ip_protocol, link_protocol, reason};
use minamo_model::Flow;
use minamo_packet::{Fragment, FrameKind, LinkFrame, Packet, Transport, Tunnels, tcp_flags};

use crate::npm::{self, Paces};
use crate::table::{Key, Wait};
use crate::tcp::TcpState;

/// A packet's direction relative to the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Forward,
    Backward,
}

pub(crate) struct FlowState {
    /// True where the first packet came from the higher endpoint of the key.
    flipped: bool,
    /// True where the first packet came from the responder.
    swapped: bool,
    first: Time,
    last: Time,
    last_data: Option<Time>,
    row: Flow,
    classifier: Option<Classifier>,
    tcp: Option<Box<TcpState>>,
    lengths: Vec<i32>,
    times: Vec<u32>,
    paces: Paces,
    seen: [bool; 2],
}

impl FlowState {
    pub(crate) fn new(time: Time, tuple: FiveTuple, flipped: bool, packet: &Packet<'_>) -> Self {
        let (swapped, orientation) = orient(tuple, packet);
        let oriented = if swapped { tuple.reversed() } else { tuple };
        let mut row = Flow::default();
        row.core.time_start = time;
        row.core.time_end = time;
        (row.core.src_ip, row.core.dst_ip) = (oriented.src, oriented.dst);
        (row.core.src_port, row.core.dst_port) = (oriented.src_port, oriented.dst_port);
        row.core.proto = tuple.proto;
        row.core.source = "probe".into();
        row.core.orientation = Some(orientation.into());
        if packet.macs.is_some() || packet.vlans[0].is_some() {
            let l2 = row.l2.get_or_insert_default();
            l2.vlan = packet.vlans[0];
            l2.inner_vlan = packet.vlans[1];
            if let Some((from, to)) = packet.macs {
                let (src, dst) = if swapped { (to, from) } else { (from, to) };
                (l2.src_mac, l2.dst_mac) = (Some(src), Some(dst));
            }
        }
        if let Transport::Icmp(kind, code) = packet.transport {
            let icmp = row.icmp.get_or_insert_default();
            (icmp.kind, icmp.code) = (Some(kind), Some(code));
        }
        let id = match packet.tunnels.space() {
            0 => row.identity(),
            // Tunnels tell apart what shares addresses, as exporters do.
            space => FlowId::new(oriented, packet.vlans[0].unwrap_or(0), Ip(u128::from(space).to_be_bytes()), time),
        };
        row.core.flow_id = Some(id.to_string());
        let stream = matches!(packet.transport, Transport::Tcp(_));
        let classified = stream || matches!(packet.transport, Transport::Udp(..));
        Self {
            flipped,
            swapped,
            first: time,
            last: time,
            last_data: None,
            row,
            classifier: classified.then(|| Classifier::new(stream, oriented.src_port, oriented.dst_port)),
            tcp: stream.then(Box::default),
            lengths: Vec::new(),
            times: Vec::new(),
            paces: Paces::default(),
            seen: [false; 2],
        }
    }

    /// The flow of a frame without IP, between `ends`.
    pub(crate) fn of_frame(time: Time, key: &Key, ends: (Ip, Ip), flipped: bool, frame: &LinkFrame<'_>) -> Self {
        let mut row = Flow::default();
        let core = &mut row.core;
        (core.time_start, core.time_end) = (time, time);
        (core.src_ip, core.dst_ip) = frame.arp_addresses().unwrap_or_default();
        core.source = "probe".into();
        core.orientation = Some("first_packet".into());
        // The ends are the pair of MAC addresses, which the row does not say in its addresses; the space is the type.
        let tuple = FiveTuple { src: ends.0, dst: ends.1, src_port: 0, dst_port: 0, proto: 0 };
        let space = Ip(u128::from(key.space()).to_be_bytes());
        core.flow_id = Some(FlowId::new(tuple, frame.vlans[0].unwrap_or(0), space, time).to_string());
        let l2 = row.l2.get_or_insert_default();
        (l2.src_mac, l2.dst_mac) = (Some(frame.macs.0), Some(frame.macs.1));
        [l2.vlan, l2.inner_vlan] = frame.vlans;
        if let FrameKind::Ethertype(kind) = frame.kind {
            l2.ethertype = Some(kind);
        }
        let protocol = link_protocol(frame.kind);
        l2.frame_id = protocol.and_then(|protocol| protocol.number(frame.payload));
        label_frame(frame.kind, &mut row);
        Self {
            flipped,
            swapped: false,
            first: time,
            last: time,
            last_data: None,
            row,
            classifier: None,
            tcp: None,
            lengths: Vec::new(),
            times: Vec::new(),
            paces: Paces::default(),
            seen: [false; 2],
        }
    }

    /// Takes one frame without IP.
    pub(crate) fn frame(&mut self, time: Time, direction: Direction, octets: u64) {
        self.add(time, if direction == Direction::Forward { Side::Src } else { Side::Dst }, octets);
    }

    /// The direction of a packet whose source is the higher endpoint of the key, or is not.
    pub(crate) fn direction(&self, flipped: bool) -> Direction {
        if flipped == self.flipped { Direction::Forward } else { Direction::Backward }
    }

    pub(crate) fn last(&self) -> Time {
        self.last
    }

    pub(crate) fn part_start(&self) -> Time {
        self.row.core.time_start
    }

    /// True where TCP has ended: only stragglers can follow.
    pub(crate) fn is_closed(&self) -> bool {
        self.tcp.as_ref().is_some_and(|tcp| tcp.end_reason().is_some())
    }

    /// What would end it.
    pub(crate) fn wait(&self) -> Wait {
        match self.is_closed() {
            true => Wait::Linger,
            false if self.is_answered() => Wait::Answered,
            false => Wait::Idle,
        }
    }

    /// True where it is DNS over UDP and each question has its answer. Answers are counted by packets, as the row does not
    /// say which question they belong to; a question that is sent again keeps the flow open for the answer that is missing.
    fn is_answered(&self) -> bool {
        let is_dns = || self.classifier.as_ref().and_then(Classifier::protocol).is_some_and(|p| p.name == "DNS");
        let answered = self.row.dns.as_ref().is_some_and(|dns| dns.rcode.is_some());
        let Flow { core, .. } = &self.row;
        answered && self.tcp.is_none() && core.dst_packets >= core.src_packets && is_dns()
    }

    /// Takes one packet; returns the gaps that reassembly reported.
    pub(crate) fn packet(&mut self, time: Time, direction: Direction, packet: &Packet<'_>, splt_packets: usize) -> u64 {
        let from_src = (direction == Direction::Forward) != self.swapped;
        let side = if from_src { Side::Src } else { Side::Dst };
        self.count(time, side, packet);
        let Some(classifier) = &mut self.classifier else { return 0 };
        let (again, gaps) = match (&packet.transport, &mut self.tcp) {
            (Transport::Tcp(tcp), Some(state)) => state.segment(time, side, tcp, packet, classifier, &mut self.row),
            (Transport::Udp(..), _) => {
                if !classifier.is_done() {
                    classifier.datagram(side, packet.payload, &mut self.row);
                }
                (false, 0)
            }
            _ => (true, 0),
        };
        if packet.payload_len > 0 && !again {
            self.paces.data(time, side);
            if self.lengths.len() < splt_packets {
                self.sequence(time, side, packet.payload_len);
            }
        }
        gaps
    }

    /// Counts one packet.
    fn add(&mut self, time: Time, side: Side, octets: u64) {
        self.last = self.last.max(time);
        self.first = self.first.min(time);
        let core = &mut self.row.core;
        core.time_end = core.time_end.max(time);
        core.time_start = core.time_start.min(time);
        match side {
            Side::Src => {
                core.src_bytes = core.src_bytes.saturating_add(octets);
                core.src_packets = core.src_packets.saturating_add(1);
            }
            Side::Dst => {
                core.dst_bytes = core.dst_bytes.saturating_add(octets);
                core.dst_packets = core.dst_packets.saturating_add(1);
            }
        }
    }

    fn count(&mut self, time: Time, side: Side, packet: &Packet<'_>) {
        self.add(time, side, packet.ip_octets());
        if packet.ip.fragment != Fragment::Whole {
            let fragments = &mut self.row.net.get_or_insert_default().fragments;
            *fragments = Some(fragments.unwrap_or(0).saturating_add(1));
        }
        if !std::mem::replace(self.seen.get_mut(side.index()).unwrap_or(&mut true), true) {
            if !packet.tunnels.is_empty() {
                tunnelled(side, &packet.tunnels, &mut self.row);
            }
            let net = self.row.net.get_or_insert_default();
            match side {
                Side::Src => (net.src_tos, net.src_ttl) = (Some(packet.ip.tos), Some(packet.ip.ttl)),
                Side::Dst => (net.dst_tos, net.dst_ttl) = (Some(packet.ip.tos), Some(packet.ip.ttl)),
            }
        }
    }

    fn sequence(&mut self, time: Time, side: Side, octets: u32) {
        let length = i32::try_from(octets).unwrap_or(i32::MAX);
        self.lengths.push(if side == Side::Src { length } else { -length });
        let since = self.last_data.map_or(0, |before| time.since(before) / 1_000);
        self.times.push(u32::try_from(since).unwrap_or(u32::MAX));
        self.last_data = Some(time);
    }

    /// The row of the part that ends here; counters begin again, facts stay.
    pub(crate) fn part(&mut self, services: &Services) -> Flow {
        let mut row = self.row.clone();
        self.complete(&mut row, "active", services);
        let core = &mut self.row.core;
        core.time_start = self.last;
        core.time_end = self.last;
        (core.src_bytes, core.dst_bytes, core.src_packets, core.dst_packets) = (0, 0, 0, 0);
        if let Some(npm) = &mut self.row.npm {
            (npm.src_retransmits, npm.dst_retransmits) = (None, None);
            (npm.src_out_of_order, npm.dst_out_of_order) = (None, None);
            (npm.src_zero_windows, npm.dst_zero_windows) = (None, None);
            (npm.src_duplicate_acks, npm.dst_duplicate_acks) = (None, None);
        }
        if let Some(net) = &mut self.row.net {
            net.fragments = None;
        }
        row
    }

    /// Hands on what still waits for octets that will not come; returns the gaps.
    pub(crate) fn drain(&mut self) -> u64 {
        match (&mut self.tcp, &mut self.classifier) {
            (Some(tcp), Some(classifier)) => tcp.drain(classifier, &mut self.row),
            _ => 0,
        }
    }

    /// The last row of the flow.
    pub(crate) fn into_row(mut self: Box<Self>, reason: &'static str, services: &Services) -> Flow {
        let mut row = std::mem::take(&mut self.row);
        let reason = self.tcp.as_ref().and_then(|tcp| tcp.end_reason()).unwrap_or(reason);
        self.complete(&mut row, reason, services);
        row
    }

    fn complete(&self, row: &mut Flow, reason: &'static str, services: &Services) {
        row.core.end_reason = Some(reason.into());
        self.paces.tell(row);
        npm::judge(row);
        if !self.lengths.is_empty() {
            let splt = row.splt.get_or_insert_default();
            splt.lengths = Some(self.lengths.clone());
            splt.times_micros = Some(self.times.clone());
        }
        match (&self.classifier, label_of_ip_protocol(row.core.proto)) {
            (Some(classifier), _) => classifier.label_with(services, row),
            // A frame without IP was labelled when it was seen.
            (None, _) if !row.core.app.is_empty() => {}
            (None, Some(label)) => {
                row.core.app = label.into();
                row.core.app_confidence = "content".into();
                row.core.app_reason = Some(reason::IP_PROTOCOL.fill(&[&row.core.proto.to_string()]).into());
            }
            (None, None) => {
                row.core.app = "Unknown".into();
                row.core.app_confidence = "none".into();
            }
        }
    }
}

/// The label of frames without IP, and why.
fn label_frame(kind: FrameKind, row: &mut Flow) {
    let core = &mut row.core;
    let Some(protocol) = link_protocol(kind) else {
        core.app = "Unknown".into();
        core.app_confidence = "none".into();
        return;
    };
    let told = match kind {
        FrameKind::Ethertype(kind) => format!("{kind:#06x}"),
        FrameKind::Llc(access_point) => format!("LLC {access_point:#04x}"),
        FrameKind::Snap([a, b, c], kind) => format!("SNAP {a:02x}{b:02x}{c:02x}/{kind:04x}"),
    };
    core.app = protocol.name.into();
    core.app_confidence = "content".into();
    core.app_reason = Some(reason::FRAME_TYPE.fill(&[&told]).into());
}

/// The tunnel of a side's first packet. Kinds and ends are those of the first packet in a tunnel from either side.
fn tunnelled(side: Side, tunnels: &Tunnels, row: &mut Flow) {
    let group = row.tunnel.get_or_insert_default();
    match side {
        Side::Src => group.src_id = tunnels.id(),
        Side::Dst => group.dst_id = tunnels.id(),
    }
    if group.kind.is_some() {
        return;
    }
    group.kind = match (tunnels.kinds().next(), tunnels.kinds().nth(1)) {
        (Some(only), None) => Some(only.name.into()),
        _ => Some(tunnels.kinds().map(|row| row.name).collect::<Vec<_>>().join("/").into()),
    };
    if let Some((from, to)) = tunnels.ends() {
        let (src, dst) = if side == Side::Src { (from, to) } else { (to, from) };
        (group.src_ip, group.dst_ip) = (Some(src), Some(dst));
    }
}

/// True where the first packet seen came from the responder, and what tells.
fn orient(tuple: FiveTuple, packet: &Packet<'_>) -> (bool, &'static str) {
    if let Transport::Tcp(tcp) = packet.transport
        && tcp.flags & tcp_flags::SYN != 0
    {
        return (tcp.flags & tcp_flags::ACK != 0, "handshake");
    }
    if tuple.dst.is_group() {
        return (false, "first_packet");
    }
    match tuple.serves_by_port() {
        Some(swapped) => (swapped, "port"),
        None => (false, "first_packet"),
    }
}
