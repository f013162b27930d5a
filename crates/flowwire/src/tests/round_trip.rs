// SPDX-License-Identifier: Apache-2.0
//! What is written reads back as it was.

use minamo_base::{Ip, Mac, Time};
use minamo_model::{FLOWS, Flow, flow, names, text_value};
use minamo_schema::{CellType, Column, Source, Value};
use proptest::prelude::*;

use super::{EXPORTER, RECEIVED, rows};
use crate::{Cache, EXAMPLE_ENTERPRISE, Encoder, Wire};

const BOOT: Time = Time(1_711_000_000_000_000_000);
const NOW: Time = Time(1_711_276_032_000_000_000);

fn address() -> impl Strategy<Value = Ip> {
    prop_oneof![any::<[u8; 4]>().prop_map(Ip::v4), any::<[u8; 16]>().prop_map(Ip)]
}

fn four() -> impl Strategy<Value = Ip> {
    any::<[u8; 4]>().prop_map(Ip::v4)
}

prop_compose! {
    fn core(v4: bool)(
        ips in if v4 { (four().boxed(), four().boxed()) } else { (address().boxed(), address().boxed()) },
        ports in any::<(u16, u16)>(),
        proto in prop_oneof![Just(6u8), Just(17), Just(47)],
        counts in any::<(u32, u32, u32, u32)>(),
        start in 0i64..200_000,
        length in 0i64..60_000,
        app in prop_oneof![Just("Unknown"), Just("SSH"), Just("TLS.YouTube")],
    ) -> flow::Core {
        flow::Core {
            src_ip: ips.0,
            dst_ip: ips.1,
            src_port: ports.0,
            dst_port: ports.1,
            proto,
            src_bytes: counts.0.into(),
            dst_bytes: counts.1.into(),
            src_packets: counts.2.into(),
            dst_packets: counts.3.into(),
            time_start: Time::from_millis(BOOT.millis() + start),
            time_end: Time::from_millis(BOOT.millis() + start + length),
            time_received: Some(RECEIVED),
            app: app.into(),
            app_confidence: if app == "Unknown" { "none" } else { "exporter" }.into(),
            orientation: Some("exporter".into()),
            ..flow::Core::default()
        }
    }
}

prop_compose! {
    fn exporter()(
        next_hop in proptest::option::of(address()),
        ifs in any::<(Option<u32>, Option<u32>)>(),
        systems in any::<(Option<u32>, Option<u32>)>(),
        masks in any::<(Option<u8>, Option<u8>)>(),
        number in any::<Option<u64>>(),
    ) -> Box<flow::Exporter> {
        Box::new(flow::Exporter {
            ip: Some(Ip::v4(EXPORTER)),
            domain: Some(77),
            time_quality: None,
            flow_number: number,
            in_if: ifs.0,
            out_if: ifs.1,
            next_hop,
            src_as: systems.0,
            dst_as: systems.1,
            src_mask: masks.0,
            dst_mask: masks.1,
            ..flow::Exporter::default()
        })
    }
}

prop_compose! {
    fn any_flow()(
        core in core(false),
        exporter in exporter(),
        l2 in proptest::option::of((any::<[u8; 6]>(), any::<u16>())),
        flags in proptest::option::of(any::<u8>()),
        tos in proptest::option::of(any::<u8>()),
        rate in proptest::option::of(1u32..10_000),
        told in proptest::option::of((address(), any::<u16>(), any::<u32>(), any::<u64>())),
    ) -> Flow {
        let mut flow = Flow { core, exporter: Some(exporter), ..Flow::default() };
        if let Some((ip, short, number, long)) = told {
            more(&mut flow, ip, short, number, long);
        }
        if let Some((mac, vlan)) = l2 {
            flow.l2 = Some(Box::new(flow::L2 { src_mac: Some(Mac(mac)), vlan: Some(vlan), ..flow::L2::default() }));
        }
        if let Some(flags) = flags {
            flow.tcp.get_or_insert_default().src_flags = Some(flags);
        }
        if let Some(tos) = tos {
            flow.net.get_or_insert_default().src_tos = Some(tos);
        }
        if let Some(rate) = rate {
            flow.sampling = Some(Box::new(flow::Sampling {
                rate: Some(rate),
                origin: Some("record".into()),
                ..flow::Sampling::default()
            }));
        }
        flow
    }
}

