// SPDX-License-Identifier: Apache-2.0
//! FastCGI (specification 1.0 §3.3, §5.1): a record that begins a request.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "FastCGI",
    title: "FastCGI",
    category: Category::Network,
    spec: &["FastCGI Specification 1.0"],
    ports: &[9000],
    first: First::Of(&[0x01]),
    probe,
    sample: &[(Side::Src, b"\x01\x01\x00\x01\x00\x08\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if !matches!(data, [1] | [1, 1, ..]) {
        return Verdict::No;
    }
    head::<16>(data, |head| {
        at(head, 4, 4) == Some(b"\x00\x08\x00\x00") && within(be16(head, 8), 1, 3) && head[10] < 2 && zero(head, 11, 5)
    })
}
