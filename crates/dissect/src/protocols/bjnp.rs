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
    first: First::Of(b"BMP"),
    probe,
    sample: &[(Side::Src, b"BJNP\x01\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins_with_any(data, &[b"BJNP", b"BJNB", b"BNJB", b"PNJB", b"MFNP", b"MFNB"]) {
        Verdict::Yes => head::<16>(data, |head| matches!(head[4], 1 | 2 | 0x81 | 0x82)),
        other => other,
    }
}
