// SPDX-License-Identifier: Apache-2.0
//! collectd (collectd wiki, "Binary protocol"): parts of type and length that fill the datagram, host or time first.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "collectd",
    title: "collectd binary protocol",
    category: Category::SystemOs,
    spec: &["collectd binary protocol"],
    ports: &[25826],
    first: First::Of(&[0x00, 0x02]),
    probe,
    sample: &[(
        Side::Src,
        b"\x00\x00\x00\x09host\x00\x00\x08\x00\x0c\x14\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x08cpu\x00",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    // Signed and encrypted parts stand first (§"Signature", §"Encryption"), with the name of their user.
    let secured = match (be16(data, 0), be16(data, 2)) {
        (Some(0x0200), Some(length)) => {
            length < data.len() && at(data, 36, length.saturating_sub(36)).is_some_and(graphic)
        }
        (Some(0x0210), Some(length)) => {
            let user = be16(data, 4).unwrap_or_default();
            length == data.len() && (1..=64).contains(&user) && at(data, 6, user).is_some_and(graphic)
        }
        _ => false,
    };
    let part = |rest: &[u8]| {
        let length = be16(rest, 2).filter(|length| *length >= 4)?;
        let fits = match be16(rest, 0)? {
            0x0000 | 0x0002..=0x0005 | 0x0100 => {
                length > 4
                    && rest.get(length.checked_sub(1)?) == Some(&0)
                    && rest.get(4..length - 1).is_some_and(|text| text.is_empty() || printable(text))
            }
            0x0001 | 0x0007..=0x0009 | 0x0101 => length == 12,
            0x0006 => length == 6 + be16(rest, 4)? * 9,
            // Receivers ignore parts that they do not know (§"Part types"); such numbers are far from the others.
            0x8000.. => length >= 8,
            _ => false,
        };
        fits.then_some(length)
    };
    yes_if(secured && data.len() > 40 || data.first() == Some(&0) && data.len() > 16 && fills(data, 256, part))
}
