// SPDX-License-Identifier: Apache-2.0
//! Minecraft, Java Edition (Minecraft wiki, "Handshake"): the first packet with the protocol's version, the server's name and
//! port, and what is wanted next. Bedrock Edition is RakNet.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Minecraft",
    title: "Minecraft Java Edition",
    category: Category::Game,
    spec: &["Minecraft wiki, Java Edition protocol"],
    ports: &[25565],
    probe,
    sample: &[(Side::Src, b"\x13\x00\xff\x05\x0cexample.test\x63\xdd\x01\x01\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    // The length of the packet, its number, a version in one to five octets of seven bits, and the name's length.
    let (Some(length), Some(number)) = (u8_at(data, 0), data.get(1)) else { return maybe_if(data.len() == 1) };
    if *number != 0 || !(8..128).contains(&length) {
        return Verdict::No;
    }
    let version = data.get(2..).unwrap_or_default().iter().take(5).take_while(|octet| **octet & 0x80 != 0).count();
    let Some(name) = u8_at(data, 3 + version) else { return maybe_if(data.len() < 9 && version < 5) };
    let place = 4 + version;
    let text = data.get(place..data.len().min(place + name)).unwrap_or_default();
    let fits = place + name + 2 == length && name > 2 && version < 5 && text.iter().all(u8::is_ascii_graphic);
    match data.get(place + name + 2) {
        Some(next) => yes_if(fits && (1..=3).contains(next)),
        None => maybe_if(fits),
    }
}
