// SPDX-License-Identifier: Apache-2.0
//! Beckhoff's ADS (Beckhoff Information System, "ADS/AMS specification"): lengths of both headers, and a command with
//! flags.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "BeckhoffADS",
    title: "Automation Device Specification",
    category: Category::IotScada,
    spec: &["Beckhoff, ADS/AMS specification"],
    ports: &[48898],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(
        Side::Src,
        b"\x00\x00\x20\x00\x00\x00\x0a\x00\x00\x01\x01\x01\x21\x03\x0a\x00\x00\x02\x01\x01\x00\x80\x01\x00\
        \x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00",
    )],
    ..Protocol::STREAM
};

/// The registry's row of datagrams, by which devices are found: their magic, no number of the request, and a service.
pub(super) static DISCOVERY: Protocol = Protocol {
    name: "BeckhoffADS",
    title: "Automation Device Specification, discovery",
    category: Category::IotScada,
    spec: &["Beckhoff, ADS/AMS specification"],
    ports: &[48899],
    first: First::Of(&[0x03]),
    probe: |_, data| yes_if(data.starts_with(b"\x03\x66\x14\x71") && data.len() >= 20),
    sample: &[(Side::Src, b"\x03\x66\x14\x71\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.get(1).is_some_and(|reserved| *reserved != 0) {
        return Verdict::No;
    }
    head::<38>(data, |head| {
        let (outer, inner) = (le32(head, 2), le32(head, 26));
        outer == inner.map(|length| length + 32)
            && within(le16(head, 22), 1, 9)
            && matches!(le16(head, 24), Some(4 | 5 | 0x44 | 0x45))
    })
}
