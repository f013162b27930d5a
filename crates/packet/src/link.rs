// SPDX-License-Identifier: Apache-2.0
//! Link layers: finds the IP header in a frame. The numbers are those of libpcap's LINKTYPE registry.

use minamo_base::{Cursor, Mac};

use crate::tunnel::{self, Form};
use crate::{Skip, Tunnels, ip};

/// A link type, by its number in libpcap's LINKTYPE registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD loopback, family in the host's order.
    pub const NULL: Self = Self(0);
    /// Ethernet.
    pub const ETHERNET: Self = Self(1);
    /// PPP, with or without address and control octets.
    pub const PPP: Self = Self(9);
    /// Raw IP.
    pub const RAW: Self = Self(101);
    /// Linux cooked capture.
    pub const LINUX_SLL: Self = Self(113);
    /// Linux cooked capture, version 2.
    pub const LINUX_SLL2: Self = Self(276);

    /// Name in the registry; nothing where no IP is looked for in it.
    pub fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0 => "NULL",
            1 => "ETHERNET",
            9 => "PPP",
            12 | 14 | 101 => "RAW",
            50 => "PPP_HDLC",
            51 => "PPP_ETHER",
            100 => "ATM_RFC1483",
            104 => "C_HDLC",
            105 => "IEEE802_11",
            107 => "FRELAY",
            108 => "LOOP",
            113 => "LINUX_SLL",
            117 => "PFLOG",
            119 => "IEEE802_11_PRISM",
            127 => "IEEE802_11_RADIOTAP",
            192 => "PPI",
            219 => "MPLS",
            228 => "IPV4",
            229 => "IPV6",
            239 => "NFLOG",
            276 => "LINUX_SLL2",
            _ => return None,
        })
    }
}

/// What was told on the way to the IP header.
#[derive(Clone, Copy, Default)]
pub(crate) struct Way {
    /// Source and destination of the innermost frame.
    pub(crate) macs: Option<(Mac, Mac)>,
    /// Tags of the innermost frame, outermost first.
    pub(crate) vlans: [Option<u16>; 2],
    pub(crate) tunnels: Tunnels,
}

/// The frame from the IP header on.
pub(crate) fn find_ip<'a>(link: LinkType, frame: &'a [u8], way: &mut Way) -> Result<&'a [u8], Skip> {
    match link.0 {
        1 => ethernet(Cursor::new(frame), way),
        12 | 14 | 101 | 228 | 229 => Ok(frame),
        _ => other_link(link, Cursor::new(frame), way),
    }
}

fn other_link<'a>(link: LinkType, mut cursor: Cursor<'a>, way: &mut Way) -> Result<&'a [u8], Skip> {
    match link.0 {
        0 | 108 => {
            cursor.skip(4, "loopback.family")?;
            Ok(cursor.rest())
        }
        9 | 50 => ppp(cursor, way),
        51 => ether_payload(0x8864, cursor, way),
        100 => llc(cursor, way),
        104 => {
            cursor.skip(2, "chdlc.address")?;
            let kind = cursor.u16("chdlc.protocol")?;
            ether_payload(kind, cursor, way)
        }
        105 => ieee80211(cursor, false, way),
        107 => frame_relay(cursor),
        113 => {
            cursor.skip(6, "sll.header")?;
            let source = cursor.array("sll.address")?;
            cursor.skip(2, "sll.unused")?;
            let kind = cursor.u16("sll.protocol")?;
            way.macs = Some((Mac(source), Mac::default()));
            ether_payload(kind, cursor, way)
        }
        117 => pflog(cursor),
        119 => {
            cursor.skip(4, "prism.code")?;
            let length = cursor.u32_le("prism.length")?;
            cursor.skip((length as usize).saturating_sub(8), "prism.header")?;
            ieee80211(cursor, false, way)
        }
        127 => {
            cursor.skip(2, "radiotap.version")?;
            let length = cursor.u16_le("radiotap.length")?;
            cursor.skip(usize::from(length).saturating_sub(4), "radiotap.header")?;
            ieee80211(cursor, false, way)
        }
        192 => {
            cursor.skip(2, "ppi.version")?;
            let length = cursor.u16_le("ppi.length")?;
            let inner = cursor.u32_le("ppi.link_type")?;
            cursor.skip(usize::from(length).saturating_sub(8), "ppi.header")?;
            match u16::try_from(inner) {
                // A packet information header in another one has no meaning, and would cost a hostile frame nothing.
                Ok(192) | Err(_) => Err(cursor.bad(0, "ppi.link_type", inner.into(), "a link type").into()),
                Ok(link) => find_ip(LinkType(link), cursor.rest(), way),
            }
        }
        219 => ether_payload(0x8847, cursor, way),
        239 => nflog(cursor),
        276 => {
            let kind = cursor.u16("sll2.protocol")?;
            cursor.skip(10, "sll2.header")?;
            let source = cursor.array("sll2.address")?;
            cursor.skip(2, "sll2.unused")?;
            way.macs = Some((Mac(source), Mac::default()));
            ether_payload(kind, cursor, way)
        }
        other => Err(cursor.bad(0, "link.type", other.into(), "a link type that carries IP").into()),
    }
}

