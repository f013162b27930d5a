// SPDX-License-Identifier: Apache-2.0
//! Avast's updates and streams (as observed on ports 80 and 443 of its servers): a magic word, the message's length, and
//! elements with names of three letters. What is said in them is not public.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "AVAST",
    title: "Avast streams",
    category: Category::Network,
    spec: &["Avast, message header as observed"],
    first: First::Of(b"N"),
    probe,
    sample: &[(Side::Src, b"NOSA\x00\x10\x01\x01\x00\x00\x00\x00BRE\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, b"NOSA") {
        Verdict::Yes => head::<8>(data, |head| within(be16(head, 4), 8, 4_096) && head[6] == 1 && head[7] < 16),
        other => other,
    }
}
