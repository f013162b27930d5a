// SPDX-License-Identifier: Apache-2.0
//! X11 (X Window System Protocol, "Connection Setup"): order of octets, version 11, and the name of what authorizes.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "X11",
    title: "X Window System",
    category: Category::RemoteAccess,
    spec: &["X Window System Protocol, X Version 11"],
    ports: &[6000, 6001, 6010],
    first: First::Of(b"Bl"),
    probe,
    sample: &[(Side::Src, b"l\x00\x0b\x00\x00\x00\x12\x00\x10\x00\x00\x00MIT-MAGIC-COOKIE-1\x00\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let name = |head: &[u8; 12]| match head[0] {
        b'l' => (le16(head, 2), le16(head, 4), le16(head, 6), le16(head, 8)),
        _ => (be16(head, 2), be16(head, 4), be16(head, 6), be16(head, 8)),
    };
    if !matches!(
        data,
        [_] | [b'B', _] | [b'B', _, 0] | [b'B', _, 0, 11, ..] | [b'l', _] | [b'l', _, 11] | [b'l', _, 11, 0, ..]
    ) {
        return Verdict::No;
    }
    head::<12>(data, |head| {
        let (major, minor, name, proof) = name(head);
        // MIT-MAGIC-COOKIE-1, XDM-AUTHORIZATION-1, or nothing.
        let known = matches!((name, proof), (Some(0), Some(0)) | (Some(18), Some(16)) | (Some(19), Some(8..=24)));
        major == Some(11) && within(minor, 0, 1) && known && zero(head, 10, 2)
    })
}
