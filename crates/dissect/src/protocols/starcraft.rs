// SPDX-License-Identifier: Apache-2.0
//! StarCraft II and Battle.net's chat of its kin (bnetdocs, "Battle.net"): the client's first packets with their
//! fixed octets.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Starcraft",
    title: "StarCraft and Battle.net",
    category: Category::Game,
    spec: &["bnetdocs, Battle.net chat server"],
    ports: &[1119, 6112],
    first: First::Of(&[0x01, 0xff]),
    probe,
    sample: &[(Side::Src, b"\x01\xff\x50\x3a\x00\x00\x00\x00\x0068XIRATS\xd3\x00\x00\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    // The protocol's octet may come on its own.
    let packet = data.strip_prefix(&[1]).unwrap_or(data);
    match packet {
        [] => Verdict::Maybe,
        [0xff, 0x50 | 0x25 | 0x00, length, high, ..] => {
            let whole = usize::from(*length) | usize::from(*high) << 8;
            let game = packet
                .get(8..16)
                .is_none_or(|text| text.iter().all(|octet| octet.is_ascii_uppercase() || octet.is_ascii_digit()));
            match packet.get(1) {
                Some(0x50) if packet.len() >= 16 => yes_if(game && whole > 16 && whole < 256),
                Some(0x25) => yes_if(whole == 8 && packet.len() == 8),
                _ => maybe_if(packet.len() < 16 && packet.get(1) == Some(&0x50)),
            }
        }
        [0xff] | [0xff, 0x50] | [0xff, 0x50, _] => Verdict::Maybe,
        _ => Verdict::No,
    }
}
