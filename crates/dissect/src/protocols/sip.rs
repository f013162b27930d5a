// SPDX-License-Identifier: Apache-2.0
//! SIP (RFC 3261 §7, §18) over datagrams and streams: who calls whom, and the outcome; of bodies the endpoints of the media
//! that they describe ([`sdp`]). Others are skipped.

use minamo_model::Flow;

use super::sdp;
use super::text::{after, begins, line, reply, some_text, word};
use crate::{Announced, Category, Dissector, Input, Protocol, Side, Step, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "SIP",
    title: "Session Initiation Protocol",
    category: Category::Voip,
    spec: &["RFC 3261", "RFC 3581"],
    ports: &[5060],
    max_state: 2 * HEAD_MAX,
    probe,
    start: |stream| Box::new(Sip { stream, messages: 0, said: Vec::new() }),
    sample: &[(Side::Src, SAMPLE_REQUEST), (Side::Dst, SAMPLE_ANSWER)],
    ..Protocol::BOTH
};

/// Longest head that is waited for on a stream.
const HEAD_MAX: usize = 16_384;
/// Longest description of media that is waited for on a stream.
const BODY_MAX: usize = 8_192;
/// Methods in use (RFC 3261, RFC 3262, RFC 3265, RFC 3311, RFC 3428, RFC 3515, RFC 3903, RFC 6086).
const METHODS: [&[u8]; 14] = [
    b"ACK",
    b"BYE",
    b"CANCEL",
    b"INFO",
    b"INVITE",
    b"MESSAGE",
    b"NOTIFY",
    b"OPTIONS",
    b"PRACK",
    b"PUBLISH",
    b"REFER",
    b"REGISTER",
    b"SUBSCRIBE",
    b"UPDATE",
];

/// A status line of SIP, or one of its methods with a SIP or telephone URI.
fn probe(_: Side, data: &[u8]) -> Verdict {
    // Empty lines may stand in front (RFC 3261 §7.5, RFC 5626 §3.5.1).
    let blank = data.iter().take(16).take_while(|b| matches!(b, b'\r' | b'\n')).count();
    let data = data.get(blank..).unwrap_or_default();
    let answer = begins(data, b"SIP/2.0 ");
    if answer != Verdict::No {
        return answer;
    }
    let (method, rest) = word(data);
    if method.len() == data.len() {
        let cut = METHODS.iter().any(|m| m.starts_with(data));
        return if cut { Verdict::Maybe } else { Verdict::No };
    }
    if !METHODS.contains(&method) {
        return Verdict::No;
    }
    let schemes: [&[u8]; 3] = [b"sip:", b"sips:", b"tel:"];
    if schemes.iter().any(|scheme| after(rest, scheme).is_some()) {
        return Verdict::Yes;
    }
    let cut = schemes.iter().any(|scheme| after(scheme, rest).is_some());
    if cut { Verdict::Maybe } else { Verdict::No }
}

struct Sip {
    stream: bool,
    messages: u32,
    /// Endpoints of media that were described and not told yet.
    said: Vec<Announced>,
}

impl Dissector for Sip {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        // Keep-alive between messages (RFC 5626 §4.4.1).
        let blank = data.iter().take_while(|b| matches!(b, b'\r' | b'\n' | 0)).count();
        if blank > 0 {
            return Step::Continue(blank);
        }
        let head = Head::read(data);
        if probe(side, data) == Verdict::No {
            return match (self.stream, self.messages) {
                (_, 0) => Step::Mistaken,
                (true, _) => Step::Done,
                (false, _) => Step::Continue(data.len()),
            };
        }
        if self.stream && !head.complete {
            return if data.len() > HEAD_MAX { Step::Done } else { Step::Continue(0) };
        }
        let body = data.get(head.length..).unwrap_or_default();
        let body = body.get(..head.body).unwrap_or(body);
        if self.stream && head.describes && body.len() < head.body && head.body <= BODY_MAX {
            return Step::Continue(0);
        }
        self.messages = self.messages.saturating_add(1);
        head.note(flow);
        if head.describes {
            self.said = sdp::announced(body, PROTOCOL.title);
        }
        Step::Continue(if self.stream { head.length.saturating_add(head.body) } else { data.len() })
    }

    fn announces(&mut self) -> Vec<Announced> {
        std::mem::take(&mut self.said)
    }
}

/// What is told of a message's head.
#[derive(Default)]
struct Head<'a> {
    first: &'a [u8],
    from: Option<&'a [u8]>,
    to: Option<&'a [u8]>,
    agent: Option<&'a [u8]>,
    /// Its body describes media.
    describes: bool,
    body: usize,
    length: usize,
    complete: bool,
}

