// SPDX-License-Identifier: Apache-2.0
//! `minamo probe` as people run it: on an interface of a network namespace, to `minamo serve` and to nfcapd, while these
//! and the probe itself end and come back. Each datagram that was sent is a flow of its own, so that nothing can be
//! missing or twice without being seen.
#![allow(clippy::disallowed_methods, reason = "waits for other processes")]

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::namespace::{inside, ip, until_up, without_ipv6};
use super::{flows, minamo, stderr, stdout};

const PATIENCE: Duration = Duration::from_secs(90);
/// Octets of each datagram from the IP header on.
const OCTETS: u64 = 20 + 8 + 8;
/// Where datagrams go: nobody answers.
const FAR: &str = "10.77.0.2:9999";

/// A program that is asked to end.
struct Running(Child);

impl Running {
    fn minamo(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_minamo"));
        let command = command.args(arguments).env("MINAMO_LOG", "error");
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts"))
    }

    /// Asks it to end, and waits until it has.
    fn end(mut self) {
        let asked = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        assert!(asked.expect("kill").success());
        assert!(self.0.wait().expect("it ends").success());
    }

    /// Ends it without asking.
    fn kill(mut self) {
        self.0.kill().expect("it runs");
        self.0.wait().expect("it ends");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn free_tcp() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port")
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Two ends of a cable: what is sent on the one is seen on the other, `tap`.
fn cable() {
    ip("link set lo up");
    without_ipv6();
    ip("link add tap type veth peer name end");
    ip("link set tap up");
    ip("link set end up");
    until_up("tap");
    until_up("end");
    ip("addr add 10.77.0.1/24 dev end");
    ip("neigh add 10.77.0.2 lladdr 02:00:00:00:00:02 dev end");
}

/// Sends datagrams, each from a port of its own.
fn send(ports: std::ops::Range<u16>) {
    for port in ports {
        let socket = UdpSocket::bind(("10.77.0.1", port)).expect("a free port");
        socket.send_to(&[0; 8], FAR).expect("sent");
    }
}

/// Number that the file of counters has for a metric, summed over its labels.
fn counter(file: &Path, name: &str) -> u64 {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let values = text.lines().filter(|line| line.starts_with(name)).filter_map(|line| line.rsplit_once(' '));
    values.filter_map(|(_, value)| value.parse::<u64>().ok()).sum()
}

/// A probe on `tap`, once it listens.
fn probe(url: &str, folder: &Path, more: &[&str]) -> Running {
    let (buffer, counters) = (folder.join("buffer"), folder.join("counters"));
    let (buffer, counters) = (buffer.to_string_lossy(), counters.to_string_lossy());
    let fixed = ["probe", "-i", "tap", "-f", "udp port 9999", "--export", url, "--idle-timeout", "1s"];
    let own = ["--buffer", &buffer, "--counters", &counters];
    let running = Running::minamo(&[&fixed[..], &own, more].concat());
    // Its packet socket takes every protocol of an interface, and runs.
    let id = running.0.id();
    until("the probe captures", || {
        let sockets = std::fs::read_to_string(format!("/proc/{id}/net/packet")).unwrap_or_default();
        let mut cells = sockets.lines().map(|line| line.split_whitespace().skip(3).take(3).collect::<Vec<_>>());
        cells.any(|cells| matches!(cells[..], ["0003", interface, "1"] if interface != "0"))
    });
    running
}

/// A server that takes IPFIX at `place` over TCP.
fn serve(folder: &Path, place: SocketAddr) -> Running {
    let config = folder.join("minamo.toml");
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[collect]\nlisten = []\ntcp = [\"{place}\"]\npair = false\nduplicates = false\n"
    );
    std::fs::write(&config, text).expect("written");
    let running =
        Running::minamo(&["serve", "--config", &config.to_string_lossy(), "--data", &folder.to_string_lossy()]);
    until("it listens", || std::net::TcpStream::connect(place).is_ok());
    running
}

/// Flows, different ports, packets and octets in a lake.
fn stored(folder: &Path) -> [u64; 4] {
    let sql = "select count(*) as n, count(distinct src_port) as d, cast(coalesce(sum(src_packets), 0) as bigint) as p, \
        cast(coalesce(sum(src_bytes), 0) as bigint) as b from flows";
    let output = minamo(&["sql", "--json", "--data", &folder.to_string_lossy(), sql]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let Some(line) = text.lines().next() else { return [0; 4] };
    let row: serde_json::Value = serde_json::from_str(line).expect("JSON");
    ["n", "d", "p", "b"].map(|name| row[name].as_u64().expect("a number"))
}

#[test]
fn a_server_and_a_probe_that_end_and_come_back_lose_nothing_and_count_nothing_twice() {
    if !inside("probe::a_server_and_a_probe_that_end_and_come_back_lose_nothing_and_count_nothing_twice") {
        return;
    }
    cable();
    let (data, own) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let place = free_tcp();
    let url = format!("ipfix+tcp://{place}");
    let server = serve(data.path(), place);
    let meter = probe(&url, own.path(), &[]);
    send(20_000..20_300);
    until("the first are stored", || stored(data.path())[0] == 300);
    // The collector is pulled away while flows come.
    server.end();
    send(20_300..20_600);
    std::thread::sleep(Duration::from_secs(3));
    // The probe ends, too: what waits is on its disk.
    meter.end();
    assert!(counter(&own.path().join("counters"), "minamo_buffer_records_total") >= 600);
    let meter = probe(&url, own.path(), &[]);
    send(20_600..20_900);
    std::thread::sleep(Duration::from_secs(2));
    let server = serve(data.path(), place);
    until("all are stored", || stored(data.path())[1] == 900);
    send(20_900..21_000);
    until("the last are stored", || stored(data.path())[1] == 1_000);
    assert_eq!(stored(data.path()), [1_000, 1_000, 1_000, 1_000 * OCTETS], "each once");
    // One that is killed may not have stored what it read: that comes again, and nothing is missing.
    server.kill();
    send(21_000..21_100);
    let server = serve(data.path(), place);
    until("all are there", || stored(data.path())[1] == 1_100);
    meter.end();
    server.end();
    let counters = own.path().join("counters");
    assert_eq!(counter(&counters, "minamo_buffer_dropped_records_total"), 0);
    assert_eq!(counter(&counters, "minamo_probe_dropped_frames_total"), 0);
}

/// Packets and octets, and different source ports, that nfdump finds in a folder.
fn dumped(folder: &Path) -> (usize, usize, u64, u64) {
    let output = Command::new("nfdump").args(["-q", "-N", "-o", "fmt:%sp %ipkt %ibyt", "-R"]).arg(folder).output();
    let text = String::from_utf8_lossy(&output.expect("nfdump").stdout).into_owned();
    let rows: Vec<Vec<u64>> = text
        .lines()
        .map(|line| line.split_whitespace().filter_map(|word| word.parse().ok()).collect::<Vec<u64>>())
        .filter(|row| row.len() == 3)
        .collect();
    let ports: std::collections::HashSet<u64> = rows.iter().map(|row| row[0]).collect();
    (rows.len(), ports.len(), rows.iter().map(|row| row[1]).sum(), rows.iter().map(|row| row[2]).sum())
}

fn nfcapd(folder: &Path, port: u16) -> Option<Running> {
    let child = Command::new("nfcapd")
        .args(["-b", "127.0.0.1", "-p", &port.to_string(), "-t", "3600", "-w"])
        .arg(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let place = format!("0100007F:{port:04X}");
    until("nfcapd listens", || std::fs::read_to_string("/proc/net/udp").is_ok_and(|sockets| sockets.contains(&place)));
    Some(Running(child))
}

#[test]
fn an_nfcapd_that_ends_and_comes_back_gets_every_flow_over_udp() {
    if !inside("probe::an_nfcapd_that_ends_and_comes_back_gets_every_flow_over_udp") {
        return;
    }
    cable();
    for (format, first) in [("netflow9", 30_000), ("ipfix", 40_000)] {
        let (data, own) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let port = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
        let Some(collector) = nfcapd(data.path(), port) else {
            println!("skipped: nfcapd is not installed (apt-get install nfdump)");
            return;
        };
        let meter = probe(&format!("{format}://127.0.0.1:{port}"), own.path(), &[]);
        let counters = own.path().join("counters");
        send(first..first + 200);
        until("the first were sent", || counter(&counters, "minamo_export_records_total") == 200);
        collector.end();
        send(first + 200..first + 400);
        std::thread::sleep(Duration::from_secs(4));
        let collector = nfcapd(data.path(), port).expect("it started before");
        send(first + 400..first + 500);
        until("all were taken", || counter(&counters, "minamo_buffer_confirmed_records_total") >= 500);
        meter.end();
        collector.end();
        assert_eq!(dumped(data.path()), (500, 500, 500, 500 * OCTETS), "{format}");
    }
}

/// Runs openssl in a folder; false where there is none.
fn openssl(folder: &Path, arguments: &str) -> bool {
    Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .is_ok_and(|output| output.status.success())
}

#[test]
fn flows_of_a_capture_go_over_tls_to_a_collector_with_a_certificate_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out own.pem -days 30 \
        -subj /CN=localhost -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE";
    if !openssl(folder.path(), &make.split_whitespace().collect::<Vec<_>>().join(" ")) {
        println!("skipped: openssl is not installed");
        return;
    }
    let place = free_tcp();
    let data = path("data");
    std::fs::create_dir(&data).expect("made");
    let config = path("minamo.toml");
    let (key, own) = (path("key.pem"), path("own.pem"));
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[collect]\nlisten = []\ntls = [\"{place}\"]\npair = false\nduplicates = false\n\
         tls_certificate = {own:?}\ntls_key = {key:?}\n"
    );
    std::fs::write(&config, text).expect("written");
    let server = Running::minamo(&["serve", "--config", &config.to_string_lossy(), "--data", &data.to_string_lossy()]);
    until("it listens", || std::net::TcpStream::connect(place).is_ok());
    let capture = "fixtures/demo/web.pcap.zst";
    let metered = flows(&[capture]).len() as u64;
    let url = format!("ipfix+tls://localhost:{}", place.port());
    let send = |authority: &PathBuf| {
        let (buffer, authority) = (path("buffer"), authority.to_string_lossy());
        minamo(&["probe", "-i", capture, "--export", &url, "--buffer", &buffer.to_string_lossy(), "--ca", &authority])
    };
    let output = send(&path("none.pem"));
    assert!(!output.status.success() && stderr(&output).contains("none.pem"), "{}", stderr(&output));
    let output = send(&own);
    assert!(output.status.success(), "{}", stderr(&output));
    let confirmed = format!("minamo_buffer_confirmed_records_total{{target={url:?}}} {metered}");
    assert!(stderr(&output).contains(&confirmed), "{}", stderr(&output));
    until("they are stored", || stored(&data)[0] == metered);
    server.end();
    // A conversation is found by the name that other programs have for it.
    let rows = stdout(&["meter", capture, "--community-id"]);
    let row: serde_json::Value = serde_json::from_str(rows.lines().next().expect("a row")).expect("JSON");
    let filter = format!("community_id = {}", row["community_id"]);
    let found = stdout(&["query", &filter, "--format", "jsonl", "--data", &data.to_string_lossy()]);
    assert!(!found.is_empty(), "{filter}");
    for line in found.lines() {
        let one: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_eq!((&one["community_id"], &one["src_ip"]), (&row["community_id"], &row["src_ip"]));
    }
}

#[test]
fn a_probe_writes_every_format_with_the_rows_of_the_meter() {
    let folder = tempfile::tempdir().expect("a folder");
    let capture = "fixtures/demo/web.pcap.zst";
    for format in ["csv", "joy", "jsonl", "parquet", "table"] {
        let file = |by: &str| folder.path().join(format!("{by}.{format}"));
        for (by, input) in [("probe", &["probe", "-i"][..]), ("meter", &["meter"])] {
            let output = file(by);
            let rest = [capture, "--format", format, "--output", &output.to_string_lossy()];
            stdout(&[input, &rest[..]].concat());
        }
        let [own, other] = ["probe", "meter"].map(|by| std::fs::read(file(by)).expect("written"));
        assert!(own.len() > 100 && own == other, "{format}");
    }
}
