// SPDX-License-Identifier: Apache-2.0
//! What encrypted traffic shows goes over the wire as Cisco's switches send it, and comes back the same: lengths and times,
//! messages, TLS records, counts of octet values, first packets; and what first packets tell of names and fingerprints.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::UdpSocket;

use serde_json::Value;

use super::collect::Listening;
use super::export::wait_until;
use super::server::Server;
use super::{flows, minamo, stderr};

const CAPTURES: &[&str] = &[
    "fixtures/protocols/tls12.pcap",
    "fixtures/protocols/tls13.pcap",
    "fixtures/protocols/tls13_ipv6.pcap",
    "fixtures/protocols/http1.pcap",
    "fixtures/demo/quic.pcap.zst",
];

/// With sessions of many packets.
const UPLOAD: &str = "fixtures/demo/attack-upload.pcap.zst";

/// The rows of our captures with everything that is told of encrypted traffic.
fn metered() -> Vec<Value> {
    flows(&[&["--groups", "full"], CAPTURES].concat())
}

/// How many sessions of a capture are judged, and how many of them are taken for tunnels.
fn tunnels(capture: &str) -> (usize, usize) {
    let rows = flows(&[capture]);
    let classes: Vec<&str> = rows.iter().filter_map(|row| row["eta_class"].as_str()).collect();
    (classes.len(), classes.iter().filter(|class| **class == "doh_tunnel").count())
}

#[test]
fn tunnels_in_dns_over_https_are_told_from_lookups_and_from_everything_else() {
    for capture in ["fixtures/eta/doh-iodine.pcap.zst", "fixtures/eta/doh-dns2tcp.pcap.zst"] {
        let (sessions, taken) = tunnels(capture);
        assert!(sessions > 50 && taken * 5 > sessions * 4, "{capture}: {taken} of {sessions}");
    }
    let (sessions, taken) = tunnels("fixtures/eta/doh.pcap.zst");
    assert!(sessions > 200 && taken * 20 < sessions, "{taken} of {sessions} lookups");
    for capture in ["web", "office", "attack-beacon", "attack-neighbours"] {
        assert_eq!(tunnels(&format!("fixtures/demo/{capture}.pcap.zst")).1, 0, "{capture}");
    }
}

#[test]
fn as_many_packets_are_kept_as_are_asked_for() {
    let longest = |rows: &[Value]| rows.iter().map(|row| numbers(row, "splt_lengths").len()).max();
    let whole = flows(&["--splt-packets", "200", UPLOAD]);
    assert!(longest(&whole) > Some(50), "a capture of many packets: {:?}", longest(&whole));
    for most in [1, 3, 50] {
        let rows = flows(&["--splt-packets", &most.to_string(), UPLOAD]);
        assert_eq!((longest(&rows), rows.len()), (Some(most), whole.len()));
        let cut = |row: &Value| numbers(row, "splt_lengths").into_iter().take(most).collect::<Vec<_>>();
        assert!(rows.iter().zip(&whole).all(|(row, whole)| numbers(row, "splt_lengths") == cut(whole)), "{most}");
    }
    for wrong in ["0", "201"] {
        let output = minamo(&["meter", "--splt-packets", wrong, UPLOAD]);
        let told = stderr(&output);
        assert!(!output.status.success() && told.contains("--splt-packets") && told.contains("1..=200"), "{told}");
    }
}

#[test]
fn an_export_of_what_is_not_metered_is_refused() {
    for left_out in [["--light"].as_slice(), &["--groups", "light"], &["--groups", "ip,tcp"]] {
        let to = ["--eta", "--export", "netflow9://127.0.0.1:9"];
        let output = minamo(&[&["meter", UPLOAD], left_out, &to].concat());
        let told = stderr(&output);
        assert!(!output.status.success() && told.contains("--eta: nothing to send"), "{told}");
    }
}

/// Sends the flows of the captures.
fn export(url: &str, more: &[&str]) {
    let output = minamo(&[&["meter", "--groups", "full", "--eta", "--export", url], more, CAPTURES].concat());
    assert!(output.status.success(), "{}", stderr(&output));
}

fn numbers(row: &Value, column: &str) -> Vec<i64> {
    row[column].as_array().map(|list| list.iter().filter_map(Value::as_i64).collect()).unwrap_or_default()
}

/// Lengths of a sequence and microseconds since its beginning; a number of the wire holds 32,767.
fn sequence(row: &Value, name: &str) -> Vec<(i64, i64)> {
    let mut now = 0;
    let times = numbers(row, &format!("{name}_times_micros"));
    let one = |(length, since): (i64, i64)| {
        now += since;
        (length.clamp(-32_767, 32_767), now)
    };
    numbers(row, &format!("{name}_lengths")).into_iter().zip(times).map(one).collect()
}

