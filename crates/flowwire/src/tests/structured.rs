// SPDX-License-Identifier: Apache-2.0
//! Structured data (RFC 6313), element types told by the exporter (RFC 5610), configured elements, the column
//! `extra`, and vendors' records with more than one meaning.

use std::sync::Arc;

use minamo_base::Ip;
use minamo_model::Flow;

use super::{ipfix, reasons, rows, v9, words};
use crate::{Cache, Elements};

fn extra(flow: &Flow) -> Vec<&str> {
    let list = flow.extra.as_deref().and_then(|group| group.extra.as_deref()).unwrap_or_default();
    list.iter().map(String::as_str).collect()
}

/// The row of one record of a template with an address and a field of variable length.
fn with(element: &[u16], content: &[u8], more: &[(u16, &[u8])]) -> (Flow, Cache) {
    let mut template = words(&[256, 2, 8, 4]);
    template.extend(words(element));
    let mut data = vec![192, 0, 2, 1];
    data.push(255);
    data.extend(u16::try_from(content.len()).expect("short").to_be_bytes());
    data.extend(content);
    let mut sets = more.to_vec();
    sets.extend([(2, template.as_slice()), (256, data.as_slice())]);
    let mut cache = Cache::default();
    let (mut flows, report) = rows(&ipfix(&sets), &mut cache);
    assert_eq!((reasons(&report), flows.len()), (vec![], 1));
    (flows.remove(0), cache)
}

#[test]
fn a_basic_list_is_shown_under_its_element() {
    let content = [3, 0, 82, 0xff, 0xff, 3, b'a', b'/', b'1', 1, b'b'];
    let (flow, cache) = with(&[291, 65_535], &content, &[]);
    assert_eq!(extra(&flow), ["interfaceName=a/1,b"]);
    assert_eq!(cache.counters().unfit_values, 0);
    let numbers = [3, 0, 10, 0, 4, 0, 0, 0, 7, 0, 0, 0, 9];
    assert_eq!(extra(&with(&[291, 65_535], &numbers, &[]).0), ["ingressInterface=7,9"]);
}

#[test]
fn lists_of_communities_have_their_column() {
    let content = [3, 0x01, 0xe3, 0, 4, 0xfb, 0xf4, 0, 1, 0xff, 0xff, 0xff, 1];
    let (flow, _) = with(&[485, 65_535], &content, &[]);
    let communities = flow.routing.and_then(|routing| routing.communities);
    assert_eq!(communities, Some(vec!["64500:1".to_owned(), "65535:65281".to_owned()]));
}

#[test]
fn the_records_of_a_list_add_to_the_row_and_never_change_it() {
    // Template 300: responder, host of a request, an element without a column.
    let inner = words(&[300, 3, 12, 4, 460, 65_535, 54, 4]);
    let record = |last: u8, host: &[u8]| {
        let mut out = vec![203, 0, 113, last, u8::try_from(host.len()).expect("short")];
        out.extend(host);
        out.extend([0, 0, 0, last]);
        out
    };
    let content = [vec![3, 1, 44], record(1, b"a"), record(2, b"b")].concat();
    let (flow, _) = with(&[292, 65_535], &content, &[(2, &inner)]);
    assert_eq!(flow.core.dst_ip, Ip::v4([203, 0, 113, 1]));
    assert_eq!(flow.http.as_deref().and_then(|http| http.host.as_deref()), Some("a"));
    let want = [
        "fragmentIdentification=1",
        "destinationIPv4Address=203.0.113.2",
        "httpRequestHost=b",
        "fragmentIdentification=2",
    ];
    assert_eq!(extra(&flow), want);
}

#[test]
fn a_list_of_several_templates_is_walked() {
    let inner = [words(&[300, 1, 460, 65_535]), words(&[301, 1, 457, 2])].concat();
    let content = [3, 1, 44, 0, 6, 1, b'a', 1, 45, 0, 6, 0, 200];
    let (flow, cache) = with(&[293, 65_535], &content, &[(2, &inner)]);
    let http = flow.http.as_deref().expect("a request");
    assert_eq!((http.host.as_deref(), http.status), (Some("a"), Some(200)));
    assert_eq!(cache.counters().unfit_values, 0);
}

#[test]
fn lists_that_lie_end_and_are_counted() {
    for content in [&[3][..], &[3, 0, 8, 0, 0, 1], &[3, 0, 8, 0, 4, 1, 2], &[3, 0x80, 8, 0, 4, 0]] {
        let (flow, cache) = with(&[291, 65_535], content, &[]);
        assert_eq!((extra(&flow).len(), cache.counters().unfit_values), (0, 1), "{content:?}");
    }
    let (_, cache) = with(&[293, 65_535], &[3, 1, 44, 0, 3], &[]);
    assert_eq!(cache.counters().unfit_values, 1);
    let template = words(&[256, 2, 8, 4, 292, 65_535]);
    let data = [1, 2, 3, 4, 5, 3, 1, 99, 7, 7];
    let (flows, report) = rows(&ipfix(&[(2, &template), (256, &data)]), &mut Cache::default());
    assert_eq!((flows.len(), reasons(&report)), (1, vec!["template 355 is not known, 2 octet(s) skipped".to_owned()]));
}

