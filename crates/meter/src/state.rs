// SPDX-License-Identifier: Apache-2.0
//! One open flow: counters and facts, and how the row is made of them. As there may be a million, what most flows do not
//! have is behind a pointer, and what only their beginning needs (the classifier) goes when it has done its work.

use std::sync::Arc;

use minamo_base::{FiveTuple, FlowId, Ip, Mac, Time};
use minamo_dissect::{
    Announced, Category, Classifier, Label, LinkProtocol, Protocol, Resting, Services, Side, Signatures, ip_protocol,
    link_protocol, reason,
};
use minamo_model::flow::{Control, Dns, Net, Tcp, Tunnel};
use minamo_model::{Flow, FlowGroup};
use minamo_packet::{Fragment, FrameKind, LinkFrame, Packet, Transport, Tunnels, is_icmp_query, tcp_flags};

use crate::Settings;
use crate::facts::{Facts, Packer};
use crate::npm;
use crate::progress::Progress;
use crate::sampling::Sampling;
use crate::table::{Key, Wait};
use crate::tcp::{Budget, Listener};
use crate::telemetry::Room;

/// Numbers of ICMP and ICMPv6 above IP.
const ICMP: u8 = 1;
const ICMP_V6: u8 = 58;
/// Those of TCP and UDP.
pub(crate) const TCP: u8 = 6;
pub(crate) const UDP: u8 = 17;

/// A packet's direction relative to the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Forward,
    Backward,
}

/// How initiator and responder were told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Orientation {
    Handshake,
    Port,
    FirstPacket,
}

impl Orientation {
    fn word(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Port => "port",
            Self::FirstPacket => "first_packet",
        }
    }
}

pub(crate) struct FlowState {
    /// True where the first packet came from the higher endpoint of the key.
    flipped: bool,
    /// True where the first packet came from the responder.
    swapped: bool,
    orientation: Orientation,
    seen: [bool; 2],
    fins: [bool; 2],
    reset: bool,
    /// True where its first packet had a TCP header.
    stream: bool,
    /// Time of the first packet, which the identity is made of.
    opened: Time,
    /// Start and end of the part that is not reported.
    start: Time,
    last: Time,
    octets: [u64; 2],
    packets: [u64; 2],
    macs: Option<(Mac, Mac)>,
    vlans: [Option<u16>; 2],
    icmp: Option<(u8, u8)>,
    tos: [u8; 2],
    ttl: [u8; 2],
    tcp_flags: [u8; 2],
    fragments: u32,
    overlaps: u32,
    /// What SYNs offered.
    offers: Option<Box<Tcp>>,
    progress: Progress,
    tunnel: Option<Box<Tunnel>>,
    /// Answers of DNS that were told to whoever keeps names.
    told: u8,
    look: Look,
}

/// What is known of the content.
enum Look {
    /// Nobody listens, and nothing was found.
    Unknown,
    /// More can be found.
    Asking(Box<Asking>),
    /// The same, while the flow is silent.
    Resting(Box<Asleep>),
    /// Nothing more can be found.
    Over(Box<Known>),
    /// A frame without IP.
    Frame(Box<Framed>),
}

/// What is known of frames without IP.
struct Framed {
    kind: FrameKind,
    protocol: Option<&'static LinkProtocol>,
    /// The number behind their type.
    number: Option<u16>,
    /// True where their ends are those of ARP.
    arp: bool,
    /// What they do, where they control machines.
    control: Option<Box<Control>>,
}

/// Who looks, and what was found so far.
struct Asking {
    classifier: Classifier,
    facts: Facts,
}

impl Asking {
    fn listener<'a>(&'a mut self, scratch: &'a mut Flow) -> Listener<'a> {
        Listener { classifier: &mut self.classifier, groups: self.facts.open(), scratch }
    }
}

/// Who will look again, and what was found so far.
struct Asleep {
    resting: Resting,
    facts: Facts,
}

/// What was found.
struct Known {
    label: Label,
    facts: Facts,
}

