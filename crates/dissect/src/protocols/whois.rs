// SPDX-License-Identifier: Apache-2.0
//! Whois (RFC 3912 §2) and DAS: one line asks, and the answer is text in lines of name and value, or comments.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Whois-DAS",
    title: "Whois and Domain Availability Service",
    category: Category::Network,
    spec: &["RFC 3912"],
    ports: &[43, 4343],
    probe,
    together: Some(together),
    sample: &[(Side::Src, b"example.org\r\n"), (Side::Dst, b"% This is a whois server.\r\nDomain: example.org\r\n")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    maybe_if(
        question(data)
            || b"\r\n".contains(data.last().unwrap_or(&0)) && answer(data)
            || data.len() < 256 && printable(data),
    )
}

/// A name, a number or an address, perhaps with options in front, on the only line.
fn question(data: &[u8]) -> bool {
    let name = data.strip_suffix(b"\n").map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    name.is_some_and(|name| name.len() < 256 && name.first().is_some_and(u8::is_ascii_graphic) && printable(name))
}

fn answer(data: &[u8]) -> bool {
    let start = data.get(..512).unwrap_or(data);
    WORDS.iter().any(|word| mentions(start, word))
}

fn together(heard: &Heard<'_>) -> Verdict {
    let told = question(heard.other) && answer(heard.data) || question(heard.data) && answer(heard.other);
    if told { Verdict::Yes } else { Verdict::Maybe }
}

const WORDS: &[&[u8]] = &[
    b"WHOIS",
    b"DOMAIN NAME:",
    b"DOMAIN:",
    b"REFER:",
    b"NETRANGE:",
    b"INETNUM:",
    b"NO MATCH FOR",
    b"NOT FOUND",
    b"STATUS: FREE",
    b"REGISTRY",
];
