// SPDX-License-Identifier: Apache-2.0
//! Agora's Software Defined Real-time Network (as observed between its clients and edges): tagged values, the first of
//! which names the edge in clear, as QUIC's first versions had it.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "SD-RTN",
    title: "Agora Software Defined Real-time Network",
    category: Category::Media,
    spec: &["Agora, client hello as observed"],
    ports: &[8130, 4001, 4002, 4003, 4004, 4005, 4006, 4007],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(
        Side::Src,
        b"\x00\x01\x02\x03\x00\x00\x21\x00\x00\x00\x00\x00\x04SNI\x00\x10\x00edge.example.orgPDMD\x00\x00",
    )],
    ..Protocol::DATAGRAM
};

/// The tag of the edge's name, its length, the name, and the next tag.
fn probe(_: Side, data: &[u8]) -> Verdict {
    if at(data, 13, 4) != Some(b"SNI\0") {
        return Verdict::No;
    }
    let Some(length) = le16(data, 17).filter(|length| (4..=253).contains(length)) else { return Verdict::No };
    let is_name = |name: &[u8]| name.iter().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-'));
    let tagged = at(data, 19 + length, 4).is_some_and(|tag| tag.iter().all(u8::is_ascii_uppercase));
    yes_if(at(data, 19, length).is_some_and(is_name) && tagged)
}
