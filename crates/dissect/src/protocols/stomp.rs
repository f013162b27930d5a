// SPDX-License-Identifier: Apache-2.0
//! STOMP (STOMP 1.2, "Connecting"): the frames that open a session, with their headers line by line.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "STOMP",
    title: "Simple Text Orientated Messaging Protocol",
    category: Category::Rpc,
    spec: &["STOMP 1.2"],
    ports: &[61613],
    first: First::Of(b"CS"),
    probe,
    sample: &[(Side::Src, b"CONNECT\naccept-version:1.2\nhost:example.org\n\n\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let Some((first, n)) = line(data) else {
        return begins_with_any(data.strip_suffix(b"\r").unwrap_or(data), &[b"CONNECT", b"STOMP", b"CONNECTED"]);
    };
    if !matches!(first, b"CONNECT" | b"STOMP" | b"CONNECTED") {
        return Verdict::No;
    }
    first_line(data.get(n..).unwrap_or_default(), 256, |line| {
        let name = line.split(|octet| *octet == b':').next().unwrap_or_default();
        name.len() < line.len()
            && !name.is_empty()
            && name.iter().all(|octet| octet.is_ascii_lowercase() || *octet == b'-')
    })
}
