// SPDX-License-Identifier: Apache-2.0
//! CORBA's GIOP (OMG CORBA 3.3 part 2 §9.4, part 2 annex on MIOP): magic, version, flags and type of a message.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Corba",
    title: "General Inter-ORB Protocol",
    category: Category::Rpc,
    spec: &["OMG CORBA 3.3"],
    ports: &[683, 900, 1050, 2809],
    first: First::Of(b"GZM"),
    probe,
    sample: &[(Side::Src, b"GIOP\x01\x02\x01\x03\x04\x00\x00\x00\x01\x00\x00\x00")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins_with_any(data, &[b"GIOP", b"ZIOP", b"MIOP"]) {
        Verdict::Yes => head::<8>(data, |head| {
            head[0] == b'M' && head[4] == 0x10 || head[4] == 1 && head[5] <= 3 && head[6] < 8 && head[7] < 8
        }),
        other => other,
    }
}
