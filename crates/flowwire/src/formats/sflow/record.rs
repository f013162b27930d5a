// SPDX-License-Identifier: Apache-2.0
//! The records of a packet's sample ("sFlow Version 5", flow data types of enterprise 0).

use minamo_base::{Cursor, Ip, Mac, WireError};
use minamo_model::Flow;
use minamo_packet::{LinkType, Skip};

use super::{address, block};
use crate::record::{Tally, text};
use crate::{extra, header};

/// Autonomous systems of a path that are kept.
const MAX_PATH: usize = 64;
/// Communities of a route that are kept.
const MAX_COMMUNITIES: usize = 64;
/// Labels of a stack that are kept.
const MAX_LABELS: usize = 16;

/// Why a record gave nothing.
pub(super) enum Fault {
    /// Its octets break the format.
    Wire(WireError),
    /// The sampled frame is no IP packet, or cannot be read.
    Packet(Skip),
}

impl From<WireError> for Fault {
    fn from(error: WireError) -> Self {
        Self::Wire(error)
    }
}

/// Reads one record into a row.
pub(super) fn read(format: u32, octets: &[u8], flow: &mut Flow, tally: &mut Tally) -> Result<(), Fault> {
    let mut cursor = Cursor::new(octets);
    let cursor = &mut cursor;
    match format {
        1 => return sampled_header(cursor, flow, true),
        2 => ethernet(cursor, flow)?,
        3 => sampled_ip(cursor, flow, false)?,
        4 => sampled_ip(cursor, flow, true)?,
        1_001 => switch(cursor, flow, tally)?,
        1_002 => router(cursor, flow)?,
        1_003 => gateway(cursor, 5, flow, tally)?,
        1_004 => user(cursor, true, flow)?,
        1_005 => url(cursor, true, flow)?,
        1_006 => mpls(cursor, flow, tally)?,
        1_007 => nat(cursor, flow)?,
        1_008 | 1_009 => label_name(cursor, format, flow, tally)?,
        1_012 => vlan_tunnel(cursor, flow, tally)?,
        1_020 => nat_ports(cursor, flow)?,
        1_023 | 1_024 => outer(packet(cursor, false)?, flow),
        1_025 | 1_026 => outer(packet(cursor, true)?, flow),
        1_029 | 1_030 => {
            flow.tunnel.get_or_insert_default().src_id = Some(cursor.u32("vni.id")?);
        }
        1_036 => number(cursor, "egressQueue", flow, tally)?,
        1_037 => acl(cursor, flow, tally)?,
        1_038 => {
            let name = block(cursor, "function.name")?;
            extra::note(flow, "dropFunction", Some(crate::registry::Type::Text), name, tally);
        }
        1_039 => number(cursor, "transitDelay", flow, tally)?,
        1_040 => number(cursor, "queueDepth", flow, tally)?,
        _ => extra::note(flow, &name_of(format), Some(crate::registry::Type::Octets), octets, tally),
    }
    Ok(())
}

/// A kind of record that has no reader: enterprise and number.
fn name_of(format: u32) -> String {
    format!("sflow.{}.{}", format >> 12, format & 0xfff)
}

/// `sampled_header`. The numbers are those of `header_protocol`; version 5 tells the octets that were stripped.
pub(super) fn sampled_header(cursor: &mut Cursor<'_>, flow: &mut Flow, stripped: bool) -> Result<(), Fault> {
    let protocol = cursor.u32("header.protocol")?;
    cursor.skip(if stripped { 8 } else { 4 }, "header.frame_length")?;
    let octets = block(cursor, "header.octets")?;
    let link = match protocol {
        1 => LinkType::ETHERNET,
        5 => LinkType(107),
        7 => LinkType::PPP,
        11 => LinkType(228),
        12 => LinkType(229),
        13 => LinkType(219),
        15 => LinkType(105),
        _ => return Err(cursor.bad(0, "header.protocol", protocol.into(), "a link that carries IP").into()),
    };
    header::fill(flow, link, octets).map_err(Fault::Packet)
}

