// SPDX-License-Identifier: Apache-2.0
//! WS-Discovery (OASIS WS-DD 1.1 §2): an envelope of SOAP in a datagram that names the discovery's namespace.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "WSD",
    title: "Web Services Dynamic Discovery",
    category: Category::Network,
    spec: &["OASIS WS-Discovery 1.1"],
    ports: &[3702],
    first: First::Of(b"<\xef"),
    probe,
    sample: &[(
        Side::Src,
        b"<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:d=\
        \"http://schemas.xmlsoap.org/ws/2005/04/discovery\"/>",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let text = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
    let named = contains(data, b"/ws/2005/04/discovery") || contains(data, b"/ws-dd/ns/discovery/");
    yes_if(text.starts_with(b"<") && named && contains(data, b"Envelope"))
}
