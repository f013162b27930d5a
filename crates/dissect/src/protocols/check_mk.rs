// SPDX-License-Identifier: Apache-2.0
//! Checkmk's agent (Checkmk documentation, "Monitoring agents"): the first section's title.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "CHECKMK",
    title: "Checkmk agent",
    category: Category::DataTransfer,
    spec: &["Checkmk documentation, agent output"],
    ports: &[6556],
    first: First::Of(b"<"),
    probe,
    sample: &[(Side::Dst, b"<<<check_mk>>>\nVersion: 2.0.0\n")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    begins(data, b"<<<check_mk>>>")
}