impl<'a> Head<'a> {
    fn read(data: &'a [u8]) -> Self {
        let mut head = Self::default();
        while let Some((line, n)) = line(data.get(head.length..).unwrap_or_default()) {
            if head.length == 0 {
                head.first = line;
            }
            head.length += n;
            if line.is_empty() {
                head.complete = true;
                break;
            }
            let mut parts = line.splitn(2, |b| *b == b':');
            let (name, value) = (parts.next().unwrap_or_default().trim_ascii(), parts.next().unwrap_or_default());
            // Compact forms: RFC 3261 §7.3.3.
            match name.to_ascii_lowercase().as_slice() {
                b"from" | b"f" => head.from = head.from.or(Some(value)),
                b"to" | b"t" => head.to = head.to.or(Some(value)),
                b"user-agent" => head.agent = head.agent.or(Some(value)),
                b"content-type" | b"c" => head.describes = after(value.trim_ascii(), b"application/sdp").is_some(),
                b"content-length" | b"l" => {
                    head.body = std::str::from_utf8(value.trim_ascii()).ok().and_then(|v| v.parse().ok()).unwrap_or(0);
                }
                _ => {}
            }
        }
        head
    }

    fn note(&self, flow: &mut Flow) {
        let sip = flow.sip.get_or_insert_default();
        sip.from = sip.from.take().or(self.from.and_then(address));
        sip.to = sip.to.take().or(self.to.and_then(address));
        let (method, rest) = word(self.first);
        if method == b"SIP/2.0" {
            sip.status = reply(rest).map(|(code, _)| code).or(sip.status);
        } else {
            sip.method = sip.method.take().or(some_text(method, 16));
            sip.user_agent = sip.user_agent.take().or(self.agent.and_then(|v| some_text(v, 255)));
        }
    }
}

/// The URI between angle brackets, or up to the parameters (RFC 3261 §20.10), without its scheme.
fn address(value: &[u8]) -> Option<String> {
    let uri = match value.iter().position(|b| *b == b'<') {
        Some(at) => value.get(at + 1..)?.split(|b| *b == b'>').next()?,
        None => value.split(|b| *b == b';').next()?,
    };
    let uri = uri.trim_ascii();
    let plain = after(uri, b"sip:").or(after(uri, b"sips:")).or(after(uri, b"tel:")).unwrap_or(uri);
    some_text(plain.split(|b| *b == b';').next()?, 320)
}

const SAMPLE_REQUEST: &[u8] = b"INVITE sip:bob@example.com SIP/2.0\r\nFrom: \"Al\" <sip:al@example.org>;tag=1\r\n\
    t: sip:bob@example.com\r\nUser-Agent: test\r\nContent-Length: 0\r\n\r\n";
const SAMPLE_ANSWER: &[u8] = b"SIP/2.0 486 Busy\r\nFrom: <sip:al@example.org>\r\nContent-Length: 0\r\n\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_calls_whom() {
        let mut flow = Flow::default();
        let mut sip = (PROTOCOL.start)(true);
        for (side, data) in PROTOCOL.sample {
            assert_eq!(sip.feed(*side, Input::Data(&data[..40]), &mut flow), Step::Continue(0));
            assert_eq!(sip.feed(*side, Input::Data(data), &mut flow), Step::Continue(data.len()));
        }
        let facts = flow.sip.expect("facts");
        assert_eq!((facts.method.as_deref(), facts.status), (Some("INVITE"), Some(486)));
        assert_eq!((facts.from.as_deref(), facts.to.as_deref()), (Some("al@example.org"), Some("bob@example.com")));
        assert_eq!(facts.user_agent.as_deref(), Some("test"));
    }

    #[test]
    fn media_are_announced() {
        let body = "c=IN IP4 192.0.2.7\r\nm=audio 4000 RTP/AVP 0\r\n";
        let invite = format!(
            "INVITE sip:a@b SIP/2.0\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        for stream in [true, false] {
            let (mut sip, mut flow) = ((PROTOCOL.start)(stream), Flow::default());
            let data = invite.as_bytes();
            if stream {
                let cut = sip.feed(Side::Src, Input::Data(&data[..data.len() - 5]), &mut flow);
                assert_eq!((cut, sip.announces()), (Step::Continue(0), Vec::new()));
            }
            assert_eq!(sip.feed(Side::Src, Input::Data(data), &mut flow), Step::Continue(data.len()));
            assert_eq!(sip.announces().iter().map(|one| one.port).collect::<Vec<_>>(), [Some(4_000), Some(4_001)]);
            assert!(sip.announces().is_empty(), "once");
        }
    }

    #[test]
    fn other_protocols_with_these_methods_are_not_sip() {
        assert_eq!(probe(Side::Src, b"OPTIONS rtsp://a RTSP/1.0\r\n"), Verdict::No);
        assert_eq!(probe(Side::Src, b"NOTIFY * HTTP/1.1\r\n"), Verdict::No);
        assert_eq!(probe(Side::Src, b"INVI"), Verdict::Maybe);
    }
}
