// SPDX-License-Identifier: Apache-2.0
//! Tunnels: what lies between a packet and the conversation inside it. Each kind is one row of [`TUNNELS`].
//! A tunnel over UDP is believed where a registered port, its own header and the lengths of the packet inside
//! agree; a port alone proves nothing. What is encrypted (ESP, IPsec over UDP) stays the protocol that it is.

mod capwap;
mod erspan;
mod geneve;
mod gre;
mod gtp;
mod ip_in_ip;
mod l2tp;
mod lisp;
mod mpls;
mod nsh;
mod pbb;
mod pppoe;
mod teredo;
mod tzsp;
mod vxlan;

#[cfg(test)]
mod tests;

use minamo_base::Ip;

use crate::link::{self, Way};
use crate::{Fragment, Packet, Skip, Transport};

/// Every kind of tunnel that is opened. Where rows share a carrier they are asked in this order.
pub static TUNNELS: &[Tunnel] = &[
    pppoe::PPPOE,
    mpls::MPLS,
    pbb::PBB,
    nsh::NSH,
    ip_in_ip::IPIP,
    ip_in_ip::IP4_IN_6,
    ip_in_ip::IP6_IN_4,
    ip_in_ip::IP6_IN_6,
    ip_in_ip::ETHERIP,
    erspan::ERSPAN,
    gre::NVGRE,
    gre::PPTP,
    gre::GRE,
    vxlan::VXLAN,
    vxlan::VXLAN_GPE,
    geneve::GENEVE,
    gtp::GTP_U,
    l2tp::L2TP,
    l2tp::L2TPV3_UDP,
    l2tp::L2TPV3_IP,
    teredo::TEREDO,
    capwap::CAPWAP,
    tzsp::TZSP,
    lisp::LISP,
];

/// Tunnels inside one another that are opened. Deeper nesting is an attack or a loop, not a network.
pub const DEPTH: usize = 8;

/// A kind of tunnel.
#[derive(Debug, Clone, Copy)]
pub struct Tunnel {
    /// Name in `tunnel_kind`.
    pub name: &'static str,
    /// Where the format is specified.
    pub spec: &'static str,
    /// What carries it.
    pub on: &'static [Carrier],
    /// What its identifier is called, where it has one.
    pub id: Option<&'static str>,
    /// True where equal inner addresses under different identifiers are different hosts. Only identifiers that are
    /// the same in both directions can say so: a TEID cannot.
    pub separates: bool,
    /// Reads the header; nothing where it is not this kind. Takes what was captured and how many octets were sent.
    pub(crate) open: for<'a> fn(&'a [u8], usize) -> Result<Option<Opened<'a>>, Skip>,
    /// Header in front of an inner packet of 32 octets of IP, and how that packet is wrapped.
    pub sample: (&'static [u8], Form),
}

/// What carries a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// An ethertype.
    Ethertype(u16),
    /// A protocol number in IPv4.
    Ipv4(u8),
    /// A protocol number in IPv6.
    Ipv6(u8),
    /// A UDP port on either side.
    Udp(u16),
}

/// How a packet is wrapped directly below a tunnel's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// IPv4 or IPv6.
    Ip,
    /// An Ethernet frame.
    Ethernet,
    /// PPP.
    Ppp,
    /// What the ethertype says.
    Ethertype(u16),
    /// An IEEE 802.11 frame.
    Wifi,
    /// An IEEE 802.11 frame whose frame control has its octets exchanged, as some access points send it.
    SwappedWifi,
}

/// A tunnel whose header was read.
pub(crate) struct Opened<'a> {
    pub(crate) id: Option<u32>,
    pub(crate) form: Form,
    /// To the end of the carrier's payload.
    pub(crate) inner: &'a [u8],
    /// False where the tunnel fragments what it carries and this is the first fragment.
    pub(crate) whole: bool,
}

/// Why a packet of a tunnel stays a packet of its carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// More tunnels inside one another than [`DEPTH`].
    Deep,
    /// What is inside is not IP.
    NotIp,
    /// What is inside is cut or impossible.
    Unreadable,
}

