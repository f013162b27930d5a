// SPDX-License-Identifier: Apache-2.0
//! Sessions of Epic's Unreal Engine (its stateless connect handshake, as observed from Epic's games): a first datagram
//! whose cookie is zeros, and an answer that differs in the bit for the server's side.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "EpicGames",
    title: "Unreal Engine sessions",
    category: Category::Game,
    spec: &["Unreal Engine, stateless connect handshake as observed"],
    probe,
    together: Some(together),
    sample: &[
        (
            Side::Src,
            b"\x47\x1a\x20\x00\x08\x98\x22\x65\x74\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\xa1\x3b\x88",
        ),
        (
            Side::Dst,
            b"\x47\x1a\x20\x08\x08\x98\x22\x65\x74\x04\0\0\0\0\x34\xb8\x93\x53\x01\x34\x8b\x0f\x8e\xa6\xdd\xf2\xe3\xe3",
        ),
    ],
    ..Protocol::DATAGRAM
};

/// The bit by which a server's handshake differs.
const SERVER: usize = 0x08;

fn opening(data: &[u8]) -> Option<usize> {
    let word = be32(data, 0).filter(|word| word & SERVER == 0 && *word > 0xff_ffff)?;
    ((34..=128).contains(&data.len()) && zero(data, 10, 24) && !zero(data, 4, 4)).then_some(word)
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    maybe_if(opening(data).is_some() || be32(data, 0).is_some_and(|word| word & SERVER != 0) && data.len() >= 28)
}

fn together(heard: &Heard<'_>) -> Verdict {
    if opening(heard.data).is_some() {
        return Verdict::Maybe;
    }
    let answered = heard.opposite().filter_map(opening).any(|word| be32(heard.data, 0) == Some(word | SERVER));
    yes_if(answered && at(heard.data, 4, 4).is_some())
}
