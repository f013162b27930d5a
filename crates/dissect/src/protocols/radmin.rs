// SPDX-License-Identifier: Apache-2.0
//! Radmin (Famatech Radmin 2 and 3): the fixed messages that open a connection.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Radmin",
    title: "Radmin",
    category: Category::RemoteAccess,
    spec: &["Famatech Radmin, connection messages as observed"],
    ports: &[4899],
    first: First::Of(&[0x01]),
    probe,
    sample: &[(Side::Src, b"\x01\x00\x00\x00\x01\x00\x00\x00\x08\x08")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, b"\x01\x00\x00\x00") {
        Verdict::Yes => match data.get(4..) {
            Some([1, 0, 0, 0, 8, 8, ..] | [0x25, 0, 0, _, 2, 0x12 | 0x02, ..]) => Verdict::Yes,
            Some(rest) => maybe_if(rest.len() < 6 && matches!(rest, [] | [1 | 0x25] | [1 | 0x25, 0, ..])),
            None => Verdict::No,
        },
        other => other,
    }
}
