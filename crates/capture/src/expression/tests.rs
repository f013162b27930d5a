// SPDX-License-Identifier: Apache-2.0
//! Filters against frames whose answer is plain, and against tcpdump where it is installed.

use std::process::Command;

use etherparse::PacketBuilder;
use proptest::prelude::*;

use super::*;
use crate::CaptureFile;

fn tcp(tag: Option<u16>) -> Vec<u8> {
    let mut frame = Vec::new();
    PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
        .ipv4([192, 0, 2, 1], [198, 51, 100, 7], 64)
        .tcp(50_000, 443, 1, 1_000)
        .syn()
        .write(&mut frame, b"")
        .expect("a Vec takes all");
    if let Some(id) = tag {
        let [high, low] = id.to_be_bytes();
        frame.splice(12..12, [0x81, 0, high, low]);
    }
    frame
}

fn udp6() -> Vec<u8> {
    let host = |last| [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last];
    let mut frame = Vec::new();
    PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
        .ipv6(host(1), host(2), 64)
        .udp(5_353, 53)
        .write(&mut frame, b"question")
        .expect("a Vec takes all");
    frame
}

fn passes(text: &str, frame: &[u8]) -> bool {
    let program = Expression::parse(text).expect(text).compile(LinkType::ETHERNET).expect(text);
    program.passes(frame, frame.len())
}

#[test]
fn tests_say_what_they_say_of_tcpdump() {
    let frame = tcp(None);
    for yes in [
        "",
        "tcp",
        "ip",
        "host 192.0.2.1",
        "src host 192.0.2.1 and dst port https",
        "tcp port 443",
        "portrange 440-450",
        "net 192.0.2.0/24",
        "src net 192.0.2 and not dst net 192.0.2.0 mask 255.255.255.0",
        "host 203.0.113.9 or 192.0.2.1",
        "port 80 or 443",
        "src or dst port 443",
        "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
        "tcp[13] = 2",
        "ip[9] == 6 and ip[2:2] = 40",
        "ether src 02:00:00:00:00:01",
        "ether proto 0x0800",
        "ip proto \\tcp",
        "proto 6",
        "!(udp or vlan)",
        "less 54 and greater 54",
        "len < 60",
    ] {
        assert!(passes(yes, &frame), "{yes}");
    }
    for no in [
        "udp",
        "ip6",
        "dst host 192.0.2.1",
        "src and dst net 192.0.2.0/24",
        "udp port 443",
        "host 192.0.2.1 and port 80",
        "vlan",
        "ether multicast",
        "ip multicast",
        "tcp[tcpflags] & tcp-ack != 0",
        "greater 55",
        "arp host 192.0.2.1",
        "icmp[icmptype] = icmp-echo",
    ] {
        assert!(!passes(no, &frame), "{no}");
    }
}

#[test]
fn tags_are_looked_through_and_ipv6_is_as_good() {
    let tagged = tcp(Some(7));
    assert!(passes("vlan 7 and tcp port 443 and host 192.0.2.1", &tagged));
    assert!(passes("vlan and not vlan 8", &tagged));
    let six = udp6();
    assert!(passes("ip6 and udp port 53 and net 2001:db8::/32 and dst host 2001:db8::2", &six));
    assert!(!passes("host 2001:db8::3 or net 2001:db9::/32 or icmp6", &six));
}

#[test]
fn a_fragment_without_ports_and_a_cut_frame_pass_no_test_of_ports() {
    let mut frame = tcp(None);
    frame[20] = 0;
    frame[21] = 9;
    assert!(!passes("port 443", &frame) && passes("not port 443", &frame) && passes("tcp", &frame));
    assert!(!passes("port 443", &tcp(None)[..30]));
}

