// SPDX-License-Identifier: Apache-2.0
//! Writes samples of sFlow version 5: a row of one packet as an expanded flow sample, or as a discarded packet, with a
//! record for every group of columns that has one; counters of interfaces and of the device as counter samples. A row
//! without a record of the sampled header has `sampled_ipv4` or `sampled_ipv6` in its place.
//!
//! Not here: columns that only a sampled header can carry (TTL, inner VLAN), sets of a path, counters by name.

use minamo_base::{Ip, Mac};
use minamo_model::Flow;

use crate::{DeviceCounters, Encoded, Fact, InterfaceCounters};

/// Octets of a datagram that fit an Ethernet frame with IPv6 and UDP.
const MAX_OCTETS: usize = 1_400;
/// `vlan` of a port that is not tagged.
const NO_VLAN: u32 = 0;
/// Character set of names: UTF-8 (IANA MIBenum).
const UTF8: u32 = 106;

/// Writes the datagrams of one agent, with its sequence numbers.
#[derive(Debug)]
pub struct Writer {
    agent: Ip,
    sub_agent: u32,
    sequence: u32,
    samples: u32,
}

impl Writer {
    /// A writer for an agent.
    pub fn new(agent: Ip, sub_agent: u32) -> Self {
        Self { agent, sub_agent, sequence: 0, samples: 0 }
    }

    /// Hands out datagrams with a sample for each row and each fact. Rows that are not of one packet are refused, as
    /// are facts without a structure.
    pub fn write(&mut self, rows: &[Flow], facts: &[Fact], uptime: u32, send: &mut dyn FnMut(&[u8])) -> Encoded {
        let mut encoded = Encoded::default();
        let mut waiting: Vec<Vec<u8>> = Vec::new();
        for row in rows {
            let Some(sample) = self.flow(row) else {
                encoded.refused += 1;
                continue;
            };
            encoded.rows += 1;
            self.add(sample, &mut waiting, uptime, &mut encoded, send);
        }
        for fact in facts {
            match self.counters(fact) {
                Some(sample) => self.add(sample, &mut waiting, uptime, &mut encoded, send),
                None => encoded.refused += 1,
            }
        }
        if !waiting.is_empty() {
            self.send(&waiting, uptime, &mut encoded, send);
        }
        encoded
    }

    fn add(
        &mut self,
        sample: Vec<u8>,
        waiting: &mut Vec<Vec<u8>>,
        uptime: u32,
        encoded: &mut Encoded,
        send: &mut dyn FnMut(&[u8]),
    ) {
        let octets: usize = waiting.iter().map(Vec::len).sum();
        if !waiting.is_empty() && octets + sample.len() > MAX_OCTETS {
            self.send(waiting, uptime, encoded, send);
            waiting.clear();
        }
        waiting.push(sample);
    }

    fn send(&mut self, samples: &[Vec<u8>], uptime: u32, encoded: &mut Encoded, send: &mut dyn FnMut(&[u8])) {
        let mut out = Octets::default();
        out.word(5).address(Some(self.agent)).word(self.sub_agent).word(self.sequence).word(uptime);
        out.word(u32::try_from(samples.len()).unwrap_or(u32::MAX));
        samples.iter().for_each(|sample| out.0.extend(sample));
        send(&out.0);
        self.sequence = self.sequence.wrapping_add(1);
        encoded.datagrams += 1;
    }

    /// The sample of a row; nothing where it is not of one packet.
    fn flow(&mut self, row: &Flow) -> Option<Vec<u8>> {
        if row.core.src_packets != 1 || row.core.dst_packets != 0 {
            return None;
        }
        self.samples = self.samples.wrapping_add(1);
        let exporter = row.exporter.as_deref();
        let (input, output) = (exporter.and_then(|e| e.in_if), exporter.and_then(|e| e.out_if));
        let source = match exporter.and_then(|e| e.direction.as_deref()) {
            Some("ingress") => input,
            Some("egress") => output,
            _ => None,
        };
        let reason =
            row.forwarding.as_deref().filter(|f| f.status.as_deref() == Some("dropped")).and_then(|f| f.reason);
        let sampling = row.sampling.as_deref();
        let drops = sampling.and_then(|s| s.drops).unwrap_or(0);
        let mut body = Octets::default();
        body.word(self.samples).word(0).word(source.unwrap_or(0));
        let format = match (sampling.and_then(|s| s.rate), reason) {
            (None, Some(reason)) => {
                body.word(drops).word(input.unwrap_or(0)).word(output.unwrap_or(0)).word(reason);
                5
            }
            (rate, reason) => {
                body.word(rate.unwrap_or(1)).word(sampling.and_then(|s| s.pool).unwrap_or(0)).word(drops);
                body.word(0).word(input.unwrap_or(0));
                match reason {
                    Some(reason) => body.word(1).word(reason),
                    None => body.word(0).word(output.unwrap_or(0)),
                };
                3
            }
        };
        let records = records(row);
        body.word(u32::try_from(records.len()).unwrap_or(u32::MAX));
        records.iter().for_each(|record| body.0.extend(record));
        Some(block(format, &body.0))
    }

