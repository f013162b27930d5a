// SPDX-License-Identifier: Apache-2.0
//! BJNP of Canon's printers and scanners (SANE, pixma backend; CUPS BJNP): magic, device, command and length.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "BJNP",
    title: "Canon BJNP",
    category: Category::SystemOs,
    spec: &["Canon BJNP as documented by SANE"],
    ports: &[8611, 8612, 8613, 8614],
    first: First::Of(b"BM"),
    probe,
    sample: &[(Side::Src, b"BJNP\x01\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let magic = [&b"BJNP"[..], b"BJNB", b"MFNP", b"MFNB"].iter().any(|magic| data.starts_with(magic));
    yes_if(magic && matches!(data.get(4), Some(1 | 2 | 0x81 | 0x82)) && data.len() >= 16)
}
