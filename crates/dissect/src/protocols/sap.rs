// SPDX-License-Identifier: Apache-2.0
//! SAP's network interface (pysap documentation, "NI", "SAP Diag", "SAP Router", "SAP RFC"): a length in front of a router's
//! words, of a message server's eyecatcher, of the header that opens a dialogue or of what is packed in it, or of a
//! gateway's request.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "SAP",
    title: "SAP network interface",
    category: Category::Network,
    spec: &["pysap documentation", "SAP Network Interface protocol"],
    ports: &[3200, 3201, 3202, 3203, 3210, 3299, 3300, 3301, 3302, 3303, 3310, 3600, 3601, 3602],
    first: First::Of(&[0x00]),
    probe,
    on_port: Some(|_, data| is_screen(data)),
    sample: &[(Side::Src, b"\x00\x00\x00\x08NI_PING\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let body = data.get(4..).unwrap_or_default();
    if data.len() < 6 {
        return maybe_if(data.iter().take(2).all(|octet| *octet == 0));
    }
    let length = be32(data, 0).unwrap_or_default();
    let words = begins_with_any(body, &[b"NI_PING\0", b"NI_PONG\0", b"NI_ROUTE\0", b"NI_RTERR\0", b"**MESSAGE**\0"]);
    // The dialogue's first header of 200 octets: number -1, return code 10, and a terminal's kind.
    let dialogue = begins(body, b"\xff\xff\xff\xff\x0a\x00\x00\x00\x00\x00");
    // What follows it is packed: eight octets of flags, a length, an algorithm (LZC or LZH) and its magic.
    let packed = match data.get(16..data.len().min(19)) {
        Some([0x10..=0x12, 0x1f, 0x9d]) => Verdict::Yes,
        Some([] | [0x10..=0x12] | [0x10..=0x12, 0x1f]) | None => Verdict::Maybe,
        Some(_) => Verdict::No,
    };
    // A gateway's client says version 2 and that it is a normal one, then its address; calls have versions and functions.
    let gateway = match body {
        [2, 3, ..] => yes_if(length == 64),
        [6, 0xc8..=0xd6, ..] => yes_if((72..65_536).contains(&length)),
        _ => Verdict::No,
    };
    if (8..65_536).contains(&length) { either(either(words, dialogue), either(packed, gateway)) } else { Verdict::No }
}

/// A message of a dialogue that goes on: the length, a mode, flags, no error, and whether it is packed or sealed.
fn is_screen(data: &[u8]) -> bool {
    let head = matches!(data, [_, _, _, _, 0..=7, _, 0 | 1, 0, _, _, _, 0..=2, ..]);
    head && (16..1_500).contains(&data.len()) && be32(data, 0) == data.len().checked_sub(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_its_port_a_dialogue_is_known_by_its_head() {
        let message = b"\x00\x00\x00\x0c\x00\x00\x00\x00\x07\x00\x00\x00\x0c\x01\x00\x02";
        assert!(is_screen(message));
        assert!(!is_screen(&message[..15]) && !is_screen(b"\x00\x00\x00\x04\x00\x00\x00\x00"));
    }

    #[test]
    fn a_dialogue_goes_on_packed() {
        let answer = b"\x00\x00\x00\x40\x00\x11\x00\x00\x00\x00\x00\x01\x9b\x02\x00\x00\x12\x1f\x9d\x02";
        assert_eq!(probe(Side::Dst, answer), Verdict::Yes);
        assert_eq!(probe(Side::Dst, &answer[..17]), Verdict::Maybe);
        assert_eq!(
            probe(Side::Dst, b"\x00\x00\x00\x40\x00\x11\x00\x00\x00\x00\x00\x01\x9b\x02\x00\x00\x13\x1f\x9d"),
            Verdict::No
        );
    }
}
