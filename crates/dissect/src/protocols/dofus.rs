// SPDX-License-Identifier: Apache-2.0
//! Dofus 1 (Dofus protocol, community documentation): the server's greeting with a key, or a client's version.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Dofus",
    title: "Dofus",
    category: Category::Game,
    spec: &["Dofus protocol, community documentation"],
    ports: &[443, 5555, 5556],
    first: First::Of(b"H1"),
    probe,
    sample: &[(Side::Dst, b"HCabcdefghijklmnopqrstuvwxyzabcdef\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match data {
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
