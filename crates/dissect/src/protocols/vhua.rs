// SPDX-License-Identifier: Apache-2.0
//! VHUA's calls (as observed from its clients): the nine octets that a session begins with.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "VHUA",
    title: "VHUA calls",
    category: Category::Voip,
    spec: &["VHUA, session start as observed"],
    first: First::Of(&[0x05]),
    probe,
    sample: &[(Side::Src, b"\x05\x14\x3a\x05\x08\xf8\xa1\xb1\x03\x00")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    yes_if(data.starts_with(b"\x05\x14\x3a\x05\x08\xf8\xa1\xb1\x03"))
}
