// SPDX-License-Identifier: Apache-2.0
//! The Zug consensus protocol of Casper's network (as observed between its nodes): its mark and version.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "ZUG",
    title: "Zug consensus",
    category: Category::CryptoCurrency,
    spec: &["Zug consensus, datagram mark as observed"],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(Side::Src, b"\x00zUG\x10\x01\x02\x03\x04\x05\x06\x07")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    yes_if(data.starts_with(b"\x00zUG\x10") && data.len() >= 8)
}
