// SPDX-License-Identifier: Apache-2.0
//! Path of Exile (as observed from the game): the login with the character's name.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "PathofExile",
    title: "Path of Exile",
    category: Category::Game,
    spec: &["Path of Exile, login as observed"],
    ports: &[6112, 20_481],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(Side::Src, b"\x00\x03\x00\x37\x75\x60\x00\x02\x00\x06minamo\xec\x8f\xec\xf2\x00\x00\x00\x00")],
    ..Protocol::STREAM
};

/// Names have 3 to 23 characters (Path of Exile, "Account and character names").
fn probe(_: Side, data: &[u8]) -> Verdict {
    let known: [(usize, u8); 5] = [(1, 3), (2, 0), (6, 0), (7, 2), (8, 0)];
    if known.iter().any(|(place, octet)| data.get(*place).is_some_and(|found| found != octet)) {
        return Verdict::No;
    }
    let Some(length) = u8_at(data, 9) else { return Verdict::Maybe };
    match data.get(10..) {
        Some(name) if (3..=23).contains(&length) => match name.get(..length) {
            Some(name) => yes_if(name.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'_')),
            None => maybe_if(name.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'_')),
        },
        _ => Verdict::No,
    }
}
