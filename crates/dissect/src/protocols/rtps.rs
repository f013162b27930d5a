// SPDX-License-Identifier: Apache-2.0
//! RTPS (OMG DDSI-RTPS 2.5 §8.3.3, §9.4): magic, version and a first submessage in use.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "RTPS",
    title: "Real-Time Publish Subscribe",
    category: Category::Rpc,
    spec: &["OMG DDSI-RTPS 2.5"],
    ports: &[7400, 7401, 7410, 7411],
    first: First::Of(b"R"),
    probe,
    sample: &[(
        Side::Src,
        b"RTPS\x02\x03\x01\x0f\x01\x0f\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x09\x01\x08\x00\x00\x00\x00\
        \x00\x00\x00\x00\x00",
    )],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins_with_any(data, &[b"RTPS", b"RTPX"]) {
        Verdict::Yes => head::<6>(data, |head| matches!(head[4..], [1 | 2, 0..=9])),
        other => other,
    }
}
