// SPDX-License-Identifier: Apache-2.0
//! Gnutella (Gnutella 0.4 and 0.6): its handshake over TCP; descriptors and the packets of G2 over datagrams.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Gnutella",
    title: "Gnutella",
    category: Category::DownloadFt,
    spec: &["Gnutella 0.6 RFC draft", "Gnutella2"],
    ports: &[6346, 6347],
    probe,
    sample: &[(Side::Src, b"GNUTELLA CONNECT/0.6\r\nUser-Agent: a\r\n\r\n")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let text = begins_with_any(data, &[b"GNUTELLA CONNECT/", b"GNUTELLA/0.", b"GNUTELLA PONG", b"GND\x02", b"GND\x01"]);
    // A descriptor: kind, time to live and hops, and a length that ends the datagram; extended ones are marked (GGEP).
    let descriptor = matches!(at(data, 16, 3), Some([0x00 | 0x01 | 0x31 | 0x40 | 0x80 | 0x81, 0..=7, 0..=7]))
        && le32(data, 19) == data.len().checked_sub(23)
        && !zero(data, 0, 8)
        && (data.len() > 23 && data.get(8) == Some(&0xff)
            || data.get(16) == Some(&0) && data.get(8) == Some(&0xff) && data.len() == 23);
    if descriptor { Verdict::Yes } else { text }
}
