// SPDX-License-Identifier: Apache-2.0
//! Raft as Canonical's library speaks it (C-Raft, network protocol): words of eight octets, the lowest octet first. The
//! server that connects says version 1, its number and its address; then messages with type and length.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Raft",
    title: "C-Raft",
    category: Category::Network,
    spec: &["Canonical raft, network protocol"],
    ports: &[9001],
    first: First::Within(0x01, 0x06),
    probe,
    sample: &[(
        Side::Src,
        b"\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00\
        127.0.0.1:9001\x00\x00",
    )],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.get(1..data.len().min(8)).is_some_and(|rest| rest.iter().any(|octet| *octet != 0)) {
        return Verdict::No;
    }
    if data.len() > 16 && is_message(data) {
        return Verdict::Yes;
    }
    if data.first() != Some(&1) {
        return maybe_if(data.len() <= 16);
    }
    head::<26>(data, |head| {
        let address = head[24].is_ascii_graphic() && head[25].is_ascii_graphic();
        let padded = head[16] % 8 == 0 && (8..=128).contains(&head[16]);
        zero(head, 17, 7) && padded && !zero(head, 8, 8) && address
    })
}

/// Appended entries, a vote, a snapshot, their results, or the request to vote now: words that end the segment.
fn is_message(data: &[u8]) -> bool {
    let length = data.len() - 16;
    matches!(data.first(), Some(1..=6))
        && le32(data, 8) == Some(length)
        && zero(data, 12, 4)
        && length.is_multiple_of(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_in_the_middle_of_a_connection() {
        let result =
            b"\x02\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\
            \x00\x00\x00\x00\x00\x00\x00\x00";
        assert_eq!(probe(Side::Dst, result), Verdict::Yes);
        assert_eq!(probe(Side::Dst, &result[..31]), Verdict::No, "its length does not fit");
        assert_eq!(probe(Side::Dst, &result[..9]), Verdict::Maybe);
    }
}
