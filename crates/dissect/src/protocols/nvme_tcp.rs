// SPDX-License-Identifier: Apache-2.0
//! NVMe over TCP (NVM Express TCP Transport Specification §3.6.2.2, §3.6.2.3): the request that initializes a connection, and its answer: kind, no flags, and lengths of 128
//! octets.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "NVMe-TCP",
    title: "NVM Express over TCP",
    category: Category::DataTransfer,
    spec: &["NVM Express TCP Transport Specification 1.0"],
    ports: &[4420, 8009],
    first: First::Of(&[0x00, 0x01]),
    probe,
    sample: &[(Side::Src, b"\x00\x00\x80\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data.get(1..).unwrap_or_default(), b"\x00\x80\x00\x80\x00\x00\x00") {
        // The format's version is 0; digests are one bit each.
        Verdict::Yes => head::<12>(data, |head| zero(head, 8, 2) && head[10] < 32 && head[11] < 4),
        other => other,
    }
}