/// The IP header in what a tunnel carries.
pub(crate) fn inside<'a>(form: Form, data: &'a [u8], way: &mut Way) -> Result<&'a [u8], Skip> {
    let cursor = Cursor::new(data);
    match form {
        Form::Ip => Ok(data),
        Form::Ethernet => ethernet(cursor, way),
        Form::Ppp => ppp(cursor, way),
        Form::Ethertype(kind) => ether_payload(kind, cursor, way),
        Form::Wifi => ieee80211(cursor, false, way),
        Form::SwappedWifi => ieee80211(cursor, true, way),
    }
}

/// True where IP is found in `data` without another tunnel between: for tunnels that do not say what they carry.
pub(crate) fn leads_to_ip(form: Form, data: &[u8]) -> bool {
    let mut way = Way { tunnels: Tunnels::full(), ..Way::default() };
    let fits = |ip: &[u8]| {
        let room = ip.len();
        ip::decode(ip).is_ok_and(|decoded| decoded.header.octets as usize <= room)
    };
    inside(form, data, &mut way).is_ok_and(fits)
}

#[inline]
fn ethernet<'a>(mut cursor: Cursor<'a>, way: &mut Way) -> Result<&'a [u8], Skip> {
    let to = Mac(cursor.array("ethernet.destination")?);
    let from = Mac(cursor.array("ethernet.source")?);
    let kind = cursor.u16("ethernet.type")?;
    way.macs = Some((from, to));
    way.vlans = [None; 2];
    ether_payload(kind, cursor, way)
}

/// What follows an ethertype: VLAN tags, LLC/SNAP and tunnels on the way to IP.
#[inline]
fn ether_payload<'a>(mut kind: u16, mut cursor: Cursor<'a>, way: &mut Way) -> Result<&'a [u8], Skip> {
    // Deeper stacks than eight tags do not exist; the bound keeps a hostile frame from costing more.
    for _ in 0..8 {
        match kind {
            0x0800 | 0x86dd => return Ok(cursor.rest()),
            0x8100 | 0x88a8 | 0x9100 => {
                let tag = cursor.u16("vlan.tag")? & 0x0fff;
                kind = cursor.u16("vlan.type")?;
                if let Some(free) = way.vlans.iter_mut().find(|v| v.is_none()) {
                    *free = Some(tag);
                }
            }
            // IEEE 802.3: a length, then LLC, perhaps with SNAP.
            length if length < 0x0600 => kind = snap(&mut cursor)?,
            other => return tunnel::enter_ethertype(other, cursor.rest(), way).unwrap_or(Err(Skip::NotIp(other))),
        }
    }
    Err(Skip::NotIp(kind))
}

