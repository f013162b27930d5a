// SPDX-License-Identifier: Apache-2.0
//! OICQ, the protocol of QQ (Wireshark's description of OICQ): flag, version, a command in use, and the closing octet.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "OICQ",
    title: "OICQ",
    category: Category::Chat,
    spec: &["OICQ as described by Wireshark"],
    ports: &[8000],
    first: First::Of(&[0x02]),
    probe,
    sample: &[(Side::Src, b"\x02\x34\x4d\x00\x58\x12\x34\x01\x02\x03\x04\x11\x22\x33\x44\x55\x66\x77\x88\x03")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let command = be16(data, 3);
    let known = matches!(
        command,
        Some(
            0x0001
            | 0x0002
            | 0x0004..=0x0006
            | 0x000a
            | 0x000d
            | 0x000e
            | 0x0012
            | 0x0016..=0x0018
            | 0x001a..=0x001d
            | 0x0021
            | 0x0022
            | 0x0026..=0x0027
            | 0x0030
            | 0x003c
            | 0x003e
            | 0x0058
            | 0x005c
            | 0x0062
            | 0x0065
            | 0x0067
            | 0x0080
            | 0x0081
            | 0x0091
            | 0x00b5
            | 0x00cd
            | 0x00ce
            | 0x0352,
        )
    );
    let version = within(be16(data, 1), 0x0900, 0x3fff);
    yes_if(
        data.first() == Some(&2)
            && version
            && known
            && data.last() == Some(&3)
            && data.len() >= 12
            && be32(data, 7).is_some_and(|number| number >= 10_000),
    )
}
