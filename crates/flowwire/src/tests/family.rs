// SPDX-License-Identifier: Apache-2.0
//! Exporters that share an address, and exporters that change their port.

use minamo_base::{Ip, Time};
use minamo_model::Flow;

use super::{EXPORTER, RECEIVED, v9, words};
use crate::{Cache, Limits, Report, Sender, decode};

/// A cache that is asked from several ports.
struct Behind {
    cache: Cache,
    now: Time,
}

impl Behind {
    fn new() -> Self {
        Self { cache: Cache::default(), now: RECEIVED }
    }

    fn wait(&mut self, secs: i64) {
        self.now = Time(self.now.0 + secs * 1_000_000_000);
    }

    fn send(&mut self, port: u16, sets: &[(u16, &[u8])]) -> (Vec<Flow>, Report) {
        let mut rows = Vec::new();
        let sender = Sender { address: Ip::v4(EXPORTER), port };
        let report = decode(&v9(sets), sender, self.now, &mut self.cache, &mut |flow| rows.push(flow.clone()));
        (rows, report)
    }
}

#[test]
fn two_exporters_behind_one_address_have_templates_of_their_own() {
    let mut both = Behind::new();
    // The same number and length: a source and a port, or a port and a source.
    both.send(1_001, &[(0, &words(&[256, 2, 8, 4, 7, 2]))]);
    both.send(1_002, &[(0, &words(&[256, 2, 7, 2, 8, 4]))]);
    for _ in 0..2 {
        let (rows, _) = both.send(1_001, &[(256, &[10, 0, 0, 1, 0, 80])]);
        assert_eq!((rows[0].core.src_ip, rows[0].core.src_port), (Ip::v4([10, 0, 0, 1]), 80));
        let (rows, _) = both.send(1_002, &[(256, &[0, 81, 10, 0, 0, 2])]);
        assert_eq!((rows[0].core.src_ip, rows[0].core.src_port), (Ip::v4([10, 0, 0, 2]), 81));
    }
    assert_eq!(both.cache.counters().redefined_templates, 0);
    // Of a third one nobody can tell which of the two it is like.
    let (rows, report) = both.send(1_003, &[(256, &[10, 0, 0, 3, 0, 82])]);
    assert_eq!((rows.len(), report.parked), (0, 1));
    let (rows, report) = both.send(1_003, &[(0, &words(&[256, 2, 8, 4, 7, 2]))]);
    assert_eq!((rows.len(), report.replayed, rows[0].core.src_port), (1, 1, 82));
}

#[test]
fn an_exporter_with_a_new_port_is_understood_before_it_sends_its_templates_again() {
    let mut one = Behind::new();
    let options = words(&[257, 4, 4, 1, 4, 34, 4]);
    one.send(1_001, &[(0, &words(&[256, 1, 8, 4])), (1, &options), (257, &[0, 0, 0, 0, 0, 0, 0, 64])]);
    one.wait(120);
    let (rows, report) = one.send(40_000, &[(256, &[10, 0, 0, 1])]);
    assert_eq!((rows.len(), report.skipped.len(), one.cache.counters().borrowed_templates), (1, 0, 1));
    assert_eq!(rows[0].sampling.as_deref().and_then(|sampling| sampling.rate), Some(64));
    assert!(one.cache.view(Ip::v4(EXPORTER), 9)[1].templates[0].borrowed, "and is shown so");
    // The old port speaks: they are two, and the rate is that of the other one.
    one.send(1_001, &[(256, &[10, 0, 0, 1])]);
    let (rows, _) = one.send(40_000, &[(256, &[10, 0, 0, 1])]);
    assert!(rows[0].sampling.is_none());
    let (rows, _) = one.send(1_001, &[(256, &[10, 0, 0, 1])]);
    assert!(rows[0].sampling.is_some());
}

#[test]
fn data_that_cannot_be_of_the_other_ports_template_waits() {
    let mut both = Behind::new();
    both.send(1_001, &[(0, &words(&[256, 3, 8, 4, 12, 4, 1, 8]))]);
    let (rows, report) = both.send(1_002, &[(256, &[0; 24])]);
    assert_eq!((rows.len(), report.parked), (0, 1));
}

