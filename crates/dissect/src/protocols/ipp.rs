// SPDX-License-Identifier: Apache-2.0
//! What servers of CUPS announce their printers with (CUPS, "CUPS Browsing Protocol"): kind and state in hexadecimal digits, and the
//! printer's address. Printing itself is HTTP.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "IPP",
    title: "Internet Printing Protocol, browsing",
    category: Category::SystemOs,
    spec: &["CUPS 1.1, browsing protocol"],
    ports: &[631],
    first: First::Of(b"0123456789abcdefABCDEF"),
    probe,
    sample: &[(Side::Src, b"6 3 ipp://printer.example.org/printers/a \"Hall\" \"A\" \"Model\"\n")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let mut words = data.get(..64).unwrap_or(data).split(|octet| *octet == b' ');
    let mut digits = |most: usize| {
        words.next().is_some_and(|word| (1..=most).contains(&word.len()) && word.iter().all(u8::is_ascii_hexdigit))
    };
    let numbers = digits(8) && digits(1);
    let address =
        words.next().is_some_and(|word| [&b"ipp://"[..], b"ipps://"].iter().any(|scheme| word.starts_with(scheme)));
    yes_if(numbers && address)
}
