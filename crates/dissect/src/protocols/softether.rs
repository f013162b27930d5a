// SPDX-License-Identifier: Apache-2.0
//! SoftEther VPN's keep-alive of its NAT traversal service (SoftEtherVPN, Mayaqua network layer): text with the address
//! that the service saw, and packs of named values.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Softether",
    title: "SoftEther VPN",
    category: Category::Vpn,
    spec: &["SoftEtherVPN, NAT traversal and packs"],
    ports: &[5004, 5005, 443],
    first: First::Of(b"I\0"),
    probe,
    sample: &[(Side::Dst, b"IP=192.0.2.1,PORT=54321")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    yes_if(data.starts_with(b"IP=") && seen(data) || data.first() == Some(&0) && pack(data).is_some())
}

/// `IP=192.0.2.1,PORT=54321`.
fn seen(data: &[u8]) -> bool {
    let mut parts = data.splitn(2, |octet| *octet == b',');
    let address = parts.next().and_then(|part| part.strip_prefix(b"IP="));
    let port = parts.next().and_then(|part| part.strip_prefix(b"PORT="));
    address.is_some_and(|text| {
        text.len() >= 2 && text.iter().all(|octet| octet.is_ascii_hexdigit() || matches!(octet, b'.' | b':'))
    }) && port.is_some_and(|text| (1..=5).contains(&text.len()) && text.iter().all(u8::is_ascii_digit))
}

/// Elements: a name (its length counts one more octet), a type, how many values, and these; they fill the pack.
fn pack(data: &[u8]) -> Option<()> {
    let count = be32(data, 0).filter(|count| (1..=64).contains(count))?;
    let mut rest = data.get(4..)?;
    for _ in 0..count {
        let length = be32(rest, 0).filter(|length| (2..=64).contains(length))? - 1;
        at(rest, 4, length).filter(|name| name.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'_'))?;
        let (kind, values) = (be32(rest, 4 + length)?, be32(rest, 8 + length).filter(|values| *values <= 64)?);
        rest = rest.get(12 + length..)?;
        for _ in 0..values {
            let size = match kind {
                0 => 4,
                4 => 8,
                1..=3 => 4 + be32(rest, 0)?,
                _ => return None,
            };
            rest = rest.get(size..)?;
        }
    }
    rest.is_empty().then_some(())
}
