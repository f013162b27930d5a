// SPDX-License-Identifier: Apache-2.0
//! SRT and UDT, which it comes from (draft-sharabayko-srt §3.2.1; draft-gg-udt-03 §4.1): the handshake with its version, sizes
//! and kind.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "SRT",
    title: "Secure Reliable Transport",
    category: Category::Media,
    spec: &["draft-sharabayko-srt", "draft-gg-udt-03"],
    ports: &[9000, 9710],
    first: First::Of(&[0x80]),
    probe,
    sample: &[(Side::Src, b"\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x02\x11\x22\x33\x44\x00\x00\x05\xdc\x00\x00\x20\x00\x00\x00\x00\x01\x01\x02\x03\x04\x00\x00\x00\x00\x01\x00\x00\x7f\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    // Behind the header: version, kind of a socket or what is encrypted, first number, largest packet, window, kind.
    let told = be32(data, 0) == Some(0x8000_0000)
        && within(be32(data, 16), 4, 5)
        && within(be32(data, 24), 0, 0x7fff_ffff)
        && within(be32(data, 28), 76, 65_535)
        && within(be32(data, 32), 1, 1 << 20)
        && matches!(be32(data, 36), Some(0 | 1 | 0xffff_fffd..=0xffff_ffff | 1_000..=1_014));
    yes_if(told && data.len() >= 64)
}
