// SPDX-License-Identifier: Apache-2.0
//! Apache Thrift (Thrift RPC documentation, binary and compact protocol): version, type, and the name of a method; a
//! length may stand in front (framed transport).

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Thrift",
    title: "Apache Thrift",
    category: Category::Rpc,
    spec: &["Thrift binary and compact protocol encoding"],
    ports: &[9090, 9091],
    probe,
    sample: &[(Side::Src, b"\x80\x01\x00\x01\x00\x00\x00\x04ping\x00\x00\x00\x01\x00")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let framed = match be32(data, 0) {
        Some(8..=0x00ff_ffff) => message(data.get(4..).unwrap_or_default()),
        Some(_) => Verdict::No,
        None => maybe_if(data.first() == Some(&0)),
    };
    either(message(data), framed)
}

fn message(data: &[u8]) -> Verdict {
    let (length, name) = match data {
        [0x80, 1, 0, 1..=4, ..] => match be32(data, 4) {
            Some(length) => (length, data.get(8..).unwrap_or_default()),
            None => return Verdict::Maybe,
        },
        // Compact: version 1 and type, sequence number in groups of seven bits, length of the name.
        [0x82, 0x21 | 0x41 | 0x61 | 0x81, rest @ ..] if rest.len() >= 7 => {
            let number = rest.iter().take(5).take_while(|octet| **octet & 0x80 != 0).count() + 1;
            (u8_at(rest, number).unwrap_or_default(), rest.get(number + 1..).unwrap_or_default())
        }
        [] | [0x80] | [0x80, 1] | [0x80, 1, 0] | [0x82] | [0x82, 0x21 | 0x41 | 0x61 | 0x81, ..] => {
            return Verdict::Maybe;
        }
        _ => return Verdict::No,
    };
    let text =
        |name: &[u8]| name.iter().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b':' | b'.'));
    match ((2..=127).contains(&length), name.get(..length)) {
        (false, _) => Verdict::No,
        (true, Some(name)) => yes_if(text(name)),
        (true, None) => maybe_if(text(name)),
    }
}
