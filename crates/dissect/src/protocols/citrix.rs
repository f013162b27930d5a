// SPDX-License-Identifier: Apache-2.0
//! Citrix ICA and the Common Gateway Protocol in front of it (Citrix, "ICA protocol"): their greetings.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Citrix",
    title: "Citrix ICA",
    category: Category::Network,
    spec: &["Citrix ICA and CGP, greetings"],
    ports: &[1494, 2598],
    first: First::Of(&[0x7f, 0x1a]),
    probe,
    sample: &[(Side::Dst, b"\x7f\x7fICA\x00\x7f\x7fICA\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    begins_with_any(data, &[b"\x7f\x7fICA\x00", b"\x1aCGP/01"])
}
