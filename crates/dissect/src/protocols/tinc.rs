// SPDX-License-Identifier: Apache-2.0
//! tinc (tinc manual, "Authentication protocol"): the ID request with a name and the protocol's version, in a line. The datagrams,
//! which are encrypted from their first octet on, go to the port of the same number (tinc manual, "Port").

use super::label::Announcer;
use super::tell::*;
use crate::{Announced, Host, Meant};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "TINC",
    title: "tinc",
    category: Category::Vpn,
    spec: &["tinc manual"],
    ports: &[655],
    first: First::Of(b"0"),
    probe,
    start: |_| Announcer::start(|_, _| vec![datagrams()]),
    sample: &[(Side::Src, b"0 alpha 17.7\n")],
    ..Protocol::STREAM
};

/// Where the datagrams go; daemons that lost each other try again for an hour and more.
fn datagrams() -> Announced {
    let meant = Meant::Protocol("TINC", "tinc");
    Announced { host: Host::Of(Side::Dst), port: None, stream: false, peer: None, secs: 3_600, meant }
}

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
