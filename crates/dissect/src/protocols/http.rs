// SPDX-License-Identifier: Apache-2.0
//! HTTP/1 (RFC 9112, RFC 9110) over streams, on any port: head of the first request and of its answer, and the
//! number of requests. Bodies are skipped, by Content-Length (RFC 9112 §6.2) or chunk by chunk (§7.1): only their first
//! octets are looked at, for what they are. CONNECT hands over what it carries. Who logs in by NTLM is noted. Cookies and
//! HTTP/2 are not looked at, and of a password only that there is one.

use std::borrow::Cow;

use minamo_model::Flow;

use super::text::{after, line, mentions, reply, some_text, text, word};
use super::{login, ntlm};
use crate::magic::{self, Class};
use crate::{Category, Dissector, Input, Protocol, Side, Step, Verdict, risk};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "HTTP",
    title: "Hypertext Transfer Protocol",
    category: Category::Web,
    spec: &["RFC 9110", "RFC 9112"],
    ports: &[80, 8080, 8000, 8888, 3128, 7547],
    max_state: 2 * HEAD_MAX,
    probe,
    on_port: Some(|_, data| has_form(data)),
    start: |_| Box::new(Http::default()),
    sample: &[(Side::Src, SAMPLE_REQUEST), (Side::Dst, SAMPLE_ANSWER)],
    ..Protocol::STREAM
};

/// Longest head that is waited for; servers commonly allow 8 KiB to 16 KiB.
const HEAD_MAX: usize = 16_384;
/// Most fields of a head that are looked at.
const FIELDS: usize = 100;
/// Fields of a head that has no more lines.
const FEW_FIELDS: usize = 20;
/// Messages after which the flow is left alone: long connections would be reassembled for a counter only.
const MESSAGES_MAX: u32 = 2_000;
/// Octets of a request line after which a known method is proof enough, before its version is seen.
const LONG_LINE: usize = 256;
/// Methods that such a long line may start with.
const METHODS: [&[u8]; 9] =
    [b"GET", b"POST", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"PROPFIND", b"CONNECT"];

/// Whether this can be a damaged message: a method that is known and a target, or the word that answers begin with.
fn has_form(data: &[u8]) -> bool {
    let (method, rest) = word(data);
    data.starts_with(b"HTTP/1.")
        || METHODS.contains(&method) && (rest.starts_with(b"/") || rest.starts_with(b"http://"))
}

/// A status line, or a request line with its version: `method SP target SP HTTP/1.x`.
fn probe(_: Side, data: &[u8]) -> Verdict {
    let head = data.strip_prefix(b"\r\n").unwrap_or(data);
    if head.starts_with(b"HTTP/") || b"HTTP/1.".starts_with(head) {
        return status_line(head);
    }
    let length = memchr::memchr2(b'\r', b'\n', head).unwrap_or(head.len());
    let line = head.get(..length).unwrap_or_default();
    let (method, rest) = word(line);
    if method.len() > 20 || !method.iter().all(|b| b.is_ascii_uppercase() || matches!(b, b'-' | b'_')) {
        return Verdict::No;
    }
    let Some(first) = rest.first() else { return if length == head.len() { Verdict::Maybe } else { Verdict::No } };
    if method.len() < 3 || !first.is_ascii_graphic() || line.iter().any(u8::is_ascii_control) {
        return Verdict::No;
    }
    // Careless clients leave blanks in the target: the version is what follows the last one.
    match rest.rsplit(|b| *b == b' ').next() {
        Some([b'H', b'T', b'T', b'P', b'/', b'1', ..]) if rest.len() > 7 => Verdict::Yes,
        _ if length < head.len() => Verdict::No,
        _ if length > LONG_LINE && METHODS.contains(&method) && (*first == b'/' || rest.starts_with(b"http")) => {
            Verdict::Yes
        }
        _ => Verdict::Maybe,
    }
}