    fn counters(&mut self, fact: &Fact) -> Option<Vec<u8>> {
        let (source, records) = match fact {
            Fact::Interface(counters) => (counters.index, vec![interface(counters), link(counters)]),
            Fact::Device(device) => (2 << 24, self::device(device)),
            Fact::Other(_) => return None,
        };
        self.samples = self.samples.wrapping_add(1);
        let mut body = Octets::default();
        body.word(self.samples).word(source).word(u32::try_from(records.len()).unwrap_or(u32::MAX));
        records.iter().for_each(|record| body.0.extend(record));
        Some(block(2, &body.0))
    }
}

/// Octets in the making, in words.
#[derive(Default)]
struct Octets(Vec<u8>);

impl Octets {
    fn word(&mut self, value: u32) -> &mut Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    fn wide(&mut self, value: u64) -> &mut Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    /// A text or octets behind their length, filled up to whole words.
    fn text(&mut self, octets: &[u8]) -> &mut Self {
        self.word(u32::try_from(octets.len()).unwrap_or(u32::MAX));
        self.0.extend(octets);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }

    /// An address behind its kind.
    fn address(&mut self, ip: Option<Ip>) -> &mut Self {
        match ip.map(|ip| (ip, ip.as_v4())) {
            None => self.word(0),
            Some((_, Some(four))) => {
                self.word(1).0.extend(four);
                self
            }
            Some((six, None)) => {
                self.word(2).0.extend(six.0);
                self
            }
        }
    }

    fn mac(&mut self, mac: Option<Mac>) -> &mut Self {
        self.0.extend(mac.unwrap_or_default().0);
        self.0.extend([0; 2]);
        self
    }

    /// A counter; all bits set where it is absent.
    fn counter(&mut self, value: Option<u32>) -> &mut Self {
        self.word(value.unwrap_or(u32::MAX))
    }

    fn wide_counter(&mut self, value: Option<u64>) -> &mut Self {
        self.wide(value.unwrap_or(u64::MAX))
    }
}

/// A format, the length of what follows, and that.
fn block(format: u32, body: &[u8]) -> Vec<u8> {
    let mut out = Octets::default();
    out.word(format).text(body);
    out.0
}

/// The records of a packet's sample.
fn records(row: &Flow) -> Vec<Vec<u8>> {
    let mut all = vec![packet(row)];
    let mut add = |format: u32, body: Option<Octets>| all.extend(body.map(|body| block(format, &body.0)));
    add(2, hardware(row));
    add(1_001, switch(row));
    add(1_002, router(row));
    add(1_003, gateway(row));
    add(1_004, users(row));
    add(1_005, page(row));
    add(1_006, labels(row));
    add(1_007, addresses(row));
    add(1_020, ports(row));
    add(1_024, outer(row));
    add(1_030, row.tunnel.as_deref().and_then(|tunnel| tunnel.src_id).map(|id| words(&[id])));
    let acl = |name: &Option<String>, direction| {
        let mut body = words(&[0]);
        body.text(name.as_deref()?.as_bytes()).word(direction);
        Some(body)
    };
    let firewall = row.firewall.as_deref();
    add(1_037, firewall.and_then(|firewall| acl(&firewall.in_acl, 1)));
    add(1_037, firewall.and_then(|firewall| acl(&firewall.out_acl, 2)));
    all
}

fn words(list: &[u32]) -> Octets {
    let mut out = Octets::default();
    list.iter().for_each(|word| {
        out.word(*word);
    });
    out
}

