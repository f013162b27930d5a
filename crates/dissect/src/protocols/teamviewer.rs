// SPDX-License-Identifier: Apache-2.0
//! TeamViewer (TeamViewer, "Ports used"; commands as described by its researchers): the marker and command of a
//! message.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "TeamViewer",
    title: "TeamViewer",
    category: Category::RemoteAccess,
    spec: &["TeamViewer protocol, command header as observed"],
    ports: &[5938],
    first: First::Of(&[0x17, 0x11, 0x00]),
    encrypted: true,
    probe,
    sample: &[(Side::Src, b"\x17\x24\x0a\x20\x00\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x00")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match data {
        [0x17, 0x24, command @ 0x0a..=0x40, 0 | 0x20 | 0x10, rest @ ..] => {
            if rest.len() < 2 {
                Verdict::Maybe
            } else {
                yes_if(be16(rest, 0).is_some_and(|length| length < 2_048) && *command < 0x30)
            }
        }
        [0x11, 0x30, 0x0a..=0x60, 0, ..] => yes_if(data.len() >= 12),
        // Datagrams: a session's number and then the marker.
        [0x00, _, _, _, _, _, _, _, _, _, _, 0x17, 0x24, ..] => Verdict::Yes,
        [0x17] | [0x17, 0x24] | [0x17, 0x24, _] | [0x11] | [0x11, 0x30] | [0x11, 0x30, _] => Verdict::Maybe,
        _ => Verdict::No,
    }
}