fn status_line(head: &[u8]) -> Verdict {
    match head {
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor, b' ', c1, c2, c3, ..]
            if minor.is_ascii_digit() && [c1, c2, c3].iter().all(|c| c.is_ascii_digit()) =>
        {
            Verdict::Yes
        }
        _ if head.len() < 12 && head.get(..7).is_none_or(|h| h == b"HTTP/1.") => Verdict::Maybe,
        _ => Verdict::No,
    }
}

/// Where one side stands.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before a head, or in it.
    #[default]
    Head,
    /// Before a body of so many octets; without a number it ends with the connection.
    Body(Option<u64>),
    /// Before the size of a chunk.
    Chunk,
    /// Before the size of the first chunk, which is looked at.
    FirstChunk,
    /// Behind the last chunk.
    Trailer,
    /// Octets are missing: waits for an input that starts with a head.
    Lost,
}

#[derive(Default)]
struct Http {
    place: [Place; 2],
    /// Octets of the waiting head that were already searched for its end.
    searched: [usize; 2],
    messages: u32,
    requested: bool,
    answered: bool,
    /// The last request was HEAD: its answer has no body whatever it says.
    bodiless: bool,
    connect: bool,
    /// The last request came with a password, and was not answered yet.
    login: bool,
    content: Content,
    exact: Option<&'static str>,
}

/// Most octets of a target's last part.
const FILE_MAX: usize = 128;

/// What contents are, and what the latest was called: of HTTP/2, too.
#[derive(Default)]
pub(super) struct Content {
    /// Last part of the latest target.
    file: Vec<u8>,
}

impl Content {
    /// Keeps the last part of a target, for the answer to it.
    pub(super) fn remember(&mut self, target: &[u8]) {
        let path = target.split(|octet| matches!(octet, b'?' | b'#')).next().unwrap_or_default();
        let last = path.rsplit(|octet| *octet == b'/').next().unwrap_or_default();
        self.file.clear();
        self.file.extend_from_slice(last.get(..FILE_MAX).unwrap_or(last));
    }

    /// Notes what a content is that begins so.
    pub(super) fn look(&self, side: Side, start: &[u8], flow: &mut Flow) {
        let Some(kind) = magic::kind_of(start) else { return };
        let http = flow.http.get_or_insert_default();
        http.content_kind = http.content_kind.take().or(Some(kind.name.into()));
        if kind.class != Class::Program || kind.name == "wasm" {
            return;
        }
        let from = match side {
            Side::Dst => http.host.clone().unwrap_or_else(|| flow.core.dst_ip.to_string()),
            Side::Src => "the client".to_owned(),
        };
        let file = text(&self.file, FILE_MAX);
        risk::note(flow, &risk::EXECUTABLE_TRANSFER, &[kind.name, if file.is_empty() { "/" } else { &file }, &from]);
    }
}

/// What of a head decides about the octets behind it.
#[derive(Default)]
struct Framing {
    length: Option<u64>,
    chunked: bool,
}

impl Dissector for Http {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let place = self.place[side.index()];
        match input {
            Input::Gap(_) if self.requested && self.answered => Step::Done,
            Input::Gap(_) => {
                self.searched[side.index()] = 0;
                self.go(side, Place::Lost, 0)
            }
            Input::Data(data) => match place {
                Place::Head => self.head(side, data, flow),
                Place::Body(length) => self.body(side, length, data, flow),
                Place::Chunk => self.chunk(side, data),
                Place::FirstChunk => self.first_chunk(side, data, flow),
                Place::Trailer => match line(data) {
                    Some(([], n)) => self.go(side, Place::Head, n),
                    Some((_, n)) => Step::Continue(n),
                    None => self.wait(data),
                },
                Place::Lost if probe(side, data) == Verdict::Yes => {
                    self.place[side.index()] = Place::Head;
                    self.head(side, data, flow)
                }
                Place::Lost => Step::Continue(data.len()),
            },
        }
    }

    fn name(&self) -> Option<&'static str> {
        self.exact
    }
}

impl Http {
    fn go(&mut self, side: Side, place: Place, used: usize) -> Step {
        self.place[side.index()] = place;
        Step::Continue(used)
    }