impl From<Skip> for Closed {
    fn from(skip: Skip) -> Self {
        match skip {
            Skip::Deep => Self::Deep,
            Skip::NotIp(_) => Self::NotIp,
            Skip::Malformed(_) => Self::Unreadable,
        }
    }
}

/// The tunnels around a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tunnels {
    /// Places in [`TUNNELS`], outermost first.
    kinds: [u8; DEPTH],
    depth: u8,
    id: Option<u32>,
    ends: Option<(Ip, Ip)>,
    space: u64,
}

impl Tunnels {
    /// True for a packet in no tunnel.
    pub fn is_empty(&self) -> bool {
        self.depth == 0
    }

    fn is_full(&self) -> bool {
        usize::from(self.depth) == DEPTH
    }

    /// The kinds, outermost first.
    pub fn kinds(&self) -> impl Iterator<Item = &'static Tunnel> {
        self.kinds.iter().take(self.depth.into()).filter_map(|at| TUNNELS.get(usize::from(*at)))
    }

    /// Identifier of the innermost tunnel that has one.
    pub fn id(&self) -> Option<u32> {
        self.id
    }

    /// Sender and receiver of the innermost tunnel that runs over IP.
    pub fn ends(&self) -> Option<(Ip, Ip)> {
        self.ends
    }

    /// The address space of the inner addresses: 0 for that of the network itself, else a hash of the kinds and
    /// identifiers that separate it. The same in both directions and on every machine.
    pub fn space(&self) -> u64 {
        self.space
    }

    fn push(&mut self, at: usize, row: &Tunnel, id: Option<u32>, ends: Option<(Ip, Ip)>) -> Result<(), Skip> {
        let place = self.kinds.get_mut(usize::from(self.depth)).ok_or(Skip::Deep)?;
        *place = u8::try_from(at).unwrap_or(u8::MAX);
        self.depth += 1;
        self.id = id.or(self.id);
        self.ends = ends.or(self.ends);
        if let (true, Some(id)) = (row.separates, id) {
            let named = row.name.bytes().fold(self.space, fnv);
            self.space = id.to_be_bytes().into_iter().fold(named, fnv);
        }
        Ok(())
    }

    /// No tunnel more can be pushed.
    pub(crate) fn full() -> Self {
        Self { depth: DEPTH as u8, ..Self::default() }
    }
}

/// FNV-1a, 64 bits.
fn fnv(hash: u64, octet: u8) -> u64 {
    let hash = if hash == 0 { 0xcbf2_9ce4_8422_2325 } else { hash };
    (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3)
}

/// False where no tunnel over UDP uses the port.
#[inline]
pub(crate) fn may_be_on(port: u16) -> bool {
    has(&PORTS, port)
}

/// False where no tunnel can be in the packet; asked for each one, so it is two look-ups at most.
#[inline]
pub(crate) fn may_open(packet: &Packet<'_>) -> bool {
    match packet.transport {
        Transport::Udp(src, dst) => may_be_on(src) || may_be_on(dst),
        Transport::None => {
            has(&PROTOCOLS, packet.ip.proto.into()) && !matches!(packet.ip.fragment, Fragment::Later { .. })
        }
        _ => false,
    }
}

/// Replaces the packet by the innermost one that can be read. A fragment stays; the packet itself only where
/// `fragment` does not say otherwise.
#[cold]
#[inline(never)]
pub(crate) fn open_all(packet: &mut Packet<'_>, mut fragment: bool) {
    while may_open(packet)
        && packet.closed.is_none()
        && (std::mem::take(&mut fragment) || packet.ip.fragment == Fragment::Whole)
    {
        match open(packet) {
            Ok(Some(inner)) => *packet = inner,
            Ok(None) => break,
            Err(why) => packet.closed = Some(why),
        }
    }
}

/// The packet in the tunnel; nothing where there is no tunnel.
fn open<'a>(packet: &Packet<'a>) -> Result<Option<Packet<'a>>, Closed> {
    let mut closed = None;
    for (at, row) in TUNNELS.iter().enumerate().filter(|(_, row)| row.on.iter().any(|on| on.carries(packet))) {
        match enter(at, row, packet) {
            Ok(Some(inner)) => return Ok(Some(inner)),
            // A UDP port can belong to anybody: what does not look like the tunnel is none.
            Err(why) if !matches!(packet.transport, Transport::Udp(..)) || packet.tunnels.is_full() => {
                closed = Some(why.into());
            }
            Ok(None) | Err(_) => {}
        }
    }
    closed.map_or(Ok(None), Err)
}

