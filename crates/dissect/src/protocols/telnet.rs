// SPDX-License-Identifier: Apache-2.0
//! Telnet (RFC 854, RFC 1143): told by negotiation of options at the start. Sessions without it are not recognised.

use crate::{Category, Protocol, Side, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Telnet",
    title: "Telnet",
    category: Category::RemoteAccess,
    spec: &["RFC 854", "RFC 1143"],
    ports: &[23],
    max_state: 4096,
    probe,
    sample: &[(Side::Dst, b"\xff\xfd\x18\xff\xfd\x20\xff\xfb\x01")],
    ..Protocol::STREAM
};

/// Two negotiations one after the other: IAC, WILL to DONT, an option in use.
fn probe(_: Side, data: &[u8]) -> Verdict {
    for at in 0..2 {
        let option = data.get(at * 3..).unwrap_or_default();
        match *option {
            [0xff, 0xfb..=0xfe, 0..=49, ..] => {}
            [] | [0xff] | [0xff, 0xfb..=0xfe] => return Verdict::Maybe,
            _ => return Verdict::No,
        }
    }
    Verdict::Yes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_negotiation_is_not_enough() {
        assert_eq!(probe(Side::Src, b"\xff\xfd\x18"), Verdict::Maybe);
        assert_eq!(probe(Side::Src, b"\xff\xfd\x18login:"), Verdict::No);
    }
}
