// SPDX-License-Identifier: Apache-2.0
//! KNXnet/IP (ISO 22510; KNX Standard 3.8.2): header size, version, service and total length.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "KNXnet_IP",
    title: "KNXnet/IP",
    category: Category::IotScada,
    spec: &["ISO 22510"],
    ports: &[3671],
    first: First::Of(&[0x06]),
    probe,
    sample: &[(Side::Src, b"\x06\x10\x02\x01\x00\x0e\x08\x01\x0a\x00\x00\x01\x0e\x57")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let Some(length) = be16(data, 4) else { return maybe_if(matches!(data, [6] | [6, 0x10 | 0x20, ..])) };
    let service = matches!(
        be16(data, 2),
        Some(0x0201..=0x020c | 0x0310..=0x0313 | 0x0420..=0x0425 | 0x0530..=0x0533 | 0x0740..=0x0743 | 0x0950..=0x0955)
    );
    let told = matches!(data, [6, 0x10 | 0x20, ..]) && service && (8..1_500).contains(&length);
    if data.len() < length { maybe_if(told) } else { yes_if(told && data.len() == length) }
}
