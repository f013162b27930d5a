// SPDX-License-Identifier: Apache-2.0
//! Secure RTCP (RFC 3711 §3.4): the first eight octets of a report in clear, and at the end, before the tag, the bit that
//! says encrypted with a number that rises. Secure RTP looks like RTP and is called so.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "SRTP",
    title: "Secure RTP control",
    category: Category::Media,
    spec: &["RFC 3711"],
    first: First::Within(0x80, 0xbf),
    late: true,
    encrypted: true,
    probe,
    together: Some(together),
    sample: &[
        (
            Side::Src,
            b"\x80\xc8\x00\x06\x54\x9a\xa5\xda\x17\x18\x06\xf5\x16\xd3\xdf\xdc\x57\x63\xe7\xa9\x6f\x48\x99\x2f\xad\x91\xc4\xb7\
            \x80\x00\x00\x01\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a",
        ),
        (
            Side::Src,
            b"\x80\xc8\x00\x06\x54\x9a\xa5\xda\xda\xd3\xfb\x82\x4c\xb6\xb5\xc8\xbb\xf0\xcd\x60\xb5\x32\xad\xc0\x87\xe2\x72\x48\
            \x80\x00\x00\x02\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a",
        ),
    ],
    ..Protocol::DATAGRAM
};

/// Lengths of the tag (RFC 3711 §5.2, RFC 4568 §6.2; AES-GCM of RFC 7714 §9.2 has its tag before the number).
const TAGS: [usize; 3] = [10, 4, 0];
/// Reports come every few seconds: more than so many are not made in the time that is looked at.
const REPORTS: usize = 1 << 16;

/// The numbers that the datagram can have, by the length of its tag.
fn number(data: &[u8], tag: usize) -> Option<usize> {
    let place = data.len().checked_sub(tag + 4)?;
    let word = be32(data, place)?;
    (word >> 31 == 1).then_some(word & 0x7fff_ffff).filter(|number| *number < REPORTS)
}

fn is_report(data: &[u8]) -> bool {
    matches!(data, [0x80..=0xbf, 200 | 201, 0, ..])
        && data.len() >= 24
        && be16(data, 2).is_some_and(|words| words >= 1 && words * 4 + 4 <= data.len())
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    maybe_if(is_report(data) && TAGS.iter().any(|tag| number(data, *tag).is_some()))
}

/// Two reports of one source with numbers that rise.
fn together(heard: &Heard<'_>) -> Verdict {
    let rises = |before: &[u8]| {
        at(before, 4, 4) == at(heard.data, 4, 4)
            && is_report(before)
            && TAGS.iter().any(|tag| match (number(before, *tag), number(heard.data, *tag)) {
                (Some(one), Some(next)) => next > one && next - one < 64,
                _ => false,
            })
    };
    if heard.same().any(rises) { Verdict::Yes } else { Verdict::Maybe }
}
