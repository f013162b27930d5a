// SPDX-License-Identifier: Apache-2.0
//! Oracle Net (TNS; Wireshark wiki, "Oracle"): packets of connection with their length, checksums and a text that
//! describes it.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Oracle",
    title: "Oracle Transparent Network Substrate",
    category: Category::Database,
    spec: &["Oracle Net Services reference", "Wireshark wiki, Oracle"],
    ports: &[1521, 1522, 1525, 1526, 2483],
    first: First::Within(0x00, 0x20),
    probe,
    sample: &[(
        Side::Src,
        b"\x00\x44\x00\x00\x01\x00\x00\x00\x01\x3a\x01\x2c\x00\x00\x20\x00\x7f\xff\xc6\x0e\x00\x00\x01\x00\
        \x00\x0a\x00\x3a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00(CONNECT)",
    )],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match data {
        [_, _, 0, 0, 1 | 2 | 4 | 5 | 11, 0..=0x0f, 0, 0, ..] => head::<12>(data, |head| {
            let version = within(be16(head, 8), 0x0130, 0x0150);
            let length = be16(head, 0).unwrap_or_default();
            let text = contains(data.get(8..).unwrap_or_default(), b"(DESCRIPTION");
            match head[4] {
                1 => version && (34..=4_096).contains(&length) && within(be16(head, 10), 0x0100, 0x0150),
                2 => version && (24..=256).contains(&length),
                4 | 5 => text,
                _ => length == 8 && data.len() == 8,
            }
        }),
        [0, 8, 0, 0, 11, _, 0, 0] => Verdict::Yes,
        [_] | [_, _] | [_, _, 0] | [_, _, 0, 0] | [_, _, 0, 0, 1 | 2 | 4 | 5 | 11] => Verdict::Maybe,
        [_, _, 0, 0, 1 | 2 | 4 | 5 | 11, 0..=0x0f, rest @ ..] => {
            maybe_if(rest.len() < 2 && rest.iter().all(|octet| *octet == 0))
        }
        _ => Verdict::No,
    }
}
