// SPDX-License-Identifier: Apache-2.0
//! MySQL: told by the server's first packet (MySQL Internals, "Protocol::HandshakeV10"). Queries are not looked at.

use crate::{Category, Protocol, Side, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "MySQL",
    title: "MySQL client and server protocol",
    category: Category::Database,
    spec: &["MySQL Internals Manual, client/server protocol"],
    ports: &[3306],
    max_state: 4096,
    probe,
    sample: &[(Side::Dst, b"\x4a\x00\x00\x00\x0a8.0.30\x00\x01\x00\x00\x00saltsalt\x00")],
    ..Protocol::STREAM
};

/// Length, number 0, version 10, and the server's version as text: digits, a dot, a digit.
fn probe(_: Side, data: &[u8]) -> Verdict {
    let (Some(head), text) = (data.get(..data.len().min(5)), data.get(5..).unwrap_or_default()) else {
        return Verdict::No;
    };
    let good = match *head {
        [low, middle, 0, 0, 10] => low > 40 && middle < 2,
        [_, middle, 0, 0] | [_, middle, 0] | [_, middle] => middle < 2,
        _ => head.len() < 2,
    };
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    match (good, digits, text.get(digits..)) {
        (true, 1 | 2, Some([b'.', b'0'..=b'9', ..])) => Verdict::Yes,
        (true, 0..=2, Some([])) | (true, 1 | 2, Some([b'.'])) => Verdict::Maybe,
        _ => Verdict::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_follows() {
        assert_eq!(probe(Side::Dst, b"\x4a\x00\x00\x00\x0a5."), Verdict::Maybe);
        assert_eq!(probe(Side::Dst, b"\x4a\x00\x00\x00\x0axyz"), Verdict::No);
        assert_eq!(probe(Side::Dst, b"\x4a\x00\x00\x00\x09"), Verdict::No);
    }
}
