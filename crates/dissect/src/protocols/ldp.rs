// SPDX-License-Identifier: Apache-2.0
//! LDP (RFC 5036 §3.1, §3.5): version 1, the length of a PDU, an identifier for the whole platform, and its first
//! message.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "LDP",
    title: "Label Distribution Protocol",
    category: Category::Network,
    spec: &["RFC 5036"],
    ports: &[646],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(
        Side::Src,
        b"\x00\x01\x00\x1e\xc0\x00\x02\x01\x00\x00\x01\x00\x00\x14\x00\x00\x00\x01\x04\x00\x00\x04\x00\x0f\
        \x00\x00\x04\x01\x00\x04\xc0\x00\x02\x01",
    )],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if !matches!(data, [0] | [0, 1, ..]) {
        return Verdict::No;
    }
    head::<18>(data, |head| {
        let pdu = be16(head, 2).unwrap_or_default();
        let known =
            matches!(be16(head, 10), Some(0x0001 | 0x0100 | 0x0200 | 0x0201 | 0x0300 | 0x0301 | 0x0400..=0x0404));
        known && (14..=4_096).contains(&pdu) && within(be16(head, 12), 4, pdu - 10) && zero(head, 8, 2) && head[4] != 0
    })
}
