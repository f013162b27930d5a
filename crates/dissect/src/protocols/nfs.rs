// SPDX-License-Identifier: Apache-2.0
//! NFS and its mount protocol over ONC RPC (RFC 5531 §9, RFC 1813, RFC 7530): a call of version 2 for one of their
//! programs; over streams behind a record's mark (RFC 5531 §11).

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "NFS",
    title: "Network File System",
    category: Category::DataTransfer,
    spec: &["RFC 5531", "RFC 1813", "RFC 7530"],
    ports: &[2049, 111],
    probe,
    sample: &[(
        Side::Src,
        b"\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01\x86\xa3\x00\x00\x00\x03\x00\x00\x00\x00\
        \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
    )],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let marked = match data {
        // Whole records, and first fragments, of up to a few million octets that are written.
        [0 | 0x80, 0..=0x3f, _, _, rest @ ..] => call(rest),
        [0x80] | [0x80, 0..=0x3f] | [0x80, 0..=0x3f, _] => Verdict::Maybe,
        _ => Verdict::No,
    };
    either(marked, call(data))
}

fn call(data: &[u8]) -> Verdict {
    if data.get(4..data.len().min(11)).is_some_and(|zero| zero.iter().any(|octet| *octet != 0)) {
        return Verdict::No;
    }
    head::<24>(data, |head| {
        let program = matches!(be32(head, 12), Some(100_000 | 100_003 | 100_005 | 100_021 | 100_024 | 100_227));
        be32(head, 8) == Some(2) && program && within(be32(head, 16), 1, 4) && within(be32(head, 20), 0, 32)
    })
}
