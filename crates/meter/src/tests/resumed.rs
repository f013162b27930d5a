// SPDX-License-Identifier: Apache-2.0
//! Conversations that go on after a silence.

use super::*;

const REQUEST: &[u8] = b"GET /live HTTP/1.1\r\nHost: www.youtube.com\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n";
/// Octets of no protocol.
const MIDDLE: &[u8] = &[0xe1, 0x03, 0x90, 0x77, 0xb2, 0x5c, 0x18, 0xaa, 0xf0, 0x6d];
const MINUTE: i64 = 60_000;

/// A conversation of eight packets from this time on, without an end.
fn talk(run: &mut Run, millis: i64) {
    run.at(millis, &segment(CLIENT, SERVER, 100, SYN, b""));
    run.at(millis + 10, &segment(SERVER, CLIENT, 500, SYN | ACK, b""));
    run.at(millis + 20, &segment(CLIENT, SERVER, 101, ACK, REQUEST));
    run.at(millis + 30, &segment(SERVER, CLIENT, 501, ACK, ANSWER));
    for at in 0..4 {
        run.at(millis + 40 + at, &segment(SERVER, CLIENT, 600, ACK, b""));
    }
}

/// Label, confidence and reason of each row.
fn labels(rows: &[Flow]) -> Vec<(&str, &str, &str)> {
    rows.iter().map(label).collect()
}

fn label(row: &Flow) -> (&str, &str, &str) {
    (&row.core.app, &row.core.app_confidence, row.core.app_reason.as_deref().unwrap_or_default())
}

#[test]
fn what_goes_on_after_a_silence_has_the_label_of_before() {
    let mut run = Run::new(Settings::default());
    talk(&mut run, 0);
    for minute in [10, 50] {
        for packet in 0..6 {
            run.at(minute * MINUTE + packet, &segment(SERVER, CLIENT, 90_000, ACK, MIDDLE));
        }
    }
    let (rows, counters) = run.end();
    let before = "Hypertext Transfer Protocol by its content; YouTube by the name www.youtube.com in http_host";
    let after = format!("{before}; known from before a silence");
    let want =
        [("HTTP.YouTube", "content", before), ("HTTP.YouTube", "content", &after), ("HTTP.YouTube", "content", &after)];
    assert_eq!(labels(&rows), want);
    assert_eq!(rows[1].http, None, "facts are those of its own packets");
    assert_eq!(rows[1].core.app_category, rows[0].core.app_category);
    assert_eq!(counters.forgotten_labels, 0);
}

#[test]
fn a_new_conversation_of_the_same_ports_and_one_after_an_hour_are_others() {
    let mut run = Run::new(Settings::default());
    talk(&mut run, 0);
    run.at(10 * MINUTE, &segment(CLIENT, SERVER, 7, SYN, b""));
    run.at(10 * MINUTE + 1, &segment(SERVER, CLIENT, 9, SYN | ACK, b""));
    run.at(10 * MINUTE + 2, &segment(CLIENT, SERVER, 8, ACK, MIDDLE));
    run.at(75 * MINUTE, &segment(CLIENT, SERVER, 900, ACK, MIDDLE));
    let (rows, _) = run.end();
    let apps: Vec<_> = labels(&rows).into_iter().map(|(app, ..)| app).collect();
    assert_eq!(apps, ["HTTP.YouTube", "Unknown", "Unknown"]);
}

#[test]
fn datagrams_are_remembered_for_ten_minutes() {
    let apps = |pause: i64| {
        let mut run = Run::new(Settings::default());
        let (call, from, to) =
            (b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5060\r\nCSeq: 1 INVITE\r\n\r\n", CLIENT, SERVER);
        (0..6).for_each(|packet| run.at(packet, &datagram(from, to, call)));
        run.at(pause * MINUTE, &datagram(from, to, MIDDLE));
        run.end().0.into_iter().map(|row| row.core.app.into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(apps(9), ["SIP", "SIP"]);
    assert_eq!(apps(11), ["SIP", "Unknown"]);
}
