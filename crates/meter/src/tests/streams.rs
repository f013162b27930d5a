// SPDX-License-Identifier: Apache-2.0
//! What dissectors are given of TCP.

use super::*;

/// A request in three segments.
fn http_request(order: &[usize]) -> Flow {
    let pieces: [(u32, &[u8]); 3] =
        [(101, b"GET /a HTTP/1.1\r\nHo"), (120, b"st: example.com\r\nUser-A"), (142, b"gent: x\r\n\r\n")];
    let mut run = Run::new(Settings::default());
    run.at(0, &segment(CLIENT, SERVER, 100, SYN, b""));
    for (at, piece) in order.iter().enumerate() {
        let (seq, data) = pieces[*piece];
        run.at(10 + at as i64, &segment(CLIENT, SERVER, seq, ACK, data));
    }
    run.end().0.remove(0)
}

/// A stream of the client: each segment with its sequence number.
fn client_stream(segments: &[(u32, &[u8])]) -> Flow {
    let mut run = Run::new(Settings::default());
    run.at(0, &segment(CLIENT, SERVER, 100, SYN, b""));
    for (millis, (seq, payload)) in segments.iter().enumerate() {
        run.at(1 + millis as i64, &segment(CLIENT, SERVER, *seq, ACK, payload));
    }
    run.end().0.remove(0)
}

#[test]
fn padding_of_a_frame_is_no_data() {
    let (first, second) = (b"GET /path HTTP/1.1\r\nHost: ".as_slice(), b"www.example.org\r\n\r\n".as_slice());
    let next = 101 + first.len() as u32;
    let whole = client_stream(&[(101, first), (next, second)]);
    assert_eq!(whole.core.app, "HTTP");
    let padded = client_stream(&[(101, &[0; 2]), (101, first), (next, &[0; 6]), (next, second), (next, &[0])]);
    assert_eq!((&padded.http, &padded.splt.map(|splt| splt.lengths)), (&whole.http, &whole.splt.map(|s| s.lengths)));
    let mut run = Run::new(Settings::default());
    run.at(0, &segment(SERVER, CLIENT, 100, SYN | ACK, &[0; 2]));
    run.at(1, &segment(SERVER, CLIENT, 101, ACK, b"HTTP/1.1 200 OK\r\n\r\n"));
    assert_eq!(run.end().0[0].core.app, "HTTP", "behind a handshake too");
    let late = client_stream(&[(next, &[0; 6]), (next, second), (101, first)]);
    assert_eq!(late.http, whole.http, "padding gives way to what came with the same number");
}

#[test]
fn a_keep_alive_before_anything_else_of_a_side_is_no_data() {
    let request = b"GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n";
    let mut run = Run::new(Settings::default());
    run.at(0, &segment(CLIENT, SERVER, 500, ACK, &[0]));
    run.at(1, &segment(SERVER, CLIENT, 900, ACK, b""));
    run.at(2, &segment(CLIENT, SERVER, 501, ACK, request));
    run.at(3, &segment(CLIENT, SERVER, 501 + request.len() as u32 - 1, ACK, &[0]));
    let flow = run.end().0.remove(0);
    assert_eq!(flow.http.and_then(|http| http.host).as_deref(), Some("www.example.org"));
}

#[test]
fn zeros_that_the_stream_goes_on_behind_are_data() {
    // The length in front of a DNS message has a zero octet, and here a segment of its own.
    let query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03org\x00\x00\x01\x00\x01";
    let rest = [&[query.len() as u8][..], query].concat();
    let flow = client_stream(&[(101, &[0]), (102, &rest)]);
    assert_eq!(flow.dns.and_then(|dns| dns.query).as_deref(), Some("example.org"));
}

#[test]
fn order_of_arrival_does_not_change_what_dissectors_see() {
    let in_order = http_request(&[0, 1, 2]);
    for order in [[0, 2, 1], [2, 1, 0], [1, 0, 2]] {
        let other = http_request(&order);
        assert_eq!(other.http, in_order.http);
        assert_eq!(other.core.app, in_order.core.app);
    }
}

#[test]
fn lost_octets_are_given_up_when_the_receiver_has_them_and_at_the_end() {
    let start = || {
        let mut run = Run::new(Settings::default());
        run.at(0, &segment(CLIENT, SERVER, 100, SYN, b""));
        run.at(1, &segment(CLIENT, SERVER, 120, ACK, b"after a gap"));
        assert_eq!(run.meter.counters().stream_gaps, 0, "it may still come");
        run
    };
    assert_eq!(start().end().1.stream_gaps, 1);
    let mut run = start();
    let mut answer = segment(SERVER, CLIENT, 500, ACK, b"");
    answer[28..32].copy_from_slice(&130u32.to_be_bytes());
    run.at(2, &answer);
    assert_eq!(run.meter.counters().stream_gaps, 0, "a part of the segment is not the segment");
    answer[28..32].copy_from_slice(&131u32.to_be_bytes());
    run.at(3, &answer);
    assert_eq!(run.meter.counters().stream_gaps, 1);
    assert_eq!(run.end().1.stream_gaps, 1, "it is told once");
}
