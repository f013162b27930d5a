// SPDX-License-Identifier: Apache-2.0
//! The collector on loopback sockets: datagrams in, batches and counters out.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test says what is wrong by failing")]

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use minamo_base::Time;
use minamo_collect::{CollectError, Collector, Counters, Decision, Exporters, Settings, Standing, Unknown};
use minamo_flowwire::FORMATS;
use minamo_model::{CellReader, Row, text_value};
use minamo_schema::arrow::array::RecordBatch;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

fn clock() -> Time {
    Time(1_711_276_033_000_000_000)
}

struct Running {
    batches: mpsc::Receiver<RecordBatch>,
    addresses: Vec<SocketAddr>,
    counters: Arc<Counters>,
    stop: watch::Sender<bool>,
    exporters: Exporters,
    task: JoinHandle<Result<(), CollectError>>,
}

fn settings(listeners: usize) -> Settings {
    let any_port: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    Settings { listen: vec![any_port; listeners], batch_age: Duration::from_secs(3_600), ..Settings::default() }
}

/// A v9 datagram with that sequence number and these sets.
fn v9(number: u32, sets: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![0, 9, 0, 1, 0, 0, 0x27, 0x10, 0x66, 0, 0, 0];
    out.extend(number.to_be_bytes());
    out.extend([0, 0, 0, 7]);
    sets.iter().for_each(|set| out.extend(*set));
    out
}

/// Template 256: source, destination, octets.
const TEMPLATE: &[u8] = &[0, 0, 0, 20, 1, 0, 0, 3, 0, 8, 0, 4, 0, 12, 0, 4, 0, 1, 0, 4];
/// A record of it.
const DATA: &[u8] = &[1, 0, 0, 16, 192, 0, 2, 1, 192, 0, 2, 2, 0, 0, 0, 99];

async fn start(settings: Settings, room: usize) -> Running {
    let (sender, batches) = mpsc::channel(room);
    let (stop, stopped) = watch::channel(false);
    let collector = Collector::new(settings, sender, clock);
    let (counters, mut open) = (collector.counters(), collector.addresses());
    let exporters = collector.exporters();
    let task = tokio::spawn(collector.run(stopped));
    let addresses = open.wait_for(|list| !list.is_empty()).await.expect("it listens").clone();
    Running { batches, addresses, counters, stop, exporters, task }
}

async fn send(to: SocketAddr, datagrams: &[&[u8]]) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    for datagram in datagrams {
        socket.send_to(datagram, to).await.expect("sent");
    }
}

fn value(counters: &Counters, name: &str) -> u64 {
    counters.samples(&[]).iter().filter(|sample| sample.metric.name == name).map(|sample| sample.value).sum()
}

