// SPDX-License-Identifier: Apache-2.0
//! Collectors that go away, come back, break in the middle or never read: each record arrives, in order, and is
//! accounted for.

use std::io::Read as _;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, channel};

use minamo_base::Ip;
use minamo_flowwire::{Cache, decode, notice};
use minamo_model::FlowBuilder;

use super::*;
use minamo_model::Flow;

const START: Time = Time(1_795_000_000_000_000_000);
const PATIENCE: Duration = Duration::from_secs(30);

/// Tests wait for real sockets: they need the time that passes.
#[allow(clippy::disallowed_methods)] // tests are an edge
fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    Time(i64::try_from(since.as_nanos()).expect("before 2262"))
}

/// A batch whose rows have these numbers as octets.
fn batch(numbers: std::ops::Range<u64>) -> RecordBatch {
    let mut builder = FlowBuilder::default();
    for number in numbers {
        let mut flow = Flow::default();
        let core = &mut flow.core;
        (core.src_ip, core.dst_ip) = (Ip::v4([10, 0, 0, 1]), Ip::v4([10, 0, 0, 2]));
        (core.src_port, core.dst_port, core.proto) = (40_000, 443, 6);
        (core.time_start, core.time_end) = (now(), now());
        (core.src_bytes, core.src_packets) = (1_000 + number, 1);
        builder.append(&flow);
    }
    builder.finish().expect("a batch")
}

fn settings(folder: &Path) -> Settings {
    Settings { file_age: Duration::from_millis(300), rate: 1_000_000, ..Settings::new(folder) }
}

fn open(url: &str, settings: &Settings) -> Spool {
    Spool::open(&Target::parse(url).expect("a target"), settings, now).expect("a spool")
}

fn value(spool: &Spool, name: &str) -> u64 {
    let samples = spool.samples("x");
    samples.iter().filter(|sample| sample.metric.name == name).map(|sample| sample.value).sum()
}

/// Lets time pass for the spool until something holds.
fn until(spool: &mut Spool, what: &str, holds: impl Fn(&Spool) -> bool) {
    for _ in 0..1_500 {
        spool.tick();
        if holds(spool) {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let samples = spool.samples("x").into_iter().filter(|sample| sample.value > 0);
    let told: Vec<_> = samples.map(|sample| format!("{} {}", sample.metric.name, sample.value)).collect();
    panic!("never: {what}: {told:?}");
}

/// What a connection brought.
struct Heard {
    /// First sequence number of each message with flows, and the numbers of its rows.
    messages: Vec<(u32, Vec<u64>)>,
    notice: Vec<u8>,
}

/// Reads a connection to its end, or only so many messages.
fn listen(mut stream: TcpStream, most: usize) -> Heard {
    let (mut cache, mut heard) = (Cache::default(), Heard { messages: Vec::new(), notice: Vec::new() });
    let mut head = [0; 4];
    while heard.messages.len() < most && stream.read_exact(&mut head).is_ok() {
        let mut message = head.to_vec();
        message.resize(usize::from(u16::from_be_bytes([head[2], head[3]])), 0);
        stream.read_exact(&mut message[4..]).expect("a whole message");
        let mut numbers = Vec::new();
        decode(&message, Ip::v4([127, 0, 0, 1]), START, &mut cache, &mut |row| {
            numbers.push(row.core.src_bytes - 1_000);
        });
        let sequence = u32::from_be_bytes(message[8..12].try_into().expect("four"));
        match numbers.is_empty() {
            true => heard.notice = message,
            false => heard.messages.push((sequence, numbers)),
        }
    }
    heard
}

/// A collector at a fixed place: takes connections until it is dropped; each is read to its end.
fn collector(place: std::net::SocketAddr) -> (Receiver<Heard>, Arc<AtomicBool>) {
    let listener = TcpListener::bind(place).expect("the port");
    listener.set_nonblocking(true).expect("set");
    let (sender, receiver) = channel();
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    std::thread::spawn(move || {
        while !asked.load(Ordering::Relaxed) {
            match listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).expect("set");
                    if sender.send(listen(stream, usize::MAX)).is_err() {
                        return;
                    }
                }
                Err(_) => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    });
    (receiver, stop)
}

/// Files with messages that are left.
fn files(folder: &Path) -> usize {
    let names =
        std::fs::read_dir(folder.join("ipfix")).expect("the folder").map(|file| file.expect("a file").file_name());
    names.filter(|name| name.to_string_lossy().ends_with(".spool")).count()
}

fn free_place() -> std::net::SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port")
}