prop_compose! {
    fn v5_flow()(
        core in core(true),
        small in any::<(u16, u16, u16, u16)>(),
        masks in any::<(u8, u8)>(),
        next_hop in four(),
        flags in any::<u8>(),
        tos in any::<u8>(),
    ) -> Flow {
        let mut flow = Flow { core, ..Flow::default() };
        (flow.core.dst_bytes, flow.core.dst_packets) = (0, 0);
        (flow.core.app, flow.core.app_confidence) = ("Unknown".into(), "none".into());
        flow.exporter = Some(Box::new(flow::Exporter {
            ip: Some(Ip::v4(EXPORTER)),
            domain: Some(77),
            time_quality: None,
            flow_number: None,
            in_if: Some(small.0.into()),
            out_if: Some(small.1.into()),
            next_hop: Some(next_hop),
            src_as: Some(small.2.into()),
            dst_as: Some(small.3.into()),
            src_mask: Some(masks.0),
            dst_mask: Some(masks.1),
            ..flow::Exporter::default()
        }));
        if flow.core.proto == 6 {
            flow.tcp.get_or_insert_default().src_flags = Some(flags);
        }
        flow.net.get_or_insert_default().src_tos = Some(tos);
        flow
    }
}

/// Columns of the groups that exporters fill; an address of their own family each.
fn more(flow: &mut Flow, ip: Ip, short: u16, number: u32, long: u64) {
    let name = Some(format!("n{number}"));
    flow.nat = Some(Box::new(flow::Nat {
        src_ip: Some(ip),
        dst_port: Some(short),
        pool: name.clone(),
        event: Some("session44_create".into()),
        ..flow::Nat::default()
    }));
    flow.routing = Some(Box::new(flow::Routing {
        in_vrf: Some(number),
        vrf: name.clone(),
        bgp_next_hop: Some(ip),
        dst_peer_as: Some(number),
        ..flow::Routing::default()
    }));
    flow.forwarding = Some(Box::new(flow::Forwarding {
        dropped_bytes: Some(long),
        status: Some("dropped".into()),
        reason: Some(number % 64),
        max_ttl: Some(64),
        min_length: Some(number),
        ..flow::Forwarding::default()
    }));
    flow.firewall = Some(Box::new(flow::Firewall { event: Some("denied".into()), ..flow::Firewall::default() }));
    flow.core.end_reason = Some("idle".into());
    if let Some(exporter) = &mut flow.exporter {
        exporter.direction = Some("ingress".into());
    }
    flow.user = Some(Box::new(flow::User { src: name.clone(), dst: name.clone(), ..flow::User::default() }));
    flow.http = Some(Box::new(flow::Http {
        host: name.clone(),
        status: Some(short),
        server: name.clone(),
        ..flow::Http::default()
    }));
    let list = Some(vec!["h2".to_owned(), format!("n{number}")]);
    flow.dns = Some(Box::new(flow::Dns {
        query: name.clone(),
        qtype: Some(names::dns_type(short)),
        rcode: Some(names::dns_rcode(short)),
        answers: list.clone(),
        ttl_secs: Some(number),
        ..flow::Dns::default()
    }));
    flow.ssh = Some(Box::new(flow::Ssh { hassh: name.clone(), hassh_server: name.clone(), ..flow::Ssh::default() }));
    flow.bittorrent = Some(Box::new(flow::BitTorrent { info_hash: name.clone(), ..flow::BitTorrent::default() }));
    flow.npm = Some(Box::new(flow::Npm {
        src_retransmits: Some(number),
        dst_out_of_order: Some(number),
        ..flow::Npm::default()
    }));
    let second = Time::from_secs_nanos(1 + i64::from(number), 0);
    flow.tls = Some(Box::new(flow::Tls {
        sni: name.clone(),
        version: Some("TLS 1.3".into()),
        alpn: list.clone(),
        alpn_selected: name.clone(),
        ja3: name.clone(),
        ja3s: name.clone(),
        cert_subject: name.clone(),
        cert_issuer: name,
        cert_names: list,
        cert_not_before: Some(Time(second.0.min(Time::from_secs_nanos(u32::MAX.into(), 0).0))),
        ..flow::Tls::default()
    }));
}

