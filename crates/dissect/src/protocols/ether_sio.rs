// SPDX-License-Identifier: Apache-2.0
//! Ether-S-I/O of Saia PCD (Saia-Burgess, "Ether-S-IO"; Wireshark's description): magic, kind of a telegram, version,
//! transfer.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "EtherSIO",
    title: "Saia Ether-S-I/O",
    category: Category::IotScada,
    spec: &["Saia-Burgess, Ether-S-IO"],
    ports: &[6060],
    first: First::Of(b"E"),
    probe,
    sample: &[(Side::Src, b"ESIO\x00\x00\x00\x01\x00\x00\x00\x14\x00\x00\x00\x01\x00\x00\x00\x00")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    yes_if(data.starts_with(b"ESIO") && within(be16(data, 4), 0, 2) && data.len() >= 16)
}
