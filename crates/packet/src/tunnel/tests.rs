// SPDX-License-Identifier: Apache-2.0
//! What holds for every kind of tunnel, proven with the sample of its row; then what is particular to some.

use etherparse::{IpNumber, PacketBuilder};
use proptest::prelude::*;

use super::*;
use crate::{LinkType, decode};

const OUTER: ([u8; 4], [u8; 4]) = ([192, 0, 2, 1], [198, 51, 100, 2]);
const OUTER_PORT: u16 = 40_000;
const INNER: ([u8; 4], [u8; 4]) = ([10, 9, 8, 7], [10, 9, 8, 6]);
const INNER_PORTS: (u16, u16) = (1_111, 2_222);
/// A Teredo address, which every tunnel of IPv6 takes.
const INNER_6: ([u8; 16], [u8; 16]) =
    ([0x20, 1, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9], [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8]);

/// 32 octets of IPv4.
fn inner_4() -> Vec<u8> {
    let mut out = Vec::new();
    let builder = PacketBuilder::ipv4(INNER.0, INNER.1, 64).udp(INNER_PORTS.0, INNER_PORTS.1);
    builder.write(&mut out, b"data").expect("a Vec takes all");
    out
}

fn inner_6() -> Vec<u8> {
    let mut out = Vec::new();
    let builder = PacketBuilder::ipv6(INNER_6.0, INNER_6.1, 64).udp(INNER_PORTS.0, INNER_PORTS.1);
    builder.write(&mut out, b"data").expect("a Vec takes all");
    out
}

fn ethernet(ethertype: u16, body: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2], &ethertype.to_be_bytes()[..], body].concat()
}

fn wrapped(form: Form, ip: &[u8]) -> Vec<u8> {
    let ethertype = if ip[0] >> 4 == 4 { 0x0800 } else { 0x86dd };
    let wifi = |control: [u8; 2]| {
        let head = [&control[..], &[0, 0], &[2; 18], &[0, 0, 0xaa, 0xaa, 3, 0, 0, 0], &u16::to_be_bytes(ethertype)];
        [&head.concat(), ip].concat()
    };
    match form {
        Form::Ip | Form::Ethertype(_) => ip.to_vec(),
        Form::Ethernet => ethernet(ethertype, ip),
        Form::Ppp => [&[0xff, 3, 0, 0x21], ip].concat(),
        Form::Wifi => wifi([8, 2]),
        Form::SwappedWifi => wifi([2, 8]),
    }
}

/// A frame with `body` in the carrier.
fn carried(on: Carrier, body: &[u8]) -> Vec<u8> {
    let v4 = || PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4(OUTER.0, OUTER.1, 60);
    let mut out = Vec::new();
    match on {
        Carrier::Ethertype(kind) => return ethernet(kind, body),
        Carrier::Ipv4(proto) => v4().write(&mut out, IpNumber(proto), body),
        Carrier::Ipv6(proto) => {
            let v6 = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv6([0x30; 16], [0x31; 16], 60);
            v6.write(&mut out, IpNumber(proto), body)
        }
        Carrier::Udp(port) => v4().udp(OUTER_PORT, port).write(&mut out, body),
    }
    .expect("a Vec takes all");
    out
}

fn sample(row: &Tunnel, on: Carrier) -> Vec<u8> {
    let ip = if ["6in4", "6in6", "teredo"].contains(&row.name) { inner_6() } else { inner_4() };
    carried(on, &[row.sample.0, &wrapped(row.sample.1, &ip)].concat())
}

fn samples() -> impl Iterator<Item = (&'static Tunnel, Vec<u8>)> {
    TUNNELS.iter().flat_map(|row| row.on.iter().map(move |on| (row, sample(row, *on))))
}

fn read(frame: &[u8]) -> Packet<'_> {
    decode(LinkType::ETHERNET, frame).expect("a good frame")
}

