// SPDX-License-Identifier: Apache-2.0
//! Forwarding with the exporter's own address, in a network namespace: raw sockets need rights there only.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test says what is wrong by failing")]

#[path = "../../capture/tests/namespace/mod.rs"]
mod namespace;

use std::net::UdpSocket;
use std::time::Duration;

use minamo_collect::{ForwardTarget, Forwarder};
use namespace::{inside, ip};

#[test]
fn datagrams_arrive_from_the_exporters_own_address() {
    if !inside("datagrams_arrive_from_the_exporters_own_address") {
        return;
    }
    ip("link set lo up");
    for (listen, exporter) in [("127.0.0.1:0", "127.9.9.9:1234"), ("[::1]:0", "[::1]:1234")] {
        let Ok(socket) = UdpSocket::bind(listen) else {
            println!("skipped: {listen}: no such address here");
            continue;
        };
        socket.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
        let to = socket.local_addr().expect("an address");
        let forwarder =
            Forwarder::open(&[ForwardTarget { to, exporters: Vec::new(), keep_source: true }]).expect("root");
        let from = exporter.parse().expect("an address");
        forwarder.offer(b"as it came", from);
        let mut buffer = [0; 64];
        let (len, seen) = socket.recv_from(&mut buffer).expect("a datagram");
        assert_eq!((buffer.get(..len), seen), (Some(&b"as it came"[..]), from));
        // The other family, and one longer than any frame.
        let other = if to.is_ipv4() { "[2001:db8::1]:1" } else { "192.0.2.1:1" };
        forwarder.offer(b"x", other.parse().expect("an address"));
        forwarder.offer(&[0; 65_535], from);
        forwarder.offer(b"last", from);
        let (len, _) = socket.recv_from(&mut buffer).expect("a datagram");
        assert_eq!(buffer.get(..len), Some(&b"last"[..]));
        for (reason, want) in [("address_family", 1), ("too_long", 1), ("queue_full", 0), ("send_error", 0)] {
            let samples = forwarder.samples();
            let found = samples.iter().find(|sample| sample.labels().any(|(_, value)| value == reason));
            assert_eq!(found.map(|sample| sample.value), Some(want), "{reason}");
        }
    }
}
