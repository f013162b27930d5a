// SPDX-License-Identifier: Apache-2.0
//! World of Warcraft (WowDev wiki, "Login", "World Packet"): the client's challenge to log in with the game's name,
//! and the greeting of world servers.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "WorldOfWarcraft",
    title: "World of Warcraft",
    category: Category::Game,
    spec: &["WowDev wiki"],
    ports: &[1119, 3724, 8085],
    first: First::Of(&[0x00, 0x57, 0x30]),
    probe,
    sample: &[(
        Side::Src,
        b"\x00\x08\x1e\x00WoW\x00\x03\x03\x05\x34\x30\x68\x78\x00niW\x00BGne\x00\x00\x00\x00\x7f\x00\x00\
        \x01\x00",
    )],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let greeting = begins_with_any(
        data,
        &[
            b"WORLD OF WARCRAFT CONNECTION",
            b"\x00\x30WORLD OF WARCRAFT CONNECTION",
            b"\x30\x00WORLD OF WARCRAFT CONNECTION",
        ],
    );
    match data {
        [0, _, _, _, rest @ ..] if rest.len() >= 4 => either(greeting, yes_if(rest.starts_with(b"WoW\0"))),
        [0, ..] => Verdict::Maybe,
        _ => greeting,
    }
}
