// SPDX-License-Identifier: Apache-2.0
//! What is exported over loopback decodes to the rows that went in.

use std::io::Read as _;
use std::net::{TcpListener, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use minamo_base::{Ip, Time};
use minamo_flowwire::{Cache, decode};
use minamo_model::{Flow, FlowBuilder};

use super::*;

const START: Time = Time(1_795_000_000_000_000_000);
const PATIENCE: Duration = Duration::from_secs(20);

fn flow(n: u16) -> Flow {
    let mut flow = Flow::default();
    let core = &mut flow.core;
    (core.src_ip, core.dst_ip) = (Ip::v4([10, 0, 0, 1]), Ip::v4([10, 0, 0, 2]));
    (core.src_port, core.dst_port, core.proto) = (40_000 + n, 443, 6);
    (core.time_start, core.time_end) = (START, START + Duration::from_millis(1_500));
    (core.src_bytes, core.src_packets) = (100 + u64::from(n), 3);
    (core.dst_bytes, core.dst_packets) = (9_000, 7);
    core.app = "TLS".into();
    flow.tcp.get_or_insert_default().src_flags = Some(0x1b);
    flow.tcp.get_or_insert_default().dst_flags = Some(0x13);
    flow
}

fn batch(flows: &[Flow]) -> RecordBatch {
    let mut builder = FlowBuilder::default();
    flows.iter().for_each(|flow| builder.append(flow));
    builder.finish().expect("a batch")
}

fn exporter(url: &str, change: impl Fn(Target) -> Target) -> (Exporter, Arc<Counters>) {
    let counters = Arc::new(Counters::default());
    let target = change(Target::parse(url).expect("a target"));
    (Exporter::new(target, Clock::Rows(START), Arc::clone(&counters)), counters)
}

/// The rows of datagrams that wait at a socket, with the number of records lost by sequence and of bad parts.
fn received(socket: &UdpSocket, want: usize) -> (Vec<Flow>, u32, usize) {
    socket.set_read_timeout(Some(PATIENCE)).expect("set");
    let (mut cache, mut rows, mut lost, mut bad) = (Cache::default(), Vec::new(), 0, 0);
    let mut buffer = [0; 65_536];
    while rows.len() < want {
        let len = socket.recv(&mut buffer).expect("a datagram");
        let octets = buffer.get(..len).unwrap_or_default();
        let report = decode(octets, Ip::v4([127, 0, 0, 1]), START, &mut cache, &mut |row| rows.push(row.clone()));
        (lost, bad) = (lost + report.lost, bad + report.skipped.len());
    }
    (rows, lost, bad)
}

fn sums(rows: &[Flow]) -> (u64, u64) {
    let bytes = rows.iter().map(|row| row.core.src_bytes + row.core.dst_bytes).sum();
    (bytes, rows.iter().map(|row| row.core.src_packets + row.core.dst_packets).sum())
}

#[test]
fn each_format_carries_the_same_bytes_and_packets() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let place = socket.local_addr().expect("an address");
    let flows: Vec<Flow> = (0..300).map(flow).collect();
    for (name, biflow, records) in [
        ("ipfix", true, 300),
        ("ipfix", false, 600),
        ("netflow9", true, 300),
        ("netflow9", false, 600),
        ("netflow5", false, 600),
    ] {
        let (mut exporter, counters) = exporter(&format!("{name}://{place}"), |target| target.with_biflow(biflow));
        exporter.send(&batch(&flows)).expect("sent");
        let (rows, lost, bad) = received(&socket, records);
        assert_eq!((rows.len(), lost, bad), (records, 0, 0), "{name}");
        assert_eq!(sums(&rows), sums(&flows), "{name}");
        assert_eq!(counters.sent(), u64::try_from(records).expect("small"));
        assert!(rows.iter().all(|row| row.core.time_end.since(row.core.time_start) == 1_500_000_000), "{name}");
        assert_eq!(rows[0].core.time_start, START, "{name}");
        let back = rows.iter().find(|row| row.core.src_port == 443);
        assert_eq!(back.is_some(), !biflow);
        assert!(back.is_none_or(|row| row.tcp.as_ref().and_then(|tcp| tcp.src_flags) == Some(0x13)));
    }
}

