// SPDX-License-Identifier: Apache-2.0
//! From a captured frame to the addresses, ports and payload in it. No allocation, no I/O; a frame that
//! cannot be read to its end is described as far as it goes. Tunnels are opened: the packet is the
//! innermost one, and [`Packet::tunnels`] says what it came in.

mod frame;
mod ip;
mod link;
mod transport;
mod tunnel;

use minamo_base::{FiveTuple, Mac, WireError};

pub use frame::{FrameKind, LinkFrame};
pub use ip::{Fragment, IpHeader};
pub use link::LinkType;
pub use transport::{TcpHeader, Transport, is_icmp_query, tcp_flags};
pub use tunnel::{Carrier, Closed, DEPTH, Form, TUNNELS, Tunnel, Tunnels};

use link::Way;

/// A decoded packet; `payload` borrows from the frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Packet<'a> {
    /// MAC addresses of the innermost frame, where the link has them: source, destination.
    pub macs: Option<(Mac, Mac)>,
    /// VLAN ids of the innermost frame, outermost first.
    pub vlans: [Option<u16>; 2],
    /// The tunnels that the packet was in.
    pub tunnels: Tunnels,
    /// Why the payload, which is a tunnel, was not opened.
    pub closed: Option<Closed>,
    /// The IP header.
    pub ip: IpHeader,
    /// The header above it.
    pub transport: Transport,
    /// Octets from the IP header on, as far as `payload` goes: the header, what extends it, the transport header and the
    /// payload. Empty where fragments were put together.
    pub whole: &'a [u8],
    /// Octets above the transport header that were captured, without link padding.
    pub payload: &'a [u8],
    /// Octets above the transport header that were sent; more than `payload` has in a cut capture.
    pub payload_len: u32,
    /// Of a fragment, what it carries of the packet that was cut, transport header and all. Empty for a whole packet.
    pub part: &'a [u8],
    /// How many octets of that were sent; more than `part` has in a cut capture.
    pub part_len: u32,
}

impl<'a> Packet<'a> {
    /// The packet that begins with `data`, as it is.
    #[inline(always)]
    pub(crate) fn read(data: &'a [u8], way: &Way) -> Result<Self, Skip> {
        let ip::Decoded { header: ip, above, part, part_len } = ip::decode(data)?;
        let (transport, payload) = transport::decode(&ip, above)?;
        // What the UDP length leaves out is padding.
        let above_octets = if let Transport::Udp(..) = transport { 8 + payload.len() } else { above.len() };
        let end = usize::from(ip.header_octets) + above_octets;
        Ok(Self {
            macs: way.macs,
            vlans: way.vlans,
            tunnels: way.tunnels,
            closed: None,
            ip,
            transport,
            whole: data.get(..end).unwrap_or_default(),
            payload,
            payload_len: sent_payload(&ip, above.len() - payload.len(), payload.len()),
            part,
            part_len,
        })
    }

    /// The packet whose first fragment this is, from what all of them carried together; `sent` octets are in it. Of a
    /// packet with missing fragments `joined` has the octets before the first that is missing. A tunnel in it is
    /// not opened.
    pub fn join<'b>(&self, joined: &'b [u8], sent: u32) -> Result<Packet<'b>, Skip> {
        let next = match self.ip.fragment {
            Fragment::Whole => self.ip.proto,
            Fragment::First { next, .. } | Fragment::Later { next, .. } => next,
        };
        let (ip, above) = ip::join(&self.ip, next, joined, sent)?;
        let (transport, payload) = transport::decode(&ip, above)?;
        let headers = joined.len() - payload.len();
        let payload_len = sent.saturating_sub(u32::try_from(headers).unwrap_or(u32::MAX));
        let payload_len = payload_len.max(u32::try_from(payload.len()).unwrap_or(u32::MAX));
        let (macs, vlans, tunnels) = (self.macs, self.vlans, self.tunnels);
        let (whole, part, part_len) = (&[][..], &[][..], 0);
        Ok(Packet { macs, vlans, tunnels, closed: None, ip, transport, whole, payload, payload_len, part, part_len })
    }

    /// Replaces the packet by the innermost one in tunnels that can be read, or by a fragment before it. Where it is
    /// a first fragment itself it is opened as far as it goes.
    pub fn open(&mut self) {
        if tunnel::may_open(self) {
            tunnel::open_all(self, true);
        }
    }

    /// The packet without what it borrows: no octets of its own, no payload, no part.
    pub fn headers(&self) -> Packet<'static> {
        Packet { whole: &[], payload: &[], part: &[], ..*self }
    }

    /// Identifier of a query of ICMP and of its answer: pings of the same hosts at the same time differ in it.
    pub fn icmp_id(&self) -> Option<u16> {
        let Transport::Icmp(kind, _) = self.transport else { return None };
        // Behind type, code and checksum.
        let id = self.payload.get(2..)?.first_chunk().filter(|_| is_icmp_query(self.ip.proto, kind))?;
        Some(u16::from_be_bytes(*id))
    }

    /// Endpoints and protocol. ICMP has type and code in place of the ports.
    pub fn tuple(&self) -> FiveTuple {
        let (src_port, dst_port) = self.transport.ports();
        FiveTuple { src: self.ip.src, dst: self.ip.dst, src_port, dst_port, proto: self.ip.proto }
    }

    /// Octets from the IP header on, as sent.
    pub fn ip_octets(&self) -> u64 {
        self.ip.octets.into()
    }
}

