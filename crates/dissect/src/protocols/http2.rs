// SPDX-License-Identifier: Apache-2.0
//! HTTP/2 in clear (RFC 9113 §3.4, §6.5): the client's preface, or the server's settings before anything else. Of the frames
//! header blocks are read (§6.2, §6.10): the first request and the first answer, the number of requests, and gRPC by the kind of its
//! content. Contents are skipped but for the first octets of the first, which are looked at for what they are. What is missing
//! ends it, as header blocks lean on those before.

use minamo_model::Flow;

use super::hpack::Decoder;
use super::http::{Content, host_name, media_type};
use super::tell::*;
use super::text::some_text;
use crate::{Dissector, Input, Step, magic, risk};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "HTTP2",
    title: "Hypertext Transfer Protocol 2",
    category: Category::Web,
    spec: &["RFC 9113", "RFC 7541"],
    ports: &[80, 8080, 50051],
    first: First::Of(b"P\0"),
    max_state: 2 * (FRAME_MAX + HEAD),
    probe,
    start: |_| Box::new(Http2::default()),
    sample: &[(Side::Src, SAMPLE_REQUEST), (Side::Dst, SAMPLE_ANSWER)],
    ..Protocol::STREAM
};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Octets of a frame's head (RFC 9113 §4.1).
const HEAD: usize = 9;
/// Longest frame with fields that is read: what may be sent before anybody allows more (§6.5.2).
const FRAME_MAX: usize = 16_384;
/// Longest header block, in several frames.
const BLOCK_MAX: usize = 32_768;
/// Requests and answers after which the flow is left alone.
const MESSAGES_MAX: u32 = 2_000;

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, PREFACE) {
        Verdict::No => {}
        verdict => return verdict,
    }
    if goes_on(data) {
        return Verdict::Yes;
    }
    if !matches!(data, [0] | [0, 0] | [0, 0, _] | [0, 0, _, 4, ..]) {
        return Verdict::No;
    }
    // Settings of 6 octets each on stream 0; the first is one that is defined (IANA, "HTTP/2 Settings").
    head::<11>(data, |head| {
        head[2] > 0
            && head[2] % 6 == 0
            && head[2] <= 60
            && head[4] == 0
            && zero(head, 5, 4)
            && within(be16(head, 9), 1, 9)
    })
}

/// The middle of a connection: a ping or acknowledged settings alone, or several whole frames, of which one is of a kind
/// with a fixed size.
fn goes_on(data: &[u8]) -> bool {
    let (count, fixed) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let frame = |rest: &[u8]| {
        let (length, kind, flags) = (be24(rest, 0)?, *rest.get(3)?, *rest.get(4)?);
        let stream = be32(rest, 5)?;
        let fits = match (kind, length) {
            (0, 0..=FRAME_MAX) => flags & !0x09 == 0 && stream > 0,
            (1, 1..=FRAME_MAX) => flags & !0x2d == 0 && stream > 0,
            (3, 4) => flags == 0 && stream > 0,
            (4, 0) => flags == 1 && stream == 0,
            (6, 8) => flags <= 1 && stream == 0,
            (8, 4) => flags == 0 && within(be32(rest, HEAD), 1, 0x7fff_ffff),
            _ => false,
        };
        count.set(count.get() + 1);
        fixed.set(fixed.get() + i32::from(kind > 1));
        (fits && stream < 1 << 24).then_some(HEAD + length)
    };
    let alone = matches!(data.get(3), Some(4 | 6));
    data.first() == Some(&0) && fills(data, 64, frame) && fixed.get() > 0 && (alone || count.get() > 1)
}

/// What is known of one side.
#[derive(Default)]
struct Half {
    fields: Decoder,
    /// A header block that goes on in the next frame.
    block: Vec<u8>,
    /// The first content is to be looked at.
    look: bool,
    /// A request, or an answer, was seen.
    first: bool,
}

#[derive(Default)]
struct Http2 {
    halves: [Half; 2],
    messages: u32,
    content: Content,
    grpc: bool,
}

