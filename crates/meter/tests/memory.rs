// SPDX-License-Identifier: Apache-2.0
//! What a million open flows take, measured on a tenth of them; and what a flood of SYNs does.

#![allow(clippy::expect_used, reason = "a test says what is wrong by failing")]

use std::time::Duration;

use allocation_counter::measure;
use etherparse::PacketBuilder;
use minamo_base::Time;
use minamo_dissect::{PROTOCOLS, Side};
use minamo_meter::{Groups, Meter, Settings};
use minamo_packet::LinkType;

const FLOWS: u32 = 100_000;

/// Hosts of a test network and ports, different for each number.
fn client(number: u32) -> ([u8; 4], u16) {
    let [_, a, b, c] = (number / 8).to_be_bytes();
    ([10, a, b, c], 50_000 + u16::try_from(number % 8).expect("small"))
}

const SERVER: [u8; 4] = [198, 51, 100, 2];

/// A segment of TCP between a client and a server, as an Ethernet frame.
fn segment(number: u32, back: bool, seq: u32, syn: bool, ack: bool, payload: &[u8]) -> Vec<u8> {
    let (host, port) = client(number);
    let ((from, from_port), (to, to_port)) =
        if back { ((SERVER, 443), (host, port)) } else { ((host, port), (SERVER, 443)) };
    let mut builder = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4(from, to, 64).tcp(from_port, to_port, seq, 1_000);
    if syn {
        builder = builder.syn();
    }
    if ack {
        builder = builder.ack(1);
    }
    let mut out = Vec::new();
    builder.write(&mut out, payload).expect("a Vec takes all");
    out
}

/// A connection up to data in both directions that nobody knows.
fn connection(number: u32) -> Vec<Vec<u8>> {
    let data = [0xff; 60];
    let mut frames = vec![
        segment(number, false, 0, true, false, b""),
        segment(number, true, 0, true, true, b""),
        segment(number, false, 1, false, true, b""),
    ];
    for round in 0..6 {
        frames.push(segment(number, false, 1 + round * 60, false, true, &data));
        frames.push(segment(number, true, 1 + round * 60, false, true, &data));
    }
    frames
}

/// A question and its answer over UDP, whose dissector stays for more.
fn question(number: u32) -> Vec<Vec<u8>> {
    let (host, port) = client(number);
    let name = b"\x07example\x03org\0\0\x01\0\x01";
    let frame = |from: ([u8; 4], u16), to: ([u8; 4], u16), head: &[u8]| {
        let mut out = Vec::new();
        let builder = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4(from.0, to.0, 64).udp(from.1, to.1);
        builder.write(&mut out, &[head, name].concat()).expect("a Vec takes all");
        out
    };
    vec![
        frame((host, port), (SERVER, 53), b"\0\x01\x01\0\0\x01\0\0\0\0\0\0"),
        frame((SERVER, 53), (host, port), b"\0\x01\x81\x83\0\x01\0\0\0\0\0\0"),
    ]
}

/// The hellos of TLS behind a handshake, after which nobody listens any more.
fn hellos(number: u32) -> Vec<Vec<u8>> {
    let tls = PROTOCOLS.iter().find(|protocol| protocol.name == "TLS").expect("there is TLS");
    let (mut seq, mut frames) = ([1; 2], vec![segment(number, false, 0, true, false, b"")]);
    frames.push(segment(number, true, 0, true, true, b""));
    for (side, data) in tls.sample {
        let back = *side == Side::Dst;
        let seq = &mut seq[usize::from(back)];
        frames.push(segment(number, back, *seq, false, true, data));
        *seq += u32::try_from(data.len()).expect("small");
    }
    frames
}

/// Bytes that each open flow takes where 20,000 begin in a second.
fn bytes_per_flow(groups: Groups, flow: fn(u32) -> Vec<Vec<u8>>) -> i64 {
    let settings = Settings { max_flows: FLOWS as usize, groups, answered: ALWAYS, ..Settings::default() };
    let mut meter = Meter::new(settings);
    let info = measure(|| {
        for number in 0..FLOWS {
            for frame in flow(number) {
                let time = Time::from_millis(i64::from(number) / 20);
                let taken = meter.take(time, LinkType::ETHERNET, &frame, &mut |_| {});
                assert!(taken.is_ok());
            }
        }
    });
    assert_eq!((meter.open_flows(), meter.counters().evicted), (FLOWS as usize, 0));
    info.bytes_current / i64::from(FLOWS)
}

const ALWAYS: Duration = Duration::from_secs(60);

#[test]
fn a_million_flows_fit_into_400_megabytes_in_light_mode_and_into_1200_with_dissectors() {
    let light = [connection, question, hellos].map(|flow| bytes_per_flow(Groups::LIGHT, flow));
    let full = [connection, question, hellos].map(|flow| bytes_per_flow(Groups::ALL, flow));
    println!("octets of a connection, a question and hellos: light {light:?}, with dissectors {full:?}");
    assert!(light.iter().all(|bytes| *bytes <= 400), "{light:?}");
    assert!(full.iter().all(|bytes| *bytes <= 1_200), "{full:?}");
}

#[test]
fn a_flood_of_syns_is_bounded_and_conversations_survive_it() {
    let max_flows = 20_000;
    let mut meter = Meter::new(Settings { max_flows, ..Settings::default() });
    // Conversations that are older than the flood, and silent in it.
    for number in 0..1_000 {
        for frame in connection(number) {
            assert!(meter.take(Time::from_millis(1), LinkType::ETHERNET, &frame, &mut |_| {}).is_ok());
        }
    }
    let mut frame = segment(0, false, 0, true, false, b"");
    let (mut rows, mut early) = (0u64, 0u64);
    let mut flood = |meter: &mut Meter, from: u32, to: u32| {
        for number in from..to {
            // Another network than that of the conversations.
            frame[26..30].copy_from_slice(&(0x6400_0000 + number).to_be_bytes());
            let taken = meter.take(Time::from_millis(1_000), LinkType::ETHERNET, &frame, &mut |row| {
                rows += 1;
                early += u64::from(row.core.end_reason.as_deref() == Some("evicted"));
            });
            assert!(taken.is_ok());
            assert!(meter.open_flows() <= max_flows);
        }
    };
    flood(&mut meter, 0, 200_000);
    // The table is as large as it gets.
    let grown = measure(|| flood(&mut meter, 200_000, 1_000_000));
    assert!(grown.bytes_current < 1 << 20, "{} octets more", grown.bytes_current);
    assert_eq!((rows, early), (981_000, 981_000));
    let counters = meter.counters();
    assert_eq!((counters.evicted, counters.evicted_opening), (981_000, 981_000));
    let mut conversations = 0;
    meter.finish(&mut |row| conversations += u32::from(row.core.dst_packets > 0));
    assert_eq!(conversations, 1_000, "the flood pushes nobody else out");
}
