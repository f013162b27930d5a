// SPDX-License-Identifier: Apache-2.0
//! RTP over streams (RFC 4571 §2): packets with their length in front, of one source and with numbers that follow one another.

use super::rtp;
use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "RTP",
    title: "Real-time Transport Protocol over a stream",
    category: Category::Media,
    spec: &["RFC 4571", "RFC 3550"],
    first: First::Within(0x00, 0x06),
    late: true,
    probe,
    sample: &[(
        Side::Src,
        b"\x00\x10\x80\x00\x00\x01\x00\x00\x00\xa0\x11\x22\x33\x44\xd5\xd5\xd5\xd5\
        \x00\x10\x80\x00\x00\x02\x00\x00\x01\x40\x11\x22\x33\x44\xd5\xd5\xd5\xd5",
    )],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let Some(length) = be16(data, 0) else { return Verdict::Maybe };
    let first = at(data, 2, length);
    match (first, data.get(2 + length..)) {
        _ if data.get(2).is_some_and(|version| version >> 6 != 2) || !(12..=1_500).contains(&length) => Verdict::No,
        (Some(first), Some(behind)) => {
            match (rtp::header(first), be16(behind, 0).and_then(|length| at(behind, 2, length))) {
                (Some(one), Some(next)) => yes_if(rtp::header(next).is_some_and(|next| rtp::follows(one, next))),
                (Some(_), None) => maybe_if(data.len() < 3_600),
                (None, _) => Verdict::No,
            }
        }
        _ => Verdict::Maybe,
    }
}
