// SPDX-License-Identifier: Apache-2.0
//! RDP over UDP (MS-RDPEUDP §2.2.2, §3.1.5.1): the padded datagram that synchronises both ends.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "RDP",
    title: "Remote Desktop Protocol over UDP",
    category: Category::RemoteAccess,
    spec: &["MS-RDPEUDP"],
    ports: &[3389],
    probe,
    sample: &[(Side::Src, SYN)],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let flags = be16(data, 6).unwrap_or_default();
    // SYN, with or without ACK and its options; of a first one the acknowledged number is -1; sizes of both directions.
    let first = at(data, 0, 4) == Some(&[0xff; 4]) || flags & 0x0004 != 0;
    let told = flags & 0x0001 != 0 && flags & !0x3205 == 0 && first && within(be16(data, 4), 1, 4_096);
    yes_if(told && within(be16(data, 12), 1_132, 1_232) && within(be16(data, 14), 1_132, 1_232) && data.len() >= 1_132)
}

const SYN: &[u8] = &{
    let mut message = [0; 1_232];
    let start = *b"\xff\xff\xff\xff\x00\x40\x00\x01\x12\x34\x56\x78\x04\xd0\x04\xd0";
    let mut at = 0;
    while at < start.len() {
        message[at] = start[at];
        at += 1;
    }
    message
};
