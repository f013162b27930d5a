// SPDX-License-Identifier: Apache-2.0
//! NAT-PMP (RFC 6886 §3): mappings and answers with their sizes; the request for the address by its answer.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "NAT-PMP",
    title: "NAT Port Mapping Protocol",
    category: Category::Network,
    spec: &["RFC 6886"],
    ports: &[5350, 5351],
    first: First::Of(&[0x00]),
    probe,
    together: Some(together),
    // The request for the address is two zeros (§3.2).
    on_port: Some(|_, data| data == [0, 0]),
    sample: &[(Side::Src, b"\x00\x01\x00\x00\x1f\x90\x1f\x90\x00\x00\x1c\x20")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match (data, data.len()) {
        ([0, 0], _) => Verdict::Maybe,
        ([0, 0x80, 0, result, ..], 12) => yes_if(*result < 6 && data.get(8) != Some(&0)),
        ([0, 1 | 2, 0, 0, ..], 12) => yes_if(!zero(data, 4, 2) && within(be32(data, 8), 0, WEEK)),
        ([0, 0x81 | 0x82, 0, result, ..], 16) => {
            yes_if(*result < 6 && !zero(data, 8, 2) && within(be32(data, 12), 0, WEEK))
        }
        _ => Verdict::No,
    }
}

/// Requests are repeated until an answer comes (§3.1): three alike, and nothing else.
fn together(heard: &Heard<'_>) -> Verdict {
    let asked = heard.all().filter(|(_, data)| *data == [0, 0]).count();
    if asked >= 3 && heard.opposite().count() == 0 { Verdict::Yes } else { Verdict::Maybe }
}

/// Seconds; mappings for longer are not asked for.
const WEEK: usize = 604_800;
