// SPDX-License-Identifier: Apache-2.0
//! IPv4 (RFC 791) and IPv6 (RFC 8200) headers, with IPv6 extension headers and fragments.

use minamo_base::{Cursor, Ip, WireError};

/// What the flow needs of an IP header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpHeader {
    /// Sender.
    pub src: Ip,
    /// Receiver.
    pub dst: Ip,
    /// IANA protocol number of what follows all extension headers.
    pub proto: u8,
    /// Type of service or traffic class.
    pub tos: u8,
    /// Time to live or hop limit.
    pub ttl: u8,
    /// Octets of the packet from this header on, as sent.
    pub octets: u32,
    /// Octets of this header with its options or extension headers.
    pub header_octets: u16,
    /// Place in a fragmented packet.
    pub fragment: Fragment,
}

/// Place of a packet in a fragmented one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fragment {
    /// Not fragmented.
    Whole,
    /// The first fragment: it has the transport header.
    First {
        /// Identification that the fragments share.
        id: u32,
    },
    /// A later fragment: no transport header.
    Later {
        /// Identification that the fragments share.
        id: u32,
    },
}

impl Fragment {
    fn of(id: u32, offset: u16, more: bool) -> Self {
        match (offset, more) {
            (0, false) => Self::Whole,
            (0, true) => Self::First { id },
            _ => Self::Later { id },
        }
    }
}

/// The header and what follows it, without link padding.
#[inline(always)]
pub(crate) fn decode(data: &[u8]) -> Result<(IpHeader, &[u8]), WireError> {
    let mut cursor = Cursor::new(data);
    let first = cursor.u8("ip.version")?;
    match first >> 4 {
        4 => v4(first, cursor, data.len()),
        6 => v6(first, cursor, data.len()),
        version => Err(cursor.bad(1, "ip.version", version.into(), "4 or 6")),
    }
}

#[inline(always)]
fn v4(first: u8, mut cursor: Cursor<'_>, captured: usize) -> Result<(IpHeader, &[u8]), WireError> {
    let header_octets = u16::from(first & 15) * 4;
    if header_octets < 20 {
        return Err(cursor.bad(1, "ipv4.ihl", header_octets.into(), "at least 20 octets"));
    }
    let tos = cursor.u8("ipv4.tos")?;
    let total = cursor.u16("ipv4.total_length")?;
    let id = cursor.u16("ipv4.identification")?;
    let fragment = cursor.u16("ipv4.fragment")?;
    let ttl = cursor.u8("ipv4.ttl")?;
    let proto = cursor.u8("ipv4.protocol")?;
    cursor.skip(2, "ipv4.checksum")?;
    let src = Ip::v4(cursor.array("ipv4.source")?);
    let dst = Ip::v4(cursor.array("ipv4.destination")?);
    cursor.skip(usize::from(header_octets) - 20, "ipv4.options")?;
    // A total length of 0 is what a capture before TCP segmentation offload shows: the frame tells then.
    let octets = if total == 0 { u32::try_from(captured).unwrap_or(u32::MAX) } else { total.into() };
    if octets < u32::from(header_octets) {
        return Err(WireError {
            at: 2,
            ..cursor.bad(0, "ipv4.total_length", octets.into(), "at least the header's length")
        });
    }
    let body = (octets as usize - usize::from(header_octets)).min(cursor.left());
    let body = cursor.take(body, "ipv4.payload")?;
    let fragment = Fragment::of(id.into(), fragment & 0x1fff, fragment & 0x2000 != 0);
    let header = IpHeader { src, dst, proto, tos, ttl, octets, header_octets, fragment };
    if proto == AH && !matches!(fragment, Fragment::Later { .. }) {
        return Ok(authenticated(header, body));
    }
    Ok((header, body))
}

/// Authentication header (RFC 4302 §2): the packet behind it is in clear.
const AH: u8 = 51;

/// What follows an authentication header in IPv4; the packet as it is where the header is cut.
#[cold]
fn authenticated(mut header: IpHeader, body: &[u8]) -> (IpHeader, &[u8]) {
    let octets = body.get(1).map_or(usize::MAX, |units| (usize::from(*units) + 2) * 4);
    if let (Some(next), Some(rest)) = (body.first(), body.get(octets..)) {
        header.proto = *next;
        header.header_octets = header.header_octets.saturating_add(u16::try_from(octets).unwrap_or(u16::MAX));
        return (header, rest);
    }
    (header, body)
}

/// True where the checksum of an IPv4 header holds (RFC 1071): with it the header is no chance.
pub(crate) fn v4_checksum_holds(data: &[u8]) -> bool {
    let octets = data.first().map_or(0, |first| usize::from(first & 15) * 4);
    let Some(header) = data.get(..octets).filter(|header| header.len() >= 20) else { return false };
    let pairs = header.chunks_exact(2).map(|pair| pair.iter().fold(0, |sum, octet| sum << 8 | u32::from(*octet)));
    let sum: u32 = pairs.sum();
    (sum & 0xffff) + (sum >> 16) == 0xffff
}

fn v6(first: u8, mut cursor: Cursor<'_>, captured: usize) -> Result<(IpHeader, &[u8]), WireError> {
    let second = cursor.u8("ipv6.traffic_class")?;
    cursor.skip(2, "ipv6.flow_label")?;
    let length = cursor.u16("ipv6.payload_length")?;
    let mut next = cursor.u8("ipv6.next_header")?;
    let ttl = cursor.u8("ipv6.hop_limit")?;
    let src = Ip(cursor.array("ipv6.source")?);
    let dst = Ip(cursor.array("ipv6.destination")?);
    // 0 is a jumbogram (RFC 2675) or segmentation offload: the frame tells then.
    let octets = if length == 0 { u32::try_from(captured).unwrap_or(u32::MAX) } else { u32::from(length) + 40 };
    let mut body = cursor.sub((octets as usize - 40).min(cursor.left()), "ipv6.payload")?;
    let mut fragment = Fragment::Whole;
    // A chain longer than this is an attack, not a packet.
    for _ in 0..16 {
        match next {
            // Hop-by-hop, routing, destination options, mobility, HIP, shim6: length in units of 8, first not counted.
            0 | 43 | 60 | 135 | 139 | 140 => {
                next = body.u8("ipv6.extension.next_header")?;
                let units = body.u8("ipv6.extension.length")?;
                body.skip(usize::from(units) * 8 + 6, "ipv6.extension")?;
            }
            51 => {
                next = body.u8("ipv6.ah.next_header")?;
                let units = body.u8("ipv6.ah.length")?;
                body.skip((usize::from(units) + 2) * 4 - 2, "ipv6.ah")?;
            }
            44 => {
                next = body.u8("ipv6.fragment.next_header")?;
                body.skip(1, "ipv6.fragment.reserved")?;
                let offset = body.u16("ipv6.fragment.offset")?;
                let id = body.u32("ipv6.fragment.identification")?;
                fragment = Fragment::of(id, offset >> 3, offset & 1 != 0);
                if matches!(fragment, Fragment::Later { .. }) {
                    break;
                }
            }
            _ => break,
        }
    }
    let header_octets = u16::try_from(40 + body.at()).unwrap_or(u16::MAX);
    let tos = first << 4 | second >> 4;
    Ok((IpHeader { src, dst, proto: next, tos, ttl, octets, header_octets, fragment }, body.rest()))
}
