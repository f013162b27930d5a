// SPDX-License-Identifier: Apache-2.0
//! PCP (RFC 6887 §7): version 2, an operation, and the sizes of requests and answers.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "PCP",
    title: "Port Control Protocol",
    category: Category::Network,
    spec: &["RFC 6887"],
    ports: &[5350, 5351],
    first: First::Of(&[0x02]),
    probe,
    sample: &[(Side::Src, b"\x02\x01\x00\x00\x00\x00\x0e\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xc0\x00\x02\x01\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x06\x00\x00\x00\x1f\x90\x1f\x90\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x00\x00")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let size = |operation: u8, length: usize| match operation {
        0 => length == 24,
        1 => length >= 60,
        2 => length >= 80,
        _ => false,
    };
    let fits = data.len().is_multiple_of(4) && data.len() <= 1_100;
    // Mappings are of a protocol that has ports or of all, and three reserved octets follow it (§11.1, §12.1).
    let mapping = |operation: u8| {
        operation == 0 || matches!(data.get(36), Some(0 | 6 | 17 | 33 | 132 | 136)) && zero(data, 37, 3)
    };
    let told = match data {
        // A client is named by its address: of IPv4 inside IPv6, or one that a host can have.
        [2, operation @ 0..=2, 0, 0, ..] => {
            let mapped = zero(data, 8, 10) && be16(data, 18) == Some(0xffff);
            let host = mapped || matches!(data.get(8), Some(0x20..=0x3f | 0xfc..=0xfe));
            size(*operation, data.len()) && within(be32(data, 4), 0, WEEK) && host && mapping(*operation)
        }
        [2, answer @ 0x80..=0x82, 0, 0..=13, ..] => {
            size(answer & 0x7f, data.len()) && zero(data, 12, 12) && !zero(data, 8, 4) && mapping(answer & 0x7f)
        }
        _ => false,
    };
    yes_if(fits && told)
}

/// Seconds; mappings for longer are not asked for.
const WEEK: usize = 604_800;
