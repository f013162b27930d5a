// SPDX-License-Identifier: Apache-2.0
//! BMP (RFC 7854 §4.1): version 3, the length of a message, its type, and what that type begins with.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "BMP",
    title: "BGP Monitoring Protocol",
    category: Category::Network,
    spec: &["RFC 7854", "RFC 8671", "RFC 9069"],
    ports: &[1790, 5000, 11019],
    first: First::Of(&[0x03]),
    probe,
    sample: &[(Side::Src, b"\x03\x00\x00\x00\x12\x04\x00\x01\x00\x04test\x00\x02\x00\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.get(1).is_some_and(|high| *high != 0) {
        return Verdict::No;
    }
    head::<10>(data, |head| {
        let length = be32(head, 1).unwrap_or_default();
        let told = match head[5] {
            // Of a peer: kinds and flags that there are (§4.2, RFC 9069 §4.1).
            0..=3 | 6 => length > 48 && head[6] <= 3 && head[7] & 0x0f == 0,
            // Texts about the router, or about the end (§4.3, §4.5).
            4 | 5 => length >= 10 && within(be16(head, 6), 0, 4) && within(be16(head, 8), 0, length - 10),
            _ => false,
        };
        told && length <= 1 << 20
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_of_a_peer_are_told() {
        let mut monitoring = b"\x03\x00\x00\x00\x6f\x00\x00\x80\x00\x00\x00\x00".to_vec();
        assert_eq!(probe(Side::Src, &monitoring), Verdict::Yes);
        monitoring[7] = 0x0f;
        assert_eq!(probe(Side::Src, &monitoring), Verdict::No);
        assert_eq!(probe(Side::Src, b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00"), Verdict::No, "TPKT");
    }
}
