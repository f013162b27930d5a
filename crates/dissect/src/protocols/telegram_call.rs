// SPDX-License-Identifier: Apache-2.0
//! Telegram's calls by way of its reflectors (libtgvoip, `EndpointUDP`): the tag of the peer, twelve octets of ones, and a
//! request about oneself with a random number.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "TelegramVoip",
    title: "Telegram calls",
    category: Category::Voip,
    spec: &["libtgvoip, requests to reflectors"],
    ports: &[595, 596, 597, 598, 599],
    encrypted: true,
    probe,
    sample: &[(
        Side::Src,
        b"\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
        \xfe\xff\xff\xff\x01\x02\x03\x04\x05\x06\x07\x08",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let tag = at(data, 0, 16).is_some_and(|tag| tag.iter().filter(|octet| matches!(octet, 0 | 0xff)).count() < 4);
    let ones = at(data, 16, 12).is_some_and(|ones| ones.iter().all(|octet| *octet == 0xff));
    yes_if(tag && ones && data.len() >= 40)
}
