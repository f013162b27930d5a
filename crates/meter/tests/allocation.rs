// SPDX-License-Identifier: Apache-2.0
//! Decoding never allocates, and metering does not once a flow is known and labelled.

#![allow(clippy::expect_used, reason = "a test says what is wrong by failing")]

use allocation_counter::measure;
use etherparse::{IpNumber, PacketBuilder};
use minamo_base::Time;
use minamo_meter::{Meter, Settings};
use minamo_packet::{Carrier, LinkType, TUNNELS, decode};

const CLIENT: [u8; 4] = [192, 0, 2, 1];
const SERVER: [u8; 4] = [198, 51, 100, 2];

fn ethernet() -> etherparse::PacketBuilderStep<etherparse::Ethernet2Header> {
    PacketBuilder::ethernet2([2; 6], [4; 6])
}

/// A connection in which the sides send in turn, in order.
fn tcp(packets: u32) -> Vec<Vec<u8>> {
    let body = [b'x'; 100];
    let mut next = [1_000u32, 9_000];
    let frame = |side: usize, next: &mut [u32; 2]| {
        let (from, to, ports) =
            if side == 0 { (CLIENT, SERVER, (50_000, 443)) } else { (SERVER, CLIENT, (443, 50_000)) };
        let builder = ethernet().ipv4(from, to, 64).tcp(ports.0, ports.1, next[side], 1_000).ack(next[1 - side]);
        let mut out = Vec::new();
        builder.write(&mut out, &body).expect("a Vec takes all");
        next[side] += 100;
        out
    };
    (0..packets).map(|at| frame(at as usize % 2, &mut next)).collect()
}

fn udp(packets: u32, wrap: bool) -> Vec<Vec<u8>> {
    let inner = || {
        let mut out = Vec::new();
        ethernet().ipv4(CLIENT, SERVER, 64).udp(50_000, 9_999).write(&mut out, &[7; 60]).expect("a Vec takes all");
        out
    };
    let vxlan = || {
        let body = [&[8, 0, 0, 0, 0, 0, 9, 0][..], &inner()].concat();
        let mut out = Vec::new();
        ethernet().ipv4([10; 4], [11; 4], 64).udp(50_000, 4_789).write(&mut out, &body).expect("a Vec takes all");
        out
    };
    (0..packets).map(|_| if wrap { vxlan() } else { inner() }).collect()
}

#[test]
fn decoding_never_allocates() {
    let mut frames = [tcp(2), udp(2, false), udp(2, true)].concat();
    // The header of every tunnel, in front of nothing, in each of its carriers.
    for (row, on) in TUNNELS.iter().flat_map(|row| row.on.iter().map(move |on| (row, *on))) {
        let mut out = Vec::new();
        let builder = ethernet().ipv4(CLIENT, SERVER, 64);
        match on {
            Carrier::Udp(port) => builder.udp(50_000, port).write(&mut out, row.sample.0),
            Carrier::Ipv4(proto) => builder.write(&mut out, IpNumber(proto), row.sample.0),
            _ => continue,
        }
        .expect("a Vec takes all");
        frames.push(out);
    }
    let info = measure(|| {
        for frame in &frames {
            for end in 0..=frame.len() {
                std::hint::black_box(decode(LinkType::ETHERNET, &frame[..end]).is_ok());
            }
        }
    });
    assert_eq!(info.count_total, 0);
    let counted = measure(|| drop(std::hint::black_box(vec![1u8; 10])));
    assert_eq!(counted.count_total, 1, "the counter counts");
}

#[test]
fn packets_of_known_flows_allocate_nothing() {
    for (name, frames) in [("tcp", tcp(3_000)), ("udp", udp(3_000, false)), ("vxlan", udp(3_000, true))] {
        let mut meter = Meter::new(Settings::default());
        let mut rows = 0;
        let mut run = |frames: &[Vec<u8>], from: i64| {
            for (at, frame) in frames.iter().enumerate() {
                let packet = decode(LinkType::ETHERNET, frame).expect("a good frame");
                meter.packet(Time::from_millis(from + at as i64), &packet, &mut |_| rows += 1);
            }
        };
        // The sequence of lengths grows for 50 packets, and the classifier asks its first questions.
        run(&frames[..1_000], 0);
        let info = measure(|| run(&frames[1_000..], 1_000));
        assert_eq!((info.count_total, rows), (0, 0), "{name}");
    }
}
