// SPDX-License-Identifier: Apache-2.0
//! WCCP version 2 (draft-mclaggan-wccp-v2rev1 §6): kind of a message, version, and components that fill it, security first.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "WCCP",
    title: "Web Cache Communication Protocol",
    category: Category::Network,
    spec: &["draft-mclaggan-wccp-v2rev1"],
    ports: &[2048],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(Side::Src, b"\x00\x00\x00\x0a\x02\x00\x00\x08\x00\x00\x00\x04\x00\x00\x00\x00")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let component = |rest: &[u8]| within(be16(rest, 0), 0, 20).then_some(4 + be16(rest, 2)?);
    let told = within(be32(data, 0), 10, 13)
        && matches!(be16(data, 4), Some(0x0200 | 0x0201))
        && be16(data, 6) == data.len().checked_sub(8)
        && zero(data, 8, 2);
    yes_if(told && fills(data.get(8..).unwrap_or_default(), 64, component))
}