impl FlowState {
    pub(crate) fn new(time: Time, tuple: FiveTuple, flipped: bool, packet: &Packet<'_>, settings: &Settings) -> Self {
        let groups = settings.groups;
        let (swapped, orientation) = orient(tuple, packet);
        let stream = matches!(packet.transport, Transport::Tcp(_));
        let classified = groups.app && (stream || matches!(packet.transport, Transport::Udp(..)));
        let look = if classified {
            let oriented = if swapped { tuple.reversed() } else { tuple };
            let classifier = Classifier::new(stream, oriented.src_port, oriented.dst_port);
            Look::Asking(Box::new(Asking { classifier, facts: Facts::default() }))
        } else {
            Look::Unknown
        };
        let swap = |(from, to)| if swapped { (to, from) } else { (from, to) };
        Self {
            swapped,
            orientation,
            stream,
            macs: packet.macs.map(swap).filter(|_| groups.l2),
            vlans: packet.vlans,
            icmp: match packet.transport {
                Transport::Icmp(kind, code) if groups.icmp => Some((kind, code)),
                _ => None,
            },
            progress: Progress::new((stream && (groups.paced() || groups.app)).then(Box::default)),
            look,
            ..Self::empty(time, flipped)
        }
    }

    /// Looks for a person's signatures in what follows.
    pub(crate) fn look_for(&mut self, signatures: &Arc<Signatures>) {
        if let Look::Asking(asking) = &mut self.look {
            asking.classifier.look_for(signatures);
        }
    }

    fn empty(time: Time, flipped: bool) -> Self {
        Self {
            flipped,
            swapped: false,
            orientation: Orientation::FirstPacket,
            seen: [false; 2],
            fins: [false; 2],
            reset: false,
            stream: false,
            opened: time,
            start: time,
            last: time,
            octets: [0; 2],
            packets: [0; 2],
            macs: None,
            vlans: [None; 2],
            icmp: None,
            tos: [0; 2],
            ttl: [0; 2],
            tcp_flags: [0; 2],
            fragments: 0,
            overlaps: 0,
            offers: None,
            progress: Progress::default(),
            tunnel: None,
            told: 0,
            look: Look::Unknown,
        }
    }

    /// The flow of a frame without IP.
    pub(crate) fn of_frame(time: Time, flipped: bool, frame: &LinkFrame<'_>) -> Self {
        let protocol = link_protocol(frame.kind);
        let number = protocol.and_then(|protocol| protocol.number(frame.payload));
        let (kind, arp) = (frame.kind, frame.arp_addresses().is_some());
        Self {
            macs: Some(frame.macs),
            vlans: frame.vlans,
            look: Look::Frame(Box::new(Framed { kind, protocol, number, arp, control: None })),
            ..Self::empty(time, flipped)
        }
    }

    /// Takes one frame without IP.
    pub(crate) fn frame(&mut self, time: Time, direction: Direction, payload: &[u8], settings: &Settings) {
        self.add(time, self.side(direction), payload.len() as u64);
        if let Look::Frame(framed) = &mut self.look
            && let Some(protocol) = framed.protocol.filter(|_| settings.groups.app)
        {
            protocol.note(payload, &mut framed.control);
        }
    }

    /// The direction of a packet whose source is the higher endpoint of the key, or is not.
    pub(crate) fn direction(&self, flipped: bool) -> Direction {
        if flipped == self.flipped { Direction::Forward } else { Direction::Backward }
    }

    pub(crate) fn last(&self) -> Time {
        self.last
    }

    pub(crate) fn part_start(&self) -> Time {
        self.start
    }

    /// True where TCP has ended: only stragglers can follow.
    pub(crate) fn is_closed(&self) -> bool {
        self.end_reason().is_some()
    }

