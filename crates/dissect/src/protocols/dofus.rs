// SPDX-License-Identifier: Apache-2.0
//! Dofus (Dofus protocol, community documentation): of version 1 the server's greeting with a key; of version 2 the server's
//! first message, which says the version that it wants and the one that it has.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Dofus",
    title: "Dofus",
    category: Category::Game,
    spec: &["Dofus protocol, community documentation"],
    ports: &[443, 5555, 5556],
    first: First::Of(b"H\0"),
    probe,
    sample: &[(Side::Dst, b"HCabcdefghijklmnopqrstuvwxyzabcdef\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match data {
        [0] | [0, 5] => Verdict::Maybe,
        // Message 1 of eight octets (number in 14 bits, then how many octets the length has).
        [0, 5, 8, ..] => head::<11>(data, |head| {
            let (wanted, own) = (be32(head, 3), be32(head, 7));
            within(wanted, 1_000, 9_999) && within(own, 1_000, 9_999) && wanted <= own
        }),
        [b'H'] => Verdict::Maybe,
        [b'H', b'C', key @ ..] => {
            let letters = key.iter().take_while(|octet| octet.is_ascii_lowercase()).count();
            match key.get(letters) {
                Some(0) => yes_if(letters == 32),
                Some(_) => Verdict::No,
                None => maybe_if(letters <= 32),
            }
        }
        [b'H', b'G', 0, ..] => yes_if(data.len() == 3),
        _ => Verdict::No,
    }
}
