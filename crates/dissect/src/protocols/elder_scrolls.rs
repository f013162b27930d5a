// SPDX-License-Identifier: Apache-2.0
//! The Elder Scrolls Online (as observed from the game): the login, which names its realm in clear behind the message's
//! length.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "TES_Online",
    title: "The Elder Scrolls Online",
    category: Category::Game,
    spec: &["The Elder Scrolls Online, login as observed"],
    ports: &[24_100, 24_131, 24_500, 24_507],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(Side::Src, &LOGIN)],
    ..Protocol::STREAM
};

/// Logins are neither shorter nor longer.
const LENGTHS: std::ops::RangeInclusive<usize> = 596..=3_000;

fn probe(_: Side, data: &[u8]) -> Verdict {
    match be32(data, 0) {
        Some(length) if !LENGTHS.contains(&length) => Verdict::No,
        Some(length) => match at(data, 4, length) {
            Some(login) => yes_if(contains(login, b"eso.live")),
            None => Verdict::Maybe,
        },
        None => maybe_if(data.get(1).is_none_or(|octet| *octet == 0) && data.get(2).is_none_or(|octet| *octet < 12)),
    }
}

const LOGIN: [u8; 604] = {
    let mut login = [0x41; 604];
    (login[0], login[1], login[2], login[3]) = (0, 0, 0x02, 0x58);
    let (name, mut at) = (b"eso.live", 0);
    while at < name.len() {
        login[64 + at] = name[at];
        at += 1;
    }
    login
};
