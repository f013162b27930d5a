// SPDX-License-Identifier: Apache-2.0
//! Bitcoin's peers (Bitcoin developer reference, "Message headers"): the network's magic and a command in text,
//! filled up with zeros. Coins with the same form have the same label.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "BITCOIN",
    title: "Bitcoin peer to peer",
    category: Category::CryptoCurrency,
    spec: &["Bitcoin developer reference"],
    ports: &[8333, 18333],
    first: First::Of(&[0xf9, 0x0b, 0xfa, 0xfb, 0xc0, 0xe3, 0xbf]),
    probe,
    sample: &[(Side::Src, b"\xf9\xbe\xb4\xd9version\x00\x00\x00\x00\x00\x66\x00\x00\x00\x00\x00\x00\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let magic = begins_with_any(
        data,
        &[
            b"\xf9\xbe\xb4\xd9",
            b"\x0b\x11\x09\x07",
            b"\xfa\xbf\xb5\xda",
            b"\xfb\xc0\xb6\xdb",
            b"\xc0\xc0\xc0\xc0",
            b"\xe3\xe1\xf3\xe8",
            b"\xbf\x0c\x6b\xbd",
        ],
    );
    if magic != Verdict::Yes {
        return magic;
    }
    head::<20>(data, |head| {
        let letters =
            head[4..16].iter().take_while(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit()).count();
        letters >= 2 && head[4 + letters..16].iter().all(|octet| *octet == 0) && within(le32(head, 16), 0, 1 << 25)
    })
}
