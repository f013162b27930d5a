// SPDX-License-Identifier: Apache-2.0
//! Memcached (protocol.txt): commands and answers in text, over datagrams behind a frame of eight octets; the binary
//! protocol by its magic, operation and lengths.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Memcached",
    title: "Memcached",
    category: Category::Network,
    spec: &["memcached protocol.txt", "memcached binary protocol"],
    ports: &[11211],
    probe,
    sample: &[(Side::Src, b"get some_key\r\n"), (Side::Dst, b"VALUE some_key 0 2\r\nhi\r\nEND\r\n")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match data {
        // Request, sequence, at least one datagram, reserved.
        [_, _, 0, _, 0, 1..=64, 0, 0, rest @ ..] if text(rest) == Verdict::Yes => Verdict::Yes,
        [0x80 | 0x81, 0..=0x3f, ..] => head::<24>(data, |header| binary(header, data.len())),
        _ => text(data),
    }
}

/// Request or answer: a body that key and extras fit into and that ends with the input.
fn binary(header: &[u8; 24], length: usize) -> bool {
    let (key, extras) = (be16(header, 2).unwrap_or_default(), usize::from(header[4]));
    let body = be32(header, 8).unwrap_or(usize::MAX);
    let form = match (header[0], header[1]) {
        (0x80, 0x00 | 0x04 | 0x09 | 0x0c | 0x0d) => key > 0 && extras == 0 && body == key,
        (0x80, 0x01..=0x03) => key > 0 && extras == 8 && body >= key + 8,
        (0x80, 0x05 | 0x06) => key > 0 && extras == 20 && body == key + 20,
        (0x80, 0x20..=0x22) => key > 0 && extras == 0 && body >= key,
        (0x81, 0x00 | 0x09 | 0x0c | 0x0d) => extras == 4 && body > key + 4 && header[7] == 0,
        (0x81, 0x00..=0x22) => key == 0 && extras == 0 && body > 0 && header[7] < 0x87,
        _ => false,
    };
    form && key <= 250 && header[5] == 0 && header[6] == 0 && length == body.saturating_add(24)
}

fn text(data: &[u8]) -> Verdict {
    if begins_with_any(data, WORDS) == Verdict::No {
        return Verdict::No;
    }
    first_line(data, 300, |line| {
        let mut words = line.split(|octet| *octet == b' ');
        let command = words.next().unwrap_or_default();
        let numbers =
            words.clone().skip(1).take(3).filter(|word| !word.is_empty() && word.iter().all(u8::is_ascii_digit));
        match command {
            b"get" | b"gets" => words.clone().count() >= 1 && words.all(graphic) && !contains(line, b"/"),
            b"set" | b"add" | b"replace" | b"append" | b"prepend" | b"cas" => numbers.count() == 3,
            b"incr" | b"decr" | b"touch" => numbers.count() == 1 && matches!(words.count(), 2 | 3),
            b"gat" | b"gats" => {
                words.next().is_some_and(|time| time.iter().all(u8::is_ascii_digit)) && words.count() >= 1
            }
            b"delete" => matches!(words.clone().count(), 1 | 2) && words.all(graphic) && !contains(line, b"/"),
            b"VALUE" => numbers.count() >= 2,
            b"STAT" => words.count() >= 2 && !contains(line, b":"),
            b"stats" | b"flush_all" => words.next().is_none_or(|word| word.iter().all(u8::is_ascii_alphanumeric)),
            b"STORED" | b"NOT_STORED" => words.next().is_none(),
            _ => false,
        }
    })
}

const WORDS: &[&[u8]] = &[
    b"get ",
    b"gets ",
    b"set ",
    b"add ",
    b"replace ",
    b"append ",
    b"prepend ",
    b"cas ",
    b"incr ",
    b"decr ",
    b"touch ",
    b"gat ",
    b"gats ",
    b"delete ",
    b"VALUE ",
    b"STAT ",
    b"stats",
    b"flush_all",
    b"STORED\r\n",
    b"NOT_STORED\r\n",
];
