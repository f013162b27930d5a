// SPDX-License-Identifier: Apache-2.0
//! Games of NetEase (as observed from Lost Light, Badlanders and Naraka): how their sessions begin.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "NetEaseGames",
    title: "NetEase games",
    category: Category::Game,
    spec: &["NetEase games, session start as observed"],
    first: First::Of(&[0x01, 0x07, 0xb3]),
    probe,
    sample: &[(Side::Src, b"\x01\xb5\xd0\x01\x11\x2a\x3d\x03\x00\x01\x01\x01")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    yes_if(match data {
        [0x01, _, 0xd0, 0x01, ..] => data.len() == 12 && data.ends_with(&[0, 1, 1, 1]),
        [0xb3, 0xaf, 0x8d, 0xe8, ..] => data.len() >= 30,
        [0x07, 0x08, 0x08, 0x0c, ..] => data.len() > 30,
        _ => false,
    })
}
