// SPDX-License-Identifier: Apache-2.0
//! Datagrams built by hand from the figures of the specifications, and their rows.

use minamo_base::{Ip, Mac, Time};

use super::{RECEIVED, ipfix, reasons, rows, v9, words};
use crate::{Cache, FORMATS};

/// RFC 3954 §5.2 and §5.3: template 256, three records.
#[test]
fn the_example_of_rfc_3954() {
    let template = words(&[256, 5, 8, 4, 12, 4, 15, 4, 2, 4, 1, 4]);
    let mut data = Vec::new();
    for (source, target, packets, octets) in [
        ([198, 168, 1, 12], [10, 5, 12, 254], 5_009u32, 5_344_385u32),
        ([192, 168, 1, 27], [10, 5, 12, 23], 748, 388_934),
        ([192, 168, 1, 56], [10, 5, 12, 65], 5, 6_534),
    ] {
        data.extend(source.iter().chain(&target).chain(&[192, 168, 1, 1]));
        data.extend(packets.to_be_bytes());
        data.extend(octets.to_be_bytes());
    }
    let (flows, report) = rows(&v9(&[(0, &template), (256, &data)]), &mut Cache::default());
    assert_eq!((report.rows, report.templates, report.skipped.len()), (3, 1, 0));
    let sums: (u64, u64) = flows.iter().fold((0, 0), |(p, b), f| (p + f.core.src_packets, b + f.core.src_bytes));
    assert_eq!(sums, (5_762, 5_739_853));
    let first = &flows[0];
    assert_eq!((first.core.src_ip, first.core.dst_ip), (Ip::v4([198, 168, 1, 12]), Ip::v4([10, 5, 12, 254])));
    let exporter = first.exporter.as_deref().expect("an exporter");
    assert_eq!((exporter.ip, exporter.domain), (Some(Ip::v4(super::EXPORTER)), Some(7)));
    assert_eq!(exporter.next_hop, Some(Ip::v4([192, 168, 1, 1])));
    assert_eq!((first.core.time_start, first.core.time_received), (Time(1_711_276_032_000_000_000), Some(RECEIVED)));
    assert_eq!((&*first.core.app, &*first.core.app_confidence), ("Unknown", "none"));
}

#[test]
fn netflow_5_in_full() {
    let (flows, _) = rows(FORMATS[0].sample, &mut Cache::default());
    let flow = &flows[0];
    assert_eq!((flow.core.src_ip, flow.core.src_port), (Ip::v4([192, 0, 2, 1]), 49_153));
    assert_eq!((flow.core.dst_ip, flow.core.dst_port), (Ip::v4([198, 51, 100, 7]), 443));
    assert_eq!((flow.core.src_packets, flow.core.src_bytes, flow.core.proto), (5, 256, 6));
    assert_eq!(flow.core.time_start.to_string(), "2024-03-24T10:27:07Z");
    assert_eq!(flow.core.time_end.to_string(), "2024-03-24T10:27:11Z");
    let exporter = flow.exporter.as_deref().expect("an exporter");
    assert_eq!((exporter.domain, exporter.in_if, exporter.out_if), (Some(0x0102), Some(3), Some(4)));
    assert_eq!((exporter.src_as, exporter.dst_as), (Some(65_000), Some(65_001)));
    assert_eq!((exporter.src_mask, exporter.dst_mask), (Some(24), Some(22)));
    assert_eq!(flow.tcp.as_deref().and_then(|tcp| tcp.src_flags), Some(0x1b));
    assert_eq!(flow.net.as_deref().and_then(|net| net.src_tos), Some(0x10));
    let sampling = flow.sampling.as_deref().expect("a rate");
    assert_eq!((sampling.rate, sampling.origin.as_deref()), (Some(100), Some("header")));
}

#[test]
fn ipfix_with_variable_length_enterprise_and_reverse_elements() {
    let (flows, _) = rows(FORMATS[2].sample, &mut Cache::default());
    let core = &flows[0].core;
    assert_eq!((core.src_bytes, core.dst_bytes, core.src_packets), (5_344_385, 256, 5_009));
    assert_eq!((&*core.app, &*core.app_confidence), ("dns", "exporter"));
    assert_eq!(core.time_start, Time::from_millis(0x018e_6fff_fc20));
    assert_eq!(core.orientation.as_deref(), Some("exporter"));
}

/// RFC 7011 §6.2: an element may have fewer octets than its type.
#[test]
fn reduced_sizes_families_and_link_layer() {
    let template =
        words(&[300, 12, 27, 16, 28, 16, 8, 4, 1, 3, 2, 8, 56, 6, 80, 6, 58, 2, 6, 2, 400, 2, 150, 4, 151, 4]);
    let mut data = Vec::new();
    data.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    data.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    data.extend([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]);
    data.extend([0, 0x1b, 0x21, 1, 2, 3, 0, 0x1b, 0x21, 4, 5, 6, 0, 42, 0x01, 0x12, 0xff, 0xff]);
    data.extend([0x65, 0xff, 0xff, 0, 0x65, 0xff, 0xff, 60]);
    let mut cache = Cache::default();
    let (flows, report) = rows(&ipfix(&[(2, &template), (300, &data)]), &mut cache);
    assert_eq!(reasons(&report), Vec::<String>::new());
    let flow = &flows[0];
    assert_eq!(
        (flow.core.src_ip.to_string(), flow.core.dst_ip.to_string()),
        ("2001:db8::1".into(), "2001:db8::2".into())
    );
    assert_eq!((flow.core.src_bytes, flow.core.src_packets), (65_536, 9));
    let l2 = flow.l2.as_deref().expect("a link layer");
    assert_eq!((l2.src_mac, l2.dst_mac), (Some(Mac([0, 0x1b, 0x21, 1, 2, 3])), Some(Mac([0, 0x1b, 0x21, 4, 5, 6]))));
    assert_eq!((l2.vlan, flow.tcp.as_deref().and_then(|tcp| tcp.src_flags)), (Some(42), Some(0x12)));
    assert_eq!((flow.core.time_start.secs(), flow.core.time_end.secs()), (0x65ff_ff00, 0x65ff_ff3c));
    assert_eq!(cache.counters().unmapped, [((0, 400), 1)].into());
}

#[test]
fn elements_without_a_column_are_counted() {
    let template = words(&[256, 3, 8, 4, 400, 2, 401, 2]);
    let mut cache = Cache::default();
    let (_, report) = rows(&v9(&[(0, &template), (256, &[1; 16])]), &mut cache);
    assert_eq!((report.rows, &cache.counters().unmapped), (2, &[((0, 400), 2), ((0, 401), 2)].into()));
}

#[test]
fn lost_messages_are_counted_by_their_numbers() {
    let mut cache = Cache::default();
    let mut octets = v9(&[]);
    rows(&octets, &mut cache);
    octets[15] = 5;
    assert_eq!(rows(&octets, &mut cache).1.lost, 3);
    let template = words(&[256, 1, 8, 4]);
    let mut octets = ipfix(&[(2, &template), (256, &[1, 2, 3, 4, 5, 6, 7, 8])]);
    rows(&octets, &mut cache);
    octets[11] = 10;
    assert_eq!(rows(&octets, &mut cache).1.lost, 7, "1 and two records make 3");
}
