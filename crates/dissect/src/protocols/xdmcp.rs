// SPDX-License-Identifier: Apache-2.0
//! XDMCP (X.Org XDMCP 1.1): version 1, an operation in use, and the length of what follows.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "XDMCP",
    title: "X Display Manager Control Protocol",
    category: Category::RemoteAccess,
    spec: &["X.Org XDMCP 1.1"],
    ports: &[177],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(Side::Src, b"\x00\x01\x00\x02\x00\x01\x00")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let body = data.get(6..).unwrap_or_default();
    let told = match be16(data, 2) {
        // Lists of authentication names with their lengths.
        Some(1..=3) => body.split_first().is_some_and(|(count, names)| {
            if *count == 0 {
                names.is_empty()
            } else {
                fills(names, usize::from(*count), |rest| Some(2 + be16(rest, 0)?))
            }
        }),
        Some(5 | 6 | 9) => fills(body, 3, |rest| Some(2 + be16(rest, 0)?)),
        Some(7) => body.len() > 16 && within(be16(body, 0), 0, 255),
        Some(8 | 10 | 11) => body.len() >= 6,
        Some(12 | 13) => matches!(body.len(), 5 | 6),
        _ => false,
    };
    yes_if(
        told && data.starts_with(&[0, 1])
            && be16(data, 4) == Some(body.len())
            && (body.len() > 1 || data.get(3) == Some(&2)),
    )
}
