// SPDX-License-Identifier: Apache-2.0
//! ClickHouse's native protocol (ClickHouse documentation, "Native protocol"): the greetings with the names of both
//! ends, their versions and the revision of the protocol. Drivers of others have names of their own.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "ClickHouse",
    title: "ClickHouse native protocol",
    category: Category::Database,
    spec: &["ClickHouse documentation, native protocol"],
    ports: &[9000],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(Side::Src, b"\x00\x11ClickHouse client\x16\x03\xb2\xa9\x03\x00\x07default\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match data {
        [0] | [0, _] => Verdict::Maybe,
        [0, length @ 3..=63, name @ ..] => match begins(name, b"ClickHouse") {
            Verdict::Yes => Verdict::Yes,
            other => match name.get(usize::from(*length)..) {
                // Version of two numbers; the revision is one from 54,000 to 54,999 in seven bits each.
                Some([1..=40, 0..=60, _, middle, last, ..]) => {
                    yes_if(graphic_words(name, *length) && matches!((middle, last), (0xa5..=0xad, 3)))
                }
                _ => either(other, maybe_if(name.len() < usize::from(*length) + 5 && graphic_words(name, *length))),
            },
        },
        _ => Verdict::No,
    }
}

/// Whether a name is visible text with blanks in it, as far as it is there.
fn graphic_words(name: &[u8], length: u8) -> bool {
    name.iter().take(length.into()).all(|octet| octet.is_ascii_graphic() || *octet == b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drivers_have_names_of_their_own() {
        let hello = b"\x00\x10Golang SQLDriver\x01\x01\xc3\xa9\x03\x07default\x07default\x00";
        assert_eq!(probe(Side::Src, hello), Verdict::Yes);
        assert_eq!(probe(Side::Src, &hello[..20]), Verdict::Maybe);
        assert_eq!(probe(Side::Src, b"\x00\x10Golang SQLDriver\x01\x01\xc3\xb9\x03"), Verdict::No);
    }
}
