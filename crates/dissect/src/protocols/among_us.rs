// SPDX-License-Identifier: Apache-2.0
//! Among Us (Hazel networking; Among Us protocol wiki, "Packet types"): the hello with its number, the version of the game as
//! a date, and the player's name.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "AmongUs",
    title: "Among Us",
    category: Category::Game,
    spec: &["Among Us protocol wiki, Hazel networking"],
    ports: &[22023, 22123, 22223, 22323, 22423, 22523, 22623, 22723, 22823, 22923],
    first: First::Of(&[0x08]),
    probe,
    sample: &[(Side::Src, b"\x08\x00\x01\x00\x46\xd2\x02\x03\x04nina\x00\x00\x00\x00")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    // Years of 25,000, months of 1,800, days of 50 make a version: those of 2018 to 2039.
    let version = within(le32(data, 4), 50_450_000, 51_000_000);
    let name = at(data, 9, u8_at(data, 8).unwrap_or(usize::MAX));
    let named = name.is_some_and(|name| !name.is_empty() && name.len() <= 32 && std::str::from_utf8(name).is_ok());
    yes_if(data.first() == Some(&8) && zero(data, 3, 1) && version && named)
}
