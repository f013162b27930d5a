// SPDX-License-Identifier: Apache-2.0
//! Lustre's network (Lustre LNet, socklnd): the request for a connection with its magic, in the order of octets of
//! its sender, the greetings of its driver, and messages in the middle of a connection.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Lustre",
    title: "Lustre networking",
    category: Category::DataTransfer,
    spec: &["Lustre LNet, acceptor protocol"],
    ports: &[988],
    first: First::Of(&[0x00, 0xac, 0xc1, 0x63, 0xed]),
    probe,
    sample: &[(Side::Src, b"\x00\x71\xce\xac\x01\x00\x00\x00\x01\x02\x00\xc0\x00\x00\x02\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.first() == Some(&0xc1) {
        return message(data);
    }
    let magic = begins_with_any(data, &[b"\x00\x71\xce\xac\x01\x00\x00\x00", b"\xac\xce\x71\x00\x00\x00\x00\x01"]);
    // Greetings: the magic of any network or of TCP, versions 1 to 4, and the two ends (an address, TCP by its number 2).
    let greeting = begins_with_any(data, &[b"\x63\x69\x72\x45", b"\xed\x0d\xbc\xee"]);
    match (magic, greeting) {
        (Verdict::No, Verdict::Yes) => head::<24>(data, |head| within(le32(head, 4), 1, 4) && is_tcp(head, 12)),
        (magic, greeting) => either(magic, greeting),
    }
}

/// True where the number of a network stands that is TCP's: its instance, and 2.
fn is_tcp(data: &[u8], place: usize) -> bool {
    le16(data, place).is_some_and(|instance| instance < 256) && le16(data, place + 2) == Some(2)
}

/// The driver's header of 24 octets (kind, checksum, cookies), then LNet's: both ends, their process numbers, the
/// message's kind and length.
fn message(data: &[u8]) -> Verdict {
    if !zero(data, 1, data.len().saturating_sub(1).min(3)) {
        return Verdict::No;
    }
    head::<56>(data, |head| {
        is_tcp(head, 28) && is_tcp(head, 36) && within(le32(head, 48), 0, 4) && within(le32(head, 52), 0, 1 << 20)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_its_ends() {
        let mut put = [0; 96];
        put[0] = 0xc1;
        put[24..32].copy_from_slice(&[1, 2, 0, 192, 0, 0, 2, 0]);
        put[32..40].copy_from_slice(&[2, 2, 0, 192, 0, 0, 2, 0]);
        put[48] = 1;
        assert_eq!(probe(Side::Src, &put), Verdict::Yes);
        put[30] = 3;
        assert_eq!(probe(Side::Src, &put), Verdict::No);
        assert_eq!(probe(Side::Src, &put[..9]), Verdict::Maybe);
    }
}
