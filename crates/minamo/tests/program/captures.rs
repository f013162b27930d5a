// SPDX-License-Identifier: Apache-2.0
//! Our recordings through `minamo meter`, compared with what tshark found in them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{expected, flows, stdout};

/// A client hello in OpenVPN's control channel, which tshark opens and this program does not.
const INSIDE_OPENVPN: &str = "b0ec87ac7424dc3b841dacb72db22a21";

fn sum(rows: &[Value], proto: u64, columns: [&str; 2]) -> u64 {
    let of = rows.iter().filter(|row| row["proto"] == proto);
    of.flat_map(|row| columns.map(|column| row[column].as_u64().unwrap_or(0))).sum()
}

fn texts(rows: &[Value], column: &str) -> BTreeSet<String> {
    rows.iter().filter_map(|row| row[column].as_str().map(str::to_owned)).collect()
}

fn keys(value: &Value) -> BTreeSet<String> {
    let keys = value.as_object().into_iter().flatten().map(|(key, _)| key.to_ascii_lowercase());
    // The referee's word for handshakes without the item.
    keys.filter(|key| key != "(none)").collect()
}

#[test]
fn packets_and_octets_are_those_of_tshark() {
    for (file, facts) in expected("fixtures/demo")["files"].as_object().expect("an object") {
        let rows = flows(&[&format!("fixtures/demo/{file}")]);
        let (packets, octets) =
            (sum(&rows, 6, ["src_packets", "dst_packets"]), sum(&rows, 6, ["src_bytes", "dst_bytes"]));
        assert_eq!(packets, facts["tcp"]["packets"].as_u64().expect("a number"), "{file}: TCP packets");
        // tshark counts whole frames, we count from the IP header on: 14 octets of Ethernet less, and the padding of
        // frames below 60 octets, which only short TCP packets over IPv4 have.
        let frames = facts["tcp"]["bytes"].as_u64().expect("a number");
        let padding = (frames - 14 * packets).abs_diff(octets);
        assert!(padding <= 6 * packets, "{file}: {octets} octets, frames {frames}, {packets} packets");
        assert!(octets <= frames - 14 * packets, "{file}: more octets than were on the wire");
    }
}

#[test]
fn names_and_fingerprints_are_those_of_tshark() {
    for (file, facts) in expected("fixtures/demo")["files"].as_object().expect("an object") {
        let rows = flows(&[&format!("fixtures/demo/{file}")]);
        let want = keys(&facts["tls"]["sni"]);
        assert!(want.is_subset(&texts(&rows, "tls_sni")), "{file}: {want:?} in {:?}", texts(&rows, "tls_sni"));
        let mut want = keys(&facts["tls"]["ja3"]);
        want.remove(INSIDE_OPENVPN);
        assert!(want.is_subset(&texts(&rows, "tls_ja3")), "{file}: {want:?} in {:?}", texts(&rows, "tls_ja3"));
    }
}

#[test]
fn ssh_is_named_by_content_on_port_10022() {
    let rows = flows(&["fixtures/demo/ssh.pcap.zst"]);
    let ssh: Vec<_> = rows.iter().filter(|row| row["dst_port"] == 10_022).collect();
    assert_eq!(ssh.len(), 10);
    for row in ssh {
        assert_eq!((&row["app"], &row["app_confidence"]), (&"SSH".into(), &"content".into()));
        assert!(row["ssh_hassh"].as_str().is_some_and(|hash| hash.len() == 32));
        assert!(row["ssh_server"].as_str().is_some_and(|banner| banner.contains("OpenSSH")));
    }
}

#[test]
fn the_info_hash_is_on_its_flows() {
    let facts = expected("fixtures/demo");
    let facts = &facts["files"]["bittorrent.pcap.zst"]["bittorrent"];
    let hash = facts["info_hash"].as_str().expect("a text");
    // A connection has a handshake from each side.
    let connections = facts["tcp_handshakes"].as_u64().expect("a number") / 2;
    let rows = flows(&["fixtures/demo/bittorrent.pcap.zst"]);
    let torrent: Vec<_> = rows.iter().filter(|row| row["app"] == "BitTorrent" && row["proto"] == 6).collect();
    assert_eq!(torrent.len() as u64, connections);
    assert!(torrent.iter().all(|row| row["bittorrent_info_hash"] == hash), "{torrent:?}");
}

#[test]
fn each_protocol_of_the_recordings_has_its_label() {
    let labels = [
        ("bittorrent", "BitTorrent"),
        ("dhcp", "DHCP"),
        ("dns_tcp", "DNS"),
        ("dns_udp", "DNS"),
        ("ftp", "FTP_CONTROL"),
        ("http1", "HTTP"),
        ("icmp", "ICMP"),
        ("icmpv6", "ICMPV6"),
        ("ntp", "NTP"),
        ("openvpn", "OpenVPN"),
        ("quic_v1", "QUIC"),
        ("quic_v2", "QUIC"),
        ("rdp", "RDP"),
        ("sip", "SIP"),
        ("smb", "SMBv23"),
        ("smtp", "SMTP"),
        ("ssh", "SSH"),
        ("stun", "STUN"),
        ("tls12", "TLS"),
        ("tls13", "TLS"),
        ("wireguard", "WireGuard"),
    ];
    for (file, label) in labels {
        let rows = flows(&[&format!("fixtures/protocols/{file}.pcap")]);
        let apps = texts(&rows, "app");
        let named = apps.iter().any(|app| app.split('.').next() == Some(label));
        assert!(named, "{file}: want {label}, got {apps:?}");
    }
}

