// SPDX-License-Identifier: Apache-2.0
//! HP's management of virtual machine groups (as others describe it): a mark, the length of the whole, and zero. Its first
//! octet is that of a handshake in TLS, whose length is another.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "HP_VIRTGRP",
    title: "HP Virtual Machine Group Management",
    category: Category::Network,
    spec: &["HP Virtual Machine Group Management, message header as described by nDPI"],
    ports: &[3999],
    first: First::Of(&[0x16]),
    late: true,
    probe,
    sample: &[(Side::Src, b"\x16\x00\x08\x00\x01\x02\x03\x04")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match (be16(data, 1), data.get(3)) {
        // Records of TLS (RFC 8446 §5.1) and of older SSL begin like this.
        (Some(0x0300..=0x0304), _) => Verdict::No,
        (Some(length), Some(0)) if (5..=4_096).contains(&length) => {
            if data.len() < length {
                Verdict::Maybe
            } else {
                yes_if(data.len() == length)
            }
        }
        (None, _) | (_, None) => Verdict::Maybe,
        _ => Verdict::No,
    }
}
