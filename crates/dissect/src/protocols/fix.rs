// SPDX-License-Identifier: Apache-2.0
//! FIX (FIX session layer, "Message structure"): the first fields, begin string and body length, in their order.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "FIX",
    title: "Financial Information eXchange",
    category: Category::Rpc,
    spec: &["FIX Session Layer"],
    first: First::Of(b"8"),
    probe,
    sample: &[(Side::Src, b"8=FIX.4.4\x019=5\x0135=0\x0110=163\x01")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins_with_any(data, &[b"8=FIX.4.", b"8=FIX.5.", b"8=FIXT.1."]) {
        Verdict::Yes => {
            let behind = data.get(8..).unwrap_or_default();
            let end = behind.iter().take(8).position(|octet| *octet == 1);
            match end.and_then(|end| behind.get(end + 1..)) {
                Some(rest) => begins(rest, b"9="),
                None => maybe_if(behind.len() < 8),
            }
        }
        other => other,
    }
}
