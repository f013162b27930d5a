// SPDX-License-Identifier: Apache-2.0
//! Hadoop's calls (Apache Hadoop, "Hadoop RPC"): the header that a connection begins with: name, version, service class, and how
//! it is authenticated.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Hadoop",
    title: "Hadoop RPC",
    category: Category::Rpc,
    spec: &["Apache Hadoop RPC"],
    ports: &[8020, 9000],
    first: First::Of(b"h"),
    probe,
    sample: &[(Side::Src, b"hrpc\x09\x00\xdf\x00\x00\x00\x10")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, b"hrpc") {
        Verdict::Yes => data.get(4).map_or(Verdict::Maybe, |version| yes_if((4..=12).contains(version))),
        other => other,
    }
}
