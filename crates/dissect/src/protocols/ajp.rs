// SPDX-License-Identifier: Apache-2.0
//! AJP 1.3 (Apache Tomcat, "AJP Protocol Reference"): packets to the container by magic, length and code or by a second length, those from
//! it by "AB".

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "AJP",
    title: "Apache JServ Protocol",
    category: Category::Web,
    spec: &["AJPv13"],
    ports: &[8009],
    first: First::Of(&[0x12, 0x41]),
    probe,
    sample: &[(Side::Src, b"\x12\x34\x00\x01\x0a"), (Side::Dst, b"AB\x00\x01\x09")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match data {
        // Forwarded request: method, and the protocol's name behind its length.
        [0x12, 0x34, _, _, 2, 1..=28 | 0xff, 0, 7 | 8, b'H', ..] => Verdict::Yes,
        [0x12, 0x34, 0, 1, 7 | 10, ..] | [b'A', b'B', 0, 1, 9, ..] | [b'A', b'B', 0, 2, 5, 0 | 1, ..] => Verdict::Yes,
        // Headers: a status of HTTP, and its text.
        [b'A', b'B', _, _, 4, 0..=2, _, 0, _, ..] => yes_if(within(be16(data, 5), 100, 599)),
        // A part of a body has its own length in front (§"Request Body").
        [0x12, 0x34, ..] if within(be16(data, 4), 1, 8_186) && be16(data, 2) == be16(data, 4).map(|n| n + 2) => {
            yes_if(data.len() <= 6 + be16(data, 4).unwrap_or_default())
        }
        [0x12 | 0x41] => Verdict::Maybe,
        [0x12, 0x34, rest @ ..] | [b'A', b'B', rest @ ..] => {
            maybe_if(rest.len() < 7 && matches!(rest.get(2), None | Some(2 | 4 | 5 | 7 | 9 | 10)))
        }
        _ => Verdict::No,
    }
}
