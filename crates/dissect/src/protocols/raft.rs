// SPDX-License-Identifier: Apache-2.0
//! Raft as Canonical's library speaks it (C-Raft, network protocol): words of eight octets; version 1, number and
//! address of the server that connects.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Raft",
    title: "C-Raft",
    category: Category::Network,
    spec: &["Canonical raft, network protocol"],
    ports: &[9001],
    first: First::Of(&[0x01]),
    probe,
    sample: &[(
        Side::Src,
        b"\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\
        127.0.0.1:9001\x00\x00",
    )],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.get(1..data.len().min(8)).is_some_and(|rest| rest.iter().any(|octet| *octet != 0)) {
        return Verdict::No;
    }
    head::<26>(data, |head| {
        let address = head[24].is_ascii_graphic() && head[25].is_ascii_graphic();
        zero(head, 17, 7) && (1..=8).contains(&head[16]) && !zero(head, 8, 8) && address
    })
}
