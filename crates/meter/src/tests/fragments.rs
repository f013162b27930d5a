// SPDX-License-Identifier: Apache-2.0
//! Packets in fragments, and packets without their end.

use super::*;

#[test]
fn later_fragments_belong_to_the_flow_of_the_first() {
    let mut first = segment(CLIENT, SERVER, 1, ACK, &[b'x'; 12]);
    first[6] = 0x20;
    let mut later = first.clone();
    later[6..8].copy_from_slice(&[0, 4]);
    let mut run = Run::new(Settings::default());
    run.at(0, &first);
    run.at(1, &later);
    let (rows, counters) = run.end();
    assert_eq!((rows.len(), counters.orphan_fragments), (1, 0));
    assert_eq!(rows[0].net.as_ref().and_then(|n| n.fragments), Some(2));
}

#[test]
fn identifications_are_forgotten_after_a_minute() {
    let mut first = segment(CLIENT, SERVER, 1, ACK, &[b'x'; 12]);
    first[6] = 0x20;
    let mut later = first.clone();
    later[6..8].copy_from_slice(&[0, 4]);
    let mut run = Run::new(Settings::default());
    run.at(0, &first);
    run.at(61_000, &later);
    let (rows, counters) = run.end();
    assert_eq!((rows.len(), counters.orphan_fragments), (2, 1));
    assert_eq!(rows[1].core.src_port, 0, "the identification is another packet's by now");
}

/// The same packet as raw IPv6, in fragments.
fn fragments_6(packet: &[u8], id: u8, octets: usize) -> Vec<Vec<u8>> {
    let parts: Vec<_> = packet[20..].chunks(octets).collect();
    let last = parts.len() - 1;
    let fragment = |(at, part): (usize, &&[u8])| {
        let length = u16::try_from(8 + part.len()).expect("short").to_be_bytes();
        let place = u16::try_from(at * octets).expect("short") | u16::from(at != last);
        let ends = [[0x20; 16], [0x30; 16]].concat();
        let head = [&[0x60, 0, 0, 0], &length[..], &[44, 64], &ends].concat();
        [&head[..], &[packet[9], 0], &place.to_be_bytes(), &[0, 0, 0, id], part].concat()
    };
    parts.iter().enumerate().map(fragment).collect()
}

#[test]
fn dissectors_see_what_fragments_carry_in_any_order() {
    let name = format!("{0}.{0}.{0}.example.org", "a".repeat(40));
    let whole = long_question();
    for parts in [fragments(&whole, 7, 48), fragments_6(&whole, 7, 48)] {
        assert_eq!(parts.len(), 4);
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 1, 0]] {
            let mut run = Run::new(Settings::default());
            for (at, part) in order.into_iter().enumerate() {
                run.at(at as i64, &parts[part]);
            }
            let (rows, counters) = run.end();
            assert_eq!(rows.len(), 1, "{order:?}");
            let row = &rows[0];
            assert_eq!(row.dns.as_ref().and_then(|dns| dns.query.clone()).as_deref(), Some(&name[..]), "{order:?}");
            assert_eq!((row.core.src_packets, row.core.dst_port), (4, 53));
            assert_eq!(row.net.as_ref().map(|net| (net.fragments, net.fragment_overlaps)), Some((Some(4), None)));
            let octets: usize = parts.iter().map(Vec::len).sum();
            assert_eq!(row.core.src_bytes, octets as u64);
            assert_eq!((counters.joined_packets, counters.incomplete_packets, counters.orphan_fragments), (1, 0, 0));
        }
    }
}

#[test]
fn a_packet_without_its_end_is_looked_into_as_far_as_it_came() {
    let request = [&b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"[..], &[b' '; 60]].concat();
    let parts = fragments(&segment(CLIENT, (SERVER.0, 80), 1, ACK, &request), 9, 64);
    let mut run = Run::new(Settings::default());
    run.at(0, &parts[0]);
    run.at(29_000, &segment(CLIENT, SERVER, 1, ACK, b""));
    assert_eq!(run.meter.counters().incomplete_packets, 0);
    run.at(30_001, &segment(CLIENT, SERVER, 1, ACK, b""));
    assert_eq!(run.meter.counters().incomplete_packets, 1);
    // One that comes late is still of its flow.
    run.at(40_000, &parts[1]);
    let (rows, counters) = run.end();
    let row = rows.iter().find(|row| row.core.dst_port == 80).expect("the request");
    assert_eq!(row.core.app, "HTTP");
    assert_eq!((row.core.src_packets, rows.len(), counters.orphan_fragments), (2, 2, 0));
}

#[test]
fn fragments_are_forgotten_whenever_somebody_looks() {
    let parts = fragments(&segment(CLIENT, SERVER, 1, ACK, &[7; 100]), 9, 64);
    for step in [1_000, 29_000, 45_000, 61_000, 75_000, 200_000] {
        let mut run = Run::new(Settings { idle_timeout: Duration::from_secs(3_600), ..Settings::default() });
        parts.iter().for_each(|part| run.at(0, part));
        // Between one and one and a half times their age too.
        (1..=200_000 / step).for_each(|at| run.meter.advance(Time::from_millis(at * step), &mut |_| {}));
        run.at(200_000, &parts[1]);
        let (rows, counters) = run.end();
        assert_eq!((rows.len(), counters.orphan_fragments, counters.joined_packets), (2, 1, 1), "every {step} ms");
    }
}

#[test]
fn fragments_that_contradict_each_other_are_marked_and_the_first_octets_stay() {
    let whole = long_question();
    let parts = fragments(&whole, 7, 48);
    let mut other = parts[1].clone();
    other[30] ^= 1;
    for (sent, overlaps) in [
        ([&parts[0], &parts[1], &parts[1], &parts[2], &parts[3]], None),
        ([&parts[0], &parts[1], &other, &parts[2], &parts[3]], Some(1)),
    ] {
        let mut run = Run::new(Settings::default());
        sent.into_iter().for_each(|part| run.at(0, part));
        let (rows, counters) = run.end();
        assert_eq!(rows[0].net.as_ref().and_then(|net| net.fragment_overlaps), overlaps);
        assert_eq!(counters.overlapping_fragments, u64::from(overlaps.is_some()));
        assert!(rows[0].dns.as_ref().is_some_and(|dns| dns.query.as_ref().is_some_and(|name| !name.contains('`'))));
    }
}

#[test]
fn fragments_without_end_are_bounded_and_counted() {
    let mut run = Run::new(Settings { max_flows: 100, ..Settings::default() });
    let whole = datagram(CLIENT, SERVER, &[b'x'; 1_000]);
    let parts = fragments(&whole, 0, 8);
    for id in 0..10_000u32 {
        let mut part = parts[1].clone();
        part[4..6].copy_from_slice(&(id as u16).to_be_bytes());
        run.at(i64::from(id) / 100, &part);
    }
    let (rows, counters) = run.end();
    assert_eq!((counters.packets, counters.orphan_fragments), (10_000, 10_000));
    assert!(counters.forgotten_fragments >= 10_000 - 4_096);
    assert_eq!(rows.iter().map(|row| row.core.src_packets).sum::<u64>(), 10_000);
}
