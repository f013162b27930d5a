// SPDX-License-Identifier: Apache-2.0
//! PTP version 2 (IEEE 1588-2019 §13.3): type of a message, version, its length, the domain and the control that goes
//! with it.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "PTPv2",
    title: "Precision Time Protocol",
    category: Category::SystemOs,
    spec: &["IEEE 1588-2019"],
    ports: &[319, 320],
    probe,
    sample: &[(
        Side::Src,
        b"\x00\x02\x00\x2c\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x02\xff\
        \xfe\x03\x04\x05\x00\x01\x00\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let kind = data.first().map_or(0xff, |first| first & 0x0f);
    let least = match kind {
        0 | 1 | 8 => 44,
        2 | 3 | 9 | 10 => 54,
        11 => 64,
        12 => 44,
        13 => 48,
        _ => return Verdict::No,
    };
    let control = match kind {
        0 | 1 | 8 | 9 | 13 => within(u8_at(data, 32), 0, 5),
        _ => u8_at(data, 32) == Some(5) || zero(data, 32, 1) && kind != 11,
    };
    let length = be16(data, 2).unwrap_or_default();
    // Padding may stand behind the message.
    let told = data.get(1).is_some_and(|version| version & 0x0f == 2 && version >> 4 <= 1)
        && length >= least
        && length <= data.len()
        && data.len() <= length + 16
        && zero(data, 16, 4)
        && !zero(data, 20, 8)
        && control
        && within(u8_at(data, 33), 0, 255);
    yes_if(told)
}
