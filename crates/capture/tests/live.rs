// SPDX-License-Identifier: Apache-2.0
//! Live capture against a real kernel: every test runs in a network namespace of its own, so that nothing but its own
//! packets is there and nothing of the machine is seen. Where namespaces cannot be made the tests say that they are
//! skipped.

// The helpers of tests fail by panicking, and tell on standard output what they skip.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod namespace;

use std::collections::BTreeMap;
use std::net::UdpSocket;

use minamo_base::Time;
use minamo_capture::{Expression, LiveCapture, LiveSettings, Watched};
use minamo_packet::{Transport, decode};

use namespace::{inside, ip, try_ip, until_up, without_ipv6};

/// Datagrams that a test sends.
const SENT: u32 = 500;
/// Port that they go to; whatever has another one is not ours.
const PORT: u16 = 47_808;
/// Reads without a frame after which no more will come.
const QUIET: u32 = 3;

/// A capture alone on an interface, as it is by default.
fn open(name: &str) -> LiveCapture {
    LiveCapture::open(name, &LiveSettings::default()).expect(name)
}

/// Sends numbered datagrams.
fn send(socket: &UdpSocket, to: &str) {
    for number in 0..SENT {
        socket.send_to(&number.to_be_bytes(), (to, PORT)).expect("sent");
    }
}

/// What a capture saw.
#[derive(Debug, Default)]
struct Seen {
    /// Times that each number was seen on its way to [`PORT`], with the VLAN of the frame.
    numbers: BTreeMap<(u32, Option<u16>), u32>,
    /// The same on its way back.
    answers: BTreeMap<u32, u32>,
    /// Frames that are neither.
    others: u32,
    /// Times of the frames.
    times: Vec<Time>,
}

/// Reads until nothing comes any more.
fn read(capture: &mut LiveCapture) -> Seen {
    let (mut seen, mut quiet) = (Seen::default(), 0);
    while quiet < QUIET {
        let Some(frame) = capture.next_frame().expect("the interface is there") else {
            quiet += 1;
            continue;
        };
        seen.times.push(frame.time);
        let packet = decode(frame.link, frame.data).expect("a packet");
        let number = packet.payload.first_chunk().map(|octets| u32::from_be_bytes(*octets));
        match (packet.transport, packet.tuple().dst_port, packet.tuple().src_port, number) {
            (Transport::Udp(..), PORT, _, Some(number)) => {
                *seen.numbers.entry((number, packet.vlans[0])).or_default() += 1;
            }
            (Transport::Udp(..), _, PORT, Some(number)) => *seen.answers.entry(number).or_default() += 1,
            _ => seen.others += 1,
        }
    }
    seen
}

/// Each number once.
fn once(vlan: Option<u16>) -> BTreeMap<(u32, Option<u16>), u32> {
    (0..SENT).map(|number| ((number, vlan), 1)).collect()
}

#[test]
fn loopback_gives_each_packet_once() {
    if !inside("loopback_gives_each_packet_once") {
        return;
    }
    ip("link set lo up");
    without_ipv6();
    let mut capture = open("lo");
    let server = UdpSocket::bind(("127.0.0.1", PORT)).expect("free");
    let client = UdpSocket::bind("127.0.0.1:0").expect("free");
    let mut octets = [0; 4];
    for number in 0..SENT {
        client.send_to(&number.to_be_bytes(), ("127.0.0.1", PORT)).expect("sent");
        let (length, from) = server.recv_from(&mut octets).expect("arrived");
        server.send_to(&octets[..length], from).expect("sent");
    }
    let seen = read(&mut capture);
    assert_eq!(seen.numbers, once(None));
    assert_eq!(seen.answers, (0..SENT).map(|number| (number, 1)).collect());
    assert_eq!(seen.others, 0, "{seen:?}");
    let stats = capture.stats().expect("counters");
    assert_eq!((stats.received, stats.dropped), (u64::from(2 * SENT), 0), "and the kernel agrees");
    assert_eq!(capture.stats().expect("counters").received, 0, "it counts since the last look");
    assert!(seen.times.is_sorted() && seen.times.iter().all(|time| time.0 > 0), "the kernel's times");
}

#[test]
fn both_ends_of_a_cable_give_each_packet_once() {
    if !inside("both_ends_of_a_cable_give_each_packet_once") {
        return;
    }
    cable();
    let mut ends = ["near", "far"].map(open);
    let socket = UdpSocket::bind("192.0.2.1:0").expect("the address is ours");
    send(&socket, "192.0.2.2");
    for (capture, name) in ends.iter_mut().zip(["near", "far"]) {
        let seen = read(capture);
        assert_eq!(seen.numbers, once(None), "{name}");
        assert_eq!((seen.others, seen.answers.len()), (0, 0), "{name}");
        let stats = capture.stats().expect("counters");
        assert_eq!((stats.received, stats.dropped), (u64::from(SENT), 0), "{name}");
    }
}

