// SPDX-License-Identifier: Apache-2.0
//! Rx of AFS (AFS-3 Rx RPC protocol, "Packet format"): the header's type, flags and security index, in two datagrams of
//! one connection.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "RX",
    title: "Rx remote procedure call",
    category: Category::Rpc,
    spec: &["AFS-3 Rx Remote Procedure Call"],
    ports: &[7000, 7001, 7002, 7003, 7005, 7007, 7021],
    late: true,
    probe,
    together: Some(together),
    sample: &[
        (
            Side::Src,
            b"\x5d\x5b\x00\x00\x8f\x00\x00\x04\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x01\x05\x00\x00\
        \x00\x00\x00\x34\x00\x00\x01\xf7",
        ),
        (
            Side::Dst,
            b"\x5d\x5b\x00\x00\x8f\x00\x00\x04\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x01\x04\x00\x00\
        \x00\x00\x00\x34\x00\x00\x00\x00",
        ),
    ],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let told = matches!(data.get(20), Some(1..=9 | 13))
        && data.get(21).is_some_and(|flags| flags & 0xc0 == 0)
        && data.get(23).is_some_and(|security| *security <= 5)
        && within(be16(data, 26), 1, 2_000)
        && !zero(data, 0, 4)
        && within(be32(data, 8), 0, 1 << 20)
        && within(be32(data, 12), 0, 1 << 20)
        && within(be32(data, 16), 1, 1 << 20);
    maybe_if(told)
}

/// Both sides name one epoch and connection.
fn together(heard: &Heard<'_>) -> Verdict {
    let connection = at(heard.data, 0, 8);
    let answered = heard.opposite().any(|data| at(data, 0, 8) == connection);
    let again = heard.same().filter(|data| at(data, 0, 8) == connection).count() > 2;
    if answered || again { Verdict::Yes } else { Verdict::Maybe }
}
