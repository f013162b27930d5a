// SPDX-License-Identifier: Apache-2.0
//! BFD control packets (RFC 5880 §4.1): version 1, their length, a multiplier, and intervals within a minute.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "BFD",
    title: "Bidirectional Forwarding Detection",
    category: Category::Network,
    spec: &["RFC 5880", "RFC 5881"],
    ports: &[3784, 3785, 4784, 6784, 7784],
    first: First::Within(0x20, 0x28),
    probe,
    // Version 0 and sessions that are set up strangely.
    on_port: Some(|_, data| {
        within(u8_at(data, 0), 0, 0x28) && u8_at(data, 3) == Some(data.len()) && (24..=52).contains(&data.len())
    }),
    sample: &[(
        Side::Src,
        b"\x20\x40\x03\x18\x00\x00\x00\x07\x00\x00\x00\x00\x00\x0f\x42\x40\x00\x0f\x42\x40\x00\x00\x00\x00",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let authentic = match (data.len(), data.get(1).map(|flags| flags & 0x04)) {
        (24, Some(0)) => true,
        (26..=52, Some(4)) => u8_at(data, 25) == Some(data.len() - 24),
        _ => false,
    };
    let intervals = [12, 16, 20].iter().all(|place| within(be32(data, *place), 0, MINUTE));
    let told = within(u8_at(data, 0), 0x20, 0x28)
        && data.get(1).is_some_and(|flags| flags & 0x01 == 0)
        && within(u8_at(data, 2), 1, 50)
        && u8_at(data, 3) == Some(data.len());
    yes_if(told && authentic && intervals && within(be32(data, 12), 1, MINUTE) && !zero(data, 4, 4))
}

/// Microseconds; intervals beyond a minute detect nothing.
const MINUTE: usize = 60_000_000;
