// SPDX-License-Identifier: Apache-2.0
//! VMware's authentication daemon (VMware knowledge base 1004129): the greeting on its port, and the heartbeat of
//! hosts.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "VMware",
    title: "VMware authentication and heartbeat",
    category: Category::RemoteAccess,
    spec: &["VMware knowledge base 1004129"],
    ports: &[902, 903],
    first: First::Of(b"2<"),
    probe,
    // Heartbeats of hosts since version 5 are of one size, with their mark in front and encrypted behind.
    on_port: Some(|_, data| data.first() == Some(&0xa4) && data.len() == 66),
    sample: &[(
        Side::Dst,
        b"220 VMware Authentication Daemon Version 1.10: SSL Required, MKSDisplayProtocol:VNC , , \r\n",
    )],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, b"220 VMware Authentication Daemon") {
        // The heartbeat is XML.
        Verdict::No => yes_if(data.starts_with(b"<HBT>") || data.starts_with(b"<heartbeat>")),
        other => other,
    }
}
