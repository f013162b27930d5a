// SPDX-License-Identifier: Apache-2.0
//! UltraSurf's connections to its relays (as observed): a first message that always begins with the same eight octets.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "UltraSurf",
    title: "UltraSurf",
    category: Category::Vpn,
    spec: &["UltraSurf, first octets as observed"],
    first: First::Of(&[0xcc]),
    encrypted: true,
    probe,
    sample: &[(Side::Dst, b"\xcc\x1c\x30\x41\x5b\xa4\x38\x66\x99\x6f")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    begins(data, b"\xcc\x1c\x30\x41\x5b\xa4\x38\x66")
}
