// SPDX-License-Identifier: Apache-2.0
//! Lotus Notes (IBM, "NRPC"): the length and type of the message that opens a session, and its fixed fields.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "LotusNotes",
    title: "HCL Notes remote procedure call",
    category: Category::Collaborative,
    spec: &["HCL Notes RPC, session start as observed"],
    ports: &[1352],
    probe,
    sample: &[(
        Side::Src,
        b"\x7f\x00\x00\x00\x7c\x00\x00\x00\x02\x00\x00\x40\x02\x0f\x00\x05\x00\x3d\x05\x00\x00\x00\x00\x00",
    )],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    // Two lengths, and version 2 with the flags of a first message.
    head::<16>(data, |head| {
        zero(head, 1, 3) && zero(head, 5, 3) && head[8..13] == [2, 0, 0, 0x40, 2] && head[13] == 0x0f
    })
}
