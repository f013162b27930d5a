// SPDX-License-Identifier: Apache-2.0
//! DLMS/COSEM over TCP and UDP (IEC 62056-47): the wrapper's version, ports and length, and the tag of an APDU.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "IEC62056",
    title: "DLMS/COSEM",
    category: Category::IotScada,
    spec: &["IEC 62056-47", "IEC 62056-53"],
    ports: &[4059],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(Side::Src, b"\x00\x01\x00\x10\x00\x01\x00\x05\x60\x03\xa1\x01\x00")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let Some(header) = data.first_chunk::<8>() else { return maybe_if(matches!(data, [0] | [0, 1, ..])) };
    let body = data.get(8..).unwrap_or_default();
    let length = be16(header, 6).unwrap_or_default();
    let tag = match body.first() {
        Some(
            0x60..=0x63 | 0xc0..=0xcf | 0xd0..=0xdf | 0x01 | 0x05 | 0x06 | 0x08 | 0x0c | 0x0d | 0x0e | 0x0f | 0xe6,
        ) => true,
        Some(_) => return Verdict::No,
        None => return maybe_if(header[..2] == [0, 1] && length > 2),
    };
    let fits = header[..2] == [0, 1]
        && tag
        && length > 2
        && within(be16(header, 2), 1, 0x4000)
        && within(be16(header, 4), 1, 0x4000);
    match body.len() < length {
        true => maybe_if(fits && length <= 4_096),
        false => yes_if(fits && body.len() == length),
    }
}
