// SPDX-License-Identifier: Apache-2.0
//! BGP-4 (RFC 4271 §4.1): told by the marker, the length and the type of a message.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "BGP",
    title: "Border Gateway Protocol",
    category: Category::Network,
    spec: &["RFC 4271", "RFC 2918"],
    ports: &[179],
    first: First::Of(&[0xff]),
    probe,
    sample: &[(
        Side::Src,
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x1d\x01\x04\xfd\xe8\x00\xb4\
        \xc0\x00\x02\x01\x00",
    )],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.iter().take(16).any(|octet| *octet != 0xff) {
        return Verdict::No;
    }
    head::<19>(data, |head| within(be16(head, 16), 19, 4_096) && within(u8_at(head, 18), 1, 5))
}