/// What one side of a row shows: to whom it sent; lengths of packets, messages and records; counts of octet values and the first
/// packet. Nothing of a side without data, nor of what has no ports.
fn side(row: &Value, back: bool) -> Option<String> {
    if !(row["proto"] == 6 || row["proto"] == 17) {
        return None;
    }
    let (here, there) = if back { ("dst", "src") } else { ("src", "dst") };
    let ends = [here, there].map(|end| format!("{} {}", row[format!("{end}_ip")], row[format!("{end}_port")]));
    let sequence = |name: &str| {
        let lengths = sequence(row, name).into_iter().map(|(length, _)| length);
        lengths.filter(|length| (*length < 0) == back).map(i64::abs).collect::<Vec<_>>()
    };
    let (packets, messages) = (sequence("splt"), sequence("eta_message"));
    let (counts, initial) =
        (numbers(row, &format!("eta_{here}_byte_counts")), row[format!("eta_{here}_initial_packet")].as_str());
    let records = sequence("eta_record");
    (!packets.is_empty()).then(|| format!("{ends:?} {packets:?} {messages:?} {records:?} {counts:?} {initial:?}"))
}

/// How often each side is there.
fn sides<'a>(rows: impl IntoIterator<Item = &'a Value>) -> BTreeMap<String, usize> {
    let mut out = BTreeMap::new();
    for row in rows {
        for side in [side(row, false), side(row, true)].into_iter().flatten() {
            *out.entry(side).or_default() += 1;
        }
    }
    out
}

/// Asserts that the rows that arrived show the same.
fn same(arrived: &[Value], sent: &[Value], how: &str) {
    let (got, want) = (sides(arrived), sides(sent));
    assert!(want.len() > 60, "{} sides have data", want.len());
    let missing = want.iter().find(|(side, count)| got.get(*side) != Some(count));
    let close = missing.and_then(|(side, _)| {
        let ends = side.split(']').next().unwrap_or_default();
        got.keys().find(|other| other.starts_with(ends))
    });
    assert!(missing.is_none(), "{how}: {missing:?} is missing, there is {close:?}");
    assert_eq!(got.len(), want.len(), "{how}");
}

/// Asserts that the lengths of both sides are in the order in which they were sent, at their milliseconds or, where these do not tell
/// the order, later ones.
fn in_order(arrived: &[Value], sent: &[Value], how: &str) {
    let ends = ["src_ip", "src_port", "dst_ip", "dst_port", "proto"];
    let mut parts: BTreeMap<String, usize> = BTreeMap::new();
    let with_ports = |row: &&Value| row["proto"] == 6 || row["proto"] == 17;
    for row in sent.iter().filter(with_ports) {
        *parts.entry(format!("{:?}", ends.map(|name| &row[name]))).or_default() += 1;
    }
    let mut sequences = 0;
    for row in sent.iter().filter(with_ports) {
        // Of a conversation that is told in parts one is not told from another.
        if parts.get(&format!("{:?}", ends.map(|name| &row[name]))) != Some(&1) {
            continue;
        }
        let there = arrived.iter().find(|other| ends.iter().all(|name| other[name] == row[name]));
        let there = there.unwrap_or_else(|| panic!("{how}: {row} has not arrived"));
        for name in ["splt", "eta_message", "eta_record"] {
            let (got, want) = (sequence(there, name), sequence(row, name));
            let lengths = |all: &[(i64, i64)]| all.iter().map(|(length, _)| *length).collect::<Vec<_>>();
            assert_eq!(lengths(&got), lengths(&want), "{how}: {name} of {row}");
            let late = 1_000 * want.len() as i64;
            let near = |((_, got), (_, want)): (&(i64, i64), &(i64, i64))| (want - 1_000..=want + late).contains(got);
            assert!(got.iter().zip(&want).all(near), "{how}: {name}: {got:?} of {want:?}");
            sequences += usize::from(want.iter().any(|(length, _)| *length < 0));
        }
    }
    assert!(sequences > 40, "{how}: {sequences} sequences of both sides");
}

/// Asserts that first packets told the fingerprints of those clients whose hello fits into one.
fn told(arrived: &[Value], sent: &[Value], how: &str) {
    let names = ["src_ip", "src_port", "tls_ja4", "tls_ja3", "tls_sni"];
    let hello = |row: &&Value| {
        let first = numbers(row, "splt_lengths").first().copied().unwrap_or(0);
        row["tls_ja4"].is_string() && row["proto"] == 6 && (1..1_240).contains(&first)
    };
    let mut clients = 0;
    for row in sent.iter().filter(hello) {
        let fits = |other: &&Value| names.iter().all(|name| other[name] == row[name]);
        assert!(arrived.iter().any(|other| fits(&other)), "{how}: {row}");
        clients += 1;
    }
    assert!(clients >= 3, "{clients} clients");
}

