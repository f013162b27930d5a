// SPDX-License-Identifier: Apache-2.0
//! `minamo serve` fetches a signed bundle from an address: a good one is in force, a bad one is told, counted and changes
//! nothing.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use super::export::wait_until;
use super::server::Server;
use super::{minamo, stderr, stdout};

/// An address on loopback that answers with the octets of the moment.
fn serve(octets: Arc<Mutex<Vec<u8>>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/our.bundle", listener.local_addr().expect("bound"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines();
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let octets = octets.lock().expect("whole").clone();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", octets.len());
            // Who asked may have gone.
            stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&octets)).unwrap_or_default();
        }
    });
    url
}

#[test]
fn a_server_takes_good_bundles_from_an_address_and_refuses_bad_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let key = stdout(&["model", "key", "--out", &at("our.key")]);
    stdout(&["model", "key", "--out", &at("other.key")]);
    fs::write(at("hosts.txt"), "bad.example\n").expect("written");
    let signed = |number: &str, by: &str| {
        let (key, out, hosts) = (at(by), at(&format!("{number}.bundle")), at("hosts.txt"));
        let arguments = ["model", "sign", "--number", number, "--key", &key, "--out", &out, "--list", &hosts];
        let output = minamo(&arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        fs::read(out).expect("signed")
    };
    let there = Arc::new(Mutex::new(signed("5", "our.key")));
    let put = |octets: Vec<u8>| *there.lock().expect("whole") = octets;
    let url = serve(Arc::clone(&there));
    let key = key.trim();
    let mut server = Server::start(&format!("[bundle]\nkeys = [{key:?}]\nurl = {url:?}\nevery = \"1s\"\n"));
    let counter = |server: &Server, name: &str| {
        let all = server.metrics();
        all.iter().find(|(own, ..)| own == name).map(|(.., value)| *value).expect("a counter")
    };
    let number = |server: &Server| counter(server, "minamo_bundle_number");
    wait_until("it is in force", || number(&server) == 5);

    let mut changed = signed("6", "our.key");
    *changed.last_mut().expect("octets") = b' ';
    for bad in [changed, signed("7", "other.key"), signed("4", "our.key"), b"words\n".to_vec()] {
        put(bad);
        // One that was asked for before may have been the good one.
        let before = counter(&server, "minamo_bundle_failures_total");
        wait_until("it is refused", || counter(&server, "minamo_bundle_failures_total") >= before + 2);
        assert_eq!(number(&server), 5);
    }
    put(signed("8", "our.key"));
    wait_until("the next is in force", || number(&server) == 8);
    assert_eq!(counter(&server, "minamo_bundle_installs_total"), 2);
    server.stop();
}
