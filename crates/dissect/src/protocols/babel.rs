// SPDX-License-Identifier: Apache-2.0
//! Babel (RFC 8966 §4.2): magic, version and length, and elements that fill the body.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Babel",
    title: "Babel routing protocol",
    category: Category::Network,
    spec: &["RFC 8966"],
    ports: &[6696],
    first: First::Of(&[42]),
    probe,
    sample: &[(Side::Src, b"\x2a\x02\x00\x08\x04\x06\x00\x00\x00\x01\x01\x90")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let [42, 2, high, low, rest @ ..] = data else { return Verdict::No };
    // A trailer may follow the body (§4.2).
    let body = rest.get(..usize::from(u16::from_be_bytes([*high, *low]))).unwrap_or_default();
    let element = |rest: &[u8]| match rest {
        [0, ..] => Some(1),
        [_, length, ..] => Some(2 + usize::from(*length)),
        _ => None,
    };
    yes_if(body.len() >= 2 && fills(body, 512, element))
}
