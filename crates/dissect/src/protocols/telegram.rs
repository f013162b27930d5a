// SPDX-License-Identifier: Apache-2.0
//! Telegram's MTProto over TCP (core.telegram.org, "MTProto transports"): the tags of the plain transports with the
//! first message, which has no key yet. The obfuscated transport looks random and is not recognised.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Telegram",
    title: "Telegram MTProto",
    category: Category::Chat,
    spec: &["Telegram, MTProto transports"],
    ports: &[80, 443, 5222],
    first: First::Of(&[0xef, 0xee, 0xdd]),
    encrypted: true,
    probe,
    sample: &[(
        Side::Src,
        b"\xef\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x14\x00\x00\x00\xf1\x8e\
        \x7e\xbe",
    )],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let message = match data {
        [0xef, 1..=0x7e, rest @ ..] => rest,
        [0xee, 0xee, 0xee, 0xee, _, _, 0, 0, rest @ ..] | [0xdd, 0xdd, 0xdd, 0xdd, _, _, 0, 0, rest @ ..] => rest,
        [0xef] => return Verdict::Maybe,
        [first @ (0xee | 0xdd), rest @ ..] => {
            return maybe_if(rest.len() < 7 && rest.iter().take(3).all(|octet| octet == first));
        }
        _ => return Verdict::No,
    };
    // Key 0, the message's number, and the length of what it holds.
    match message.len() {
        0..20 => maybe_if(message.iter().take(8).all(|octet| *octet == 0)),
        _ => yes_if(zero(message, 0, 8) && within(le32(message, 16), 8, 1_024)),
    }
}
