// SPDX-License-Identifier: Apache-2.0
//! sFlow version 5 (sflow.org, "sFlow Version 5" §5): version, address of the agent, and a first sample that fits.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "sFlow",
    title: "sFlow",
    category: Category::Network,
    spec: &["sFlow Version 5"],
    ports: &[6343],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(
        Side::Src,
        b"\x00\x00\x00\x05\x00\x00\x00\x01\xc0\x00\x02\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x10\x00\
        \x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x04\x00\x00\x00\x00",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let address = match be32(data, 4) {
        Some(1) => 4,
        Some(2) => 16,
        _ => return Verdict::No,
    };
    let behind = 8 + address;
    let samples = be32(data, behind + 12).unwrap_or(0);
    let fits = be32(data, behind + 20).is_some_and(|length| length <= data.len() - behind - 24);
    yes_if(
        matches!(be32(data, 0), Some(2 | 4 | 5))
            && (samples == 0 && data.len() == behind + 16 || (1..=128).contains(&samples) && fits),
    )
}