    /// How TCP ended so far.
    fn end_reason(&self) -> Option<&'static str> {
        match (self.reset, self.fins) {
            (true, _) => Some("tcp_rst"),
            (false, [true, true]) => Some("tcp_fin"),
            _ => None,
        }
    }

    /// What would end it.
    pub(crate) fn wait(&self) -> Wait {
        match self.is_closed() {
            true => Wait::Linger,
            false if self.is_answered() => Wait::Answered,
            false if self.is_opening() => Wait::Opening,
            false => Wait::Idle,
        }
    }

    /// True where nothing but the SYN of one side was seen.
    fn is_opening(&self) -> bool {
        matches!(self.tcp_flags, [tcp_flags::SYN, 0] | [0, tcp_flags::SYN])
    }

    /// True where it is DNS over UDP and each question has its answer. Answers are counted by packets, as the row does not
    /// say which question they belong to; a question that is sent again keeps the flow open for the answer that is missing.
    fn is_answered(&self) -> bool {
        let [asked, answered] = self.packets;
        if self.stream || answered < asked {
            return false;
        }
        let protocol = match &self.look {
            Look::Asking(asking) => asking.classifier.protocol(),
            Look::Over(known) => known.label.protocol(),
            Look::Unknown | Look::Resting(_) | Look::Frame(..) => return false,
        };
        let code = |group: &FlowGroup| matches!(group, FlowGroup::Dns(dns) if dns.rcode.is_some());
        protocol.is_some_and(|protocol| protocol.name == "DNS") && self.look.groups().iter().any(code)
    }

    /// Counts one packet.
    pub(crate) fn count(&mut self, time: Time, direction: Direction, packet: &Packet<'_>, settings: &Settings) {
        let side = self.side(direction);
        self.wake();
        self.add(time, side, packet.ip_octets());
        if packet.ip.fragment != Fragment::Whole {
            self.fragments = self.fragments.saturating_add(1);
        }
        if let Transport::Tcp(tcp) = &packet.transport {
            let (fin, reset) = (tcp.flags & tcp_flags::FIN != 0, tcp.flags & tcp_flags::RST != 0);
            if let (Some(flags), Some(fins)) = (self.tcp_flags.get_mut(side.index()), self.fins.get_mut(side.index())) {
                *flags |= tcp.flags;
                *fins |= fin;
            }
            self.reset |= reset;
            if tcp.flags & tcp_flags::SYN != 0 && settings.groups.tcp {
                offer(side, tcp, packet, self.offers.get_or_insert_default());
            }
        }
        if !std::mem::replace(self.seen.get_mut(side.index()).unwrap_or(&mut true), true) {
            self.first_of(side, packet, settings);
        }
    }

    /// Takes down what the first packet of a side tells.
    fn first_of(&mut self, side: Side, packet: &Packet<'_>, settings: &Settings) {
        if !packet.tunnels.is_empty() && settings.groups.tunnel {
            tunnelled(side, &packet.tunnels, self.tunnel.get_or_insert_default());
        }
        if let (Some(tos), Some(ttl)) = (self.tos.get_mut(side.index()), self.ttl.get_mut(side.index())) {
            (*tos, *ttl) = (packet.ip.tos, packet.ip.ttl);
        }
    }

    /// Looks into one packet; returns the gaps that reassembly reported.
    pub(crate) fn look(
        &mut self,
        time: Time,
        direction: Direction,
        packet: &Packet<'_>,
        settings: &Settings,
        shared: (&mut Flow, &mut Budget, &mut Room),
        announced: &mut Vec<Announced>,
    ) -> u64 {
        let side = self.side(direction);
        self.wake();
        let was_reset = self.tcp_flags.get(side.index()).is_some_and(|flags| flags & tcp_flags::RST != 0);
        let look = &mut self.look;
        let (again, gaps) = match (&packet.transport, self.progress.tcp_mut()) {
            (Transport::Tcp(tcp), Some(state)) => match look {
                Look::Asking(asking) => {
                    state.segment(time, side, tcp, packet, Some(&mut asking.listener(shared.0)), shared.1)
                }
                _ => state.segment(time, side, tcp, packet, None, shared.1),
            },
            (Transport::Udp(..), _) => {
                if let Look::Asking(asking) = look {
                    let mut listener = asking.listener(shared.0);
                    listener.facts(|classifier, facts| classifier.datagram(side, packet.payload, facts));
                }
                (false, 0)
            }
            _ => (true, 0),
        };
        if let Look::Asking(asking) = &mut self.look {
            announced.append(&mut asking.classifier.take_announced());
        }
        // Where both sides have ended and nothing is missing nothing more can be heard: what listens need not wait with the flow.
        let heard = self.fins == [true; 2] && self.progress.tcp().is_some_and(|tcp| tcp.is_whole());
        self.look.settle(heard);
        if packet.payload_len > 0 && settings.groups.paced() {
            if let Transport::Tcp(header) = &packet.transport
                && let Some((tcp, pace)) = self.progress.stream_mut()
                && pace.contradicts(side, header, packet.payload, settings)
            {
                tcp.contradicted(side);
            }
            if let (Transport::Tcp(header), Some(tcp), true) =
                (&packet.transport, self.progress.tcp_mut(), was_reset && !again)
                && header.flags & tcp_flags::RST == 0
            {
                tcp.went_on(side);
            }
            if let Some(pace) = self.progress.pace_mut().filter(|_| !again) {
                pace.data(time, side, packet, settings, shared.2);
            }
        }
        gaps
    }

    fn side(&self, direction: Direction) -> Side {
        if (direction == Direction::Forward) != self.swapped { Side::Src } else { Side::Dst }
    }

    /// Fragments of one of its packets contradicted each other.
    pub(crate) fn overlapped(&mut self) {
        self.overlaps = self.overlaps.saturating_add(1);
    }

    fn add(&mut self, time: Time, side: Side, octets: u64) {
        self.last = self.last.max(time);
        self.start = self.start.min(time);
        if let (Some(sum), Some(count)) = (self.octets.get_mut(side.index()), self.packets.get_mut(side.index())) {
            *sum = sum.saturating_add(octets);
            *count = count.saturating_add(1);
        }
    }

    /// The row of the part that ends here; counters begin again, facts stay.
    pub(crate) fn part(&mut self, key: &Key, settings: &Settings, services: &Services) -> Flow {
        self.wake();
        self.look.open();
        let mut row = with_groups(self.look.groups().iter().cloned());
        self.complete(&mut row, key, "active", settings);
        self.tell_label(&mut row, key, services);
        (self.start, self.octets, self.packets) = (self.last, [0; 2], [0; 2]);
        (self.fragments, self.overlaps) = (0, 0);
        if let Some(tcp) = self.progress.tcp_mut() {
            tcp.begin_again();
        }
        row
    }

    /// Keeps what is known in few octets until the next packet.
    pub(crate) fn sleep(&mut self, packer: &mut Packer, scratch: &mut Flow) {
        self.progress.sleep(self.last);
        if let Some(facts) = self.look.facts() {
            facts.pack(packer, scratch);
        }
        self.look = match std::mem::replace(&mut self.look, Look::Unknown) {
            Look::Asking(asking) => {
                let Asking { classifier, facts } = *asking;
                Look::Resting(Box::new(Asleep { resting: classifier.rest(), facts }))
            }
            other => other,
        };
    }

    /// Unpacks what the next packet may change. What was found of a stream stays packed until somebody looks at it.
    #[inline]
    fn wake(&mut self) {
        self.progress.wake(self.last);
        if matches!(self.look, Look::Resting(_)) {
            self.look.wake();
        }
        if !self.stream {
            self.look.open();
        }
    }

    /// Hands on what still waits for octets that will not come; returns the gaps.
    pub(crate) fn drain(&mut self, (scratch, budget): (&mut Flow, &mut Budget)) -> u64 {
        self.wake();
        let Some(tcp) = self.progress.tcp_mut() else { return 0 };
        let gaps = match &mut self.look {
            Look::Asking(asking) => tcp.drain(&mut asking.listener(scratch), budget),
            _ => 0,
        };
        tcp.let_go(budget);
        gaps
    }

    /// The last row of the flow.
    pub(crate) fn last_row(
        &mut self,
        key: &Key,
        reason: &'static str,
        settings: &Settings,
        services: &Services,
    ) -> Flow {
        self.wake();
        let mut row = self.look.open().map_or_else(Flow::default, |groups| with_groups(groups.drain(..)));
        self.complete(&mut row, key, self.end_reason().unwrap_or(reason), settings);
        self.tell_label(&mut row, key, services);
        row
    }

    /// Writes everything but the facts of the content.
    fn complete(&self, row: &mut Flow, key: &Key, reason: &'static str, settings: &Settings) {
        let (ends, proto) = (self.ends(key), key.proto());
        let core = &mut row.core;
        core.flow_id = Some(self.identity(key, ends).to_string());
        (core.time_start, core.time_end) = (self.start, self.last);
        if !matches!(&self.look, Look::Frame(framed) if !framed.arp) {
            (core.src_ip, core.dst_ip) = (ends.src, ends.dst);
        }
        // The ports of an ICMP key are the identifier, which has a column of its own.
        let ports = if matches!(proto, ICMP | ICMP_V6) { (0, 0) } else { (ends.src_port, ends.dst_port) };
        (core.src_port, core.dst_port, core.proto) = (ports.0, ports.1, proto);
        [core.src_bytes, core.dst_bytes] = self.octets;
        [core.src_packets, core.dst_packets] = self.packets;
        core.source = "probe".into();
        core.orientation = Some(self.orientation.word().into());
        core.end_reason = Some(reason.into());
        self.tell_headers(row, ends, settings);
        self.tell_pace(row, settings);
        sampled(settings.sampling, row);
    }

    /// Initiator and responder.
    pub(crate) fn ends(&self, key: &Key) -> FiveTuple {
        let first = key.tuple(self.flipped);
        if self.swapped { first.reversed() } else { first }
    }

    fn identity(&self, key: &Key, ends: FiveTuple) -> FlowId {
        // Tunnels tell apart what shares addresses, as exporters do; so do the types of frames.
        FlowId::new(ends, self.vlans[0].unwrap_or(0), Ip::from_u128(u128::from(key.space())), self.opened)
    }

    /// The groups of the headers.
    fn tell_headers(&self, row: &mut Flow, ends: FiveTuple, settings: &Settings) {
        if self.macs.is_some() || self.vlans[0].is_some() {
            let l2 = row.l2.get_or_insert_default();
            [l2.vlan, l2.inner_vlan] = self.vlans;
            (l2.src_mac, l2.dst_mac) = (self.macs.map(|macs| macs.0), self.macs.map(|macs| macs.1));
            if let Look::Frame(framed) = &self.look {
                l2.frame_id = framed.number;
                if let FrameKind::Ethertype(kind) = framed.kind {
                    l2.ethertype = Some(kind);
                }
            }
        }
        if settings.groups.ip && self.seen != [false; 2] {
            let of = |values: [u8; 2], side: Side| {
                let value = values.get(side.index()).copied();
                value.filter(|_| self.seen.get(side.index()) == Some(&true))
            };
            row.net = Some(Box::new(Net {
                src_tos: of(self.tos, Side::Src),
                dst_tos: of(self.tos, Side::Dst),
                src_ttl: of(self.ttl, Side::Src),
                dst_ttl: of(self.ttl, Side::Dst),
                fragments: Some(self.fragments).filter(|count| *count > 0),
                fragment_overlaps: Some(self.overlaps).filter(|count| *count > 0),
                one_way: self.one_way().filter(|_| !row.core.dst_ip.is_group()).map(Into::into),
            }));
        }
        row.tunnel.clone_from(&self.tunnel);
        if let Some((kind, code)) = self.icmp {
            let icmp = row.icmp.get_or_insert_default();
            (icmp.kind, icmp.code) = (Some(kind), Some(code));
            icmp.id = is_icmp_query(ends.proto, kind).then_some(ends.src_port);
        }
        if self.stream && settings.groups.tcp {
            let mut group = self.offers.clone().unwrap_or_default();
            let [src, dst] = self.tcp_flags;
            let seen = |side: Side, flags| self.seen.get(side.index()).and_then(|seen| seen.then_some(flags));
            (group.src_flags, group.dst_flags) = (seen(Side::Src, src), seen(Side::Dst, dst));
            row.tcp = Some(group);
        }
    }

    /// Octets of the bound on telemetry that it takes.
    pub(crate) fn telemetry(&self) -> usize {
        self.progress.pace().map_or(0, |pace| pace.taken())
    }

    /// What it means that one side was not seen; nothing where both were.
    fn one_way(&self) -> Option<&'static str> {
        let seen = match self.seen {
            [true, false] => Side::Src,
            [false, true] => Side::Dst,
            _ => return None,
        };
        let flags = self.tcp_flags.get(seen.index()).copied().unwrap_or(0);
        // A reset answers what nobody waits for as well.
        let acknowledges = flags & tcp_flags::ACK != 0 && flags & tcp_flags::RST == 0;
        Some(if acknowledges { "asymmetric" } else { "unanswered" })
    }

    /// Performance, and lengths and times.
    fn tell_pace(&self, row: &mut Flow, settings: &Settings) {
        // What seems lost or slow may be what sampling left out.
        let samples_packets = settings.sampling.is_some_and(|sampling| sampling.leaves_gaps());
        if settings.groups.npm && !samples_packets {
            row.npm = self.progress.tcp().and_then(|tcp| tcp.tell());
            if let Some(pace) = self.progress.pace() {
                pace.tell_paces(row);
            }
            if self.stream {
                npm::judge(row);
            }
        }
        if let Some(pace) = self.progress.pace() {
            pace.tell(settings, row);
        }
    }

    /// What a row is completed with: the protocol of its content, where one was recognised, and when the flow began.
    pub(crate) fn content(&self, row: &Flow, settings: &Settings) -> Option<(Option<&'static Protocol>, Time)> {
        if !settings.groups.app || !matches!(row.core.proto, TCP | UDP) {
            return None;
        }
        match &self.look {
            Look::Asking(asking) => Some((asking.classifier.protocol(), self.opened)),
            Look::Over(known) => Some((known.label.protocol(), self.opened)),
            Look::Unknown => Some((None, self.opened)),
            Look::Resting(_) | Look::Frame(..) => None,
        }
    }

    /// Who asked and what DNS answered where not all of its answers were told yet, and how many were.
    pub(crate) fn news(&mut self, key: &Key) -> Option<(Ip, &Dns, usize)> {
        let dns = self.look.groups().iter().find_map(|group| match group {
            FlowGroup::Dns(dns) => Some(&**dns),
            _ => None,
        })?;
        let (answers, told) = (dns.answers.as_deref()?.len(), usize::from(self.told));
        if answers <= told {
            return None;
        }
        self.told = u8::try_from(answers).unwrap_or(u8::MAX);
        Some((self.ends(key).src, dns, told))
    }

    fn tell_label(&self, row: &mut Flow, key: &Key, own: &Services) {
        let ends = self.ends(key);
        let ports = (ends.src_port, ends.dst_port);
        match &self.look {
            Look::Asking(asking) => asking.classifier.label_with(own, row),
            Look::Over(known) => known.label.tell(own, ports, row),
            Look::Frame(framed) => {
                label_frame(framed.kind, row);
                row.control.clone_from(&framed.control);
            }
            Look::Unknown | Look::Resting(_) => label_protocol(row),
        }
    }
}