/// `sampled_ipv4` or `sampled_ipv6`.
fn packet(row: &Flow) -> Vec<u8> {
    let core = &row.core;
    let tos = row.net.as_deref().and_then(|net| net.src_tos).unwrap_or(0);
    let flags = row.tcp.as_deref().and_then(|tcp| tcp.src_flags).unwrap_or(0);
    let ports = match row.icmp.as_deref() {
        Some(icmp) if matches!(core.proto, 1 | 58) => {
            // What is beyond an octet is none.
            (icmp.kind.map_or(u32::MAX, u32::from), icmp.code.map_or(u32::MAX, u32::from))
        }
        _ => (core.src_port.into(), core.dst_port.into()),
    };
    let mut body = words(&[u32::try_from(core.src_bytes).unwrap_or(u32::MAX), core.proto.into()]);
    let format = match (core.src_ip.as_v4(), core.dst_ip.as_v4()) {
        (Some(src), Some(dst)) => {
            body.0.extend([src, dst].concat());
            3
        }
        _ => {
            body.0.extend([core.src_ip.0, core.dst_ip.0].concat());
            4
        }
    };
    body.word(ports.0).word(ports.1).word(flags.into()).word(tos.into());
    block(format, &body.0)
}

/// `sampled_ethernet`.
fn hardware(row: &Flow) -> Option<Octets> {
    let l2 = row.l2.as_deref().filter(|l2| l2.src_mac.is_some() || l2.dst_mac.is_some())?;
    let mut body = words(&[u32::try_from(row.core.src_bytes).unwrap_or(u32::MAX)]);
    body.mac(l2.src_mac).mac(l2.dst_mac);
    // The type of the frame stands for the packet's version.
    body.word(if row.core.src_ip.as_v4().is_some() { 0x0800 } else { 0x86dd });
    Some(body)
}

/// `extended_switch`: the VLAN is that of both sides.
fn switch(row: &Flow) -> Option<Octets> {
    let vlan = row.l2.as_deref().and_then(|l2| l2.vlan).map_or(NO_VLAN, u32::from);
    (vlan != NO_VLAN).then(|| words(&[vlan, 0, vlan, 0]))
}

/// `extended_router`.
fn router(row: &Flow) -> Option<Octets> {
    let exporter = row.exporter.as_deref()?;
    if exporter.next_hop.is_none() && exporter.src_mask.is_none() && exporter.dst_mask.is_none() {
        return None;
    }
    let mut body = Octets::default();
    body.address(exporter.next_hop);
    body.word(exporter.src_mask.unwrap_or(0).into()).word(exporter.dst_mask.unwrap_or(0).into());
    Some(body)
}

/// `extended_gateway`: the path is one sequence. Without one the destination's system is a path of its own.
fn gateway(row: &Flow) -> Option<Octets> {
    let exporter = row.exporter.as_deref();
    let (src, dst) = (exporter.and_then(|e| e.src_as), exporter.and_then(|e| e.dst_as));
    let routing = row.routing.as_deref();
    let told = routing.is_some_and(|routing| routing.as_path.is_some() || routing.bgp_next_hop.is_some());
    if src.is_none() && dst.is_none() && !told {
        return None;
    }
    let mut body = Octets::default();
    body.address(routing.and_then(|routing| routing.bgp_next_hop)).word(0).word(src.unwrap_or(0));
    body.word(routing.and_then(|routing| routing.src_peer_as).unwrap_or(0));
    let path = routing.and_then(|routing| routing.as_path.clone()).unwrap_or_else(|| dst.into_iter().collect());
    body.word(u32::from(!path.is_empty()));
    if !path.is_empty() {
        body.word(2).word(u32::try_from(path.len()).unwrap_or(u32::MAX));
        path.iter().for_each(|system| {
            body.word(*system);
        });
    }
    let communities = routing.and_then(|routing| routing.communities.as_deref()).unwrap_or_default();
    let communities: Vec<u32> = communities.iter().filter_map(|text| community(text)).collect();
    body.word(u32::try_from(communities.len()).unwrap_or(u32::MAX));
    communities.into_iter().for_each(|number| {
        body.word(number);
    });
    body.word(routing.and_then(|routing| routing.local_pref).unwrap_or(0));
    Some(body)
}

/// A community as its number.
fn community(text: &str) -> Option<u32> {
    let (system, number) = text.split_once(':')?;
    Some(u32::from(system.parse::<u16>().ok()?) << 16 | u32::from(number.parse::<u16>().ok()?))
}

