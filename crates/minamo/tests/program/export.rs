// SPDX-License-Identifier: Apache-2.0
//! Exports to another collector, nfcapd, and read by its nfdump: the same flows, packets and octets arrive.

use std::collections::BTreeSet;
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::server::Server;
use super::{flows, minamo, stderr};

const PATIENCE: Duration = Duration::from_secs(20);

/// A running nfcapd with its folder.
struct Nfcapd {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Nfcapd {
    /// Starts it on a free port of loopback; nothing where it is not installed.
    fn start() -> Option<Self> {
        let port = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
        let folder = tempfile::tempdir().expect("a folder");
        let child = Command::new("nfcapd")
            .args(["-b", "127.0.0.1", "-p", &port.to_string(), "-t", "3600", "-B", "4000000", "-w"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let started = Self { child, folder, port };
        started.wait_for(|_| true);
        Some(started)
    }

    /// Waits until its socket is there and octets that wait in it are as wanted.
    fn wait_for(&self, wanted: impl Fn(u64) -> bool) {
        let place = format!("0100007F:{:04X}", self.port);
        for _ in 0..1_000 {
            let sockets = std::fs::read_to_string("/proc/net/udp").expect("Linux");
            let line = sockets.lines().find(|line| line.contains(&place));
            let waiting = line.and_then(|line| line.split_whitespace().nth(4)?.split_once(':'));
            if waiting.is_some_and(|(_, rx)| u64::from_str_radix(rx, 16).is_ok_and(&wanted)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("nfcapd does not do its part");
    }

    /// Ends it and gives what nfdump prints of each flow: source, destination, start, packets and octets there and back.
    fn finish(mut self) -> Vec<Vec<String>> {
        self.wait_for(|waiting| waiting == 0);
        let killed = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(killed.expect("kill").success());
        self.child.wait().expect("it ends");
        dump(self.folder.path())
    }
}

fn dump(folder: &Path) -> Vec<Vec<String>> {
    let format = "fmt:%sa %sp %da %dp %pr %ts %ipkt %ibyt %opkt %obyt";
    let output =
        Command::new("nfdump").args(["-q", "-6", "-N", "-o", format, "-R"]).arg(folder).output().expect("nfdump");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let rows = text.lines().filter(|line| line.contains(':') || line.contains('.'));
    rows.map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .filter(|row| row.len() == 11)
        .collect()
}

fn sum(rows: &[Vec<String>], from: usize) -> (u64, u64) {
    let cell = |row: &Vec<String>, at: usize| row.get(at).and_then(|text| text.parse::<u64>().ok()).expect("a number");
    let both = |at: usize| rows.iter().map(|row| cell(row, at) + cell(row, at + 2)).sum();
    (both(from), both(from + 1))
}

const CAPTURE: &str = "fixtures/demo/web.pcap.zst";

#[test]
fn another_collector_counts_the_same_flows_packets_and_octets() {
    let metered = flows(&[CAPTURE]);
    let number = |name: &str| metered.iter().map(|row| row[name].as_u64().unwrap_or(0)).sum::<u64>();
    let packets = number("src_packets") + number("dst_packets");
    let octets = number("src_bytes") + number("dst_bytes");
    let answered = metered.iter().filter(|row| row["dst_packets"].as_u64() > Some(0)).count();
    for (format, sides, records) in [
        ("ipfix", "both", metered.len()),
        ("ipfix", "one", metered.len() + answered),
        ("netflow9", "both", metered.len()),
        ("netflow9", "one", metered.len() + answered),
    ] {
        let Some(nfcapd) = Nfcapd::start() else {
            println!("skipped: nfcapd is not installed (apt-get install nfdump)");
            return;
        };
        let url = format!("{format}://127.0.0.1:{}", nfcapd.port);
        let output = minamo(&["meter", CAPTURE, "--export", &url, "--sides", sides]);
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(stderr(&output).contains(&format!("{records} record(s) sent to {url}")), "{}", stderr(&output));
        let rows = nfcapd.finish();
        assert_eq!(rows.len(), records, "{format} {sides}");
        assert_eq!(sum(&rows, 7), (packets, octets), "{format} {sides}");
        let year = metered[0]["time_start"].as_str().and_then(|time| time.get(..5)).expect("a time").to_owned();
        assert!(
            rows.iter().all(|row| row.get(5).is_some_and(|date| date.starts_with(&year))),
            "{format}: {:?}",
            rows[0]
        );
    }
}

#[test]
fn one_sided_records_become_the_flows_that_they_were_made_of() {
    let free = || UdpSocket::bind("127.0.0.1:0").expect("a port");
    let (copies, exports) = (free(), free());
    let address = |socket: &UdpSocket| socket.local_addr().expect("an address");
    let port = address(&free()).port();
    let mut server = Server::start(&format!(
        "[collect]\nlisten = [\"127.0.0.1:{port}\"]\npair_wait = \"3s\"\nforward = [{{ to = \"{}\" }}]\n\
        [[export]]\nurl = \"ipfix://{}\"\n",
        address(&copies),
        address(&exports)
    ));
    let metered = flows(&[CAPTURE]);
    let answered = metered.iter().filter(|row| row["dst_packets"].as_u64() > Some(0));
    // NetFlow v9 as it is exported has no type of ICMP, and without it a request is not told from its answer.
    let (pings, paired): (Vec<_>, Vec<_>) = answered.partition(|row| row["icmp_kind"].is_u64());
    let (paired, rows) = (paired.len() as u64, (metered.len() + pings.len()) as u64);
    let octets =
        |row: &serde_json::Value| row["src_bytes"].as_u64().unwrap_or(0) + row["dst_bytes"].as_u64().unwrap_or(0);
    let sum: u64 = metered.iter().map(octets).sum();
    let output = minamo(&["meter", CAPTURE, "--export", &format!("netflow9://127.0.0.1:{port}"), "--sides", "one"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let count = "SELECT COUNT(*) AS n FROM flows";
    for _ in 0..100 {
        if server.number(count) >= rows {
            break;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    server.stop();
    assert_eq!(server.number(count), rows);
    assert_eq!(server.number("SELECT COUNT(*) AS n FROM flows WHERE record_count = 2"), paired);
    let total = "SELECT CAST(SUM(src_bytes + dst_bytes) AS BIGINT) AS n FROM flows";
    assert_eq!(server.number(total), sum);
    for (socket, version) in [(&copies, [0, 9]), (&exports, [0, 10])] {
        socket.set_read_timeout(Some(PATIENCE)).expect("set");
        let mut datagram = [0; 2_000];
        let len = socket.recv(&mut datagram).expect("a datagram");
        assert_eq!(datagram.get(..2), Some(&version[..]), "{len} octets");
    }
}

#[test]
fn an_export_with_a_wrong_template_names_the_label() {
    let output = minamo(&["meter", CAPTURE, "--export", "ipfix://127.0.0.1:9", "-T", "%IPV4_SRC_ADDR %NO_SUCH"]);
    assert!(!output.status.success());
    assert!(stderr(&output).contains("template: \"%NO_SUCH\" is no label"), "{}", stderr(&output));
    let output = minamo(&["meter", CAPTURE, "--export", "sflow://127.0.0.1:9"]);
    assert!(stderr(&output).contains("want ipfix://HOST:PORT"), "{}", stderr(&output));
}

#[test]
fn an_export_gets_what_passes_its_filter_also_after_it_was_away() {
    let port = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
    let place = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let buffer = tempfile::tempdir().expect("a folder");
    let mut first = Server::start(&format!(
        "[collect]\nlisten = [\"127.0.0.1:{port}\"]\npair = false\n[[export]]\nurl = \"ipfix+tcp://{place}\"\n\
        filter = \"port 443\"\nbuffer = {:?}\nkeep = \"1s\"\n",
        buffer.path()
    ));
    let metered = flows(&[CAPTURE]);
    let output = minamo(&["meter", CAPTURE, "--export", &format!("ipfix://127.0.0.1:{port}")]);
    assert!(output.status.success(), "{}", stderr(&output));
    let count = "SELECT COUNT(*) AS n FROM flows";
    wait_until("all are stored", || first.number(count) == metered.len() as u64);
    let passing = first.number("SELECT COUNT(*) AS n FROM flows WHERE src_port = 443 OR dst_port = 443");
    assert!(passing > 0 && passing < metered.len() as u64, "{passing}");
    let metric = |server: &Server, name: &str| {
        let all = server.metrics().into_iter().filter(|(known, ..)| known == name);
        all.map(|(_, _, value)| value).sum::<u64>()
    };
    assert_eq!(metric(&first, "minamo_export_filtered_rows_total"), metered.len() as u64 - passing);
    assert_eq!(metric(&first, "minamo_buffer_records_total"), passing);
    // Nobody listens there yet; what was not sent is on disk while the server ends and comes back.
    first.restart();
    let second = Server::start(&format!("[collect]\nlisten = []\ntcp = [\"{place}\"]\npair = false\n"));
    wait_until("the others arrive", || second.number(count) >= passing);
    let sum = "SELECT CAST(SUM(src_bytes + dst_bytes) AS BIGINT) AS n FROM flows";
    let of_443 = format!("{sum} WHERE src_port = 443 OR dst_port = 443");
    assert_eq!((second.number(count), second.number(sum)), (passing, first.number(&of_443)));
    first.stop();
}

#[test]
fn rows_are_the_same_at_the_minamo_that_they_are_sent_to() {
    let port = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
    let mut server = Server::start(&format!("[collect]\nlisten = [\"127.0.0.1:{port}\"]\n"));
    let sent = flows(&[CAPTURE]);
    let url = format!("ipfix://127.0.0.1:{port}");
    // An enterprise number that the server does not know: it learns the elements from what comes with them.
    for (number, total) in [("32473", sent.len()), ("64999", 2 * sent.len())] {
        let output = minamo(&["meter", CAPTURE, "--export", &url, "--nanoseconds", "--enterprise", number]);
        assert!(output.status.success(), "{}", stderr(&output));
        wait_until("all are stored", || server.number("SELECT COUNT(*) AS n FROM flows") == total as u64);
    }
    server.stop();
    let data = server.folder().to_string_lossy().into_owned();
    let output = minamo(&["sql", "--json", "--data", &data, "SELECT * FROM flows"]);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    // What the receiving side says itself of a row, and the FIN or RST that flags tell.
    let own = ["flow_id", "source", "time_received", "exporter_ip", "exporter_domain", "end_reason"];
    let plain = |row: &serde_json::Value| {
        let cells = row.as_object().expect("a row").iter();
        let kept = cells.filter(|(name, value)| !own.contains(&name.as_str()) && !value.is_null());
        kept.map(|(name, value)| format!("{name}={value}")).collect::<BTreeSet<_>>()
    };
    let stored: Vec<_> = text.lines().map(|line| plain(&serde_json::from_str(line).expect("JSON"))).collect();
    assert_eq!(stored.len(), 2 * sent.len());
    for row in sent.iter().map(plain) {
        let same = stored.iter().filter(|stored| stored.is_superset(&row)).count();
        let close = || stored.iter().map(|stored| row.difference(stored).collect::<Vec<_>>()).min_by_key(Vec::len);
        assert!(same >= 2, "{same} of {row:?}, missing at the closest: {:?}", close());
    }
}

pub(super) fn wait_until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..150 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    panic!("never: {what}");
}
