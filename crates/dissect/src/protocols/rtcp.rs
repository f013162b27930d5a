// SPDX-License-Identifier: Apache-2.0
//! RTCP (RFC 3550 §6.1): reports that fill the datagram, the first of them a sender's or receiver's, or one that may stand
//! alone (RFC 5506).

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "RTCP",
    title: "RTP Control Protocol",
    category: Category::Voip,
    spec: &["RFC 3550", "RFC 4585", "RFC 3611", "RFC 5506"],
    first: First::Within(0x80, 0x9f),
    probe,
    sample: &[(Side::Src, b"\x80\xc9\x00\x01\x11\x22\x33\x44\x81\xca\x00\x03\x11\x22\x33\x44\x01\x04user\x00\x00")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let report = |rest: &[u8]| {
        let known = rest.first()? >> 6 == 2 && (200..=207).contains(rest.get(1)?);
        known.then_some(4 + be16(rest, 2)? * 4)
    };
    // The number of reports and the first length must agree; what a profile adds is rare (§6.4.3).
    let blocks = data.first().map_or(0, |first| usize::from(first & 0x1f)) * 6;
    let first = match data.get(1) {
        Some(200) => be16(data, 2) == Some(6 + blocks),
        Some(201) => be16(data, 2) == Some(1 + blocks),
        // Who speaks, that somebody goes, what an application has.
        Some(202) => blocks == 6 && data.get(8) == Some(&1) && data.get(10).is_some_and(|first| *first >= b' '),
        Some(203) => blocks == 6 && (be16(data, 2) == Some(1) || within(u8_at(data, 8), 1, 64)),
        Some(204) => at(data, 8, 4).is_some_and(graphic),
        // Feedback alone (RFC 5506 §3.4): its format, and both sources.
        Some(205 | 206) => data.len() >= 12 && data.first().is_some_and(|first| first & 0x1f > 0),
        _ => false,
    };
    yes_if(first && within(u8_at(data, 0), 0x80, 0x9f) && fills(data, 16, report) && !zero(data, 4, 4))
}