/// Encodes, decodes, and brings both to one order; identities are made anew on reading.
fn there_and_back(wire: Wire, flows: &[Flow], max: usize) -> (Vec<String>, Vec<String>) {
    let mut encoder = Encoder::new(wire, 77, BOOT).with_limits(max, 4);
    let (mut cache, mut back) = (Cache::default(), Vec::new());
    let done = encoder.encode(flows, NOW, &mut |datagram| {
        let (mut flows, report) = rows(datagram, &mut cache);
        assert_eq!((report.skipped.len(), report.lost), (0, 0), "{:?}", report.skipped);
        back.append(&mut flows);
    });
    assert_eq!((done.rows, done.refused), (flows.len(), 0));
    let sorted = |flows: &[Flow]| {
        let mut out: Vec<_> = flows.iter().map(|flow| format!("{flow:?}")).collect();
        out.sort_unstable();
        out
    };
    back.iter_mut().for_each(|flow| {
        flow.core.source = "".into();
    });
    (sorted(flows), sorted(&back))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn ipfix(flows in proptest::collection::vec(any_flow(), 1..40), max in 512usize..3_000) {
        let (wrote, read) = there_and_back(Wire::Ipfix, &flows, max);
        prop_assert_eq!(wrote, read);
    }

    #[test]
    fn netflow9(mut flows in proptest::collection::vec(any_flow(), 1..40), max in 512usize..3_000) {
        // Elements that version 9 does not share.
        for flow in &mut flows {
            flow.exporter.as_mut().expect("an exporter").flow_number = None;
            (flow.nat, flow.http, flow.tls, flow.user) = (None, None, None, None);
            (flow.dns, flow.ssh, flow.bittorrent, flow.npm) = (None, None, None, None);
            (flow.firewall, flow.core.end_reason) = (None, None);
            if let Some(routing) = &mut flow.routing {
                (routing.in_vrf, routing.vrf, routing.dst_peer_as) = (None, None, None);
            }
            if let Some(forwarding) = &mut flow.forwarding {
                forwarding.dropped_bytes = None;
            }
        }
        let (wrote, read) = there_and_back(Wire::Netflow9, &flows, max);
        prop_assert_eq!(wrote, read);
    }

    #[test]
    fn netflow1_and_7(flows in proptest::collection::vec(v5_flow(), 1..80)) {
        let mut seven = flows;
        seven.iter_mut().filter_map(|flow| flow.exporter.as_mut()).for_each(|exporter| exporter.domain = Some(0));
        let (wrote, read) = there_and_back(Wire::Netflow7, &seven, 1_400);
        prop_assert_eq!(wrote, read);
        for exporter in seven.iter_mut().filter_map(|flow| flow.exporter.as_mut()) {
            (exporter.src_as, exporter.dst_as, exporter.src_mask, exporter.dst_mask) = (None, None, None, None);
        }
        let (wrote, read) = there_and_back(Wire::Netflow1, &seven, 1_400);
        prop_assert_eq!(wrote, read);
    }

    #[test]
    fn netflow5(flows in proptest::collection::vec(v5_flow(), 1..80)) {
        let (wrote, read) = there_and_back(Wire::Netflow5, &flows, 1_400);
        prop_assert_eq!(wrote, read);
    }
}

