// SPDX-License-Identifier: Apache-2.0
//! Ethereum's discovery (devp2p, discv4 "Wire Protocol"): hash, signature with its recovery number, type of a packet,
//! and a list in RLP that ends the datagram or has its signature's room. Over TCP the handshake of RLPx ("Initial
//! Handshake", EIP-8): of both sides a size, and a point of the curve that is not compressed.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "ETHEREUM",
    title: "Ethereum node discovery",
    category: Category::CryptoCurrency,
    spec: &["devp2p, discv4"],
    ports: &[30303, 30304, 30305],
    probe,
    sample: &[(
        Side::Src,
        b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\
        \x00\x01\xdc\x04\xcb\x84\x0a\x00\x00\x01\x82\x76\x5f\x82\x76\x5f\xc9\x84\x0a\x00\x00\x02\x82\x76\
        \x5f\x80\x84\x5f\x00\x00\x00",
    )],
    ..Protocol::DATAGRAM
};

/// The registry's row of connections between nodes.
pub(super) static RLPX: Protocol = Protocol {
    name: "ETHEREUM",
    title: "Ethereum RLPx",
    category: Category::CryptoCurrency,
    spec: &["devp2p, RLPx", "EIP-8"],
    ports: &[30303, 30304, 30305],
    first: First::Within(0, 4),
    encrypted: true,
    probe: |_, data| maybe_if(greets(data)),
    together: Some(together),
    on_port: Some(|_, data| is_whole(data)),
    sample: &[(Side::Src, &GREETING), (Side::Dst, &GREETING)],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let body = data.get(98..).unwrap_or_default();
    let length = match body {
        [short @ 0xc2..=0xf7, ..] => 1 + usize::from(short - 0xc0),
        [0xf8, length, ..] if *length >= 56 => 2 + usize::from(*length),
        [0xf9, 1..=5, ..] => 3 + be16(body, 1).unwrap_or_default(),
        _ => return Verdict::No,
    };
    let first = |one: Option<&u8>| match data.get(97) {
        // Version 4, an integer, or the hash of what is answered.
        Some(1) => matches!(one, Some(3..=5 | 0x80)),
        Some(2) => matches!(one, Some(0xc9..=0xd8)),
        Some(3) => matches!(one, Some(0xb8)),
        Some(4) => matches!(one, Some(0xc0..=0xf9)),
        Some(5) => matches!(one, Some(0x84..=0x88)),
        Some(6) => matches!(one, Some(0xa0)),
        _ => false,
    };
    let front = match body.first() {
        Some(0xf8) => 2,
        Some(0xf9) => 3,
        _ => 1,
    };
    yes_if(data.get(96).is_some_and(|recovery| *recovery < 2) && first(body.get(front)) && length == body.len())
}

/// A first message of RLPx, as far as it is there: of a size with room for keys and padding, and whole. Before EIP-8 it
/// had one of two sizes and began with the point.
fn greets(data: &[u8]) -> bool {
    if data.first() == Some(&4) {
        return data.len() <= BEFORE[0];
    }
    let size = be16(data, 0).unwrap_or(300);
    (194..=600).contains(&size) && data.len() <= 2 + size && data.get(2).is_none_or(|form| *form == 4)
}

/// Octets of the request and of its answer before EIP-8.
const BEFORE: [usize; 2] = [307, 210];

fn is_whole(data: &[u8]) -> bool {
    let new = greets(data) && be16(data, 0).is_some_and(|size| data.len() == 2 + size);
    new || data.first() == Some(&4) && BEFORE.contains(&data.len())
}

/// Both sides have said theirs.
fn together(heard: &Heard<'_>) -> Verdict {
    let same_form = (heard.data.first() == Some(&4)) == (heard.other.first() == Some(&4));
    if same_form && is_whole(heard.data) && is_whole(heard.other) { Verdict::Yes } else { Verdict::Maybe }
}

const GREETING: [u8; 302] = {
    let mut greeting = [0xa7; 302];
    (greeting[0], greeting[1], greeting[2]) = (1, 44, 4);
    greeting
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Classifier, Input};
    use minamo_model::Flow;

    #[test]
    fn the_handshake_takes_both_sides() {
        let message = |size: u16| {
            let mut message = size.to_be_bytes().to_vec();
            message.push(4);
            message.resize(usize::from(size) + 2, 0xa7);
            message
        };
        let label = |answer: u16| {
            let (mut flow, mut classifier) = (Flow::default(), Classifier::new(true, 1, 2));
            for piece in message(420).chunks(100) {
                classifier.stream(Side::Src, Input::Data(piece), &mut flow);
            }
            classifier.stream(Side::Dst, Input::Data(&message(answer)), &mut flow);
            classifier.label(&mut flow);
            flow.core.app.into_owned()
        };
        assert_eq!(label(380), "ETHEREUM");
        assert_eq!(label(900), "Unknown");
    }
}
