// SPDX-License-Identifier: Apache-2.0
//! Megaco/H.248 in text (RFC 3525 annex B): the token with version 1 to 3, then who sends it.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Megaco",
    title: "Gateway Control Protocol",
    category: Category::Voip,
    spec: &["ITU-T H.248.1", "RFC 3525"],
    ports: &[2944, 2945],
    first: First::Of(b"!M"),
    probe,
    sample: &[(Side::Src, b"!/1 [192.0.2.1]:2944 T=1{C=-{SC=ROOT{SV{MT=RS,RE=\"901\"}}}}")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let rest = match begins_with_any(data, &[b"!/", b"MEGACO/"]) {
        Verdict::Yes if data.first() == Some(&b'!') => data.get(2..).unwrap_or_default(),
        Verdict::Yes => data.get(7..).unwrap_or_default(),
        other => return other,
    };
    match rest {
        [b'1'..=b'3', b' ' | b'\r' | b'\n', ..] => head::<4>(rest, |head| {
            matches!(head[2], b'[' | b'<' | b'\n' | b' ' | b'M' | b'm') || head[2].is_ascii_graphic()
        }),
        _ => maybe_if(rest.len() < 2 && rest.iter().all(u8::is_ascii_digit)),
    }
}
