// SPDX-License-Identifier: Apache-2.0
//! IEC 60870-5-104 (§5): APDUs with their start and length one behind the other, each with control fields that exist.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "IEC60870",
    title: "IEC 60870-5-104",
    category: Category::IotScada,
    spec: &["IEC 60870-5-104"],
    ports: &[2404],
    first: First::Of(&[0x68]),
    probe,
    sample: &[(Side::Src, b"\x68\x04\x07\x00\x00\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let unit = |rest: &[u8]| {
        let told = match rest {
            // Unnumbered: start, stop, test, one of them.
            [0x68, 4, 0x07 | 0x0b | 0x13 | 0x23 | 0x43 | 0x83, 0, 0, 0, ..] => true,
            [0x68, 4, 1, 0, sequence, _, ..] => sequence & 1 == 0,
            // Information: type, count, cause of transmission.
            [0x68, length @ 10..=253, send, _, receive, _, kind, count, cause, ..] => {
                send & 1 == 0
                    && receive & 1 == 0
                    && matches!(kind, 1..=21 | 30..=40 | 45..=51 | 58..=64 | 70 | 100..=107 | 110..=113 | 120..=127)
                    && *count > 0
                    && matches!(cause & 0x3f, 1..=13 | 20..=41 | 44..=47)
                    && *length > 9
            }
            _ => false,
        };
        told.then_some(2 + u8_at(rest, 1)?)
    };
    if fills(data, 64, unit) {
        return Verdict::Yes;
    }
    // The last one may be cut; one whole in front of it is enough.
    let first = unit(data);
    match first.and_then(|length| data.get(length..)) {
        Some(rest) if rest.first() == Some(&0x68) => Verdict::Yes,
        Some(_) => Verdict::No,
        None => maybe_if(data.len() < 9 && matches!(data, [0x68] | [0x68, 4..=253, ..]) || first.is_some()),
    }
}
