// SPDX-License-Identifier: Apache-2.0
//! Scenarios: packets with given times in, rows out. What several files of them send stands here.

mod announced;
mod conversations;
mod facts;
mod fragments;
mod links;
mod names;
mod resumed;
mod shards;
mod sleep;
mod streams;
mod tunnels;

use etherparse::PacketBuilder;
use minamo_base::Ip;
use minamo_packet::{LinkFrame, LinkType, decode_parts, tcp_flags};
use proptest::prelude::*;

use super::*;
use tcp_flags::{ACK, FIN, RST, SYN};

const CLIENT: ([u8; 4], u16) = ([192, 0, 2, 1], 50_000);

const SERVER: ([u8; 4], u16) = ([198, 51, 100, 2], 443);

/// One TCP segment as raw IP.
fn segment(from: ([u8; 4], u16), to: ([u8; 4], u16), seq: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut builder = PacketBuilder::ipv4(from.0, to.0, 64).tcp(from.1, to.1, seq, 1_000);
    if flags & SYN != 0 {
        builder = builder.syn();
    }
    if flags & ACK != 0 {
        builder = builder.ack(1);
    }
    if flags & FIN != 0 {
        builder = builder.fin();
    }
    if flags & RST != 0 {
        builder = builder.rst();
    }
    let mut out = Vec::new();
    builder.write(&mut out, payload).expect("a Vec takes all");
    out
}

struct Run {
    meter: Meter,
    rows: Vec<Flow>,
}

impl Run {
    fn new(settings: Settings) -> Self {
        Self { meter: Meter::new(settings), rows: Vec::new() }
    }

    fn at(&mut self, millis: i64, frame: &[u8]) {
        let packet = decode_parts(LinkType::RAW, frame).expect("a good packet");
        self.meter.packet(Time::from_millis(millis), &packet, &mut |row| self.rows.push(row));
    }

    fn end(mut self) -> (Vec<Flow>, Counters) {
        self.meter.finish(&mut |row| self.rows.push(row));
        (self.rows, self.meter.counters())
    }
}

const LEFT: [u8; 4] = [203, 0, 113, 1];

const RIGHT: [u8; 4] = [203, 0, 113, 2];

/// `inner` in UDP between the ends of a tunnel.
fn tunnelled(from: [u8; 4], to: [u8; 4], port: u16, head: &[u8], inner: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let builder = PacketBuilder::ipv4(from, to, 64).udp(port, port);
    builder.write(&mut out, &[head, inner].concat()).expect("a Vec takes all");
    out
}

/// A question for example.org or its answer, as raw IP.
fn dns(id: u8, answer: bool) -> Vec<u8> {
    let resolver = ([198, 51, 100, 53], 53);
    let (from, to) = if answer { (resolver, CLIENT) } else { (CLIENT, resolver) };
    let flags: &[u8] = if answer { b"\x81\x80\x00\x01\x00\x01" } else { b"\x01\x00\x00\x01\x00\x00" };
    let question = b"\x00\x00\x00\x00\x07example\x03org\x00\x00\x01\x00\x01";
    let record: &[u8] = if answer { b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xcb\x00\x71\x05" } else { b"" };
    let message = [&[0, id], flags, question, record].concat();
    let mut out = Vec::new();
    PacketBuilder::ipv4(from.0, to.0, 64).udp(from.1, to.1).write(&mut out, &message).expect("a Vec takes all");
    out
}

/// A datagram with this payload as raw IPv4.
fn datagram(from: ([u8; 4], u16), to: ([u8; 4], u16), payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    PacketBuilder::ipv4(from.0, to.0, 64).udp(from.1, to.1).write(&mut out, payload).expect("a Vec takes all");
    out
}

/// A raw IPv4 packet in fragments of so many octets.
fn fragments(packet: &[u8], id: u8, octets: usize) -> Vec<Vec<u8>> {
    let body = &packet[20..];
    let parts: Vec<_> = body.chunks(octets).collect();
    let last = parts.len() - 1;
    let fragment = |(at, part): (usize, &&[u8])| {
        let mut header = packet[..20].to_vec();
        let length = u16::try_from(20 + part.len()).expect("short");
        let units = u16::try_from(at * octets / 8).expect("short") | u16::from(at != last) << 13;
        header[2..4].copy_from_slice(&length.to_be_bytes());
        header[4..8].copy_from_slice(&[&[0, id][..], &units.to_be_bytes()].concat());
        [&header[..], part].concat()
    };
    parts.iter().enumerate().map(fragment).collect()
}

/// A question with a name so long that its message is cut three times.
fn long_question() -> Vec<u8> {
    let label = [&[40u8][..], &[b'a'; 40]].concat();
    let name = [label.repeat(3).as_slice(), b"\x07example\x03org\0"].concat();
    let message = [&b"\0\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"[..], &name, b"\0\x01\0\x01"].concat();
    datagram(CLIENT, ([198, 51, 100, 53], 53), &message)
}