#[test]
fn lists_inside_lists_end_at_a_depth() {
    // Each list holds one value, which is a list.
    let mut content = vec![3, 0, 10, 0, 1, 7];
    for _ in 0..20 {
        let len = u8::try_from(content.len()).expect("short");
        content = [&[3, 1, 35, 0xff, 0xff, len][..], &content].concat();
    }
    let (flow, cache) = with(&[291, 65_535], &content, &[]);
    assert_eq!((extra(&flow).len(), cache.counters().cut_values), (0, 1));
}

#[test]
fn a_sequence_of_packets_told_as_lists_is_the_sequence() {
    let list = |id: u8, size: u8, values: &[u8]| {
        let head = [3, 0x83, id, 0, size, 0, 0, 0x1f, 0x79];
        [&[u8::try_from(head.len() + values.len()).expect("short")][..], &head, values].concat()
    };
    let mut times = Vec::new();
    for millis in [1_711_276_032_000u64, 1_711_276_032_005, 1_711_276_032_025] {
        times.extend(millis.to_be_bytes());
    }
    let template = words(&[256, 4, 8, 4, 291, 65_535, 291, 65_535, 291, 65_535]);
    let lists = [list(0xf5, 2, &[0, 100, 5, 0, 0, 50]), list(0xf6, 8, &times), list(0xf8, 1, &[1, 0xff, 1])];
    let data = [vec![192, 0, 2, 1], lists.concat()].concat();
    let (flows, report) = rows(&ipfix(&[(2, &template), (256, &data)]), &mut Cache::default());
    assert_eq!(reasons(&report), Vec::<String>::new());
    let splt = flows[0].splt.as_deref().expect("a sequence");
    assert_eq!(splt.lengths, Some(vec![100, -1_280, 50]));
    assert_eq!(splt.times_micros, Some(vec![0, 5_000, 20_000]));
}

#[test]
fn an_exporter_names_its_own_elements() {
    let mut cache = Cache::default();
    let template = [words(&[256, 2, 8, 4, 0x8001, 65_535, 1, 0x869f])].concat();
    let data = [192, 0, 2, 1, 3, b'r', b'e', b'd'];
    let (flows, _) = rows(&ipfix(&[(2, &template), (256, &data)]), &mut cache);
    assert_eq!(extra(&flows[0]), ["99999.1=7497060"], "not known yet: the number");
    // RFC 5610 §3.9: enterprise and number are the scope, then type and name.
    let options = words(&[257, 4, 2, 346, 4, 303, 2, 339, 1, 341, 65_535]);
    let told = [0, 1, 0x86, 0x9f, 0, 1, 13, 6, b'c', b'o', b'l', b'o', b'u', b'r'];
    let (_, report) = rows(&ipfix(&[(3, &options), (257, &told)]), &mut cache);
    assert_eq!((report.options, reasons(&report)), (1, vec![]));
    let (flows, _) = rows(&ipfix(&[(256, &data)]), &mut cache);
    assert_eq!(extra(&flows[0]), ["colour=red"]);
}

#[test]
fn configured_elements_fill_columns_or_have_a_name() {
    let text = "[[element]]\npen = 99\nid = 1\nname = \"who\"\ntype = \"string\"\ncolumn = \"user_src\"\n\
                [[element]]\npen = 99\nid = 2\nname = \"score\"\ntype = \"signed16\"\n";
    let elements = Arc::new(Elements::parse(text).expect("a table"));
    let mut cache = Cache::default().with_elements(elements);
    let template = words(&[256, 3, 8, 4, 0x8001, 8, 0, 99, 0x8002, 2, 0, 99]);
    let data = [192, 0, 2, 1, b'e', b'v', b'e', 0, 0, 0, 0, 0, 0xff, 0xfe];
    let (flows, report) = rows(&ipfix(&[(2, &template), (256, &data)]), &mut cache);
    assert_eq!(reasons(&report), Vec::<String>::new());
    assert_eq!(flows[0].user.as_deref().and_then(|user| user.src.as_deref()), Some("eve"));
    assert_eq!(extra(&flows[0]), ["score=-2"]);
}