impl Look {
    /// Lets the classifier go once nothing can change its mind, or nothing more will be heard.
    #[inline]
    fn settle(&mut self, heard: bool) {
        if let Self::Asking(asking) = self
            && (heard || asking.classifier.is_done())
        {
            let label = asking.classifier.verdict();
            let mut facts = std::mem::take(&mut asking.facts);
            let groups = facts.open();
            groups.shrink_to_fit();
            *self = if label.is_empty() && groups.is_empty() {
                Self::Unknown
            } else {
                Self::Over(Box::new(Known { label, facts }))
            };
        }
    }

    fn facts(&mut self) -> Option<&mut Facts> {
        match self {
            Self::Asking(asking) => Some(&mut asking.facts),
            Self::Resting(asleep) => Some(&mut asleep.facts),
            Self::Over(known) => Some(&mut known.facts),
            Self::Unknown | Self::Frame(..) => None,
        }
    }

    /// Whoever rests looks again.
    #[cold]
    fn wake(&mut self) {
        *self = match std::mem::replace(self, Self::Unknown) {
            Self::Resting(asleep) => {
                let Asleep { resting, facts } = *asleep;
                Self::Asking(Box::new(Asking { classifier: resting.wake(), facts }))
            }
            other => other,
        };
    }

    /// What was found, awake from here on.
    #[inline]
    fn open(&mut self) -> Option<&mut Vec<FlowGroup>> {
        self.facts().map(Facts::open)
    }