/// `extended_user`.
fn users(row: &Flow) -> Option<Octets> {
    let user = row.user.as_deref().filter(|user| user.src.is_some() || user.dst.is_some())?;
    let mut body = words(&[UTF8]);
    body.text(user.src.as_deref().unwrap_or_default().as_bytes()).word(UTF8);
    body.text(user.dst.as_deref().unwrap_or_default().as_bytes());
    Some(body)
}

/// `extended_url`: the address is that of the destination.
fn page(row: &Flow) -> Option<Octets> {
    let http = row.http.as_deref().filter(|http| http.host.is_some() || http.path.is_some())?;
    let mut body = words(&[2]);
    body.text(http.path.as_deref().unwrap_or_default().as_bytes());
    body.text(http.host.as_deref().unwrap_or_default().as_bytes());
    Some(body)
}

/// `extended_mpls`: the stack that the packet came with.
fn labels(row: &Flow) -> Option<Octets> {
    let labels = row.routing.as_deref()?.mpls_labels.as_deref().filter(|labels| !labels.is_empty())?;
    let mut body = words(&[0, u32::try_from(labels.len()).unwrap_or(u32::MAX)]);
    labels.iter().for_each(|label| {
        body.word(label << 12);
    });
    body.word(0);
    Some(body)
}

/// `extended_nat`.
fn addresses(row: &Flow) -> Option<Octets> {
    let nat = row.nat.as_deref().filter(|nat| nat.src_ip.is_some() || nat.dst_ip.is_some())?;
    let mut body = Octets::default();
    body.address(nat.src_ip).address(nat.dst_ip);
    Some(body)
}

/// `extended_nat_port`.
fn ports(row: &Flow) -> Option<Octets> {
    let nat = row.nat.as_deref()?;
    let (src, dst) = nat.src_port.zip(nat.dst_port)?;
    Some(words(&[src.into(), dst.into()]))
}

/// `extended_ipv4_tunnel_ingress`: the ends of the tunnel that the packet came in.
fn outer(row: &Flow) -> Option<Octets> {
    let tunnel = row.tunnel.as_deref()?;
    let (src, dst) = (tunnel.src_ip?.as_v4()?, tunnel.dst_ip?.as_v4()?);
    let mut body = words(&[0, 0]);
    body.0.extend([src, dst].concat());
    body.word(0).word(0).word(0).word(0);
    Some(body)
}

/// `if_counters`.
fn interface(counters: &InterfaceCounters) -> Vec<u8> {
    let flag = |value: Option<bool>| u32::from(value == Some(true));
    let mut body = Octets::default();
    body.word(counters.index).word(counters.kind.unwrap_or(0)).wide_counter(counters.speed);
    body.word(match counters.full_duplex {
        Some(true) => 1,
        Some(false) => 2,
        None => 0,
    });
    body.word(flag(counters.admin_up) | flag(counters.up) << 1);
    body.wide_counter(counters.in_octets);
    counters.in_packets.into_iter().for_each(|packets| {
        body.counter(packets);
    });
    body.counter(counters.in_discards).counter(counters.in_errors).counter(counters.in_unknown);
    body.wide_counter(counters.out_octets);
    counters.out_packets.into_iter().for_each(|packets| {
        body.counter(packets);
    });
    body.counter(counters.out_discards).counter(counters.out_errors);
    body.word(match counters.promiscuous {
        Some(true) => 1,
        Some(false) => 2,
        None => u32::MAX,
    });
    block(1, &body.0)
}

/// `ethernet_counters`: thirteen of them, of which five are known.
fn link(counters: &InterfaceCounters) -> Vec<u8> {
    let [one, several] = counters.collisions;
    let mut body = Octets::default();
    body.counter(counters.alignment_errors).counter(counters.checksum_errors).counter(one).counter(several);
    (0..6).for_each(|_| {
        body.counter(None);
    });
    body.counter(counters.too_long).counter(None).counter(None);
    block(2, &body.0)
}

/// `processor`, and `host_descr` for the name.
fn device(device: &DeviceCounters) -> Vec<Vec<u8>> {
    let mut body = Octets::default();
    device.load_percent.into_iter().for_each(|load| {
        body.counter(load);
    });
    body.wide_counter(device.memory).wide_counter(device.memory_free);
    let mut all = vec![block(1_001, &body.0)];
    if let Some(name) = &device.name {
        let mut body = Octets::default();
        body.text(name.as_bytes());
        // Its UUID, machine, system and release are not known.
        body.0.extend([0; 16]);
        body.word(0).word(0).text(b"");
        all.push(block(2_000, &body.0));
    }
    all
}

