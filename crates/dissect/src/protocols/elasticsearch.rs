// SPDX-License-Identifier: Apache-2.0
//! Elasticsearch's transport (org.elasticsearch.transport, TcpHeader): marker, length, number, status and version.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Elasticsearch",
    title: "Elasticsearch transport",
    category: Category::SystemOs,
    spec: &["Elasticsearch transport protocol, TcpHeader"],
    ports: &[9300],
    first: First::Of(b"E"),
    probe,
    sample: &[(
        Side::Src,
        b"ES\x00\x00\x00\x1a\x00\x00\x00\x00\x00\x00\x00\x01\x08\x00\x6b\x9f\x79\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x00\x00\x00\x00",
    )],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match data {
        // A keep-alive has no length.
        [b'E', b'S', 0xff, 0xff, 0xff, 0xff, ..] => Verdict::Yes,
        _ => match begins(data, b"ES") {
            Verdict::Yes => head::<19>(data, |head| {
                within(be32(head, 2), 13, 1 << 28) && zero(head, 6, 3) && head[14] < 16 && head[15] == 0
            }),
            other => other,
        },
    }
}
