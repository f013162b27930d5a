// SPDX-License-Identifier: Apache-2.0
//! Monero's peers (Monero, "Levin protocol"): the signature, length, flag and command of a bucket. Its miners speak
//! Stratum.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Monero",
    title: "Monero peer to peer",
    category: Category::CryptoCurrency,
    spec: &["Monero, Levin protocol"],
    ports: &[18080, 18081, 28080],
    first: First::Of(&[0x01]),
    probe,
    sample: &[(Side::Src, b"\x01\x21\x01\x01\x01\x01\x01\x01\xe2\x00\x00\x00\x00\x00\x00\x00\x01\xe9\x03\x00\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    begins(data, b"\x01\x21\x01\x01\x01\x01\x01\x01")
}