    fn wait(&self, data: &[u8]) -> Step {
        if data.len() > HEAD_MAX { Step::Done } else { Step::Continue(0) }
    }

    /// What to answer when the octets are no HTTP: a mistake at first, an end later.
    fn odd(&self, flow: &mut Flow) -> Step {
        if self.messages == 0 {
            return Step::Mistaken;
        }
        risk::note(flow, &risk::MALFORMED, &["HTTP", "something else stands where a message should begin"]);
        Step::Done
    }

    fn head(&mut self, side: Side, data: &[u8], flow: &mut Flow) -> Step {
        if data.starts_with(b"\r\n") {
            return Step::Continue(2);
        }
        if probe(side, data) == Verdict::No {
            return self.odd(flow);
        }
        let from = self.searched[side.index()].saturating_sub(3);
        let Some(end) = end_of_head(data, from) else {
            self.searched[side.index()] = data.len();
            return self.wait(data);
        };
        self.searched[side.index()] = 0;
        let head = data.get(..end).unwrap_or_default();
        self.messages += 1;
        if self.messages > MESSAGES_MAX {
            return Step::Done;
        }
        // Most heads have few fields, and a place for each is cleared before it is used.
        match memchr::memchr_iter(b'\n', head).nth(FEW_FIELDS) {
            None => self.message(side, head, &mut [httparse::EMPTY_HEADER; FEW_FIELDS], flow),
            Some(_) => self.message(side, head, &mut [httparse::EMPTY_HEADER; FIELDS], flow),
        }
    }

    fn message<'a>(
        &mut self,
        side: Side,
        head: &'a [u8],
        fields: &mut [httparse::Header<'a>],
        flow: &mut Flow,
    ) -> Step {
        let (line, fields) = parts(head, fields);
        match head.starts_with(b"HTTP/") {
            true => self.answer(side, head, line, fields, flow),
            false => self.request(side, head, line, fields, flow),
        }
    }

