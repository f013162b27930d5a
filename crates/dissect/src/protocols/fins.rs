// SPDX-License-Identifier: Apache-2.0
//! FINS (Omron W421, "Communications Commands"): magic of its framing over TCP; control, gateway count and command
//! over UDP.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "FINS",
    title: "Factory Interface Network Service",
    category: Category::IotScada,
    spec: &["Omron W421"],
    ports: &[9600],
    first: First::Of(b"F\x80\x81\xc0\xc1"),
    probe,
    sample: &[(Side::Src, b"FINS\x00\x00\x00\x0c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, b"FINS") {
        Verdict::No => {}
        Verdict::Yes => return head::<12>(data, |head| within(be32(head, 4), 8, 4_096) && within(be32(head, 8), 0, 6)),
        Verdict::Maybe => return Verdict::Maybe,
    }
    // Reserved is zero, two gateways at most seven; networks and units are small.
    let told = match data {
        [0x80 | 0x81 | 0xc0 | 0xc1, 0, 0..=7, network, _, unit, network_2, _, unit_2, _, command, kind, ..] => {
            let known = COMMANDS.iter().any(|(one, low, high)| command == one && (low..=high).contains(&kind));
            *network < 128
                && *network_2 < 128
                && matches!(unit, 0 | 0x10..=0x1f | 0xe1 | 0xfe)
                && matches!(unit_2, 0 | 0x10..=0x1f | 0xe1 | 0xfe)
                && known
        }
        _ => false,
    };
    yes_if(told)
}

/// Main command, and its first and last subcommand (W421 §5-1).
const COMMANDS: &[(u8, u8, u8)] = &[
    (1, 1, 5),
    (2, 1, 3),
    (2, 0x10, 0x14),
    (3, 6, 7),
    (4, 1, 3),
    (5, 1, 2),
    (6, 1, 1),
    (6, 0x20, 0x21),
    (7, 1, 2),
    (8, 1, 1),
    (9, 0x20, 0x20),
    (0x0c, 1, 3),
    (0x21, 1, 3),
    (0x22, 1, 0x20),
    (0x23, 1, 2),
];
