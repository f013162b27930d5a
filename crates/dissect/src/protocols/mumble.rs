// SPDX-License-Identifier: Apache-2.0
//! Mumble (Mumble protocol documentation, "UDP ping"): a request for a server's state and its answer with the same
//! number. Control channels are TLS.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Mumble",
    title: "Mumble",
    category: Category::Voip,
    spec: &["Mumble protocol documentation"],
    ports: &[64738],
    first: First::Of(&[0x00]),
    probe,
    together: Some(together),
    sample: &[
        (Side::Src, b"\x00\x00\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08"),
        (
            Side::Dst,
            b"\x00\x01\x05\x00\x01\x02\x03\x04\x05\x06\x07\x08\x00\x00\x00\x00\x00\x00\x00\x64\x00\x01\x19\x40",
        ),
    ],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match data.len() {
        12 => maybe_if(zero(data, 0, 4) && !zero(data, 4, 8)),
        // Version 1, identifier, users, most users, octets a second.
        24 => yes_if(
            data.starts_with(&[0, 1])
                && !zero(data, 4, 8)
                && within(be32(data, 12), 0, 10_000)
                && within(be32(data, 16), 1, 100_000)
                && within(be32(data, 20), 8_000, 1_000_000),
        ),
        _ => Verdict::No,
    }
}

/// The same question again and again, each with another number, and no answer.
fn together(heard: &Heard<'_>) -> Verdict {
    if heard.same().filter(|data| data.len() == 12).count() > 3 && heard.opposite().count() == 0 {
        Verdict::Yes
    } else {
        Verdict::Maybe
    }
}