impl Dissector for Http2 {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        if !self.halves[side.index()].first && begins(data, PREFACE) != Verdict::No {
            return if data.len() < PREFACE.len() { Step::Continue(0) } else { Step::Continue(PREFACE.len()) };
        }
        self.frame(side, data, flow)
    }

    fn name(&self) -> Option<&'static str> {
        self.grpc.then_some("HTTP2.gRPC")
    }
}

impl Http2 {
    /// Length, type, flags and stream, and what follows.
    fn frame(&mut self, side: Side, data: &[u8], flow: &mut Flow) -> Step {
        let (Some(length), Some(head)) = (be24(data, 0), data.first_chunk::<HEAD>()) else { return Step::Continue(0) };
        let (kind, flags, end) = (head[3], head[4], HEAD + length);
        let half = &mut self.halves[side.index()];
        let read = match kind {
            // DATA, of which the first octets may be wanted.
            0 if half.look && length > 0 => {
                let wanted = HEAD + length.min(magic::LOOK);
                let Some(start) = data.get(HEAD..wanted) else { return Step::Continue(0) };
                half.look = false;
                let start = unpadded(start, flags & 0x08 != 0, false);
                self.content.look(side, start.unwrap_or_default(), flow);
                Some(())
            }
            // HEADERS and CONTINUATION.
            1 | 9 if length > FRAME_MAX => None,
            1 | 9 => {
                let Some(payload) = data.get(HEAD..end) else { return Step::Continue(0) };
                let part =
                    if kind == 1 { unpadded(payload, flags & 0x08 != 0, flags & 0x20 != 0) } else { Some(payload) };
                part.and_then(|part| self.part(side, part, flags & 0x04 != 0, flow))
            }
            _ => Some(()),
        };
        if read.is_none() || self.messages > MESSAGES_MAX { Step::Done } else { Step::Continue(end) }
    }

    /// A part of a header block, which may be its last. Nothing where it does not read.
    fn part(&mut self, side: Side, part: &[u8], last: bool, flow: &mut Flow) -> Option<()> {
        let half = &mut self.halves[side.index()];
        if half.block.len() + part.len() > BLOCK_MAX {
            return None;
        }
        half.block.extend_from_slice(part);
        if !last {
            return Some(());
        }
        let (block, mut message) = (std::mem::take(&mut half.block), Message::default());
        half.fields.read(&block, &mut |name, value| message.field(name, value))?;
        self.messages += 1;
        match side {
            Side::Src => self.request(message, flow),
            Side::Dst => self.answer(message, flow),
        }
        Some(())
    }

    fn request(&mut self, message: Message, flow: &mut Flow) {
        // Trailers have none.
        let Some(method) = message.method else { return };
        if message.password {
            risk::note(flow, &risk::CLEAR_TEXT_CREDENTIALS, &["HTTP", "Authorization: Basic"]);
        }
        self.content.remember(&message.path);
        let http = flow.http.get_or_insert_default();
        http.requests = Some(http.requests.unwrap_or(0).saturating_add(1));
        let half = &mut self.halves[Side::Src.index()];
        if !std::mem::replace(&mut half.first, true) {
            half.look = !message.packed;
            http.method = http.method.take().or(some_text(&method, 32));
            http.path = http.path.take().or(some_text(&message.path, 1_024));
            http.host = http.host.take().or(message.host.as_deref().and_then(host_name));
            http.user_agent = http.user_agent.take().or(message.agent);
            http.referer = http.referer.take().or(message.referer);
            http.request_type = http.request_type.take().or(message.kind.as_deref().and_then(media_type));
            http.range = http.range.take().or(message.range);
            http.version = Some("2".into());
        }
        self.grpc |= message.kind.is_some_and(|kind| is_grpc(&kind));
    }

