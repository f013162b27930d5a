// SPDX-License-Identifier: Apache-2.0
//! Pia, the transport between Nintendo's consoles (NintendoClients wiki, "Pia protocol"): a magic word and a version.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Nintendo",
    title: "Nintendo Pia",
    category: Category::Game,
    spec: &["NintendoClients wiki, Pia protocol"],
    first: First::Of(&[0x32]),
    encrypted: true,
    probe,
    sample: &[(Side::Src, b"\x32\xab\x98\x64\x02\x01\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")],
    ..Protocol::DATAGRAM
};

/// The upper bit of the version says encrypted.
fn probe(_: Side, data: &[u8]) -> Verdict {
    yes_if(
        data.starts_with(b"\x32\xab\x98\x64")
            && data.len() >= 24
            && data.get(4).is_some_and(|version| (1..=16).contains(&(version & 0x7f))),
    )
}
