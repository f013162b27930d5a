// SPDX-License-Identifier: Apache-2.0
//! NNTP (RFC 3977 §3, RFC 2980): the server's greeting, which names news, or a command that only NNTP has.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Usenet",
    title: "Network News Transfer Protocol",
    category: Category::Web,
    spec: &["RFC 3977"],
    ports: &[119],
    first: First::Of(b"2MAGXLmagxl"),
    probe,
    sample: &[
        (Side::Dst, b"200 news.example.org InterNetNews NNRP server ready (posting ok)\r\n"),
        (Side::Src, b"MODE READER\r\n"),
    ],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let commands = begins_with_any(
        data,
        &[b"MODE READER\r\n", b"AUTHINFO USER ", b"AUTHINFO PASS ", b"XOVER ", b"mode reader\r\n", b"authinfo user "],
    );
    let greeting = match data.get(..data.len().min(4)) {
        Some([b'2'] | [b'2', b'0'] | [b'2', b'0', b'0' | b'1'] | [b'2', b'0', b'0' | b'1', b' ']) => {
            first_line(data, 512, |line| WORDS.iter().any(|word| mentions(line, word)))
        }
        _ => Verdict::No,
    };
    either(commands, greeting)
}

const WORDS: &[&[u8]] = &[b"NNTP", b"NNRP", b"NEWS", b"POSTING", b"POST OK"];
