// SPDX-License-Identifier: Apache-2.0
//! TACACS+ (RFC 8907 §4.1): version, type, number and flags of a session's first packets, and a length that ends them.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "TACACS",
    title: "Terminal Access Controller Access-Control System Plus",
    category: Category::Network,
    spec: &["RFC 8907"],
    ports: &[49],
    first: First::Of(&[0xc0, 0xc1]),
    probe,
    sample: &[(
        Side::Src,
        b"\xc0\x01\x01\x00\x11\x22\x33\x44\x00\x00\x00\x0c\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c",
    )],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let Some(header) = data.first_chunk::<12>() else {
        return maybe_if(matches!(data, [_] | [_, 1..=3] | [_, 1..=3, 1 | 2, ..]));
    };
    let length = be32(header, 8).unwrap_or(usize::MAX);
    // Authentication, authorization, accounting; unencrypted or one connection for all.
    let told = matches!(header[1], 1..=3)
        && matches!(header[2], 1 | 2)
        && matches!(header[3], 0 | 1 | 4 | 5)
        && (5..4_096).contains(&length);
    match data.len().cmp(&(12 + length.min(4_096))) {
        std::cmp::Ordering::Less => maybe_if(told),
        std::cmp::Ordering::Equal => yes_if(told),
        std::cmp::Ordering::Greater => Verdict::No,
    }
}
