// SPDX-License-Identifier: Apache-2.0
//! Flows that sleep before each of their packets give the rows of those that never do.

use minamo_dissect::{PROTOCOLS, Protocol, Side, Transport as Carried};

use super::*;

/// A packet: milliseconds, and raw IP.
type At = (i64, Vec<u8>);

/// Rows as they are written: a group without a value does not come back from sleep, and is not in them either.
fn rows(settings: &Settings, frames: &[At], sleep: bool) -> (Vec<String>, Counters) {
    let mut run = Run::new(settings.clone());
    if sleep {
        run.meter.flows.sleep_at_once();
    }
    frames.iter().for_each(|(millis, frame)| run.at(*millis, frame));
    let (rows, counters) = run.end();
    let written = |row: &Flow| {
        let mut out = Vec::new();
        row.push_json(&mut out);
        String::from_utf8(out).expect("JSON")
    };
    (rows.iter().map(written).collect(), counters)
}

/// The sample of a protocol as a conversation; what is longer than `most` in several segments.
fn conversation(protocol: &Protocol, client: u16, stream: bool, most: usize) -> Vec<Vec<u8>> {
    let client = (CLIENT.0, client);
    let server = (SERVER.0, protocol.ports.first().copied().unwrap_or(40_001));
    let mut next = [101u32, 901];
    let mut frames = Vec::new();
    if stream {
        frames.push(segment(client, server, 100, SYN, b""));
        frames.push(segment(server, client, 900, SYN | ACK, b""));
    }
    for (side, data) in protocol.sample {
        let (from, to) = if *side == Side::Src { (client, server) } else { (server, client) };
        for data in data.chunks(if stream { most } else { 1_400 }) {
            let seq = &mut next[side.index()];
            frames.push(match stream {
                true => segment(from, to, *seq, ACK, data),
                false => datagram(from, to, data),
            });
            *seq += data.len() as u32;
        }
    }
    if stream {
        frames.push(segment(client, server, next[0], ACK | FIN, b""));
        frames.push(segment(server, client, next[1], ACK | FIN, b""));
    }
    frames
}

/// Conversations of every protocol at once, one packet of each in turn.
fn everything(stream: bool) -> Vec<At> {
    let none = if stream { Carried::Datagram } else { Carried::Stream };
    let mut talks: Vec<_> = (10_000..)
        .zip(PROTOCOLS.iter().filter(|protocol| protocol.transport != none))
        .map(|(port, protocol)| conversation(protocol, port, stream, 100).into_iter())
        .collect();
    let mut frames = Vec::new();
    for millis in 0.. {
        let before = frames.len();
        frames.extend(talks.iter_mut().filter_map(|talk| Some((millis * 7, talk.next()?))));
        if frames.len() == before {
            break;
        }
    }
    frames
}

#[test]
fn sleep_changes_no_row_of_any_protocol() {
    let settings = [Groups::ALL, Groups::FULL, Groups { app: false, ..Groups::ALL }, Groups::LIGHT];
    for groups in settings {
        let settings = Settings { groups, splt_packets: 6, ..Settings::default() };
        for stream in [true, false] {
            let frames = everything(stream);
            let (slept, awake) = (rows(&settings, &frames, true), rows(&settings, &frames, false));
            assert!(awake.0.len() > 50);
            for (slept, awake) in slept.0.iter().zip(&awake.0) {
                assert_eq!(slept, awake);
            }
            assert_eq!((slept.0.len(), slept.1), (awake.0.len(), awake.1));
        }
    }
}

proptest! {
    #[test]
    fn sleep_changes_no_row_of_a_troubled_connection(
        which in 0..PROTOCOLS.len(),
        most in 20usize..200,
        order in proptest::collection::vec((0usize..30, 0i64..1_000), 0..60),
    ) {
        let frames = conversation(PROTOCOLS[which], 10_000, true, most);
        let mut now = 0;
        let frames: Vec<At> = order
            .into_iter()
            .filter_map(|(at, wait)| {
                now += wait;
                Some((now, frames.get(at)?.clone()))
            })
            .collect();
        let settings = Settings { splt_packets: 10, active_timeout: Duration::from_secs(5), ..Settings::default() };
        prop_assert_eq!(rows(&settings, &frames, true), rows(&settings, &frames, false));
    }
}

#[test]
fn what_is_awaited_of_a_side_that_was_not_seen_is_kept_in_sleep() {
    let frames: Vec<At> = [
        (0, segment(CLIENT, SERVER, 100, ACK, b"a question")),
        (10, segment(CLIENT, SERVER, 110, ACK, b"")),
        (20, segment(SERVER, CLIENT, 2_921, ACK, b"an answer")),
    ]
    .into();
    let (awake, asleep) = (rows(&Settings::default(), &frames, false), rows(&Settings::default(), &frames, true));
    assert_eq!(awake.0, asleep.0);
    assert!(asleep.0[0].contains("\"npm_dst_missing_bytes\":2920"), "{:?}", asleep.0);
}
