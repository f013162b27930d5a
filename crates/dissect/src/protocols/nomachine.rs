// SPDX-License-Identifier: Apache-2.0
//! NoMachine NX (NoMachine, ports and protocols; observed greeting): the line that both sides open with, and the
//! datagrams that its media go in, with version and length.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "NoMachine",
    title: "NoMachine NX",
    category: Category::RemoteAccess,
    spec: &["NoMachine NX session protocol"],
    ports: &[4000],
    first: First::Of(b"N"),
    probe,
    sample: &[(Side::Src, b"NXD-NXDAEMON-5.0\n")],
    ..Protocol::STREAM
};

/// The registry's row of its media.
pub(super) static DATAGRAM: Protocol = Protocol {
    name: "NoMachine",
    title: "NoMachine NX media",
    category: Category::RemoteAccess,
    spec: &["NoMachine NX media datagrams as observed"],
    ports: &[4000],
    first: First::Within(0x01, 0x0f),
    probe: |_, data| maybe_if(number(data).is_some()),
    together: Some(together),
    sample: &[
        (Side::Src, b"\x01\x00\x01\x00\x0a\x00\x00\x00\x00\x00"),
        (Side::Src, b"\x01\x00\x01\x00\x0a\x00\x01\x00\x00\x00"),
        (Side::Src, b"\x01\x00\x01\x00\x0a\x00\x02\x00\x00\x00"),
    ],
    ..Protocol::DATAGRAM
};

/// The number of a datagram whose kind, version and length are in place.
fn number(data: &[u8]) -> Option<usize> {
    let formed = within(le16(data, 0), 1, 15) && le16(data, 2) == Some(1) && le16(data, 4) == Some(data.len());
    le16(data, 6).filter(|_| formed && zero(data, 8, 2))
}

/// Three of one side that count up.
fn together(heard: &Heard<'_>) -> Verdict {
    let (mut before, mut follow) = (None, 0);
    for next in heard.same().filter_map(number) {
        follow += usize::from(before.is_some_and(|before: usize| before + 1 == next));
        before = Some(next);
    }
    if follow >= 2 { Verdict::Yes } else { Verdict::Maybe }
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins_with_any(data, &[b"NXD-", b"NXSH-", b"NXPROXY-", b"NXAGENT-"]) {
        Verdict::Yes => data.get(4..10).map_or(Verdict::Maybe, |text| yes_if(text.iter().all(u8::is_ascii_graphic))),
        other => other,
    }
}