    /// What was found, while it is awake.
    fn groups(&self) -> &[FlowGroup] {
        match self {
            Self::Asking(asking) => asking.facts.groups(),
            Self::Over(known) => known.facts.groups(),
            Self::Unknown | Self::Resting(_) | Self::Frame(..) => &[],
        }
    }
}

fn with_groups(groups: impl IntoIterator<Item = FlowGroup>) -> Flow {
    let mut row = Flow::default();
    groups.into_iter().for_each(|group| row.put_group(group));
    row
}

/// How the packets of the row were chosen.
fn sampled(sampling: Option<Sampling>, row: &mut Flow) {
    if let Some(sampling) = sampling.filter(|sampling| sampling.rate > 1) {
        let group = row.sampling.get_or_insert_default();
        group.rate = Some(sampling.rate);
        group.origin = Some("probe".into());
        group.method = Some(sampling.method().into());
    }
}

/// The label of a flow whose content nobody looked into, or knows.
fn label_protocol(row: &mut Flow) {
    let core = &mut row.core;
    match ip_protocol(core.proto) {
        Some(protocol) => {
            core.app = protocol.name.into();
            core.app_category = Some(protocol.category.name().into());
            core.app_confidence = "content".into();
            core.app_reason = Some(reason::IP_PROTOCOL.fill(&[&core.proto.to_string()]).into());
        }
        None => {
            core.app = "Unknown".into();
            core.app_confidence = "none".into();
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
    core.app_category = Some(Category::Network.name().into());
    core.app_confidence = "content".into();
    core.app_reason = Some(reason::FRAME_TYPE.fill(&[&told]).into());
}

/// What a SYN offers; of several the first counts.
fn offer(side: Side, tcp: &minamo_packet::TcpHeader, packet: &Packet<'_>, group: &mut Tcp) {
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

/// The tunnel of a side's first packet. Kinds and ends are those of the first packet in a tunnel from either side.
fn tunnelled(side: Side, tunnels: &Tunnels, group: &mut Tunnel) {
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
fn orient(tuple: FiveTuple, packet: &Packet<'_>) -> (bool, Orientation) {
    if let Transport::Tcp(tcp) = packet.transport
        && tcp.flags & tcp_flags::SYN != 0
    {
        return (tcp.flags & tcp_flags::ACK != 0, Orientation::Handshake);
    }
    if tuple.dst.is_group() {
        return (false, Orientation::FirstPacket);
    }
    match tuple.serves_by_port() {
        Some(swapped) => (swapped, Orientation::Port),
        None => (false, Orientation::FirstPacket),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pace::Pace;
    use crate::tcp::TcpState;

    /// There may be a million of them.
    #[test]
    fn open_flows_are_small() {
        let sizes = [size_of::<Option<FlowState>>(), size_of::<TcpState>(), size_of::<Pace>(), size_of::<Known>()];
        let asleep = size_of::<Asleep>();
        println!("{sizes:?}, while somebody listens {}, while it sleeps {asleep}", size_of::<Asking>());
        assert!(asleep <= 72 && sizes.iter().zip([160, 88, 96, 48]).all(|(size, most)| *size <= most), "{sizes:?}");
    }
}
