// SPDX-License-Identifier: Apache-2.0
//! Threema's chat protocol (Threema, "Cryptography Whitepaper", chat protocol): nothing of it is in clear but sizes. A
//! client's hello has 48 octets, the server's 80; after the server's acknowledgement of 32 octets come boxes with their
//! length in two octets in front of them.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Threema",
    title: "Threema chat protocol",
    category: Category::Chat,
    spec: &["Threema Cryptography Whitepaper"],
    ports: &[5222, 443],
    late: true,
    encrypted: true,
    probe,
    together: Some(together),
    sample: &[(Side::Src, CLIENT), (Side::Dst, SERVER), (Side::Src, LOGIN), (Side::Dst, BOXES)],
    ..Protocol::STREAM
};

const CLIENT_HELLO: usize = 48;
const SERVER_HELLO: usize = 80;
const ACKNOWLEDGEMENT: usize = 32;
/// Shortest box: 16 octets of authentication and a payload's header of four.
const BOX: usize = 20;

fn probe(_: Side, data: &[u8]) -> Verdict {
    // Keys and cookies look random: no two octets in a row are zero at their beginning, and not all are text.
    let start = data.get(..16.min(data.len())).unwrap_or_default();
    let random = !start.windows(2).any(|pair| pair == [0, 0]) && (start.len() < 16 || !start.iter().all(u8::is_ascii));
    maybe_if(random && data.len() < 2_048)
}

/// Each side waits for the other's hello, so that its stream has exactly that size when the other answers.
fn together(heard: &Heard<'_>) -> Verdict {
    let (data, other) = (heard.data.len(), heard.other.len());
    match heard.side {
        Side::Src => maybe_if(data <= CLIENT_HELLO && other == 0 || data > CLIENT_HELLO && other >= SERVER_HELLO),
        Side::Dst if data <= SERVER_HELLO => maybe_if(other == CLIENT_HELLO),
        Side::Dst if other < CLIENT_HELLO + 128 => Verdict::No,
        Side::Dst => boxes(heard.data.get(SERVER_HELLO + ACKNOWLEDGEMENT..)),
    }
}

/// Boxes with their lengths, whole.
fn boxes(behind: Option<&[u8]>) -> Verdict {
    match behind {
        None | Some([]) => Verdict::Maybe,
        Some(behind) => {
            let length = |rest: &[u8]| le16(rest, 0).filter(|length| *length >= BOX).map(|length| length + 2);
            match le16(behind, 0) {
                Some(first) if !(BOX..=1_024).contains(&first) => Verdict::No,
                Some(first) if behind.len() < first + 2 => Verdict::Maybe,
                Some(_) => yes_if(fills(behind, 32, length)),
                None => Verdict::Maybe,
            }
        }
    }
}

const CLIENT: &[u8] =
    b"\xc1\x4e\x11\x1b\x4f\x57\xbd\x6e\x6c\xc5\x64\x0e\xb7\xd0\xd3\x98\x5b\x66\x32\xa7\x26\x9d\x90\x82\
    \xff\xab\xac\x9e\xb9\x49\x5b\x1b\xd7\x47\x20\x64\xad\x49\x8b\x52\x89\x5a\x1e\xc5\x40\x22\x8c\xc2";
const SERVER: &[u8] = b"\xe4\x58\xa6\xd7\x7d\xd7\xb7\x14\xfd\xc1\xd6\x84\x7a\xdc\xe3\xa0\xcf\xf6\xbf\xe1\x61\x8d\x64\x43\
    \x2a\x12\xfd\x33\xcc\x78\xf4\xec\x28\x3c\xaf\xaf\x64\xf6\xe0\x11\x58\xd0\xae\xdc\xea\xd6\x13\x51\x66\xd7\x68\x8d\x65\
    \xa4\x60\x49\x03\x31\xbf\xaf\x49\xcb\xa2\xe6\xa0\xab\xf8\x42\x9f\xac\x04\xad\x8b\x33\x01\x2f\x4b\xb3\x24\x93";
const LOGIN: &[u8] = &[0xa5; 144];
const BOXES: &[u8] = b"\x1b\x77\xd4\x02\xb8\x24\x2e\x2c\xdc\xfa\xad\x68\x6d\x92\x8a\xa9\xab\xe4\x0a\x8f\xeb\x1f\x5f\x4d\
    \x0f\xec\x43\x03\xc4\x6b\x52\x12\x14\x00\x87\xc7\xff\x41\x45\xf1\xfa\xf5\xfc\xfc\x91\x2d\xe1\xc8\x10\x87\xfd\x5e\x88\
    \x1c";
