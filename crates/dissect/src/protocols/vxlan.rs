// SPDX-License-Identifier: Apache-2.0
//! VXLAN (RFC 7348 §5): the flags, reserved octets, and a frame of Ethernet. On its port the meter opens the tunnel.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "VXLAN",
    title: "Virtual eXtensible Local Area Network",
    category: Category::Network,
    spec: &["RFC 7348"],
    ports: &[4789, 8472],
    first: First::Of(&[0x08]),
    probe,
    // Reserved octets are ignored by who receives them.
    on_port: Some(|_, data| data.first().is_some_and(|flags| flags & 0x08 != 0) && is_frame(data)),
    sample: &[(
        Side::Src,
        b"\x08\x00\x00\x00\x00\x00\x7b\x00\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x08\x06\x00\x01\
        \x08\x00\x06\x04",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    yes_if(data.starts_with(&[8, 0, 0, 0]) && zero(data, 7, 1) && is_frame(data))
}

/// Behind the header stands Ethernet.
fn is_frame(data: &[u8]) -> bool {
    match be16(data, 20) {
        Some(0x0800 | 0x0806 | 0x86dd | 0x8100 | 0x88a8 | 0x88cc | 0x8847 | 0x8863 | 0x8864 | 0x88e5) => true,
        // A frame with a length and the service access points of bridges, SNAP or IS-IS.
        Some(length @ 3..=1_500) => {
            length <= data.len().saturating_sub(22) && matches!(be16(data, 22), Some(0x4242 | 0xaaaa | 0xfefe))
        }
        _ => false,
    }
}