#[cfg(test)]
mod tests {
    use minamo_base::Time;
    use proptest::prelude::*;

    use super::*;
    use crate::{Cache, Report, decode};

    const AGENT: Ip = Ip([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 9]);

    fn written(rows: &[Flow], facts: &[Fact]) -> (Vec<Flow>, Vec<Report>, Encoded) {
        let (mut cache, mut read, mut reports) = (Cache::default(), Vec::new(), Vec::new());
        let encoded = Writer::new(AGENT, 1).write(rows, facts, 0, &mut |datagram| {
            reports.push(decode(datagram, AGENT, Time(0), &mut cache, &mut |row| read.push(row.clone())));
        });
        assert!(reports.iter().all(|report| report.skipped.is_empty() && report.lost == 0), "{reports:?}");
        (read, reports, encoded)
    }

    /// A row as a sample of it comes back: what is read is written again as the same octets.
    fn settled(row: &Flow) -> Flow {
        written(std::slice::from_ref(row), &[]).0.remove(0)
    }

    fn full(six: bool) -> Flow {
        let ip = |last| {
            if six { Ip([0x20, last, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]) } else { Ip::v4([10, 0, 0, last]) }
        };
        let mut row = Flow::default();
        let core = &mut row.core;
        (core.src_ip, core.dst_ip, core.src_port, core.dst_port, core.proto) = (ip(1), ip(2), 50_000, 443, 6);
        (core.src_bytes, core.src_packets) = (1_400, 1);
        row.tcp.get_or_insert_default().src_flags = Some(0x18);
        row.net.get_or_insert_default().src_tos = Some(0x10);
        let l2 = row.l2.get_or_insert_default();
        (l2.src_mac, l2.dst_mac, l2.vlan) = (Some(Mac([2; 6])), Some(Mac([3; 6])), Some(42));
        let sampling = row.sampling.get_or_insert_default();
        (sampling.rate, sampling.pool, sampling.drops) = (Some(512), Some(1_024), Some(2));
        let exporter = row.exporter.get_or_insert_default();
        (exporter.in_if, exporter.out_if, exporter.direction) = (Some(3), Some(4), Some("ingress".into()));
        (exporter.next_hop, exporter.src_mask, exporter.dst_mask) = (Some(ip(254)), Some(24), Some(22));
        (exporter.src_as, exporter.dst_as) = (Some(64_501), Some(64_505));
        let routing = row.routing.get_or_insert_default();
        (routing.bgp_next_hop, routing.src_peer_as, routing.dst_peer_as) = (Some(ip(253)), Some(64_502), Some(64_503));
        routing.as_path = Some(vec![64_503, 64_505]);
        routing.communities = Some(vec!["64500:1".to_owned()]);
        (routing.local_pref, routing.mpls_labels) = (Some(100), Some(vec![17, 18]));
        let user = row.user.get_or_insert_default();
        (user.src, user.dst) = (Some("alice".to_owned()), Some("bob".to_owned()));
        let http = row.http.get_or_insert_default();
        (http.host, http.path) = (Some("www.example".to_owned()), Some("/index".to_owned()));
        let nat = row.nat.get_or_insert_default();
        (nat.src_ip, nat.dst_ip, nat.src_port, nat.dst_port) = (Some(ip(7)), Some(ip(8)), Some(1_111), Some(2_222));
        let tunnel = row.tunnel.get_or_insert_default();
        (tunnel.src_ip, tunnel.dst_ip) = (Some(Ip::v4([10, 9, 0, 1])), Some(Ip::v4([10, 9, 0, 2])));
        tunnel.src_id = Some(5_000);
        let firewall = row.firewall.get_or_insert_default();
        (firewall.in_acl, firewall.out_acl) = (Some("in".to_owned()), Some("out".to_owned()));
        row
    }

