// SPDX-License-Identifier: Apache-2.0
//! Detection of the running program from what passes an interface, and from another detection system's file and
//! syslog: a method finds domains that a program made up, an alert becomes an event that flows and that method confirm,
//! both are the risk of the host, and its packets can be had.

use std::io::Write as _;
use std::net::UdpSocket;
use std::time::Duration;

use minamo_base::Time;
use serde_json::{Value, json};

use super::namespace::{inside, ip, without_ipv6};
use super::server::Server;

/// Domains that nobody would choose.
const DOMAINS: [&str; 10] = [
    "qxvbzkwtrhpl",
    "kdjfhgtrwqzx",
    "mzncbvxlkjht",
    "trwqpsdfghjk",
    "vbnmxcvhjklq",
    "zxcvbnmqwrtp",
    "plkjhgfdsmnb",
    "wrtpsdfghjkl",
    "hjqxzvbkwpfd",
    "gxqzjvkwbfhp",
];

/// A question for the address of a name, or its answer that there is none (RFC 1035, section 4.1).
fn message(id: u16, name: &str, is_answer: bool) -> Vec<u8> {
    let flags: u16 = if is_answer { 0x8183 } else { 0x0100 };
    let mut octets = [id, flags, 1, 0, 0, 0].map(u16::to_be_bytes).concat();
    for label in name.split('.') {
        octets.push(u8::try_from(label.len()).expect("short"));
        octets.extend_from_slice(label.as_bytes());
    }
    octets.extend_from_slice(&[0, 0, 1, 0, 1]);
    octets
}

/// Asks for the names and answers; the port that the first one was asked from.
fn ask() -> u16 {
    let resolver = UdpSocket::bind("127.0.0.1:53").expect("free in a namespace of one's own");
    let (mut octets, mut first) = ([0; 512], None);
    for (id, domain) in (1..).zip(DOMAINS) {
        let client = UdpSocket::bind("127.0.0.1:0").expect("free");
        first = first.or_else(|| client.local_addr().ok());
        let name = format!("{domain}.example");
        client.send_to(&message(id, &name, false), "127.0.0.1:53").expect("sent");
        let (_, from) = resolver.recv_from(&mut octets).expect("arrived");
        resolver.send_to(&message(id, &name, true), from).expect("answered");
        client.recv(&mut octets).expect("arrived");
    }
    first.expect("there are some").port()
}

