// SPDX-License-Identifier: Apache-2.0
//! MPEG transport streams over datagrams (ISO/IEC 13818-1 §2.4.3.2): packets of 188 octets, each with its
//! synchronisation octet.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "MPEG_TS",
    title: "MPEG transport stream",
    category: Category::Media,
    spec: &["ISO/IEC 13818-1", "ETSI TS 102 034"],
    ports: &[1234, 5004],
    first: First::Of(&[0x47]),
    probe,
    sample: &[(
        Side::Src,
        b"\x47\x1f\xff\x10................................................................................\
        ................................................................................................\
        ........",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let packet = |rest: &[u8]| {
        let header = matches!(rest, [0x47, high, _, flags, ..] if high & 0x80 == 0 && flags & 0x30 != 0);
        header.then_some(188)
    };
    // One packet alone must be the empty one (§2.4.1).
    let alone = data.len() > 188 || data.get(1..3) == Some(&[0x1f, 0xff]);
    yes_if(alone && fills(data, 8, packet))
}
