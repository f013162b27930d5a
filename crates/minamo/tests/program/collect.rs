// SPDX-License-Identifier: Apache-2.0
//! The collector as people run it: killed in the middle of a stream that tells its templates only once, and printing
//! what a live exporter sends.
#![allow(clippy::disallowed_methods, reason = "waits for another process, and sends times of now")]

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{minamo, stdout};

/// Template 256: source, destination, octets, source port; one record is 14 octets.
const TEMPLATE: &[u8] = &[0, 0, 0, 24, 1, 0, 0, 4, 0, 8, 0, 4, 0, 12, 0, 4, 0, 1, 0, 4, 0, 7, 0, 2];
/// Records of one datagram.
const RECORDS: u32 = 20;

/// A program that listens, with the address that it said.
struct Listening {
    child: Child,
    address: SocketAddr,
}

impl Listening {
    fn start(arguments: &[&str], says: &str) -> Self {
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

    /// Without pairing: what waits for its partner is not stored, and is lost by a kill.
    fn serve(folder: &Path) -> Self {
        let config = folder.join("minamo.toml");
        let text = "[server]\nlisten = \"127.0.0.1:0\"\n[collect]\nlisten = [\"127.0.0.1:0\"]\nsave_delay = \"1s\"\npair = false\n";
        std::fs::write(&config, text).expect("written");
        let (config, data) = (config.to_string_lossy(), folder.to_string_lossy());
        Self::start(&["serve", "--config", &config, "--data", &data], "listening for flow exports")
    }

    fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// An exporter that counts its datagrams.
struct Exporter {
    socket: UdpSocket,
    sent: u32,
}

impl Exporter {
    fn send(&mut self, to: SocketAddr, template: bool) {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_secs();
        let mut out = vec![0, 9, 0, 1, 0, 0, 0x27, 0x10];
        out.extend(u32::try_from(now).expect("before 2106").to_be_bytes());
        out.extend(self.sent.to_be_bytes());
        out.extend([0, 0, 0, 1]);
        if template {
            out.extend(TEMPLATE);
        }
        out.extend([1, 0]);
        out.extend(u16::try_from(4 + RECORDS * 14).expect("short").to_be_bytes());
        for record in 0..RECORDS {
            out.extend([10, 0, 0, 1, 10, 0, 0, 2, 0, 0, 0, 99]);
            out.extend(u16::try_from(self.sent * RECORDS + record).expect("few").to_be_bytes());
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
    let mut exporter = Exporter { socket: UdpSocket::bind("127.0.0.1:0").expect("a socket"), sent: 0 };
    let saved = folder.path().join("collect/templates-0.state");
    for round in 0..4 {
        let server = Listening::serve(folder.path());
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
    let server = Listening::serve(folder.path());
    (0..10).for_each(|_| exporter.send(server.address, false));
    exporter.send(server.address, true);
    reaches(folder.path(), exporter.sent * RECORDS);
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
