// SPDX-License-Identifier: Apache-2.0
//! Bolt (Bolt Protocol documentation, "Handshake"): the magic and four versions that a client offers.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Bolt",
    title: "Bolt of graph databases",
    category: Category::Database,
    spec: &["Bolt Protocol documentation"],
    ports: &[7687],
    first: First::Of(&[0x60]),
    probe,
    sample: &[(Side::Src, b"\x60\x60\xb0\x17\x00\x00\x04\x04\x00\x00\x01\x04\x00\x00\x00\x04\x00\x00\x00\x03")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, b"\x60\x60\xb0\x17") {
        Verdict::Yes => head::<8>(data, |head| head[4] == 0),
        other => other,
    }
}