    fn answer(&mut self, message: Message, flow: &mut Flow) {
        // One that says that another follows (RFC 9110 §15.2), and trailers, tell nothing.
        let Some(status) = message.status.filter(|status| *status >= 200) else { return };
        let half = &mut self.halves[Side::Dst.index()];
        if !std::mem::replace(&mut half.first, true) {
            half.look = !message.packed;
            let http = flow.http.get_or_insert_default();
            http.status = http.status.or(Some(status));
            http.content_type = http.content_type.take().or(message.kind.as_deref().and_then(media_type));
            http.server = http.server.take().or(message.server);
            http.content_bytes = http.content_bytes.or(message.length);
            http.version = Some("2".into());
        }
        self.grpc |= message.kind.is_some_and(|kind| is_grpc(&kind));
    }
}

/// What a frame holds without padding and priority (RFC 9113 §6.1, §6.2). It may be cut at its end, then the padding is, too.
fn unpadded(payload: &[u8], padded: bool, priority: bool) -> Option<&[u8]> {
    let (padding, rest) =
        if padded { payload.split_first().map(|(n, rest)| (usize::from(*n), rest))? } else { (0, payload) };
    let rest = if priority { rest.get(5..)? } else { rest };
    rest.get(..rest.len().checked_sub(padding)?)
}

/// gRPC over HTTP/2, "Requests": the kind of its contents, with the coding of its messages behind a plus.
fn is_grpc(kind: &[u8]) -> bool {
    after(kind, b"application/grpc").is_some_and(|rest| !rest.starts_with(b"-web"))
}

/// The fields of a message that are noted.
#[derive(Default)]
struct Message {
    method: Option<Vec<u8>>,
    path: Vec<u8>,
    host: Option<Vec<u8>>,
    kind: Option<Vec<u8>>,
    agent: Option<String>,
    referer: Option<String>,
    range: Option<String>,
    server: Option<String>,
    status: Option<u16>,
    length: Option<u64>,
    packed: bool,
    password: bool,
}

impl Message {
    fn field(&mut self, name: &[u8], value: &[u8]) {
        let number = || std::str::from_utf8(value).ok();
        match name {
            b":method" => self.method = Some(value.to_vec()),
            b":path" => self.path = value.to_vec(),
            b":authority" => self.host = Some(value.to_vec()),
            b"host" if self.host.is_none() => self.host = Some(value.to_vec()),
            b":status" => self.status = number().and_then(|text| text.parse().ok()),
            b"content-length" => self.length = number().and_then(|text| text.parse().ok()),
            b"content-type" => self.kind = Some(value.to_vec()),
            b"content-encoding" => self.packed = !value.eq_ignore_ascii_case(b"identity"),
            b"user-agent" => self.agent = some_text(value, 512),
            b"referer" => self.referer = some_text(value, 512),
            b"range" => self.range = some_text(value, 128),
            b"server" => self.server = some_text(value, 256),
            b"authorization" | b"proxy-authorization" => self.password = after(value, b"Basic ").is_some(),
            _ => {}
        }
    }
}

/// Settings without any, and a request: GET, http, /, www.example.com (RFC 7541 §C.3.1).
const SAMPLE_REQUEST: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00\
    \x00\x00\x14\x01\x05\x00\x00\x00\x01\x82\x86\x84\x41\x0fwww.example.com";
