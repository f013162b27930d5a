// SPDX-License-Identifier: Apache-2.0
//! Which packets are one flow, when it ends, and who began.

use super::*;

#[test]
fn a_session_becomes_one_row_with_both_sides() {
    let mut run = Run::new(Settings::default());
    run.at(0, &segment(CLIENT, SERVER, 100, SYN, b""));
    run.at(20, &segment(SERVER, CLIENT, 500, SYN | ACK, b""));
    run.at(25, &segment(CLIENT, SERVER, 101, ACK, b""));
    run.at(30, &segment(CLIENT, SERVER, 101, ACK, b"request"));
    run.at(80, &segment(SERVER, CLIENT, 501, ACK, b"the answer"));
    run.at(90, &segment(SERVER, CLIENT, 501, ACK, b"the answer"));
    run.at(95, &segment(CLIENT, SERVER, 108, ACK | FIN, b""));
    run.at(99, &segment(SERVER, CLIENT, 511, ACK | FIN, b""));
    run.at(100, &segment(CLIENT, SERVER, 109, ACK, b""));
    let (rows, counters) = run.end();
    assert_eq!((rows.len(), counters.packets), (1, 9));
    let row = &rows[0];
    assert_eq!((row.core.src_ip.to_string().as_str(), row.core.src_port), ("192.0.2.1", 50_000));
    assert_eq!((row.core.src_packets, row.core.dst_packets), (5, 4));
    assert_eq!((row.core.src_bytes, row.core.dst_bytes), (5 * 40 + 7, 4 * 40 + 20));
    assert_eq!(row.core.end_reason.as_deref(), Some("tcp_fin"));
    assert_eq!(row.core.orientation.as_deref(), Some("handshake"));
    let npm = row.npm.as_ref().expect("measured");
    assert_eq!(
        (npm.dst_rtt_micros, npm.src_rtt_micros, npm.response_micros),
        (Some(20_000), Some(5_000), Some(50_000))
    );
    assert_eq!((npm.dst_retransmits, npm.src_retransmits), (Some(1), None));
    let splt = row.splt.as_ref().expect("two packets with data");
    assert_eq!(splt.lengths.as_deref(), Some([7, -10].as_slice()), "what is sent again does not count");
    assert_eq!(splt.times_micros.as_deref(), Some([0, 50_000].as_slice()));
}

