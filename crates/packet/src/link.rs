// SPDX-License-Identifier: Apache-2.0
//! Link layers: finds the IP header in a frame. The numbers are those of libpcap's LINKTYPE registry.

use minamo_base::{Cursor, Mac};

use crate::Skip;

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
            104 => "C_HDLC",
            105 => "IEEE802_11",
            107 => "FRELAY",
            108 => "LOOP",
            113 => "LINUX_SLL",
            117 => "PFLOG",
            127 => "IEEE802_11_RADIOTAP",
            219 => "MPLS",
            228 => "IPV4",
            229 => "IPV6",
            239 => "NFLOG",
            276 => "LINUX_SLL2",
            _ => return None,
        })
    }
}

/// What the link layer tells.
pub(crate) struct Found<'a> {
    pub(crate) macs: Option<(Mac, Mac)>,
    pub(crate) vlans: [Option<u16>; 2],
    /// The frame from the IP header on.
    pub(crate) ip: &'a [u8],
}

impl<'a> Found<'a> {
    fn bare(ip: &'a [u8]) -> Self {
        Self { macs: None, vlans: [None; 2], ip }
    }
}

pub(crate) fn find_ip(link: LinkType, frame: &[u8]) -> Result<Found<'_>, Skip> {
    let mut cursor = Cursor::new(frame);
    match link.0 {
        1 => ethernet(cursor),
        12 | 14 | 101 | 228 | 229 => Ok(Found::bare(frame)),
        0 | 108 => {
            cursor.skip(4, "loopback.family")?;
            Ok(Found::bare(cursor.rest()))
        }
        9 | 50 => ppp(cursor),
        51 => {
            cursor.skip(6, "pppoe.header")?;
            ppp(cursor)
        }
        104 => {
            cursor.skip(2, "chdlc.address")?;
            let kind = cursor.u16("chdlc.protocol")?;
            ether_payload(kind, cursor, None)
        }
        105 => ieee80211(cursor),
        107 => {
            // Q.922 address of two octets, UI, NLPID (RFC 2427 §4).
            cursor.skip(3, "frelay.header")?;
            match cursor.u8("frelay.nlpid")? {
                0xcc | 0x8e => Ok(Found::bare(cursor.rest())),
                _ => Err(Skip::NotIp(0)),
            }
        }
        113 => {
            cursor.skip(6, "sll.header")?;
            let source = cursor.array("sll.address")?;
            cursor.skip(2, "sll.unused")?;
            let kind = cursor.u16("sll.protocol")?;
            ether_payload(kind, cursor, Some((Mac(source), Mac::default())))
        }
        117 => pflog(cursor),
        127 => {
            cursor.skip(2, "radiotap.version")?;
            let length = cursor.u16_le("radiotap.length")?;
            cursor.skip(usize::from(length).saturating_sub(4), "radiotap.header")?;
            ieee80211(cursor)
        }
        219 => mpls(cursor, None, [None; 2]),
        239 => nflog(cursor),
        276 => {
            let kind = cursor.u16("sll2.protocol")?;
            cursor.skip(10, "sll2.header")?;
            let source = cursor.array("sll2.address")?;
            cursor.skip(2, "sll2.unused")?;
            ether_payload(kind, cursor, Some((Mac(source), Mac::default())))
        }
        other => Err(cursor.bad(0, "link.type", other.into(), "a link type that carries IP").into()),
    }
}

