// SPDX-License-Identifier: Apache-2.0
//! TRDP (IEC 61375-2-3 annex A): version 1 and a message's type of two letters, its lengths, and the checksum of the
//! header.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "TRDP",
    title: "Train Real Time Data Protocol",
    category: Category::IotScada,
    spec: &["IEC 61375-2-3"],
    ports: &[17224, 17225],
    probe,
    sample: &[(
        Side::Src,
        b"\x00\x00\x00\x01\x01\x00Pd\x00\x00\x03\xe8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
    )],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.get(4).is_some_and(|version| *version != 1) {
        return Verdict::No;
    }
    head::<24>(data, |head| {
        matches!(&head[6..8], b"Pr" | b"Pp" | b"Pd" | b"Pe" | b"Mn" | b"Mr" | b"Mp" | b"Mq" | b"Mc" | b"Me")
            && head[5] < 8
            && within(be32(head, 20), 0, 65_388)
    })
}
