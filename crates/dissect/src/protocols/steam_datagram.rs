// SPDX-License-Identifier: Apache-2.0
//! Steam Datagram Relay (Valve, GameNetworkingSockets, "SNP wire format"): padded challenges and sessions that begin
//! with their kind and "VSDR"-like text of relays.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "SteamDatagramRelay",
    title: "Steam Datagram Relay",
    category: Category::Game,
    spec: &["Valve, GameNetworkingSockets"],
    ports: &[27015, 27031, 27060],
    first: First::Of(&[0x01, 0x20]),
    probe,
    sample: &[(Side::Src, b"\x01\x00VS01\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    // A challenge of a relay's client is filled to at least 512 octets; its message has its length behind the kind.
    let challenge = matches!(data, [0x20, ..])
        && data.len() >= 512
        && le16(data, 1).is_some_and(|length| length > 8 && zero(data, 3 + length, 64));
    // What clients measure the way to a relay with.
    let ping = data.len() >= 32 && matches!(data, [0x01, _, ..]) && at(data, 2, 6) == Some(b"sdping");
    yes_if(challenge && matches!(data.get(3), Some(0x0d | 0x08 | 0x09)) || data.starts_with(b"\x01\x00VS01") || ping)
}
