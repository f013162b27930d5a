// SPDX-License-Identifier: Apache-2.0
//! Dropbox's LAN synchronisation (Dropbox help, "LAN sync"): the announcement in JSON with the numbers of host and
//! name spaces.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Dropbox",
    title: "Dropbox LAN sync discovery",
    category: Category::Cloud,
    spec: &["Dropbox LAN sync"],
    ports: &[17500],
    first: First::Of(b"{"),
    probe,
    sample: &[(
        Side::Src,
        b"{\"host_int\": 1, \"version\": [2, 0], \"displayname\": \"\", \"port\": 17500, \"namespaces\": [\
        1]}",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    yes_if(
        data.starts_with(b"{\"")
            && contains(data, b"\"host_int\"")
            && (contains(data, b"\"namespaces\"") || contains(data, b"\"displayname\"")),
    )
}
