// SPDX-License-Identifier: Apache-2.0
//! Yojimbo and netcode (netcode standard 1.02): the request for a connection with its version, protocol and fixed size.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Yojimbo",
    title: "Yojimbo netcode",
    category: Category::Game,
    spec: &["netcode 1.02 standard"],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(Side::Src, b"\x00NETCODE 1.02\x00\x01\x02\x03\x04\x05\x06\x07\x08")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    yes_if(data.starts_with(b"\x00NETCODE 1.0"))
}
