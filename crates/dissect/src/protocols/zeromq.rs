// SPDX-License-Identifier: Apache-2.0
//! ZeroMQ's ZMTP (RFC 37/ZMTP, 23/ZMTP): the signature that opens a greeting, and the version or socket type behind it.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "ZeroMQ",
    title: "ZeroMQ Message Transport Protocol",
    category: Category::Rpc,
    spec: &["23/ZMTP", "37/ZMTP"],
    ports: &[5555],
    first: First::Of(&[0xff]),
    probe,
    sample: &[(Side::Src, b"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x00NULL")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if !data.get(1..data.len().min(8)).unwrap_or_default().iter().all(|octet| *octet == 0) {
        return Verdict::No;
    }
    match data {
        [0xff, _, _, _, _, _, _, _, _, 0x7f, ..] => Verdict::Yes,
        [0xff, ..] => maybe_if(data.len() < 10),
        _ => Verdict::No,
    }
}
