// SPDX-License-Identifier: Apache-2.0
//! ClickHouse's native protocol (ClickHouse documentation, "Native protocol"): the greetings with the names of both
//! ends.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "ClickHouse",
    title: "ClickHouse native protocol",
    category: Category::Database,
    spec: &["ClickHouse documentation, native protocol"],
    ports: &[9000],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(Side::Src, b"\x00\x11ClickHouse client\x16\x03\xb2\xa9\x03\x00\x07default\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match data {
        [0] | [0, _] => Verdict::Maybe,
        [0, length, name @ ..] if (10..64).contains(length) => begins(name, b"ClickHouse"),
        _ => Verdict::No,
    }
}