#[test]
fn what_version_5_cannot_carry_is_refused_and_counted() {
    let mut six = Flow::default();
    six.core.src_ip = "2001:db8::1".parse().expect("an address");
    let mut large = Flow::default();
    (large.core.src_ip, large.core.dst_ip) = (Ip::v4([1; 4]), Ip::v4([2; 4]));
    large.core.src_bytes = 1 << 32;
    let done = Encoder::new(Wire::Netflow5, 0, BOOT).encode(&[six, large], NOW, &mut |_| panic!("nothing to send"));
    assert_eq!((done.rows, done.refused, done.datagrams), (0, 2, 0));
}

#[test]
fn both_sides_and_nanoseconds_survive_in_ipfix() {
    let mut flow = Flow::default();
    (flow.core.src_ip, flow.core.dst_ip) = (Ip::v4([1; 4]), Ip::v4([2; 4]));
    (flow.core.src_bytes, flow.core.dst_bytes) = (1, u64::MAX);
    (flow.core.time_start, flow.core.time_end) = (Time(1_711_276_032_123_456_789), Time(1_711_276_032_999_999_999));
    flow.tcp.get_or_insert_default().dst_flags = Some(0x12);
    let mut back = Vec::new();
    Encoder::new(Wire::Ipfix, 0, BOOT).encode(&[flow.clone()], NOW, &mut |datagram| {
        back.append(&mut rows(datagram, &mut Cache::default()).0);
    });
    assert_eq!((back[0].core.dst_bytes, back[0].core.src_bytes), (u64::MAX, 1));
    assert_eq!((back[0].core.time_start, back[0].core.time_end), (flow.core.time_start, flow.core.time_end));
    assert_eq!(back[0].tcp, flow.tcp);
}

/// A value of a column that an element can carry.
fn value(column: &Column) -> Value<'static> {
    match column.cell {
        CellType::U8 => Value::Uint(7),
        CellType::U16 => Value::Uint(700),
        CellType::U32 => Value::Uint(70_000),
        CellType::U64 => Value::Uint(7_000_000_000),
        // Columns that have the names of numbers.
        _ if column.name == "dns_qtype" => Value::Text("AAAA".into()),
        _ if column.name == "dns_rcode" => Value::Text("nxdomain".into()),
        _ if column.name == "tls_version" => Value::Text("TLS 1.2".into()),
        CellType::Text => Value::Text("beispiel".into()),
        CellType::TextList => Value::Texts(vec!["one".to_owned(), "two".to_owned()].into()),
        CellType::Time => Value::Time(Time::from_secs_nanos(1_700_000_000, 0)),
        CellType::Ip => Value::Ip(Ip::v4([203, 0, 113, 9])),
        CellType::Mac => Value::Mac(Mac([2, 0, 0, 0, 0, 9])),
        CellType::Bool => Value::Bool(true),
        CellType::F64 => Value::Real(0.796_4),
        CellType::U16List | CellType::U32List => Value::Numbers(vec![0, 1, 65_535]),
        CellType::I32List => Value::Numbers(vec![-1_460, 0, 1_460]),
        other => panic!("{}: {} has no value here", column.name, other.name()),
    }
}

fn base() -> Flow {
    let mut flow = Flow::default();
    (flow.core.src_ip, flow.core.dst_ip) = (Ip::v4([1; 4]), Ip::v4([2; 4]));
    flow
}

fn is_own(column: &Column) -> bool {
    column.sources.iter().any(|source| matches!(source, Source::Own(_)))
}

/// Encodes rows with our own elements under that enterprise, and decodes them; nothing may be skipped.
fn own_there_and_back(enterprise: u32, flows: &[Flow]) -> Vec<Flow> {
    let (mut cache, mut back) = (Cache::default(), Vec::new());
    let mut encoder = Encoder::new(Wire::Ipfix, 0, BOOT).with_enterprise(enterprise);
    encoder.encode(flows, NOW, &mut |datagram| {
        let (mut rows, report) = rows(datagram, &mut cache);
        assert_eq!((report.skipped.len(), report.lost, report.parked), (0, 0, 0), "{:?}", report.skipped);
        back.append(&mut rows);
    });
    back
}