#[test]
fn events_of_firewalls_have_their_columns() {
    // As a firewall sends them in version 9: addresses, translation, access list, event, its time, user, octets.
    let template = words(&[
        256, 13, 8, 4, 7, 2, 12, 4, 11, 2, 4, 1, 225, 4, 227, 2, 33_000, 12, 233, 1, 33_002, 2, 40_000, 8, 323, 8, 231,
        4,
    ]);
    let mut data = vec![10, 0, 0, 1, 0xc0, 1, 203, 0, 113, 5, 1, 0xbb, 6, 198, 51, 100, 1, 0x30, 0x39];
    data.extend([0x0f, 0x8e, 0x7f, 0xf3, 0xfc, 0x1a, 3, 0x0f, 0, 0, 0, 0, 3, 3, 0xe9]);
    data.extend(b"alice\0\0\0");
    data.extend(1_711_276_031_500u64.to_be_bytes());
    data.extend([0, 0, 0, 77]);
    let (flows, report) = rows(&v9(&[(0, &template), (256, &data)]), &mut Cache::default());
    assert_eq!(reasons(&report), Vec::<String>::new());
    let flow = &flows[0];
    let nat = flow.nat.as_deref().expect("a translation");
    assert_eq!((nat.src_ip, nat.src_port), (Some(Ip::v4([198, 51, 100, 1])), Some(12_345)));
    let firewall = flow.firewall.as_deref().expect("a firewall");
    assert_eq!((firewall.event.as_deref(), firewall.reason), (Some("denied"), Some(1_001)));
    assert_eq!(firewall.in_acl.as_deref(), Some("0f8e7ff3-fc1a030f-00000000"));
    assert_eq!(flow.user.as_deref().and_then(|user| user.src.as_deref()), Some("alice"));
    assert_eq!((flow.core.src_bytes, flow.core.time_end.millis()), (77, 1_711_276_031_500));
    assert!(flow.extra.is_none(), "{:?}", flow.extra);
}

#[test]
fn words_of_forwarding_translation_and_direction() {
    let template = words(&[256, 6, 8, 4, 89, 1, 230, 1, 61, 1, 195, 1, 70, 3]);
    let data = [192, 0, 2, 1, 0x82, 4, 1, 46, 0x05, 0xdc, 0x01];
    let (flows, _) = rows(&v9(&[(0, &template), (256, &data)]), &mut Cache::default());
    let forwarding = flows[0].forwarding.as_deref().expect("forwarding");
    assert_eq!((forwarding.status.as_deref(), forwarding.reason), (Some("dropped"), Some(2)));
    assert_eq!(flows[0].nat.as_deref().and_then(|nat| nat.event.as_deref()), Some("session44_create"));
    let exporter = flows[0].exporter.as_deref().expect("an exporter");
    assert_eq!(exporter.direction.as_deref(), Some("egress"));
    assert_eq!(flows[0].net.as_deref().and_then(|net| net.src_tos), Some(46 << 2));
    assert_eq!(flows[0].routing.as_deref().and_then(|routing| routing.mpls_labels.clone()), Some(vec![24_000]));
}

#[test]
fn encrypted_traffic_records_fill_the_sequence() {
    let template = words(&[256, 3, 8, 4, 44_941, 16, 44_944, 512]);
    let mut data = vec![192, 0, 2, 1];
    for word in [517i16, 1_400, -1, i16::MIN, 0, 12, -1, i16::MIN] {
        data.extend(word.to_be_bytes());
    }
    data.extend([0, 1].repeat(256));
    let (flows, _) = rows(&v9(&[(0, &template), (256, &data)]), &mut Cache::default());
    let splt = flows[0].splt.as_deref().expect("a sequence");
    assert_eq!(splt.lengths, Some(vec![517, 1_400, 1_400]));
    assert_eq!(splt.times_micros, Some(vec![0, 12_000, 0]));
    let counts = flows[0].eta.as_deref().and_then(|eta| eta.src_byte_counts.as_ref()).expect("counters");
    assert!(counts.len() == 256 && counts.iter().all(|count| *count == 1));
}

#[test]
fn frames_inside_records_are_opened() {
    let frame = [
        &[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0][..],
        &[0x45, 0, 0, 40, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 198, 51, 100, 7],
        &[0xc0, 0x01, 0, 53, 0, 20, 0, 0],
    ]
    .concat();
    let template = words(&[256, 2, 10, 4, 315, 65_535]);
    let data = [&[0, 0, 0, 9, u8::try_from(frame.len()).expect("short")][..], &frame].concat();
    let (flows, report) = rows(&ipfix(&[(2, &template), (256, &data)]), &mut Cache::default());
    assert_eq!(reasons(&report), Vec::<String>::new());
    assert_eq!((flows[0].core.dst_ip, flows[0].core.dst_port), (Ip::v4([198, 51, 100, 7]), 53));
    assert_eq!((flows[0].core.src_bytes, flows[0].core.src_packets), (40, 1));
}

#[test]
fn an_application_without_a_name_keeps_its_number() {
    let template = words(&[256, 2, 8, 4, 95, 4]);
    let data = [1, 1, 1, 1, 13, 0, 1, 0];
    let (flows, _) = rows(&v9(&[(0, &template), (256, &data)]), &mut Cache::default());
    assert_eq!(extra(&flows[0]), ["applicationId=13:256"]);
}

#[test]
fn fields_without_octets_and_records_of_the_largest_size() {
    let template = words(&[256, 4, 8, 4, 1, 0, 96, 0, 210, 60_000]);
    let mut data = vec![192, 0, 2, 1];
    data.resize(60_004, 0xff);
    let (flows, report) = rows(&ipfix(&[(2, &template), (256, &data)]), &mut Cache::default());
    assert_eq!((reasons(&report), flows.len(), flows[0].core.src_bytes), (vec![], 1, 0));
    assert!(flows[0].extra.is_none());
}