fn llc<'a>(mut cursor: Cursor<'a>, way: &mut Way) -> Result<&'a [u8], Skip> {
    let kind = snap(&mut cursor)?;
    ether_payload(kind, cursor, way)
}

/// The ethertype in an LLC header with SNAP (IEEE 802-2014 §9.4).
fn snap(cursor: &mut Cursor<'_>) -> Result<u16, Skip> {
    if cursor.array::<6>("llc.snap")? != [0xaa, 0xaa, 3, 0, 0, 0] {
        return Err(Skip::NotIp(0));
    }
    Ok(cursor.u16("snap.type")?)
}

/// RFC 1662 §3.1, RFC 1661 §2: address and control octets and the protocol's first octet may be left out.
fn ppp<'a>(mut cursor: Cursor<'a>, way: &mut Way) -> Result<&'a [u8], Skip> {
    if cursor.rest().starts_with(&[0xff, 0x03]) {
        cursor.skip(2, "ppp.address")?;
    }
    let first = cursor.u8("ppp.protocol")?;
    let protocol =
        if first & 1 == 1 { u16::from(first) } else { u16::from(first) << 8 | u16::from(cursor.u8("ppp.protocol")?) };
    match protocol {
        0x0021 | 0x0057 => Ok(cursor.rest()),
        0x0281 => ether_payload(0x8847, cursor, way),
        _ => Err(Skip::NotIp(0)),
    }
}

/// Q.922 address of two octets, UI, NLPID (RFC 2427 §4).
fn frame_relay(mut cursor: Cursor<'_>) -> Result<&[u8], Skip> {
    cursor.skip(3, "frelay.header")?;
    match cursor.u8("frelay.nlpid")? {
        0xcc | 0x8e => Ok(cursor.rest()),
        _ => Err(Skip::NotIp(0)),
    }
}

/// IEEE 802.11 data frames that are not encrypted, with LLC/SNAP.
fn ieee80211<'a>(mut cursor: Cursor<'a>, swapped: bool, way: &mut Way) -> Result<&'a [u8], Skip> {
    let control = cursor.u16_le("ieee80211.control")?;
    let control = if swapped { control.swap_bytes() } else { control };
    let (kind, subtype) = (control >> 2 & 3, control >> 4 & 15);
    let (to_ds, from_ds, protected) = (control & 0x100 != 0, control & 0x200 != 0, control & 0x4000 != 0);
    // Only data frames (type 2) carry packets; bit 2 of the subtype says that this one carries none.
    if kind != 2 || subtype & 4 != 0 || protected {
        return Err(Skip::NotIp(0));
    }
    cursor.skip(2, "ieee80211.duration")?;
    let addresses: [[u8; 6]; 3] =
        [cursor.array("ieee80211.address1")?, cursor.array("ieee80211.address2")?, cursor.array("ieee80211.address3")?];
    let [first, second, third] = addresses.map(Mac);
    cursor.skip(2, "ieee80211.sequence")?;
    way.macs = Some(match (to_ds, from_ds) {
        (false, false) => (second, first),
        (true, false) => (second, third),
        (false, true) => (third, first),
        (true, true) => (Mac(cursor.array("ieee80211.address4")?), third),
    });
    way.vlans = [None; 2];
    if subtype & 8 != 0 {
        // Quality of service, and with the order bit high-throughput control (IEEE 802.11-2020 §9.2.4.1.10).
        cursor.skip(if control & 0x8000 != 0 { 6 } else { 2 }, "ieee80211.qos")?;
    }
    llc(cursor, way)
}

/// OpenBSD's packet filter log: a header whose first octet is its length, padded to four.
fn pflog(mut cursor: Cursor<'_>) -> Result<&[u8], Skip> {
    let length = usize::from(cursor.u8("pflog.length")?);
    cursor.skip(length.next_multiple_of(4).saturating_sub(1), "pflog.header")?;
    Ok(cursor.rest())
}

