// SPDX-License-Identifier: Apache-2.0
//! ZooKeeper (Apache ZooKeeper, zookeeper.jute): a client's request for a session, of a fixed size, with a timeout and a password of
//! sixteen octets.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "ZooKeeper",
    title: "Apache ZooKeeper",
    category: Category::Rpc,
    spec: &["Apache ZooKeeper, client protocol"],
    ports: &[2181],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(Side::Src, b"\x00\x00\x00\x2d\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x75\x30\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if !matches!(data, [0] | [0, 0] | [0, 0, 0] | [0, 0, 0, 44 | 45, ..])
        || data.get(4..8).is_some_and(|version| version != [0; 4])
    {
        return Verdict::No;
    }
    head::<32>(data, |head| within(be32(head, 16), 1_000, 600_000) && be32(head, 28) == Some(16))
}
