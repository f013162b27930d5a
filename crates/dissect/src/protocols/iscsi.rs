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
    first: First::Of(&[0x03, 0x20, 0x40, 0x43]),
    probe,
    sample: &[(
        Side::Src,
        b"\x43\x87\x00\x00\x00\x00\x00\x1c\x00\x02\x3d\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x01\x00\x00\
        \x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        InitiatorName=iqn.2020-01.a\x00",
    )],
    ..Protocol::STREAM
};

/// In the middle of a session: a ping that is not asked for, and its answer (RFC 7143 §11.18, §11.19): no data, no unit, no tag.
fn pings(data: &[u8]) -> Verdict {
    match data {
        [0x20 | 0x40, 0x80, rest @ ..] if rest.len() < 18 => maybe_if(rest.iter().take(14).all(|octet| *octet == 0)),
        [0x20 | 0x40, 0x80, ..] => yes_if(zero(data, 2, 14) && at(data, 16, 4) == Some(&[0xff; 4])),
        _ => maybe_if(data.len() < 2),
    }
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    if let Some(0x20 | 0x40) = data.first() {
        return pings(data);
    }
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
