// SPDX-License-Identifier: Apache-2.0
//! CAN over IP: the frames of Peak's gateways, with size, type and channel, and those of CAN-ETH (Wireshark, "caneth"), which
//! begin with the standard's name.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Controller_Area_Network",
    title: "Controller Area Network gateway",
    category: Category::SystemOs,
    spec: &["PEAK-System PCAN-Gateway user manual", "Wireshark, CAN-ETH"],
    first: First::Of(&[0x00, b'I']),
    probe,
    sample: &[(
        Side::Src,
        b"\x00\x24\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x12\x34\x00\x02\x00\x00\
        \x00\x00\x01\x23\x01\x02\x00\x00\x00\x00\x00\x00",
    )],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let frame = |rest: &[u8]| {
        // Length of the packet, type of the message, a tag that is not used, time, channel, count of octets, flags.
        let length = be16(rest, 0)?;
        let fits = matches!((length, be16(rest, 2)?), (36, 0x80) | (40, 0x81))
            && zero(rest, 4, 8)
            && within(u8_at(rest, 21), 0, 8);
        fits.then_some(length)
    };
    match begins(data, b"ISO11898") {
        Verdict::No if data.len() < 36 => maybe_if(matches!(data, [0] | [0, 36 | 40] | [0, 36 | 40, 0, ..])),
        Verdict::No => yes_if(fills(data, 40, frame)),
        other => other,
    }
}
