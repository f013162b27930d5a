// SPDX-License-Identifier: Apache-2.0
//! Valve's server queries (Valve developer community, "Server queries"): a packet of its own with header and query of
//! text; those of older games (GoldSrc, Quake) by their words.

use super::tell::*;

/// The registry's row of Source engine server queries.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Source_Engine",
    title: "Source engine server queries",
    category: Category::Game,
    spec: &["Valve, Server queries", "Quake III Arena network protocol"],
    ports: &[27015, 27016, 27017, 27018, 27019, 27020, 2302, 2303],
    first: First::Of(&[0xff]),
    probe,
    sample: &[(Side::Src, b"\xff\xff\xff\xffTSource Engine Query\x00")],
    ..Protocol::DATAGRAM
};

/// The registry's row of Half-Life and its kin.
pub(super) static HALF_LIFE: Protocol = Protocol {
    name: "HalfLife2",
    title: "Half-Life and its kin",
    category: Category::Game,
    spec: &["Valve, Server queries"],
    ports: &[27005, 27015],
    first: First::Of(&[0xff]),
    probe: half_life,
    sample: &[(Side::Src, b"\xff\xff\xff\xffgetchallenge steam\n")],
    ..Protocol::DATAGRAM
};

fn query(data: &[u8]) -> Option<&[u8]> {
    data.strip_prefix(b"\xff\xff\xff\xff")
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    let told = match query(data) {
        Some([b'T', text @ ..]) => text.starts_with(b"Source Engine Query\0"),
        Some([b'U' | b'V' | b'W', challenge @ ..]) => challenge.len() == 4 || challenge.is_empty(),
        // A challenge, or the answers: information, players, rules.
        Some([b'A', challenge @ ..]) => challenge.len() == 4,
        Some([b'I', 2..=17, text @ ..]) => {
            text.len() > 12 && text.first().is_some_and(|first| *first >= b' ') && contains(text, b"\0")
        }
        Some([b'D', count, rest @ ..]) => {
            (*count == 0) == rest.is_empty() && (rest.is_empty() || rest.first() == Some(&0))
        }
        Some([b'E', _, 0, rest @ ..]) => rest.first().is_some_and(u8::is_ascii_alphanumeric) && contains(rest, b"\0"),
        Some([b'm', text @ ..]) => contains(text, b"\0") && text.first().is_some_and(u8::is_ascii_digit),
        _ => false,
    };
    yes_if(told)
}

fn half_life(_: Side, data: &[u8]) -> Verdict {
    let words: [&[u8]; 6] = [b"getchallenge", b"connect ", b"details", b"infostring", b"players\0", b"ping\0"];
    yes_if(query(data).is_some_and(|text| words.iter().any(|word| text.starts_with(word)) && text.len() < 512))
}
