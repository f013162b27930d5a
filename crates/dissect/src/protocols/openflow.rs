// SPDX-License-Identifier: Apache-2.0
//! OpenFlow (switch specification 1.5 §7.1.1, §7.5.1): told by the greeting that opens a connection, or by messages in its middle
//! that follow each other.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "OpenFlow",
    title: "OpenFlow",
    category: Category::Network,
    spec: &["ONF TS-025"],
    ports: &[6633, 6653],
    first: First::Within(0x01, 0x06),
    probe,
    on_port: Some(|_, data| matches!(data, [version @ 1..=6, ..] if length(data, *version) == Some(data.len()))),
    sample: &[(Side::Src, b"\x04\x00\x00\x10\x00\x00\x00\x01\x00\x01\x00\x08\x00\x00\x00\x10")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match data {
        [1..=6, 0, 0, 8, _, _, _, _, rest @ ..] => yes_if(matches!(rest, [] | [1..=6, ..])),
        // The element that lists versions.
        [1..=6, 0, 0, 16, _, _, _, _, 0, 1, 0, 8, ..] => Verdict::Yes,
        [1..=6] | [1..=6, 0] | [1..=6, 0, 0] => Verdict::Maybe,
        [1..=6, 0, 0, 8 | 16, ..] => maybe_if(data.len() < 12),
        [version @ 1..=6, 0..=35, ..] => in_the_middle(data, *version),
        _ => Verdict::No,
    }
}

/// Messages that lead to one another, of one version: to the end of the input, or over three borders.
fn in_the_middle(data: &[u8], version: u8) -> Verdict {
    let mut rest = data;
    for borders in 0..4 {
        match length(rest, version) {
            _ if borders == 3 => return Verdict::Yes,
            _ if rest.is_empty() && borders > 1 => return Verdict::Yes,
            None if rest.len() < 4 => break,
            None => return Verdict::No,
            Some(length) => match rest.get(length..) {
                Some(behind) => rest = behind,
                None => break,
            },
        }
    }
    maybe_if(data.len() < 4_000)
}

/// Length of a message, which is long enough for the fixed part of its kind (§7.3, and version 1.0 §5.3). A greeting stands in no
/// middle: packets of TPKT begin like that of version 3.
fn length(rest: &[u8], version: u8) -> Option<usize> {
    let length = be16(rest, 2).filter(|_| rest.first() == Some(&version))?;
    let fits = match rest.get(1)? {
        2 | 3 => length >= 8,
        5 | 7 | 20 | 21 => length == 8,
        6 => length >= 32,
        8 | 9 => length == 12,
        1 | 4 | 15..=19 => length >= 12,
        10 | 13 => length >= 16,
        11 | 12 | 14 => length >= 40,
        22..=35 => length >= 16,
        _ => false,
    };
    fits.then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_in_the_middle_follow_each_other() {
        let both = b"\x04\x14\x00\x08\x00\x00\x00\x07\x04\x02\x00\x0c\x00\x00\x00\x01ping";
        assert_eq!(probe(Side::Src, both), Verdict::Yes);
        assert_eq!(probe(Side::Src, &both[..16]), Verdict::Maybe);
        let mut other = both.to_vec();
        other[8] = 1;
        assert_eq!(probe(Side::Src, &other), Verdict::No, "another version");
    }
}
