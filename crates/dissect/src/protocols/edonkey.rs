// SPDX-License-Identifier: Apache-2.0
//! eDonkey and eMule (eMule protocol specification §6): a packet's marker, length and operation over TCP; operations of
//! datagrams with their sizes.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "eDonkey",
    title: "eDonkey2000",
    category: Category::DownloadFt,
    spec: &["Kulbak and Bickson, The eMule Protocol Specification"],
    ports: &[4661, 4662, 4665, 4672],
    first: First::Of(&[0xe3, 0xe4, 0xc5, 0xd4]),
    probe,
    sample: &[(
        Side::Src,
        b"\xe3\x24\x00\x00\x00\x01\x100123456789abcdef\x01\x02\x03\x04\x36\x12\x01\x00\x00\x00\x03\x01\x00\
        \x11\x3c\x00\x00\x00",
    )],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let length = le32(data, 1).unwrap_or_default();
    let stream = match data {
        // Hello with the size of its hash, or its answer; a login to a server.
        [0xe3, _, _, 0, 0, 0x01, 0x10, ..] | [0xe3, _, _, 0, 0, 0x4c, ..] | [0xc5, _, 0, 0, 0, 0x01 | 0x02, ..] => {
            (20..1_500).contains(&length)
                && (data.len() == 5 + length
                    || data.len() > 5 + length && matches!(data.get(5 + length), Some(0xe3 | 0xc5 | 0xd4)))
        }
        // A server's message, list or identifier.
        [0xe3, _, _, 0, 0, 0x38, text @ ..] => le16(text, 0) == length.checked_sub(3),
        [0xe3, 5 | 9 | 13, 0, 0, 0, 0x40, ..] => true,
        _ => false,
    };
    let datagram = match data {
        [0xe3, 0x96, challenge @ ..] => challenge.len() == 4,
        [0xe3, 0x97, rest @ ..] => rest.len() >= 12 && rest.len() <= 40,
        [0xe3, 0xa2] | [0xe3, 0x9a, ..] if data.len() == 18 => true,
        // Kademlia: bootstrap, hello, request with its count.
        [0xe4, 0x20 | 0x21, count, rest @ ..] => matches!((*count, rest.len()), (2 | 4 | 11, 32)),
        [0xe4, 0x60] | [0xe4, 0x61] => data.len() == 2,
        [0xe4, 0x11 | 0x19, rest @ ..] => rest.len() >= 20 && within(u8_at(rest, 18), 8, 9),
        _ => false,
    };
    if stream || datagram {
        Verdict::Yes
    } else {
        maybe_if(
            matches!(
                data,
                [0xe3 | 0xc5 | 0xd4]
                    | [0xe3 | 0xc5, _]
                    | [0xe3 | 0xc5, _, _]
                    | [0xe3 | 0xc5, _, _, 0]
                    | [0xe3 | 0xc5, _, _, 0, 0]
            ) || matches!(data, [0xe3, _, _, 0, 0, 0x01 | 0x4c, ..]) && data.len() < 5 + length && length < 1_500,
        )
    }
}
