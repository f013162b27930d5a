// SPDX-License-Identifier: Apache-2.0
//! Guild Wars (arena net client, session start as observed): the length and version of the client's first message.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Guildwars",
    title: "Guild Wars",
    category: Category::Game,
    spec: &["Guild Wars client, session start as observed"],
    ports: &[6112],
    first: First::Of(&[0x04, 0x01]),
    probe,
    sample: &[(Side::Src, b"\x01\x00\x00\x00\x04\x00\x0c\x00\x01\x00\x00\x00\x00\x00\x00\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let told = data.starts_with(b"\x01\x00\x00\x00\x04\x00\x0c\x00") || data.starts_with(b"\x04\x00\x0c\x00\x0c\x00");
    if told {
        Verdict::Yes
    } else {
        maybe_if(b"\x01\x00\x00\x00\x04\x00\x0c\x00".starts_with(data) || b"\x04\x00\x0c\x00\x0c\x00".starts_with(data))
    }
}
