// SPDX-License-Identifier: Apache-2.0
//! ENet (enet.bespin.org, "Protocol specification"), which many games use: the command that opens a connection, which is
//! alone in its datagram.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "ENet",
    title: "ENet",
    category: Category::Game,
    spec: &["ENet protocol"],
    first: First::Within(0x8f, 0xff),
    probe,
    sample: &[(Side::Src, SAMPLE)],
    ..Protocol::DATAGRAM
};

/// Octets of the command: its header, identifiers, sizes, bandwidths, throttle, and what the application adds.
const CONNECT: usize = 48;

/// No peer yet, time of sending; then the command with the bit that asks for an acknowledgement, on the channel that is
/// no channel, as the first of its kind; sizes of packets as the library bounds them.
fn probe(_: Side, data: &[u8]) -> Verdict {
    yes_if(
        data.len() == 4 + CONNECT
            && matches!(be16(data, 0), Some(0x8fff | 0xbfff))
            && at(data, 4, 4) == Some(&[0x82, 0xff, 0x00, 0x01])
            && within(be32(data, 12), 576, 4_096)
            && within(be32(data, 20), 1, 255),
    )
}

const SAMPLE: &[u8] =
    b"\x8f\xff\x00\x10\x82\xff\x00\x01\x00\x00\xff\xff\x00\x00\x05\x78\x00\x00\x80\x00\x00\x00\x00\x02\
    \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x13\x88\x00\x00\x00\x02\x00\x00\x00\x02\x12\x34\x56\x78\x00\x00\x00\x00";
