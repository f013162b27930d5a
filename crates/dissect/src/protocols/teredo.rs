// SPDX-License-Identifier: Apache-2.0
//! Teredo (RFC 4380 §5.1.1): IPv6 in a datagram, behind indications of origin and authentication, from or to an address
//! of Teredo's or of a link. On its port the meter opens the tunnel.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Teredo",
    title: "Teredo tunnelling",
    category: Category::Network,
    spec: &["RFC 4380"],
    ports: &[3544],
    first: First::Of(&[0x00, 0x60]),
    probe,
    sample: &[(
        Side::Src,
        b"\x60\x00\x00\x00\x00\x00\x3b\x15\xfe\x80\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\
        \xff\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let mut rest = data;
    if let [0, 1, client, secret, behind @ ..] = rest {
        rest = behind.get(usize::from(*client) + usize::from(*secret) + 9..).unwrap_or_default();
    }
    if let [0, 0, behind @ ..] = rest {
        rest = behind.get(6..).unwrap_or_default();
    }
    let known = |place| matches!(at(rest, place, 4), Some([0x20, 1, 0, 0] | [0xfe, 0x80, 0, 0]));
    yes_if(rest.first() == Some(&0x60) && be16(rest, 4) == rest.len().checked_sub(40) && (known(8) || known(24)))
}
