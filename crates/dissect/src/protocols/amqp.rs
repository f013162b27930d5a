// SPDX-License-Identifier: Apache-2.0
//! AMQP (AMQP 0-9-1 §4.2.2, AMQP 1.0 §2.2): told by the protocol header, or by frames that fill the input.

use super::tell::*;
use crate::{Category, Protocol, Side, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "AMQP",
    title: "Advanced Message Queuing Protocol",
    category: Category::Rpc,
    spec: &["AMQP 0-9-1", "AMQP 1.0"],
    ports: &[5672],
    max_state: 4096,
    probe,
    sample: &[(Side::Src, b"AMQP\x00\x00\x09\x01")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    // Type, channel, size, and the octet that ends a frame (AMQP 0-9-1 §4.2.3).
    let frame = |rest: &[u8]| {
        let length = 8 + be32(rest, 3)?;
        (matches!(rest.first(), Some(1..=3 | 8)) && rest.get(length.checked_sub(1)?) == Some(&0xce)).then_some(length)
    };
    if fills(data, 64, frame) {
        return Verdict::Yes;
    }
    if matches!(data.first(), Some(0..=0x0f)) && newer(data) {
        return Verdict::Yes;
    }
    match begins(data, b"AMQP") {
        Verdict::Yes => match data.get(4..8) {
            Some([0, 0, 9, 0 | 1] | [1, 1, 0, 9 | 10] | [0..=3, 1, 0, 0]) => Verdict::Yes,
            Some(_) => Verdict::No,
            None => Verdict::Maybe,
        },
        other => other,
    }
}

/// A frame of version 1.0 (§2.3): an empty one, which keeps a connection alive, or one whose body is described as one of
/// the protocol's own (§2.7, §5.3.3).
fn newer(data: &[u8]) -> bool {
    if data == b"\x00\x00\x00\x08\x02\x00\x00\x00" {
        return true;
    }
    let described = match data.get(8..11) {
        Some([0, 0x53, code]) => *code,
        _ => return false,
    };
    let kind = match data.get(5) {
        Some(0) => (0x10..=0x18).contains(&described),
        Some(1) => (0x40..=0x44).contains(&described),
        _ => false,
    };
    kind && data.get(4) == Some(&2) && within(be32(data, 0), 11, 1 << 20)
}
