// SPDX-License-Identifier: Apache-2.0
//! Zoom's media (Michel et al., "Enabling passive measurement of Zoom performance in production networks", IMC 2022):
//! RTP behind Zoom's own headers, told by kind, by the place of RTP and by its source in several datagrams.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Zoom",
    title: "Zoom media",
    category: Category::Video,
    spec: &["Michel et al., Enabling Passive Measurement of Zoom Performance"],
    ports: &[8801, 8802, 8803, 8804, 3478, 3479],
    first: First::Of(&[0x01, 0x02, 0x05, 0x0d, 0x0f, 0x10]),
    encrypted: true,
    probe,
    together: Some(together),
    sample: &[
        (
            Side::Src,
            b"\x05\x10\x01\x00\x01\x00\x00\x00\x0f\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x90\x70\x00\x01\x00\x00\x00\xa0\x01\x02\x03\x04",
        ),
        (
            Side::Src,
            b"\x05\x10\x02\x00\x01\x00\x00\x00\x0f\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x90\x70\x00\x02\x00\x00\x01\x40\x01\x02\x03\x04",
        ),
    ],
    ..Protocol::DATAGRAM
};

/// Kind and source of media, behind the header of a server or without it.
fn media(data: &[u8]) -> Option<(u8, &[u8])> {
    let inner = if data.first() == Some(&5) { data.get(8..)? } else { data };
    let kind = *inner.first()?;
    let place = match kind {
        0x0d => 27,
        0x0f => 19,
        0x10 => 24,
        _ => return None,
    };
    let header = inner.get(place..)?;
    let known = matches!(header, [0x80 | 0x90, second, ..] if matches!(second & 0x7f, 98..=113));
    known.then_some((kind, at(header, 8, 4)?))
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    maybe_if(media(data).is_some() || matches!(data, [1 | 2, 0, ..]) && (36..=160).contains(&data.len()))
}

/// Media of one source twice, or a greeting whose answer repeats its identifier.
fn together(heard: &Heard<'_>) -> Verdict {
    let latest = media(heard.data);
    let again = latest.is_some() && heard.same().filter(|data| media(data) == latest).count() > 1;
    let greeting = |one: &[u8], other: &[u8]| {
        one.first() == Some(&1) && other.first() == Some(&2) && at(one, 2, 17) == at(other, 2, 17) && !zero(one, 4, 8)
    };
    let greeted = heard.opposite().any(|data| greeting(data, heard.data) || greeting(heard.data, data));
    if again || greeted { Verdict::Yes } else { Verdict::Maybe }
}
