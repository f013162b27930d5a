// SPDX-License-Identifier: Apache-2.0
//! Redis: its serialisation protocol (RESP), told by a command as an array of strings.

use crate::{Category, Protocol, Side, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "RESP",
    title: "Redis serialisation protocol",
    category: Category::Database,
    spec: &["RESP protocol specification, redis.io"],
    ports: &[6379],
    max_state: 4096,
    probe,
    sample: &[(Side::Src, b"*1\r\n$4\r\nPING\r\n")],
    ..Protocol::STREAM
};

/// `*n` and `$n`, each on a line of its own, with small numbers; the string's first octet is a letter.
fn probe(_: Side, data: &[u8]) -> Verdict {
    let mut rest = data;
    for mark in [b'*', b'$'] {
        let Some((first, after)) = rest.split_first() else { return Verdict::Maybe };
        let digits = after.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
        let end = after.get(digits..).unwrap_or_default();
        if *first != mark || digits > 3 {
            return Verdict::No;
        }
        rest = match end {
            [b'\r', b'\n', rest @ ..] if digits > 0 => rest,
            [] | [b'\r'] => return Verdict::Maybe,
            _ => return Verdict::No,
        };
    }
    match rest.first() {
        Some(letter) if letter.is_ascii_alphabetic() => Verdict::Yes,
        Some(_) => Verdict::No,
        None => Verdict::Maybe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_must_follow() {
        assert_eq!(probe(Side::Src, b"*2\r"), Verdict::Maybe);
        assert_eq!(probe(Side::Src, b"* OK"), Verdict::No);
    }
}