#[test]
fn what_waited_on_disk_arrives_in_order_after_a_restart_of_both() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = free_place();
    let url = format!("ipfix+tcp://{place}");
    let settings = settings(folder.path());
    for (from, to) in [(0, 300), (300, 500)] {
        let mut spool = open(&url, &settings);
        spool.write(&batch(from..to));
        until(&mut spool, "nobody listens", |spool| value(spool, "minamo_export_connect_failures_total") > 0);
        assert_eq!(value(&spool, "minamo_buffer_records_total"), to - from);
        spool.close(Duration::ZERO);
    }
    let (heard, stop) = collector(place);
    let mut spool = open(&url, &settings);
    spool.write(&batch(500..600));
    until(&mut spool, "all was read", |spool| value(spool, "minamo_buffer_confirmed_records_total") == 600);
    assert_eq!(value(&spool, "minamo_buffer_repeated_records_total"), 0);
    assert_eq!(value(&spool, "minamo_buffer_waiting_files"), 0);
    spool.close(PATIENCE);
    stop.store(true, Ordering::Relaxed);
    assert_eq!(files(folder.path()), 0, "nothing is left");
    let connections: Vec<Heard> = heard.iter().collect();
    assert!(connections.len() >= 3, "a file is a connection");
    let mut next = 0;
    let mut all: Vec<u64> = Vec::new();
    for (sequence, numbers) in connections.iter().flat_map(|heard| &heard.messages) {
        assert_eq!(*sequence, next, "numbers go on over connections and restarts");
        next += u32::try_from(numbers.len()).expect("few");
        all.extend(numbers);
    }
    assert_eq!(all, (0..600).collect::<Vec<u64>>());
    let names: Vec<_> = connections.iter().map(|heard| notice::read(&heard.notice).expect("a name")).collect();
    assert!(
        names[0] != names[1] && names.windows(2).filter(|pair| pair[0] != pair[1]).count() == 2,
        "one for a run: {names:?}"
    );
    assert_eq!(notice::sequence(&connections[0].notice), Some(u32::MAX), "the number before the first");
}

#[test]
fn a_connection_that_breaks_in_the_middle_is_begun_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let place = listener.local_addr().expect("an address");
    let mut spool = open(&format!("ipfix+tcp://{place}"), &settings(folder.path()));
    spool.write(&batch(0..2_000));
    // It takes a few messages, and is gone with what it had not read.
    let (stream, _) = listener.accept().expect("a connection");
    let first = listen(stream, 3);
    drop(listener);
    let (heard, stop) = collector(place);
    until(&mut spool, "all was read", |spool| value(spool, "minamo_buffer_confirmed_records_total") == 2_000);
    assert!(value(&spool, "minamo_buffer_repeated_records_total") > 0);
    spool.close(PATIENCE);
    stop.store(true, Ordering::Relaxed);
    let messages: Vec<_> = heard.iter().flat_map(|heard| heard.messages).collect();
    assert_eq!(messages[..3], first.messages[..], "the same messages with the same numbers");
    let all: Vec<u64> = messages.into_iter().flat_map(|(_, numbers)| numbers).collect();
    assert_eq!(all, (0..2_000).collect::<Vec<u64>>());
}

#[test]
fn what_was_read_just_before_a_failure_is_sent_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = free_place();
    let (heard, stop) = collector(place);
    let mut spool = open(&format!("ipfix+tcp://{place}"), &settings(folder.path()));
    spool.write(&batch(0..10));
    until(&mut spool, "the first was read", |spool| value(spool, "minamo_buffer_confirmed_records_total") == 10);
    stop.store(true, Ordering::Relaxed);
    assert_eq!(heard.iter().flat_map(|heard| heard.messages).count(), 1);
    spool.write(&batch(10..20));
    until(&mut spool, "it is away", |spool| value(spool, "minamo_export_connect_failures_total") > 0);
    let (heard, stop) = collector(place);
    until(&mut spool, "all was read", |spool| value(spool, "minamo_buffer_confirmed_records_total") == 20);
    spool.close(PATIENCE);
    stop.store(true, Ordering::Relaxed);
    let all: Vec<u64> = heard.iter().flat_map(|heard| heard.messages).flat_map(|(_, numbers)| numbers).collect();
    assert_eq!(all, (0..20).collect::<Vec<u64>>());
}

