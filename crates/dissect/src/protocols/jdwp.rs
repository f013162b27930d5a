// SPDX-License-Identifier: Apache-2.0
//! Java Debug Wire Protocol: the handshake of both ends.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "JDWP",
    title: "Java Debug Wire Protocol",
    category: Category::Rpc,
    spec: &["Java Debug Wire Protocol"],
    ports: &[5005, 8000],
    first: First::Of(b"J"),
    probe,
    sample: &[(Side::Src, b"JDWP-Handshake")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    begins(data, b"JDWP-Handshake")
}
