// SPDX-License-Identifier: Apache-2.0
//! Munin's node (Munin guide, "Data exchange protocol"): the greeting with the node's name.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Munin",
    title: "Munin",
    category: Category::SystemOs,
    spec: &["Munin data exchange protocol"],
    ports: &[4949],
    first: First::Of(b"#"),
    probe,
    sample: &[(Side::Dst, b"# munin node at host.example.org\n")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    begins_with_any(data, &[b"# munin node at ", b"# lrrd node at "])
}