/// Why a frame is no packet of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Skip {
    /// The frame carries something else than IP; its ethertype, or 0 where there is none.
    #[error("not IP: ethertype {0:#06x}")]
    NotIp(u16),
    /// More tunnels or labels inside one another than any network has.
    #[error("too many tunnels or labels inside one another")]
    Deep,
    /// A header is cut or impossible.
    #[error("{0}")]
    Malformed(#[from] WireError),
}

impl Skip {
    /// True where the frame may be whole and is none of IP: [`LinkFrame::read`] says what it is.
    pub fn is_not_ip(&self) -> bool {
        matches!(self, Self::NotIp(_))
    }

    /// Name of the reason, for counters.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotIp(_) => "not_ip",
            Self::Deep => "deep_nesting",
            Self::Malformed(error) if error.is_short() => "cut_header",
            Self::Malformed(_) => "bad_header",
        }
    }
}

/// Decodes one frame of the given link type, down to the innermost packet that can be read. A tunnel whose packet is in
/// fragments is opened as far as the first one goes.
pub fn decode(link: LinkType, frame: &[u8]) -> Result<Packet<'_>, Skip> {
    let mut read = decode_parts(link, frame);
    if let Ok(packet) = &mut read
        && matches!(packet.ip.fragment, Fragment::First { .. })
    {
        packet.open();
    }
    read
}

/// Decodes one frame like [`decode`], but down to the first packet that is a fragment: for those who put fragments
/// together.
pub fn decode_parts(link: LinkType, frame: &[u8]) -> Result<Packet<'_>, Skip> {
    let mut way = Way::default();
    let ip = link::find_ip(link, frame, &mut way)?;
    // One place that is written and returned: a packet is large enough for a copy to show.
    let mut read = Packet::read(ip, &way);
    if let Ok(packet) = &mut read
        && tunnel::may_open(packet)
    {
        tunnel::open_all(packet, false);
    }
    read
}

