// SPDX-License-Identifier: Apache-2.0
//! Wrong input gets one clear sentence that names the file, the place or the setting; what is good is kept.

use std::fs;

use super::{minamo, stderr, stdout};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn a_file_that_is_no_capture() {
    let folder = folder();
    let file = folder.path().join("notes.txt");
    fs::write(&file, "this is no capture at all, only words").expect("written");
    let output = minamo(&["meter", &file.to_string_lossy()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("notes.txt: not a capture file: want pcap or pcapng"), "{}", stderr(&output));
    assert!(!stderr(&output).contains("panicked"));
}

#[test]
fn a_cut_capture_gives_what_is_there() {
    let folder = folder();
    let whole = fs::read(super::root().join("fixtures/protocols/ssh.pcap")).expect("in the repository");
    let file = folder.path().join("cut.pcap");
    fs::write(&file, &whole[..whole.len() - 5]).expect("written");
    let output = minamo(&["meter", &file.to_string_lossy()]);
    assert!(output.status.success(), "what can be read is read");
    assert!(stderr(&output).contains("cut.pcap: ends in the middle of a record at octet"), "{}", stderr(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"app\":\"SSH\""));
}

#[test]
fn an_unknown_link_type_is_named() {
    let folder = folder();
    let mut capture = fs::read(super::root().join("fixtures/protocols/ssh.pcap")).expect("in the repository");
    capture[20] = 147;
    let file = folder.path().join("odd.pcap");
    fs::write(&file, &capture).expect("written");
    let output = minamo(&["meter", &file.to_string_lossy()]);
    assert!(stderr(&output).contains("odd.pcap: link type 147 is none that carries IP for us"), "{}", stderr(&output));
}

#[test]
fn missing_files_and_bad_arguments() {
    let output = minamo(&["meter", "/nowhere/x.pcap"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("/nowhere/x.pcap: No such file"), "{}", stderr(&output));
    assert_eq!(minamo(&["meter", "x.pcap", "--format", "xml"]).status.code(), Some(2));
    let output = minamo(&["query", "--data", "/nowhere"]);
    assert!(stderr(&output).contains("/nowhere: there is no lake in it"), "{}", stderr(&output));
}

#[test]
fn a_bad_setting_is_named() {
    let folder = folder();
    let file = folder.path().join("minamo.toml");
    fs::write(&file, "[server]\nlisten = \"everywhere\"\n").expect("written");
    let output = minamo(&["check-config", &file.to_string_lossy()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("minamo.toml: server.listen: got \"everywhere\", want an address"),
        "{}",
        stderr(&output)
    );
    fs::write(&file, "[meter]\nidle_timeout = \"10s\"\n").expect("written");
    assert!(stdout(&["check-config", &file.to_string_lossy()]).contains("idle_timeout = \"10s\""));
}

#[test]
fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("bound").to_string();
    let output = minamo(&["demo", "--once", "--listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains(&format!("cannot listen at {address}")), "{}", stderr(&output));
}

#[test]
fn labels_that_say_nothing_and_folders_that_are_not_there_are_named_before_anything_is_learnt() {
    let folder = folder();
    let index = |label: &str| {
        let path = folder.path().join("index.jsonl");
        let line = format!("{{\"pcap\": \"fixtures/eta/doh-dns2tcp.pcap.zst\", \"label\": \"{label}\"}}\n");
        fs::write(&path, line).expect("written");
        path.to_string_lossy().into_owned()
    };
    let root = super::root().to_string_lossy().into_owned();
    let out = folder.path().join("out").to_string_lossy().into_owned();
    let misspelt = minamo(&["model", "evaluate", "--index", &index("bengin"), "--folder", &root]);
    assert_eq!(misspelt.status.code(), Some(1));
    assert!(stderr(&misspelt).contains("index.jsonl: line 1: label: got \"bengin\""), "{}", stderr(&misspelt));
    let tunnels = index("doh_tunnel");
    let nowhere =
        ["model", "train", "--index", &tunnels, "--folder", &root, "--out", &out, "--card", "/nowhere/card.md"];
    let output = minamo(&nowhere);
    assert!(stderr(&output).contains("/nowhere/card.md: there is no folder /nowhere"), "{}", stderr(&output));
    let output = minamo(&["model", "export", "--index", &tunnels, "--folder", &root, "--joy", "/nowhere"]);
    assert!(stderr(&output).contains("--joy"), "an option of another command: {}", stderr(&output));
    assert!(minamo(&["model", "export", "--index", &tunnels, "--folder", &root, "--out", &out]).status.success());
    let csv = fs::read_to_string(&out).expect("written");
    let mut lines = csv.lines();
    assert!(lines.next().is_some_and(|head| head.starts_with("corpus,capture,family,class,cert_self_signed")));
    assert!(lines.clone().count() > 20 && lines.all(|line| line.contains(",doh_tunnel,")), "{csv}");
}

#[test]
fn what_is_not_judged_is_told_why() {
    let capture = super::root().join("fixtures/demo/office.pcap.zst").to_string_lossy().into_owned();
    let said = stdout(&["model", "explain", &capture]);
    let unknown: Vec<&str> = said.lines().skip_while(|line| !line.contains(": unknown ")).take(2).collect();
    assert!(unknown.last().is_some_and(|reason| reason.trim_start().starts_with("not judged")), "{said}");
    let missing = minamo(&["model", "explain", &capture, "/nowhere.pcap"]);
    assert!(stderr(&missing).contains("/nowhere.pcap"), "{}", stderr(&missing));
}

#[test]
fn a_file_that_is_no_model_is_named_and_a_changed_bundle_changes_nothing() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    fs::write(at("no.model"), "words\n").expect("written");
    let capture = super::root().join("fixtures/protocols/ssh.pcap");
    let output = minamo(&["meter", &capture.to_string_lossy(), "--model", &at("no.model")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("no.model: this is no model file"), "{}", stderr(&output));

    let key = stdout(&["model", "key", "--out", &at("our.key")]);
    let key = key.trim();
    assert!(minamo(&["model", "sign", "--key", &at("our.key"), "--out", &at("good.bundle")]).status.success());
    assert!(minamo(&["model", "install", &at("good.bundle"), "--key", key, "--to", &at("eta.model")]).status.success());
    let installed = fs::read(at("eta.model")).expect("installed");
    let mut changed = fs::read(at("good.bundle")).expect("signed");
    *changed.last_mut().expect("octets") = b' ';
    fs::write(at("bad.bundle"), changed).expect("written");
    let output = minamo(&["model", "install", &at("bad.bundle"), "--key", key, "--to", &at("eta.model")]);
    assert!(stderr(&output).contains("the signature of the bundle is wrong"), "{}", stderr(&output));
    let stranger = "00".repeat(32);
    let output = minamo(&["model", "install", &at("good.bundle"), "--key", &stranger, "--to", &at("eta.model")]);
    assert!(stderr(&output).contains("which is none of the keys that are trusted"), "{}", stderr(&output));
    assert_eq!(fs::read(at("eta.model")).expect("still there"), installed);

    // From an address the same is asked of it.
    let from = |name: &str| {
        let (url, serving) = serve_once(fs::read(at(name)).expect("a bundle"));
        let output = minamo(&["model", "install", &url, "--key", key, "--to", &at("fetched.model")]);
        serving.join().expect("asked once");
        output
    };
    let output = from("bad.bundle");
    assert!(stderr(&output).contains("the signature of the bundle is wrong"), "{}", stderr(&output));
    assert!(!folder.path().join("fetched.model").exists());
    let output = from("good.bundle");
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(fs::read(at("fetched.model")).expect("installed"), installed);
    let output = minamo(&["model", "install", "http://127.0.0.1:1/x", "--key", key, "--to", &at("eta.model")]);
    assert!(stderr(&output).contains("http://127.0.0.1:1/x"), "{}", stderr(&output));
}

#[test]
fn bundles_are_kept_by_version_and_a_bad_one_changes_nothing() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let key = stdout(&["model", "key", "--out", &at("our.key")]);
    let (key, hash) = (key.trim(), "0123456789abcdef0123456789abcdef");
    fs::write(at("bad.csv"), format!("{hash},Gozi\n")).expect("written");
    fs::write(at("hosts.txt"), "bad.example\n").expect("written");
    let table = format!("{{\"ja3\":\"{hash}\",\"processes\":[{{\"name\":\"a\",\"count\":1}}]}}\n");
    fs::write(at("table.jsonl"), &table).expect("written");
    let sign = |number: &str, more: &[&str]| {
        let key = at("our.key");
        let out = at(&format!("{number}.bundle"));
        let signed = minamo(&[&["model", "sign", "--number", number, "--key", &key, "--out", &out], more].concat());
        (signed, out)
    };
    let (bad, hosts, processes) = (format!("ja3={}", at("bad.csv")), at("hosts.txt"), at("table.jsonl"));
    let all = ["--bad-fingerprints", &bad, "--list", &hosts, "--processes", &processes];
    let (signed, first) = sign("1", &all);
    assert!(signed.status.success(), "{}", stderr(&signed));
    fs::write(at("minamo.toml"), format!("data.folder = {:?}\nbundle.keys = [{key:?}]\n", at("data")))
        .expect("written");
    let config = at("minamo.toml");
    let model = |more: &[&str]| minamo(&[&["model"], more, &["--config", &config]].concat());
    let output = model(&["install", &first]);
    assert!(stderr(&output).contains("bundle 1 is in force"), "{}", stderr(&output));
    let listed = stdout(&["model", "installed", "--config", &config]);
    for part in ["1  in force", "model model", "fingerprints bad", "processes table", "list hosts"] {
        assert!(listed.contains(part), "{part} in {listed}");
    }
    // What the bundle brings is read with the settings.
    assert!(stdout(&["check-config", &config]).contains("bundle"));

    let (_, second) = sign("2", &["--no-model", "--list", &hosts]);
    assert!(model(&["install", &second]).status.success());
    let output = model(&["install", &first]);
    assert!(stderr(&output).contains("the bundle has the number 1, the one in force 2"), "{}", stderr(&output));
    let mut changed = fs::read(&second).expect("signed");
    *changed.last_mut().expect("octets") = b' ';
    fs::write(at("changed.bundle"), changed).expect("written");
    let output = model(&["install", &at("changed.bundle")]);
    assert!(stderr(&output).contains("the signature of the bundle is wrong"), "{}", stderr(&output));
    assert!(stdout(&["model", "installed", "--config", &config]).starts_with("2  in force\n"));
    assert!(model(&["back", "1"]).status.success());
    assert!(stdout(&["model", "installed", "--config", &config]).contains("1  in force"));

    fs::write(at("empty.txt"), "#\n").expect("written");
    let (signed, _) = sign("3", &["--list", &at("empty.txt")]);
    assert!(stderr(&signed).contains("list empty: there is no address"), "{}", stderr(&signed));
}

/// An address on loopback that answers once with the octets.
fn serve_once(octets: Vec<u8>) -> (String, std::thread::JoinHandle<()>) {
    use std::io::{BufRead as _, BufReader, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/our.bundle", listener.local_addr().expect("bound"));
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines();
        while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", octets.len());
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&octets)).expect("answered");
    });
    (url, serving)
}
