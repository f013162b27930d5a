// SPDX-License-Identifier: Apache-2.0
//! What a plain packet is, told by a few of its octets. Where one thread deals packets out to others that decode them, it
//! needs to know the conversation and nothing else.

use minamo_base::{FiveTuple, Ip};

use crate::{LinkType, tunnel};

/// What a glance at a frame tells of its packet. Addresses are numbers, which stay in registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glance {
    /// Number of the sender's address, and its port.
    pub src: (u128, u16),
    /// The same of the receiver.
    pub dst: (u128, u16),
    /// Number of the protocol above IP.
    pub proto: u8,
    /// Id of the outermost tag.
    pub vlan: Option<u16>,
    /// Octets from the IP header on, as sent.
    pub octets: u32,
}

impl Glance {
    /// Endpoints and protocol.
    #[must_use]
    pub fn tuple(&self) -> FiveTuple {
        let ((src, src_port), (dst, dst_port)) = (self.src, self.dst);
        FiveTuple { src: Ip::from_u128(src), dst: Ip::from_u128(dst), src_port, dst_port, proto: self.proto }
    }
}

/// What the packet in a frame is, where that takes no decoder: whole TCP or UDP in IP without options, on Ethernet with at most
/// one tag, in no tunnel. [`decode_parts`](crate::decode_parts) gives a packet for each such frame, and says the same of it.
#[inline]
pub fn glance(link: LinkType, frame: &[u8]) -> Option<Glance> {
    if link != LinkType::ETHERNET {
        return None;
    }
    let (mut kind, mut ip, mut vlan) = (u16_at(frame, 12)?, frame.get(14..)?, None);
    if matches!(kind, 0x8100 | 0x88a8 | 0x9100) {
        vlan = Some(u16_at(ip, 0)? & 0x0fff);
        (kind, ip) = (u16_at(ip, 2)?, ip.get(4..)?);
    }
    let (src, dst, proto, octets, above) = match kind {
        0x0800 => v4(ip)?,
        0x86dd => v6(ip)?,
        _ => return None,
    };
    let (src_port, dst_port) = (u16_at(above, 0)?, u16_at(above, 2)?);
    let whole = match proto {
        TCP => above.get(12).is_some_and(|offset| (20..=above.len()).contains(&(usize::from(offset >> 4) * 4))),
        UDP => above.len() >= 8 && !tunnel::may_be_on(src_port) && !tunnel::may_be_on(dst_port),
        _ => false,
    };
    whole.then_some(Glance { src: (src, src_port), dst: (dst, dst_port), proto, vlan, octets })
}

const TCP: u8 = 6;
const UDP: u8 = 17;

/// Numbers of the addresses, protocol, octets of the packet, and what was captured above IP.
type Above<'a> = (u128, u128, u8, u32, &'a [u8]);

/// IPv4 without options that is no fragment (RFC 791 §3.1).
#[inline]
fn v4(ip: &[u8]) -> Option<Above<'_>> {
    let (header, above) = ip.split_first_chunk::<20>()?;
    let octets = usize::from(u16_at(header, 2)?);
    if header[0] != 0x45 || u16_at(header, 6)? & 0x3fff != 0 {
        return None;
    }
    let above = above.get(..octets.checked_sub(20)?).unwrap_or(above);
    let (src, dst) = (header.get(12..)?.first_chunk()?, header.get(16..)?.first_chunk()?);
    Some((Ip::v4_number(*src), Ip::v4_number(*dst), header[9], u32::try_from(octets).ok()?, above))
}

/// IPv6 without extension headers, of a length that it says (RFC 8200 §3).
#[inline]
fn v6(ip: &[u8]) -> Option<Above<'_>> {
    let (header, above) = ip.split_first_chunk::<40>()?;
    let octets = usize::from(u16_at(header, 4)?);
    if header[0] >> 4 != 6 || octets == 0 {
        return None;
    }
    let above = above.get(..octets).unwrap_or(above);
    let (src, dst) = (header.get(8..)?.first_chunk()?, header.get(24..)?.first_chunk()?);
    Some((u128::from_be_bytes(*src), u128::from_be_bytes(*dst), header[6], u32::try_from(octets).ok()? + 40, above))
}

#[inline]
fn u16_at(octets: &[u8], at: usize) -> Option<u16> {
    octets.get(at..)?.first_chunk().map(|two| u16::from_be_bytes(*two))
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;
    use proptest::prelude::*;

    use super::*;
    use crate::{Fragment, decode_parts};

    /// What is told at a glance is what decoding tells.
    fn agrees(frame: &[u8]) -> bool {
        let Some(told) = glance(LinkType::ETHERNET, frame) else { return false };
        let packet = decode_parts(LinkType::ETHERNET, frame).expect("a packet");
        assert_eq!((packet.tuple(), packet.vlans[0]), (told.tuple(), told.vlan));
        assert_eq!((packet.ip_octets(), packet.ip.fragment), (told.octets.into(), Fragment::Whole));
        assert!(packet.tunnels.is_empty() && packet.closed.is_none() && packet.part.is_empty());
        true
    }

    fn frames() -> Vec<Vec<u8>> {
        let link = || PacketBuilder::ethernet2([2; 6], [4; 6]);
        let tag = etherparse::VlanId::try_new(7).expect("12 bits");
        let mut frames = vec![Vec::new(); 4];
        let [plain, tagged, v6, short] = frames.as_mut_slice() else { panic!("four") };
        let written = [
            link().ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).tcp(1_234, 80, 1, 2).write(plain, b"GET / HTTP/1.1\r\n"),
            link().single_vlan(tag).ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).udp(5, 53).write(tagged, b"hello"),
            link().ipv6([1; 16], [2; 16], 64).tcp(443, 50_000, 1, 2).write(v6, b"hello"),
            link().ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).udp(6, 53).write(short, b""),
        ];
        assert!(written.iter().all(Result::is_ok));
        short.resize(60, 0);
        frames
    }

    #[test]
    fn usual_packets_are_told_at_a_glance() {
        assert!(frames().iter().all(|frame| agrees(frame)));
    }

    #[test]
    fn tunnels_and_fragments_are_not() {
        let mut frame = Vec::new();
        let builder = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64);
        builder.udp(1_000, 4_789).write(&mut frame, &[0; 60]).expect("a Vec takes all");
        assert!(!agrees(&frame), "VXLAN");
        let mut fragment = frames()[0].clone();
        fragment[20] = 0x20;
        assert!(!agrees(&fragment));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Cut anywhere, and with octets of the headers replaced.
        #[test]
        fn a_glance_never_disagrees(
            which in 0usize..4,
            cut in 0usize..120,
            changes in prop::collection::vec((12usize..80, any::<u8>()), 0..3),
        ) {
            let mut frame = frames()[which].clone();
            frame.truncate(cut);
            for (at, octet) in changes {
                if let Some(place) = frame.get_mut(at) {
                    *place = octet;
                }
            }
            agrees(&frame);
        }
    }
}
