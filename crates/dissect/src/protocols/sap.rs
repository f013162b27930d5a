// SPDX-License-Identifier: Apache-2.0
//! SAP's network interface (pysap documentation, "NI", "SAP Diag", "SAP Router"): a length in front of a router's
//! words, of a message server's eyecatcher, or of the header that opens a dialogue.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "SAP",
    title: "SAP network interface",
    category: Category::Network,
    spec: &["pysap documentation", "SAP Network Interface protocol"],
    ports: &[3200, 3201, 3299, 3300, 3600],
    first: First::Of(&[0x00]),
    probe,
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
    if (8..65_536).contains(&length) { either(words, dialogue) } else { Verdict::No }
}
