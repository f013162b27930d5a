// SPDX-License-Identifier: Apache-2.0
//! Dubbo (Apache Dubbo, "Dubbo protocol"): magic, flags with a known serialization, status, and a length.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Dubbo",
    title: "Apache Dubbo",
    category: Category::Rpc,
    spec: &["Apache Dubbo protocol"],
    ports: &[20880],
    first: First::Of(&[0xda]),
    probe,
    sample: &[(Side::Src, b"\xda\xbb\xc2\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x05\x052.0.2")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, b"\xda\xbb") {
        Verdict::Yes => head::<16>(data, |head| {
            let answer = head[2] & 0x80 == 0;
            head[2] & 0x1f > 0 && (answer == (head[3] > 0)) && within(be32(head, 12), 1, 1 << 24)
        }),
        other => other,
    }
}