/// Asserts that sessions that the probe judged are judged as rows of an exporter too, by the same model, and nothing else is.
fn judged(arrived: &[Value], sent: &[Value], how: &str) {
    let ends = ["src_ip", "src_port", "dst_ip", "dst_port"];
    let mut sessions = 0;
    for row in sent.iter().filter(|row| row["eta_model"].is_string() && row["proto"] == 6) {
        let there = arrived.iter().find(|other| ends.iter().all(|name| other[name] == row[name]));
        let there = there.unwrap_or_else(|| panic!("{how}: {row} has not arrived"));
        let lengths = numbers(row, "splt_lengths");
        let both = lengths.first().is_some_and(|&first| first > 0) && lengths.iter().any(|&length| length < 0);
        // Without an answer there is nothing to judge.
        if both {
            assert_eq!(there["eta_model"], row["eta_model"], "{how}: {there}");
            assert!(there["eta_score"].is_number() && there["eta_class"].is_string(), "{how}: {there}");
            sessions += 1;
        }
    }
    assert!(sessions >= 3, "{how}: {sessions} sessions");
    let other = arrived.iter().find(|row| row["proto"] != 6 && row["eta_model"].is_string());
    assert!(other.is_none(), "{how}: {other:?}");
}

/// What a collector on loopback prints of the captures that are sent to it, line by line.
fn printed(format: &str, more: &[&str], rows: usize) -> Vec<String> {
    collected(format, rows, |url| export(url, more))
}

/// What it prints of the flows that `send` sends to the address.
fn collected(format: &str, rows: usize, send: impl FnOnce(&str)) -> Vec<String> {
    let limit = rows.to_string();
    let arguments =
        ["collect", "--print", "--proof", "--listen", "127.0.0.1:0", "--format", "jsonl", "--limit", &limit];
    let mut collector = Listening::start(&arguments, "listening at");
    let out = BufReader::new(collector.child.stdout.take().expect("piped"));
    // Read from the beginning, so that it can write.
    let reader = std::thread::spawn(move || out.lines().map_while(Result::ok).collect::<Vec<_>>());
    send(&format!("{format}://{}", collector.address));
    reader.join().expect("no panic")
}

fn rows(lines: &[String]) -> Vec<Value> {
    lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn records_as_switches_send_them_show_the_same_as_the_probe() {
    let sent = metered();
    let answered = sent.iter().filter(|row| row["dst_packets"].as_u64() > Some(0)).count();
    let lines = printed("netflow9", &[], sent.len() + answered);
    let arrived = rows(&lines);
    assert!(arrived.iter().all(|row| row["dst_packets"].as_u64().unwrap_or(0) == 0), "a record for each direction");
    same(&arrived, &sent, "NetFlow v9");
    told(&arrived, &sent, "NetFlow v9");
    for (element, column) in [
        ("0/44940", "eta_src_initial_packet"),
        ("0/44941", "splt_lengths"),
        ("0/44942", "eta_message_lengths"),
        ("0/44944", "eta_src_byte_counts"),
        ("0/44945", "eta_record_lengths"),
    ] {
        let proof = |line: &&String| line.contains(element) && line.contains(column);
        assert!(lines.iter().any(|line| proof(&line)), "{element} {column}: {:?}", lines.last());
    }
}

#[test]
fn both_directions_in_one_record_show_the_same() {
    let sent = metered();
    // Without elements of our own: what they would tell comes from the first packets.
    let arrived = rows(&printed("ipfix", &["--enterprise", "0"], sent.len()));
    same(&arrived, &sent, "IPFIX");
    in_order(&arrived, &sent, "IPFIX");
    told(&arrived, &sent, "IPFIX");
    judged(&arrived, &sent, "IPFIX");
}

#[test]
fn a_probe_sends_the_same_with_reverse_elements() {
    let sent = metered();
    let buffer = tempfile::tempdir().expect("a folder");
    let arrived = rows(&collected("ipfix", sent.len(), |url| {
        let (captures, buffer) = (CAPTURES.join(","), buffer.path().to_string_lossy().into_owned());
        let probe = ["probe", "-i", &captures, "--groups", "full", "--eta", "--enterprise", "0", "--export", url];
        let output = minamo(&[&probe[..], &["--buffer", &buffer]].concat());
        assert!(output.status.success(), "{}", stderr(&output));
    }));
    assert!(arrived.iter().any(|row| numbers(row, "splt_lengths").iter().any(|length| *length < 0)));
    same(&arrived, &sent, "probe");
    in_order(&arrived, &sent, "probe");
    told(&arrived, &sent, "probe");
    judged(&arrived, &sent, "probe");
}

#[test]
fn records_of_both_directions_are_paired_to_the_same_picture() {
    let port = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
    let mut server = Server::start(&format!("[collect]\nlisten = [\"127.0.0.1:{port}\"]\npair_wait = \"3s\"\n"));
    let sent = metered();
    let with_ports: Vec<_> = sent.iter().filter(|row| row["proto"] == 6 || row["proto"] == 17).cloned().collect();
    export(&format!("netflow9://127.0.0.1:{port}"), &[]);
    let count = "SELECT COUNT(*) AS n FROM flows WHERE proto = 6 OR proto = 17";
    wait_until("all are stored", || server.number(count) == with_ports.len() as u64);
    server.stop();
    let data = server.folder().to_string_lossy().into_owned();
    let output = minamo(&["sql", "--json", "--data", &data, "SELECT * FROM flows"]);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let stored: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    same(&stored, &sent, "paired");
    in_order(&stored, &sent, "paired");
    told(&stored, &sent, "paired");
    judged(&stored, &sent, "paired");
}