/// `sampled_ethernet`: a hardware address has six octets and two of padding.
fn ethernet(cursor: &mut Cursor<'_>, flow: &mut Flow) -> Result<(), WireError> {
    cursor.skip(4, "ethernet.length")?;
    let src = Mac(cursor.array("ethernet.source")?);
    cursor.skip(2, "ethernet.padding")?;
    let dst = Mac(cursor.array("ethernet.destination")?);
    let l2 = flow.l2.get_or_insert_default();
    l2.src_mac.get_or_insert(src);
    l2.dst_mac.get_or_insert(dst);
    Ok(())
}

/// `sampled_ipv4` and `sampled_ipv6`.
pub(super) fn sampled_ip(cursor: &mut Cursor<'_>, flow: &mut Flow, six: bool) -> Result<(), WireError> {
    packet(cursor, six)?.fill(flow);
    Ok(())
}

/// What both have.
struct Sampled {
    length: u32,
    protocol: u32,
    src: Ip,
    dst: Ip,
    ports: (u32, u32),
    flags: u32,
    tos: u32,
}

fn packet(cursor: &mut Cursor<'_>, six: bool) -> Result<Sampled, WireError> {
    let length = cursor.u32("sampled_ip.length")?;
    let protocol = cursor.u32("sampled_ip.protocol")?;
    let mut ip = |field| if six { cursor.array(field).map(Ip) } else { cursor.array(field).map(Ip::v4) };
    let (src, dst) = (ip("sampled_ip.source")?, ip("sampled_ip.destination")?);
    let ports = (cursor.u32("sampled_ip.source_port")?, cursor.u32("sampled_ip.destination_port")?);
    let flags = cursor.u32("sampled_ip.tcp_flags")?;
    Ok(Sampled { length, protocol, src, dst, ports, flags, tos: cursor.u32("sampled_ip.tos")? })
}

impl Sampled {
    /// Fills a row that no sampled header has filled: the header says more.
    fn fill(&self, flow: &mut Flow) {
        if flow.core.src_packets != 0 {
            return;
        }
        let core = &mut flow.core;
        (core.src_ip, core.dst_ip) = (self.src, self.dst);
        core.proto = u8::try_from(self.protocol).unwrap_or(0);
        (core.src_bytes, core.src_packets) = (self.length.into(), 1);
        let (src, dst) = self.ports;
        let short = |port: u32| u16::try_from(port).unwrap_or(0);
        if matches!(core.proto, 1 | 58) {
            // Agents put type and code in place of the ports.
            let icmp = flow.icmp.get_or_insert_default();
            (icmp.kind, icmp.code) = (u8::try_from(src).ok(), u8::try_from(dst).ok());
        } else {
            (core.src_port, core.dst_port) = (short(src), short(dst));
        }
        if core.proto == 6 {
            flow.tcp.get_or_insert_default().src_flags = Some(self.flags.to_be_bytes()[3]);
        }
        flow.net.get_or_insert_default().src_tos = u8::try_from(self.tos).ok();
    }
}

/// The header of the tunnel that the packet is in.
fn outer(packet: Sampled, flow: &mut Flow) {
    let tunnel = flow.tunnel.get_or_insert_default();
    (tunnel.src_ip, tunnel.dst_ip) = (Some(packet.src), Some(packet.dst));
}

/// `extended_switch`. The VLAN in the frame, where there is one, is what was on the wire.
pub(super) fn switch(cursor: &mut Cursor<'_>, flow: &mut Flow, tally: &mut Tally) -> Result<(), WireError> {
    let src = cursor.u32("switch.source_vlan")?;
    cursor.skip(4, "switch.source_priority")?;
    let dst = cursor.u32("switch.destination_vlan")?;
    // 0 is "no VLAN", 2^32 − 1 "unknown".
    let vlan = |id: u32| u16::try_from(id).ok().filter(|id| (1..=4_094).contains(id));
    if let Some(id) = vlan(src) {
        flow.l2.get_or_insert_default().vlan.get_or_insert(id);
    }
    if let Some(id) = vlan(dst).filter(|_| dst != src) {
        extra::push(flow, "postVlanId", &id.to_string(), tally);
    }
    Ok(())
}

