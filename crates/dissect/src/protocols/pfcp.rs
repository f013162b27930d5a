// SPDX-License-Identifier: Apache-2.0
//! PFCP (3GPP TS 29.244 §7.2.2, §8.1.1): version 1, a message in use, its length, and elements that fill it.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "PFCP",
    title: "Packet Forwarding Control Protocol",
    category: Category::Network,
    spec: &["3GPP TS 29.244"],
    ports: &[8805],
    first: First::Within(0x20, 0x3f),
    probe,
    sample: &[(Side::Src, b"\x20\x01\x00\x0c\x00\x00\x01\x00\x00\x60\x00\x04\xe8\x00\x00\x01")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let session = data.first().is_some_and(|flags| flags & 0x01 != 0);
    let header = if session { 16 } else { 8 };
    let element = |rest: &[u8]| within(be16(rest, 0), 1, 500).then_some(4 + be16(rest, 2)?);
    let told = within(u8_at(data, 0), 0x20, 0x27)
        && matches!(data.get(1), Some(1..=16 | 50..=57))
        && be16(data, 2) == data.len().checked_sub(4)
        && data.get(header - 1).is_some_and(|priority| priority & 0x0f == 0)
        && fills(data.get(header..).unwrap_or_default(), 128, element);
    yes_if(told)
}