/// Every column that has an element, one of ours too, is set alone, written and read. Our own enterprise number is known;
/// another one is learned from the type information that comes with it.
#[test]
fn every_column_with_an_element_reads_back_as_it_was() {
    let mut tried = 0;
    for (id, column) in FLOWS.places() {
        let public = column.sources.iter().any(|source| matches!(source, Source::Ie(_, 1..0x8000)));
        if !(public && column.group != "core" || is_own(column)) {
            continue;
        }
        let value = value(column);
        let mut flow = base();
        flow.core.proto = if column.group == "icmp" { 1 } else { 6 };
        assert!(flow.set(id, &value), "{}", column.name);
        for enterprise in [EXAMPLE_ENTERPRISE, 64_999] {
            let back = own_there_and_back(enterprise, std::slice::from_ref(&flow));
            assert_eq!(text_value(&back[0].get(id)), text_value(&value), "{}", column.name);
            assert!(column.name == "extra" || back[0].extra.is_none(), "{}: {:?}", column.name, back[0].extra);
        }
        tried += 1;
    }
    assert!(tried > 170, "{tried}");
}

/// What the receiving side says of a row itself: how and when it came, and what it is called.
const OF_THE_RECEIVER: [&str; 4] = ["flow_id", "source", "time_received", "community_id"];

#[test]
fn a_row_with_all_columns_is_the_same_at_another_minamo() {
    let mut flow = base();
    for (id, column) in FLOWS.places() {
        let words = [
            ("end_reason", "idle"),
            ("nat_event", "create"),
            ("firewall_event", "denied"),
            ("forwarding_status", "dropped"),
            ("exporter_direction", "egress"),
        ];
        let value = match words.iter().find(|(name, _)| *name == column.name) {
            Some((_, word)) => Value::Text((*word).into()),
            None if column.name == "forwarding_reason" => Value::Uint(33),
            None if matches!(column.name, "proto" | "icmp_kind" | "icmp_code") => Value::Uint(6),
            None if matches!(column.name, "src_ip" | "dst_ip" | "time_start" | "time_end") => flow.get(id),
            None => value(column),
        };
        if !OF_THE_RECEIVER.contains(&column.name) && column.group != "icmp" {
            let value = owned(&value);
            assert!(flow.set(id, &value), "{}", column.name);
        }
    }
    (flow.core.time_start, flow.core.time_end) = (Time(NOW.0 - 1_234_567_891), Time(NOW.0 - 987_654_321));
    let long = "\u{00e4}".repeat(1_500);
    flow.core.app_reason = Some(long.clone().into());
    flow.http.get_or_insert_default().user_agent = Some(long.chars().take(150).collect());
    flow.enrich.get_or_insert_default().src_tags = Some(vec!["a, b".to_owned(), String::new(), long]);
    let back = own_there_and_back(EXAMPLE_ENTERPRISE, &[flow.clone(), flow.clone()]);
    assert_eq!(back.len(), 2);
    for (id, column) in FLOWS.places().filter(|(_, column)| !OF_THE_RECEIVER.contains(&column.name)) {
        assert_eq!(back[1].get(id), flow.get(id), "{}", column.name);
    }
}

