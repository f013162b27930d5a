// SPDX-License-Identifier: Apache-2.0
//! Tailscale's discovery (Tailscale, "disco" package documentation): the magic of its datagrams. What it carries is
//! WireGuard.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Tailscale",
    title: "Tailscale",
    category: Category::Vpn,
    spec: &["Tailscale disco protocol"],
    ports: &[41641],
    first: First::Of(b"T"),
    encrypted: true,
    probe,
    sample: &[(Side::Src, b"TS\xf0\x9f\x92\xac0123456789abcdef0123456789abcdef0123456789abcdef01234567")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    yes_if(data.starts_with("TS\u{1f4ac}".as_bytes()) && data.len() >= 62)
}
