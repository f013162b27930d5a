// SPDX-License-Identifier: Apache-2.0
//! DICOM (PS3.8 §9.3.2): the request for an association or its acceptance, with the names of both ends.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "DICOM",
    title: "Digital Imaging and Communications in Medicine",
    category: Category::DataTransfer,
    spec: &["DICOM PS3.8"],
    ports: &[104, 2761, 2762, 4242, 11112],
    first: First::Of(&[0x01, 0x02]),
    probe,
    sample: &[(Side::Src, b"\x01\x00\x00\x00\x00\xcd\x00\x01\x00\x00ANY-SCP         ECHOSCU         \x00\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.get(1..data.len().min(4)).is_some_and(|start| start.iter().any(|octet| *octet != 0)) {
        return Verdict::No;
    }
    head::<42>(data, |head| {
        let name = |place: usize| {
            at(head, place, 16).is_some_and(|name| {
                name.first().is_some_and(u8::is_ascii_graphic)
                    && name.iter().all(|octet| octet.is_ascii_graphic() || *octet == b' ')
            })
        };
        within(be32(head, 2), 68, 65_536) && within(be16(head, 6), 1, 1) && zero(head, 8, 2) && name(10) && name(26)
    })
}