#[test]
fn a_segment_that_comes_again_with_other_octets_is_counted() {
    let told = |again: &[u8]| {
        let mut run = Run::new(Settings::default());
        run.at(0, &segment(CLIENT, SERVER, 100, SYN, b""));
        run.at(20, &segment(SERVER, CLIENT, 500, SYN | ACK, b""));
        run.at(30, &segment(CLIENT, SERVER, 101, ACK, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
        run.at(40, &segment(SERVER, CLIENT, 501, ACK, &[b"HTTP/1.1 302 Found\r\n".as_slice(), &[b'x'; 60]].concat()));
        run.at(50, &segment(SERVER, CLIENT, 501, ACK, again));
        let (rows, _) = run.end();
        let npm = rows[0].npm.as_ref().expect("measured");
        (npm.src_conflicts, npm.dst_conflicts)
    };
    assert_eq!(told(&[b"HTTP/1.1 200 OK\r\n".as_slice(), &[b'y'; 600]].concat()), (None, Some(1)));
    assert_eq!(told(&[b"HTTP/1.1 302 Found\r\n".as_slice(), &[b'x'; 600]].concat()), (None, None), "more of the same");
    assert_eq!(told(b"HTTP/1.1 302 Found\r\n"), (None, None), "less of the same");
    assert_eq!(told(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), (None, Some(1)), "shorter, and another");
}

#[test]
fn data_that_goes_on_after_a_reset_is_counted() {
    let told = |last: &[u8], next: u32| {
        let mut run = Run::new(Settings::default());
        run.at(0, &segment(CLIENT, SERVER, 100, SYN, b""));
        run.at(20, &segment(SERVER, CLIENT, 500, SYN | ACK, b""));
        run.at(30, &segment(CLIENT, SERVER, 101, ACK, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
        run.at(40, &segment(SERVER, CLIENT, 501, ACK, b"HTTP/1.1 200 OK\r\n"));
        run.at(41, &segment(SERVER, CLIENT, 518, RST, b""));
        run.at(50, &segment(SERVER, CLIENT, next, ACK, last));
        let (rows, _) = run.end();
        let npm = rows[0].npm.as_ref().expect("measured");
        (rows.len(), npm.src_after_reset, npm.dst_after_reset)
    };
    assert_eq!(told(b"Content-Length: 0\r\n\r\n", 518), (1, None, Some(1)));
    assert_eq!(told(b"HTTP/1.1 200 OK\r\n", 501), (1, None, None), "sent again");
    assert_eq!(told(b"", 518), (1, None, None), "no data");
}

/// A segment of the client at a place of its own for each of its acknowledgements.
fn acknowledging(ack: u32, payload: &[u8]) -> Vec<u8> {
    let builder = PacketBuilder::ipv4(CLIENT.0, SERVER.0, 64).tcp(CLIENT.1, SERVER.1, 100 + ack, 1_000).ack(ack);
    let mut out = Vec::new();
    builder.write(&mut out, payload).expect("a Vec takes all");
    out
}

#[test]
fn a_side_whose_beginning_was_not_seen_misses_what_the_other_waited_for() {
    let missing = |starts: u32| {
        let mut run = Run::new(Settings::default());
        // What is awaited is octet 1.
        run.at(0, &segment(CLIENT, SERVER, 100, ACK, b"a question"));
        run.at(40, &segment(SERVER, CLIENT, starts, ACK, b"an answer"));
        let (rows, _) = run.end();
        rows[0].npm.as_ref().and_then(|npm| npm.dst_missing_bytes)
    };
    assert_eq!((missing(1), missing(2_921)), (None, Some(2_920)));
    assert_eq!(missing(4_000_000_000), None, "sent again");
    assert_eq!(missing(900_000_000), None, "another numbering");
    // What was acknowledged meanwhile was not seen either.
    let mut run = Run::new(Settings::default());
    run.at(0, &acknowledging(1, b"a question"));
    run.at(10, &acknowledging(2_921, b""));
    run.at(40, &segment(SERVER, CLIENT, 2_921, ACK, b"an answer"));
    let (rows, _) = run.end();
    assert_eq!(rows[0].npm.as_ref().and_then(|npm| npm.dst_missing_bytes), Some(2_920));
}

#[test]
fn octets_that_were_skipped_are_missing_until_they_come() {
    let told = |late: Option<(u32, &[u8])>| {
        let mut run = Run::new(Settings::default());
        run.at(0, &segment(CLIENT, SERVER, 100, SYN, b""));
        run.at(20, &segment(SERVER, CLIENT, 500, SYN | ACK, b""));
        run.at(30, &segment(CLIENT, SERVER, 101, ACK, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
        run.at(40, &segment(SERVER, CLIENT, 501, ACK, b"HTTP/1.1 200 OK\r\n"));
        run.at(41, &segment(SERVER, CLIENT, 618, ACK, b"octets after a hole of a hundred"));
        if let Some((sequence, data)) = late {
            run.at(50, &segment(SERVER, CLIENT, sequence, ACK, data));
        }
        let (rows, _) = run.end();
        let npm = rows[0].npm.as_ref().expect("measured");
        (npm.src_missing_bytes, npm.dst_missing_bytes)
    };
    assert_eq!(told(None), (None, Some(100)));
    assert_eq!(told(Some((518, &[b'x'; 60]))), (None, Some(40)), "a part came late");
    assert_eq!(told(Some((518, &[b'x'; 100]))), (None, None), "all came late");
    assert_eq!(told(Some((650, b"and on"))), (None, Some(100)), "what follows fills nothing");
}

#[test]
fn pings_at_the_same_time_are_told_apart_by_their_identifier() {
    let (one, other) = (CLIENT.0, SERVER.0);
    let echo = |from, to, kind: u8, id: u8| {
        let mut out = Vec::new();
        let builder = PacketBuilder::ipv4(from, to, 64).icmpv4_raw(kind, 0, [0, id, 0, 1]);
        builder.write(&mut out, b"ping").expect("a Vec takes all");
        out
    };
    let mut run = Run::new(Settings::default());
    for (kind, id, back) in [(8, 7, false), (8, 9, false), (0, 7, true), (0, 9, true), (8, 7, false), (3, 7, true)] {
        let (from, to) = if back { (other, one) } else { (one, other) };
        run.at(0, &echo(from, to, kind, id));
    }
    let (rows, _) = run.end();
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            let icmp = row.icmp.as_ref().expect("ICMP");
            (icmp.kind, icmp.id, row.core.src_packets, row.core.dst_packets)
        })
        .collect();
    // Errors have no identifier.
    assert_eq!(told, [(Some(8), Some(9), 1, 1), (Some(8), Some(7), 2, 1), (Some(3), None, 1, 0)]);
    assert!(rows.iter().all(|row| (row.core.src_port, row.core.dst_port) == (0, 0)));
    assert_ne!(rows[0].core.flow_id, rows[1].core.flow_id);
}

#[test]
fn a_capture_that_begins_with_the_answer_is_turned_round() {
    let mut run = Run::new(Settings::default());
    run.at(0, &segment(SERVER, CLIENT, 500, SYN | ACK, b""));
    run.at(1, &segment(CLIENT, SERVER, 101, ACK, b""));
    let (rows, _) = run.end();
    assert_eq!(rows[0].core.src_port, 50_000);
    let mut run = Run::new(Settings::default());
    run.at(0, &segment(SERVER, CLIENT, 500, ACK, b"data"));
    let (rows, _) = run.end();
    assert_eq!((rows[0].core.src_port, rows[0].core.orientation.as_deref()), (50_000, Some("port")));
}

#[test]
fn idle_flows_end_and_long_ones_come_in_parts_that_add_up() {
    let settings = Settings { active_timeout: Duration::from_secs(100), ..Settings::default() };
    let mut run = Run::new(settings);
    for second in 0..250 {
        run.at(second * 1_000, &segment(CLIENT, SERVER, 100, ACK, b""));
    }
    run.at(400_000, &segment(CLIENT, SERVER, 100, ACK, b""));
    let (rows, counters) = run.end();
    let reasons: Vec<_> = rows.iter().map(|r| r.core.end_reason.clone().unwrap_or_default()).collect();
    assert_eq!(reasons, ["active", "active", "idle", "end_of_input"]);
    assert_eq!(rows.iter().map(|r| r.core.src_packets).sum::<u64>(), 251);
    assert_eq!(rows[0].core.flow_id, rows[2].core.flow_id, "parts share the identity");
    assert_ne!(rows[2].core.flow_id, rows[3].core.flow_id);
    assert_eq!(counters.rows, 4);
}

#[test]
fn a_new_handshake_on_old_ports_is_a_new_flow() {
    let mut run = Run::new(Settings::default());
    run.at(0, &segment(CLIENT, SERVER, 100, SYN, b""));
    run.at(1, &segment(SERVER, CLIENT, 0, RST | ACK, b""));
    run.at(2, &segment(CLIENT, SERVER, 900, SYN, b""));
    let (rows, _) = run.end();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].core.end_reason.as_deref(), Some("tcp_rst"));
}

#[test]
fn the_table_is_bounded_and_evictions_are_counted() {
    let mut run = Run::new(Settings { max_flows: 10, ..Settings::default() });
    for port in 0..100 {
        run.at(i64::from(port), &segment(([192, 0, 2, 1], 40_000 + port), SERVER, 1, SYN, b""));
        assert!(run.meter.open_flows() <= 10);
    }
    let (rows, counters) = run.end();
    assert_eq!((rows.len(), counters.evicted), (100, 90));
}

#[test]
fn the_side_of_a_connection_without_handshake_is_told_by_its_port() {
    let orient = |from: u16, to: u16| {
        let mut run = Run::new(Settings::default());
        run.at(0, &segment((CLIENT.0, from), (SERVER.0, to), 1, ACK, b"x"));
        let row = run.end().0.remove(0);
        (row.core.dst_port, row.core.orientation.unwrap_or_default().into_owned())
    };
    assert_eq!(orient(443, 8_080), (443, "port".to_owned()));
    assert_eq!(orient(5_432, 50_000), (5_432, "port".to_owned()), "a user port against a dynamic one");
    assert_eq!(orient(50_000, 5_432), (5_432, "port".to_owned()));
    assert_eq!(orient(5_432, 40_000), (40_000, "first_packet".to_owned()));
}

proptest! {
    #[test]
    fn packets_and_octets_add_up(packets in proptest::collection::vec((0i64..200_000, 0u16..6, any::<bool>(), 0u8..32, 0usize..20), 1..200)) {
        let mut run = Run::new(Settings { max_flows: 4, ..Settings::default() });
        let mut octets = 0;
        for (millis, port, back, flags, length) in &packets {
            let client = ([192, 0, 2, 1], 50_000 + port);
            let (from, to) = if *back { (SERVER, client) } else { (client, SERVER) };
            let frame = segment(from, to, u32::from(*flags), *flags, &vec![b'x'; *length]);
            octets += frame.len() as u64;
            run.at(*millis, &frame);
        }
        let (rows, counters) = run.end();
        let sum = |f: fn(&Flow) -> u64| rows.iter().map(f).sum::<u64>();
        prop_assert_eq!(sum(|r| r.core.src_packets + r.core.dst_packets), packets.len() as u64);
        prop_assert_eq!(sum(|r| r.core.src_bytes + r.core.dst_bytes), octets);
        prop_assert_eq!(counters.rows, rows.len() as u64);
    }
}

#[test]
fn what_is_seen_of_one_side_only_says_why() {
    let one_way = |frames: &[Vec<u8>]| {
        let mut run = Run::new(Settings::default());
        frames.iter().for_each(|frame| run.at(0, frame));
        run.end().0.remove(0).net.and_then(|net| net.one_way.map(|why| why.into_owned()))
    };
    let said = |why: &str| Some(why.to_owned());
    assert_eq!(one_way(&[segment(CLIENT, SERVER, 1, SYN, b"")]), said("unanswered"));
    let half = [segment(CLIENT, SERVER, 1, SYN, b""), segment(CLIENT, SERVER, 2, ACK, b"x")];
    assert_eq!(one_way(&half), said("asymmetric"));
    assert_eq!(one_way(&[segment(SERVER, CLIENT, 0, SYN | ACK, b"")]), said("asymmetric"));
    assert_eq!(one_way(&[segment(SERVER, CLIENT, 0, RST | ACK, b"")]), said("unanswered"));
    assert_eq!(one_way(&[half[0].clone(), segment(SERVER, CLIENT, 0, RST | ACK, b"")]), None);
    assert_eq!(one_way(&[datagram(CLIENT, ([224, 0, 0, 251], 5_353), b"x")]), None, "a group does not answer");
}
