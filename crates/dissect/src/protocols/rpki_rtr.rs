// SPDX-License-Identifier: Apache-2.0
//! RPKI to Router (RFC 8210 §5): routers ask a cache which autonomous systems may announce a prefix. Told by kinds of messages with
//! their lengths.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "RPKI-RTR",
    title: "RPKI to Router Protocol",
    category: Category::Network,
    spec: &["RFC 8210", "RFC 6810"],
    ports: &[323, 8282],
    first: First::Within(0, 2),
    probe,
    sample: &[
        (Side::Src, b"\x01\x02\x00\x00\x00\x00\x00\x08"),
        (Side::Dst, b"\x01\x03\x12\x34\x00\x00\x00\x08\x01\x04\x00\x00\x00\x00\x00\x14\x01\x18\x18\x00\xc0\x00\x02\x00\x00\x00\xfd\xe8"),
    ],
    ..Protocol::STREAM
};

/// Length of a message by its kind, where the header says the same.
fn length(data: &[u8]) -> Option<usize> {
    let length = be32(data, 4)?;
    let fits = match data.get(1)? {
        0 | 1 => length == 12,
        2 | 8 => length == 8 && zero(data, 2, 2),
        3 => length == 8,
        4 => length == 20 && zero(data, 2, 2),
        6 => length == 32 && zero(data, 2, 2),
        7 => matches!(length, 12 | 24),
        9 => (32..=4_096).contains(&length),
        10 => (16..=4_096).contains(&length),
        _ => false,
    };
    fits.then_some(length)
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.len() < 8 {
        // All but the session's number is in the header.
        let possible = data.get(1).is_none_or(|kind| *kind <= 10)
            && data.get(4..).is_none_or(|rest| rest.iter().take(2).all(|octet| *octet == 0));
        return maybe_if(possible);
    }
    let Some(first) = length(data) else { return Verdict::No };
    // The question for everything has no choice in it; others are proven by the message that follows.
    let asks = matches!(data, [0..=2, 2, 0, 0, 0, 0, 0, 8]);
    match data.get(first..) {
        _ if asks => Verdict::Yes,
        Some(next @ [version, ..]) if next.len() >= 8 => {
            yes_if(Some(version) == data.first() && length(next).is_some())
        }
        _ => maybe_if(data.len() < 64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_the_kind() {
        for (_, message) in PROTOCOL.sample {
            assert_eq!(probe(Side::Src, message), Verdict::Yes);
            let mut other = message.to_vec();
            other[7] = 9;
            assert_eq!(probe(Side::Src, &other), Verdict::No);
        }
    }
}
