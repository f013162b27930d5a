// SPDX-License-Identifier: Apache-2.0
//! Viber's calls (Viber, traffic as described in "Viber Communication Security"): the fixed sizes and octets of its
//! pings.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "ViberVoip",
    title: "Viber calls",
    category: Category::Voip,
    spec: &["Viber, traffic of calls as observed"],
    ports: &[5242, 4244, 5243, 7985, 9785],
    probe,
    together: Some(together),
    sample: &[
        (Side::Src, b"\x11\x22\x03\x00\x01\x02\x03\x04\x05\x06\x07\x08"),
        (Side::Dst, b"\x11\x22\x04\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"),
    ],
    ..Protocol::DATAGRAM
};

/// The registry's row of sessions with Viber's relays.
pub(super) static SESSION: Protocol = Protocol {
    name: "Viber",
    title: "Viber sessions",
    category: Category::Voip,
    spec: &["Viber, sessions as observed"],
    ports: &[7985, 7987, 5242],
    probe: |_, data| maybe_if(mark(data).is_some()),
    together: Some(answered),
    sample: &[
        (Side::Src, b"\xed\xf6\x19\x00\xac\x19\x35\x8c\x8f\x64\xe4\x47\x25\xdf\x4d\x4e\xe1\xcd\x37\x1b\x5c\x9a\xbc\x26\xd9\xd3\x0b\x4b\x01\xbb\x39\xb3\x00\x00"),
        (Side::Dst, b"\xed\xf6\x1a\x00\xac\x19\x35\x8c\x8f\x64\xe4\x47\x32\x43\x7c\x5e\x43\xb8\x00\xc8"),
    ],
    ..Protocol::DATAGRAM
};

fn ping(data: &[u8]) -> Option<u8> {
    let kind = *data.get(2)?;
    let sized =
        matches!((kind, data.len()), (0x03, 12) | (0x04, 20) | (0x09, 36) | (0x01, 20) | (0x02, 32) | (0x0a, 36));
    (sized && data.get(3) == Some(&0)).then_some(kind)
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    maybe_if(ping(data).is_some())
}

/// A ping and its answer begin alike and are of different kinds.
fn together(heard: &Heard<'_>) -> Verdict {
    let kind = ping(heard.data);
    let paired = heard.opposite().any(|other| {
        matches!((ping(other), kind), (Some(0x03), Some(0x04)) | (Some(0x01), Some(0x02)))
            && at(other, 4, 4) == at(heard.data, 4, 4)
    });
    if paired { Verdict::Yes } else { Verdict::Maybe }
}

/// A message and its answer are of different kinds and keep the session's mark.
fn answered(heard: &Heard<'_>) -> Verdict {
    let own = mark(heard.data);
    let paired = heard.opposite().any(|other| mark(other) == own && other.get(2) != heard.data.get(2));
    if own.is_some() && paired { Verdict::Yes } else { Verdict::Maybe }
}

/// The session's two octets and the eight of a call, where the size is that of the kind of message.
fn mark(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let place = match (at(data, 2, 2)?, data.len()) {
        ([0x01, 0], 100..) if at(data, 4, 2) == Some(&[0x05, 0]) => 6,
        ([0x0c, 0], 76) => 6,
        ([0x09, 0], 20) => 12,
        ([0x19, 0], 34) | ([0x1a, 0], 20) => 4,
        _ => return None,
    };
    Some((at(data, 0, 2)?, at(data, place, 8).filter(|mark| !mark.iter().all(|octet| *octet == 0))?))
}
