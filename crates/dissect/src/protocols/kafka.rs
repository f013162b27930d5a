// SPDX-License-Identifier: Apache-2.0
//! Kafka (Apache Kafka protocol guide, "Request Header v1"): length, operation and its version, and the client's name.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Kafka",
    title: "Apache Kafka",
    category: Category::Rpc,
    spec: &["Kafka protocol guide"],
    ports: &[9092],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(Side::Src, b"\x00\x00\x00\x0f\x00\x12\x00\x00\x00\x00\x00\x01\x00\x05admin")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if !matches!(data, [0] | [0, _] | [0, _, _] | [0, _, _, _] | [0, _, _, _, 0] | [0, _, _, _, 0, 0..=92, ..]) {
        return Verdict::No;
    }
    let Some(name) = be16(data, 12) else { return Verdict::Maybe };
    let told = within(be32(data, 0), (10 + name).max(data.len().saturating_sub(4)), 1 << 24)
        && within(be16(data, 6), 0, 20)
        && (3..=200).contains(&name);
    match data.get(14..14 + name) {
        Some(text) => yes_if(told && graphic(text)),
        None => maybe_if(told && graphic(data.get(14..).filter(|text| !text.is_empty()).unwrap_or(b"x"))),
    }
}
