// SPDX-License-Identifier: Apache-2.0
//! Conversations that others announced.

use super::*;

const CONTROL: ([u8; 4], u16) = (SERVER.0, 21);

/// What a row is called, by its ports, and why.
fn told(rows: &[Flow], ports: (u16, u16)) -> (&str, &str) {
    let row = rows.iter().find(|row| (row.core.src_port, row.core.dst_port) == ports).expect("a row");
    (&row.core.app, row.core.app_reason.as_deref().unwrap_or_default())
}

/// A session that agrees on a port, then a file that looks like nothing.
fn transfer(server: &[u8], client: &[u8], from: ([u8; 4], u16), to: ([u8; 4], u16)) -> Vec<Flow> {
    let mut run = Run::new(Settings::default());
    run.at(0, &segment(CLIENT, CONTROL, 100, SYN, b""));
    run.at(1, &segment(CONTROL, CLIENT, 500, ACK, b"220 FTP ready\r\n"));
    run.at(2, &segment(CLIENT, CONTROL, 101, ACK, client));
    run.at(3, &segment(CONTROL, CLIENT, 515, ACK, server));
    run.at(4, &segment(from, to, 900, SYN, b""));
    run.at(5, &segment(to, from, 30, ACK, &[0xf7; 400]));
    run.end().0
}

#[test]
fn data_go_to_the_port_that_was_agreed_on() {
    let (data, waiting) = ((SERVER.0, 20_000), (CLIENT.0, 50_007));
    let passive = transfer(b"227 Entering Passive Mode (10,0,0,9,78,32)\r\n", b"PASV\r\n", waiting, data);
    let reason = "FTP data connection as File Transfer Protocol announced it";
    assert_eq!(told(&passive, (50_007, 20_000)), ("FTP_DATA", reason), "though its address is behind a translator");
    let row = passive.iter().find(|row| row.core.dst_port == 20_000).expect("a row");
    assert_eq!((row.core.app_confidence.as_ref(), row.core.app_category.as_deref()), ("partial", Some("download_ft")));
    let extended = transfer(b"229 Extended (|||20000|)\r\n", b"EPSV\r\n", waiting, data);
    assert_eq!(told(&extended, (50_007, 20_000)).0, "FTP_DATA");
    let active = transfer(b"200 ok\r\n", b"PORT 192,0,2,1,195,87\r\n", (SERVER.0, 2_020), waiting);
    assert_eq!(told(&active, (2_020, 50_007)).0, "FTP_DATA");
    let other = transfer(b"229 Extended (|||20000|)\r\n", b"EPSV\r\n", ([203, 0, 113, 9], 50_007), data);
    assert_eq!(told(&other, (50_007, 20_000)).0, "Unknown", "another host");
}

#[test]
fn media_of_a_call_and_answers_to_a_request() {
    let mut run = Run::new(Settings::default());
    let body = "c=IN IP4 198.51.100.2\r\nm=audio 4000 RTP/SAVP 0\r\n";
    let length = body.len();
    let answer = format!("SIP/2.0 200 OK\r\nContent-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{body}");
    run.at(0, &datagram((CLIENT.0, 5_060), (SERVER.0, 5_060), b"INVITE sip:a@b SIP/2.0\r\nFrom: <sip:c@d>\r\n\r\n"));
    run.at(1, &datagram((SERVER.0, 5_060), (CLIENT.0, 5_060), answer.as_bytes()));
    for number in 1..6 {
        let media = [&[0x80, 0, 0, number, 0, 0, 0, number, 1, 2, 3, 4][..], &[0x5a; 40]].concat();
        run.at(1 + i64::from(number), &datagram((CLIENT.0, 9_000), (SERVER.0, 4_000), &media));
    }
    run.at(10, &datagram((CLIENT.0, 7_000), (SERVER.0, 69), b"\0\x01boot.bin\0octet\0"));
    run.at(11, &datagram((SERVER.0, 40_000), (CLIENT.0, 7_000), &[0, 3, 0, 1, 1, 2, 3]));
    let (rows, _) = run.end();
    assert_eq!(told(&rows, (9_000, 4_000)).0, "SRTP");
    let answers = rows.iter().find(|row| [row.core.src_port, row.core.dst_port].contains(&40_000)).expect("a row");
    assert_eq!(answers.core.app, "TFTP");
}

#[test]
fn what_else_the_socket_of_a_call_does() {
    let check = b"\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl";
    let named = [&b"\x00\x01\x00\x10\x21\x12\xa4\x42abcdefghijkl\x00\x14\x00\x0asignal.org\x00\x00"[..]].concat();
    let mut run = Run::new(Settings::default());
    run.at(0, &datagram((CLIENT.0, 9_000), (SERVER.0, 61_000), check));
    run.at(5, &datagram((CLIENT.0, 9_000), (SERVER.0, 3_478), &named));
    run.at(6, &datagram((CLIENT.0, 9_001), (SERVER.0, 61_000), check));
    let (rows, _) = run.end();
    let reason =
        "Session Traversal Utilities for NAT by its content; SignalVoip by another conversation of the same socket";
    assert_eq!(told(&rows, (9_000, 61_000)), ("STUN.SignalVoip", reason));
    assert_eq!(told(&rows, (9_001, 61_000)).0, "STUN");
}
