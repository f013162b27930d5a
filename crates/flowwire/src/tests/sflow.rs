// SPDX-License-Identifier: Apache-2.0
//! sFlow, from datagrams built here: samples, records beside the header, counters, and what breaks.

use minamo_base::Ip;
use minamo_model::Flow;

use super::{reasons, rows};
use crate::formats::sflow::FORMAT;
use crate::{Cache, Fact, OtherCounters};

/// 32-bit words as octets.
fn words(list: &[u32]) -> Vec<u8> {
    list.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// Format, length and content, filled up to whole words.
fn block(format: u32, body: &[u8]) -> Vec<u8> {
    let mut out = words(&[format, u32::try_from(body.len()).expect("short")]);
    out.extend(body);
    out.resize(out.len().next_multiple_of(4), 0);
    out
}

/// A text behind its length.
fn text(text: &str) -> Vec<u8> {
    block(0, text.as_bytes()).split_off(4)
}

fn datagram(sequence: u32, samples: &[Vec<u8>]) -> Vec<u8> {
    let mut out = words(&[5, 1, 0xc000_0209, 1, sequence, 10_000, u32::try_from(samples.len()).expect("few")]);
    out.extend(samples.concat());
    out
}

/// An expanded flow sample from interface to interface, each with its format.
fn sample(input: (u32, u32), output: (u32, u32), records: &[Vec<u8>]) -> Vec<u8> {
    let count = u32::try_from(records.len()).expect("few");
    let mut body = words(&[1, 0, 3, 512, 1_024, 2, input.0, input.1, output.0, output.1, count]);
    body.extend(records.concat());
    block(3, &body)
}

/// `sampled_ipv4` of a TCP packet with 1,400 octets.
fn ipv4() -> Vec<u8> {
    block(3, &words(&[1_400, 6, 0xc000_0201, 0xc633_6407, 50_000, 443, 0x18, 0x10]))
}

fn one(records: &[Vec<u8>]) -> Flow {
    let (mut flows, report) = rows(&datagram(1, &[sample((0, 3), (0, 4), records)]), &mut Cache::default());
    assert_eq!((reasons(&report), flows.len()), (vec![], 1));
    flows.remove(0)
}

#[test]
fn a_sampled_header_is_a_row_of_one_packet() {
    let (flows, report) = rows(FORMAT.sample, &mut Cache::default());
    assert_eq!((report.rows, report.format), (1, "sflow"));
    let flow = &flows[0];
    assert_eq!((flow.core.src_port, flow.core.dst_port, flow.core.proto), (49_153, 53, 17));
    assert_eq!((flow.core.src_bytes, flow.core.src_packets), (86, 1), "from the IP header on");
    let sampling = flow.sampling.as_deref().expect("sampling");
    assert_eq!((sampling.rate, sampling.origin.as_deref()), (Some(512), Some("record")));
    assert_eq!((sampling.pool, sampling.drops), (Some(1_024), Some(1)));
    let exporter = flow.exporter.as_deref().expect("an exporter");
    assert_eq!((exporter.ip, exporter.domain), (Some(Ip::v4([192, 0, 2, 9])), Some(1)));
    assert_eq!((exporter.in_if, exporter.out_if, exporter.direction.as_deref()), (Some(3), Some(4), Some("ingress")));
    assert_eq!(flow.net.as_deref().map(|net| (net.src_tos, net.src_ttl)), Some((Some(0x10), Some(64))));
    assert!(flow.l2.as_deref().is_some_and(|l2| l2.src_mac.is_some()));
}

#[test]
fn a_sample_without_a_header_has_what_its_records_say() {
    let flow = one(&[
        block(2, &[0; 24]),
        ipv4(),
        block(1_001, &words(&[42, 0, 43, 0])),
        block(1_002, &words(&[1, 0xc000_02fe, 24, 22])),
    ]);
    assert_eq!((flow.core.src_bytes, flow.core.dst_port), (1_400, 443));
    assert_eq!(flow.tcp.as_deref().and_then(|tcp| tcp.src_flags), Some(0x18));
    assert_eq!(flow.l2.as_deref().and_then(|l2| l2.vlan), Some(42));
    let exporter = flow.exporter.as_deref().expect("an exporter");
    assert_eq!((exporter.next_hop, exporter.src_mask), (Some(Ip::v4([192, 0, 2, 254])), Some(24)));
    assert_eq!(flow.extra.and_then(|group| group.extra), Some(vec!["postVlanId=43".to_owned()]));
}

#[test]
fn ipv6_and_icmp_without_a_header() {
    let mut body = words(&[64, 58]);
    body.extend([0x20; 32]);
    body.extend(words(&[128, 0, 0, 0]));
    let flow = one(&[block(4, &body)]);
    assert_eq!((flow.core.src_ip, flow.core.src_port), (Ip([0x20; 16]), 0));
    assert_eq!(flow.icmp.as_deref().map(|icmp| (icmp.kind, icmp.code)), Some((Some(128), Some(0))));
}

#[test]
fn a_gateway_tells_path_and_communities() {
    // Next hop, own AS, source, its peer, one sequence of three, two communities, preference.
    let body = words(&[
        1,
        0xc000_02fe,
        64_500,
        64_501,
        64_502,
        1,
        2,
        3,
        64_503,
        64_504,
        64_505,
        2,
        0xfbf4_0001,
        0xffff_ff01,
        100,
    ]);
    let flow = one(&[ipv4(), block(1_003, &body)]);
    let routing = flow.routing.as_deref().expect("routing");
    assert_eq!(routing.as_path, Some(vec![64_503, 64_504, 64_505]));
    assert_eq!(routing.communities, Some(vec!["64500:1".to_owned(), "65535:65281".to_owned()]));
    assert_eq!((routing.src_peer_as, routing.dst_peer_as, routing.local_pref), (Some(64_502), Some(64_503), Some(100)));
    let exporter = flow.exporter.as_deref().expect("an exporter");
    assert_eq!((exporter.src_as, exporter.dst_as), (Some(64_501), Some(64_505)));
}

#[test]
fn users_urls_nat_labels_and_tunnels_have_their_columns() {
    let mut user = words(&[106]);
    user.extend([text("alice"), words(&[106]), text("bob")].concat());
    let url = [words(&[1]), text("/index"), text("WWW.example")].concat();
    let flow = one(&[
        ipv4(),
        block(1_004, &user),
        block(1_005, &url),
        block(1_006, &words(&[0, 1, 0x0000_1100 << 4, 0])),
        block(1_007, &words(&[1, 0xcb00_7101, 1, 0xcb00_7102])),
        block(1_020, &words(&[1_111, 2_222])),
        block(1_012, &words(&[2, 7, 8])),
        block(1_024, &words(&[0, 17, 0x0a00_0001, 0x0a00_0002, 0, 0, 0, 0])),
        block(1_030, &words(&[5_000])),
        block(1_037, &[words(&[9]), text("deny-all"), words(&[1])].concat()),
        block(4_413 << 12 | 1, &[1, 2, 3, 4]),
    ]);
    let user = flow.user.as_deref().expect("a user");
    assert_eq!((user.src.as_deref(), user.dst.as_deref()), (Some("alice"), Some("bob")));
    let http = flow.http.as_deref().expect("a page");
    assert_eq!((http.host.as_deref(), http.path.as_deref()), (Some("www.example"), Some("/index")));
    assert_eq!(flow.routing.as_deref().and_then(|routing| routing.mpls_labels.clone()), Some(vec![17]));
    let nat = flow.nat.as_deref().expect("a translation");
    assert_eq!((nat.src_ip, nat.dst_port), (Some(Ip::v4([203, 0, 113, 1])), Some(2_222)));
    let tunnel = flow.tunnel.as_deref().expect("a tunnel");
    assert_eq!((tunnel.src_id, tunnel.dst_ip), (Some(5_000), Some(Ip::v4([10, 0, 0, 2]))));
    assert_eq!(flow.firewall.as_deref().and_then(|firewall| firewall.in_acl.as_deref()), Some("deny-all"));
    let extra = flow.extra.and_then(|group| group.extra);
    assert_eq!(extra, Some(vec!["vlanTunnel=7,8".to_owned(), "sflow.4413.1=01020304".to_owned()]));
}

#[test]
fn special_interfaces_are_words_and_drops_are_dropped() {
    let samples = [
        sample((0, 0x3fff_ffff), (2, 7), &[ipv4()]),
        sample((0, 3), (1, 256), &[ipv4()]),
        block(5, &[words(&[1, 0, 3, 0, 3, 0, 256, 1]), ipv4()].concat()),
    ];
    let (flows, report) = rows(&datagram(1, &samples), &mut Cache::default());
    assert_eq!((reasons(&report), flows.len()), (vec![], 3));
    let exporter = flows[0].exporter.as_deref().expect("an exporter");
    assert_eq!((exporter.in_if, exporter.out_if), (None, None));
    let extra = flows[0].extra.as_deref().and_then(|group| group.extra.clone());
    assert_eq!(extra, Some(vec!["inputInterface=internal".to_owned(), "outputInterface=multiple (7)".to_owned()]));
    for flow in &flows[1..] {
        let forwarding = flow.forwarding.as_deref().expect("a drop");
        assert_eq!((forwarding.status.as_deref(), forwarding.reason), (Some("dropped"), Some(256)));
        assert_eq!(forwarding.dropped_bytes, Some(1_400));
    }
    assert!(flows[2].sampling.is_none(), "discarded packets are told one by one");
}

#[test]
fn counters_are_facts_of_the_exporter() {
    let mut generic = words(&[3, 6]);
    generic.extend(1_000_000_000u64.to_be_bytes());
    generic.extend(words(&[1, 3]));
    generic.extend(5_000u64.to_be_bytes());
    generic.extend(words(&[1, 2, 3, 4, 5, u32::MAX]));
    generic.extend(6_000u64.to_be_bytes());
    generic.extend(words(&[6, 7, 8, 9, 10, 2]));
    let ethernet = words(&[1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 11, 0, 0]);
    let body = [words(&[1, 3, 2]), block(1, &generic), block(2, &ethernet)].concat();
    let (flows, report) = rows(&datagram(1, &[block(2, &body)]), &mut Cache::default());
    assert_eq!((flows.len(), reasons(&report)), (0, vec![]));
    let [Fact::Interface(counters)] = report.facts.as_slice() else { panic!("{:?}", report.facts) };
    assert_eq!((counters.index, counters.speed, counters.up), (3, Some(1_000_000_000), Some(true)));
    assert_eq!((counters.in_octets, counters.out_octets), (Some(5_000), Some(6_000)));
    assert_eq!((counters.in_packets, counters.in_unknown), ([Some(1), Some(2), Some(3)], None));
    assert_eq!((counters.checksum_errors, counters.too_long, counters.promiscuous), (Some(2), Some(11), Some(false)));
}

#[test]
fn lost_datagrams_are_counted() {
    let mut cache = Cache::default();
    rows(&datagram(1, &[]), &mut cache);
    assert_eq!(rows(&datagram(5, &[]), &mut cache).1.lost, 3);
}

#[test]
fn broken_parts_do_not_break_the_others() {
    let said = |octets: &[u8]| reasons(&rows(octets, &mut Cache::default()).1);
    assert_eq!(said(&words(&[6, 1, 0])), ["sflow.version at octet 0: got 6, want 2, 4 or 5"]);
    assert_eq!(said(&words(&[5, 3, 0])), ["sflow.agent at octet 4: got 3, want 0, 1 or 2"]);
    // A record that says that it is longer than its sample, between good samples.
    let mut lie = sample((0, 3), (0, 4), &[ipv4()]);
    lie[8 + 44 + 7] = 200;
    let good = sample((0, 3), (0, 4), &[ipv4()]);
    let (flows, report) = rows(&datagram(1, &[good.clone(), lie, good.clone()]), &mut Cache::default());
    assert_eq!(
        (flows.len(), reasons(&report)),
        (2, vec!["record.octets at octet 180: 168 octet(s) missing".to_owned()])
    );
    // A datagram that was cut in its second sample.
    let mut cut = datagram(1, &[good.clone(), good]);
    cut.truncate(cut.len() - 10);
    let (flows, report) = rows(&cut, &mut Cache::default());
    assert_eq!((flows.len(), report.skipped.len()), (1, 1));
    // More samples than there are octets for.
    let mut many = datagram(1, &[]);
    many[24..28].copy_from_slice(&[0xff; 4]);
    assert_eq!(said(&many), ["sflow.sample_format at octet 28: 4 octet(s) missing"]);
}

#[test]
fn a_frame_without_ip_is_no_row() {
    let arp = [words(&[1, 64, 4]), block(0, &[[0; 12].as_slice(), &[8, 6], &[0; 28]].concat()).split_off(4)].concat();
    let (flows, report) = rows(&datagram(1, &[sample((0, 3), (0, 4), &[block(1, &arp)])]), &mut Cache::default());
    assert_eq!((flows.len(), reasons(&report)), (0, vec!["a sampled frame is not IP: ethertype 0x0806".to_owned()]));
}

#[test]
fn devices_tell_how_they_are_doing() {
    let processor = block(1_001, &words(&[5, 10, 20, 0, 4_000, 0, 1_000]));
    let host = block(2_000, &[text("core-1"), vec![0; 16], words(&[1, 2]), text("6.1")].concat());
    let body = [words(&[1, 3, 2]), processor, host].concat();
    let (_, report) = rows(&datagram(1, &[block(2, &body)]), &mut Cache::default());
    let [Fact::Device(device)] = report.facts.as_slice() else { panic!("{:?}", report.facts) };
    assert_eq!((device.name.as_deref(), device.load_percent), (Some("core-1"), [Some(5), Some(10), Some(20)]));
    assert_eq!((device.memory, device.memory_free), (Some(4_000), Some(1_000)));
}

fn others(samples: &[Vec<u8>]) -> Vec<OtherCounters> {
    let (_, report) = rows(&datagram(1, samples), &mut Cache::default());
    assert_eq!(reasons(&report), Vec::<String>::new());
    let other = |fact| match fact {
        Fact::Other(counters) => *counters,
        fact => panic!("{fact:?}"),
    };
    report.facts.into_iter().map(other).collect()
}

#[test]
fn vlans_radios_and_media_are_told_by_the_names_of_their_structures() {
    let vlan = block(5, &words(&[42, 0, 9_000, 1, 2, 3, u32::MAX]));
    let radio = block(1_002, &words(&[1_000, 900, 450]));
    let mut lags = vec![0xaa; 16];
    lags.extend(words(&[7, 0x0102_0304, 1, 2, 3, 4, 5, 6, 7, 8]));
    // One module at −1.5 °C with two lanes.
    let mut optics = words(&[5, 2, 3_300, (-1_500i32).cast_unsigned(), 2]);
    for lane in 1..=2 {
        optics.extend(words(&[lane, 6_000, 500, 400, 600, 1_310, 300 + lane, 200, 400, 1_310]));
    }
    let body = [words(&[1, 3, 4]), vlan, radio, block(7, &lags), block(10, &optics)].concat();
    let found = others(&[block(2, &body)]);
    let kinds: Vec<_> = found.iter().map(|one| (one.kind, one.source, one.number)).collect();
    assert_eq!(
        kinds,
        [("vlan", 3, 42), ("radio", 3, 0), ("lag", 3, 0), ("optics", 3, 5), ("lane", 3, 1), ("lane", 3, 2)]
    );
    let value = |at: usize, name: &str| found[at].values.iter().find(|(known, _)| *known == name).map(|(_, v)| *v);
    assert_eq!((value(0, "octets"), value(0, "broadcastPkts"), value(0, "discards")), (Some(9_000), Some(3), None));
    assert_eq!((value(1, "on_channel_busy_time"), value(2, "attachedAggID")), (Some(450), Some(7)));
    assert_eq!((value(2, "markerResponsePDUsTx"), value(3, "module_temperature")), (Some(8), Some(-1_500)));
    assert_eq!((value(5, "rx_power"), value(5, "rx_wavelength")), (Some(302), Some(1_310)));
    let wlan = others(&[block(2, &[words(&[1, 3, 1]), block(6, &words(&(1..=20).collect::<Vec<_>>()))].concat())]);
    assert_eq!((wlan[0].values.len(), wlan[0].values[15]), (20, ("dot11AssociatedStationCount", 16)));
}

#[test]
fn virtual_machines_have_names_of_their_own_and_hosts_theirs() {
    let host = |name: &str| block(2_000, &[text(name), vec![0; 16], words(&[1, 2]), text("6.1")].concat());
    let cpu = block(2_101, &words(&[1, 5_000, 2]));
    let memory = block(2_102, &words(&[0, 1 << 20, 0, 2 << 20]));
    // An expanded sample of a logical entity, and one of the device.
    let machine = block(4, &[words(&[1, 3, 100_001, 3]), host("vm-7"), cpu, memory].concat());
    let found = others(std::slice::from_ref(&machine));
    let told: Vec<_> = found.iter().map(|one| (one.kind, one.source, one.name.as_deref())).collect();
    assert_eq!(told, [("vm_cpu", 100_001, Some("vm-7")), ("vm_memory", 100_001, Some("vm-7"))]);
    assert_eq!(found[1].values, [("memory", 1 << 20), ("maxMemory", 2 << 20)]);
    let mut load = 0.5f32.to_bits().to_be_bytes().to_vec();
    load.extend(words(&[(-1f32).to_bits(), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]));
    let device = block(2, &[words(&[1, 2 << 24 | 1, 2]), host("core-1"), block(2_003, &load)].concat());
    let (_, report) = rows(&datagram(1, &[machine, device]), &mut Cache::default());
    let [.., Fact::Other(cpu), Fact::Device(device)] = report.facts.as_slice() else { panic!("{:?}", report.facts) };
    assert_eq!(device.name.as_deref(), Some("core-1"));
    assert_eq!((cpu.kind, cpu.name.as_deref()), ("cpu", None));
    assert_eq!(cpu.values[..2], [("load_one_hundredths", 50), ("load_fifteen_hundredths", 0)]);
}

/// A datagram of an older version: no sub-agent, and samples without lengths.
fn old(version: u32, samples: &[Vec<u8>]) -> Vec<u8> {
    let mut out = words(&[version, 1, 0xc000_0209, 7, 10_000, u32::try_from(samples.len()).expect("few")]);
    out.extend(samples.concat());
    out
}

#[test]
fn the_versions_before_are_read_too() {
    let head = words(&[1, 1, 3, 512, 1_024, 0, 3, 4]);
    let ipv4 = words(&[2, 1_400, 6, 0xc000_0201, 0xc633_6407, 50_000, 443, 0x18, 0x10]);
    let switch = words(&[1, 10, 0, 20, 0]);
    let user = [words(&[4]), text("alice"), text("bob")].concat();
    let url = [words(&[5, 1]), text("/index.html")].concat();
    let gateway2 = words(&[3, 64_500, 64_501, 64_502, 2, 64_503, 64_504]);
    let gateway4 = words(&[3, 64_500, 64_501, 64_502, 1, 2, 2, 64_503, 64_504, 1, 0xfbf4_0007, 100]);
    for (version, gateway) in [(2, gateway2), (4, gateway4)] {
        let sample = [&head[..], &ipv4, &words(&[4]), &switch, &gateway, &user, &url].concat();
        // Another one after it shows that nothing was left over: a generic counter sample.
        let counters = [words(&[2, 1, 3, 20, 1, 3, 6, 0, 1_000, 1, 3]), words(&[0; 16])].concat();
        let (flows, report) = rows(&old(version, &[sample.clone(), counters, sample]), &mut Cache::default());
        assert_eq!((reasons(&report), flows.len(), report.facts.len()), (vec![], 2, 1), "version {version}");
        let flow = &flows[1];
        assert_eq!((flow.core.src_bytes, flow.core.dst_port), (1_400, 443));
        let exporter = flow.exporter.as_deref().expect("an exporter");
        assert_eq!((exporter.in_if, exporter.out_if, exporter.dst_as), (Some(3), Some(4), Some(64_504)));
        assert_eq!(flow.user.as_deref().and_then(|user| user.dst.as_deref()), Some("bob"));
        assert_eq!(flow.http.as_deref().and_then(|http| http.path.as_deref()), Some("/index.html"));
        let pref = flow.routing.as_deref().and_then(|routing| routing.local_pref);
        assert_eq!((flow.l2.as_deref().and_then(|l2| l2.vlan), pref), (Some(10), (version == 4).then_some(100)));
    }
    let (flows, report) = rows(&old(4, &[words(&[9, 0])]), &mut Cache::default());
    assert_eq!(
        (flows.len(), reasons(&report)),
        (0, vec!["sflow.sample_type at octet 24: got 9, want 1 or 2".to_owned()])
    );
    let (_, report) = rows(&old(3, &[]), &mut Cache::default());
    assert_eq!(reasons(&report), ["sflow.version at octet 0: got 3, want 2, 4 or 5"]);
}