/// Linux netfilter log: type-length-value records, the packet is the one of type 9.
fn nflog(mut cursor: Cursor<'_>) -> Result<&[u8], Skip> {
    cursor.skip(4, "nflog.header")?;
    while !cursor.is_empty() {
        let length = usize::from(cursor.u16_le("nflog.length")?);
        let kind = cursor.u16_le("nflog.type")?;
        let Some(body) = length.checked_sub(4) else {
            return Err(cursor.bad(4, "nflog.length", length as u64, "at least 4").into());
        };
        if kind & 0x7fff == 9 {
            return Ok(cursor.sub(body.min(cursor.left()), "nflog.payload")?.rest());
        }
        cursor.skip(body.next_multiple_of(4).min(cursor.left()), "nflog.value")?;
    }
    Err(Skip::NotIp(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small IPv4 header; enough for the link layer's part.
    const IP: [u8; 4] = [0x45, 0, 0, 20];

    fn ip_after(link: u16, head: &[u8]) -> Result<usize, Skip> {
        let frame: Vec<u8> = head.iter().chain(&IP).copied().collect();
        find_ip(LinkType(link), &frame, &mut Way::default()).map(|ip| frame.len() - ip.len())
    }

    #[test]
    fn every_link_type_leads_to_ip() {
        assert_eq!(ip_after(0, &[2, 0, 0, 0]), Ok(4));
        assert_eq!(ip_after(101, &[]), Ok(0));
        assert_eq!(ip_after(9, &[0xff, 3, 0, 0x21]), Ok(4));
        assert_eq!(ip_after(9, &[0x21]), Ok(1));
        assert_eq!(ip_after(51, &[0x11, 0, 0, 1, 0, 6, 0, 0x21]), Ok(8));
        assert_eq!(ip_after(104, &[0x0f, 0, 8, 0]), Ok(4));
        assert_eq!(ip_after(107, &[0x18, 0x41, 3, 0xcc]), Ok(4));
        assert_eq!(ip_after(113, &[0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0]), Ok(16));
        assert_eq!(ip_after(276, &[8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0]), Ok(20));
        assert_eq!(ip_after(219, &[0, 0, 0x11, 64]), Ok(4));
        assert_eq!(ip_after(239, &[0, 0, 0, 0, 8, 0, 9, 0]), Ok(8));
        let mut wifi = vec![8, 2, 0, 0];
        wifi.extend_from_slice(&[0; 20]);
        wifi.extend_from_slice(&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]);
        assert_eq!(ip_after(105, &wifi), Ok(32));
        let prism: Vec<u8> = [0, 0, 0, 0, 12, 0, 0, 0, 1, 2, 3, 4].iter().chain(&wifi).copied().collect();
        assert_eq!(ip_after(119, &prism), Ok(44));
        let mut information = vec![0, 0, 8, 0, 105, 0, 0, 0];
        information.extend_from_slice(&wifi);
        assert_eq!(ip_after(192, &information), Ok(40));
        information[4] = 192;
        assert!(ip_after(192, &information).is_err(), "a header never opens itself");
        assert_eq!(ip_after(100, &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]), Ok(8));
        let mut ethernet = vec![0; 12];
        ethernet.extend_from_slice(&[0x88, 0x64, 0x11, 0, 0, 1, 0, 6, 0, 0x21]);
        assert_eq!(ip_after(1, &ethernet), Ok(22));
    }

    #[test]
    fn others_are_named() {
        let mut arp = vec![0; 12];
        arp.extend_from_slice(&[8, 6]);
        assert_eq!(ip_after(1, &arp), Err(Skip::NotIp(0x0806)));
        let error = ip_after(250, &[]).expect_err("no such link type");
        assert_eq!(error.to_string(), "link.type at octet 0: got 250, want a link type that carries IP");
    }
}
