// SPDX-License-Identifier: Apache-2.0
//! iSCSI (RFC 7143 §11.12): a request to log in, and the names that it carries.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "iSCSI",
    title: "Internet Small Computer Systems Interface",
    category: Category::DataTransfer,
    spec: &["RFC 7143"],
    ports: &[3260],
    first: First::Of(&[0x43, 0x03]),
    probe,
    sample: &[(
        Side::Src,
        b"\x43\x87\x00\x00\x00\x00\x00\x1c\x00\x02\x3d\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x01\x00\x00\
        \x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        InitiatorName=iqn.2020-01.a\x00",
    )],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if !matches!(data, [0x43 | 0x03] | [0x43 | 0x03, _] | [0x43 | 0x03, _, 0] | [0x43 | 0x03, _, 0, 0, ..]) {
        return Verdict::No;
    }
    let answer = data.first() == Some(&0x03);
    let keys: &[&[u8]] = if answer {
        &[b"Target", b"AuthMethod=", b"HeaderDigest="]
    } else {
        &[b"InitiatorName=", b"SessionType=", b"AuthMethod=", b"HeaderDigest="]
    };
    begins_with_any(data.get(48..).unwrap_or_default(), keys)
}
