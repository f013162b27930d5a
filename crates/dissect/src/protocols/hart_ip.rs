// SPDX-License-Identifier: Apache-2.0
//! HART-IP (FieldComm TP10300): version, type, message, status and the count of octets, header included.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "HART-IP",
    title: "Highway Addressable Remote Transducer over IP",
    category: Category::IotScada,
    spec: &["FieldComm Group TP10300"],
    ports: &[5094],
    first: First::Of(&[0x01, 0x02]),
    probe,
    sample: &[(Side::Src, b"\x01\x00\x00\x00\x00\x01\x00\x0d\x01\x00\x00\x75\x30")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let Some(header) = data.first_chunk::<8>() else { return maybe_if(matches!(data, [1 | 2] | [1 | 2, 0..=3, ..])) };
    let length = be16(header, 6).unwrap_or_default();
    let told = match header[2] {
        // Session initiation: master's kind and a timer.
        0 => length == 13 && data.get(8).is_none_or(|master| *master < 2),
        1 | 2 => length == 8,
        // A token-passing frame begins with its delimiter.
        // Direct PDU, audit log (TP10300 revision 2).
        4 | 5 => length > 8,
        3 => {
            length > 12
                && data
                    .get(8)
                    .is_none_or(|delimiter| matches!(delimiter & 0x87, 0x02 | 0x06 | 0x82 | 0x86 | 0x01 | 0x81))
        }
        _ => false,
    };
    let fits = told && matches!(header[1], 0..=2 | 15) && header[3] < 32 && length < 600 && header[3] & 0x10 == 0;
    match data.len().cmp(&length) {
        std::cmp::Ordering::Less => maybe_if(fits),
        std::cmp::Ordering::Equal => yes_if(fits),
        std::cmp::Ordering::Greater => yes_if(fits && data.get(length) == data.first()),
    }
}
