// SPDX-License-Identifier: Apache-2.0
//! AFP over TCP (Apple Filing Protocol Reference, DSI): header with flag, command, number, length and a zero reserve.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "AFP",
    title: "Apple Filing Protocol",
    category: Category::DataTransfer,
    spec: &["Apple Filing Protocol Reference"],
    ports: &[548],
    first: First::Of(&[0x00, 0x01]),
    probe,
    sample: &[(Side::Src, b"\x00\x04\x00\x01\x00\x00\x00\x00\x00\x00\x00\x06\x00\x00\x00\x00\x00\x04\x00\x00\x04\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let Some(header) = data.first_chunk::<16>() else {
        return maybe_if(matches!(data, [0 | 1] | [0 | 1, 1..=8, ..]));
    };
    let length = be32(header, 8).unwrap_or(usize::MAX);
    let told = match header[..2] {
        // Of questions offset, of answers result; a session is opened with an option, its status asked without.
        [0, 3] => length <= 2 && zero(header, 4, 4),
        [0, 4] => length == 6 && zero(header, 4, 4) && matches!(data.get(16..), Some([] | [0 | 1] | [0 | 1, 4, ..])),
        [1, 3] => (32..=4_096).contains(&length) && zero(header, 4, 4),
        [1, 4] => {
            (6..=32).contains(&length)
                && zero(header, 4, 4)
                && matches!(data.get(16..), Some([] | [0..=2] | [0..=2, 4, ..]))
        }
        // Keep alive, what the other side should know, answers in the middle: done, or an error below zero.
        [0, 5] => length == 0 && zero(header, 4, 4) && data.len() == 16,
        [0, 8] => length == 2 && zero(header, 4, 4),
        [1, 2] => data.len() == 16 + length && (zero(header, 4, 4) || header[4..6] == [0xff, 0xff]),
        [0, 2] => (2..=65_536).contains(&length) && zero(header, 4, 4) && data.len() == 16 + length,
        _ => false,
    };
    yes_if(
        told && zero(header, 12, 4)
            && be16(header, 2).is_some_and(|number| header[1] == 3 || number > 0)
            && data.len() <= 16 + length,
    )
}
