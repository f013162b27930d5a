// SPDX-License-Identifier: Apache-2.0
//! Armagetron Advanced (Armagetron, network protocol): messages with descriptor, number and count of words, and the
//! sender at the end; a first one asks for or names a server.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Armagetron",
    title: "Armagetron Advanced",
    category: Category::Game,
    spec: &["Armagetron Advanced, network protocol"],
    ports: &[4533, 4534],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(
        Side::Src,
        b"\x00\x0b\x00\x00\x00\x08\x00\x02\x00\x05\x00\x0a\x00\x0a\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00",
    )],
    ..Protocol::DATAGRAM
};

/// Messages fill the datagram up to the sender's number, which clients do not have before they logged in. The first is a
/// login, a question of a browser or its answer, or compares clocks; any that wants an acknowledgement has a number.
fn probe(_: Side, data: &[u8]) -> Verdict {
    let Some(messages) = data.len().checked_sub(2).and_then(|end| data.get(..end)) else { return Verdict::No };
    let message = |rest: &[u8]| within(be16(rest, 0), 1, 400).then_some(6 + be16(rest, 4)? * 2);
    let words = be16(data, 4).unwrap_or_default();
    let told = match be16(data, 0) {
        Some(0x000b) => zero(data, 2, 2) && words >= 4,
        Some(0x0033..=0x0036) => zero(data, 2, 2) && words > 0,
        Some(0x001c) => words == 4 && !zero(data, 2, 2) && at(data, 6, 4) == Some(&[0, 0, 5, 0]),
        _ => false,
    };
    let first = told && fills(messages, 32, message) && zero(data, messages.len(), 2);
    yes_if(first || goes_on(messages) && within(be16(data, messages.len()), 0, 32))
}

/// In the middle of a game: several messages of kinds in use, each with its number and at least a word.
fn goes_on(messages: &[u8]) -> bool {
    let count = std::cell::Cell::new(0);
    let message = |rest: &[u8]| {
        let known = matches!(be16(rest, 0), Some(0x0016..=0x001c)) && !zero(rest, 2, 2);
        count.set(count.get() + 1);
        known.then_some(6 + be16(rest, 4).filter(|words| *words > 0)? * 2)
    };
    fills(messages, 64, message) && count.get() >= 2
}
