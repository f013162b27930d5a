// SPDX-License-Identifier: Apache-2.0
//! HSRP: version 1 (RFC 2281 §5) with its twenty octets, version 2 by its first element (Cisco, "HSRP Version 2").

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "HSRP",
    title: "Hot Standby Router Protocol",
    category: Category::Network,
    spec: &["RFC 2281", "Cisco, HSRP Version 2"],
    ports: &[1985, 2029],
    first: First::Of(&[0x00, 0x01, 0x02]),
    probe,
    sample: &[(Side::Src, b"\x00\x00\x10\x03\x0a\x64\x01\x00cisco\x00\x00\x00\x0a\x00\x00\x01")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let told = match data {
        // Hello times are shorter than hold times.
        [0, 0..=2, 0 | 1 | 2 | 4 | 8 | 16, hello, hold, _, _, 0, secret @ ..] => {
            let text =
                secret.get(..8).is_some_and(|text| text.iter().all(|octet| *octet == 0 || octet.is_ascii_graphic()));
            (data.len() == 20 || data.len() == 50) && hello < hold && *hello > 0 && text && data.get(16) != Some(&0)
        }
        // A router says whether it takes part (version 1, operation 3: type 1 and its length).
        [0, 3, 0, 1, 0, 14, 1 | 2, 0, ..] => data.len() == 16 || data.len() == 18,
        [1, 40, 2, 0..=2, 1..=6, 4 | 6, ..] => data.len() >= 42 && within(be16(data, 8), 0, 4_095),
        // How many groups are active and passive on an interface.
        [2, 4, 0, _, 0, _] => true,
        _ => false,
    };
    yes_if(told)
}