/// Payload octets as sent: what the IP header says less the headers, and never less than was captured.
fn sent_payload(ip: &IpHeader, transport_octets: usize, captured: usize) -> u32 {
    let headers = usize::from(ip.header_octets) + transport_octets;
    let sent = u64::from(ip.octets).saturating_sub(headers as u64).max(captured as u64);
    u32::try_from(sent).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;
    use minamo_base::Ip;
    use proptest::prelude::*;

    use super::*;

    fn tcp_frame(payload: &[u8]) -> Vec<u8> {
        let builder = PacketBuilder::ethernet2([1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12])
            .double_vlan(
                etherparse::VlanId::try_new(100).expect("12 bits"),
                etherparse::VlanId::try_new(7).expect("12 bits"),
            )
            .ipv4([192, 0, 2, 1], [198, 51, 100, 2], 57)
            .tcp(50_000, 443, 1_000, 64_000)
            .syn()
            .options(&[etherparse::TcpOptionElement::MaximumSegmentSize(1_460)])
            .expect("options fit");
        let mut frame = Vec::new();
        builder.write(&mut frame, payload).expect("a Vec takes all");
        frame
    }

    #[test]
    fn ethernet_qinq_ipv4_tcp() {
        let mut frame = tcp_frame(b"hello");
        frame.extend_from_slice(&[0; 9]);
        let packet = decode(LinkType::ETHERNET, &frame).expect("a good frame");
        assert_eq!(packet.vlans, [Some(100), Some(7)]);
        assert_eq!(packet.macs, Some((Mac([1, 2, 3, 4, 5, 6]), Mac([7, 8, 9, 10, 11, 12]))));
        assert_eq!(packet.tuple().dst_port, 443);
        assert_eq!(packet.ip.ttl, 57);
        assert_eq!(packet.payload, b"hello", "link padding is no payload");
        let Transport::Tcp(tcp) = packet.transport else { panic!("TCP") };
        assert_eq!((tcp.flags, tcp.mss, tcp.seq), (tcp_flags::SYN, Some(1_460), 1_000));
    }

    #[test]
    fn cut_captures_keep_what_the_headers_say() {
        let frame = tcp_frame(&[b'x'; 600]);
        let packet = decode(LinkType::ETHERNET, &frame[..120]).expect("the headers are there");
        assert_eq!(packet.payload_len, 600);
        assert_eq!(packet.ip_octets(), 600 + 24 + 20);
        assert!(packet.payload.len() < 60);
        let error = decode(LinkType::ETHERNET, &frame[..30]).expect_err("no whole IP header");
        assert_eq!(error.reason(), "cut_header");
    }

    #[test]
    fn ipv6_extension_headers_and_fragments() {
        let mut ip = vec![0x60, 0, 0, 0, 0, 24, 44, 64];
        ip.extend_from_slice(&[0x20; 16]);
        ip.extend_from_slice(&[0x30; 16]);
        ip.extend_from_slice(&[17, 0, 0, 1, 0, 0, 0, 9]); // fragment header, more to come
        ip.extend_from_slice(&[0, 53, 0x30, 0x39, 0, 40, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
        let first = ip.clone();
        let packet = decode(LinkType::RAW, &first).expect("a good packet");
        assert_eq!(packet.ip.proto, 17);
        assert_eq!(packet.ip.fragment, Fragment::First { id: 9, next: 17 });
        assert_eq!(packet.tuple().src_port, 53);
        ip[42..44].copy_from_slice(&[0, 0x10]);
        let later = decode(LinkType::RAW, &ip).expect("a good packet");
        assert_eq!(later.ip.fragment, Fragment::Later { id: 9, next: 17, offset: 16, more: false });
        let whole = [packet.part, later.part].concat();
        let joined = packet.join(&whole, 32).expect("both parts");
        assert_eq!((joined.tuple(), joined.payload, joined.payload_len), (packet.tuple(), &whole[8..32], 24));
        assert_eq!((joined.ip.fragment, joined.ip.octets), (Fragment::Whole, 48 + 32));
        assert_eq!(later.transport, Transport::None);
        assert_eq!(later.tuple().src, Ip([0x20; 16]));
    }

    #[test]
    fn agrees_with_etherparse() {
        let frame = tcp_frame(b"payload");
        let ours = decode(LinkType::ETHERNET, &frame).expect("a good frame");
        let theirs = etherparse::SlicedPacket::from_ethernet(&frame).expect("a good frame");
        let Some(etherparse::TransportSlice::Tcp(tcp)) = theirs.transport else { panic!("TCP") };
        assert_eq!(ours.tuple().src_port, tcp.source_port());
        assert_eq!(ours.payload, tcp.payload());
    }

    proptest! {
        #[test]
        fn arbitrary_octets_never_panic(link in 0u16..300, data in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(packet) = decode(LinkType(link), &data) {
                prop_assert!(packet.payload.len() <= data.len());
            }
        }

        #[test]
        fn flipped_octets_never_panic(at in 0usize..80, value: u8, end in 0usize..120) {
            let mut frame = tcp_frame(b"0123456789");
            let len = frame.len();
            frame[at % len] = value;
            if let Ok(packet) = decode(LinkType::ETHERNET, &frame[..end.min(len)]) {
                prop_assert!(packet.payload.len() <= frame.len());
            }
        }
    }
}
