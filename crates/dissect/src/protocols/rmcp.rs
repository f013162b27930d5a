// SPDX-License-Identifier: Apache-2.0
//! RMCP of IPMI and ASF (DMTF ASF 2.0 §3.2.2, IPMI 2.0 §13.1): header, and the beginning of a session or message.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "RMCP",
    title: "Remote Management Control Protocol",
    category: Category::SystemOs,
    spec: &["DMTF DSP0136", "IPMI 2.0"],
    ports: &[623, 664],
    first: First::Of(&[0x06]),
    probe,
    sample: &[(
        Side::Src,
        b"\x06\x00\xff\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x09\x20\x18\xc8\x81\x00\x38\x8e\x04\xb5",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let told = match data {
        [6, 0, _, 6, 0, 0, 0x11, 0xbe, ..] => data.len() >= 12,
        [6, 0, _, 0x86] => true,
        // Without authentication a session's numbers may be zero; the length ends the datagram.
        [6, 0, 0xff, 7, 0, session @ ..] => {
            zero(session, 0, 8) && u8_at(session, 8).is_some_and(|length| 9 + length <= session.len() && length >= 7)
        }
        [6, 0, 0xff, 7, 1..=5, session @ ..] => session.len() > 24,
        [6, 0, 0xff, 7, 6, payload, rest @ ..] => {
            matches!(payload & 0x3f, 0..=2 | 0x10..=0x15)
                && le16(rest, 8).is_some_and(|length| length + 10 <= rest.len())
        }
        _ => false,
    };
    yes_if(told)
}
