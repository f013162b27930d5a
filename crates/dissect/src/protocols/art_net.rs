// SPDX-License-Identifier: Apache-2.0
//! Art-Net of stage lighting (Artistic Licence, Art-Net 4): the name that every packet begins with.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Art-Net",
    title: "Art-Net",
    category: Category::IotScada,
    spec: &["Artistic Licence, Art-Net 4"],
    ports: &[6454],
    first: First::Of(b"A"),
    probe,
    sample: &[(Side::Src, b"Art-Net\x00\x00\x20\x00\x0e\x02\x00")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    yes_if(data.starts_with(b"Art-Net\0") && data.len() >= 12)
}
