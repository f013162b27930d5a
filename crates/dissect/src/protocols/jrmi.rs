// SPDX-License-Identifier: Apache-2.0
//! Java RMI (Java RMI Specification §10.2): magic, version and the protocol asked for; the server's answer.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "JRMI",
    title: "Java Remote Method Invocation",
    category: Category::Rpc,
    spec: &["Java RMI Specification"],
    ports: &[1099, 1098, 1100],
    first: First::Of(b"J"),
    probe,
    sample: &[(Side::Src, b"JRMI\x00\x02K")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, b"JRMI\x00") {
        Verdict::Yes => head::<7>(data, |head| matches!(head[5..], [1 | 2, 0x4b..=0x4d])),
        other => other,
    }
}