#[test]
fn a_tag_that_the_kernel_took_off_is_put_back() {
    if !inside("a_tag_that_the_kernel_took_off_is_put_back") {
        return;
    }
    cable();
    if !try_ip("link add link near name tagged type vlan id 7") {
        println!("skipped: this kernel has no VLAN interfaces");
        return;
    }
    ip("addr add 198.51.100.1/24 dev tagged");
    ip("link set tagged up");
    ip("neigh replace 198.51.100.2 lladdr 02:00:00:00:00:02 dev tagged");
    let mut ends = ["near", "far"].map(open);
    let socket = UdpSocket::bind("198.51.100.1:0").expect("the address is ours");
    send(&socket, "198.51.100.2");
    for (capture, name) in ends.iter_mut().zip(["near", "far"]) {
        let seen = read(capture);
        assert_eq!((seen.numbers, seen.others), (once(Some(7)), 0), "{name}");
    }
}

#[test]
fn what_the_kernel_drops_is_counted() {
    if !inside("what_the_kernel_drops_is_counted") {
        return;
    }
    cable();
    let mut capture = open("near");
    let socket = UdpSocket::bind("192.0.2.1:0").expect("the address is ours");
    // So many are more than the 64 MiB of the ring hold.
    let frames = 120_000;
    for _ in 0..frames {
        socket.send_to(&[0; 1_400], ("192.0.2.2", PORT)).expect("sent");
    }
    let mut read = 0;
    while capture.next_frame().expect("the interface is there").is_some() {
        read += 1;
    }
    let stats = capture.stats().expect("counters");
    assert!(stats.dropped > 0, "{stats:?}");
    assert_eq!((stats.received, read + stats.dropped), (frames, frames), "each frame was read or is counted");
}

#[test]
fn a_group_shares_conversations_and_no_packet_is_seen_twice() {
    if !inside("a_group_shares_conversations_and_no_packet_is_seen_twice") {
        return;
    }
    cable();
    let settings = LiveSettings { group: Some(7), ring_bytes: 4 << 20, ..LiveSettings::default() };
    let mut group = [(); 2].map(|()| LiveCapture::open("far", &settings).expect("far"));
    let sockets: Vec<UdpSocket> = (0..32).map(|_| UdpSocket::bind("192.0.2.1:0").expect("ours")).collect();
    for (number, socket) in (0u32..).zip(sockets.iter().cycle()).take(640) {
        socket.send_to(&number.to_be_bytes(), ("192.0.2.2", PORT)).expect("sent");
    }
    let shares = group.each_mut().map(|capture| {
        let mut share = BTreeMap::<u16, u32>::new();
        let mut quiet = 0;
        while quiet < QUIET {
            let Some(frame) = capture.next_frame().expect("the interface is there") else {
                quiet += 1;
                continue;
            };
            *share.entry(decode(frame.link, frame.data).expect("a packet").tuple().src_port).or_default() += 1;
        }
        share
    });
    let packets: u32 = shares.iter().flat_map(BTreeMap::values).sum();
    assert_eq!(packets, 640, "each packet once");
    assert_eq!(shares.iter().map(BTreeMap::len).sum::<usize>(), 32, "a conversation is in one share");
}

#[test]
fn the_kernel_hands_over_what_passes_the_filter_with_tags_and_without() {
    if !inside("the_kernel_hands_over_what_passes_the_filter_with_tags_and_without") {
        return;
    }
    cable();
    let open = |text: &str| {
        let filter = Some(Expression::parse(text).expect(text));
        LiveCapture::open("far", &LiveSettings { filter, ..LiveSettings::default() }).expect(text)
    };
    let mut none = open("udp port 47809 or tcp or vlan");
    let mut ours = open("src net 192.0.2.0/24 and udp dst port 47808 and udp[10:2] >= 100 and not vlan");
    let socket = UdpSocket::bind("192.0.2.1:0").expect("the address is ours");
    send(&socket, "192.0.2.2");
    let seen = read(&mut ours);
    assert_eq!(seen.numbers.keys().map(|(number, _)| *number).collect::<Vec<_>>(), (100..SENT).collect::<Vec<_>>());
    assert_eq!((read(&mut none).others, none.stats().expect("counters").received), (0, 0));
    if !try_ip("link add link near name tagged type vlan id 7") {
        println!("skipped: this kernel has no VLAN interfaces");
        return;
    }
    ip("addr add 198.51.100.1/24 dev tagged");
    ip("link set tagged up");
    ip("neigh replace 198.51.100.2 lladdr 02:00:00:00:00:02 dev tagged");
    let mut tagged = open("vlan 7 and udp port 47808");
    let mut other = open("vlan 8 or not vlan");
    send(&UdpSocket::bind("198.51.100.1:0").expect("ours"), "198.51.100.2");
    assert_eq!((read(&mut tagged).numbers, read(&mut other).numbers.len()), (once(Some(7)), 0));
}

