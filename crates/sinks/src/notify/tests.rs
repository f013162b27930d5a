// SPDX-License-Identifier: Apache-2.0
//! Targets against servers of a few lines on loopback.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::thread::{JoinHandle, spawn};

use serde_json::json;

use super::*;

fn notice() -> Notice {
    Notice {
        event_id: "00aa".to_owned(),
        rule: "scan_ports".to_owned(),
        severity: "high".to_owned(),
        title: "ポートスキャン|<x>".to_owned(),
        text: "192.0.2.7 tried 150 ports = many\nof them].".to_owned(),
        start: Time::parse("2026-01-05T10:00:00Z").expect("a time"),
        end: Time::parse("2026-01-05T10:01:00Z").expect("a time"),
        src: Some("192.0.2.7".to_owned()),
        dst: Some("2001:db8::1".to_owned()),
        attack: vec!["T1046".to_owned()],
        facts: json!({"ports": 150}),
        link: Some("https://minamo.example/events?event=00aa".to_owned()),
    }
}

/// Answers one request with this status; gives what was asked.
fn http(status: &'static str) -> (String, JoinHandle<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/secret-path", listener.local_addr().expect("bound"));
    let asked = spawn(move || {
        let (stream, _) = listener.accept().expect("somebody");
        let mut reader = BufReader::new(stream);
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("a line");
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a number");
            }
            if line == "\r\n" {
                break;
            }
            head.push_str(&line);
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        write!(reader.get_mut(), "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").expect("answered");
        (head, String::from_utf8(body).expect("UTF-8"))
    });
    (url, asked)
}

#[test]
fn a_webhook_is_signed() {
    let (url, asked) = http("204 No Content");
    Webhook::new(&url, Some(b"key")).expect("a target").send(&notice()).expect("sent");
    let (head, body) = asked.join().expect("asked");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&body).expect("JSON"), notice().json());
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"key");
    let tag = minamo_base::hex(ring::hmac::sign(&key, body.as_bytes()).as_ref());
    assert!(head.contains(&format!("x-minamo-signature: sha256={tag}")), "{head}");
    assert!(head.starts_with("POST /secret-path HTTP/1.1"));
}

#[test]
fn a_target_that_refuses_is_told_apart_from_one_that_is_away_and_secrets_stay_out_of_errors() {
    let (url, asked) = http("400 Bad Request");
    let error = Chat::slack(&url).expect("a target").send(&notice()).expect_err("refused");
    asked.join().expect("asked");
    assert!(!error.again && error.to_string().ends_with("answered with status 400"), "{error}");
    let (url, asked) = http("503 Unavailable");
    assert!(Chat::teams(&url).expect("a target").send(&notice()).expect_err("later").again);
    asked.join().expect("asked");
    let gone = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound");
    let error =
        Chat::slack(&format!("http://{gone}/secret-path")).expect("a target").send(&notice()).expect_err("away");
    assert!(error.again && !error.to_string().contains("secret-path"), "{error}");
    assert!(Webhook::new("hooks.example.com", None).is_err());
}

#[test]
fn chats_get_their_own_messages() {
    let (url, asked) = http("200 OK");
    Chat::slack(&url).expect("a target").send(&notice()).expect("sent");
    let text = asked.join().expect("asked").1;
    assert!(
        text.contains("ポートスキャン|&lt;x&gt;") && text.contains("<https://minamo.example/events?event=00aa|00aa>"),
        "{text}"
    );
    let (url, asked) = http("202 Accepted");
    Chat::teams(&url).expect("a target").send(&notice()).expect("sent");
    let card: serde_json::Value = serde_json::from_str(&asked.join().expect("asked").1).expect("JSON");
    assert_eq!(card["attachments"][0]["content"]["body"][0]["text"], "[high] ポートスキャン|<x>");
}

#[test]
fn syslog_has_structured_data_or_cef() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = socket.local_addr().expect("bound").to_string();
    let send = |format| {
        Syslog::new(&address, Transport::Udp, format, "probe 1").expect("a target").send(&notice()).expect("sent")
    };
    let receive = || {
        let mut octets = [0; 4_096];
        let read = socket.recv(&mut octets).expect("a datagram");
        String::from_utf8(octets[..read].to_vec()).expect("UTF-8")
    };
    send(Format::Rfc5424);
    let said = receive();
    assert!(
        said.starts_with("<107>1 2026-01-05T10:00:00Z probe1 minamo - event [minamo@32473 event_id=\"00aa\" rule="),
        "{said}"
    );
    send(Format::Cef);
    let said = receive();
    let want = "|scan_ports|ポートスキャン\\|<x>|8|externalId=00aa start=1767607200000 end=1767607260000 msg=192.0.2.7 tried 150 ports \\= many\\nof them]. src=192.0.2.7 c6a3=2001:db8::1";
    assert!(said.contains("- CEF:0|Minamo|Minamo|") && said.contains(want), "{said}");
    assert!(Syslog::new("192.0.2.9", Transport::Udp, Format::Cef, "x").is_err());
}

