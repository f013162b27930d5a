// SPDX-License-Identifier: Apache-2.0
//! SPICE (SPICE protocol, "Link message"): the magic of both ends and version 2, or 1.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "SPICE",
    title: "Simple Protocol for Independent Computing Environments",
    category: Category::RemoteAccess,
    spec: &["SPICE protocol"],
    ports: &[5900, 5901, 5930],
    first: First::Of(b"R"),
    probe,
    sample: &[(Side::Src, b"REDQ\x02\x00\x00\x00\x02\x00\x00\x00\x12\x00\x00\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, b"REDQ") {
        Verdict::Yes => head::<8>(data, |head| within(le32(head, 4), 1, 2)),
        other => other,
    }
}
