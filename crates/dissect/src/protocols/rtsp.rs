// SPDX-License-Identifier: Apache-2.0
//! RTSP (RFC 2326, RFC 7826 §7): told by request lines with its URIs, and by its status lines.

use super::tell::*;
use super::text::word;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "RTSP",
    title: "Real-Time Streaming Protocol",
    category: Category::Media,
    spec: &["RFC 2326", "RFC 7826"],
    ports: &[554, 8554],
    max_state: 4096,
    probe,
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

#[cfg(test)]
mod tests {
    use super::*;

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