/// Settings with one, and an answer: 200.
const SAMPLE_ANSWER: &[u8] = b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64\
    \x00\x00\x01\x01\x05\x00\x00\x00\x01\x88";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Classifier;

    fn facts(said: &[(Side, &[u8])], cut: usize) -> Flow {
        let (mut flow, mut classifier) = (Flow::default(), Classifier::new(true, 40_000, 40_001));
        for (side, data) in said {
            data.chunks(cut).for_each(|piece| classifier.stream(*side, Input::Data(piece), &mut flow));
        }
        classifier.label(&mut flow);
        flow
    }

    /// A frame on stream 1.
    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(payload.len()).expect("short").to_be_bytes();
        [&[0, length[0], length[1], kind, flags, 0, 0, 0, 1], payload].concat()
    }

    /// A field that stays out of the table.
    fn field(name: &str, value: &str) -> Vec<u8> {
        let part = |text: &str| [&[u8::try_from(text.len()).expect("short")], text.as_bytes()].concat();
        [vec![0], part(name), part(value)].concat()
    }

    fn fields(all: &[(&str, &str)]) -> Vec<u8> {
        all.iter().flat_map(|(name, value)| field(name, value)).collect()
    }

    #[test]
    fn the_first_request_and_its_answer() {
        for cut in [1, 10, 1_000] {
            let flow = facts(PROTOCOL.sample, cut);
            assert_eq!(flow.core.app, "HTTP2");
            let http = flow.http.expect("facts");
            assert_eq!((http.host.as_deref(), http.path.as_deref()), (Some("www.example.com"), Some("/")));
            assert_eq!(
                (http.method.as_deref(), http.status, http.version.as_deref()),
                (Some("GET"), Some(200), Some("2"))
            );
        }
    }

    #[test]
    fn calls_of_grpc_and_blocks_in_parts() {
        let request = [
            (":method", "POST"),
            (":path", "/pkg.Service/Call"),
            (":authority", "API.example.com:50051"),
            ("content-type", "application/grpc+proto"),
            ("user-agent", "test/1"),
            ("authorization", "Basic c2VjcmV0"),
        ];
        let block = fields(&request);
        let padded = [&[3, 0x80, 0, 0, 0, 16][..], &block[..30], &[0; 3]].concat();
        let client = [
            PREFACE,
            &frame(1, 0x28, &padded),
            &frame(9, 0, &block[30..40]),
            &frame(9, 4, &block[40..]),
            &frame(0, 1, &[0; 9]),
        ];
        let server = frame(1, 4, &fields(&[(":status", "200"), ("content-type", "application/grpc")]));
        for cut in [1, 17, 1_000] {
            let flow = facts(&[(Side::Src, &client.concat()), (Side::Dst, &[SAMPLE_ANSWER, &server].concat())], cut);
            assert_eq!(flow.core.app, "HTTP2.gRPC");
            assert!(!format!("{flow:?}").contains("c2VjcmV0") && flow.risk.is_some());
            let http = flow.http.expect("facts");
            assert_eq!(
                (http.host.as_deref(), http.path.as_deref()),
                (Some("api.example.com"), Some("/pkg.Service/Call"))
            );
            assert_eq!((http.user_agent.as_deref(), http.requests), (Some("test/1"), Some(1)));
            assert_eq!(http.request_type.as_deref(), Some("application/grpc+proto"));
        }
    }

    #[test]
    fn a_program_is_noticed() {
        let mut program = vec![0; 600];
        program[..2].copy_from_slice(b"MZ");
        program[0x3c] = 0x80;
        program[0x80..0x84].copy_from_slice(b"PE\0\0");
        let request = frame(1, 5, &fields(&[(":method", "GET"), (":path", "/a/x.exe?1"), (":authority", "a.example")]));
        let answer = [frame(1, 4, &fields(&[(":status", "200")])), frame(0, 0, &program), frame(0, 1, b"end")].concat();
        for cut in [7, 500, 4_000] {
            let flow = facts(&[(Side::Src, &[PREFACE, &request].concat()), (Side::Dst, &answer)], cut);
            assert_eq!(flow.http.expect("facts").content_kind.as_deref(), Some("exe"));
            let evidence = flow.risk.expect("noted").risk_evidence;
            assert_eq!(evidence.as_deref(), Some(&["exe came as x.exe from a.example".to_owned()][..]));
        }
    }

    #[test]
    fn what_does_not_read_ends_it() {
        for bad in [
            frame(1, 4, &[0x80]),
            frame(1, 0x0c, &[200, 1, 2]),
            frame(1, 0x24, &[1, 2]),
            vec![0, 0x40, 1, 1, 4, 0, 0, 0, 1],
        ] {
            let mut http = Http2::default();
            assert_eq!(http.feed(Side::Src, Input::Data(&bad), &mut Flow::default()), Step::Done);
        }
        let (mut http, part) = (Http2::default(), frame(9, 0, &[0; 10_000]));
        let steps = (0..4).map(|_| http.feed(Side::Src, Input::Data(&part), &mut Flow::default()));
        assert!(steps.last() == Some(Step::Done));
    }
}
