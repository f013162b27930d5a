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