/// The newest event of a rule that satisfies a condition; waits for it, for so many seconds at most.
fn event(server: &Server, rule: &str, seconds: u32, is_it: impl Fn(&Value) -> bool) -> Value {
    let mut rows = Value::Null;
    for _ in 0..seconds * 2 {
        rows = server.ask("GET /api/v1/events", &Value::Null).1["rows"].take();
        let found = rows.as_array().into_iter().flatten().find(|row| row["rule"] == rule && is_it(row));
        if let Some(found) = found {
            return found.clone();
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    panic!("no such event of {rule}: {rows:#}")
}

#[test]
fn alerts_of_a_sensor_come_over_syslog() {
    // Two ports that nobody has.
    let free = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").expect("free"));
    let [datagrams, stream] = free.map(|socket| socket.local_addr().expect("bound").port());
    let mut server = Server::start(&format!(
        "[[alerts]]\nname = \"u\"\nlisten = \":{datagrams}\"\n\
         [[alerts]]\nname = \"t\"\nlisten = \"127.0.0.1:{stream}\"\ntransport = \"tcp\"\n"
    ));
    let at = std::time::UNIX_EPOCH.elapsed().expect("later").as_secs();
    let now = Time::from_secs_nanos(i64::try_from(at).expect("small"), 0);
    let alert = |signature: u32| {
        json!({
            "timestamp": now.to_string().replace('Z', ".000000+0000"), "event_type": "alert", "src_ip": "192.0.2.66", "src_port": 1,
            "dest_ip": "10.0.0.5", "dest_port": 80, "proto": "TCP", "alert": {"signature_id": signature, "signature": "Odd", "severity": 1},
        })
    };
    let sender = UdpSocket::bind("127.0.0.1:0").expect("free");
    let message = format!("<134>Jan  5 10:00:05 ids1 suricata[812]: @cee: {}", alert(9_000_004));
    sender.send_to(message.as_bytes(), ("127.0.0.1", datagrams)).expect("sent");
    let message = format!("<134>1 - ids2 suricata 812 - [x@1 y=\"]\"] {}", alert(9_000_005));
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", stream)).expect("open");
    writeln!(stream, "{} {message}<134>nonsense", message.len()).expect("sent");
    drop(stream);
    for (signature, sensor) in [(9_000_004, "ids1"), (9_000_005, "ids2")] {
        let told = event(&server, "ids_alert", 60, |row| row["values"]["signature_id"] == signature);
        assert_eq!((&told["values"]["sensor"], &told["severity"]), (&json!(sensor), &json!("high")), "{told:#}");
    }
    let metrics = server.metrics();
    let dropped = metrics
        .iter()
        .find(|(name, labels, _)| name == "minamo_alerts_dropped_lines_total" && labels.contains("malformed"));
    assert_eq!(dropped.map(|(_, _, count)| *count), Some(1));
    server.stop();
}

#[test]
fn what_a_method_and_another_system_say_of_a_host_is_its_risk() {
    if !inside("alerts::what_a_method_and_another_system_say_of_a_host_is_its_risk") {
        return;
    }
    ip("link set lo up");
    without_ipv6();
    let sensor = tempfile::tempdir().expect("a folder");
    let eve = sensor.path().join("eve.json");
    std::fs::write(&eve, "").expect("written");
    let mut server = Server::start(&format!(
        "[probe]\ninterfaces = [\"lo\"]\n[meter]\nidle_timeout = \"1s\"\n[recorder]\nsize = \"64MiB\"\n\
         [[perspective]]\nname = \"lab\"\nrules = [\"dns_*\"]\nsrc = [\"127.0.0.0/8\"]\nseverity = \"critical\"\n\
         [[alerts]]\nname = \"ids\"\npath = {:?}\n",
        eve.to_string_lossy()
    ));
    let port = ask();
    let at = std::time::UNIX_EPOCH.elapsed().expect("later").as_secs();
    let now = Time::from_secs_nanos(i64::try_from(at).expect("small"), 0);
    let alert = json!({
        "timestamp": now.to_string().replace('Z', ".000000+0000"), "event_type": "alert", "src_ip": "127.0.0.1", "src_port": port,
        "dest_ip": "127.0.0.1", "dest_port": 53, "proto": "UDP", "alert": {
            "signature_id": 9_000_003, "signature": "Query for a made-up domain", "category": "Misc activity", "severity": 2,
            "metadata": {"cve": ["CVE_2021_44228"], "mitre_technique_id": ["T1568"]},
        },
    });
    std::fs::write(&eve, format!("nonsense\n{{\"event_type\":\"stats\"}}\n{alert}\n")).expect("written");

    let made_up = event(&server, "dns_names_random", 60, |_| true);
    assert_eq!((&made_up["values"]["domains"], &made_up["values"]["missing"]), (&json!(10), &json!(10)), "{made_up:#}");
    assert_eq!((&made_up["perspective"], &made_up["severity"]), (&json!("lab"), &json!("critical")));
    // Its packets are there; of what is no event there are none.
    let packets = |id: &str| server.ask(&format!("GET /api/v1/events/{id}/packets"), &Value::Null);
    assert_eq!(packets(made_up["event_id"].as_str().expect("an identity")).0, 200);
    let (status, error) = packets("ff");
    assert_eq!((status, &error["path"]), (404, &json!("event_id")), "{error:#}");
    // It is told at once, and again when flows and events have come.
    let told = event(&server, "ids_alert", 120, |row| row["values"]["confirmed_by"] == "dns_names_random");
    assert_eq!((&told["values"]["flows"], &told["severity"]), (&json!(1), &json!("high")), "{told:#}");
    assert_eq!((&told["values"]["cve"], &told["attack"]), (&json!("CVE-2021-44228"), &json!(["T1568"])));
    assert!(told["text"]["ja"].as_str().is_some_and(|text| text.contains("Query for a made-up domain")), "{told:#}");

    let (status, risk) = server.ask("GET /api/v1/hosts/127.0.0.1/risk?points=24", &Value::Null);
    assert_eq!((status, risk["points"].as_array().map(Vec::len)), (200, Some(24)), "{risk:#}");
    assert_eq!(risk["end"]["score"], 100, "{risk:#}");
    assert_eq!(risk["end"]["parts"][0]["event_id"], made_up["event_id"], "{risk:#}");
    let (_, hosts) = server.ask("GET /api/v1/hosts/risk", &Value::Null);
    assert_eq!(hosts["rows"][0]["host"], "127.0.0.1", "{hosts:#}");

    let count = |name: &str, labels: &str| {
        let metrics = server.metrics();
        metrics.iter().find(|(n, l, _)| n == name && l.contains(labels)).map(|(_, _, value)| *value)
    };
    assert_eq!(count("minamo_alerts_read_total", ""), Some(1));
    assert_eq!(count("minamo_alerts_dropped_lines_total", "malformed"), Some(1));
    server.stop();
}