#[test]
fn quic_is_opened() {
    for (file, version) in [("quic_v1", "1"), ("quic_v2", "2")] {
        let rows = flows(&[&format!("fixtures/protocols/{file}.pcap")]);
        let row = rows.iter().find(|row| row["app"].as_str().is_some_and(|app| app.starts_with("QUIC"))).expect("QUIC");
        assert_eq!(row["quic_version"], version);
        assert!(
            row["tls_sni"].is_string() && row["tls_ja4"].as_str().is_some_and(|ja4| ja4.starts_with("q13d")),
            "{row}"
        );
    }
}

#[test]
fn rows_and_their_order_are_the_same_with_any_number_of_threads() {
    let folders = ["fixtures/demo", "fixtures/protocols", "fixtures/flow"];
    let run = |threads: &str, more: &[&str]| {
        let mut arguments = vec!["meter", "--threads", threads];
        arguments.extend(more);
        arguments.extend(folders);
        stdout(&arguments)
    };
    // Timeouts that end flows in the middle, too.
    for more in [&[][..], &["--idle-timeout", "2s", "--active-timeout", "3s"], &["--sample", "random:3", "--seed", "7"]]
    {
        let one = run("1", more);
        assert!(one.lines().count() > 500, "{more:?}: {}", one.lines().count());
        for threads in ["2", "5"] {
            let many = run(threads, more);
            // Names from DNS are joined by one thread alone.
            let facts = |line: &str| {
                let mut row: serde_json::Map<String, Value> = serde_json::from_str(line).expect("JSON");
                row.retain(|name, _| !["host_name", "name_source", "name_confidence"].contains(&name.as_str()));
                row
            };
            let differ = one.lines().zip(many.lines()).position(|(one, many)| facts(one) != facts(many));
            assert_eq!((many.lines().count(), differ), (one.lines().count(), None), "{threads} threads, {more:?}");
        }
    }
}

/// A capture as raw IPv4: datagrams of so many hosts, one each second millisecond, an hour of silence, and some more.
fn interrupted(hosts: u16) -> Vec<u8> {
    let mut out =
        b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x65\x00\x00\x00".to_vec();
    let of = |host: u16| (1_700_000_000, u32::from(host) * 2_000, host);
    let later = |host: u16| (1_700_003_600, u32::from(host), host);
    for (seconds, micros, host) in (0..hosts).map(of).chain((0..10).map(later)) {
        let [high, low] = host.to_be_bytes();
        let mut packet = Vec::new();
        let built = etherparse::PacketBuilder::ipv4([10, 0, high, low], [192, 0, 2, 1], 64).udp(40_000, 9);
        built.write(&mut packet, b"x").expect("a Vec takes all");
        let length = u32::try_from(packet.len()).expect("short");
        for number in [seconds + micros / 1_000_000, micros % 1_000_000, length, length] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&packet);
    }
    out
}

/// A pause ends more flows than are reported at once: by slices, in the same order.
#[test]
fn rows_of_flows_that_a_pause_ends_come_in_their_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("interrupted.pcap");
    std::fs::write(&file, interrupted(5_000)).expect("written");
    let path = file.to_str().expect("text");
    let one = stdout(&["meter", path]);
    let source = |line: &str| serde_json::from_str::<Value>(line).expect("JSON")["src_ip"].clone();
    let wanted = (0..5_000u16).chain(0..10).map(|host| format!("10.0.{}.{}", host >> 8, host & 255));
    assert!(one.lines().map(source).eq(wanted));
    for threads in ["2", "3"] {
        assert!(stdout(&["meter", "--threads", threads, path]) == one, "{threads} threads");
    }
}

#[test]
fn samples_say_how_they_were_chosen() {
    let rows = |sample: &str| {
        let out = stdout(&["meter", "--sample", sample, "fixtures/demo/web.pcap.zst"]);
        out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect::<Vec<Value>>()
    };
    let whole = flows(&["fixtures/demo/web.pcap.zst"]);
    let by_flow = rows("flow:3");
    assert!(!by_flow.is_empty() && by_flow.len() < whole.len());
    assert!(by_flow.iter().all(|row| row["sampling_rate"] == 3 && row["sampling_method"] == "flow"));
    assert!(by_flow.iter().all(|row| row["sampling_origin"] == "probe"));
    let packets = |rows: &[Value]| -> u64 {
        rows.iter().map(|row| row["src_packets"].as_u64().unwrap_or(0) + row["dst_packets"].as_u64().unwrap_or(0)).sum()
    };
    assert_eq!(packets(&rows("count:10")), packets(&whole) / 10);
    assert!(!super::minamo(&["meter", "--sample", "hash:3", "fixtures/demo/web.pcap.zst"]).status.success());
}