/// `extended_router`.
pub(super) fn router(cursor: &mut Cursor<'_>, flow: &mut Flow) -> Result<(), WireError> {
    let next_hop = address(cursor, "router.next_hop")?;
    let masks = (cursor.u32("router.source_mask")?, cursor.u32("router.destination_mask")?);
    let exporter = flow.exporter.get_or_insert_default();
    exporter.next_hop = next_hop;
    (exporter.src_mask, exporter.dst_mask) = (u8::try_from(masks.0).ok(), u8::try_from(masks.1).ok());
    Ok(())
}

/// `extended_gateway`. The path is of segments, each a set or a sequence; in version 2 it is one list, and nothing
/// follows. Only version 5 tells the next hop.
pub(super) fn gateway(
    cursor: &mut Cursor<'_>,
    version: u32,
    flow: &mut Flow,
    tally: &mut Tally,
) -> Result<(), WireError> {
    let next_hop = if version == 5 { address(cursor, "gateway.next_hop")? } else { None };
    cursor.skip(4, "gateway.as")?;
    let src = cursor.u32("gateway.source_as")?;
    let src_peer = cursor.u32("gateway.source_peer_as")?;
    let segments = if version == 2 { 1 } else { cursor.u32("gateway.segments")? };
    let mut path = Vec::new();
    for _ in 0..segments {
        if version != 2 {
            cursor.skip(4, "gateway.segment_type")?;
        }
        let count = cursor.u32("gateway.segment_length")?;
        for _ in 0..count {
            push(&mut path, cursor.u32("gateway.path")?, MAX_PATH, tally);
        }
    }
    let count = if version == 2 { 0 } else { cursor.u32("gateway.communities")? };
    let mut communities = Vec::new();
    for _ in 0..count {
        let community = cursor.u32("gateway.community")?;
        push(&mut communities, format!("{}:{}", community >> 16, community & 0xffff), MAX_COMMUNITIES, tally);
    }
    let local_pref = if version == 2 { None } else { Some(cursor.u32("gateway.local_pref")?) };
    let known = |number: u32| Some(number).filter(|number| *number != 0);
    let exporter = flow.exporter.get_or_insert_default();
    (exporter.src_as, exporter.dst_as) = (known(src), path.last().copied());
    let routing = flow.routing.get_or_insert_default();
    routing.bgp_next_hop = next_hop;
    (routing.src_peer_as, routing.dst_peer_as) = (known(src_peer), path.first().copied());
    routing.local_pref = local_pref;
    routing.as_path = Some(path).filter(|path| !path.is_empty());
    routing.communities = Some(communities).filter(|list| !list.is_empty());
    Ok(())
}

fn push<T>(list: &mut Vec<T>, item: T, max: usize, tally: &mut Tally) {
    if list.len() < max {
        list.push(item);
    } else {
        tally.cut += 1;
    }
}

/// `extended_user`: in version 5 with character sets by their MIB number; names are read as UTF-8.
pub(super) fn user(cursor: &mut Cursor<'_>, charsets: bool, flow: &mut Flow) -> Result<(), WireError> {
    let charset = if charsets { 4 } else { 0 };
    cursor.skip(charset, "user.source_charset")?;
    let src = block(cursor, "user.source")?;
    cursor.skip(charset, "user.destination_charset")?;
    let dst = block(cursor, "user.destination")?;
    let user = flow.user.get_or_insert_default();
    (user.src, user.dst) = (text(src).map(|name| name.into_owned()), text(dst).map(|name| name.into_owned()));
    Ok(())
}

/// `extended_url`; version 5 has the host too.
pub(super) fn url(cursor: &mut Cursor<'_>, host: bool, flow: &mut Flow) -> Result<(), WireError> {
    cursor.skip(4, "url.direction")?;
    let path = block(cursor, "url.url")?;
    let host = if host { block(cursor, "url.host")? } else { &[] };
    let http = flow.http.get_or_insert_default();
    http.path = text(path).map(|path| path.into_owned());
    http.host = text(host).map(|host| host.to_ascii_lowercase());
    Ok(())
}