#[test]
fn an_interface_that_is_not_there_is_named() {
    let error = LiveCapture::open("nosuch0", &LiveSettings::default()).err().expect("no such interface").to_string();
    assert!(error.starts_with("interface nosuch0: "), "{error}");
}

/// Two interfaces with a cable between them: what `near` sends arrives at `far`, where nobody has the address.
fn cable() {
    without_ipv6();
    ip("link add near type veth peer name far");
    ip("addr add 192.0.2.1/24 dev near");
    ip("link set near up");
    ip("link set far up");
    ip("neigh replace 192.0.2.2 lladdr 02:00:00:00:00:02 dev near");
    until_up("near");
    until_up("far");
}

#[test]
fn what_the_kernel_dropped_is_counted_and_the_card_without_a_clock_says_so() {
    if !inside("what_the_kernel_dropped_is_counted_and_the_card_without_a_clock_says_so") {
        return;
    }
    cable();
    let settings = LiveSettings { ring_bytes: 1 << 20, ..LiveSettings::default() };
    let mut capture = LiveCapture::open("far", &settings).expect("far");
    assert!(!capture.stamp_by_card().expect("asked"), "a cable of software has no clock");
    let socket = UdpSocket::bind("192.0.2.1:0").expect("the address is ours");
    // Two mebibytes of ring hold less than three mebibytes of frames.
    let large = [0; 1_400];
    const LARGE: u64 = 2_300;
    for _ in 0..LARGE {
        socket.send_to(&large, ("192.0.2.2", PORT)).expect("sent");
    }
    let seen = read(&mut capture);
    let taken: u32 = seen.numbers.values().sum();
    let stats = capture.stats().expect("counters");
    assert_eq!(stats.received, LARGE);
    assert!(stats.dropped > 0 && stats.full > 0, "{stats:?}");
    assert_eq!(u64::from(taken) + stats.dropped, LARGE, "each is either seen or counted");
}

#[test]
fn a_capture_is_read_after_the_privileges_are_gone() {
    if !inside("a_capture_is_read_after_the_privileges_are_gone") {
        return;
    }
    cable();
    let mut capture = open("far");
    let socket = UdpSocket::bind("192.0.2.1:0").expect("the address is ours");
    if minamo_capture::become_user("nobody").is_err() {
        println!("skipped: a_capture_is_read_after_the_privileges_are_gone: want to be root, and a user nobody");
        return;
    }
    minamo_capture::no_new_privileges().expect("asked");
    let status = std::fs::read_to_string("/proc/thread-self/status").expect("readable");
    let line = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim).unwrap_or_default();
    let ids: Vec<_> = line("Uid:").split_whitespace().collect();
    assert!(ids.len() == 4 && !ids.contains(&"0"), "{ids:?}");
    assert!(!line("Groups:").split(' ').any(|group| group == "0"), "{}", line("Groups:"));
    assert_eq!((line("CapEff:"), line("CapPrm:"), line("NoNewPrivs:")), ("0000000000000000", "0000000000000000", "1"));
    assert!(LiveCapture::open("near", &LiveSettings::default()).is_err(), "no other can be opened");
    send(&socket, "192.0.2.2");
    assert_eq!(read(&mut capture).numbers, once(None));
    assert_eq!(capture.stats().expect("counters").received, u64::from(SENT), "the counters are still told");
}

#[test]
fn an_interface_that_comes_later_or_comes_back_is_read() {
    if !inside("an_interface_that_comes_later_or_comes_back_is_read") {
        return;
    }
    assert!(Watched::open("far", LiveSettings::default(), false).is_err(), "nobody said that it shall be waited for");
    let mut watched = Watched::open("far", LiveSettings::default(), true).expect("waited for");
    assert_eq!(watched.link(), None);
    // What was read of each time that it was there; other frames are the kernel's own.
    let mut received = 0;
    for round in 0..3 {
        cable();
        until(&mut watched, |watched, _| watched.link().is_some());
        if round == 1 {
            // Down and up again is no other interface.
            ip("link set far down");
            ip("link set far up");
            until_up("far");
            until_up("near");
        }
        let socket = UdpSocket::bind("192.0.2.1:0").expect("the address is ours");
        send(&socket, "192.0.2.2");
        let mut seen = 0;
        until(&mut watched, |_, came| {
            seen += u32::from(came);
            seen == SENT
        });
        received += u64::from(SENT);
        ip("link del near");
        until(&mut watched, |watched, _| watched.link().is_none());
    }
    assert!(watched.stats().expect("counters").received >= received, "what is gone is counted");
}

/// Reads until something holds, which is told of each look whether it gave one of our frames.
fn until(watched: &mut Watched, mut holds: impl FnMut(&Watched, bool) -> bool) {
    for _ in 0..10_000 {
        let frame = watched.next_frame().expect("still good");
        let packet = frame.and_then(|frame| decode(frame.link, frame.data).ok());
        let ours = packet.is_some_and(|packet| packet.tuple().dst_port == PORT);
        if holds(watched, ours) {
            return;
        }
    }
    panic!("never");
}