    #[test]
    fn a_row_with_everything_comes_back() {
        for six in [false, true] {
            let (row, read) = (full(six), settled(&full(six)));
            let core = |row: &Flow| {
                let core = &row.core;
                (core.src_ip, core.dst_ip, core.src_port, core.dst_port, core.proto, core.src_bytes, core.src_packets)
            };
            assert_eq!(core(&read), core(&row));
            assert_eq!((&read.l2, &read.tcp, &read.net, &read.routing), (&row.l2, &row.tcp, &row.net, &row.routing));
            assert_eq!((&read.user, &read.http, &read.nat), (&row.user, &row.http, &row.nat));
            assert_eq!((&read.tunnel, &read.firewall), (&row.tunnel, &row.firewall));
            let told = |row: &Flow| {
                let exporter = row.exporter.as_deref().expect("an exporter");
                let sampling = row.sampling.as_deref().expect("sampling");
                let interfaces = (exporter.in_if, exporter.out_if, exporter.direction.clone());
                let routes =
                    (exporter.next_hop, exporter.src_mask, exporter.dst_mask, exporter.src_as, exporter.dst_as);
                (interfaces, routes, sampling.rate, sampling.pool, sampling.drops)
            };
            assert_eq!(told(&read), told(&row));
            assert!(read.extra.is_none());
        }
    }

    #[test]
    fn discarded_packets_come_back_with_their_reason() {
        let mut row = full(false);
        let forwarding = row.forwarding.get_or_insert_default();
        (forwarding.status, forwarding.reason) = (Some("dropped".into()), Some(256));
        for sampled in [true, false] {
            if !sampled {
                row.sampling = None;
            }
            let read = settled(&row);
            let forwarding = read.forwarding.as_deref().expect("a drop");
            assert_eq!((forwarding.status.as_deref(), forwarding.reason), (Some("dropped"), Some(256)));
            assert_eq!(read.sampling.is_some(), sampled);
        }
    }

    #[test]
    fn counters_come_back() {
        let counters = InterfaceCounters {
            index: 3,
            kind: Some(6),
            speed: Some(10_000_000_000),
            full_duplex: Some(true),
            admin_up: Some(true),
            up: Some(false),
            in_octets: Some(5_000),
            in_packets: [Some(1), None, Some(3)],
            out_octets: Some(6_000),
            out_packets: [Some(4), Some(5), Some(6)],
            in_errors: Some(7),
            promiscuous: Some(false),
            checksum_errors: Some(8),
            collisions: [Some(9), None],
            too_long: Some(10),
            ..InterfaceCounters::default()
        };
        let device = DeviceCounters {
            name: Some("core-1".to_owned()),
            load_percent: [Some(5), None, Some(20)],
            memory: Some(4_000),
            memory_free: Some(1_000),
        };
        let facts = [Fact::Interface(Box::new(counters)), Fact::Device(Box::new(device)), Fact::Other(Box::default())];
        let (_, reports, encoded) = written(&[], &facts);
        assert_eq!((reports[0].facts.as_slice(), encoded.refused), (&facts[..2], 1));
    }

    #[test]
    fn flows_of_several_packets_are_no_samples_and_datagrams_are_short() {
        let mut many = full(false);
        many.core.src_packets = 2;
        let mut rows = vec![full(true); 40];
        rows.push(many);
        let (read, reports, encoded) = written(&rows, &[]);
        assert_eq!((read.len(), encoded.rows, encoded.refused), (40, 40, 1));
        assert!(encoded.datagrams > 10 && encoded.datagrams == reports.len());
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_as_the_same(
            ips in any::<(u32, u32)>(), ports in any::<(u16, u16)>(), proto in any::<u8>(), bytes in 1u32..70_000,
            rate in 1u32.., vlan in 0u16..4_095, systems in any::<(u32, u32)>(), name in "[a-z0-9.]{0,20}",
            label in 0u32..1 << 20,
        ) {
            let mut row = full(false);
            let core = &mut row.core;
            (core.src_ip, core.dst_ip) = (Ip::v4(ips.0.to_be_bytes()), Ip::v4(ips.1.to_be_bytes()));
            (core.src_port, core.dst_port, core.proto, core.src_bytes) = (ports.0, ports.1, proto, bytes.into());
            row.sampling.get_or_insert_default().rate = Some(rate);
            row.l2.get_or_insert_default().vlan = Some(vlan).filter(|vlan| *vlan > 0);
            let exporter = row.exporter.get_or_insert_default();
            (exporter.src_as, exporter.dst_as) = (Some(systems.0), Some(systems.1));
            row.user.get_or_insert_default().src = Some(name);
            row.routing.get_or_insert_default().mpls_labels = Some(vec![label]);
            let once = settled(&row);
            prop_assert_eq!(settled(&once), once);
        }
    }
}
