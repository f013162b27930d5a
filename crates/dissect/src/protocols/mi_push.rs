// SPDX-License-Identifier: Apache-2.0
//! Xiaomi's push service (MiPush SDK, "Slim" framing): magic, version and length of a message with its checksum behind it.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Xiaomi",
    title: "Xiaomi push",
    category: Category::Web,
    spec: &["MiPush SDK, framing"],
    ports: &[5222],
    first: First::Of(&[0xc2]),
    probe,
    sample: &[(Side::Src, b"\xc2\xfe\x00\x05\x00\x00\x00\x02\x08\x01\x12\x34\x56\x78")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, b"\xc2\xfe\x00\x05") {
        Verdict::Yes => head::<8>(data, |head| within(be32(head, 4), 1, 65_536)),
        other => other,
    }
}
