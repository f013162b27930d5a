// SPDX-License-Identifier: Apache-2.0
//! imo's calls (as observed from its clients): keep-alives with a rising number and zeros; messages with their length, seven
//! bits an octet, behind a zero where the server sends them.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "IMO",
    title: "imo calls",
    category: Category::Voip,
    spec: &["imo, keep-alives and framing as observed"],
    first: First::Of(&[0x00, 0x09, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b]),
    encrypted: true,
    probe,
    together: Some(together),
    sample: &[
        (Side::Src, b"\x09\x02\xdc\x9a\x02\x00\x00\x00\x00\x00"),
        (Side::Src, b"\x09\x02\xe8\x9a\x02\x00\x00\x00\x00\x00"),
    ],
    ..Protocol::DATAGRAM
};

/// The number of a keep-alive: of one's own, or of the answer.
fn number(data: &[u8]) -> Option<usize> {
    let place = match (data, data.len()) {
        ([0x09, 0x02, ..], 10) => 2,
        ([0x00, 0x09, 0x03, ..], 11) => 3,
        _ => return None,
    };
    le32(data, place).filter(|number| (1..1 << 28).contains(number) && zero(data, place + 4, 4))
}

/// What a length that fits the datagram stands in: a client's message, or a server's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Framed {
    Client,
    Server,
}

fn framed(data: &[u8]) -> Option<Framed> {
    let long = |high: u8, low: u8| usize::from(high & 0x7f) << 7 | usize::from(low);
    match data {
        [high @ 0x81..=0x8b, low @ ..=0x7f, rest @ ..] if long(*high, *low) == rest.len() => Some(Framed::Client),
        [0, high @ 0x81..=0x8b, low @ ..=0x7f, rest @ ..] if long(*high, *low) == rest.len() => Some(Framed::Server),
        [0, low @ 8..=0x7f, rest @ ..] if usize::from(*low) == rest.len() => Some(Framed::Server),
        _ => None,
    }
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    maybe_if(number(data).is_some() || framed(data).is_some())
}

/// Two keep-alives whose numbers are near each other; or two messages of each side with its kind of lengths, which differ.
fn together(heard: &Heard<'_>) -> Verdict {
    let latest = number(heard.data).unwrap_or_default();
    let others = heard.all().filter_map(|(_, data)| number(data)).filter(|number| number.abs_diff(latest) < 1 << 16);
    let alive = latest > 0 && others.count() >= 2;
    let lengths = |wanted| {
        let mut fitting = heard.all().filter(|(_, data)| framed(data) == Some(wanted)).map(|(_, data)| data.len());
        let first = fitting.next();
        first.is_some() && fitting.any(|length| Some(length) != first)
    };
    if alive || lengths(Framed::Client) && lengths(Framed::Server) { Verdict::Yes } else { Verdict::Maybe }
}

#[cfg(test)]
mod tests {
    use crate::{Classifier, Side};
    use minamo_model::Flow;

    fn label(said: &[(Side, &[u8], usize)]) -> String {
        let (mut flow, mut classifier) = (Flow::default(), Classifier::new(false, 1, 2));
        for (side, head, length) in said {
            let mut data = head.to_vec();
            data.resize(*length, 0xa5);
            classifier.datagram(*side, &data, &mut flow);
        }
        classifier.label(&mut flow);
        flow.core.app.into_owned()
    }

    #[test]
    fn lengths_of_both_sides_tell() {
        let said = |last| {
            [
                (Side::Src, &b"\x82\x47"[..], 329),
                (Side::Dst, b"\x00\x74", 118),
                (Side::Src, b"\x81\x34", 182),
                (Side::Dst, b"\x00\x4e", last),
            ]
        };
        assert_eq!((label(&said(80)).as_str(), label(&said(81)).as_str()), ("IMO", "Unknown"));
    }

    #[test]
    fn what_comes_before_does_no_harm() {
        let said = [
            (Side::Src, &b"\x81\x3c\x0e\x68\x48\xc3"[..], 200),
            (Side::Src, b"\x82\x47\x0d\x00\x00\x5e", 329),
            (Side::Dst, b"\x00\x09\x03\x21\x9a\x02\x00\x00\x00\x00\x00", 11),
            (Side::Dst, b"\x00\x74\x0d\x00\x00\x2d", 118),
            (Side::Src, b"\x89\x46\x1a\x00\x00\x00\x00\x00\x00\x00\x01\x00", 1_224),
        ];
        assert_eq!(label(&said), "IMO");
    }
}
