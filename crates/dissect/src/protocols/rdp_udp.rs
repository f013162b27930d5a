// SPDX-License-Identifier: Apache-2.0
//! RDP over UDP (MS-RDPEUDP §2.2.2, §3.1.5.1): the padded datagram that synchronises both ends, or data of a connection
//! under way, which are records of TLS behind the numbers of a source packet.

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
    let told = flags & 0x0001 != 0 && flags & !0x3a05 == 0 && first && within(be16(data, 4), 1, 4_096);
    let sized = within(be16(data, 12), 1_132, 1_232) && within(be16(data, 14), 1_132, 1_232) && data.len() >= 1_132;
    yes_if(told && sized || carries(data))
}

/// Acknowledgement and data (§2.2.2.1, §2.2.2.7, §2.2.2.4): behind the vector, which ends with a word, the same number
/// twice, and a record of TLS.
fn carries(data: &[u8]) -> bool {
    let flags = be16(data, 6).unwrap_or_default();
    let Some(vector) = be16(data, 8).filter(|octets| flags & !0x0060 == 0x000c && *octets <= 2_048) else {
        return false;
    };
    let place = (10 + vector).next_multiple_of(4);
    let same = at(data, place, 4).is_some_and(|number| Some(number) == at(data, place + 4, 4));
    let record = matches!(at(data, place + 8, 3), Some([0x14..=0x17, 3, 1..=3]));
    same && record && within(be16(data, place + 11), 1, 16_640)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_of_a_connection_under_way() {
        let mut data = b"\x11\x22\x33\x44\x00\xc8\x00\x0c\x00\x01\x01\x00\x55\x66\x77\x88\x55\x66\x77\x88\
            \x17\x03\x03\x00\x20"
            .to_vec();
        data.extend([0xa7; 32]);
        assert_eq!(probe(Side::Src, &data), Verdict::Yes);
        data[19] ^= 1;
        assert_eq!(probe(Side::Src, &data), Verdict::No, "the numbers differ");
    }
}
