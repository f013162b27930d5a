// SPDX-License-Identifier: Apache-2.0
//! Spotify (librespot documentation): discovery of clients on a link by its magic, and the hello of the client to an
//! access point.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Spotify",
    title: "Spotify",
    category: Category::Music,
    spec: &["librespot documentation"],
    ports: &[4070, 57621],
    first: First::Of(b"S\0"),
    probe,
    sample: &[(Side::Src, b"SpotUdp0\x01\x02\x03\x04\x05\x06\x07\x08\x00\x01\x00\x04\x01\x02\x03\x04")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, b"SpotUdp") {
        Verdict::No => {}
        other => return other,
    }
    // Version 0 4, length, and the first field of the hello: 10, a message with the build's product.
    match data {
        [0, 4, 0, 0, length, high, 0x52, inner, 0x50, ..] => yes_if(*high > 0 && *length < 8 && *inner < 0x40),
        [0]
        | [0, 4]
        | [0, 4, 0]
        | [0, 4, 0, 0]
        | [0, 4, 0, 0, _]
        | [0, 4, 0, 0, _, _]
        | [0, 4, 0, 0, _, _, 0x52]
        | [0, 4, 0, 0, _, _, 0x52, _] => Verdict::Maybe,
        _ => Verdict::No,
    }
}
