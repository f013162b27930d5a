// SPDX-License-Identifier: Apache-2.0
//! OPC UA's binary connection (OPC 10000-6 §7.1.2): kind of a message, chunk type and size.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "OPC-UA",
    title: "OPC Unified Architecture",
    category: Category::IotScada,
    spec: &["OPC 10000-6"],
    ports: &[4840, 4843],
    first: First::Of(b"HAEROMC"),
    probe,
    sample: &[(
        Side::Src,
        b"HELF\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x00\x00",
    )],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins_with_any(data, &[b"HELF", b"ACKF", b"ERRF", b"RHEF", b"OPNF", b"MSGF", b"CLOF", b"MSGC"]) {
        Verdict::Yes => head::<8>(data, |head| within(le32(head, 4), 16, 1 << 24)),
        other => other,
    }
}
