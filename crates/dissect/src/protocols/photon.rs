// SPDX-License-Identifier: Apache-2.0
//! Photon's realtime transport (Exit Games, Photon Realtime; as observed from games that use it): pings of a server, and
//! the datagram that opens a connection.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Photon",
    title: "Photon Realtime",
    category: Category::Game,
    spec: &["Exit Games, Photon Realtime, datagrams as observed"],
    ports: &[5055, 5056, 5058, 27_000, 27_001, 27_002],
    first: First::Of(&[0x7d, 0xff]),
    probe,
    sample: &[(
        Side::Src,
        b"\xff\xff\x00\x01\x00\x00\x12\x34\x5a\x5b\x5c\x5d\x02\xff\x01\x04\x00\x00\x00\x2c\x00\x00\x00\x01",
    )],
    ..Protocol::DATAGRAM
};

/// No peer yet, one command: a connection, on the channel that is no channel, reliable, of 44 octets, the first.
fn probe(_: Side, data: &[u8]) -> Verdict {
    yes_if(match data {
        [0x7d, ..] => data.len() >= 10 && data.len() <= 16 && data.iter().take(9).all(|octet| *octet == 0x7d),
        [0xff, 0xff, 0x00, 0x01, ..] => {
            at(data, 12, 4) == Some(&[0x02, 0xff, 0x01, 0x04])
                && be32(data, 16) == Some(44)
                && be32(data, 20) == Some(1)
        }
        _ => false,
    })
}
