// SPDX-License-Identifier: Apache-2.0
//! Sampled frames and packets: what the headers of one packet tell a row. Decoding them is `minamo-packet`'s.

use minamo_model::Flow;
use minamo_packet::{Fragment, LinkType, Packet, Skip, Transport, decode};

/// Fills a row from the first octets of a frame. Counters that the record gave stay.
pub(crate) fn fill(flow: &mut Flow, link: LinkType, octets: &[u8]) -> Result<(), Skip> {
    let packet = decode(link, octets)?;
    let tuple = packet.tuple();
    let core = &mut flow.core;
    (core.src_ip, core.dst_ip, core.proto) = (tuple.src, tuple.dst, tuple.proto);
    if core.src_packets == 0 {
        core.src_packets = 1;
    }
    if core.src_bytes == 0 {
        core.src_bytes = packet.ip_octets();
    }
    if let Transport::Icmp(kind, code) = packet.transport {
        let icmp = flow.icmp.get_or_insert_default();
        (icmp.kind, icmp.code) = (Some(kind), Some(code));
    } else {
        (core.src_port, core.dst_port) = (tuple.src_port, tuple.dst_port);
    }
    if let Transport::Tcp(tcp) = packet.transport {
        let group = flow.tcp.get_or_insert_default();
        (group.src_flags, group.src_mss) = (Some(tcp.flags), tcp.mss);
    }
    let net = flow.net.get_or_insert_default();
    (net.src_tos, net.src_ttl) = (Some(packet.ip.tos), Some(packet.ip.ttl));
    if packet.ip.fragment != Fragment::Whole {
        net.fragments = Some(1);
    }
    below(flow, &packet);
    Ok(())
}

/// Link layer and tunnels.
fn below(flow: &mut Flow, packet: &Packet<'_>) {
    if packet.macs.is_some() || packet.vlans.iter().any(Option::is_some) {
        let l2 = flow.l2.get_or_insert_default();
        if let Some((src, dst)) = packet.macs {
            (l2.src_mac, l2.dst_mac) = (Some(src), Some(dst));
        }
        let [outer, inner] = packet.vlans;
        (l2.vlan, l2.inner_vlan) = (outer.or(l2.vlan), inner.or(l2.inner_vlan));
    }
    if packet.tunnels.is_empty() {
        return;
    }
    let group = flow.tunnel.get_or_insert_default();
    group.src_id = packet.tunnels.id();
    group.kind = match (packet.tunnels.kinds().next(), packet.tunnels.kinds().nth(1)) {
        (Some(only), None) => Some(only.name.into()),
        _ => Some(packet.tunnels.kinds().map(|row| row.name).collect::<Vec<_>>().join("/").into()),
    };
    if let Some((src, dst)) = packet.tunnels.ends() {
        (group.src_ip, group.dst_ip) = (Some(src), Some(dst));
    }
}
