// SPDX-License-Identifier: Apache-2.0
//! LSP ping (RFC 8029 §3): echo requests and replies that test paths of MPLS. Told by the header's numbers and the elements behind it.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "LSP_Ping",
    title: "MPLS echo (LSP ping)",
    category: Category::Network,
    spec: &["RFC 8029"],
    ports: &[3503],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(
        Side::Src,
        b"\x00\x01\x00\x00\x01\x02\x00\x00\x00\x00\x00\x07\x00\x00\x00\x01\xe8\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x01\x00\x0c\x00\x01\x00\x05\xc0\x00\x02\x01\x20\x00\x00\x00",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    // Version, flags, kind, how to reply, code and subcode; handle, number and two times; elements of type and length.
    let [0, 1, 0, 0..=7, 1 | 2, 1..=5, 0..=35, 0..=16, ..] = data else { return Verdict::No };
    let element = |rest: &[u8]| Some(4 + be16(rest, 2)?.next_multiple_of(4)).filter(|_| within(be16(rest, 0), 1, 28));
    // A reply may have no elements: then both clocks must agree.
    let alone = data.len() == 32
        && data.get(4) == Some(&2)
        && be32(data, 16).zip(be32(data, 24)).is_some_and(|(sent, came)| sent.abs_diff(came) < 3_600);
    let elements = data.get(32..).is_some_and(|elements| fills(elements, 32, element));
    yes_if((elements || alone) && !zero(data, 16, 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_fill_the_datagram() {
        let mut data = PROTOCOL.sample[0].1.to_vec();
        assert_eq!(probe(Side::Src, &data), Verdict::Yes);
        assert_eq!(probe(Side::Src, &data[..32]), Verdict::No);
        (data[4], data[24]) = (2, 0xe8);
        assert_eq!(probe(Side::Dst, &data[..32]), Verdict::Yes, "a reply whose clock agrees");
        data.push(0);
        assert_eq!(probe(Side::Src, &data), Verdict::No);
    }
}
