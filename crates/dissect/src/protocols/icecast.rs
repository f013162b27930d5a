// SPDX-License-Identifier: Apache-2.0
//! Icecast and Shoutcast (Icecast documentation, "Protocol"; SHOUTcast): the answer of a server in its own name, or a
//! source that logs in.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "IceCast",
    title: "Icecast and Shoutcast",
    category: Category::Media,
    spec: &["Icecast documentation, protocol"],
    ports: &[8000, 8001],
    first: First::Of(b"IS"),
    probe,
    sample: &[(Side::Dst, b"ICY 200 OK\r\nicy-name: a\r\n\r\n")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, b"SOURCE ") {
        Verdict::No => begins_with_any(data, &[b"ICY 200 OK\r\n", b"ICY 40"]),
        Verdict::Maybe => Verdict::Maybe,
        Verdict::Yes => first_line(data, 512, |line| contains(line, b" ICE/") || contains(line, b" HTTP/1.")),
    }
}
