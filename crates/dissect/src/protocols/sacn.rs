// SPDX-License-Identifier: Apache-2.0
//! Streaming ACN of stage lighting (ANSI E1.17, ANSI E1.31 §4): preamble and name of the root layer.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "sACN",
    title: "Streaming ACN",
    category: Category::IotScada,
    spec: &["ANSI E1.17", "ANSI E1.31"],
    ports: &[5568],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(Side::Src, b"\x00\x10\x00\x00ASC-E1.17\x00\x00\x00\x70\x78\x00\x00\x00\x04")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    yes_if(data.starts_with(b"\x00\x10\x00\x00ASC-E1.17\0\0\0"))
}
