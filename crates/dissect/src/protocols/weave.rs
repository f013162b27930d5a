// SPDX-License-Identifier: Apache-2.0
//! Weave over TCP (OpenWeave, "Weave message layer"), as Nest's devices use it with their service: a length, a header
//! of version 1 with both node identifiers, of which one is Nest's.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "NestLogSink",
    title: "Weave to Nest's service",
    category: Category::Cloud,
    spec: &["OpenWeave, Weave message layer"],
    ports: &[11_095],
    probe,
    sample: &[(
        Side::Src,
        b"\x16\x00\x00\x13\x01\x00\x00\x00\x36\x9e\x27\x00\x00\x30\xb4\x18\x04\x00\x00\x00\x02\x30\xb4\x18",
    )],
    ..Protocol::STREAM
};

/// Nest's part of an EUI-64 (18-B4-30), the last octet first.
const NEST: &[u8] = &[0x30, 0xb4, 0x18];

/// Version in the upper four bits of the header, then the flags of which the lower two say that both identifiers are
/// there, then encryption and reserved bits.
fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.get(3).is_some_and(|high| *high != 0x13)
        || data.get(2).is_some_and(|low| !matches!(low, 0x00 | 0x10 | 0x20))
    {
        return Verdict::No;
    }
    head::<24>(data, |head| {
        let nodes = (&head[13..16], &head[21..24]);
        within(le16(head, 0), 22, 2_048) && (nodes.0 == NEST || nodes.1 == NEST)
    })
}
