// SPDX-License-Identifier: Apache-2.0
//! Cisco Meraki devices and their cloud (Cisco, "Meraki cloud communication", UDP 7351): a magic word and the datagram's
//! length. The rest is encrypted.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "MerakiCloud",
    title: "Cisco Meraki cloud management",
    category: Category::Network,
    spec: &["Cisco Meraki, datagram header as observed"],
    ports: &[7351],
    first: First::Of(&[0xfe]),
    encrypted: true,
    probe,
    sample: &[(Side::Src, b"\xfe\xf7\x28\x91\x0d\x01\x00\x12\x06\x8a\x1b\x4e\x00\x00\x00\x00\x2a\x66")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    yes_if(data.starts_with(&[0xfe, 0xf7, 0x28, 0x91]) && be16(data, 6) == Some(data.len()))
}
