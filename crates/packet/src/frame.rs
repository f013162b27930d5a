// SPDX-License-Identifier: Apache-2.0
//! Frames that carry no IP: their addresses, tags and what their payload is by ethertype (IEEE 802.3 §3.2.6), LLC
//! (IEEE 802.2 §3.2) or SNAP (IEEE 802 §9.4). What the payload says is not read, but for the addresses of ARP.
//!
//! Ethernet and Linux cooked captures only: of other links no frame without IP is of use to anyone yet.

use minamo_base::{Cursor, Ip, Mac, WireError};

use crate::LinkType;

/// What the payload of a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FrameKind {
    /// Registered ethertype.
    Ethertype(u16),
    /// LLC header with this destination service access point.
    Llc(u8),
    /// SNAP header: organisation and its own number.
    Snap([u8; 3], u16),
}

/// A frame without IP; `payload` borrows from the capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkFrame<'a> {
    /// Source and destination; a cooked capture does not have the destination and says zeros.
    pub macs: (Mac, Mac),
    /// VLAN ids, outermost first.
    pub vlans: [Option<u16>; 2],
    /// What the payload is.
    pub kind: FrameKind,
    /// Octets behind the header that says the kind, as captured: the padding of short frames is among them where
    /// the kind is an ethertype, as nothing tells where it begins.
    pub payload: &'a [u8],
}

/// Ethertype of ARP (RFC 826).
const ARP: u16 = 0x0806;
/// Ethertype of reverse ARP (RFC 903).
const RARP: u16 = 0x8035;

impl<'a> LinkFrame<'a> {
    /// Reads a frame; nothing where it is cut or its link has no such frames. To be asked where
    /// [`decode`](crate::decode) said [`Skip::NotIp`](crate::Skip::NotIp).
    pub fn read(link: LinkType, frame: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(frame);
        let (macs, kind) = match link {
            LinkType::ETHERNET => ethernet(&mut cursor),
            LinkType::LINUX_SLL => cooked(&mut cursor),
            LinkType::LINUX_SLL2 => cooked2(&mut cursor),
            _ => return None,
        }
        .ok()?;
        let mut vlans = [None; 2];
        let kind = kind_of(kind, &mut cursor, &mut vlans).ok()?;
        Some(Self { macs, vlans, kind, payload: cursor.rest() })
    }

    /// The protocol addresses of an ARP packet between IPv4 hosts (RFC 826): sender and target.
    pub fn arp_addresses(&self) -> Option<(Ip, Ip)> {
        if !matches!(self.kind, FrameKind::Ethertype(ARP | RARP)) {
            return None;
        }
        let mut cursor = Cursor::new(self.payload);
        let head = cursor.array::<6>("arp.header").ok()?;
        if head != [0, 1, 8, 0, 6, 4] {
            return None;
        }
        cursor.skip(2 + 6, "arp.sender_hardware").ok()?;
        let sender = cursor.array("arp.sender").ok()?;
        cursor.skip(6, "arp.target_hardware").ok()?;
        let target = cursor.array("arp.target").ok()?;
        Some((Ip::v4(sender), Ip::v4(target)))
    }
}

type Head = ((Mac, Mac), u16);

fn ethernet(cursor: &mut Cursor<'_>) -> Result<Head, WireError> {
    let to = Mac(cursor.array("ethernet.destination")?);
    let from = Mac(cursor.array("ethernet.source")?);
    Ok(((from, to), cursor.u16("ethernet.type")?))
}

fn cooked(cursor: &mut Cursor<'_>) -> Result<Head, WireError> {
    cursor.skip(6, "sll.header")?;
    let from = Mac(cursor.array("sll.address")?);
    cursor.skip(2, "sll.unused")?;
    Ok(((from, Mac::default()), cursor.u16("sll.protocol")?))
}

fn cooked2(cursor: &mut Cursor<'_>) -> Result<Head, WireError> {
    let kind = cursor.u16("sll2.protocol")?;
    cursor.skip(10, "sll2.header")?;
    let from = Mac(cursor.array("sll2.address")?);
    cursor.skip(2, "sll2.unused")?;
    Ok(((from, Mac::default()), kind))
}