/// `extended_mpls`: the stack as it came in, and as it went out where it did not come with one.
fn mpls(cursor: &mut Cursor<'_>, flow: &mut Flow, tally: &mut Tally) -> Result<(), WireError> {
    let next_hop = address(cursor, "mpls.next_hop")?;
    let (arrived, left) = (stack(cursor, tally)?, stack(cursor, tally)?);
    if let Some(next_hop) = next_hop {
        flow.exporter.get_or_insert_default().next_hop.get_or_insert(next_hop);
    }
    let labels = if arrived.is_empty() { left } else { arrived };
    if !labels.is_empty() {
        flow.routing.get_or_insert_default().mpls_labels = Some(labels);
    }
    Ok(())
}

fn stack(cursor: &mut Cursor<'_>, tally: &mut Tally) -> Result<Vec<u32>, WireError> {
    let count = cursor.u32("mpls.labels")?;
    let mut labels = Vec::new();
    for _ in 0..count {
        push(&mut labels, cursor.u32("mpls.label")? >> 12, MAX_LABELS, tally);
    }
    Ok(labels)
}

/// `extended_nat`.
fn nat(cursor: &mut Cursor<'_>, flow: &mut Flow) -> Result<(), WireError> {
    let (src, dst) = (address(cursor, "nat.source")?, address(cursor, "nat.destination")?);
    let nat = flow.nat.get_or_insert_default();
    (nat.src_ip, nat.dst_ip) = (src, dst);
    Ok(())
}

/// `extended_nat_port`.
fn nat_ports(cursor: &mut Cursor<'_>, flow: &mut Flow) -> Result<(), WireError> {
    let (src, dst) = (cursor.u32("nat.source_port")?, cursor.u32("nat.destination_port")?);
    let nat = flow.nat.get_or_insert_default();
    (nat.src_port, nat.dst_port) = (u16::try_from(src).ok(), u16::try_from(dst).ok());
    Ok(())
}

/// `extended_mpls_tunnel` and `extended_mpls_vc`: a name and a number.
fn label_name(cursor: &mut Cursor<'_>, format: u32, flow: &mut Flow, tally: &mut Tally) -> Result<(), WireError> {
    let (name, number) = if format == 1_008 { ("mplsTunnel", "mplsTunnelId") } else { ("mplsVc", "mplsVcId") };
    let value = block(cursor, "mpls.name")?;
    extra::note(flow, name, Some(crate::registry::Type::Text), value, tally);
    let id = cursor.u32("mpls.id")?;
    extra::push(flow, number, &id.to_string(), tally);
    Ok(())
}

/// `extended_vlan_tunnel`: the tags that were stripped, the outermost first; the lower twelve bits are the VLAN.
fn vlan_tunnel(cursor: &mut Cursor<'_>, flow: &mut Flow, tally: &mut Tally) -> Result<(), WireError> {
    let count = cursor.u32("vlan_tunnel.tags")?;
    let mut tags = Vec::new();
    for _ in 0..count {
        push(&mut tags, (cursor.u32("vlan_tunnel.tag")? & 0xfff).to_string(), 8, tally);
    }
    if !tags.is_empty() {
        extra::push(flow, "vlanTunnel", &tags.join(","), tally);
    }
    Ok(())
}

fn number(cursor: &mut Cursor<'_>, name: &str, flow: &mut Flow, tally: &mut Tally) -> Result<(), WireError> {
    let value = cursor.u32("record.number")?;
    extra::push(flow, name, &value.to_string(), tally);
    Ok(())
}

/// `extended_acl`: number, name, and direction (1 in, 2 out).
fn acl(cursor: &mut Cursor<'_>, flow: &mut Flow, tally: &mut Tally) -> Result<(), WireError> {
    let id = cursor.u32("acl.number")?;
    let name = text(block(cursor, "acl.name")?).map_or_else(|| id.to_string(), |name| name.into_owned());
    match cursor.u32("acl.direction")? {
        1 => flow.firewall.get_or_insert_default().in_acl = Some(name),
        2 => flow.firewall.get_or_insert_default().out_acl = Some(name),
        _ => extra::push(flow, "acl", &name, tally),
    }
    Ok(())
}
