// SPDX-License-Identifier: Apache-2.0
//! NoMachine NX (NoMachine, ports and protocols; observed greeting): the line that both sides open with.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "NoMachine",
    title: "NoMachine NX",
    category: Category::RemoteAccess,
    spec: &["NoMachine NX session protocol"],
    ports: &[4000],
    first: First::Of(b"N"),
    probe,
    sample: &[(Side::Src, b"NXD-NXDAEMON-5.0\n")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins_with_any(data, &[b"NXD-", b"NXSH-", b"NXPROXY-", b"NXAGENT-"]) {
        Verdict::Yes => data.get(4..10).map_or(Verdict::Maybe, |text| yes_if(text.iter().all(u8::is_ascii_graphic))),
        other => other,
    }
}