/// Behind tags and LLC. As deep as [`decode`](crate::decode) looks for IP.
fn kind_of(mut kind: u16, cursor: &mut Cursor<'_>, vlans: &mut [Option<u16>; 2]) -> Result<FrameKind, WireError> {
    for _ in 0..8 {
        match kind {
            0x8100 | 0x88a8 | 0x9100 => {
                let tag = cursor.u16("vlan.tag")? & 0x0fff;
                kind = cursor.u16("vlan.type")?;
                if let Some(free) = vlans.iter_mut().find(|vlan| vlan.is_none()) {
                    *free = Some(tag);
                }
            }
            // A length: LLC follows. Linux writes 1 and 4 for raw 802.3 and 802.2 (if_ether.h).
            length if length < 0x0600 => return llc(usize::from(length), cursor),
            ethertype => return Ok(FrameKind::Ethertype(ethertype)),
        }
    }
    Ok(FrameKind::Ethertype(kind))
}

fn llc(length: usize, cursor: &mut Cursor<'_>) -> Result<FrameKind, WireError> {
    // What is longer than the length says is padding.
    if length > 4 && length < cursor.left() {
        *cursor = cursor.sub(length, "ethernet.length")?;
    }
    let [to, from, control] = cursor.array("llc.header")?;
    if (to, from, control) != (0xaa, 0xaa, 3) {
        return Ok(FrameKind::Llc(to));
    }
    let organisation = cursor.array("snap.organisation")?;
    let number = cursor.u16("snap.type")?;
    Ok(if organisation == [0; 3] { FrameKind::Ethertype(number) } else { FrameKind::Snap(organisation, number) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(kind: &[u8], payload: &[u8]) -> Vec<u8> {
        [&[1, 0x80, 0xc2, 0, 0, 0, 2, 0, 0, 0, 0, 7], kind, payload].concat()
    }

    #[test]
    fn ethertype_llc_and_snap() {
        let goose = frame(&[0x81, 0, 0x80, 5, 0x88, 0xb8], &[0, 1, 0, 9]);
        let read = LinkFrame::read(LinkType::ETHERNET, &goose).expect("a whole frame");
        assert_eq!((read.kind, read.vlans), (FrameKind::Ethertype(0x88b8), [Some(5), None]));
        assert_eq!(read.payload, [0, 1, 0, 9]);
        assert_eq!(read.macs.0, Mac([2, 0, 0, 0, 0, 7]));
        let stp = frame(&[0, 7], &[0x42, 0x42, 3, 0, 0, 0, 0, 0xff, 0xff]);
        let read = LinkFrame::read(LinkType::ETHERNET, &stp).expect("a whole frame");
        assert_eq!((read.kind, read.payload), (FrameKind::Llc(0x42), [0; 4].as_slice()), "padding is left out");
        let cdp = frame(&[0, 10], &[0xaa, 0xaa, 3, 0, 0, 0xc, 0x20, 0, 2, 180]);
        let read = LinkFrame::read(LinkType::ETHERNET, &cdp).expect("a whole frame");
        assert_eq!((read.kind, read.payload), (FrameKind::Snap([0, 0, 0xc], 0x2000), [2, 180].as_slice()));
    }

    #[test]
    fn arp_names_both_hosts() {
        let arp = frame(
            &[8, 6],
            &[0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 7, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 192, 0, 2, 9, 0, 0],
        );
        let read = LinkFrame::read(LinkType::ETHERNET, &arp).expect("a whole frame");
        assert_eq!(read.arp_addresses(), Some((Ip::v4([192, 0, 2, 1]), Ip::v4([192, 0, 2, 9]))));
        let cut = LinkFrame::read(LinkType::ETHERNET, &arp[..40]).expect("the header is there");
        assert_eq!(cut.arp_addresses(), None);
    }

    proptest! {
        #[test]
        fn arbitrary_octets_never_panic(link in prop::sample::select(vec![1u16, 113, 276, 9]), data: Vec<u8>) {
            if let Some(frame) = LinkFrame::read(LinkType(link), &data) {
                prop_assert!(frame.payload.len() < data.len());
                let _ = frame.arp_addresses();
            }
        }
    }
}
