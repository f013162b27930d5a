// SPDX-License-Identifier: Apache-2.0
//! Roughtime (draft-ietf-ntp-roughtime §5): a message of tags in order with their offsets, in Google's form or behind
//! the name and length of the later one.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Roughtime",
    title: "Roughtime",
    category: Category::SystemOs,
    spec: &["draft-ietf-ntp-roughtime"],
    ports: &[2002, 2003],
    probe,
    sample: &[(Side::Src, b"\x02\x00\x00\x00\x04\x00\x00\x00NONCPAD\xffabcd\x00\x00\x00\x00")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let message = match data.strip_prefix(b"ROUGHTIM") {
        Some(rest) => rest.get(4..).unwrap_or_default(),
        None => data,
    };
    let count = le32(message, 0).unwrap_or_default();
    let tags = at(message, count.saturating_mul(4), count.saturating_mul(4)).unwrap_or_default();
    let known = tags.chunks(4).filter(|tag| TAGS.iter().any(|known| tag.starts_with(known))).count();
    yes_if((2..=16).contains(&count) && known >= 2)
}

const TAGS: &[&[u8]] =
    &[b"NONC", b"PAD\xff", b"SIG\0", b"PATH", b"SREP", b"CERT", b"INDX", b"VER\0", b"SRV\0", b"ZZZZ", b"TYPE"];