impl Carrier {
    fn carries(self, packet: &Packet<'_>) -> bool {
        match (self, packet.transport) {
            (Self::Udp(port), Transport::Udp(src, dst)) => port == src || port == dst,
            (Self::Ipv4(proto), Transport::None) => packet.ip.proto == proto && packet.ip.src.is_v4(),
            (Self::Ipv6(proto), Transport::None) => packet.ip.proto == proto && !packet.ip.src.is_v4(),
            _ => false,
        }
    }
}

fn enter<'a>(at: usize, row: &Tunnel, outer: &Packet<'a>) -> Result<Option<Packet<'a>>, Skip> {
    let unfragmented = outer.ip.fragment == Fragment::Whole;
    let sent = if unfragmented { outer.payload_len as usize } else { usize::MAX };
    let Some(opened) = (row.open)(outer.payload, sent)? else { return Ok(None) };
    // What a first fragment carries ends in another one: its length says nothing about the packet inside.
    let whole = unfragmented && opened.whole;
    let mut way = Way { macs: outer.macs, vlans: outer.vlans, tunnels: outer.tunnels };
    way.tunnels.push(at, row, opened.id, Some((outer.ip.src, outer.ip.dst)))?;
    let ip = link::inside(opened.form, opened.inner, &mut way)?;
    let room = sent.saturating_sub(outer.payload.len().saturating_sub(ip.len()));
    let packet = Packet::read(ip, &way)?;
    let octets = packet.ip.octets as usize;
    let surplus = room.saturating_sub(octets);
    let udp = matches!(outer.transport, Transport::Udp(..));
    let fits = !whole || octets <= room && (surplus <= SURPLUS || !udp);
    // RFC 8200 §4.7: "no next header" is a keep-alive of the tunnel, not a conversation.
    Ok((fits && packet.ip.proto != 59).then_some(packet))
}

/// Octets after the inner packet that are still believed: padding of a short Ethernet frame, its checksum, trailers.
const SURPLUS: usize = 64;

/// Enters a tunnel that an ethertype names; the IP header inside it, or nothing where the ethertype is no tunnel's.
pub(crate) fn enter_ethertype<'a>(kind: u16, data: &'a [u8], way: &mut Way) -> Option<Result<&'a [u8], Skip>> {
    let named = |row: &Tunnel| row.on.contains(&Carrier::Ethertype(kind));
    let (at, row) = TUNNELS.iter().enumerate().find(|(_, row)| named(row))?;
    let mut inside = || {
        let opened = (row.open)(data, usize::MAX)?.ok_or(Skip::NotIp(kind))?;
        way.tunnels.push(at, row, opened.id, None)?;
        link::inside(opened.form, opened.inner, way)
    };
    Some(inside())
}

/// Bit sets of the carriers, by the number's low ten bits, so that other packets are let go at once.
static PORTS: [u64; 16] = bits(true);
static PROTOCOLS: [u64; 16] = bits(false);

fn has(set: &[u64; 16], number: u16) -> bool {
    set.get(usize::from(number >> 6 & 15)).is_some_and(|word| word >> (number & 63) & 1 == 1)
}

/// Runs at compile time only: an index out of bounds would be an error of the compiler.
const fn bits(udp: bool) -> [u64; 16] {
    let mut set = [0; 16];
    let mut row = 0;
    while row < TUNNELS.len() {
        let mut on = 0;
        while on < TUNNELS[row].on.len() {
            let number = match (TUNNELS[row].on[on], udp) {
                (Carrier::Udp(port), true) => Some(port),
                (Carrier::Ipv4(proto) | Carrier::Ipv6(proto), false) => Some(proto as u16),
                _ => None,
            };
            if let Some(number) = number {
                set[(number >> 6 & 15) as usize] |= 1 << (number & 63);
            }
            on += 1;
        }
        row += 1;
    }
    set
}
