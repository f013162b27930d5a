// SPDX-License-Identifier: Apache-2.0
//! UFTP version 4 and later (UFTP protocol specification): version, kind of message, and header lengths in words.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "UFTP",
    title: "UDP-based File Transfer Protocol",
    category: Category::DownloadFt,
    spec: &["UFTP 5 protocol specification"],
    ports: &[1044],
    first: First::Of(&[0x40, 0x50, 0x51]),
    probe,
    sample: &[(Side::Src, b"\x40\x01\x00\x00\x0a\x00\x00\x01\x12\x34\x56\x78\x01\x00\x00\x00\x01\x01\x00\x00")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    // Version, function, sequence, source, group, instance, sizes; then the message repeats its function and its
    // length.
    let function = data.get(1).copied().unwrap_or_default();
    let told = (1..=28).contains(&function)
        && data.get(16) == Some(&function)
        && u8_at(data, 17).is_some_and(|words| words > 0 && 16 + words * 4 <= data.len())
        && !zero(data, 4, 4)
        // Heartbeats and keys between proxies are of no group.
        && (!zero(data, 8, 4) || (14..=17).contains(&function));
    yes_if(told && matches!(data.first(), Some(0x40 | 0x50 | 0x51)) && zero(data, 15, 1))
}
