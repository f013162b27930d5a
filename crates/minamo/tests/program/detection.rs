// SPDX-License-Identifier: Apache-2.0
//! Detection of the running program where something is in its way: records that wait for their other direction, a target
//! that nobody answers at, a feed that gives nothing.

use std::net::{TcpListener, UdpSocket};
use std::time::Duration;

use serde_json::{Value, json};

use super::server::Server;

/// Sources of a flood.
const SOURCES: u16 = 2_400;

/// A datagram of NetFlow v5 with SYNs of these sources to one server; they ended just now.
fn datagram(sources: &[u16], secs: u32) -> Vec<u8> {
    let count = u16::try_from(sources.len()).expect("at most 30");
    let mut octets = [5, count].map(u16::to_be_bytes).concat();
    octets.extend([3_600_000, secs, 0, 0, 0].map(u32::to_be_bytes).concat());
    for source in sources {
        let [high, low] = source.to_be_bytes();
        octets.extend([203, 0, 113_u8.wrapping_add(high), low, 10, 0, 0, 80, 0, 0, 0, 0, 0, 1, 0, 2]);
        octets.extend([1, 60, 3_599_500, 3_599_600].map(u32::to_be_bytes).concat());
        octets.extend([source + 1_024, 80].map(u16::to_be_bytes).concat());
        octets.extend([0, 0x02, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
    octets
}

fn flood(port: u16) {
    let sender = UdpSocket::bind("127.0.0.1:0").expect("free");
    let now = std::time::UNIX_EPOCH.elapsed().expect("later").as_secs();
    let all: Vec<u16> = (0..SOURCES).collect();
    for sources in all.chunks(30) {
        let secs = u32::try_from(now).expect("before 2106");
        sender.send_to(&datagram(sources, secs), ("127.0.0.1", port)).expect("sent");
        // The receiver is not to lose any.
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Waits until something is there, for a minute at most.
fn waited<T>(what: &str, found: impl Fn() -> Option<T>) -> T {
    for _ in 0..240 {
        if let Some(found) = found() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(250));
    }
    panic!("{what} did not come")
}

fn counter(server: &Server, name: &str, labels: &str) -> Option<u64> {
    let metrics = server.metrics();
    let (.., count) = metrics.iter().find(|(called, of, _)| called == name && of.contains(labels))?;
    Some(*count).filter(|count| *count > 0)
}

#[test]
fn a_flood_is_told_before_its_records_are_stored_and_nothing_waits_for_a_dead_target() {
    let free = UdpSocket::bind("127.0.0.1:0").expect("free");
    let exports = free.local_addr().expect("bound").port();
    let dead = TcpListener::bind("127.0.0.1:0").expect("free").local_addr().expect("bound");
    drop(free);
    // Its records wait for ten minutes: whatever is told is told before.
    let mut server = Server::start(&format!(
        "[collect]\nlisten = [\"127.0.0.1:{exports}\"]\npair_wait = \"10m\"\n\
         [[action]]\nname = \"dead\"\nkind = \"webhook\"\nurl = \"http://{dead}/\"\n\
         [[feed]]\nname = \"gone\"\nurl = \"http://{dead}/list\"\nevery = \"6h\"\n"
    ));
    flood(exports);
    let events = || server.ask("GET /api/v1/events", &Value::Null).1["rows"].take();
    let told = waited("the flood", || {
        let rows = events();
        rows.as_array()?.iter().find(|row| row["rule"] == "flood_syn").cloned()
    });
    assert_eq!((&told["dst_ip"], &told["severity"]), (&json!("10.0.0.80"), &json!("high")), "{told:#}");
    assert_eq!(server.number("SELECT COUNT(*) AS n FROM flows"), 0, "nothing is stored yet");
    waited("a retry", || counter(&server, "minamo_action_retries_total", "dead"));
    waited("a failed fetch", || counter(&server, "minamo_feed_failures_total", ""));
    server.stop();
}