#[test]
fn syslog_over_tcp_counts_its_octets() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound").to_string();
    Syslog::new(&address, Transport::Tcp, Format::Rfc5424, "x").expect("a target").send(&notice()).expect("sent");
    let mut said = String::new();
    listener.accept().expect("somebody").0.read_to_string(&mut said).expect("UTF-8");
    let (length, message) = said.split_once(' ').expect("a count");
    assert_eq!(length.parse(), Ok(message.len()));
}

#[test]
fn a_script_gets_json_and_its_failure_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).expect("set");
        Script::new(path).expect("a target")
    };
    let out = folder.path().join("out");
    // A script that was just written may be busy for a moment while another test forks.
    let good = script("good", &format!("#!/bin/sh\ncat > {}\n", out.display()));
    (0..50).find(|_| good.send(&notice()).is_ok()).expect("sent");
    let read: serde_json::Value = serde_json::from_slice(&std::fs::read(&out).expect("read")).expect("JSON");
    assert_eq!(read, notice().json());
    let bad = script("bad", "#!/bin/sh\nexit 3\n");
    let error =
        (0..50).find_map(|_| bad.send(&notice()).err().filter(|error| error.what.contains("exit"))).expect("fails");
    assert!(error.to_string().contains("exit status: 3"), "{error}");
    assert!(Script::new(folder.path().join("none")).is_err());
}

/// A relay that takes one mail and gives its lines.
fn relay(refuse: bool) -> (u16, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let lines = spawn(move || {
        let mut reader = BufReader::new(listener.accept().expect("somebody").0);
        write!(reader.get_mut(), "220 relay\r\n").expect("said");
        let (mut lines, mut data) = (Vec::new(), false);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return lines;
            }
            let line = line.trim_end().to_owned();
            let answer = match &*line {
                "." => "250 taken",
                _ if data => "",
                "DATA" => "354 go on",
                "QUIT" => "221 bye",
                ehlo if ehlo.starts_with("EHLO") => "250-relay\r\n250 SIZE 1000",
                rcpt if refuse && rcpt.starts_with("RCPT") => "550 nobody of that name",
                _ => "250 ok",
            };
            data = (data || line == "DATA") && line != ".";
            if !answer.is_empty() {
                write!(reader.get_mut(), "{answer}\r\n").expect("said");
            }
            lines.push(line);
        }
    });
    (port, lines)
}

fn mail(port: u16) -> Mail {
    let (host, from, to) =
        ("127.0.0.1".to_owned(), "minamo@example.com".to_owned(), vec!["noc@example.com".to_owned()]);
    Mail { host, port, security: Security::None, login: None, from, to, tls: crate::export::TlsFiles::default() }
}

#[test]
fn mail_is_taken_by_a_relay() {
    use base64::Engine as _;
    let (port, lines) = relay(false);
    mail(port).send(&notice()).expect("sent");
    let lines = lines.join().expect("lines");
    assert_eq!(&lines[..4], ["EHLO minamo", "MAIL FROM:<minamo@example.com>", "RCPT TO:<noc@example.com>", "DATA"]);
    assert!(lines.contains(&"Date: 05 Jan 2026 10:01:00 +0000".to_owned()), "{lines:?}");
    assert!(lines.iter().all(|line| line.len() <= 100));
    let blank = lines.iter().position(String::is_empty).expect("a head");
    let end = lines.iter().position(|line| line == ".").expect("an end");
    let body = base64::engine::general_purpose::STANDARD.decode(lines[blank + 1..end].concat()).expect("base64");
    assert!(String::from_utf8(body).expect("UTF-8").starts_with("192.0.2.7 tried 150 ports"));
}

#[test]
fn mail_that_is_refused_says_so_and_a_password_never_goes_in_clear() {
    let (port, lines) = relay(true);
    let error = mail(port).send(&notice()).expect_err("refused");
    drop(lines);
    assert!(!error.again && error.to_string().ends_with("550 nobody of that name"), "{error}");
    let mut clear = mail(25);
    clear.login = Some(("user".to_owned(), "secret".to_owned()));
    assert!(clear.check().expect_err("in clear").to_string().contains("over TLS only"));
    let bad = Mail { to: vec!["a@b>\r\nRCPT TO:<x@y".to_owned()], ..mail(25) };
    assert!(bad.check().is_err());
}
