// SPDX-License-Identifier: Apache-2.0
//! Connections of Alibaba Cloud's agents (as observed): a magic word and the message's length, in either order of octets.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "AliCloud",
    title: "Alibaba Cloud agents",
    category: Category::Cloud,
    spec: &["Alibaba Cloud agent, message header as observed"],
    first: First::Of(&[0xce]),
    probe,
    sample: &[(Side::Src, b"\xce\xfa\xbe\xba\x00\x00\x00\x02{}")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, b"\xce\xfa\xbe\xba") {
        Verdict::Yes => head::<8>(data, |head| within(be32(head, 4), 0, 1 << 24) || within(le32(head, 4), 0, 1 << 24)),
        other => other,
    }
}
