// SPDX-License-Identifier: Apache-2.0
//! TDS of Microsoft SQL Server (MS-TDS §2.2.3.1, §2.2.6.4): header of a pre-login with its first option, of a login,
//! or of the server's answer.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "MsSQL-TDS",
    title: "Tabular Data Stream",
    category: Category::Database,
    spec: &["MS-TDS"],
    ports: &[1433],
    first: First::Of(&[0x04, 0x10, 0x12]),
    probe,
    sample: &[(
        Side::Src,
        b"\x12\x01\x00\x1a\x00\x00\x01\x00\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01\xff\x08\x00\x01\x55\x00\
        \x00\x00",
    )],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match data {
        [4 | 0x10 | 0x12] | [4 | 0x10 | 0x12, 0 | 1] => Verdict::Maybe,
        [4 | 0x10 | 0x12, 0 | 1, ..] => head::<16>(data, |head| {
            let length = be16(head, 2).unwrap_or_default();
            // Option 0 is first and stands behind the list of options (§2.2.6.5).
            let option = head[8] == 0 && within(be16(head, 9), 6, 64) && be16(head, 11) == Some(6);
            let login = le32(head, 8) == length.checked_sub(8) && matches!(head[12..], [0..=9, 0, 0, 0x70..=0x74]);
            zero(head, 7, 1)
                && head[6] <= 1
                && (16..=4_096).contains(&length)
                && if head[0] == 0x10 { login || length == 4_096 && head[15] >> 4 == 7 } else { option }
        }),
        _ => Verdict::No,
    }
}
