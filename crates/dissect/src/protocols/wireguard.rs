// SPDX-License-Identifier: Apache-2.0
//! WireGuard (whitepaper §5.4): four message types of fixed form. Handshakes are claimed; data alone has too few fixed
//! octets to be. Nothing of the content is visible.

use minamo_model::Flow;

use crate::{Category, Dissector, First, Heard, Input, Protocol, Side, Step, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "WireGuard",
    title: "WireGuard",
    category: Category::Vpn,
    spec: &["WireGuard: Next Generation Kernel Network Tunnel, §5.4"],
    ports: &[51820],
    encrypted: true,
    max_state: 64,
    probe,
    together: Some(together),
    start: |_| Box::new(WireGuard),
    sample: &[(Side::Src, &SAMPLE)],
    ..Protocol::DATAGRAM
};

/// The registry's row of Cloudflare's WARP: WireGuard with the client's number in the octets that are reserved there, and in
/// newer clients two bits more in the first. Told by its data.
pub(super) static WARP: Protocol = Protocol {
    name: "CloudflareWarp",
    title: "Cloudflare WARP",
    category: Category::Vpn,
    spec: &["WireGuard: Next Generation Kernel Network Tunnel, §5.4", "Cloudflare WARP, headers as observed"],
    ports: &[500, 1701, 2408, 4500],
    first: First::Of(&[0x04, 0xc4]),
    encrypted: true,
    probe: |_, data| if warped(data).is_some() { Verdict::Maybe } else { Verdict::No },
    together: Some(|heard| follows(heard, warped)),
    sample: &[(Side::Src, &WARPED[0]), (Side::Src, &WARPED[1])],
    ..Protocol::DATAGRAM
};

/// Initiation and response are told by type, three zero octets, exact length and by the fields that random values
/// fill. A cookie reply or data alone is not enough.
fn probe(_: Side, data: &[u8]) -> Verdict {
    let random = |from: usize| data.get(from..from + 32).is_some_and(|key| key.iter().filter(|b| **b == 0).count() < 6);
    match (data, data.len()) {
        ([1, 0, 0, 0, ..], 148) if random(8) && random(40) => Verdict::Yes,
        ([2, 0, 0, 0, ..], 92) if random(12) => Verdict::Yes,
        ([3, 0, 0, 0, ..], 64) => Verdict::Maybe,
        // The counter is 64 bits long in little endian: its upper half stays zero for a lifetime.
        ([4, 0, 0, 0, _, _, _, _, _, _, _, _, 0, 0, 0, 0, ..], 32..) if data.len().is_multiple_of(16) => Verdict::Maybe,
        _ => Verdict::No,
    }
}

/// What tells a conversation's data apart from those of others, and their number.
type Counted<'a> = (&'a [u8], u64);

/// Receiver and counter of WireGuard's data.
fn counted(data: &[u8]) -> Option<Counted<'_>> {
    let counter = <[u8; 8]>::try_from(data.get(8..16)?).ok()?;
    let receiver = data.get(4..8).filter(|receiver| *receiver != [0; 4])?;
    (data.first() == Some(&4)).then_some((receiver, u64::from_le_bytes(counter)))
}

/// The same of WARP's, where the client has a number.
fn warped(data: &[u8]) -> Option<Counted<'_>> {
    let counter = u64::from_le_bytes(<[u8; 8]>::try_from(data.get(8..16)?).ok()?);
    let client = data.get(1..4)?;
    let marked = data.first() == Some(&0xc4) || client != [0; 3];
    (marked && data.len() >= 32 && counter < 1 << 32 && data.get(4..8)? != [0; 4]).then_some((data.get(..8)?, counter))
}

/// Data prove themselves in two datagrams for one receiver, with counters that follow one another.
fn together(heard: &Heard<'_>) -> Verdict {
    follows(heard, counted)
}

fn follows(heard: &Heard<'_>, read: fn(&[u8]) -> Option<Counted<'_>>) -> Verdict {
    let Some((receiver, latest)) = read(heard.data) else { return Verdict::Maybe };
    let near = |(other, counter): Counted<'_>| other == receiver && (1..64).contains(&latest.wrapping_sub(counter));
    if heard.same().filter_map(read).any(near) { Verdict::Yes } else { Verdict::Maybe }
}

struct WireGuard;

impl Dissector for WireGuard {
    fn feed(&mut self, side: Side, input: Input<'_>, _: &mut Flow) -> Step {
        match input {
            Input::Data(data) if probe(side, data) == Verdict::No => Step::Mistaken,
            _ => Step::Done,
        }
    }
}

const WARPED: [[u8; 32]; 2] = {
    let mut both = [[0x5a; 32]; 2];
    let mut number = 0;
    while number < 2 {
        let mut at = 0;
        let head = [0xc4, 2, 0x78, 0, 0x68, 0x84, 0xee, 1, number as u8 + 1, 0, 0, 0, 0, 0, 0, 0];
        while at < head.len() {
            both[number][at] = head[at];
            at += 1;
        }
        number += 1;
    }
    both
};

const SAMPLE: [u8; 148] = {
    let mut message = [0; 148];
    message[0] = 1;
    let mut at = 4;
    while at < 132 {
        message[at] = (at as u8).wrapping_mul(37) | 1;
        at += 1;
    }
    message
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_reserved_octets_are_exact() {
        assert_eq!(probe(Side::Src, &SAMPLE), Verdict::Yes);
        assert_eq!(probe(Side::Src, &SAMPLE[..147]), Verdict::No);
        let mut reserved = SAMPLE;
        reserved[2] = 1;
        assert_eq!(probe(Side::Src, &reserved), Verdict::No);
        assert_eq!(
            probe(Side::Src, &{
                let mut empty = [0; 148];
                empty[0] = 1;
                empty
            }),
            Verdict::No
        );
    }

    #[test]
    fn data_prove_themselves_by_receiver_and_counter() {
        let message = |receiver: u8, counter: u8| {
            let mut data = vec![4, 0, 0, 0, receiver, 1, 1, 1, counter, 0, 0, 0, 0, 0, 0, 0];
            data.extend([0xa5; 16]);
            data
        };
        let label = |first: Vec<u8>, second: Vec<u8>| {
            let (mut flow, mut classifier) = (Flow::default(), crate::Classifier::new(false, 1, 2));
            classifier.datagram(Side::Src, &first, &mut flow);
            classifier.datagram(Side::Src, &second, &mut flow);
            classifier.label(&mut flow);
            flow.core.app.into_owned()
        };
        assert_eq!(label(message(7, 1), message(7, 2)), "WireGuard");
        assert_eq!(label(message(7, 1), message(8, 2)), "Unknown");
        assert_eq!(label(message(7, 9), message(7, 2)), "Unknown");
    }
}