/// Waits until a counter has a value: the datagrams are on their way through the system.
async fn reaches(counters: &Counters, name: &str, wanted: u64) {
    let done = async {
        while value(counters, name) < wanted {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(Duration::from_secs(20), done).await.unwrap_or_else(|_| panic!("{name} is {}", value(counters, name)));
}

#[tokio::test(flavor = "multi_thread")]
async fn datagrams_of_all_formats_become_one_batch_at_the_end() {
    let mut running = start(settings(2), 4).await;
    let [first, second] = running.addresses[..] else { panic!("two listeners") };
    let samples: Vec<_> = FORMATS.iter().map(|format| format.sample).collect();
    send(first, &samples).await;
    send(second, &[samples[0], &b"\0\x08junk"[..]]).await;
    reaches(&running.counters, "minamo_collect_rows_total", 7).await;
    reaches(&running.counters, "minamo_collect_skipped_datagrams_total", 1).await;
    running.stop.send(true).expect("it runs");
    let batch = timeout(Duration::from_secs(20), running.batches.recv()).await.expect("in time").expect("a batch");
    assert_eq!(batch.num_rows(), 7);
    let readers = CellReader::all(&batch);
    let mut sources: Vec<_> = (0..7).map(|row| text_value(&Row::new(&readers, row).get("source"))).collect();
    sources.sort_unstable();
    assert_eq!(sources, ["ipfix", "netflow1", "netflow5", "netflow5", "netflow7", "netflow9", "sflow"]);
    assert_eq!(text_value(&Row::new(&readers, 0).get("exporter_ip")), "127.0.0.1");
    assert_eq!(text_value(&Row::new(&readers, 0).get("time_received")), "2024-03-24T10:27:13Z");
    assert!(running.batches.recv().await.is_none(), "the channel closes with the collector");
    assert!(running.task.await.expect("no panic").is_ok());
    assert_eq!(value(&running.counters, "minamo_collect_datagrams_total"), 8);
    assert_eq!(value(&running.counters, "minamo_collect_templates"), 2);
    assert_eq!(value(&running.counters, "minamo_collect_format_rows_total"), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn full_batches_leave_at_once() {
    let mut running = start(Settings { batch_rows: 2, ..settings(1) }, 4).await;
    send(running.addresses[0], &[FORMATS[0].sample; 5]).await;
    for _ in 0..2 {
        let batch = timeout(Duration::from_secs(20), running.batches.recv()).await.expect("in time").expect("a batch");
        assert_eq!(batch.num_rows(), 2);
    }
    reaches(&running.counters, "minamo_collect_rows_total", 5).await;
    drop(running.stop);
    assert_eq!(running.batches.recv().await.map(|batch| batch.num_rows()), Some(1), "the rest at the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_stays_full_costs_rows_and_is_counted() {
    let brief = Settings { batch_rows: 1, send_wait: Duration::from_millis(1), ..settings(1) };
    let mut running = start(brief, 1).await;
    send(running.addresses[0], &[FORMATS[0].sample; 3]).await;
    reaches(&running.counters, "minamo_collect_dropped_rows_total", 2).await;
    assert_eq!(running.batches.recv().await.map(|batch| batch.num_rows()), Some(1));
    running.stop.send(true).expect("it runs");
    assert!(running.task.await.expect("no panic").is_ok());
    assert_eq!(value(&running.counters, "minamo_collect_rows_total"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_told_in_one_sentence() {
    let running = start(settings(1), 1).await;
    let taken = running.addresses[0];
    let (sender, _batches) = mpsc::channel(1);
    let (_stop, stopped) = watch::channel(false);
    let error = Collector::new(Settings { listen: vec![taken], ..settings(0) }, sender, clock).run(stopped).await;
    assert_eq!(
        error.map_err(|e| e.to_string()),
        Err(format!(
            "cannot listen at {taken}: the port is in use by another program; choose another one in `collect.listen`"
        ))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_when_nobody_takes_the_batches() {
    let running = start(Settings { batch_rows: 1, ..settings(1) }, 1).await;
    drop(running.batches);
    send(running.addresses[0], &[FORMATS[0].sample]).await;
    let ended = timeout(Duration::from_secs(20), running.task).await.expect("in time").expect("no panic");
    assert_eq!(ended.map_err(|e| e.to_string()), Err("the receiver of the batches is gone".to_owned()));
}

async fn stopped(running: Running) {
    running.stop.send(true).expect("it runs");
    timeout(Duration::from_secs(20), running.task).await.expect("in time").expect("no panic").expect("a good end");
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_survive_a_restart_and_data_before_them_waits() {
    let folder = tempfile::tempdir().expect("a folder");
    for decoders in [1, 3] {
        let path = folder.path().join(decoders.to_string());
        let kept = Settings { folder: Some(path), decoders, ..settings(1) };
        let running = start(kept.clone(), 4).await;
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
        socket.send_to(&v9(1, &[DATA]), running.addresses[0]).await.expect("sent");
        reaches(&running.counters, "minamo_collect_parked_sets_total", 1).await;
        socket.send_to(&v9(2, &[TEMPLATE, DATA]), running.addresses[0]).await.expect("sent");
        reaches(&running.counters, "minamo_collect_rows_total", 2).await;
        stopped(running).await;
        // With another number of decoders: the templates find their new place.
        let running = start(Settings { decoders: 2, ..kept }, 4).await;
        send(running.addresses[0], &[&v9(3, &[DATA, DATA])]).await;
        reaches(&running.counters, "minamo_collect_rows_total", 2).await;
        assert_eq!(value(&running.counters, "minamo_collect_parked_sets_total"), 0);
        stopped(running).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_exporters_are_shown_and_taken_only_when_allowed() {
    let folder = tempfile::tempdir().expect("a folder");
    let asking = Settings { unknown: Unknown::Ask, folder: Some(folder.path().into()), ..settings(1) };
    let mut running = start(asking.clone(), 4).await;
    let (socket, to) = (UdpSocket::bind("127.0.0.1:0").await.expect("a socket"), running.addresses[0]);
    let send_on = async |datagram: Vec<u8>| socket.send_to(&datagram, to).await.expect("sent");
    send_on(v9(1, &[TEMPLATE, DATA])).await;
    reaches(&running.counters, "minamo_collect_dropped_rows_total", 1).await;
    let list = running.exporters.list(clock());
    let address = list[0].address;
    assert_eq!((list.len(), list[0].standing, list[0].refused, list[0].records), (1, Standing::Waiting, 1, 1));
    running.exporters.decide(address, Some(Decision::Allow)).expect("kept");
    send_on(v9(2, &[DATA])).await;
    reaches(&running.counters, "minamo_collect_rows_total", 2).await;
    running.exporters.decide(address, Some(Decision::Deny)).expect("kept");
    send_on(v9(3, &[DATA])).await;
    reaches(&running.counters, "minamo_collect_refused_datagrams_total", 1).await;
    running.stop.send(true).expect("it runs");
    assert_eq!(running.batches.recv().await.map(|batch| batch.num_rows()), Some(1), "only what was allowed");
    assert!(running.task.await.expect("no panic").is_ok());
    let running = start(asking, 4).await;
    send(running.addresses[0], &[&v9(4, &[DATA])]).await;
    reaches(&running.counters, "minamo_collect_refused_datagrams_total", 1).await;
    assert_eq!(running.exporters.list(clock())[0].standing, Standing::Denied, "decisions survive");
    stopped(running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ipfix_over_tcp_is_framed_by_its_lengths_wherever_it_is_cut() {
    let any_port = "127.0.0.1:0".parse().expect("an address");
    let running = start(Settings { tcp: vec![any_port], connections: 1, ..settings(0) }, 4).await;
    let sample = FORMATS.iter().find(|format| format.version == 10).expect("IPFIX").sample;
    let octets = [sample; 3].concat();
    let mut stream = TcpStream::connect(running.addresses[0]).expect("connected");
    for part in octets.chunks(50) {
        stream.write_all(part).expect("written");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    reaches(&running.counters, "minamo_collect_rows_total", 3).await;
    let address = running.exporters.list(clock())[0].address;
    let view = running.exporters.one(address, clock()).expect("it was seen");
    assert_eq!((view.transports.as_slice(), view.sessions[0].templates.len()), (&["tcp"][..], 1));
    let more = TcpStream::connect(running.addresses[0]).expect("connected");
    reaches(&running.counters, "minamo_collect_refused_connections_total", 1).await;
    drop(more);
    stream.write_all(b"GET / HTTP/1.1\r\n").expect("written");
    reaches(&running.counters, "minamo_collect_broken_streams_total", 1).await;
    stopped(running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_octets_to_any_port_are_counted_and_hold_no_memory() {
    let any_port: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    let mut bounded = Settings { tcp: vec![any_port], sockets: 2, decoders: 2, max_exporters: 8, ..settings(1) };
    bounded.limits.parked_per_exporter = 4_096;
    let running = start(bounded, 64).await;
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    for number in 0..2_000u32 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let mut octets: Vec<u8> = (0..(seed >> 40) % 300).map(|at| (seed >> (at % 57)) as u8).collect();
        if let Some(head) = octets.get_mut(..2) {
            head.copy_from_slice(&[0, [5, 9, 10, 8][number as usize % 4]]);
        }
        socket.send_to(&octets, running.addresses[0]).await.expect("sent");
        if number % 50 == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    reaches(&running.counters, "minamo_collect_datagrams_total", 2_000).await;
    let bombs: Vec<_> = (0..600u16)
        .map(|id| {
            let mut set = vec![0, 0, 0, 12, 0, 0, 0, 1, 0, 8, 0, 4];
            set[4..6].copy_from_slice(&(256 + id).to_be_bytes());
            v9(id.into(), &[&set])
        })
        .collect();
    for bomb in &bombs {
        send(running.addresses[0], &[bomb]).await;
    }
    reaches(&running.counters, "minamo_collect_datagrams_total", 2_600).await;
    reaches(&running.counters, "minamo_collect_evicted_total", 88).await;
    assert!(value(&running.counters, "minamo_collect_parked_octets") <= 4_096);
    assert!(value(&running.counters, "minamo_collect_templates") <= 2_000);
    let view = running.exporters.list(clock()).remove(0);
    assert!(view.malformed > 0 && view.unknown_version > 0 && view.last_error.contains("octet"), "{view:?}");
    stopped(running).await;
}

/// Runs openssl in a folder; false where there is none.
fn openssl(folder: &std::path::Path, arguments: &str) -> bool {
    match std::process::Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output() {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            true
        }
        Err(_) => false,
    }
}

/// An authority, and certificates of server and client by it.
fn certificates(folder: &std::path::Path) -> bool {
    let new = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(folder, &format!("req -x509 {new} -keyout ca.key -out ca.pem -days 30 -subj /CN=authority"))
        && ["server", "client"].iter().all(|name| {
            let extensions = "[e]\nsubjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n";
            std::fs::write(folder.join("e.cnf"), extensions).expect("written");
            openssl(folder, &format!("req {new} -keyout {name}.key -out {name}.csr -subj /CN={name}"))
                && openssl(folder, &format!("x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out {name}.pem -days 30 -extfile e.cnf -extensions e"))
        })
}

/// Sends octets over TLS, with or without a certificate; true where the other side took them.
fn over_tls(folder: &std::path::Path, to: SocketAddr, with_certificate: bool, octets: &[u8]) -> bool {
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let read = |name: &str| CertificateDer::from_pem_file(folder.join(name)).expect("a certificate");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(read("ca.pem")).expect("an authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.expect("versions").with_root_certificates(roots);
    let config = if with_certificate {
        let key = PrivateKeyDer::from_pem_file(folder.join("client.key")).expect("a key");
        builder.with_client_auth_cert(vec![read("client.pem")], key).expect("a certificate")
    } else {
        builder.with_no_client_auth()
    };
    let name = rustls::pki_types::ServerName::from(to.ip());
    let connection = rustls::ClientConnection::new(Arc::new(config), name).expect("a connection");
    let mut stream = rustls::StreamOwned::new(connection, TcpStream::connect(to).expect("connected"));
    let written = stream.write_all(octets).and_then(|()| stream.flush());
    // The answer says whether the handshake held: an alert ends it, a closed session does not come.
    stream.sock.set_read_timeout(Some(Duration::from_millis(300))).expect("an option");
    let answer = std::io::Read::read(&mut stream, &mut [0; 1]);
    written.is_ok() && answer.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}

#[tokio::test(flavor = "multi_thread")]
async fn ipfix_over_tls_wants_a_certificate_of_the_authority() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_owned();
    if !certificates(&path) {
        println!("skipped: no openssl");
        return;
    }
    let files = minamo_collect::Tls {
        certificate: path.join("server.pem"),
        key: path.join("server.key"),
        client_authority: Some(path.join("ca.pem")),
    };
    let any_port = "127.0.0.1:0".parse().expect("an address");
    let running = start(Settings { tls: vec![any_port], certificates: Some(files), ..settings(0) }, 4).await;
    let (to, sample) = (running.addresses[0], FORMATS.iter().find(|f| f.version == 10).expect("IPFIX").sample);
    let without = tokio::task::spawn_blocking({
        let path = path.clone();
        move || over_tls(&path, to, false, sample)
    });
    assert!(!without.await.expect("no panic"), "turned away");
    reaches(&running.counters, "minamo_collect_refused_connections_total", 1).await;
    let with = tokio::task::spawn_blocking(move || over_tls(&path, to, true, sample));
    assert!(with.await.expect("no panic"), "let in");
    reaches(&running.counters, "minamo_collect_rows_total", 1).await;
    assert_eq!(running.exporters.list(clock())[0].transports, ["tls"]);
    stopped(running).await;
}
