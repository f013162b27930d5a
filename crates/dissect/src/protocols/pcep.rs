// SPDX-License-Identifier: Apache-2.0
//! PCEP (RFC 5440 §6.1, §6.2): version 1, a message's type and length, and the Open object that a session begins with.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "PCEP",
    title: "Path Computation Element Protocol",
    category: Category::Network,
    spec: &["RFC 5440"],
    ports: &[4189],
    first: First::Of(&[0x20]),
    probe,
    sample: &[(Side::Src, b"\x20\x01\x00\x0c\x01\x10\x00\x08\x20\x1e\x78\x01")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if !matches!(data, [0x20] | [0x20, 1..=13, ..]) {
        return Verdict::No;
    }
    if data.get(1) == Some(&2) {
        // A keep-alive has nothing but its header.
        return head::<4>(data, |head| be16(head, 2) == Some(4));
    }
    head::<9>(data, |head| {
        let length = be16(head, 2).unwrap_or_default();
        let object =
            within(be16(head, 6), 8, length.saturating_sub(4)) && length.is_multiple_of(4) && head[5] & 0x0c == 0;
        let open = head[1] != 1 || head[4] == 1 && head[5] >> 4 == 1 && head[8] == 0x20;
        object && open && (1..=45).contains(&head[4]) && (1..=4).contains(&(head[5] >> 4))
    })
}
