// SPDX-License-Identifier: Apache-2.0
//! XMPP (RFC 6120 §4.2): a stream of XML in Jabber's name spaces, from its first tag on; behind STARTTLS (§5) TLS is probed.

use minamo_model::Flow;

use super::tell::*;
use super::text::is_tls;
use crate::{Dissector, Input, Step};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Jabber",
    title: "Extensible Messaging and Presence Protocol",
    category: Category::Web,
    spec: &["RFC 6120", "XEP-0114"],
    ports: &[5222, 5223, 5269, 5280],
    first: First::Of(b"< "),
    probe,
    start: |_| Box::new(Jabber::default()),
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

/// Services that speak XMPP under a name of their own, by the domain that a stream is opened to.
const DOMAINS: [(&[u8], &str); 4] = [
    (b"truphone.com", "Jabber.TruPhone"),
    (b"chat.facebook.com", "Jabber.FacebookMessenger"),
    (b"s.whatsapp.net", "Jabber.WhatsApp"),
    (b"kakao.com", "Jabber.KakaoTalk"),
];

/// Tags after which a stream that does not go over to TLS is left alone.
const TAGS: u32 = 64;

#[derive(Default)]
struct Jabber {
    service: Option<&'static str>,
    tags: u32,
    /// TLS was asked for (RFC 6120 §5.4.2).
    asked: bool,
}

impl Dissector for Jabber {
    fn feed(&mut self, _: Side, input: Input<'_>, _: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        if is_tls(data) {
            return if self.asked { Step::Inner(0) } else { Step::Done };
        }
        let mut used = 0;
        while let Some(end) = memchr::memchr(b'>', data.get(used..).unwrap_or_default()) {
            let tag = data.get(used..used + end + 1).unwrap_or_default();
            used += tag.len();
            self.tag(tag);
            // What follows where it was granted is TLS.
            if self.asked && contains(tag, b"<proceed") {
                return Step::Inner(used);
            }
            if self.tags > TAGS {
                return Step::Done;
            }
        }
        if data.len() - used > PROTOCOL.max_state { Step::Done } else { Step::Continue(used) }
    }

    fn name(&self) -> Option<&'static str> {
        self.service
    }
}

impl Jabber {
    /// A tag with the text in front of it.
    fn tag(&mut self, tag: &[u8]) {
        self.tags += 1;
        self.asked |= contains(tag, b"<starttls");
        let domain = memchr::memmem::find(tag, b" to=").and_then(|at| tag.get(at + 5..));
        let end = |domain: &[u8]| domain.iter().position(|octet| matches!(octet, b'\'' | b'"'));
        let domain = domain.and_then(|domain| domain.get(..end(domain)?)).unwrap_or_default();
        let ours =
            |name: &[u8]| domain.strip_suffix(name).is_some_and(|front| front.is_empty() || front.ends_with(b"."));
        let found = || DOMAINS.iter().find(|(name, _)| ours(name)).map(|(_, label)| *label);
        self.service = self.service.or_else(|| if contains(tag, b"stream") { found() } else { None });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_of_a_stream_can_name_a_service() {
        let label = |domain: &str| {
            let stream = format!("<stream:stream xmlns='jabber:client' version='1.0' to='{domain}'>");
            let mut jabber = Jabber::default();
            jabber.feed(Side::Src, Input::Data(stream.as_bytes()), &mut Flow::default());
            jabber.name()
        };
        assert_eq!(label("im.truphone.com"), Some("Jabber.TruPhone"));
        assert_eq!((label("nottruphone.com"), label("example.org")), (None, None));
    }

    #[test]
    fn what_follows_starttls_is_looked_at() {
        let hello = include_bytes!("../../samples/tls-client.bin");
        let said: [(Side, &[u8]); 5] = [
            PROTOCOL.sample[0],
            (Side::Dst, b"<stream:stream from='example.org'><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"),
            (Side::Src, b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
            (Side::Dst, b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
            (Side::Src, hello),
        ];
        for cut in [7, 1_000] {
            let (mut flow, mut classifier) = (Flow::default(), crate::Classifier::new(true, 40_000, 5_222));
            for (side, data) in said {
                data.chunks(cut).for_each(|piece| classifier.stream(side, Input::Data(piece), &mut flow));
            }
            classifier.label(&mut flow);
            assert!(flow.core.app.starts_with("Jabber") && flow.tls.is_some_and(|tls| tls.ja4.is_some()), "{cut}");
        }
    }
}
