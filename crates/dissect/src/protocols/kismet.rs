// SPDX-License-Identifier: Apache-2.0
//! Kismet's client and server protocol (Kismet README, "Client/Server"): the server's first line.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Kismet",
    title: "Kismet",
    category: Category::Network,
    spec: &["Kismet client/server protocol"],
    ports: &[2501],
    first: First::Of(b"*"),
    probe,
    sample: &[(Side::Dst, b"*KISMET: 0.0.0 1213210000 Kismet\n")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    begins(data, b"*KISMET: ")
}
