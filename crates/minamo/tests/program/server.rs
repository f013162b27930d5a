// SPDX-License-Identifier: Apache-2.0
//! `minamo serve` as a process: what it counts is what the table of metrics says, and what passes an interface is in
//! the lake once.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use minamo_base::Metric;

use super::namespace::{inside, ip, without_ipv6};
use super::{flows, minamo, stderr, stdout};

/// A running server with its data folder.
pub(super) struct Server {
    child: Child,
    address: String,
    token: String,
    folder: tempfile::TempDir,
}

impl Server {
    /// Starts a server with these settings besides the console's address, and logs in.
    pub(super) fn start(settings: &str) -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder"), settings)
    }

    /// The same on a data folder in which there may be something already, but no user.
    pub(super) fn start_in(folder: tempfile::TempDir, settings: &str) -> Self {
        let config = folder.path().join("minamo.toml");
        std::fs::write(&config, format!("[server]\nlisten = \"127.0.0.1:0\"\n{settings}")).expect("written");
        let (child, address, password) = spawn(folder.path());
        let body = format!("{{\"user\":\"admin\",\"password\":\"{}\"}}", password.expect("told at the first start"));
        let head = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        let answer = request(&address, "POST /api/v1/session", &head, &body);
        let (_, rest) = answer.split_once("minamo_session=").expect("logged in");
        let token = rest.split(';').next().unwrap_or_default().to_owned();
        Self { child, address, token, folder }
    }

    /// Stops the server and starts it again on the same folder.
    pub(super) fn restart(&mut self) {
        self.stop();
        (self.child, self.address, _) = spawn(self.folder.path());
    }

    /// Its folder.
    pub(super) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Asks the API: status and body of the answer.
    pub(super) fn ask(&self, what: &str, body: &serde_json::Value) -> (u16, serde_json::Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!(
            "Authorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
            self.token,
            body.len()
        );
        let answer = request(&self.address, what, &head, &body);
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, serde_json::from_str(body).unwrap_or_default())
    }

    /// The samples at `/metrics`: name, labels, value.
    pub(super) fn metrics(&self) -> Vec<(String, String, u64)> {
        let head = format!("Authorization: Bearer {}\r\n", self.token);
        let answer = request(&self.address, "GET /metrics", &head, "");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let sample = |line: &str| {
            let (what, value) = line.rsplit_once(' ')?;
            let (name, labels) = what.split_once('{').unwrap_or((what, "}"));
            Some((name.to_owned(), labels.trim_end_matches('}').to_owned(), value.parse().ok()?))
        };
        let samples: Vec<_> = body.lines().filter(|line| line.starts_with("minamo_")).map(sample).collect();
        samples.into_iter().map(|sample| sample.expect("name, labels and value")).collect()
    }

    /// Asks the lake of the running server for one number.
    pub(super) fn number(&self, sql: &str) -> u64 {
        let data = self.folder.path().to_string_lossy().into_owned();
        let line = stdout(&["sql", "--json", "--data", &data, sql]);
        let row: serde_json::Value = serde_json::from_str(line.lines().next().expect("a row")).expect("JSON");
        row["n"].as_u64().expect("a number")
    }

    /// Asks the server to end and waits for it.
    pub(super) fn stop(&mut self) {
        let killed = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(killed.expect("kill").success());
        assert!(self.child.wait().expect("it ends").success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After a failed test; otherwise it has ended.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Starts the program on a folder; with where it listens and, at its first start, the password.
fn spawn(folder: &std::path::Path) -> (Child, String, Option<String>) {
    let config = folder.join("minamo.toml");
    let mut child = Command::new(env!("CARGO_BIN_EXE_minamo"))
        .args(["serve", "--config", &config.to_string_lossy(), "--data", &folder.to_string_lossy()])
        .env("MINAMO_LOG", "error")
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut password = None;
    let between = |line: &str, before: &str, after: &str| {
        let (_, rest) = line.split_once(before)?;
        Some(rest.split_once(after)?.0.to_owned())
    };
    for line in BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok) {
        password = password.or_else(|| between(&line, "with the password `", "`"));
        if let Some(address) = between(&line, "console: http://", "/") {
            // Nobody reads on: a server goes on where whoever read its log is gone.
            return (child, address, password);
        }
    }
    child.wait().expect("it ended");
    panic!("it did not say where its console is");
}

/// One request of HTTP; the whole answer.
fn request(address: &str, what: &str, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(stream, "{what} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{head}\r\n{body}").expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    // Of a file only the head is text.
    String::from_utf8_lossy(&answer).into_owned()
}

/// The labels as the text has them; open ones without a value.
fn labels_of(metric: &Metric) -> Vec<String> {
    metric.labels.iter().map(|(name, value)| format!("{name}=\"{value}")).collect()
}

fn is(metric: &Metric, name: &str, labels: &str) -> bool {
    let wanted = labels_of(metric);
    let shown: Vec<_> = labels.split(',').filter(|label| !label.is_empty()).collect();
    name == metric.name && shown.len() == wanted.len() && shown.iter().zip(&wanted).all(|(l, w)| l.starts_with(w))
}

/// What is shown is in the table, and what is in the table is shown: the parts that run, but for labels whose values
/// have yet to come.
fn agrees(shown: &[(String, String, u64)], without: &[&str]) {
    let all = || minamo::METRICS.iter().flat_map(|(_, metrics)| *metrics);
    for (name, labels, _) in shown {
        assert!(all().any(|metric| is(metric, name, labels)), "{name}{{{labels}}} is not in the table");
    }
    for metric in minamo::METRICS.iter().filter(|(part, _)| !without.contains(part)).flat_map(|(_, metrics)| *metrics) {
        let open = metric.labels.last().is_some_and(|(name, value)| value.is_empty() && *name != "interface");
        let there = shown.iter().any(|(name, labels, _)| is(metric, name, labels));
        assert!(open || there, "{} {:?} is not shown", metric.name, metric.labels);
    }
}

#[test]
fn metrics_are_those_of_the_table() {
    let mut server = Server::start(
        "[collect]\nlisten = [\"127.0.0.1:0\"]\nforward = [{ to = \"127.0.0.1:9\" }]\n\
        [[export]]\nurl = \"ipfix://127.0.0.1:9\"\n",
    );
    agrees(&server.metrics(), &["Probe", "Recorder", "Actions", "Buffer"]);
    server.stop();
}

#[test]
fn commands_have_the_server_do_what_changes_the_lake() {
    let mut server = Server::start("");
    let data = server.folder.path().to_string_lossy().into_owned();
    let lake = |more: &[&str]| stdout(&[&["lake", "--data", &data], more].concat());
    let import = || stdout(&["import", "--data", &data, "fixtures/nfdump"]);
    assert!(import().starts_with("208 flows were imported from 4 files; 0 were imported before"));
    assert!(import().starts_with("0 flows were imported from 0 files; 4 were imported before"));
    assert!(lake(&["imports"]).contains("nfcapd.lz4"));
    // Nothing is sealed yet: what is asked on the command line sees the rows of the log, too.
    assert_eq!(server.number("SELECT COUNT(*) AS n FROM flows"), 208);
    let (from, to) = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
    let held =
        lake(&["hold", "--from", from, "--to", to, "--kind", "legal", "--owner", "jo", "--reason", "it's a case"]);
    assert_eq!(held, format!("hold 1: nothing is deleted from {from} to {to}\n"));
    let shown = lake(&[]);
    assert!(shown.contains("by jo: it's a case"), "{shown}");
    assert_eq!(lake(&["seal"]), "208 rows were sealed\n");
    assert_eq!(lake(&["compact"]), "0 rows were merged\n");
    assert_eq!(lake(&["retain"]), "0 rows were deleted\n");
    assert!(lake(&["verify"]).ends_with("segments are what was written\n"));
    let jobs = lake(&["jobs"]);
    assert!(["seal", "compact", "retain", "verify"].iter().all(|kind| jobs.contains(kind)), "{jobs}");
    assert!(lake(&["queries"]).starts_with("id"));
    let refused = |more: &[&str]| stderr(&minamo(&[&["lake", "--data", &data], more].concat()));
    assert!(refused(&["stop", "77"]).contains("there is no query 77"));
    assert_eq!(lake(&["release", "1"]), "hold 1 has ended\n");
    assert!(refused(&["release", "1"]).contains("there is no hold 1"));
    assert!(
        refused(&["hold", "--from", from, "--to", from, "--reason", "x"]).contains("the range ends before it begins")
    );
    server.stop();
    assert!(!server.folder.path().join("server.sock").exists());
    assert!(refused(&["jobs"]).contains("no server runs on it"));
    assert_eq!(lake(&["compact"]), "0 rows were merged\n", "without a server the command does it itself");
}

#[test]
fn what_passes_an_interface_is_in_the_lake_once() {
    /// Datagrams that are sent, and the port that they go to.
    const SENT: u64 = 500;
    const PORT: u16 = 47_808;
    if !inside("server::what_passes_an_interface_is_in_the_lake_once") {
        return;
    }
    ip("link set lo up");
    without_ipv6();
    let mut server =
        Server::start("[probe]\ninterfaces = [\"lo\"]\n[meter]\nidle_timeout = \"1s\"\n[recorder]\nsize = \"64MiB\"\n");
    let receiver = UdpSocket::bind(("127.0.0.1", PORT)).expect("free");
    let sender = UdpSocket::bind("127.0.0.1:0").expect("free");
    let mut octets = [0; 8];
    for number in 0..SENT {
        sender.send_to(&number.to_be_bytes(), ("127.0.0.1", PORT)).expect("sent");
        receiver.recv(&mut octets).expect("arrived");
    }
    let sum = "CAST(COALESCE(SUM(src_packets + dst_packets), 0) AS BIGINT)";
    let sql = format!("SELECT {sum} AS n FROM flows WHERE dst_port = {PORT}");
    // The row comes when the flow is idle.
    for _ in 0..300 {
        if server.number(&sql) >= SENT {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let shown = server.metrics();
    agrees(
        &shown,
        &["Collector", "Forwarding", "Pairing", "Verdicts on rows of exporters", "Actions", "Export", "Buffer"],
    );
    for (name, labels, value) in &shown {
        let lost = name == "minamo_probe_dropped_frames_total" || name == "minamo_ingest_dropped_rows_total";
        assert!(!lost || *value == 0, "{name}{{{labels}}} {value}");
    }
    server.stop();
    assert_eq!(server.number(&sql), SENT);
    // What was recorded is cut again: those of the flow.
    let folder = server.folder.path();
    let (config, data) = (folder.join("minamo.toml"), folder.to_string_lossy().into_owned());
    let line =
        stdout(&["sql", "--json", "--data", &data, &format!("SELECT flow_id FROM flows WHERE dst_port = {PORT}")]);
    let row: serde_json::Value = serde_json::from_str(line.lines().next().expect("a row")).expect("JSON");
    let (cut, config) = (folder.join("cut.pcapng"), config.to_string_lossy().into_owned());
    let cut = cut.to_string_lossy().into_owned();
    let id = row["flow_id"].as_str().expect("a text");
    stdout(&["recorder", "cut", "--config", &config, "--data", &data, "--flow", id, "--output", &cut]);
    let packets: u64 = flows(&[&cut]).iter().map(|row| row["src_packets"].as_u64().unwrap_or(0)).sum();
    assert_eq!(packets, SENT);
}

/// A rule as somebody writes it: it fires on a flow of two packets to port 47809.
const TALK: &str = r#"+++
title = { en = "Talk", ja = "会話" }
question = { en = "Who talks to the port?", ja = "誰がそのポートと話すか。" }
severity = "low"
attack = ["T1046"]
window = "1m"
text = { en = "{src_ip} sent {packets} packets.", ja = "{src_ip} が {packets} パケットを送信。" }
filter = "src_ip = {src_ip}"

[parameters.packets]
default = 2
reason = { en = "one may be a mistake", ja = "1 つなら誤りかもしれない" }

[[benign]]
en = "a test"
ja = "試験"
+++
SELECT $window AS window_start, src_ip, CAST(SUM(src_packets) AS BIGINT) AS packets
FROM flows WHERE $range AND dst_port = 47809 GROUP BY 1, src_ip HAVING SUM(src_packets) >= $packets
"#;

#[test]
fn a_rule_that_is_written_while_the_server_runs_fires() {
    if !inside("server::a_rule_that_is_written_while_the_server_runs_fires") {
        return;
    }
    ip("link set lo up");
    without_ipv6();
    let mut server = Server::start("[probe]\ninterfaces = [\"lo\"]\n[meter]\nidle_timeout = \"1s\"\n");
    let rule = serde_json::json!({ "text": TALK });
    let refused = serde_json::json!({ "text": TALK.replace("dst_port", "dst_prt") });
    let (status, answer) = server.ask("PUT /api/v1/rules/talk", &refused);
    assert_eq!((status, answer["path"].as_str()), (400, Some("text")), "{answer}");
    let (status, answer) = server.ask("PUT /api/v1/rules/talk", &rule);
    assert_eq!((status, answer["in_force"].as_bool()), (200, Some(true)), "{answer}");
    let receiver = UdpSocket::bind("127.0.0.1:47809").expect("free");
    let sender = UdpSocket::bind("127.0.0.1:0").expect("free");
    for _ in 0..3 {
        sender.send_to(b"hello", "127.0.0.1:47809").expect("sent");
        receiver.recv(&mut [0; 8]).expect("arrived");
    }
    let fired = |server: &Server| {
        let (_, answer) = server.ask("GET /api/v1/events", &serde_json::Value::Null);
        answer["rows"].as_array().is_some_and(|rows| rows.iter().any(|row| row["rule"] == "talk"))
    };
    let seen = (0..300).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        fired(&server)
    });
    assert!(seen, "the rule did not fire");
    server.restart();
    let (status, answer) = server.ask("GET /api/v1/rules/talk", &serde_json::Value::Null);
    assert_eq!((status, answer["origin"].as_str()), (200, Some("console")), "it is there after a restart");
    server.stop();
}
