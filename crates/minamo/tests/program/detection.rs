// SPDX-License-Identifier: Apache-2.0
//! Detection of the running program where something is in its way: records that wait for their other direction, a target
//! that nobody answers at, a feed that gives nothing.

use std::net::{TcpListener, UdpSocket};
use std::time::Duration;

use serde_json::{Value, json};

use super::server::Server;

/// Sources of a flood.
const SOURCES: u16 = 2_400;

/// A datagram of NetFlow v5 with SYNs of these sources to the server 10.0.0.`host`; they ended just now.
fn datagram(sources: &[u16], host: u8, secs: u32) -> Vec<u8> {
    let count = u16::try_from(sources.len()).expect("at most 30");
    let mut octets = [5, count].map(u16::to_be_bytes).concat();
    octets.extend([3_600_000, secs, 0, 0, 0].map(u32::to_be_bytes).concat());
    for source in sources {
        let [high, low] = source.to_be_bytes();
        octets.extend([203, 0, 113_u8.wrapping_add(high), low, 10, 0, 0, host, 0, 0, 0, 0, 0, 1, 0, 2]);
        octets.extend([1, 60, 3_599_500, 3_599_600].map(u32::to_be_bytes).concat());
        octets.extend([source + 1_024, 80].map(u16::to_be_bytes).concat());
        octets.extend([0, 0x02, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
    octets
}

/// SYNs of so many sources.
fn flood(port: u16, sources: u16, host: u8) {
    let sender = UdpSocket::bind("127.0.0.1:0").expect("free");
    let now = std::time::UNIX_EPOCH.elapsed().expect("later").as_secs();
    let all: Vec<u16> = (0..sources).collect();
    for sources in all.chunks(30) {
        let secs = u32::try_from(now).expect("before 2106");
        sender.send_to(&datagram(sources, host, secs), ("127.0.0.1", port)).expect("sent");
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
    flood(exports, SOURCES, 80);
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

#[test]
fn what_is_muted_stays_away_until_it_behaves_otherwise() {
    let free = UdpSocket::bind("127.0.0.1:0").expect("free");
    let exports = free.local_addr().expect("bound").port();
    drop(free);
    let mut server = Server::start(&format!("[collect]\nlisten = [\"127.0.0.1:{exports}\"]\npair_wait = \"10m\"\n"));
    // Hidden ones as well.
    let about = |host: u8| {
        let ip = json!(format!("10.0.0.{host}"));
        waited("the flood", || {
            let rows = server.ask("GET /api/v1/events?suppressed=true", &Value::Null).1["rows"].take();
            rows.as_array()?.iter().find(|row| row["rule"] == "flood_syn" && row["dst_ip"] == ip).cloned()
        })
    };
    let shown = || {
        let rows = server.ask("GET /api/v1/events", &Value::Null).1["rows"].take();
        let rows = rows.as_array().expect("a list").iter().filter(|row| row["rule"] == "flood_syn");
        let mut hosts: Vec<String> = rows.map(|row| row["dst_ip"].as_str().expect("one").to_owned()).collect();
        hosts.sort();
        hosts
    };
    flood(exports, SOURCES, 80);
    about(80);
    let scope = json!({"rule": "flood_syn", "dst": ["10.0.0.0/24"]});
    let (_, preview) = server.ask("POST /api/v1/suppressions/preview", &scope);
    assert_eq!(preview["events"], json!(1), "{preview}");
    let (status, made) =
        server.ask("POST /api/v1/suppressions", &json!({"scope": scope, "reason": "the load test of this week"}));
    assert_eq!((status, &made["in_force"]), (201, &json!(true)), "{made}");
    // Records tell times of half a second before, in whole seconds: these shall be later than the suppression.
    std::thread::sleep(Duration::from_secs(2));
    flood(exports, SOURCES, 81);
    let hidden = about(81);
    assert_eq!(hidden["suppressed_by"], made["id"], "{hidden:#}");
    flood(exports, 4 * SOURCES, 82);
    let broken = about(82);
    assert!(broken["suppressed_by"].is_null(), "four times as much is not what was muted: {broken:#}");
    assert_eq!(shown(), ["10.0.0.80", "10.0.0.82"]);
    let list = server.ask("GET /api/v1/suppressions", &Value::Null).1;
    let told = &list["suppressions"][0];
    assert!(told["hits"].as_u64() >= Some(1) && told["broken"].as_u64() >= Some(1), "{told:#}");
    let (status, _) = server.ask(&format!("DELETE /api/v1/suppressions/{}", made["id"]), &Value::Null);
    assert_eq!(status, 204);
    // What began before its end is still muted.
    std::thread::sleep(Duration::from_secs(2));
    flood(exports, SOURCES, 83);
    assert!(about(83)["suppressed_by"].is_null(), "it was ended");
    server.stop();
}