#[test]
fn a_full_buffer_drops_the_oldest_and_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("ipfix+tcp://{}", free_place());
    let small = Settings { bound: 100_000, file_octets: 20_000, ..settings(folder.path()) };
    let mut spool = open(&url, &small);
    for step in 0..30 {
        spool.write(&batch(step * 100..step * 100 + 100));
    }
    let dropped = value(&spool, "minamo_buffer_dropped_records_total");
    let octets = value(&spool, "minamo_buffer_octets");
    assert!(dropped > 0 && octets <= 120_000, "{dropped} {octets}");
    let left: u64 = std::fs::read_dir(folder.path().join("ipfix"))
        .expect("the folder")
        .map(|file| file.and_then(|file| file.metadata()).expect("a file").len())
        .sum();
    assert!(left <= 121_000, "{left}");
    assert_eq!(value(&spool, "minamo_buffer_records_total"), 3_000);
    spool.close(Duration::ZERO);
    // The oldest are gone, the newest are there, and the gap shows in the numbers.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let place = listener.local_addr().expect("an address");
    drop(listener);
    let (heard, stop) = collector(place);
    let mut spool = open(&format!("ipfix+tcp://{place}"), &small);
    until(&mut spool, "all was read", |spool| value(spool, "minamo_buffer_confirmed_records_total") == 3_000 - dropped);
    spool.close(PATIENCE);
    stop.store(true, Ordering::Relaxed);
    let messages: Vec<_> = heard.iter().flat_map(|heard| heard.messages).collect();
    assert_eq!(u64::from(messages[0].0), dropped);
    let all: Vec<u64> = messages.into_iter().flat_map(|(_, numbers)| numbers).collect();
    assert_eq!(all, (dropped..3_000).collect::<Vec<u64>>());
}

#[test]
fn two_programs_do_not_share_a_buffer_and_a_cut_file_is_read_as_far_as_it_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = free_place();
    let url = format!("ipfix+tcp://{place}");
    let settings = settings(folder.path());
    let mut spool = open(&url, &settings);
    let other = Spool::open(&Target::parse(&url).expect("a target"), &settings, now).err().expect("it is in use");
    assert!(other.to_string().contains("another program uses this buffer"), "{other}");
    spool.write(&batch(0..100));
    spool.close(Duration::ZERO);
    let file = folder.path().join("ipfix/0000000000000001.spool");
    let whole = std::fs::read(&file).expect("a file");
    std::fs::write(&file, &whole[..whole.len() - 5]).expect("written");
    let (heard, stop) = collector(place);
    let mut spool = open(&url, &settings);
    assert!(value(&spool, "minamo_buffer_damaged_octets_total") > 0);
    spool.write(&batch(100..110));
    until(&mut spool, "the new ones were read", |spool| value(spool, "minamo_buffer_waiting_files") == 0);
    spool.close(PATIENCE);
    stop.store(true, Ordering::Relaxed);
    let all: Vec<u64> = heard.iter().flat_map(|heard| heard.messages).flat_map(|(_, numbers)| numbers).collect();
    assert!(all.len() > 20 && all.len() < 110, "{}", all.len());
    assert_eq!(all[all.len() - 10..], (100..110).collect::<Vec<u64>>()[..]);
    assert!(all.windows(2).all(|pair| pair[0] < pair[1]), "in order");
}

#[test]
fn a_port_that_refuses_datagrams_gets_them_once_it_listens() {
    for format in ["ipfix", "netflow9"] {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let place = socket.local_addr().expect("an address");
        let mut spool = open(&format!("{format}://{place}"), &settings(folder.path()));
        let mut buffer = [0; 65_536];
        let mut read = |socket: &UdpSocket, cache: &mut Cache, all: &mut Vec<u64>, most: usize| {
            socket.set_read_timeout(Some(PATIENCE)).expect("set");
            while all.len() < most {
                let len = socket.recv(&mut buffer).expect("a datagram");
                let octets = buffer.get(..len).unwrap_or_default();
                decode(octets, Ip::v4([127, 0, 0, 1]), START, cache, &mut |row| {
                    all.push(row.core.src_bytes - 1_000);
                });
            }
        };
        let (mut cache, mut all) = (Cache::default(), Vec::new());
        spool.write(&batch(0..50));
        read(&socket, &mut cache, &mut all, 50);
        until(&mut spool, "nothing was refused", |spool| value(spool, "minamo_buffer_confirmed_records_total") == 50);
        drop(socket);
        spool.write(&batch(50..100));
        until(&mut spool, "it is refused", |spool| value(spool, "minamo_export_connected") == 0);
        spool.write(&batch(100..150));
        // A new process: it knows no templates.
        let socket = UdpSocket::bind(place).expect("the port again");
        let mut cache = Cache::default();
        read(&socket, &mut cache, &mut all, 150);
        until(&mut spool, "all was taken", |spool| value(spool, "minamo_buffer_confirmed_records_total") == 150);
        assert_eq!(all, (0..150).collect::<Vec<u64>>(), "{format}");
        spool.close(PATIENCE);
    }
}
