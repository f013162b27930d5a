// SPDX-License-Identifier: Apache-2.0
//! Ookla's measurement servers (their line protocol, as speedtest clients speak it): the server's greeting with its
//! version.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Ookla",
    title: "Ookla Speedtest",
    category: Category::Network,
    spec: &["Speedtest server, line protocol"],
    ports: &[8080, 5060],
    first: First::Of(b"H"),
    probe,
    sample: &[(Side::Src, b"HI\n"), (Side::Dst, b"HELLO 2.9 (2.9.1) 2023-05-10.0017.4d4a6c0\n")],
    ..Protocol::STREAM
};

/// `HELLO 2.9 (2.9.1) 2023-05-10…`; the client's `HI` alone says nothing.
fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.starts_with(b"HI\n") || data.starts_with(b"HI ") || b"HI".starts_with(data) && data.len() < 3 {
        return maybe_if(data.len() < 128 && data.iter().all(u8::is_ascii));
    }
    match begins(data, b"HELLO ") {
        Verdict::Yes => first_line(data, 128, |line| {
            let mut words = line.split(|octet| *octet == b' ').skip(1);
            let number = |word: Option<&[u8]>| {
                word.is_some_and(|word| {
                    word.contains(&b'.') && word.iter().all(|octet| octet.is_ascii_digit() || *octet == b'.')
                })
            };
            let version = number(words.next());
            let build = words.next().and_then(|word| word.strip_prefix(b"(")?.strip_suffix(b")"));
            version && number(build)
        }),
        other => other,
    }
}
