// SPDX-License-Identifier: Apache-2.0
//! Conversations inside tunnels.

use super::*;

fn gtp(from: [u8; 4], to: [u8; 4], teid: u8, inner: &[u8]) -> Vec<u8> {
    let head = [0x30, 255, 0, u8::try_from(inner.len()).expect("short"), 0, 0, 0, teid];
    tunnelled(from, to, 2_152, &head, inner)
}

fn vxlan(vni: u8, inner: &[u8]) -> Vec<u8> {
    let head = [8, 0, 0, 0, 0, 0, vni, 0, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    tunnelled(LEFT, RIGHT, 4_789, &head, inner)
}

#[test]
fn both_directions_of_a_tunnel_are_one_flow_with_the_identifier_of_each() {
    // The answer is seen first: the tunnel is turned round with the conversation.
    for order in [[0, 1], [1, 0]] {
        let mut run = Run::new(Settings::default());
        let packets = [
            gtp(LEFT, RIGHT, 7, &segment(CLIENT, SERVER, 100, SYN, b"")),
            gtp(RIGHT, LEFT, 9, &segment(SERVER, CLIENT, 500, SYN | ACK, b"")),
        ];
        for (at, packet) in order.iter().enumerate() {
            run.at(at as i64, &packets[*packet]);
        }
        let (rows, counters) = run.end();
        assert_eq!((rows.len(), counters.tunnelled), (1, 2), "{order:?}");
        assert_eq!((rows[0].core.src_port, rows[0].core.src_bytes), (50_000, 40), "counted inside");
        let tunnel = rows[0].tunnel.as_ref().expect("it was in a tunnel");
        assert_eq!(tunnel.kind.as_deref(), Some("gtp"));
        assert_eq!((tunnel.src_id, tunnel.dst_id), (Some(7), Some(9)));
        assert_eq!((tunnel.src_ip, tunnel.dst_ip), (Some(Ip::v4(LEFT)), Some(Ip::v4(RIGHT))));
    }
}

#[test]
fn equal_addresses_in_two_networks_are_two_flows() {
    let mut run = Run::new(Settings::default());
    let inner = segment(CLIENT, SERVER, 100, SYN, b"");
    run.at(0, &vxlan(1, &inner));
    run.at(0, &vxlan(2, &inner));
    run.at(0, &inner);
    run.at(1, &vxlan(1, &segment(SERVER, CLIENT, 500, SYN | ACK, b"")));
    let (rows, counters) = run.end();
    assert_eq!((rows.len(), counters.tunnelled), (3, 3));
    let mut ids: Vec<_> = rows.iter().map(|row| row.core.flow_id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    assert_eq!(rows.iter().filter(|row| row.tunnel.is_none()).count(), 1);
    let first =
        rows.iter().find(|row| row.core.dst_packets == 1).and_then(|row| row.tunnel.as_ref()).expect("answered");
    assert_eq!((first.src_id, first.dst_id), (Some(1), Some(1)));
}

#[test]
fn stacked_tunnels_are_named_from_the_outside() {
    let mut ipip = Vec::new();
    let inner = vxlan(1, &segment(CLIENT, SERVER, 100, SYN, b""));
    let builder = PacketBuilder::ipv4([192, 0, 2, 50], [192, 0, 2, 51], 64);
    builder.write(&mut ipip, etherparse::IpNumber(4), &inner).expect("a Vec takes all");
    let mut run = Run::new(Settings::default());
    run.at(0, &ipip);
    let (rows, _) = run.end();
    let tunnel = rows[0].tunnel.as_ref().expect("it was in tunnels");
    assert_eq!(tunnel.kind.as_deref(), Some("ipip/vxlan"));
    assert_eq!(tunnel.src_ip, Some(Ip::v4(LEFT)), "the ends of the tunnel that the identifier belongs to");
}

#[test]
fn tunnels_that_stay_closed_are_counted_by_reason() {
    let outer = |body: &[u8]| {
        let mut out = Vec::new();
        let builder = PacketBuilder::ipv4(LEFT, RIGHT, 64);
        builder.write(&mut out, etherparse::IpNumber(4), body).expect("a Vec takes all");
        out
    };
    let mut run = Run::new(Settings::default());
    run.at(0, &outer(&[0x45, 0, 0]));
    let mut deep = segment(CLIENT, SERVER, 100, SYN, b"");
    for _ in 0..=minamo_packet::DEPTH {
        deep = outer(&deep);
    }
    run.at(0, &deep);
    let mut arp = Vec::new();
    let builder = PacketBuilder::ipv4(LEFT, RIGHT, 64);
    builder.write(&mut arp, etherparse::IpNumber(47), &[0, 0, 8, 6, 0, 1]).expect("a Vec takes all");
    run.at(0, &arp);
    let (_, counters) = run.end();
    assert_eq!((counters.closed_unreadable, counters.closed_deep, counters.closed_not_ip), (1, 1, 1));
    assert_eq!((counters.packets, counters.tunnelled), (3, 1));
}

#[test]
fn a_tunnel_in_fragments_is_the_conversation_inside_it() {
    let inner = long_question();
    let outer = tunnelled(LEFT, RIGHT, 4_789, &[&[8, 0, 0, 0, 0, 0, 9, 0][..], &[2; 12], &[8, 0]].concat(), &inner);
    for order in [[0, 1, 2], [2, 0, 1]] {
        let mut run = Run::new(Settings::default());
        let parts = fragments(&outer, 3, 80);
        order.iter().for_each(|at| run.at(0, &parts[*at]));
        let (rows, counters) = run.end();
        assert_eq!((rows.len(), counters.packets, counters.tunnelled), (1, 1, 1));
        assert_eq!((rows[0].core.src_bytes, rows[0].core.src_ip), (inner.len() as u64, Ip::v4(CLIENT.0)));
        assert_eq!(rows[0].tunnel.as_ref().and_then(|tunnel| tunnel.kind.as_deref()), Some("vxlan"));
        assert!(rows[0].dns.is_some());
    }
    // Cut inside the tunnel, and the pieces cut again outside of it.
    let mut run = Run::new(Settings::default());
    for (id, part) in (10..).zip(fragments(&inner, 5, 96)) {
        let outer = tunnelled(LEFT, RIGHT, 4_789, &[&[8, 0, 0, 0, 0, 0, 9, 0][..], &[2; 12], &[8, 0]].concat(), &part);
        fragments(&outer, id, 80).iter().for_each(|part| run.at(0, part));
    }
    let (rows, counters) = run.end();
    assert_eq!((rows.len(), counters.packets, counters.joined_packets), (1, 2, 3));
    assert!(rows[0].dns.is_some());
    assert_eq!(rows[0].net.as_ref().and_then(|net| net.fragments), Some(2), "those of the conversation");
}

#[test]
fn a_tunnel_without_its_end_is_opened_as_far_as_it_came() {
    let outer =
        tunnelled(LEFT, RIGHT, 4_789, &[&[8, 0, 0, 0, 0, 0, 9, 0][..], &[2; 12], &[8, 0]].concat(), &long_question());
    let mut run = Run::new(Settings::default());
    run.at(0, &fragments(&outer, 3, 80)[0]);
    let (rows, counters) = run.end();
    assert_eq!((rows.len(), rows[0].core.src_ip, counters.incomplete_packets), (1, Ip::v4(CLIENT.0), 1));
}
