// SPDX-License-Identifier: Apache-2.0
//! Brazil's quality measurements of broadband (EAQ, Entidade Aferidora da Qualidade; as observed from its meters):
//! numbered datagrams of 16 octets with the time, and their echo, which differs in its last word.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "EAQ",
    title: "EAQ broadband measurement",
    category: Category::Network,
    spec: &["EAQ, echo datagrams as observed"],
    ports: &[6000],
    first: First::Of(&[0x00]),
    probe,
    together: Some(together),
    sample: &[
        (Side::Src, b"\x00\x00\x00\x00\x00\x00\x0d\xda\x00\x01\x4b\x07\x00\x00\x90\x00"),
        (Side::Dst, b"\x00\x00\x00\x00\x00\x00\x0d\xda\x00\x01\x4b\x07\x00\x00\x60\x00"),
    ],
    ..Protocol::DATAGRAM
};

/// A million microseconds make the next second.
const SECOND: usize = 1_000_000;

fn probe(_: Side, data: &[u8]) -> Verdict {
    maybe_if(
        data.len() == 16 && matches!(be32(data, 12), Some(0x9000 | 0x6000)) && within(be32(data, 8), 0, SECOND - 1),
    )
}

/// A question and its echo, but for the last word; or three questions in a row that nobody answered.
fn together(heard: &Heard<'_>) -> Verdict {
    let echoes = |other: &[u8]| at(other, 0, 12) == at(heard.data, 0, 12) && at(other, 12, 4) != at(heard.data, 12, 4);
    let (mut next, mut row) = (None, 0);
    for number in heard.same().map(|data| be32(data, 0)) {
        row = if next.is_some() && number == next { row + 1 } else { 1 };
        next = number.map(|number| number + 1);
    }
    if heard.opposite().any(echoes) || row >= 3 { Verdict::Yes } else { Verdict::Maybe }
}
