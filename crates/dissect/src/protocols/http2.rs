// SPDX-License-Identifier: Apache-2.0
//! HTTP/2 in clear (RFC 9113 §3.4, §6.5): the client's preface, or the server's settings before anything else.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "HTTP2",
    title: "Hypertext Transfer Protocol 2",
    category: Category::Web,
    spec: &["RFC 9113"],
    ports: &[80, 8080, 50051],
    first: First::Of(b"P\0"),
    probe,
    sample: &[(Side::Src, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") {
        Verdict::No => {}
        verdict => return verdict,
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
