// SPDX-License-Identifier: Apache-2.0
//! RTMP (Adobe, "RTMP specification 1.0" §5.2): version 3, and a first chunk whose second word is zero or a player's
//! version.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "RTMP",
    title: "Real-Time Messaging Protocol",
    category: Category::Media,
    spec: &["Adobe RTMP 1.0"],
    ports: &[1935],
    first: First::Of(&[0x03, 0x06]),
    probe,
    together: Some(together),
    sample: &[(
        Side::Src,
        b"\x03\x00\x00\x00\x00\x80\x00\x07\x02\x31\x92\xa3\xb4\xc5\xd6\xe7\xf8\x19\x2a\x3b\x4c\x5d\x6e\x7f\
        \x80",
    )],
    ..Protocol::STREAM
};

/// Octets of the version and of the first chunk behind it (§5.2.1, §5.2.3).
const GREETING: usize = 1 + 1_536;

fn probe(_: Side, data: &[u8]) -> Verdict {
    // Octets that look random follow, up to 1,536 of them.
    let random = head::<25>(data, |head| {
        let random = head[9..].iter().filter(|octet| **octet == 0).count() < 3
            && !head[9..].iter().all(|octet| octet.is_ascii_graphic());
        let few = head[9..].iter().filter(|octet| **octet < 16).count() < 9;
        timed(head) && random && few
    });
    // They may be anything: then the other side's greeting tells.
    either(random, maybe_if(timed(data) && data.len() <= 3 * GREETING))
}

/// A time of less than five hours, and zeros or a player's version.
fn timed(data: &[u8]) -> bool {
    let version =
        zero(data, 5, 4) || matches!(at(data, 5, 4), Some([0x80, 0, 7, 1..=3] | [9..=0x20, 0, 16..=250, 1..=3]));
    version && data.get(1) == Some(&0)
}

/// Both sides greet alike, with chunks of the same size.
fn together(heard: &Heard<'_>) -> Verdict {
    let greets = |data: &[u8]| data.first() == Some(&3) && data.get(1) == Some(&0) && data.len() >= GREETING;
    let told = greets(heard.data) && greets(heard.other) && (timed(heard.data) || timed(heard.other));
    if told { Verdict::Yes } else { Verdict::Maybe }
}
