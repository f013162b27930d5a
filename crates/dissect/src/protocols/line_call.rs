// SPDX-License-Identifier: Apache-2.0
//! LINE's calls (as observed from its clients): datagrams of one session, which keep its mark and are numbered one by one.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "LineCall",
    title: "LINE calls",
    category: Category::Voip,
    spec: &["LINE, session datagrams as observed"],
    first: First::Within(0xd8, 0xdb),
    encrypted: true,
    probe,
    together: Some(together),
    sample: &[
        (Side::Src, b"\xdb\x64\x00\xb9\x06\x02\x1b\x61\x43\x2b\x5b\xef\xf5\xfb\xa0\x1a\xb3\x93\xf1\xeb"),
        (Side::Src, b"\xdb\x64\x00\xba\x06\x02\x1b\x61\x43\x2b\x5b\xef\xf5\xfb\xa0\x1a\xb3\x93\xf1\xeb"),
    ],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    maybe_if(at(data, 4, 2) == Some(&[0x06, 0x02]) && data.len() >= 20 && !zero(data, 6, 8))
}

fn together(heard: &Heard<'_>) -> Verdict {
    let next = |before: &[u8]| {
        at(before, 4, 14) == at(heard.data, 4, 14)
            && be16(before, 2).is_some_and(|number| be16(heard.data, 2) == Some((number + 1) & 0xffff))
    };
    if heard.same().any(next) { Verdict::Yes } else { Verdict::Maybe }
}
