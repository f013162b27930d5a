// SPDX-License-Identifier: Apache-2.0
//! Probes of RIPE NCC's Magellan measurements (their text names the address and port that they were sent to, as RIPE
//! Atlas explains to those who see them): `MGLNDD_192.0.2.1_443`.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "RipeAtlas",
    title: "RIPE Atlas probes",
    category: Category::Network,
    spec: &["RIPE NCC, Magellan probe text"],
    first: First::Of(b"M"),
    probe,
    sample: &[(Side::Src, b"MGLNDD_192.0.2.1_443\n")],
    ..Protocol::BOTH
};

/// The longest is an IPv6 address in full, with a port and the end of a line.
const LONGEST: usize = 64;

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, b"MGLNDD_") {
        Verdict::Yes => {}
        other => return other,
    }
    let Some(rest) = data.get(7..).map(<[u8]>::trim_ascii_end) else { return Verdict::No };
    let mut parts = rest.split(|octet| *octet == b'_');
    let address = parts.next().is_some_and(|part| {
        part.len() >= 2 && part.iter().all(|octet| octet.is_ascii_hexdigit() || matches!(octet, b'.' | b':'))
    });
    match parts.next() {
        Some([]) if address => Verdict::Maybe,
        Some(port) => {
            yes_if(address && port.iter().all(u8::is_ascii_digit) && parts.next().is_none() && data.len() <= LONGEST)
        }
        None => maybe_if(data.len() < LONGEST && printable(rest)),
    }
}
