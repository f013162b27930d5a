// SPDX-License-Identifier: Apache-2.0
//! HiSLIP (IVI-6.1 §2): the prologue, kind, control code and length of a message.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "HiSLIP",
    title: "High-Speed LAN Instrument Protocol",
    category: Category::IotScada,
    spec: &["IVI-6.1"],
    ports: &[4880],
    first: First::Of(b"H"),
    probe,
    sample: &[(Side::Src, b"HS\x00\x00\x01\x00\x78\x78\x00\x00\x00\x00\x00\x00\x00\x07hislip0")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, b"HS") {
        Verdict::Yes => head::<16>(data, |head| (head[2] <= 25 || head[2] >= 128) && head[3] <= 3 && zero(head, 8, 4)),
        other => other,
    }
}
