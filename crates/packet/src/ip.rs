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
        /// Protocol number of what is in fragments: of an extension header where the first one begins with some.
        next: u8,
    },
    /// A later fragment: no transport header.
    Later {
        /// Identification that the fragments share.
        id: u32,
        /// Protocol number of what is in fragments.
        next: u8,
        /// Octets before it.
        offset: u16,
        /// True where it is not the last one.
        more: bool,
    },
}

impl Fragment {
    fn of(id: u32, next: u8, units: u16, more: bool) -> Self {
        match (units, more) {
            (0, false) => Self::Whole,
            (0, true) => Self::First { id, next },
            _ => Self::Later { id, next, offset: units << 3, more },
        }
    }
}

/// A header and what it stands before.
pub(crate) struct Decoded<'a> {
    pub(crate) header: IpHeader,
    /// What follows the header and all extension headers, without link padding.
    pub(crate) above: &'a [u8],
    /// Of a fragment, what it carries: from the end of the fragment header on. Empty for a whole packet.
    pub(crate) part: &'a [u8],
    /// How much of it was sent.
    pub(crate) part_len: u32,
}

/// The header and what follows it.
#[inline(always)]
pub(crate) fn decode(data: &[u8]) -> Result<Decoded<'_>, WireError> {
    let mut cursor = Cursor::new(data);
    let first = cursor.u8("ip.version")?;
    match first >> 4 {
        4 => v4(first, cursor, data.len()),
        6 => v6(first, cursor, data.len()),
        version => Err(cursor.bad(1, "ip.version", version.into(), "4 or 6")),
    }
}

#[inline(always)]
fn v4(first: u8, mut cursor: Cursor<'_>, captured: usize) -> Result<Decoded<'_>, WireError> {
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
    let fragment = Fragment::of(id.into(), proto, fragment & 0x1fff, fragment & 0x2000 != 0);
    let mut header = IpHeader { src, dst, proto, tos, ttl, octets, header_octets, fragment };
    let (part, part_len) = match fragment {
        Fragment::Whole => (&[][..], 0),
        _ => (body, octets - u32::from(header_octets)),
    };
    let above = if proto == AH && !matches!(fragment, Fragment::Later { .. }) {
        authenticated(&mut header, body)
    } else {
        body
    };
    Ok(Decoded { header, above, part, part_len })
}

/// The header of a packet whose fragments were put together, and what follows it in `joined`: the header is that of
/// the first fragment, `next` what was in fragments. `sent` octets were sent in all of them.
pub(crate) fn join<'a>(
    first: &IpHeader,
    next: u8,
    joined: &'a [u8],
    sent: u32,
) -> Result<(IpHeader, &'a [u8]), WireError> {
    let mut header = IpHeader { proto: next, fragment: Fragment::Whole, ..*first };
    let above = if first.src.is_v4() {
        if next == AH { authenticated(&mut header, joined) } else { joined }
    } else {
        let mut body = Cursor::new(joined);
        // A fragment of a fragment is no packet: the second header stays what is above.
        header.proto = extensions(next, &mut body)?;
        body.rest()
    };
    header.octets = u32::from(first.header_octets).saturating_add(sent);
    Ok((header, above))
}

/// Authentication header (RFC 4302 §2): the packet behind it is in clear.
const AH: u8 = 51;

/// What follows an authentication header in IPv4; the packet as it is where the header is cut.
#[cold]
fn authenticated<'a>(header: &mut IpHeader, body: &'a [u8]) -> &'a [u8] {
    let octets = body.get(1).map_or(usize::MAX, |units| (usize::from(*units) + 2) * 4);
    if let (Some(next), Some(rest)) = (body.first(), body.get(octets..)) {
        header.proto = *next;
        header.header_octets = header.header_octets.saturating_add(u16::try_from(octets).unwrap_or(u16::MAX));
        return rest;
    }
    body
}

/// True where the checksum of an IPv4 header holds (RFC 1071): with it the header is no chance.
pub(crate) fn v4_checksum_holds(data: &[u8]) -> bool {
    let octets = data.first().map_or(0, |first| usize::from(first & 15) * 4);
    let Some(header) = data.get(..octets).filter(|header| header.len() >= 20) else { return false };
    let pairs = header.chunks_exact(2).map(|pair| pair.iter().fold(0, |sum, octet| sum << 8 | u32::from(*octet)));
    let sum: u32 = pairs.sum();
    (sum & 0xffff) + (sum >> 16) == 0xffff
}

fn v6(first: u8, mut cursor: Cursor<'_>, captured: usize) -> Result<Decoded<'_>, WireError> {
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
    let (mut part, mut part_len): (&[u8], u32) = (&[], 0);
    next = extensions(next, &mut body)?;
    if next == FRAGMENT {
        next = body.u8("ipv6.fragment.next_header")?;
        body.skip(1, "ipv6.fragment.reserved")?;
        let offset = body.u16("ipv6.fragment.offset")?;
        let id = body.u32("ipv6.fragment.identification")?;
        fragment = Fragment::of(id, next, offset >> 3, offset & 1 != 0);
        if fragment != Fragment::Whole {
            part = body.rest();
            let before = u32::try_from(40 + body.at()).unwrap_or(u32::MAX);
            part_len = octets.saturating_sub(before);
        }
        if !matches!(fragment, Fragment::Later { .. }) {
            next = extensions(next, &mut body)?;
        }
    }
    let header_octets = u16::try_from(40 + body.at()).unwrap_or(u16::MAX);
    let tos = first << 4 | second >> 4;
    let header = IpHeader { src, dst, proto: next, tos, ttl, octets, header_octets, fragment };
    Ok(Decoded { header, above: body.rest(), part, part_len })
}

/// IPv6 fragment header (RFC 8200 §4.5).
const FRAGMENT: u8 = 44;

/// Goes past extension headers; the number of what follows them, which may be a fragment header.
fn extensions(mut next: u8, body: &mut Cursor<'_>) -> Result<u8, WireError> {
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
            _ => break,
        }
    }
    Ok(next)
}