#[test]
fn a_chosen_template_is_the_same_for_every_record() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let url = format!("ipfix://{}", socket.local_addr().expect("an address"));
    let text = "%L4_DST_PORT %IPV4_SRC_ADDR %IN_BYTES %FIRST_SWITCHED tcp_src_flags %L7_PROTO_NAME %SRC_TOS";
    let template = Template::parse(text).expect("a template");
    let (mut exporter, _) =
        exporter(&url, |target| target.with_template(template.clone()).expect("a format with templates"));
    let mut bare = flow(2);
    (bare.tcp, bare.core.app) = (None, "".into());
    exporter.send(&batch(&[flow(1), bare])).expect("sent");
    let mut buffer = [0; 2_048];
    let len = socket.peek(&mut buffer).expect("a datagram");
    assert!(len < 200, "one template: {len}");
    let (rows, ..) = received(&socket, 2);
    assert_eq!((rows[0].core.dst_port, rows[0].core.src_bytes, rows[0].core.src_port), (443, 101, 0));
    assert_eq!(rows[1].tcp.as_ref().and_then(|tcp| tcp.src_flags), Some(0), "absent is zero in a fixed template");
    assert_eq!((rows[0].core.app.as_ref(), rows[1].core.app.as_ref()), ("TLS", "Unknown"));
    assert!(rows[0].core.dst_bytes == 0 && rows[1].core.src_bytes == 102);
}

#[test]
fn what_a_format_cannot_carry_is_counted() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let place = socket.local_addr().expect("an address");
    let mut six = flow(1);
    six.core.src_ip = "2001:db8::1".parse().expect("an address");
    let mut old = flow(2);
    old.core.time_start = START - Duration::from_secs(41 * 86_400);
    let (mut exporter, counters) = exporter(&format!("netflow5://{place}"), |target| target);
    exporter.send(&batch(&[six, old, flow(3)])).expect("sent");
    assert_eq!(counters.sent(), 2);
    let losses = counters.losses();
    assert!(losses[0].starts_with("2 record(s)") && losses[1].starts_with("2 record(s)"), "{losses:?}");
}

/// Reads whole IPFIX messages off a stream until `want` rows came.
fn stream_rows(stream: &mut std::net::TcpStream, cache: &mut Cache, want: usize) -> Vec<Flow> {
    let mut rows = Vec::new();
    while rows.len() < want {
        let mut head = [0; 4];
        stream.read_exact(&mut head).expect("a header");
        let len = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let mut message = head.to_vec();
        message.resize(len, 0);
        stream.read_exact(message.get_mut(4..).expect("long enough")).expect("a message");
        let report = decode(&message, Ip::v4([127, 0, 0, 1]), START, cache, &mut |row| rows.push(row.clone()));
        assert_eq!((report.skipped.len(), report.lost), (0, 0));
    }
    rows
}

#[test]
fn a_collector_that_comes_back_gets_what_waited() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
    let place = listener.local_addr().expect("an address");
    let door = Door::open(Target::parse(&format!("ipfix+tcp://{place}")).expect("a target"), Clock::Rows(START))
        .expect("a thread");
    door.offer(&batch(&[flow(1)]));
    let (mut stream, _) = listener.accept().expect("a connection");
    assert_eq!(stream_rows(&mut stream, &mut Cache::default(), 1)[0].core.src_bytes, 101);
    drop((stream, listener));
    // The first write after the other side went away may still succeed: the system learns of it later.
    for _ in 0..1_000 {
        if door.counters().connected.load(Ordering::Relaxed) == 0 {
            break;
        }
        door.offer(&batch(&[flow(2)]));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(door.counters().connected.load(Ordering::Relaxed), 0, "it must notice");
    door.offer(&batch(&[flow(3)]));
    let listener = TcpListener::bind(place).expect("the port again");
    let (mut stream, _) = listener.accept().expect("a new connection");
    // A connection begins with its templates and its own sequence.
    let (mut cache, mut found) = (Cache::default(), Vec::new());
    while !found.contains(&103) {
        found.extend(stream_rows(&mut stream, &mut cache, 1).iter().map(|row| row.core.src_bytes));
        assert!(found.len() < 100, "{found:?}");
    }
    door.close();
}

#[test]
fn a_queue_that_is_full_drops_and_counts() {
    // A port that nobody listens at: connecting fails at once.
    let place = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("an address");
    let target = Target::parse(&format!("ipfix+tcp://{place}")).expect("a target");
    let door = Door::open(target, Clock::Rows(START)).expect("a thread");
    for n in 0..100 {
        door.offer(&batch(&[flow(n)]));
    }
    door.close();
    let counters = door.counters();
    let (full, end) = (counters.dropped.load(Ordering::Relaxed), counters.dropped_end.load(Ordering::Relaxed));
    assert_eq!(full + end, 100, "each row is accounted for");
    assert!(full >= 34 && end >= 1, "{full} {end}");
}