    fn request(
        &mut self,
        side: Side,
        head: &[u8],
        line: &[u8],
        fields: &[httparse::Header<'_>],
        flow: &mut Flow,
    ) -> Step {
        let (method, rest) = word(line);
        let target = rest.rsplitn(2, |b| *b == b' ').last().unwrap_or_default();
        let http = flow.http.get_or_insert_default();
        http.requests = Some(http.requests.unwrap_or(0).saturating_add(1));
        if !self.requested {
            self.requested = true;
            http.method = some_text(method, 32);
            http.path = some_text(target, 1_024);
            let named = field(fields, "host").filter(|h| !h.trim_ascii().is_empty());
            http.host = named.or(authority(method, target)).and_then(host_name);
            http.user_agent = field(fields, "user-agent").and_then(|v| some_text(v, 512));
            http.referer = field(fields, "referer").and_then(|v| some_text(v, 512));
            http.request_type = field(fields, "content-type").and_then(media_type);
            http.range = field(fields, "range").and_then(|v| some_text(v, 128));
            http.version = version(line).map(Cow::Borrowed).or(http.version.take());
            if method == b"CONNECT" {
                self.exact = Some("HTTP_Connect");
            } else if after(target, b"http://").is_some() {
                self.exact = Some("HTTP_Proxy");
            } else {
                self.exact = asked_for(method, target, fields);
            }
        }
        self.bodiless = method == b"HEAD";
        self.connect = method == b"CONNECT";
        self.content.remember(target);
        credentials(fields, flow);
        self.login = is_login(fields);
        let looked_at = is_plain(fields);
        match framing(fields) {
            Framing { chunked: true, .. } => self.go(side, chunks(looked_at), head.len()),
            Framing { length: Some(length @ 1..), .. } if looked_at => {
                self.go(side, Place::Body(Some(length)), head.len())
            }
            Framing { length, .. } => Step::Continue(skip(head.len(), length.unwrap_or(0))),
        }
    }

    fn answer(
        &mut self,
        side: Side,
        head: &[u8],
        line: &[u8],
        fields: &[httparse::Header<'_>],
        flow: &mut Flow,
    ) -> Step {
        let status = reply(word(line).1).map_or(0, |(code, _)| code);
        if matches!(status, 100 | 102..=199) {
            return Step::Continue(head.len());
        }
        if std::mem::take(&mut self.login) && matches!(status, 200..=399 | 401) {
            login::answered(status != 401, flow);
        }
        if !self.answered {
            self.answered = true;
            let http = flow.http.get_or_insert_default();
            http.status = Some(status);
            http.content_type = field(fields, "content-type").and_then(media_type);
            http.server = field(fields, "server").and_then(|v| some_text(v, 256));
            http.content_bytes = framing(fields).length;
            http.version = http.version.take().or(version(line).map(Cow::Borrowed));
            self.exact = self.exact.or(answered_with(fields));
        }
        if status == 101 {
            let protocol = field(fields, "upgrade").unwrap_or_default();
            if protocol.eq_ignore_ascii_case(b"websocket") {
                self.exact = Some("WebSocket");
            }
            // HTTP/2 in clear, as it was begun once (RFC 7540 §3.2).
            return if protocol.eq_ignore_ascii_case(b"h2c") { Step::Inner(head.len()) } else { Step::Done };
        }
        if self.connect && (200..300).contains(&status) {
            return Step::Inner(head.len());
        }
        if self.bodiless || matches!(status, 204 | 304) {
            return Step::Continue(head.len());
        }
        let looked_at = is_plain(fields) && (status != 206 || is_start(fields));
        match framing(fields) {
            Framing { chunked: true, .. } => self.go(side, chunks(looked_at), head.len()),
            Framing { length: Some(n @ 1..), .. } if looked_at => self.go(side, Place::Body(Some(n)), head.len()),
            Framing { length: Some(n), .. } => Step::Continue(skip(head.len(), n)),
            // The body ends with the connection (RFC 9112 §6.3, item 8).
            Framing { length: None, .. } if looked_at => self.go(side, Place::Body(None), head.len()),
            Framing { length: None, .. } => Step::Done,
        }
    }

    /// Waits for the first octets of a body, looks at them and skips the rest.
    fn body(&mut self, side: Side, length: Option<u64>, data: &[u8], flow: &mut Flow) -> Step {
        let wanted = wanted(length.unwrap_or(u64::MAX));
        let Some(start) = data.get(..wanted) else { return Step::Continue(0) };
        self.look(side, start, flow);
        match length {
            Some(length) => self.go(side, Place::Head, skip(0, length)),
            None => Step::Done,
        }
    }

    /// The same of the first chunk.
    fn first_chunk(&mut self, side: Side, data: &[u8], flow: &mut Flow) -> Step {
        let Some((line, n)) = line(data) else { return self.wait(data) };
        if let Some(size @ 1..) = chunk_size(line) {
            let Some(start) = data.get(n..n + wanted(size)) else { return Step::Continue(0) };
            self.look(side, start, flow);
        }
        self.place[side.index()] = Place::Chunk;
        self.chunk(side, data)
    }

    /// Notes what a content is.
    fn look(&mut self, side: Side, start: &[u8], flow: &mut Flow) {
        self.exact = self.exact.or_else(|| said_inside(start));
        self.content.look(side, start, flow);
    }

    fn chunk(&mut self, side: Side, data: &[u8]) -> Step {
        let Some((line, n)) = line(data) else { return self.wait(data) };
        match chunk_size(line) {
            None => Step::Done,
            Some(0) => self.go(side, Place::Trailer, n),
            Some(size) => Step::Continue(skip(n + 2, size)),
        }
    }
}

/// Size of a chunk, in front of its extensions (RFC 9112 §7.1).
fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    line.get(..digits).and_then(|d| u64::from_str_radix(std::str::from_utf8(d).ok()?, 16).ok())
}

/// Octets of a body of that length that are waited for.
fn wanted(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX).min(magic::LOOK)
}