fn ethernet(mut cursor: Cursor<'_>) -> Result<Found<'_>, Skip> {
    let to = Mac(cursor.array("ethernet.destination")?);
    let from = Mac(cursor.array("ethernet.source")?);
    let kind = cursor.u16("ethernet.type")?;
    ether_payload(kind, cursor, Some((from, to)))
}

/// What follows an ethertype: VLAN tags, PPPoE, MPLS and LLC/SNAP on the way to IP.
fn ether_payload(mut kind: u16, mut cursor: Cursor<'_>, macs: Option<(Mac, Mac)>) -> Result<Found<'_>, Skip> {
    let mut vlans = [None; 2];
    // Deeper stacks than eight tags do not exist; the bound keeps a hostile frame from costing more.
    for _ in 0..8 {
        match kind {
            0x8100 | 0x88a8 | 0x9100 => {
                let tag = cursor.u16("vlan.tag")? & 0x0fff;
                kind = cursor.u16("vlan.type")?;
                if let Some(free) = vlans.iter_mut().find(|v| v.is_none()) {
                    *free = Some(tag);
                }
            }
            0x8864 => {
                cursor.skip(6, "pppoe.header")?;
                return ppp(cursor).map(|found| Found { macs, vlans, ip: found.ip });
            }
            0x8847 | 0x8848 => return mpls(cursor, macs, vlans),
            0x0800 | 0x86dd => return Ok(Found { macs, vlans, ip: cursor.rest() }),
            // IEEE 802.3: a length, then LLC, perhaps with SNAP.
            length if length < 0x0600 => {
                if cursor.array::<6>("llc.snap")? != [0xaa, 0xaa, 3, 0, 0, 0] {
                    return Err(Skip::NotIp(0));
                }
                kind = cursor.u16("snap.type")?;
            }
            other => return Err(Skip::NotIp(other)),
        }
    }
    Err(Skip::NotIp(kind))
}

/// RFC 1662 §3.1, RFC 1661 §2: address and control octets and the protocol's first octet may be left out.
fn ppp(mut cursor: Cursor<'_>) -> Result<Found<'_>, Skip> {
    if cursor.rest().starts_with(&[0xff, 0x03]) {
        cursor.skip(2, "ppp.address")?;
    }
    let first = cursor.u8("ppp.protocol")?;
    let protocol =
        if first & 1 == 1 { u16::from(first) } else { u16::from(first) << 8 | u16::from(cursor.u8("ppp.protocol")?) };
    match protocol {
        0x0021 | 0x0057 => Ok(Found::bare(cursor.rest())),
        0x0281 => mpls(cursor, None, [None; 2]),
        _ => Err(Skip::NotIp(0)),
    }
}

/// RFC 3032 §2.1; what is below the last label is told from its first four bits.
fn mpls(mut cursor: Cursor<'_>, macs: Option<(Mac, Mac)>, vlans: [Option<u16>; 2]) -> Result<Found<'_>, Skip> {
    for _ in 0..16 {
        let label = cursor.u32("mpls.label")?;
        if label & 0x100 != 0 {
            return match cursor.peek().map(|octet| octet >> 4) {
                Some(4 | 6) => Ok(Found { macs, vlans, ip: cursor.rest() }),
                _ => Err(Skip::NotIp(0x8847)),
            };
        }
    }
    Err(Skip::NotIp(0x8847))
}

/// IEEE 802.11 data frames that are not encrypted, with LLC/SNAP.
fn ieee80211(mut cursor: Cursor<'_>) -> Result<Found<'_>, Skip> {
    let control = cursor.u16_le("ieee80211.control")?;
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
    let macs = match (to_ds, from_ds) {
        (false, false) => (second, first),
        (true, false) => (second, third),
        (false, true) => (third, first),
        (true, true) => (Mac(cursor.array("ieee80211.address4")?), third),
    };
    if subtype & 8 != 0 {
        cursor.skip(2, "ieee80211.qos")?;
    }
    if cursor.array::<6>("llc.snap")? != [0xaa, 0xaa, 3, 0, 0, 0] {
        return Err(Skip::NotIp(0));
    }
    let kind = cursor.u16("snap.type")?;
    ether_payload(kind, cursor, Some(macs))
}

/// OpenBSD's packet filter log: a header whose first octet is its length, padded to four.
fn pflog(mut cursor: Cursor<'_>) -> Result<Found<'_>, Skip> {
    let length = usize::from(cursor.u8("pflog.length")?);
    cursor.skip(length.next_multiple_of(4).saturating_sub(1), "pflog.header")?;
    Ok(Found::bare(cursor.rest()))
}

/// Linux netfilter log: type-length-value records, the packet is the one of type 9.
fn nflog(mut cursor: Cursor<'_>) -> Result<Found<'_>, Skip> {
    cursor.skip(4, "nflog.header")?;
    while !cursor.is_empty() {
        let length = usize::from(cursor.u16_le("nflog.length")?);
        let kind = cursor.u16_le("nflog.type")?;
        let Some(body) = length.checked_sub(4) else {
            return Err(cursor.bad(4, "nflog.length", length as u64, "at least 4").into());
        };
        if kind & 0x7fff == 9 {
            return Ok(Found::bare(cursor.sub(body.min(cursor.left()), "nflog.payload")?.rest()));
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
        find_ip(LinkType(link), &frame).map(|found| frame.len() - found.ip.len())
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
