// SPDX-License-Identifier: Apache-2.0
//! Alerts in syslog: messages of a stream, and the alerts in them. However the octets are torn, the messages are the same.

use std::path::Path;

use minamo_detect::{eve, syslog};

use crate::Target;

/// Messages of a connection, and what they carry.
pub(crate) static TARGET: Target = Target { name: "syslog", run, seeds };

fn run(octets: &[u8]) {
    let whole = messages(&[octets]);
    let (one, other) = octets.split_at(octets.len() / 3);
    assert_eq!(messages(&[one, other]), whole, "torn octets give other messages");
    for octets in whole.iter().map(Vec::as_slice).chain([octets]) {
        let found = syslog::message(octets);
        assert!(found.json.is_empty() || found.json.starts_with(b"{"), "what is carried is no object");
        // Wrong ones are told, and none panics.
        drop(eve::read(&String::from_utf8_lossy(found.json), found.host.unwrap_or("sensor")));
    }
}

fn messages(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    let (mut deframer, mut found) = (syslog::Deframer::default(), Vec::new());
    pieces.iter().for_each(|piece| deframer.push(piece, |message| found.push(message.to_vec())));
    found
}

fn seeds(_: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let alert = "{\"timestamp\":\"2026-01-05T10:00:05.5+0000\",\"event_type\":\"alert\",\"src_ip\":\"192.0.2.66\",\"src_port\":1,\
                 \"dest_ip\":\"10.0.0.5\",\"dest_port\":80,\"proto\":\"TCP\",\"alert\":{\"signature_id\":7,\"severity\":1}}";
    let message = format!("<134>1 2026-01-05T10:00:05Z ids1 suricata 812 - [x@1 a=\"]\"] @cee: {alert}");
    let texts = [
        format!("<134>Jan  5 10:00:05 ids1 suricata[812]: @cee: {alert}\n"),
        format!("{} {message}7 <13>end", message.len()),
        format!("{alert}\n{message}\n"),
    ];
    Ok(texts.map(String::into_bytes).to_vec())
}
