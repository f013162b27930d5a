// SPDX-License-Identifier: Apache-2.0
//! Ubiquiti's discovery (Ubiquiti Device Discovery Tool): a bare question, and answers of elements that fill them.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "UBNTAC2",
    title: "Ubiquiti device discovery",
    category: Category::Network,
    spec: &["Ubiquiti device discovery, versions 1 and 2"],
    ports: &[10001],
    first: First::Of(&[0x01, 0x02]),
    probe,
    sample: &[
        (Side::Src, b"\x01\x00\x00\x0a\x01\x00\x06\x00\x01\x02\x03\x04\x05\x00"),
        (Side::Dst, b"\x01\x00\x00\x11\x02\x00\x0a\x00\x01\x02\x03\x04\x05\x0a\x00\x00\x01\x0b\x00\x01a"),
    ],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let elements = data.get(4..).unwrap_or_default();
    let told = match data {
        [1, 0, 0, 0] | [2, 8, 0, 0] => true,
        [1, 0, ..] | [2, 6 | 8 | 9 | 11, ..] => {
            be16(data, 2) == Some(elements.len()) && fills(elements, 64, |rest| Some(3 + be16(rest, 1)?))
        }
        _ => false,
    };
    yes_if(told)
}
