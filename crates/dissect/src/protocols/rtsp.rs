// SPDX-License-Identifier: Apache-2.0
//! RTSP (RFC 2326, RFC 7826 §7): told by request lines with its URIs, and by its status lines. The ports that both sides agree
//! on for media (RFC 2326 §12.39) are announced; media between the messages (§10.12) end the listening.

use minamo_model::Flow;

use super::tell::*;
use super::text::{by_lines, word};
use crate::{Announced, Dissector, Host, Input, Step};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "RTSP",
    title: "Real-Time Streaming Protocol",
    category: Category::Media,
    spec: &["RFC 2326", "RFC 7826"],
    ports: &[554, 8554],
    max_state: 4096,
    probe,
    start: |_| Box::new(Rtsp::default()),
    sample: &[(Side::Src, b"PLAY rtsp://a/b RTSP/1.0\r\nCSeq: 1\r\n\r\n")],
    ..Protocol::STREAM
};

/// A known method and a URI of the protocol, or a status line.
fn probe(_: Side, data: &[u8]) -> Verdict {
    let answer = begins_with_any(data, &[b"RTSP/1.0 ", b"RTSP/2.0 "]);
    if answer != Verdict::No {
        return answer;
    }
    let (method, rest) = word(data);
    if method.len() == data.len() {
        return if METHODS.iter().any(|m| m.starts_with(data)) { Verdict::Maybe } else { Verdict::No };
    }
    if !METHODS.contains(&method) {
        return Verdict::No;
    }
    match begins_with_any(rest, &[b"rtsp:", b"rtsps:", b"rtspu:", b"* RTSP/"]) {
        // Some clients leave out scheme and host: then the version at the line's end tells.
        Verdict::No => first_line(rest, 1_024, |line| line.ends_with(b" RTSP/1.0") || line.ends_with(b" RTSP/2.0")),
        other => other,
    }
}

const METHODS: [&[u8]; 11] = [
    b"ANNOUNCE",
    b"DESCRIBE",
    b"GET_PARAMETER",
    b"OPTIONS",
    b"PAUSE",
    b"PLAY",
    b"RECORD",
    b"REDIRECT",
    b"SETUP",
    b"SET_PARAMETER",
    b"TEARDOWN",
];

/// Lines without news after which the conversation is left alone.
const LINES_MAX: u32 = 512;

#[derive(Default)]
struct Rtsp {
    /// The side whose message the next lines belong to is the client.
    asks: [bool; 2],
    lines: u32,
    said: Vec<Announced>,
}

impl Dissector for Rtsp {
    fn feed(&mut self, side: Side, input: Input<'_>, _: &mut Flow) -> Step {
        match input {
            Input::Gap(_) | Input::Data([b'$', ..]) => Step::Done,
            Input::Data(data) => by_lines(data, |line| self.line(side, line)),
        }
    }

    fn announces(&mut self) -> Vec<Announced> {
        std::mem::take(&mut self.said)
    }
}

impl Rtsp {
    fn line(&mut self, side: Side, line: &[u8]) -> Step {
        self.lines += 1;
        if self.lines > LINES_MAX {
            return Step::Done;
        }
        let asks = line.ends_with(b" RTSP/1.0") || line.ends_with(b" RTSP/2.0");
        if let Some(asking) = self.asks.get_mut(side.index()).filter(|_| asks || line.starts_with(b"RTSP/")) {
            *asking = asks;
        }
        if let Some(value) = after(line, b"Transport:") {
            let client = if self.asks.get(side.index()) == Some(&true) { side } else { side.other() };
            for (name, side) in [(&b"client_port="[..], client), (b"server_port=", client.other())] {
                self.ports(value, name, side);
            }
        }
        Step::Continue(0)
    }

    /// Notes a pair of ports, of media and their control: `client_port=4588-4589`.
    fn ports(&mut self, value: &[u8], name: &[u8], side: Side) {
        let secured = mentions(value, b"RTP/SAVP");
        let found = value.split(|octet| *octet == b';').find_map(|part| after(part.trim_ascii(), name));
        let pair = found.into_iter().flat_map(|pair| pair.split(|octet| *octet == b'-')).take(2);
        for (port, name) in pair.zip([if secured { "SRTP" } else { "RTP" }, if secured { "SRTP" } else { "RTCP" }]) {
            let port = std::str::from_utf8(port).ok().and_then(|port| port.parse().ok()).filter(|port| *port >= 1_024);
            let of = |port| Announced::protocol(Host::Of(side), port, false, (name, PROTOCOL.title));
            self.said.extend(port.map(|port| Announced { peer: Some(side.other()), ..of(port) }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_media_are_announced() {
        let mut rtsp = Rtsp::default();
        let ask = b"SETUP rtsp://a/b RTSP/1.0\r\nTransport: RTP/AVP;unicast;client_port=4588-4589\r\n\r\n";
        rtsp.feed(Side::Src, Input::Data(ask), &mut Flow::default());
        let ends = |rtsp: &mut Rtsp| rtsp.announces().iter().map(|one| (one.host, one.port)).collect::<Vec<_>>();
        let (client, server) = (Host::Of(Side::Src), Host::Of(Side::Dst));
        assert_eq!(ends(&mut rtsp), [(client, Some(4_588)), (client, Some(4_589))]);
        let told = b"RTSP/1.0 200 OK\r\nTransport: RTP/AVP;unicast;client_port=4588-4589;server_port=6256-6257\r\n\r\n";
        rtsp.feed(Side::Dst, Input::Data(told), &mut Flow::default());
        let both = [(client, Some(4_588)), (client, Some(4_589)), (server, Some(6_256)), (server, Some(6_257))];
        assert_eq!(ends(&mut rtsp), both);
        assert_eq!(rtsp.feed(Side::Dst, Input::Data(b"$\x00\x01\x02"), &mut Flow::default()), Step::Done);
    }

    #[test]
    fn sip_and_http_have_other_targets() {
        assert_eq!(probe(Side::Src, b"OPTIONS sip:a@b SIP/2.0\r\n"), Verdict::No);
        assert_eq!(probe(Side::Src, b"OPTIONS * HTTP/1.1\r\n"), Verdict::No);
    }

    #[test]
    fn targets_may_lack_their_scheme() {
        assert_eq!(probe(Side::Src, b"DESCRIBE /stream1 RTSP/1.0\r\nCSeq: 1\r\n\r\n"), Verdict::Yes);
        assert_eq!(probe(Side::Src, b"DESCRIBE rtsps://a/b RTSP/2.0\r\n"), Verdict::Yes);
        assert_eq!(probe(Side::Dst, b"RTSP/2.0 200 OK\r\n"), Verdict::Yes);
        assert_eq!(probe(Side::Src, b"OPTIONS / HTTP/1.1\r\n"), Verdict::No);
        assert_eq!(probe(Side::Src, b"OPTIONS /a"), Verdict::Maybe);
    }
}
