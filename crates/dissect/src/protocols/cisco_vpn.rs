// SPDX-License-Identifier: Apache-2.0
//! Cisco's VPN over TCP and UDP 10000 (Cisco, "IPsec over TCP"): the marker that stands before what it carries.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "CiscoVPN",
    title: "Cisco VPN client",
    category: Category::Vpn,
    spec: &["Cisco VPN client, IPsec over TCP and UDP"],
    ports: &[10000],
    first: First::Of(&[0xfe, 0xf4, 0x01]),
    probe,
    sample: &[(Side::Src, b"\xfe\x57\x7e\x2b\x00\x00\x00\x00")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    begins_with_any(data, &[b"\xfe\x57\x7e\x2b", b"\x01\xf4\x01\xf4\x57\x7e\x2b"])
}
