// SPDX-License-Identifier: Apache-2.0
//! tinc (tinc manual, "Authentication protocol"): the ID request with a name and the protocol's version, in a line.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "TINC",
    title: "tinc",
    category: Category::Vpn,
    spec: &["tinc manual"],
    ports: &[655],
    first: First::Of(b"0"),
    probe,
    sample: &[(Side::Src, b"0 alpha 17.7\n")],
    ..Protocol::STREAM
};

/// Datagrams of tinc are encrypted from their first octet on.
fn probe(_: Side, data: &[u8]) -> Verdict {
    first_line(data, 100, |line| {
        let words: Vec<_> = line.split(|octet| *octet == b' ').collect();
        match words[..] {
            [b"0", name, version] => {
                graphic(name)
                    && name
                        .iter()
                        .all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'^' | b'?' | b'<' | b'/'))
                    && (version == b"17" || version.starts_with(b"17."))
            }
            _ => false,
        }
    })
}
