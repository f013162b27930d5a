// SPDX-License-Identifier: Apache-2.0
//! Lustre's network (Lustre LNet, socklnd): the request for a connection with its magic, in the order of octets of
//! its sender.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Lustre",
    title: "Lustre networking",
    category: Category::DataTransfer,
    spec: &["Lustre LNet, acceptor protocol"],
    ports: &[988],
    first: First::Of(&[0x00, 0xac]),
    probe,
    sample: &[(Side::Src, b"\x00\x71\xce\xac\x01\x00\x00\x00\x01\x02\x00\xc0\x00\x00\x02\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    begins_with_any(data, &[b"\x00\x71\xce\xac\x01\x00\x00\x00", b"\xac\xce\x71\x00\x00\x00\x00\x01"])
}