fn names(packet: &Packet<'_>) -> Vec<&'static str> {
    packet.tunnels.kinds().map(|row| row.name).collect()
}

#[test]
fn every_kind_leads_to_the_conversation_inside() {
    for (row, frame) in samples() {
        let packet = read(&frame);
        assert_eq!(names(&packet), [row.name], "{}: {packet:?}", row.name);
        assert_eq!(packet.transport.ports(), INNER_PORTS, "{}", row.name);
        assert_eq!(packet.payload, b"data", "{}", row.name);
        assert_eq!(packet.tunnels.id().is_some(), row.id.is_some(), "{}", row.name);
        assert!(packet.tunnels.id() != Some(0), "{}: the sample has an identifier to be read", row.name);
        let outer = [Some(Ip::v4(OUTER.0)), Some(Ip([0x30; 16]))];
        let ends = packet.tunnels.ends().map(|(src, _)| src);
        assert!(
            if frame[12] == 0x08 || frame[12] == 0x86 { outer.contains(&ends) } else { ends.is_none() },
            "{}",
            row.name
        );
        assert_eq!(packet.tunnels.space() != 0, row.separates, "{}", row.name);
        assert_eq!(packet.closed, None);
    }
}

#[test]
fn every_prefix_of_every_kind_is_the_conversation_or_its_carrier() {
    for (row, frame) in samples() {
        for end in 0..frame.len() {
            let Ok(packet) = decode(LinkType::ETHERNET, &frame[..end]) else { continue };
            let src = packet.ip.src;
            let inside = [Ip::v4(INNER.0), Ip(INNER_6.0)].contains(&src) && !packet.tunnels.is_empty();
            let outside = [Ip::v4(OUTER.0), Ip([0x30; 16])].contains(&src) && packet.tunnels.is_empty();
            assert!(inside || outside, "{} cut at {end}: {packet:?}", row.name);
        }
    }
}

#[test]
fn rows_are_complete_and_names_say_one_thing() {
    for (at, row) in TUNNELS.iter().enumerate() {
        assert!(!row.spec.is_empty() && !row.on.is_empty(), "{}", row.name);
        assert!(row.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{}", row.name);
        assert!(!row.separates || row.id.is_some(), "{}: without identifier nothing is separated", row.name);
        let same: Vec<_> = TUNNELS[..at].iter().filter(|other| other.name == row.name).collect();
        assert!(same.iter().all(|other| other.spec == row.spec && other.id == row.id), "{}", row.name);
    }
    assert!(TUNNELS.len() < usize::from(u8::MAX));
}

#[test]
fn a_port_alone_is_no_tunnel() {
    let udp = TUNNELS.iter().flat_map(|row| row.on.iter().map(move |on| (row, *on)));
    for (row, on) in udp.filter(|(_, on)| matches!(on, Carrier::Udp(_))) {
        let dns = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x01\x00\x01";
        for body in [&[0xff; 100][..], &[0; 100], dns, row.sample.0] {
            let frame = carried(on, body);
            let packet = read(&frame);
            assert_eq!((names(&packet).len(), packet.closed), (0, None), "{}: {body:?}", row.name);
            assert_eq!(packet.ip.src, Ip::v4(OUTER.0));
        }
        // The right header, but the packet inside claims more, or much less, than what was sent.
        let ip = if row.name == "teredo" { inner_6() } else { inner_4() };
        let at = if row.name == "teredo" { 4 } else { 2 };
        let mut long = ip.clone();
        long[at] += 1;
        let short: Vec<u8> = ip.iter().copied().chain([0; 200]).collect();
        for odd in [long, short] {
            let frame = carried(on, &[row.sample.0, &wrapped(row.sample.1, &odd)].concat());
            assert_eq!(names(&read(&frame)).len(), 0, "{}", row.name);
        }
    }
}

#[test]
fn only_identifiers_that_both_directions_share_separate_address_spaces() {
    let space = |row: &Tunnel, at: usize| {
        let mut frame = sample(row, row.on[0]);
        let end = frame.len() - wrapped(row.sample.1, &inner_4()).len() - row.sample.0.len() + at;
        frame[end] ^= 1;
        (read(&frame).tunnels.id(), read(&frame).tunnels.space())
    };
    let (left, right) = (space(&gtp::GTP_U, 7), space(&gtp::GTP_U, 6));
    assert!(left.0 != right.0 && (left.1, right.1) == (0, 0), "TEIDs differ by direction");
    let (left, right) = (space(&vxlan::VXLAN, 6), space(&vxlan::VXLAN, 5));
    assert!(left.0 != right.0 && left.1 != right.1 && left.1 != 0, "networks have their own addresses");
    assert_ne!(space(&vxlan::VXLAN, 6).1, space(&geneve::GENEVE, 6).1);
}

#[test]
fn nesting_is_bounded_and_told() {
    let mut ip = inner_4();
    for depth in 1..=DEPTH + 2 {
        let mut out = Vec::new();
        PacketBuilder::ipv4(OUTER.0, OUTER.1, 60).write(&mut out, IpNumber(4), &ip).expect("a Vec takes all");
        ip = out;
        let packet = decode(LinkType::RAW, &ip).expect("a good packet");
        assert_eq!(names(&packet).len(), depth.min(DEPTH));
        assert_eq!(packet.closed, (depth > DEPTH).then_some(Closed::Deep));
        let inner = if depth > DEPTH { OUTER } else { INNER };
        assert_eq!(packet.ip.src, Ip::v4(inner.0), "what cannot be opened is the flow of its carrier");
    }
    let mut nested = ethernet(0x0800, &inner_4());
    for _ in 0..=DEPTH {
        nested = ethernet(0x88e7, &[&[0, 0, 0, 1], &nested[..]].concat());
    }
    assert_eq!(decode(LinkType::ETHERNET, &nested), Err(Skip::Deep));
    let labels = ethernet(0x8847, &[0; 400]);
    assert_eq!(decode(LinkType::ETHERNET, &labels), Err(Skip::Deep));
}

#[test]
fn tunnels_in_tunnels_are_named_from_the_outside() {
    let gtp = sample(&gtp::GTP_U, Carrier::Udp(2_152));
    let erspan = [erspan::ERSPAN.sample.0, &gtp[..]].concat();
    let frame = carried(Carrier::Ipv4(47), &erspan);
    let packet = read(&frame);
    assert_eq!(names(&packet), ["erspan", "gtp"]);
    assert_eq!(packet.tunnels.id(), Some(0xbeef));
    assert_eq!(packet.tunnels.ends(), Some((Ip::v4(OUTER.0), Ip::v4(OUTER.1))));
    assert_eq!(packet.macs.map(|(src, _)| src.0), Some([2; 6]), "the mirrored frame's");
}

#[test]
fn what_is_not_ip_stays_with_its_carrier() {
    let arp = ethernet(0x0806, &[0; 28]);
    let frame = carried(Carrier::Udp(4_789), &[vxlan::VXLAN.sample.0, &arp].concat());
    assert_eq!((names(&read(&frame)).len(), read(&frame).closed), (0, None));
    let frame = carried(Carrier::Ipv4(97), &[ip_in_ip::ETHERIP.sample.0, &arp].concat());
    assert_eq!(read(&frame).closed, Some(Closed::NotIp));
    assert_eq!(read(&frame).ip.proto, 97);
    let frame = carried(Carrier::Ipv4(4), &[0x45, 0]);
    assert_eq!(read(&frame).closed, Some(Closed::Unreadable));
    let lcp = ethernet(0x8864, &[0x11, 0, 0, 1, 0, 6, 0xc0, 0x21, 1, 1, 0, 4]);
    assert_eq!(decode(LinkType::ETHERNET, &lcp).expect_err("no packet").reason(), "not_ip");
}

#[test]
fn pseudowires_are_told_from_ip() {
    let inner = ethernet(0x0800, &inner_4());
    let control_word = carried(Carrier::Ethertype(0x8847), &[&[0, 1, 1, 64, 0, 0, 0, 0], &inner[..]].concat());
    assert_eq!(read(&control_word).macs.map(|(src, _)| src.0), Some([2, 0, 0, 0, 0, 2]));
    assert_eq!(read(&control_word).tunnels.id(), Some(16));
    // A MAC address that looks like the first octet of IPv4, or of IPv6.
    for first in [0x45, 0x60, 0xfe] {
        let mut bare = inner.clone();
        bare[0] = first;
        let frame = carried(Carrier::Ethertype(0x8847), &[&[0, 1, 1, 64], &bare[..]].concat());
        assert_eq!(read(&frame).ip.src, Ip::v4(INNER.0), "{first:#x}");
    }
    let ip6 = carried(Carrier::Ethertype(0x8847), &[&[0, 1, 1, 64], &inner_6()[..]].concat());
    assert_eq!(read(&ip6).ip.src, Ip(INNER_6.0));
}

#[test]
fn inner_tags_replace_those_of_the_outer_frame() {
    let tagged = ethernet(0x8100, &[&[0, 30, 8, 0], &inner_4()[..]].concat());
    let frame = carried(Carrier::Udp(4_789), &[vxlan::VXLAN.sample.0, &tagged].concat());
    let outer = [&frame[..12], &[0x81, 0, 0, 20], &frame[12..]].concat();
    assert_eq!(read(&outer).vlans, [Some(30), None]);
    let ipip = carried(Carrier::Ipv4(4), &inner_4());
    let outer = [&ipip[..12], &[0x81, 0, 0, 20], &ipip[12..]].concat();
    assert_eq!(read(&outer).vlans, [Some(20), None]);
}

#[test]
fn first_fragments_are_opened_and_later_ones_are_not() {
    for row in [&ip_in_ip::IPIP, &vxlan::VXLAN] {
        let mut frame = sample(row, row.on[0]);
        frame[20] = 0x20;
        frame.truncate(frame.len() - 3);
        let ip_octets = u16::try_from(frame.len() - 14).expect("short");
        frame[16..18].copy_from_slice(&ip_octets.to_be_bytes());
        assert_eq!(read(&frame).ip.src, Ip::v4(INNER.0), "{}", row.name);
        assert_eq!(read(&frame).ip.octets, 32);
        frame[20..22].copy_from_slice(&[0, 100]);
        assert_eq!(read(&frame).ip.src, Ip::v4(OUTER.0), "{}", row.name);
        assert_eq!(read(&frame).closed, None);
    }
    let mut part = carried(
        Carrier::Udp(5_247),
        &[&[0, 0x10, 0x43, 0x80, 0, 1, 0, 0], &wrapped(Form::Wifi, &inner_4())[..60]].concat(),
    );
    let end = part.len();
    assert_eq!(read(&part).ip.src, Ip::v4(INNER.0), "the first fragment of CAPWAP's own");
    part[end - 61] = 8;
    assert_eq!(read(&part).ip.src, Ip::v4(OUTER.0));
}

#[test]
fn authentication_headers_are_seen_through_and_encryption_is_not() {
    let udp = &inner_4()[20..];
    let ah = [&[17, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2], &[7; 12][..], udp].concat();
    for on in [Carrier::Ipv4(51), Carrier::Ipv6(51)] {
        let frame = carried(on, &ah);
        let packet = read(&frame);
        assert_eq!((packet.ip.proto, packet.transport.ports()), (17, INNER_PORTS), "{on:?}");
        assert_eq!((packet.payload, packet.payload_len), (&b"data"[..], 4));
    }
    assert_eq!(read(&carried(Carrier::Ipv4(51), &ah[..20])).ip.proto, 51, "a cut one stays what it is");
    let esp = carried(Carrier::Ipv4(50), &[7; 40]);
    assert_eq!((read(&esp).ip.proto, read(&esp).closed), (50, None));
}

#[test]
fn variants_of_headers() {
    let eth = ethernet(0x0800, &inner_4());
    let variants: &[(Carrier, &[u8], &[u8])] = &[
        // GRE with checksum and sequence number; ERSPAN types I and III with a sub-header; WCCP version 2.
        (Carrier::Ipv4(47), &[0x90, 0, 8, 0, 1, 2, 0, 0, 0, 0, 0, 9], &inner_4()),
        (Carrier::Ipv4(47), &[0, 0, 0x88, 0xbe], &eth),
        (
            Carrier::Ipv4(47),
            &[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 5, 0, 0x64, 0, 0, 0, 3, 0, 0, 0, 1, 8, 8, 8, 8, 8, 8, 8, 8],
            &eth,
        ),
        (Carrier::Ipv4(47), &[0, 0, 0x88, 0x3e, 0, 1, 0, 0], &inner_4()),
        // GRE with MPLS, VLAN and Ethernet.
        (Carrier::Ipv4(47), &[0, 0, 0x88, 0x47, 0, 1, 1, 64], &inner_4()),
        (Carrier::Ipv4(47), &[0, 0, 0x81, 0, 0, 5, 8, 0], &inner_4()),
        (Carrier::Ipv4(47), &[0x20, 0, 0x65, 0x58, 0, 0, 0, 5], &eth),
        // GPE with Ethernet, with a service header, and without next protocol.
        (Carrier::Udp(4_790), &[0x0c, 0, 0, 3, 0, 0, 1, 0], &eth),
        (Carrier::Udp(4_790), &[0x0c, 0, 0, 4, 0, 0, 1, 0, 0, 2, 2, 1, 0, 0, 7, 255], &inner_4()),
        (Carrier::Udp(4_790), &[8, 0, 0, 0, 0, 0, 1, 0], &eth),
        // L2TP with sequence numbers and offset; CAPWAP with 802.3; TZSP with 802.11.
        (Carrier::Udp(1_701), &[0x0a, 2, 0, 42, 0, 3, 0, 1, 0, 2, 0, 2, 9, 9], &[&[0, 0x21], &inner_4()[..]].concat()),
        (Carrier::Udp(5_247), &[0, 0x10, 0x42, 0, 0, 0, 0, 0], &eth),
        (Carrier::Udp(5_247), &[0, 0x10, 0x43, 0, 0, 0, 0, 0], &wrapped(Form::SwappedWifi, &inner_4())),
        (Carrier::Udp(37_008), &[1, 1, 0, 18, 0, 1], &wrapped(Form::Wifi, &inner_4())),
        // GTP without options, LISP without instance.
        (Carrier::Udp(2_152), &[0x30, 255, 0, 32, 0, 0, 0, 1], &inner_4()),
        (Carrier::Udp(4_341), &[0x80, 1, 2, 3, 0, 0, 0, 1], &inner_4()),
    ];
    for (on, head, inner) in variants {
        let frame = carried(*on, &[*head, *inner].concat());
        assert_eq!(read(&frame).ip.src, Ip::v4(INNER.0), "{on:?} {head:x?}");
        assert_eq!(read(&frame).payload, b"data");
    }
}

#[test]
fn control_messages_stay_with_their_carrier() {
    let carriers: &[(Carrier, &[u8])] = &[
        (Carrier::Udp(2_152), &[0x32, 1, 0, 4, 0, 0, 0, 0, 0, 1, 0, 0]),
        (Carrier::Udp(1_701), &[0xc8, 2, 0, 12, 0, 1, 0, 0, 0, 0, 0, 1]),
        (Carrier::Udp(5_247), &[0, 0x10, 2, 8, 0, 0, 0, 0, 0, 16, 0, 0]),
        (Carrier::Ipv4(115), &[0, 0, 0, 0, 0xc8, 3, 0, 12]),
    ];
    for (on, body) in carriers {
        let frame = carried(*on, body);
        assert_eq!((read(&frame).ip.src, read(&frame).closed), (Ip::v4(OUTER.0), None), "{on:?}");
    }
    // A Teredo client that qualifies.
    let mut solicitation = inner_6();
    solicitation[8..10].copy_from_slice(&[0xfe, 0x80]);
    assert_eq!(read(&carried(Carrier::Udp(3_544), &solicitation)).ip.src, Ip::v4(OUTER.0));
    // A PPTP acknowledgement alone, and GRE's keep-alive.
    for body in [&[0x20, 0x81, 0x88, 0x0b, 0, 0, 0, 7, 0, 0, 0, 1][..], &[0, 0, 0, 0]] {
        let frame = carried(Carrier::Ipv4(47), body);
        assert_eq!((read(&frame).ip.proto, read(&frame).tunnels.is_empty()), (47, true));
    }
}

proptest! {
    #[test]
    fn flipped_octets_never_panic(at in 0..60usize, place: usize, value: u8, cut in 0usize..150) {
        let all: Vec<_> = samples().collect();
        let (_, mut frame) = all[at % all.len()].clone();
        let octets = frame.len();
        frame[place % octets] = value;
        if let Ok(packet) = decode(LinkType::ETHERNET, &frame[..cut.min(octets)]) {
            prop_assert!(packet.payload.len() <= octets);
            prop_assert!(packet.payload_len as usize >= packet.payload.len());
        }
    }

    #[test]
    fn arbitrary_bodies_never_panic(at in 0..60usize, body in proptest::collection::vec(any::<u8>(), 0..120), real: bool) {
        let all: Vec<_> = TUNNELS.iter().flat_map(|row| row.on.iter().map(move |on| (row, *on))).collect();
        let (row, on) = all[at % all.len()];
        let head = if real { row.sample.0 } else { &[] };
        if let Ok(packet) = decode(LinkType::ETHERNET, &carried(on, &[head, &body].concat())) {
            prop_assert!(packet.tunnels.kinds().count() <= DEPTH);
        }
    }
}
