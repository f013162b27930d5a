// SPDX-License-Identifier: Apache-2.0
//! Syncthing (Syncthing specifications, Local Discovery Protocol v4; Block Exchange Protocol v1): magic of its
//! announcements and of its greeting. Connections are TLS with the protocol's name in ALPN.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Syncthing",
    title: "Syncthing",
    category: Category::DownloadFt,
    spec: &["Syncthing Local Discovery Protocol v4", "Block Exchange Protocol v1"],
    ports: &[21027, 22000],
    first: First::Of(&[0x2e, 0x9e]),
    probe,
    sample: &[(Side::Src, b"\x2e\xa7\xd9\x0b\x0a\x200123456789abcdef0123456789abcdef")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    begins_with_any(data, &[b"\x2e\xa7\xd9\x0b", b"\x9e\x79\xbc\x40"])
}
