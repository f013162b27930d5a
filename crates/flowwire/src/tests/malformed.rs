// SPDX-License-Identifier: Apache-2.0
//! Datagrams that break the formats: the whole message of the reason, with its offset.

use super::{ipfix, reasons, rows, v9, words};
use crate::{Cache, Limits};

fn said(octets: &[u8]) -> Vec<String> {
    reasons(&rows(octets, &mut Cache::default()).1)
}

#[test]
fn headers() {
    assert_eq!(said(&[]), ["datagram.version at octet 0: 2 octet(s) missing"]);
    assert_eq!(said(&[0, 8, 1]), ["version: got 8, want one of the registered formats"]);
    assert_eq!(said(&[0, 5, 0]), ["header.count at octet 2: 1 octet(s) missing"]);
    assert_eq!(said(&[0, 5, 0, 0]), ["header.count at octet 2: got 0, want at least 1"]);
    assert_eq!(said(&[0, 9, 0, 1, 0, 0]), ["v9.sys_uptime at octet 4: 2 octet(s) missing"]);
    assert_eq!(said(&[0, 10, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0]), ["ipfix.domain at octet 12: 4 octet(s) missing"]);
    let mut short = ipfix(&[]);
    short[3] = 15;
    assert_eq!(said(&short), ["ipfix.length at octet 2: got 15, want the size of the datagram"]);
    short[3] = 17;
    assert_eq!(said(&short), ["ipfix.length at octet 2: got 17, want the size of the datagram"]);
}

#[test]
fn sets() {
    let mut short = v9(&[(0, &[])]);
    short[23] = 3;
    assert_eq!(said(&short), ["set.length at octet 22: got 3, want at least 4"]);
    short[23] = 9;
    assert_eq!(said(&short), ["set.body at octet 24: 5 octet(s) missing"]);
    assert_eq!(said(&v9(&[(2, &[1, 2, 3, 4])])), ["set 2 is reserved, 4 octet(s) skipped"]);
    assert_eq!(said(&ipfix(&[(4, &[])])), ["set 4 is reserved, 0 octet(s) skipped"]);
    assert_eq!(said(&v9(&[(256, &[0; 8])])), Vec::<String>::new(), "it waits for its template");
}

#[test]
fn templates() {
    let said_of = |list: &[u16]| said(&v9(&[(0, &words(list))]));
    assert_eq!(said_of(&[255, 1, 8, 4]), ["template.id at octet 24: got 255, want at least 256"]);
    assert_eq!(said_of(&[256, 0]), ["template.field_count at octet 26: got 0, want at least 1"]);
    assert_eq!(said_of(&[256, 1, 8, 0]), ["template.record_length at octet 24: got 0, want 1 to 65535"]);
    assert_eq!(said_of(&[256, 2, 8, 4]), ["template.element at octet 32: 2 octet(s) missing"]);
    assert_eq!(said(&ipfix(&[(2, &words(&[256, 0]))])), [""; 0], "a withdrawal has no effect over UDP");
    assert_eq!(
        said(&ipfix(&[(2, &words(&[256, 1, 0x8008, 4]))])),
        ["template.enterprise at octet 28: 4 octet(s) missing"]
    );
    let mut cache = Cache::new(Limits { template_fields: 1, ..Limits::default() });
    let (_, report) = rows(&v9(&[(0, &words(&[256, 2, 8, 4, 12, 4]))]), &mut cache);
    assert_eq!(reasons(&report), ["template.field_count at octet 24: got 2, want no more than the configured bound"]);
}

#[test]
fn data() {
    let template = words(&[256, 2, 8, 4, 96, 65_535]);
    let octets = ipfix(&[(2, &template), (256, &[1, 2, 3, 4, 1, b'a', 5, 6, 7, 8, 9, b'b'])]);
    let (flows, report) = rows(&octets, &mut Cache::default());
    assert_eq!(reasons(&report), ["record.field at octet 47: 8 octet(s) missing"]);
    assert_eq!((flows.len(), &*flows[0].core.app), (1, "a"), "the record before it was delivered");
    let nothing = words(&[256, 1, 400, 4]);
    assert_eq!(said(&v9(&[(0, &nothing), (256, &[1; 4])])), ["template 256 fills no column, 4 octet(s) skipped"]);
}

#[test]
fn good_sets_survive_bad_neighbours() {
    let template = words(&[256, 1, 8, 4]);
    let broken = words(&[257, 9, 8]);
    let octets = v9(&[(0, &broken), (3, &[1]), (999, &[0; 5]), (0, &template), (256, &[192, 0, 2, 1, 0, 0])]);
    let (flows, report) = rows(&octets, &mut Cache::default());
    assert_eq!((flows.len(), report.skipped.len(), report.parked), (1, 2, 1));
}

/// Many templates, each as large as may be and none like another: memory stays within the bounds, and what is
/// thrown away is counted.
#[test]
fn template_bombs_stay_within_the_bounds() {
    let limits = Limits { templates: 16, fields: 4_096, sessions: 4, ..Limits::default() };
    let mut cache = Cache::new(limits);
    for round in 0..200u16 {
        let mut template = vec![256 + round, 300];
        template.extend((0..300).flat_map(|at| [1 + (at + round) % 500, 1 + at % 9]));
        let (_, report) = rows(&v9(&[(0, &words(&template))]), &mut cache);
        assert_eq!(report.templates, 1, "{round}");
        assert!(cache.templates() <= 16);
    }
    assert!(cache.counters().evicted_templates >= 184);
}

/// Options that describe elements without end, and one that changes its mind.
#[test]
fn elements_that_exporters_describe_are_bounded() {
    let mut cache = Cache::new(Limits { all_applications: 100, ..Limits::default() });
    let options = words(&[257, 4, 2, 346, 4, 303, 2, 339, 1, 341, 65_535]);
    rows(&ipfix(&[(3, &options)]), &mut cache);
    for id in 0..300u16 {
        let [high, low] = id.to_be_bytes();
        rows(&ipfix(&[(257, &[0, 1, 0x86, 0x9f, high, low, 13, 1, b'x'])]), &mut cache);
        rows(&ipfix(&[(257, &[0, 1, 0x86, 0x9f, 0, 1, 1, 1, b'y'])]), &mut cache);
    }
    assert_eq!(cache.applications(), 100);
    assert!(cache.counters().refused_facts >= 200);
}

/// The largest record that IPFIX can have, of one field, and lists in it that lie about their length.
#[test]
fn records_of_the_largest_size_are_read_in_bounds() {
    let template = words(&[256, 2, 8, 4, 293, 65_535]);
    let mut data = vec![192, 0, 2, 1, 255, 0xff, 0x00, 3];
    data.resize(8 + 0xff00 - 1, 1);
    let mut cache = Cache::default();
    let (flows, _) = rows(&ipfix(&[(2, &template), (256, &data)]), &mut cache);
    assert_eq!(flows.len(), 1);
    assert_eq!(cache.counters().unfit_values + cache.counters().cut_values, 1, "the list ends where it lies");
}
