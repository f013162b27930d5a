// SPDX-License-Identifier: Apache-2.0
//! rsync's daemon (rsync, "csprotocol.txt"): the greeting with the protocol's version.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "RSYNC",
    title: "rsync",
    category: Category::DataTransfer,
    spec: &["rsync csprotocol.txt"],
    ports: &[873],
    first: First::Of(b"@"),
    probe,
    sample: &[(Side::Src, b"@RSYNCD: 31.0\n")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    begins(data, b"@RSYNCD: ")
}
