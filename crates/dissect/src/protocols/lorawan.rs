// SPDX-License-Identifier: Apache-2.0
//! Gateways of LoRaWAN (Semtech, packet forwarder PROTOCOL.TXT §3): what was received or how the gateway fares, and what to send: JSON behind the version, a
//! token and the gateway's number.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "LoRaWAN",
    title: "LoRaWAN packet forwarder",
    category: Category::IotScada,
    spec: &["Semtech, packet forwarder PROTOCOL.TXT"],
    ports: &[1700],
    first: First::Of(&[0x01, 0x02]),
    probe,
    sample: &[(Side::Src, b"\x02\x12\x34\x00\x01\x02\x03\x04\x05\x06\x07\x08{\"stat\":{\"rxnb\":2}}")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let says = |text: &[u8]| {
        [&b"{\"rxpk\""[..], b"{\"stat\"", b"{\"txpk\"", b"{\"txpk_ack\""].iter().any(|word| text.starts_with(word))
    };
    yes_if(match data {
        [1 | 2, _, _, 0 | 5, _, _, _, _, _, _, _, _, text @ ..] | [1 | 2, _, _, 3, text @ ..] => says(text),
        _ => false,
    })
}
