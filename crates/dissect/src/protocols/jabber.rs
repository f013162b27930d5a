// SPDX-License-Identifier: Apache-2.0
//! XMPP (RFC 6120 §4.2): a stream of XML in Jabber's name spaces, from its first tag on.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Jabber",
    title: "Extensible Messaging and Presence Protocol",
    category: Category::Web,
    spec: &["RFC 6120", "XEP-0114"],
    ports: &[5222, 5223, 5269, 5280],
    first: First::Of(b"< "),
    probe,
    sample: &[(
        Side::Src,
        b"<?xml version='1.0'?><stream:stream to='example.org' xmlns='jabber:client' xmlns:stream='http://\
        etherx.jabber.org/streams' version='1.0'>",
    )],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let start = data.trim_ascii_start();
    let start = start.get(..400).unwrap_or(start);
    if !b"<".starts_with(start.get(..1).unwrap_or_default()) {
        return Verdict::No;
    }
    let stream = contains(start, b"<stream:stream") || contains(start, b"<stream ");
    if stream && (contains(start, b"jabber:") || contains(start, b"etherx.jabber.org")) {
        return Verdict::Yes;
    }
    // What comes in the middle of a session: stanzas with their attributes (RFC 6120 §8).
    let stanza = begins_with_any(
        start,
        &[b"<iq ", b"<presence ", b"<message ", b"<stream:features", b"<auth xmlns", b"</stream:stream>"],
    );
    match stanza {
        Verdict::Yes if start.starts_with(b"</stream:stream>") => Verdict::Yes,
        Verdict::Yes if contains(start, b"jabber:") || contains(start, b"urn:ietf:params:xml:ns:xmpp") => Verdict::Yes,
        Verdict::Yes if (contains(start, b" id=") || contains(start, b" from=")) && contains(start, b" type=") => {
            Verdict::Yes
        }
        Verdict::No if !stream && !b"<?xml version=".starts_with(start.get(..14).unwrap_or(start)) => Verdict::No,
        _ => maybe_if(start.len() < 400 && start.iter().all(|octet| *octet >= 9)),
    }
}
