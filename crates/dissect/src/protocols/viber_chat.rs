// SPDX-License-Identifier: Apache-2.0
//! Viber's connections to its servers (Viber, ports as published; framing as observed): messages with their length, little
//! endian, a number, and zeros, which fill what both sides sent. The rest is encrypted.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Viber",
    title: "Viber messages",
    category: Category::Voip,
    spec: &["Viber, ports and framing as observed"],
    ports: &[4244, 5242],
    late: true,
    encrypted: true,
    probe,
    together: Some(together),
    sample: &[
        (Side::Src, b"\x10\x00\x0a\x00\x00\x00\x2e\xd0\xa1\xf6\xd2\x00\xd4\xf2\xf7\x15"),
        (Side::Dst, b"\x12\x00\x0e\x00\x00\x00\xed\x92\xa8\x0e\xfd\xf0\xe8\xe1\x09\xaa\x67\x84"),
    ],
    ..Protocol::STREAM
};

fn message(rest: &[u8]) -> Option<usize> {
    let told = within(le16(rest, 2), 1, 4_095) && zero(rest, 4, 2);
    le16(rest, 0).filter(|length| told && *length >= 12)
}

/// The first message of a connection: its length, a mark that clients keep, and its kind.
fn opens(data: &[u8]) -> bool {
    le16(data, 0) == Some(data.len()) && matches!(data.get(6..12), Some([0xfc, 0xff, 3 | 5, 0x80, _, 0]))
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    if opens(data) {
        return Verdict::Yes;
    }
    let cut = data.len() < 6 || message(data).is_some_and(|length| data.len() < length);
    maybe_if(cut || fills(data, 64, message))
}

fn together(heard: &Heard<'_>) -> Verdict {
    let told = fills(heard.data, 64, message) && fills(heard.other, 64, message);
    if told { Verdict::Yes } else { Verdict::Maybe }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_message_has_a_mark() {
        let first = b"\x18\x00\x00\x00\x00\x00\xfc\xff\x05\x80\x09\x00\x00\x00\x00\x00\x00\x00\x00\x00\x33\x00\x00\x00";
        assert_eq!(probe(Side::Src, first), Verdict::Yes);
        assert_ne!(probe(Side::Src, &first[..23]), Verdict::Yes, "the length is another");
    }
}