#[test]
fn data_of_a_second_exporter_waits_for_its_own_template() {
    let mut both = Behind::new();
    // The other one has the same number and a record of the same length: a destination in place of the source.
    both.send(1_001, &[(0, &words(&[256, 1, 8, 4])), (256, &[10, 0, 0, 1])]);
    let (rows, report) = both.send(1_002, &[(256, &[10, 0, 0, 2])]);
    assert_eq!((rows.len(), report.parked, both.cache.counters().ambiguous_sets), (0, 1, 1));
    assert!(both.cache.summaries().is_empty(), "nothing says yet that they are two");
    let (rows, report) = both.send(1_002, &[(0, &words(&[256, 1, 12, 4]))]);
    assert_eq!((rows.len(), report.replayed, rows[0].core.dst_ip), (1, 1, Ip::v4([10, 0, 0, 2])));
    both.wait(1);
    let (rows, _) = both.send(1_001, &[(256, &[10, 0, 0, 1])]);
    assert_eq!(rows[0].core.src_ip, Ip::v4([10, 0, 0, 1]));
    both.send(1_002, &[(256, &[10, 0, 0, 2])]);
    assert_eq!(both.cache.summaries()[&Ip::v4(EXPORTER)].sharing, 2);
    assert_eq!((both.cache.counters().borrowed_templates, both.cache.counters().redefined_templates), (0, 0));
}

#[test]
fn a_port_for_every_datagram_loses_nothing_although_it_looks_like_several_exporters_at_first() {
    let mut one = Behind::new();
    let (mut rows, mut replayed) = (one.send(5_000, &[(0, &words(&[256, 1, 8, 4])), (256, &[10, 0, 0, 1])]).0.len(), 0);
    for port in 5_001..5_040 {
        let (read, report) = one.send(port, &[(256, &[10, 0, 0, 1])]);
        rows += read.len();
        replayed += report.replayed;
    }
    assert_eq!((rows, replayed, one.cache.parking().octets), (40, 7, 0));
    assert!(one.cache.summaries().is_empty());
}

#[test]
fn what_waits_of_a_port_that_is_gone_is_read_by_its_successors_template() {
    let mut one = Behind::new();
    one.send(1_001, &[(256, &[10, 0, 0, 1]), (256, &[0; 3])]);
    let template = words(&[256, 1, 8, 4]);
    let (rows, report) = one.send(1_002, &[(0, &template)]);
    assert_eq!((rows.len(), report.replayed), (0, 0), "it may still come from there");
    one.wait(120);
    let (rows, report) = one.send(1_002, &[(0, &template)]);
    assert_eq!((rows.len(), report.replayed), (1, 1), "the other set is too short for it");
    assert_eq!(rows[0].core.time_received, Some(RECEIVED), "when it came");
}

#[test]
fn a_port_for_every_datagram_is_one_session_with_one_sequence() {
    let mut one = Behind::new();
    one.send(5_000, &[(0, &words(&[256, 1, 8, 4]))]);
    for port in 5_001..5_200 {
        let (rows, report) = one.send(port, &[(256, &[10, 0, 0, 1])]);
        assert_eq!((rows.len(), report.skipped.len()), (1, 0), "port {port}");
    }
    assert_eq!((one.cache.sessions(), one.cache.templates()), (1, 1));
    one.send(6_000, &[(0, &words(&[256, 1, 12, 4]))]);
    let (rows, _) = one.send(6_001, &[(256, &[10, 0, 0, 1])]);
    assert_eq!(rows[0].core.dst_ip, Ip::v4([10, 0, 0, 1]), "the newest template holds");
}

#[test]
fn ports_that_are_silent_for_an_hour_are_given_up() {
    let mut one = Behind::new();
    for port in 0..100 {
        let (rows, _) = one.send(5_000 + port, &[(0, &words(&[256, 1, 8, 4])), (256, &[10, 0, 0, 1])]);
        assert_eq!(rows.len(), 1);
        assert!(one.cache.sessions() <= 8);
        one.wait(700);
    }
    assert_eq!((one.cache.templates(), one.cache.sessions()), (6, 6), "an hour's ports");
    assert_eq!(one.cache.counters().evicted_sessions, 0);
}

#[test]
fn a_flood_of_addresses_and_ports_stays_within_the_bounds() {
    let mut cache = Cache::new(Limits { sessions: 64, ..Limits::default() });
    let template = v9(&[(0, &words(&[256, 1, 8, 4]))]);
    for number in 0..20_000u16 {
        let [high, low] = number.to_be_bytes();
        // Some addresses come again with another port, others never.
        let address = if low < 16 { Ip::v4([10, 0, 0, low]) } else { Ip::v4([10, 1, high, low]) };
        decode(&template, Sender { address, port: number | 1 }, RECEIVED, &mut cache, &mut |_| {});
        assert!(cache.sessions() <= 64 && cache.families.len() <= 64 && cache.templates() <= 64);
    }
    assert!(cache.counters().evicted_sessions > 10_000);
}
