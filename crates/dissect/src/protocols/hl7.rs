// SPDX-License-Identifier: Apache-2.0
//! HL7 version 2 over its minimal lower layer (HL7 "Transport Specification: MLLP"): start of block, header segment.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "HL7",
    title: "Health Level Seven",
    category: Category::Rpc,
    spec: &["HL7 v2", "MLLP release 1"],
    ports: &[2575, 6661],
    first: First::Of(&[0x0b]),
    probe,
    sample: &[(Side::Src, b"\x0bMSH|^~\\&|A|B|C|D|20200101||ADT^A01|1|P|2.3\r\x1c\r")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    begins_with_any(data, &[b"\x0bMSH|", b"\x0bFHS|", b"\x0bBHS|"])
}
