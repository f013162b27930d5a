// SPDX-License-Identifier: Apache-2.0
//! Cassandra's CQL (CQL binary protocol 3 to 5 §2): version, flags, operation and length of the frames that open a
//! connection.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Cassandra",
    title: "Cassandra CQL",
    category: Category::Database,
    spec: &["CQL Binary Protocol v3", "v4", "v5"],
    ports: &[9042],
    first: First::Of(&[0x02, 0x03, 0x04, 0x05, 0x83, 0x84, 0x85, 0xca]),
    probe,
    sample: &[(Side::Src, b"\x04\x00\x00\x00\x05\x00\x00\x00\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    // Between servers another magic opens a connection.
    if data.first() == Some(&0xca) {
        return begins(data, b"\xca\x55\x2d\xfa");
    }
    // What a server supports; the version of the language is always among it.
    if data.first().is_some_and(|version| version & 0x80 != 0) {
        return match data.get(4) {
            // A result in the middle (§4.2.5): as long as it says, of one of five kinds.
            Some(8) => head::<13>(data, |head| {
                be32(head, 5) == data.len().checked_sub(9) && within(be32(head, 9), 1, 5) && head[1] <= 0x1f
            }),
            Some(6) => either(yes_if(contains(data, b"CQL_VERSION")), maybe_if(data.len() < 300)),
            Some(_) => Verdict::No,
            None => Verdict::Maybe,
        };
    }
    // Versions 1 and 2 have a stream number of one octet.
    let (width, number) = match data.first() {
        Some(1 | 2) => (8, 2),
        _ => (9, 3),
    };
    let Some(header) = data.get(..width) else { return maybe_if(within(u8_at(data, 0), 2, 5)) };
    let told = match u8_at(header, number + 1) {
        Some(5) => be32(header, number + 2) == Some(0) && data.len() == width,
        // A map of strings: the version of the language is always among them.
        Some(1) => contains(data, b"CQL_VERSION"),
        Some(7) => {
            within(be32(header, number + 2), 10, 65_536)
                && within(be32(data, width), 1, 65_536)
                && data.get(width + 4).is_some_and(|first| first.is_ascii_alphabetic())
                && be16(header, 2).is_some()
        }
        // To prepare a text, and to run what was prepared by its name.
        Some(9 | 10) if width == 9 => {
            let name = if header.get(4) == Some(&9) { be32(data, 9) } else { be16(data, 9) };
            be32(header, 5) == data.len().checked_sub(9) && within(name, 1, data.len())
        }
        _ => false,
    };
    yes_if(told && within(u8_at(header, 0), 2, 5) && within(u8_at(header, 1), 0, 0x1f))
}
