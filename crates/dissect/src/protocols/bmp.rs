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

/// Octets of the common header and of the one of a peer (§4.1, §4.2).
const PEER: usize = 48;

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.get(1).is_some_and(|high| *high != 0) {
        return Verdict::No;
    }
    let Some(head) = data.first_chunk::<10>() else { return maybe_if(data.get(5).is_none_or(|kind| *kind <= 6)) };
    let length = be32(head, 1).unwrap_or_default();
    let of_peer = (PEER..1 << 20).contains(&length) && head[6] <= 3 && head[7] & 0x0f == 0;
    // A message of BGP stands in routes behind the headers, and in news of a peer behind addresses and ports, too.
    let marker = |place: usize| match data.get(place..data.len().min(place + 16)) {
        Some(marker) if marker.iter().any(|octet| *octet != 0xff) => Verdict::No,
        Some(marker) if marker.len() == 16 => Verdict::Yes,
        _ => Verdict::Maybe,
    };
    match head[5] {
        0 if of_peer => marker(PEER),
        3 if of_peer => marker(PEER + 20),
        // Counters: how many, and the first one's number and size (§4.8).
        1 if of_peer => match data.get(PEER..PEER + 8) {
            Some(counters) => yes_if(
                within(be32(counters, 0), 1, 64)
                    && within(be16(counters, 4), 0, 40)
                    && matches!(be16(counters, 6), Some(4 | 8 | 11)),
            ),
            None => Verdict::Maybe,
        },
        // Texts about the router, or about the end (§4.3, §4.5): the first fits into the message.
        4 | 5 => {
            let fits =
                (11..4_096).contains(&length) && within(be16(head, 6), 0, 4) && within(be16(head, 8), 1, length - 10);
            match data.get(10) {
                Some(text) => yes_if(fits && (head[5] == 5 || *text >= b' ')),
                None => maybe_if(fits),
            }
        }
        _ => Verdict::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_of_a_peer_have_a_message_of_bgp() {
        let mut monitoring = b"\x03\x00\x00\x00\x6f\x00\x00\x80\x00\x00".to_vec();
        assert_eq!(probe(Side::Src, &monitoring), Verdict::Maybe);
        monitoring.resize(PEER, 7);
        monitoring.extend([0xff; 16]);
        assert_eq!(probe(Side::Src, &monitoring), Verdict::Yes);
        monitoring[50] = 0;
        assert_eq!(probe(Side::Src, &monitoring), Verdict::No);
        assert_eq!(probe(Side::Src, b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00"), Verdict::No, "TPKT");
    }
}
