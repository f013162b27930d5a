// SPDX-License-Identifier: Apache-2.0
//! DLEP (RFC 8175 §11.1, §11.3): signals with their magic over datagrams; of a session the message that opens it.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "DLEP",
    title: "Dynamic Link Exchange Protocol",
    category: Category::Network,
    spec: &["RFC 8175"],
    ports: &[854],
    first: First::Of(&[0x44, 0x00]),
    probe,
    sample: &[(Side::Src, b"DLEP\x00\x01\x00\x00")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match (begins(data, b"DLEP"), data) {
        (Verdict::Yes, _) => head::<8>(data, |head| within(be16(head, 4), 1, 2) && within(be16(head, 6), 0, 1_400)),
        (Verdict::Maybe, _) => Verdict::Maybe,
        // Session Initialization and its answer begin with a heartbeat interval or a status (§12.5, §12.6).
        (_, [0, 1 | 2, _, _, 0, 5, 0, 4, ..]) => Verdict::Yes,
        (_, [0] | [0, 1 | 2] | [0, 1 | 2, _] | [0, 1 | 2, _, _] | [0, 1 | 2, _, _, 0]) => Verdict::Maybe,
        (_, [0, 1 | 2, _, _, 0, 5] | [0, 1 | 2, _, _, 0, 5, 0]) => Verdict::Maybe,
        _ => Verdict::No,
    }
}