/// A value that borrows nothing.
fn owned(value: &Value<'_>) -> Value<'static> {
    match value {
        Value::Ip(ip) => Value::Ip(*ip),
        Value::Time(time) => Value::Time(*time),
        Value::Text(text) => Value::Text(text.clone().into_owned().into()),
        Value::Uint(number) => Value::Uint(*number),
        Value::Real(number) => Value::Real(*number),
        Value::Bool(truth) => Value::Bool(*truth),
        Value::Mac(mac) => Value::Mac(*mac),
        Value::Numbers(list) => Value::Numbers(list.clone()),
        Value::Texts(list) => Value::Texts(list.clone().into_owned().into()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_text_of_any_length_has_its_length_in_front() {
    for length in [1, 254, 255, 256, 1_000, 4_096, 5_000] {
        let mut flow = base();
        flow.http.get_or_insert_default().host = Some("x".repeat(length));
        let back = own_there_and_back(EXAMPLE_ENTERPRISE, &[flow]);
        let host = back[0].http.as_deref().and_then(|http| http.host.as_deref()).map(str::len);
        assert_eq!(host, Some(length.min(4_096)));
    }
}

#[test]
fn our_elements_are_left_out_where_nobody_asked_for_them() {
    let mut flow = base();
    flow.core.app_reason = Some("because".into());
    let mut back = Vec::new();
    Encoder::new(Wire::Ipfix, 0, BOOT).encode(&[flow], NOW, &mut |datagram| {
        back.append(&mut rows(datagram, &mut Cache::default()).0);
    });
    assert_eq!((back.len(), &back[0].core.app_reason), (1, &None));
}

#[test]
fn pings_keep_their_type_in_every_format() {
    for wire in [Wire::Netflow1, Wire::Netflow5, Wire::Netflow7, Wire::Netflow9, Wire::Ipfix] {
        let mut flow = Flow::default();
        (flow.core.src_ip, flow.core.dst_ip) = (Ip::v4([10, 0, 0, 1]), Ip::v4([10, 0, 0, 2]));
        (flow.core.proto, flow.core.src_packets, flow.core.src_bytes) = (1, 1, 84);
        (flow.core.time_start, flow.core.time_end) = (NOW, NOW);
        let icmp = flow.icmp.get_or_insert_default();
        (icmp.kind, icmp.code) = (Some(3), Some(1));
        let (mut cache, mut back) = (Cache::default(), Vec::new());
        Encoder::new(wire, 77, BOOT)
            .encode(&[flow], NOW, &mut |datagram| back.append(&mut rows(datagram, &mut cache).0));
        let icmp = back[0].icmp.as_deref().expect("a message");
        assert_eq!((icmp.kind, icmp.code, back[0].core.dst_port), (Some(3), Some(1), 0), "{wire:?}");
    }
}

/// Every column with a public element, by itself, in the formats with templates: what the format carries is read back as it
/// was, but for columns that others decide about.
#[test]
fn every_column_with_a_public_element_reads_back_from_both_formats() {
    // Version 9 has neither elements of others nor those of the other direction (RFC 5103): 20 columns, where IPFIX has 94.
    for (wire, least) in [(Wire::Netflow9, 19), (Wire::Ipfix, 90)] {
        let mut tried = 0;
        for (id, column) in
            FLOWS.places().filter(|(id, column)| wire.carries(*id, false, false) && column.group != "core")
        {
            let words = [
                ("end_reason", "idle"),
                ("nat_event", "create"),
                ("firewall_event", "denied"),
                ("forwarding_status", "dropped"),
                ("exporter_direction", "egress"),
                ("tls_cipher", "TLS_AES_128_GCM_SHA256"),
            ];
            let value = match words.iter().find(|(name, _)| *name == column.name) {
                Some((_, word)) => Value::Text((*word).into()),
                None => value(column),
            };
            let mut flow = base();
            (flow.core.proto, flow.core.src_packets) = (if column.group == "icmp" { 1 } else { 6 }, 1);
            assert!(flow.set(id, &value), "{}", column.name);
            let (mut cache, mut back) = (Cache::default(), Vec::new());
            Encoder::new(wire, 0, BOOT).encode(std::slice::from_ref(&flow), NOW, &mut |datagram| {
                let (mut read, report) = rows(datagram, &mut cache);
                assert_eq!(report.skipped, [], "{wire:?} {}", column.name);
                back.append(&mut read);
            });
            assert_eq!(back.len(), 1, "{wire:?} {}", column.name);
            assert_eq!(text_value(&back[0].get(id)), text_value(&value), "{wire:?} {}", column.name);
            tried += 1;
        }
        assert!(tried > least, "{wire:?}: {tried}");
    }
}
