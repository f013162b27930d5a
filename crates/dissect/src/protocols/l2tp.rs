// SPDX-License-Identifier: Apache-2.0
//! Control messages of L2TP, versions 2 (RFC 2661 §3.1, §4.1) and 3 (RFC 3931 §3.2.1, §4.1.2.1): a length that is the datagram's, and
//! elements that fill it, the first of which says what the message is. What the tunnel carries is metered where the meter
//! opens it.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "L2TP",
    title: "Layer Two Tunneling Protocol, control",
    category: Category::Vpn,
    spec: &["RFC 2661", "RFC 3931"],
    ports: &[1701],
    first: First::Of(&[0x00, 0xc8]),
    probe,
    sample: &[(
        Side::Src,
        b"\xc8\x02\x00\x1c\x00\x00\x00\x00\x00\x00\x00\x00\x80\x08\x00\x00\x00\x00\x00\x01\x80\x08\x00\x00\x00\x02\x01\x00",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    // Version 3 has four zeros in front where it is carried by UDP.
    let message = data.strip_prefix(&[0; 4]).unwrap_or(data);
    let ([0xc8, 2 | 3, ..], Some(length)) = (message, be16(message, 2)) else { return Verdict::No };
    let elements = message.get(12..).unwrap_or_default();
    let element = |rest: &[u8]| {
        be16(rest, 0).filter(|bits| bits & 0x3c00 == 0).map(|bits| bits & 0x03ff).filter(|length| *length >= 6)
    };
    // A message without elements only acknowledges (RFC 2661 §5.8); the first element says what others are.
    let told = matches!(elements, [0x80, 8, 0, 0, 0, 0, 0, 1..=28])
        || matches!(elements, [0x80, 8, 0, 0, 0, 0, 0, 1..=28, ..]) && fills(elements, 64, element);
    yes_if(length == message.len() && (told || elements.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_the_datagrams() {
        let start = PROTOCOL.sample[0].1;
        assert_eq!(probe(Side::Src, start), Verdict::Yes);
        assert_eq!(probe(Side::Src, &[start, &[0]].concat()), Verdict::No);
        assert_eq!(probe(Side::Src, b"\xc8\x02\x00\x0c\x00\x01\x00\x00\x00\x01\x00\x02"), Verdict::Yes, "acknowledges");
    }
}
