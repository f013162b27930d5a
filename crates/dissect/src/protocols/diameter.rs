// SPDX-License-Identifier: Apache-2.0
//! Diameter (RFC 6733 §3, §4.1): version 1, a length of whole words, flags and command in use, and the first
//! attribute, which is mandatory.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Diameter",
    title: "Diameter",
    category: Category::Network,
    spec: &["RFC 6733", "3GPP TS 29.272"],
    ports: &[3868],
    first: First::Of(&[0x01]),
    probe,
    sample: &[(
        Side::Src,
        b"\x01\x00\x00\x28\x80\x00\x01\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x01\x08\
        \x40\x00\x00\x0f\x68\x2e\x78\x2e\x6f\x72\x67\x00\x00\x00\x01\x28",
    )],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.get(4).is_some_and(|flags| flags & 0x0f != 0) {
        return Verdict::No;
    }
    head::<28>(data, |head| {
        let command = be24(head, 5);
        head[0] == 1
            && within(be24(head, 1), 28, 65_536)
            && head[3] % 4 == 0
            && (within(command, 257, 330) || within(command, 8_388_608, 8_388_740))
            && within(be32(head, 20), 1, 1_700)
            && head[24] & 0x1f == 0
            && within(be24(head, 25), 8, 4_096)
    })
}
