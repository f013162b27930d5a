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

/// The begin string may be shortened or name a compression; the length of the body and then the message's type follow.
fn probe(_: Side, data: &[u8]) -> Verdict {
    let Some(rest) = data.strip_prefix(b"8=") else { return begins(data, b"8=") };
    let name =
        rest.iter().take_while(|octet| octet.is_ascii_uppercase() || octet.is_ascii_digit() || **octet == b'.').count();
    let Some(behind) = rest.get(name..).filter(|behind| !behind.is_empty()) else { return maybe_if(name <= 12) };
    let Some(length) = behind.strip_prefix(b"\x019=") else {
        return maybe_if((1..=12).contains(&name) && b"\x019=".starts_with(behind));
    };
    let digits = length.iter().take_while(|octet| octet.is_ascii_digit()).count();
    match length.get(digits) {
        Some(end) => yes_if((1..=12).contains(&name) && (1..=7).contains(&digits) && *end == 1),
        None => maybe_if(digits <= 7),
    }
}
