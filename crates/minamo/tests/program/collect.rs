// SPDX-License-Identifier: Apache-2.0
//! The collector as people run it: ended and killed in the middle of a stream that tells its templates only once, and
//! printing what live exporters send.
#![allow(clippy::disallowed_methods, reason = "waits for another process, and sends times of now")]

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{minamo, stdout};

/// The fields of a template: source, destination, octets, source port; one record is 14 octets.
const FIELDS: &[u8] = &[0, 4, 0, 8, 0, 4, 0, 12, 0, 4, 0, 1, 0, 4, 0, 7, 0, 2];
/// Records of one datagram.
const RECORDS: u32 = 20;

/// A program that listens, with the address that it said.
pub(super) struct Listening {
    pub(super) child: Child,
    pub(super) address: SocketAddr,
}

impl Listening {
    pub(super) fn start(arguments: &[&str], says: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_minamo"))
            .args(arguments)
            .env("MINAMO_LOG", "info")
            .stderr(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let address = lines.find_map(|line| {
            let line = line.ok()?;
            line.contains(says).then(|| line.split([' ', '=']).find_map(|word| word.parse().ok()))?
        });
        // Read on, so that it can write on.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address: address.expect("it says where it listens") }
    }

    /// With pairing what waits for its partner is not stored yet.
    fn serve(folder: &Path, pair: bool) -> Self {
        let config = folder.join("minamo.toml");
        let text = "[server]\nlisten = \"127.0.0.1:0\"\n[collect]\nlisten = [\"127.0.0.1:0\"]\nsave_delay = \"1s\"\n";
        std::fs::write(&config, format!("{text}pair = {pair}\n")).expect("written");
        let (config, data) = (config.to_string_lossy(), folder.to_string_lossy());
        Self::start(&["serve", "--config", &config, "--data", &data], "listening for flow exports")
    }

    /// Asks it to end, and waits for that.
    fn end(mut self) {
        signal(&self.child);
        assert!(self.child.wait().expect("it ends").success());
    }

    fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

/// Asks a program to end.
fn signal(child: &Child) {
    let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    assert!(asked.success());
}

impl Drop for Listening {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// An exporter that counts its datagrams, with one template.
struct Exporter {
    socket: UdpSocket,
    template: u16,
    /// Source port of its first record; each has another one.
    first: u32,
    sent: u32,
}

impl Exporter {
    fn new(template: u16, first: u32) -> Self {
        Self { socket: UdpSocket::bind("127.0.0.1:0").expect("a socket"), template, first, sent: 0 }
    }

    fn send(&mut self, to: SocketAddr, template: bool) {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_secs();
        let mut out = vec![0, 9, 0, 1, 0, 0, 0x27, 0x10];
        out.extend(u32::try_from(now).expect("before 2106").to_be_bytes());
        out.extend(self.sent.to_be_bytes());
        out.extend([0, 0, 0, 1]);
        if template {
            out.extend([0, 0, 0, 24]);
            out.extend(self.template.to_be_bytes());
            out.extend(FIELDS);
        }
        out.extend(self.template.to_be_bytes());
        out.extend(u16::try_from(4 + RECORDS * 14).expect("short").to_be_bytes());
        for record in 0..RECORDS {
            out.extend([10, 0, 0, 1, 10, 0, 0, 2, 0, 0, 0, 99]);
            out.extend(u16::try_from(self.first + self.sent * RECORDS + record).expect("few").to_be_bytes());
        }
        self.sent += 1;
        self.socket.send_to(&out, to).expect("sent");
    }
}

/// Waits until the lake has so many flows, and asserts that all differ.
fn reaches(folder: &Path, wanted: u32) {
    let began = Instant::now();
    loop {
        let data = folder.to_string_lossy();
        let sql = "select count(*) as n, count(distinct src_port) as d from flows";
        let line = stdout(&["sql", "--json", "--data", &data, sql]);
        let row: serde_json::Value = serde_json::from_str(line.lines().next().expect("a row")).expect("JSON");
        if row["n"] == wanted {
            assert_eq!(row["d"], wanted, "each record once");
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{row}, want {wanted}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn killed_in_the_middle_of_a_stream_that_tells_its_templates_once_it_loses_no_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut exporter = Exporter::new(256, 0);
    let saved = folder.path().join("collect/templates-0.state");
    for round in 0..4 {
        let server = Listening::serve(folder.path(), false);
        for at in 0..10 {
            exporter.send(server.address, round == 0 && at == 0);
        }
        // What arrived is stored within a second; only what is on its way then can be lost by a kill.
        reaches(folder.path(), exporter.sent * RECORDS);
        let began = Instant::now();
        while !saved.exists() {
            assert!(began.elapsed() < Duration::from_secs(30), "templates are saved a second after they came");
            std::thread::sleep(Duration::from_millis(20));
        }
        server.kill();
    }
    // Without the saved templates data waits for the next ones.
    std::fs::remove_file(&saved).expect("templates were saved");
    let server = Listening::serve(folder.path(), false);
    (0..10).for_each(|_| exporter.send(server.address, false));
    exporter.send(server.address, true);
    reaches(folder.path(), exporter.sent * RECORDS);
}

#[test]
fn ended_in_the_middle_of_a_stream_it_stores_what_waits_and_loses_no_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut exporter, mut early) = (Exporter::new(256, 0), Exporter::new(257, 10_000));
    for round in 0..3 {
        let server = Listening::serve(folder.path(), true);
        for at in 0..10 {
            exporter.send(server.address, round == 0 && at == 0);
            // Its template comes at the very end.
            early.send(server.address, false);
        }
        server.end();
        reaches(folder.path(), exporter.sent * RECORDS);
    }
    let accounts = std::fs::read(folder.path().join("collect/accounts-0.jsonl")).expect("accounts are saved");
    // A checksum follows the last line.
    let accounts = String::from_utf8_lossy(&accounts);
    assert!(accounts.contains(&format!("\"records\":{}", exporter.sent * RECORDS)), "{accounts}");
    let server = Listening::serve(folder.path(), true);
    early.send(server.address, true);
    server.end();
    reaches(folder.path(), (exporter.sent + early.sent) * RECORDS);
}

#[test]
fn flows_of_a_live_softflowd_are_printed_as_they_arrive() {
    let Ok(found) = Command::new("softflowd").arg("-h").output() else {
        println!("skipped: no softflowd (apt-get install softflowd)");
        return;
    };
    drop(found);
    let pcap = super::root().join("fixtures/protocols/smtp.pcap");
    for version in ["5", "9", "10"] {
        let printing = Listening::start(
            &["collect", "--print", "--proof", "--listen", "127.0.0.1:0", "--format", "jsonl", "--limit", "1"],
            "listening at",
        );
        let sent = Command::new("softflowd")
            .args(["-r", &pcap.to_string_lossy(), "-n", &printing.address.to_string(), "-v", version])
            .output()
            .expect("softflowd runs");
        assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
        let mut child = printing;
        let out = child.child.stdout.take().expect("piped");
        let lines: Vec<_> = BufReader::new(out).lines().map_while(Result::ok).collect();
        assert!(
            lines.iter().any(|line| line.contains("\"exporter_ip\":\"127.0.0.1\"")),
            "version {version}: {lines:?}"
        );
        let proof = lines.iter().any(|line| line.starts_with("exporter 127.0.0.1:"));
        assert!(proof, "version {version}: {lines:?}");
    }
}

/// Reads what a collector printed until it ended; one line of it must be of a flow over a port of the recording.
fn printed(mut printing: Listening, what: &str) {
    let out = printing.child.stdout.take().expect("piped");
    let lines: Vec<_> = BufReader::new(out).lines().map_while(Result::ok).collect();
    let flow = lines.iter().any(|line| {
        serde_json::from_str::<serde_json::Value>(line)
            .is_ok_and(|row| row["exporter_ip"] == "127.0.0.1" && (row["dst_port"] == 25 || row["src_port"] == 25))
    });
    assert!(flow, "{what}: {lines:?}");
}

fn print_one() -> Listening {
    Listening::start(
        &["collect", "--print", "--listen", "127.0.0.1:0", "--format", "jsonl", "--limit", "1"],
        "listening at",
    )
}

#[test]
fn flows_of_a_live_nfprobe_are_printed_as_they_arrive() {
    if Command::new("pmacctd").arg("-V").output().is_err() {
        println!("skipped: no pmacctd (apt-get install pmacct)");
        return;
    }
    let pcap = super::root().join("fixtures/protocols/smtp.pcap");
    for version in ["5", "9", "10"] {
        let printing = print_one();
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("pmacctd.conf");
        let text = format!(
            "daemonize: false\npcap_savefile: {}\nplugins: nfprobe\nnfprobe_receiver: {}\nnfprobe_version: {version}\naggregate: src_host, dst_host, src_port, dst_port, proto, tos\n",
            pcap.display(),
            printing.address,
        );
        std::fs::write(&config, text).expect("written");
        // It ends with an error where its plugin ends first, which is no fault: what it sent tells.
        let sent = Command::new("pmacctd").arg("-f").arg(&config).output().expect("pmacctd runs");
        printed(printing, &format!("version {version}: {}", String::from_utf8_lossy(&sent.stderr)));
    }
}

#[test]
fn flows_of_our_own_probe_are_printed_as_they_arrive() {
    let pcap = super::root().join("fixtures/protocols/smtp.pcap");
    for format in ["netflow5", "netflow9", "ipfix"] {
        let printing = print_one();
        let target = format!("{format}://{}", printing.address);
        let sent = minamo(&["meter", "--export", &target, &pcap.to_string_lossy()]);
        assert!(sent.status.success(), "{format}: {}", super::stderr(&sent));
        printed(printing, format);
    }
}

#[test]
fn a_live_exporter_on_an_interface_counts_what_went_over_it() {
    use super::namespace::{inside, ip, until_up};
    if Command::new("pmacctd").arg("-V").output().is_err() {
        println!("skipped: no pmacctd (apt-get install pmacct)");
        return;
    }
    if !inside("collect::a_live_exporter_on_an_interface_counts_what_went_over_it") {
        return;
    }
    ip("link set lo up");
    ip("link add near type veth peer name far");
    ip("address add 192.0.2.1/24 dev near");
    ip("link set near up");
    ip("link set far up");
    until_up("near");
    // Nobody is there; frames go out all the same.
    ip("neighbour add 192.0.2.2 lladdr 02:00:00:00:00:02 dev near");
    let folder = tempfile::tempdir().expect("a folder");
    let mut printing =
        Listening::start(&["collect", "--print", "--listen", "127.0.0.1:0", "--format", "jsonl"], "listening at");
    let config = folder.path().join("pmacctd.conf");
    let text = format!(
        "daemonize: false\npcap_interface: near\npcap_filter: udp and dst port 7\nplugins: nfprobe\nnfprobe_receiver: {}\nnfprobe_version: 10\naggregate: src_host, dst_host, src_port, dst_port, proto, tos\n",
        printing.address
    );
    std::fs::write(&config, text).expect("written");
    let mut command = Command::new("pmacctd");
    command.arg("-f").arg(config).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut exporter = command.spawn().expect("it ran a moment ago");
    let mut lines = BufReader::new(exporter.stderr.take().expect("piped")).lines().map_while(Result::ok);
    // It says this when it has opened the interface.
    assert!(lines.any(|line| line.contains("link type is")), "pmacctd does not capture");
    std::thread::spawn(move || lines.for_each(drop));
    let socket = UdpSocket::bind("192.0.2.1:0").expect("a socket");
    let port = socket.local_addr().expect("an address").port();
    for _ in 0..200 {
        socket.send_to(&[7; 40], "192.0.2.2:7").expect("sent");
    }
    // It reads them in its own time and does not say when; what it has then it sends when it ends.
    std::thread::sleep(Duration::from_secs(5));
    signal(&exporter);
    exporter.wait().expect("it ends");
    let out = printing.child.stdout.take().expect("piped");
    let (sender, printed) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        BufReader::new(out).lines().map_while(Result::ok).for_each(|row| drop(sender.send(row)));
    });
    let (mut packets, mut octets) = (0, 0);
    while packets < 200 {
        let row = printed.recv_timeout(Duration::from_secs(60)).expect("rows of 200 packets are printed");
        let row: serde_json::Value = serde_json::from_str(&row).expect("JSON");
        if row["src_port"] == port && row["dst_port"] == 7 {
            packets += row["src_packets"].as_u64().expect("packets");
            octets += row["src_bytes"].as_u64().expect("octets");
        }
    }
    signal(&printing.child);
    assert_eq!((packets, octets), (200, 200 * 68));
}

#[test]
fn wrong_settings_of_the_collector_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("minamo.toml");
    std::fs::write(&config, "[collect]\nparked_age = 5\n").expect("written");
    let output = minamo(&["check-config", &config.to_string_lossy()]);
    assert!(!output.status.success());
    let error = super::stderr(&output);
    assert!(error.contains("collect.parked_age: got 5, want a length with a unit"), "{error}");
}
