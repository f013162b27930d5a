// SPDX-License-Identifier: Apache-2.0
//! Gearman (gearman.org, "Protocol"): magic, type and length of a packet.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Gearman",
    title: "Gearman",
    category: Category::Rpc,
    spec: &["Gearman protocol"],
    ports: &[4730],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(Side::Src, b"\x00REQ\x00\x00\x00\x10\x00\x00\x00\x02hi")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins_with_any(data, &[b"\0REQ", b"\0RES"]) {
        Verdict::Yes => head::<8>(data, |head| within(be32(head, 4), 1, 42)),
        other => other,
    }
}
