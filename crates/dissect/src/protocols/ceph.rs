// SPDX-License-Identifier: Apache-2.0
//! Ceph's messenger (Ceph documentation, "msgr2 protocol", "Network Protocol"): the banner that both sides open with.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Ceph",
    title: "Ceph messenger",
    category: Category::DataTransfer,
    spec: &["Ceph documentation, network protocol"],
    ports: &[3300, 6789, 6800, 6801, 6802],
    first: First::Of(b"c"),
    probe,
    sample: &[(Side::Src, b"ceph v2\n\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    begins_with_any(data, &[b"ceph v2\n", b"ceph v0"])
}