/// Where a body in chunks begins.
fn chunks(looked_at: bool) -> Place {
    if looked_at { Place::FirstChunk } else { Place::Chunk }
}

/// True where the body is the content itself, not packed for the way.
fn is_plain(fields: &[httparse::Header<'_>]) -> bool {
    field(fields, "content-encoding").is_none_or(|coding| coding.trim_ascii().eq_ignore_ascii_case(b"identity"))
}

/// True where a part of a content is its beginning (RFC 9110 §14.4).
fn is_start(fields: &[httparse::Header<'_>]) -> bool {
    field(fields, "content-range").is_some_and(|range| after(range.trim_ascii(), b"bytes 0-").is_some())
}

/// The version in a request line or status line.
fn version(line: &[u8]) -> Option<&'static str> {
    let named = |part: &[u8]| match part {
        b"HTTP/1.1" => Some("1.1"),
        b"HTTP/1.0" => Some("1.0"),
        _ => None,
    };
    named(word(line).0).or_else(|| line.rsplit(|octet| *octet == b' ').next().and_then(named))
}

/// Notes who logs in by NTLM, and a password that goes along in clear (RFC 7617).
fn credentials(fields: &[httparse::Header<'_>], flow: &mut Flow) {
    for (name, kind) in
        [("authorization", "Authorization: Basic"), ("proxy-authorization", "Proxy-Authorization: Basic")]
    {
        if field(fields, name).is_some_and(|value| after(value.trim_ascii(), b"Basic ").is_some()) {
            risk::note(flow, &risk::CLEAR_TEXT_CREDENTIALS, &["HTTP", kind]);
        }
        if let Some(value) = field(fields, name) {
            ntlm::note_field(value, flow);
        }
    }
}

/// Whether a request carries a password or a proof of it. Steps of NTLM and Kerberos are refused on the way (RFC 4559 §4.1).
fn is_login(fields: &[httparse::Header<'_>]) -> bool {
    let value = field(fields, "authorization").unwrap_or_default().trim_ascii();
    [&b"Basic "[..], b"Digest "].iter().any(|scheme| after(value, scheme).is_some())
}

/// What rides on HTTP, by what is asked for: a method of its own, a field of its own, or the kind of its content.
fn asked_for(method: &[u8], target: &[u8], fields: &[httparse::Header<'_>]) -> Option<&'static str> {
    let kind = field(fields, "content-type").unwrap_or_default();
    let path = target.split(|octet| *octet == b'?').next().unwrap_or_default();
    Some(match method {
        // MS-RPCH §2.2.2.
        b"RPC_IN_DATA" | b"RPC_OUT_DATA" | b"RPC_CONNECT" => "HTTP.MS-RPCH",
        // RFC 4918 §9.
        b"PROPFIND" | b"PROPPATCH" | b"MKCOL" | b"COPY" | b"MOVE" | b"LOCK" | b"UNLOCK" => "HTTP.WebDAV",
        // RFC 3253 §3.6, RFC 4791 §5.3.1, RFC 3744 §8.1, RFC 5323 §2.
        b"REPORT" | b"MKCALENDAR" | b"ACL" | b"SEARCH" => "HTTP.WebDAV",
        _ if field(fields, "user-agent").is_some_and(|agent| after(agent, b"Microsoft-WebDAV-MiniRedir").is_some()) => {
            "HTTP.WebDAV"
        }
        // RFC 8010 §3.
        b"POST" if after(kind, b"application/ipp").is_some() => "HTTP.IPP",
        b"POST" if after(kind, b"application/ocsp-request").is_some() => "HTTP.OCSP",
        b"POST" if after(kind, b"application/json-rpc").is_some() => "HTTP.JSON-RPC",
        b"POST" if is_thrift(kind) => "HTTP.Thrift",
        _ if field(fields, "soapaction").is_some() || after(kind, b"application/soap+xml").is_some() => "HTTP.SOAP",
        b"GET" if path.ends_with(b".m3u8") => "HTTP.HLS",
        // ISO/IEC 23009-1: the description, and segments.
        b"GET" if path.ends_with(b".mpd") || path.ends_with(b".m4s") => "HTTP.MpegDash",
        // BEP 3.
        b"GET" if memchr::memmem::find(target, b"info_hash=").is_some() => "HTTP.BitTorrent",
        _ => return None,
    })
}

/// Kinds of content that Thrift's clients name.
fn is_thrift(kind: &[u8]) -> bool {
    after(kind, b"application/x-thrift").or(after(kind, b"application/vnd.apache.thrift")).is_some()
}

/// The same by the kind of an answer's content, or by fields that only its servers send.
fn answered_with(fields: &[httparse::Header<'_>]) -> Option<&'static str> {
    let kind = field(fields, "content-type").unwrap_or_default();
    let known: [(&[u8], &str); 11] = [
        (b"application/vnd.apple.mpegurl", "HTTP.HLS"),
        (b"application/x-mpegurl", "HTTP.HLS"),
        (b"audio/mpegurl", "HTTP.HLS"),
        (b"audio/x-mpegurl", "HTTP.HLS"),
        (b"application/dash+xml", "HTTP.MpegDash"),
        (b"video/iso.segment", "HTTP.MpegDash"),
        (b"application/json-rpc", "HTTP.JSON-RPC"),
        (b"application/ipp", "HTTP.IPP"),
        (b"application/ocsp-response", "HTTP.OCSP"),
        (b"application/soap+xml", "HTTP.SOAP"),
        (b"application/x-bittorrent-announce", "HTTP.BitTorrent"),
    ];
    let named = known.into_iter().find(|(begin, _)| after(kind, begin).is_some()).map(|(_, name)| name);
    let server = field(fields, "server").unwrap_or_default();
    let streams = field(fields, "icy-name").or(field(fields, "icy-br")).or(field(fields, "icy-metaint")).is_some();
    named.or((streams || after(server, b"Icecast").is_some()).then_some("HTTP.IceCast"))
}

/// The same by the beginning of a content that says of itself what it is (JSON-RPC 2.0 §4, §5; SOAP 1.1 §4, SOAP 1.2 part 1 §5).
fn said_inside(start: &[u8]) -> Option<&'static str> {
    let holds = |part: &[u8]| memchr::memmem::find(start, part).is_some();
    match start.trim_ascii_start() {
        [b'{' | b'[', ..] if holds(b"\"jsonrpc\"") => Some("HTTP.JSON-RPC"),
        [b'<', ..] if holds(b":Envelope") && (holds(b"/soap/envelope") || holds(b"/soap-envelope")) => {
            Some("HTTP.SOAP")
        }
        _ => None,
    }
}

/// End of the head: behind the first empty line. `from` octets are known not to hold it.
fn end_of_head(data: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr(b'\n', data.get(at..)?)? + 1;
        match data.get(at..)? {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
}

/// First line and fields of a head. Fields that break the grammar end the list.
fn parts<'h, 'a>(head: &'a [u8], fields: &'h mut [httparse::Header<'a>]) -> (&'a [u8], &'h [httparse::Header<'a>]) {
    let (line, n) = line(head).unwrap_or((head, head.len()));
    let parsed = httparse::parse_headers(head.get(n..).unwrap_or_default(), fields).is_ok();
    let count = if parsed { fields.iter().take_while(|f| !f.name.is_empty()).count() } else { 0 };
    (line, fields.get(..count).unwrap_or_default())
}

fn skip(head: usize, body: u64) -> usize {
    head.saturating_add(usize::try_from(body).unwrap_or(usize::MAX))
}

fn field<'a>(fields: &[httparse::Header<'a>], name: &str) -> Option<&'a [u8]> {
    fields.iter().find(|f| f.name.eq_ignore_ascii_case(name)).map(|f| f.value)
}

fn framing(fields: &[httparse::Header<'_>]) -> Framing {
    let chunked = field(fields, "transfer-encoding").is_some_and(|v| mentions(v, b"CHUNKED"));
    let length = field(fields, "content-length").and_then(|v| std::str::from_utf8(v.trim_ascii()).ok()?.parse().ok());
    Framing { length, chunked }
}

/// Host of a target in absolute form or of CONNECT (RFC 9112 §3.2.2, §3.2.3).
fn authority<'a>(method: &[u8], target: &'a [u8]) -> Option<&'a [u8]> {
    let rest = match after(target, b"http://").or(after(target, b"https://")) {
        None if method == b"CONNECT" => target,
        rest => rest?,
    };
    rest.split(|b| *b == b'/').next()
}

/// Lower case, without port, brackets of IPv6 and user information.
pub(super) fn host_name(host: &[u8]) -> Option<String> {
    let host = host.trim_ascii();
    let host = host.rsplit(|b| *b == b'@').next().unwrap_or(host);
    let name = match host.strip_prefix(b"[") {
        Some(v6) => v6.split(|b| *b == b']').next(),
        None => host.split(|b| *b == b':').next(),
    };
    let name = text(name.unwrap_or(host), 255).to_ascii_lowercase();
    let name = name.trim_end_matches('.');
    if name.is_empty() { None } else { Some(name.to_owned()) }
}

pub(super) fn media_type(value: &[u8]) -> Option<String> {
    let media = value.split(|b| matches!(b, b';' | b',')).next()?;
    some_text(media, 128).map(|m| m.to_ascii_lowercase())
}

const SAMPLE_REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: WWW.Example.com:8080\r\nUser-Agent: minamo\r\n\r\n";
const SAMPLE_ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nServer: test\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 2\
        \r\n\r\nok";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Classifier;

    fn facts(pieces: &[(Side, &[u8])]) -> Flow {
        let mut flow = Flow::default();
        let mut classifier = Classifier::new(true, 40_000, 40_001);
        for (side, data) in pieces {
            classifier.stream(*side, Input::Data(data), &mut flow);
        }
        classifier.label(&mut flow);
        flow
    }

    #[test]
    fn first_request_and_answer() {
        let flow = facts(PROTOCOL.sample);
        let http = flow.http.expect("facts");
        assert_eq!(http.host.as_deref(), Some("www.example.com"));
        assert_eq!((http.method.as_deref(), http.path.as_deref()), (Some("GET"), Some("/")));
        assert_eq!((http.status, http.content_type.as_deref()), (Some(200), Some("text/plain")));
        assert_eq!((http.server.as_deref(), http.user_agent.as_deref()), (Some("test"), Some("minamo")));
    }

    #[test]
    fn bodies_are_skipped_and_requests_counted() {
        let post = b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 16\r\n\r\nGET / HTTP/1.1\r\nGET /b HTTP/1.1\r\n\r\
        \n";
        let chunked =
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nHTTP/1.1 204 No\r\n\r\
        \n";
        let flow = facts(&[(Side::Src, post), (Side::Dst, chunked), (Side::Src, b"HEAD / HTTP/1.0\r\n\r\n")]);
        let http = flow.http.expect("facts");
        assert_eq!((http.requests, http.status, http.path.as_deref()), (Some(3), Some(200), Some("/a")));
    }

    #[test]
    fn contents_are_looked_at_however_they_come() {
        let mut program = vec![0; 600];
        program[..2].copy_from_slice(b"MZ");
        program[0x3c] = 0x80;
        program[0x80..0x84].copy_from_slice(b"PE\0\0");
        let heads = [
            (&b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 600\r\n\r\n"[..], &b""[..]),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n258\r\n", b"\r\n0\r\n\r\n"),
            (b"HTTP/1.0 200 OK\r\n\r\n", b""),
        ];
        for (head, tail) in heads {
            let answer = [head, &program, tail].concat();
            for cut in [7, 400, 4_000] {
                let mut pieces: Vec<(Side, &[u8])> =
                    vec![(Side::Src, b"GET /a/setup.exe?x=1 HTTP/1.1\r\nHost: a.example\r\n\r\n")];
                pieces.extend(answer.chunks(cut).map(|piece| (Side::Dst, piece)));
                let flow = facts(&pieces);
                assert_eq!(flow.http.expect("facts").content_kind.as_deref(), Some("exe"), "{cut}");
                let risk = flow.risk.expect("noted");
                assert_eq!(risk.risk.as_deref(), Some(&["executable_transfer".to_owned()][..]));
                assert_eq!(
                    risk.risk_evidence.as_deref(),
                    Some(&["exe came as setup.exe from a.example".to_owned()][..])
                );
            }
        }
        let packed = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08";
        let flow = facts(&[(Side::Src, b"GET / HTTP/1.1\r\n\r\n"), (Side::Dst, packed)]);
        assert_eq!(flow.http.expect("facts").content_kind, None, "packed for the way");
    }

    #[test]
    fn of_a_password_only_that_there_is_one() {
        let request = b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: basic c2VjcmV0OnBhc3N3b3Jk\r\n\r\n";
        let flow = facts(&[(Side::Src, request)]);
        let risk = flow.risk.clone().expect("noted");
        assert_eq!(risk.risk.as_deref(), Some(&["clear_text_credentials".to_owned()][..]));
        assert!(!format!("{flow:?}").contains("c2VjcmV0"));
        let digest = b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Digest username=\"x\"\r\n\r\n";
        assert!(facts(&[(Side::Src, digest)]).risk.is_none());
    }

    #[test]
    fn tunnels_keep_their_name() {
        let connect = b"CONNECT mail.example.org:443 HTTP/1.1\r\n\r\n";
        let flow =
            facts(&[(Side::Src, connect), (Side::Dst, b"HTTP/1.1 200 OK\r\n\r\n"), (Side::Src, b"SSH-2.0-x\r\n")]);
        assert_eq!(flow.http.expect("facts").host.as_deref(), Some("mail.example.org"));
        assert_eq!(flow.core.app, "HTTP_Connect");
        assert!(flow.ssh.is_some(), "what the tunnel carries is looked at");
    }

    #[test]
    fn other_text_is_not_http() {
        for other in
            [&b"OPTIONS rtsp://a/b RTSP/1.0\r\n"[..], b"INVITE sip:a@b SIP/2.0\r\n", b"PRI * HTTP/2.0\r\n", b"get / x"]
        {
            assert_eq!(probe(Side::Src, other), Verdict::No, "{}", other.escape_ascii());
        }
        assert_eq!(probe(Side::Src, b"GET /index.html"), Verdict::Maybe);
        assert_eq!(probe(Side::Dst, b"HTTP/1.1 4"), Verdict::Maybe);
        assert_eq!(probe(Side::Dst, b"HTTP/1.1 404 x"), Verdict::Yes);
    }

    #[test]
    fn what_rides_on_http_is_told_by_method_and_content() {
        let label = |request: &[u8]| {
            let (mut flow, mut classifier) = (Flow::default(), Classifier::new(true, 1, 2));
            classifier.stream(Side::Src, Input::Data(request), &mut flow);
            classifier.label(&mut flow);
            flow.core.app.into_owned()
        };
        assert_eq!(label(b"PROPFIND /dav HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP.WebDAV");
        assert_eq!(label(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/ipp\r\n\r\n"), "HTTP.IPP");
        assert_eq!(label(b"GET /live/a.m3u8?x=1 HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP.HLS");
        assert_eq!(label(b"GET /announce?info_hash=abc HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP.BitTorrent");
        assert_eq!(label(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP");
        let call = b"POST / HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n\
            {\"jsonrpc\": \"2.0\", \"method\": \"a\", \"id\":1}";
        assert_eq!(label(call), "HTTP.JSON-RPC");
        let post = b"POST / HTTP/1.1\r\nContent-Type: text/xml\r\nContent-Length: 70\r\n\r\n\
            <s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"></s:>\n";
        assert_eq!(label(post), "HTTP.SOAP");
    }
}
