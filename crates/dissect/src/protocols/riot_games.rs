// SPDX-License-Identifier: Apache-2.0
//! Game sessions of Riot Games (as observed from its clients): the marks at the end of its pings, and the first datagram
//! of a session, which is zeros but for its ends.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "RiotGames",
    title: "Riot Games sessions",
    category: Category::Game,
    spec: &["Riot Games, pings and session start as observed"],
    ports: &[7194, 8181],
    probe,
    sample: &[(
        Side::Src,
        b"\x73\x74\xf6\x0c\x72\x32\x42\x04\xab\x59\x7f\x81\x1f\xcc\x00\x87\x6b\xbc\x00\x00\x16\xe3\x7c\x40\x14\x00\x00\x00\
        \xaa\xaa\xaa\xaa\xbb\xbb\xbb\xbb",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let ping = data.len() >= 16 && data.ends_with(&[0xaa, 0xaa, 0xaa, 0xaa, 0xbb, 0xbb, 0xbb, 0xbb]);
    let start =
        data.len() == 53 && zero(data, 10, 24) && data.ends_with(&[0x3c, 0xb1, 0x1f, 0x2d, 0xea, 0x23, 0x46, 0x0c]);
    yes_if(ping || start)
}
