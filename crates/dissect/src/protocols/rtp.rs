// SPDX-License-Identifier: Apache-2.0
//! RTP (RFC 3550 §5.1): version 2 alone is no proof. Datagrams of one side must share source and payload type, and
//! their numbers must follow one another. Secured media (RFC 3711) have the same header and the same label.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "RTP",
    title: "Real-time Transport Protocol",
    category: Category::Media,
    spec: &["RFC 3550", "RFC 3551", "RFC 3711"],
    first: First::Within(0x80, 0xbf),
    late: true,
    probe,
    together: Some(together),
    sample: &[
        (Side::Src, b"\x80\x00\x00\x01\x00\x00\x00\xa0\x11\x22\x33\x44\xd5\xd5\xd5\xd5"),
        (Side::Src, b"\x80\x00\x00\x02\x00\x00\x01\x40\x11\x22\x33\x44\xd5\xd5\xd5\xd5"),
        (Side::Src, b"\x80\x00\x00\x03\x00\x00\x01\xe0\x11\x22\x33\x44\xd5\xd5\xd5\xd5"),
    ],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    maybe_if(header(data).is_some_and(|header| header.3 != 0))
}

/// Payload type, number, time and source.
pub(super) type Header = (u8, u16, usize, usize);

/// The header of a packet that is long enough for what it announces.
pub(super) fn header(data: &[u8]) -> Option<Header> {
    let (first, second) = (*data.first()?, *data.get(1)?);
    let contributors = usize::from(first & 0x0f);
    let extended = if first & 0x10 == 0 { 0 } else { 4 + be16(data, 14 + contributors * 4)? * 4 };
    let kind = second & 0x7f;
    let known = matches!(kind, 0..=34 | 77..=127);
    let fits = first >> 6 == 2 && data.len() >= 12 + contributors * 4 + extended;
    let source = be32(data, 8)?;
    (known && fits).then_some((kind, u16::try_from(be16(data, 2)?).ok()?, be32(data, 4)?, source))
}

/// Whether two packets are neighbours: one source, numbers that are near, time that does not go back.
pub(super) fn follows(one: Header, next: Header) -> bool {
    let near = (1..=64).contains(&next.1.wrapping_sub(one.1));
    let later = next.2.wrapping_sub(one.2) & 0xffff_ffff;
    one.3 == next.3 && near && later < 1 << 20 && one.2 != 0
}

fn together(heard: &Heard<'_>) -> Verdict {
    let (mut before, mut follow) = (None, 0);
    for next in heard.same().filter_map(header) {
        follow += usize::from(before.is_some_and(|one| follows(one, next)));
        before = Some(next);
    }
    if follow >= 2 { Verdict::Yes } else { Verdict::Maybe }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Classifier;
    use minamo_model::Flow;

    fn label(sources: [u8; 3], numbers: [u8; 3]) -> String {
        let (mut flow, mut classifier) = (Flow::default(), Classifier::new(false, 1, 2));
        for (source, number) in sources.into_iter().zip(numbers) {
            let mut data = PROTOCOL.sample[0].1.to_vec();
            (data[3], data[11]) = (number, source);
            classifier.datagram(Side::Src, &data, &mut flow);
        }
        classifier.label(&mut flow);
        flow.core.app.into_owned()
    }

    #[test]
    fn one_source_with_numbers_that_follow_is_media() {
        assert_eq!(label([1, 1, 1], [1, 2, 4]), "RTP");
        assert_eq!(label([1, 2, 3], [1, 2, 3]), "Unknown");
        assert_eq!(label([1, 1, 1], [200, 90, 3]), "Unknown");
    }
}
