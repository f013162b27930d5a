// SPDX-License-Identifier: Apache-2.0
//! MongoDB (MongoDB wire protocol): a header with an operation in use, and the beginning of its message.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "MongoDB",
    title: "MongoDB",
    category: Category::Database,
    spec: &["MongoDB Wire Protocol"],
    ports: &[27017, 27018, 27019],
    probe,
    sample: &[(
        Side::Src,
        b"\x27\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xdd\x07\x00\x00\x00\x00\x00\x00\x00\x12\x00\x00\
        \x00\x10ping\x00\x01\x00\x00\x00\x00",
    )],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.get(3).is_some_and(|high| *high > 2) || data.get(14..16).is_some_and(|high| high != [0, 0]) {
        return Verdict::No;
    }
    head::<21>(data, |head| {
        let operation = match le32(head, 12) {
            // Flags, and the kind of the first section.
            Some(2_013) => head[17] == 0 && head[19] == 0 && head[18] < 2 && head[20] < 2 && head[16] < 4,
            // The operation that is compressed.
            Some(2_012) => matches!(le32(head, 16), Some(1 | 2_004 | 2_013)),
            // Flags, then the name of a collection.
            Some(2_004) => head[16] < 0xfe && zero(head, 17, 3) && head[20].is_ascii_graphic(),
            Some(2_001 | 2_002 | 2_005 | 2_006) => zero(head, 16, 4) && head[20].is_ascii_graphic(),
            Some(1) => head[16] < 0x10 && zero(head, 17, 3) && within(le32(head, 0), 36, 1 << 25) && !zero(head, 8, 4),
            _ => false,
        };
        operation && within(le32(head, 0), 21, 48_000_000)
    })
}