#[test]
fn errors_name_the_place_and_what_fits() {
    let error = |text: &str| Expression::parse(text).expect_err(text).to_string();
    assert_eq!(
        error("host example.com"),
        "capture filter, column 6: got `example.com`, want an address such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32 (names are not looked up)"
    );
    assert_eq!(
        error("tcp port"),
        "capture filter, column 9: got the end, want a port: a number up to 65535 or a name such as `https`"
    );
    assert_eq!(error("tcp udp"), "capture filter, column 5: got `udp`, want `and`, `or`, or the end");
    assert!(error("(tcp").ends_with("want )"));
    assert!(error("net 192.0.2.0/40").contains("column 5"));
    assert!(error(&"(".repeat(100)).contains("64 parentheses"));
    let link = Expression::parse("tcp").and_then(|tcp| tcp.compile(LinkType(105)));
    assert_eq!(link, Err(ExpressionError::Link(105)));
    let many = vec!["port 1"; 400].join(" or ");
    assert!(Expression::parse(&many).and_then(|many| many.compile(LinkType::ETHERNET)).is_err());
}

/// Frames of each recording that pass, by tcpdump and by us.
#[test]
fn the_same_frames_pass_as_with_tcpdump() {
    if Command::new("tcpdump").arg("--version").output().is_err() {
        println!("skipped: tcpdump is not installed");
        return;
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/protocols");
    let files: Vec<_> = std::fs::read_dir(folder)
        .expect("the fixtures")
        .filter_map(|entry| Some(entry.ok()?.path()).filter(|path| path.extension().is_some_and(|e| e == "pcap")))
        .collect();
    assert!(files.len() > 20, "the recordings are there");
    for text in [
        "tcp",
        "udp or icmp6",
        "arp",
        "port 53",
        "tcp dst port 443",
        "src net 192.0.2.0/25",
        "not ip",
        "ip6 host 2001:db8::1 or net 203.0.113.0/24",
        "ip and tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn",
        "greater 500 and not port 443",
        "ip and udp[8] & 0xc0 = 0x40",
        "ether broadcast or ether multicast",
        "portrange 5000-6000 or icmp[icmptype] = icmp-echo",
        "ip[6:2] & 0x1fff != 0",
    ] {
        let expression = Expression::parse(text).expect(text);
        for file in &files {
            let told = Command::new("tcpdump").args(["-nn", "--count", "-r"]).arg(file).arg(text).output();
            let told = String::from_utf8(told.expect("tcpdump runs").stdout).expect("text");
            let theirs: u64 = told.split(' ').next().and_then(|n| n.parse().ok()).expect("a count");
            let mut capture = CaptureFile::open(file).expect("a capture");
            let mut ours = 0;
            while let Some(frame) = capture.next_frame().expect("a whole capture") {
                let program = expression.compile(frame.link).expect("Ethernet");
                ours += u64::from(program.passes(frame.data, frame.data.len()));
            }
            assert_eq!(ours, theirs, "{text} on {}", file.display());
        }
    }
}

proptest! {
    #[test]
    fn no_text_and_no_frame_panics(text in "[a-z0-9 .:/()!&|=<>\\[\\]-]{0,60}", data: Vec<u8>) {
        if let Ok(program) = Expression::parse(&text).and_then(|e| e.compile(LinkType::ETHERNET)) {
            let _ = program.passes(&data, data.len());
        }
    }

    #[test]
    fn words_in_any_order_never_panic(words in prop::collection::vec(prop::sample::select(vec![
        "host", "net", "port", "src", "dst", "or", "and", "not", "tcp", "ip", "ip6", "ether", "192.0.2.1", "443", "[",
        "]", "(", ")", "&", "=", "13", "vlan", "2001:db8::1", "portrange", "1-2", "proto", "mask", "broadcast",
    ]), 1..20), data: Vec<u8>) {
        if let Ok(program) = Expression::parse(&words.join(" ")).and_then(|e| e.compile(LinkType::ETHERNET)) {
            let not = Expression::parse(&format!("not ({})", words.join(" "))).expect("the same in parentheses");
            let _ = (program.passes(&data, data.len()), not);
        }
    }
}
